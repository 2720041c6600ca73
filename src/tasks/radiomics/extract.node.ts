import { appendFile, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import { HounsfieldError, isHounsfieldError } from '../../errors.ts';
import { matrixOf } from '../../learning/classifiers/matrix.ts';
import { version } from '../../version.node.ts';
import { throwProblems } from '../dataset/dataset.ts';
import type { TaskEvent } from '../task.ts';
import type { RegionCases, RegionSource } from './cases.ts';
import type { FeatureRow, FeatureTable } from './feature-table.ts';
import { fileKey } from './file-key.node.ts';
import type { MeasureSettings } from './measure-files.node.ts';
import { createMeasurePool } from './measure-pool.node.ts';
import type { Measured } from './measured.ts';
import { settingsJson, settingsSha256 } from './settings-hash.node.ts';

export interface Extraction {
  readonly settings: MeasureSettings;
  /** File that each row is added to as soon as it is measured, so that a run that was stopped goes on from there. */
  readonly journal?: string;
  /** Threads that measure; as many as the machine has cores, 8 at most, when left out; 0: this one. */
  readonly workers?: number;
  readonly report: (event: TaskEvent) => void;
  readonly signal?: AbortSignal | undefined;
}

/** A line of the journal. */
interface Entry extends Omit<Measured, 'values'> {
  readonly key: string;
  /** null for NaN. */
  readonly values: readonly (number | null)[];
}

/**
 * Measures every case and repeat. What cannot be measured is told for all cases at once, and nothing is thrown away: the
 * journal keeps the rows that were done.
 *
 * @throws INTERRUPTED; the code of what cannot be opened or measured, MANIFEST_INVALID if they differ
 */
export async function extractFeatures(
  { dataset, cases, repeats }: RegionCases,
  { settings, journal, workers, report, signal }: Extraction,
): Promise<FeatureTable> {
  const sources: readonly RegionSource[] = [...cases, ...repeats];
  const hash = settingsSha256(settings);
  const known = journal === undefined ? new Map<string, Entry>() : await readJournal(journal);
  const seats = workers ?? Math.min(8, os.availableParallelism(), sources.length);
  const pool = createMeasurePool(settings, seats > 1 ? seats : 0);
  const problems: { code: string; text: string }[] = [];
  const found: (Measured | undefined)[] = [];
  let done = 0;
  const measureOne = async (source: RegionSource, place: number): Promise<void> => {
    const key = `${hash} ${await fileKey(source)}`;
    const before = known.get(key);
    if (before) {
      found[place] = { ...before, values: Float64Array.from(before.values, (value) => value ?? Number.NaN) };
    } else {
      try {
        const measured = await pool.measure(source);
        found[place] = measured;
        if (journal !== undefined) await appendFile(journal, `${JSON.stringify(entryOf(key, measured))}\n`);
      } catch (error) {
        if (!isHounsfieldError(error)) throw error;
        const text = error.message.replace(`${error.code}: `, '');
        const mask = source.maskId === undefined ? '' : ` (${source.maskId})`;
        problems.push({ code: error.code, text: `${source.id}${mask}: ${text}` });
      }
    }
    done++;
    report({ kind: 'count', text: 'measuring regions', done, of: sources.length });
  };
  try {
    await inParallel(sources, Math.max(1, seats), async (source, place) => {
      if (signal?.aborted) throw interrupted(journal !== undefined);
      await measureOne(source, place);
    });
  } finally {
    await pool.close();
  }
  throwProblems(
    dataset.name,
    problems,
    `${adviceOn(problems)}Mend or take out these cases, and run again${journal === undefined ? '' : '; what was measured is kept'}.`,
  );
  return tableOf({ dataset, cases, repeats }, found as readonly Measured[], settings); // all of them, or problems were thrown
}

/** What may be done about a problem by settings of the features or columns of the table. */
const ADVICE: Readonly<Record<string, string>> = {
  FEATURE_SPACING:
    'For lengths in pixels write {"spacingWhenUnknownMm": [1, 1, 1]} into a file and give it by --features.',
  FEATURE_CHANNELS:
    'To choose a channel or a point in time write {"channel": 0, "timePoint": 0} into a file and give it by --features.',
  MASK_GRID_MISMATCH:
    "A mask is brought onto its image's grid by: hounsfield convert mask.nii.gz new_mask.nii.gz --labels --like image.nii.gz.",
  MASK_SEVERAL_LABELS:
    'The region of each image stands in the column mask_value of a table; the same for all: {"label": 1}, or all values as one: {"label": "any"}, in a file given by --features.',
};

const adviceOn = (problems: readonly { readonly code: string }[]): string =>
  [...new Set(problems.map(({ code }) => ADVICE[code]))]
    .flatMap((text) => (text === undefined ? [] : [`${text} `]))
    .join('');

const interrupted = (kept: boolean): HounsfieldError =>
  new HounsfieldError(
    'INTERRUPTED',
    `stopped while measuring regions. ${kept ? 'What was measured is kept: give the command again (of train with --resume).' : 'Give the command again.'}`,
  );

/** Runs the work on every item, a few at a time, in order. */
async function inParallel<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, place: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      const place = next++;
      await work(items[place]!, place);
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: atOnce }, lane));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

function entryOf(key: string, { values, ...rest }: Measured): Entry {
  return { key, ...rest, values: Array.from(values, (value) => (Number.isNaN(value) ? null : value)) };
}

/** Rows of a journal by their key; a last line that was cut off is left out. */
async function readJournal(file: string): Promise<Map<string, Entry>> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const entries = text.split('\n').flatMap((line) => {
    try {
      const entry = JSON.parse(line) as Entry; // a line of this file's own
      return [[entry.key, entry] as const];
    } catch {
      return [];
    }
  });
  return new Map(entries);
}

/** Removes a journal whose table has been written. */
export const forgetJournal = (file: string): Promise<void> => rm(file, { force: true });

function tableOf(
  { dataset, cases, repeats }: RegionCases,
  measured: readonly Measured[],
  settings: MeasureSettings,
): FeatureTable {
  const { names } = measured[0]!;
  const differing = measured.findIndex((one) => one.names.join() !== names.join());
  if (differing >= 0) {
    const sources = [...cases, ...repeats];
    throw new HounsfieldError(
      'FEATURES_DIFFER',
      `${sources[0]!.id} has ${names.length} features and ${sources[differing]!.id} has ${measured[differing]!.names.length} others: images of two and of three dimensions cannot share a table. ` +
        'Put them into data sets of their own, or ask for features by slice (2-D) of all.',
    );
  }
  const rowOf = (source: RegionSource, place: number, of: number, by?: string): FeatureRow => {
    const { sample } = cases[of]!;
    const { remarks, imageSha256, maskSha256 } = measured[place]!;
    return {
      id: source.id,
      ...(source.maskId === undefined ? {} : { maskId: source.maskId }),
      ...(source.maskValue === undefined ? {} : { maskValue: source.maskValue }),
      case: sample.id,
      ...(by === undefined ? {} : { repeat: by }),
      patient: sample.patient,
      ...(sample.site === undefined ? {} : { site: sample.site }),
      ...(sample.split === undefined ? {} : { split: sample.split }),
      label: dataset.classes[sample.label] ?? '',
      remarks,
      imageSha256,
      ...(maskSha256 === undefined ? {} : { maskSha256 }),
    };
  };
  return {
    names,
    rows: [
      ...cases.map((one, i) => rowOf(one, i, i)),
      ...repeats.map((one, i) => rowOf(one, cases.length + i, one.of, one.by)),
    ],
    matrix: matrixOf(measured.map(({ values }) => values)),
    settings: settingsJson(settings),
    settingsSha256: settingsSha256(settings),
    maker: `hounsfield ${version}`,
  };
}
