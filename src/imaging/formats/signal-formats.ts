import type { SignalFormat } from '../signal/signal-format.ts';
import { csvSignalFormat, readCsvSignal } from './csv-signal/read-csv-signal.ts';
import { edfFormat } from './edf/read-edf.ts';
import type { FileFormat } from './file-format.ts';
import { wfdbFormat } from './wfdb/read-wfdb.ts';

/** Formats of recordings, the surest first. */
export const signalFormats: readonly SignalFormat[] = [edfFormat, wfdbFormat];

/** Tables of samples; found last, since most tables are something else. */
export const csvFile: FileFormat = {
  ...signalFile(csvSignalFormat),
  read: (source, { samplingRateHz }) =>
    readCsvSignal(source, samplingRateHz === undefined ? {} : { samplingRateHz }),
};

/** A format of recordings as one of the table of all formats. */
export function signalFile(format: SignalFormat): FileFormat {
  return {
    name: format.name,
    extensions: format.extensions,
    matches: format.matches,
    read: async (source, { companion, onWarning }) => {
      const signal = await format.read(source, companion ? { companion } : {});
      for (const warning of signal.warnings ?? []) onWarning?.(warning);
      return signal;
    },
    describe: async (source, { companion, identity = false }) => {
      const info = await format.info(source, { ...(companion ? { companion } : {}), identity });
      const { patient, recording, startDate, startTime, comments = [] } = info.identity ?? {};
      const named = { patient, recording, 'start date': startDate, 'start time': startTime };
      return {
        format: info.format,
        kind: 'signal',
        facts: [
          ['duration', `${Number(info.durationS.toPrecision(6))} s`],
          ['channels', String(info.channels.length)],
          ...info.channels.map(({ name, unit, samplingRateHz, sampleCount, storage }, i) => {
            const rate = `${Number(samplingRateHz.toPrecision(6))} Hz`;
            return [
              `  ${i + 1}`,
              `${name || '(no name)'}, ${unit || 'no unit'}, ${rate}, ${sampleCount} samples, ${storage}`,
            ] as const;
          }),
          ...Object.entries(info.facts).map(([name, value]) => [name, String(value)] as const),
        ],
        identity: [
          ...Object.entries(named).flatMap(([name, value]) => (value ? [[name, value] as const] : [])),
          ...comments.map((text) => ['comment', text] as const),
        ],
        warnings: info.warnings,
      };
    },
  };
}
