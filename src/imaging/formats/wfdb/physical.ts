import type { SignalChannel } from '../../signal/signal.ts';
import type { StoredChannel } from './read-samples.ts';
import type { WfdbSignalLine } from './wfdb-header.ts';

/** A channel of one record: its stored integers and their physical values. */
export function wfdbChannel(line: WfdbSignalLine, stored: StoredChannel, frameRateHz: number): SignalChannel {
  const samples = new Float64Array(stored.samples.length);
  toPhysical(stored, line, samples, 0);
  return {
    name: line.description,
    unit: line.unit,
    samplingRateHz: frameRateHz * line.samplesPerFrame,
    samples,
    stored: {
      samples: stored.samples,
      gain: line.gain,
      baseline: line.baseline,
      bits: stored.bits,
      ...(stored.missing === undefined ? {} : { missing: stored.missing }),
    },
  };
}

/** Writes (stored - baseline) / gain into out from `at` on, NaN for missing samples. */
export function toPhysical(stored: StoredChannel, line: WfdbSignalLine, out: Float64Array, at: number): void {
  const { samples, missing } = stored;
  const { baseline, gain } = line;
  for (let i = 0; i < samples.length; i++) {
    const value = samples[i]!;
    out[at + i] = value === missing ? Number.NaN : (value - baseline) / gain;
  }
}
