import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { companionsOf } from '../../formats/companion-files.node.ts';
import { fileSource } from '../../formats/file-source.node.ts';
import { readWfdb } from '../../formats/wfdb/read-wfdb.ts';
import type { Signal } from '../../signal/signal.ts';
import { detectBeats } from './beats.ts';
import { detectBreaths } from './breaths.ts';
import { detectPulses } from './pulses.ts';
import { signalFeatures } from './signal-features.ts';
import { quantileOf } from './time-statistics.ts';

const root = path.join(
  process.env['HOUNSFIELD_DATA'] ?? fileURLToPath(new URL('../../../../../shared/data', import.meta.url)),
  'wfdb_signals/sample-data',
);
const isPresent = existsSync(root);
const skipped = isPresent ? '' : ' (skipped: no wfdb_signals in HOUNSFIELD_DATA)';

async function record(name: string): Promise<Signal> {
  const file = path.join(root, `${name}.hea`);
  const source = await fileSource(file);
  const signal = await readWfdb(source, { companion: companionsOf(file), annotations: ['atr'] });
  await source.close();
  return signal;
}

const channelOf = (signal: Signal, name: string) => signal.channels.find((one) => one.name === name)!;

/** Beats found within 150 ms of a marked one (ANSI/AAMI EC57), each marked beat once. */
function matched(found: readonly number[], marked: readonly number[], within: number): number {
  let [hits, next] = [0, 0];
  for (const mark of marked) {
    while (next < found.length && found[next]! < mark - within) next++;
    if (next < found.length && found[next]! <= mark + within) {
      hits++;
      next++;
    }
  }
  return hits;
}

const BEAT_LABELS = new Set('NLRBAaJSVrFejnE/fQ?');

describe.skipIf(!isPresent)(`beats and breaths of recordings${skipped}`, () => {
  test.each([
    ['MLII', 0.999],
    ['V5', 0.997],
  ])('MIT-BIH 100, lead %s: sensitivity and positive predictivity', async (name, least) => {
    const signal = await record('100');
    const { samples, samplingRateHz } = channelOf(signal, name);
    const marked = signal.annotations
      .filter(({ label }) => BEAT_LABELS.has(label))
      .map(({ sample }) => sample!);
    expect(marked.length).toBe(2273);
    const found = detectBeats(samples, samplingRateHz);
    const hits = matched(found, marked, 0.15 * samplingRateHz);
    expect(hits / marked.length).toBeGreaterThan(least);
    expect(hits / found.length).toBeGreaterThan(least);
  });

  test('the pressure curve beats as the electrocardiogram does', async () => {
    const signal = await record('03700181');
    const [ecg, pressure] = [channelOf(signal, 'MCL1'), channelOf(signal, 'ABP')];
    const beats = detectBeats(ecg.samples, ecg.samplingRateHz).map((at) => at / ecg.samplingRateHz);
    const pulses = detectPulses(pressure.samples, pressure.samplingRateHz).map(
      (at) => at / pressure.samplingRateHz,
    );
    expect(Math.abs(pulses.length - beats.length)).toBeLessThanOrEqual(0.005 * beats.length);
    // each pulse comes at its own time after its beat, and that is always about the same
    const delays = Float64Array.from(
      pulses,
      (pulse) => pulse - beats.filter((beat) => beat <= pulse).at(-1)!,
    ).sort();
    expect(quantileOf(delays, 0.95) - quantileOf(delays, 0.05)).toBeLessThan(0.1);
  });

  test('the twelve leads and the Frank leads of one recording agree', async () => {
    const signal = await record('s0010_re');
    const counts = signal.channels.map(
      ({ samples, samplingRateHz }) => detectBeats(samples, samplingRateHz).length,
    );
    expect(new Set(counts)).toEqual(new Set([52]));
  });

  test('breaths of a ventilated patient come evenly', async () => {
    const { samples, samplingRateHz } = channelOf(await record('03700181'), 'RESP');
    const breaths = detectBreaths(samples, samplingRateHz);
    const intervals = Float64Array.from(
      breaths.slice(1),
      (at, i) => (at - breaths[i]!) / samplingRateHz,
    ).sort();
    expect(quantileOf(intervals, 0.9) / quantileOf(intervals, 0.1)).toBeLessThan(1.7);
  });

  test('variability of half an hour', async () => {
    const signal = await record('100');
    const { features, rows } = signalFeatures(signal, { time: false, spectral: null, complexity: null });
    const of = (name: string) => rows[0]!.values[features.findIndex((feature) => feature.name === name)]!;
    expect(rows[0]!.remarks).toEqual({});
    const marked = signal.annotations.filter(({ label }) => BEAT_LABELS.has(label)).map(({ timeS }) => timeS);
    const rate = (60 * (marked.length - 1)) / (marked.at(-1)! - marked[0]!);
    expect(Math.abs(of('heart_rate') - rate)).toBeLessThan(0.2);
    // an early beat makes one interval too short and the next too long
    const early = signal.annotations.filter(({ label }) => label === 'A' || label === 'V').length;
    expect(of('heart_dropped_intervals')).toBeLessThanOrEqual(2 * early);
  });
});
