import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { HounsfieldError } from '../../errors.ts';
import { signalFeatures } from '../../imaging/features/signal/signal-features.ts';
import { isSignal } from '../../imaging/formats/file-format.ts';
import { fileFormatName, open } from '../../imaging/formats/open.node.ts';
import { version } from '../../version.node.ts';
import type { TableColumn } from './feature-table.ts';
import { writeColumns } from './table-file.node.ts';

/** Formats that hold recordings. A table of numbers may be one too, but a CSV is taken for a list of images. */
const RECORDINGS = /wfdb|edf|bdf/i;

/** Whether a file is a recording by its content. */
export async function isRecording(file: string): Promise<boolean> {
  if (!(await stat(file).catch(() => undefined))?.isFile()) return false;
  return RECORDINGS.test((await fileFormatName(file)) ?? '');
}

/** What was written. */
export interface RecordingFeatures {
  readonly file: string;
  readonly channels: number;
  /** Windows of all channels. */
  readonly rows: number;
  readonly features: number;
  readonly missing: number;
}

/**
 * Features of each channel and window of a recording as a table: time, spectrum, complexity, rate and variability.
 *
 * @param settings see SignalFeatureSettings
 * @throws NOT_A_SIGNAL, SIGNAL_FEATURE_SETTINGS, TABLE_FORMAT, what open throws
 */
export async function writeRecordingFeatures(
  data: string,
  out: string,
  settings: Readonly<Record<string, unknown>>,
): Promise<RecordingFeatures> {
  const opened = await open(data);
  if (!isSignal(opened)) {
    throw new HounsfieldError('NOT_A_SIGNAL', `${data} holds an image, where a recording is expected.`);
  }
  const { features, rows, settings: used } = signalFeatures(opened, settings);
  const json = JSON.stringify(used);
  const settingsSha256 = createHash('sha256').update(json).digest('hex');
  const text = (name: string, cell: (row: number) => string): TableColumn => ({ name, kind: 'text', cell });
  const number = (name: string, cell: (row: number) => number): TableColumn => ({
    name,
    kind: 'number',
    cell,
  });
  const maker = `hounsfield ${version}`;
  const columns = [
    text('channel', (row) => rows[row]!.channel),
    text('unit', (row) => rows[row]!.unit),
    number('start_s', (row) => rows[row]!.startS),
    number('end_s', (row) => rows[row]!.endS),
    ...features.map(({ name }, k) => number(name, (row) => rows[row]!.values[k]!)),
    text('remarks', (row) =>
      Object.entries(rows[row]!.remarks)
        .map(([name, why]) => `${name}: ${why}`)
        .join('; '),
    ),
    text('settings_sha256', () => settingsSha256),
    text('maker', () => maker),
    text('settings', () => json),
  ];
  await writeColumns(out, { rows: rows.length, columns, settings: json, settingsSha256, maker });
  const missing = rows.reduce(
    (sum, { values }) => sum + values.reduce((gaps, value) => gaps + (Number.isNaN(value) ? 1 : 0), 0),
    0,
  );
  return {
    file: out,
    channels: opened.channels.length,
    rows: rows.length,
    features: features.length,
    missing,
  };
}
