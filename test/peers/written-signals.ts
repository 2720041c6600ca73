import { writeEdf } from '../../src/imaging/formats/edf/write-edf.ts';
import { writeWfdb } from '../../src/imaging/formats/wfdb/write-wfdb.ts';
import {
  type Signal,
  type SignalAnnotation,
  type SignalChannel,
  signal,
} from '../../src/imaging/signal/signal.ts';
import { RandomStream } from '../../src/random.ts';

/** A channel of stored integers: a walk within `bits` bits, with holes where asked. */
function storedChannel(
  name: string,
  rate: number,
  count: number,
  bits: number,
  seed: number,
  holes = false,
): SignalChannel {
  const stream = new RandomStream({ seed, purpose: 'written signals' });
  const top = 2 ** (bits - 1) - 1;
  const stored = new Int32Array(count);
  let value = 0;
  for (let i = 0; i < count; i++) {
    value = Math.max(-top, Math.min(top, value + Math.round(stream.normal(0, top / 20))));
    stored[i] = holes && i % 17 === 3 ? -top - 1 : value;
  }
  const [gain, baseline, missing] = [200, 12, -top - 1];
  return {
    name,
    unit: 'mV',
    samplingRateHz: rate,
    samples: Float64Array.from(stored, (one) => (one === missing ? Number.NaN : (one - baseline) / gain)),
    stored: { samples: stored, gain, baseline, bits, missing },
  };
}

function freeChannel(
  name: string,
  unit: string,
  rate: number,
  count: number,
  scale: number,
  offset: number,
  seed: number,
): SignalChannel {
  const stream = new RandomStream({ seed, purpose: 'written signals' });
  const samples = Float64Array.from(
    { length: count },
    (_, i) => offset + scale * (Math.sin(i / 9) + stream.normal(0, 0.1)),
  );
  return { name, unit, samplingRateHz: rate, samples };
}

const marks: readonly SignalAnnotation[] = [
  { timeS: 0.1, label: 'N', subtype: -2, channel: 1 },
  { timeS: 0.5, label: '+', note: '(AFIB' },
  { timeS: 1.25, durationS: 0.5, label: 'arousal' },
  { timeS: 1.25, label: 'V', number: 3 },
  { timeS: 1.9, label: '"', note: 'five' },
];

const identity = {
  patient: 'X X X X',
  startDate: '2001-02-03',
  startTime: '04:05:06',
  comments: ['a remark'],
};

/** Recordings that the writers are shown, by name. */
export const writtenSignals: Readonly<Record<string, Signal>> = {
  ecg: signal([storedChannel('II', 250, 500, 12, 1), storedChannel('V1', 250, 500, 12, 2)], 250, marks),
  rates: signal(
    [
      storedChannel('ECG', 500, 1000, 12, 3),
      freeChannel('ABP', 'mmHg', 125, 250, 40, 90, 4),
      freeChannel('temp', 'degC', 1, 2, 0.2, 36.6, 5),
    ],
    125,
    marks,
    2,
    { identity },
  ),
  wide: signal([storedChannel('EEG', 256, 512, 24, 6)], 256),
  holes: signal(
    [storedChannel('I', 100, 200, 11, 7, true), freeChannel('II', 'uV', 100, 200, 700, -30, 8)],
    100,
  ),
  odd: signal(
    [
      storedChannel('a', 62.5, 125, 10, 9),
      storedChannel('b', 62.5, 125, 10, 10),
      freeChannel('c', '', 62.5, 125, 1e-3, 0, 11),
    ],
    62.5,
  ),
};

/** Every file that the writers make of them, by its folder and name. */
export function writtenSignalFiles(): Readonly<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {};
  for (const [name, one] of Object.entries(writtenSignals)) {
    for (const format of [undefined, 212, 32] as const) {
      if (format === 212 && name === 'wide') continue;
      const folder = `wfdb${format ?? ''}-${name}`;
      const made = writeWfdb(one, { name, identity: true, ...(format ? { format } : {}) });
      for (const [file, bytes] of Object.entries(made)) files[`${folder}/${file}`] = bytes;
    }
    for (const format of ['EDF+', 'BDF+'] as const) {
      files[`${format === 'EDF+' ? 'edf' : 'bdf'}/${name}.edf`] = writeEdf(one, {
        format,
        missing: 'lowest',
        identity: true,
      });
    }
  }
  return files;
}
