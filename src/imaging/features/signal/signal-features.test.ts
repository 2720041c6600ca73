import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isHounsfieldError } from '../../../errors.ts';
import { signal } from '../../signal/signal.ts';
import { detectBeats } from './beats.ts';
import { detectBreaths } from './breaths.ts';
import {
  approximateEntropy,
  multiscaleEntropy,
  multiscaleIndex,
  permutationEntropy,
  sampleEntropy,
} from './entropy.ts';
import {
  detrendedFluctuation,
  higuchiDimension,
  hurstExponent,
  katzDimension,
  lempelZivComplexity,
} from './fractal.ts';
import { intervalSpectrum, intervalSpectrumStatistics } from './interval-spectrum.ts';
import { intervalNonlinearStatistics, intervalTimeStatistics } from './interval-variability.ts';
import { intervalsOf } from './intervals.ts';
import { naturalSpline } from './lomb-scargle.ts';
import { detectPulses } from './pulses.ts';
import { channelKind } from './rate-statistics.ts';
import type { MeasuredSet } from './signal-feature.ts';
import { signalFeatures } from './signal-features.ts';
import { EEG_BANDS, spectralStatistics } from './spectral-statistics.ts';
import { timeStatistics } from './time-statistics.ts';
import { welch } from './welch.ts';
import { butterworth, zeroPhase } from './zero-phase-filter.ts';

type Answers = Readonly<Record<string, number>>;
interface Peers {
  readonly rate: number;
  readonly signals: Readonly<
    Record<
      string,
      {
        readonly samples: readonly number[];
        readonly time: Answers;
        readonly spectra: readonly {
          readonly segment: number;
          readonly density: readonly number[];
          readonly statistics: Answers;
        }[];
        readonly complexity: {
          readonly lengths: readonly number[];
          readonly sampleEntropy: readonly number[];
          readonly approximateEntropy: readonly number[];
          readonly permutationEntropy: readonly number[];
          readonly multiscale: readonly number[];
          readonly multiscaleIndex: number;
          readonly higuchi: readonly number[];
          readonly katz: number;
          readonly dfa: number;
          readonly hurst: number;
          readonly lempelZiv: number;
        };
      }
    >
  >;
  readonly intervals: {
    readonly ms: readonly number[];
    readonly time: Answers;
    readonly nonlinear: Answers;
    readonly lombScargle: { readonly density: readonly number[]; readonly bands: Answers };
    readonly welch: { readonly resampled: readonly number[]; readonly bands: Answers };
  };
  readonly simulated: Readonly<
    Record<
      'ecg' | 'pulse' | 'breath',
      {
        readonly rate: number;
        readonly thousandths: readonly number[];
        readonly peaks: readonly number[];
      }
    >
  >;
  readonly filtered: { readonly padding: number; readonly values: readonly number[] };
}

const text = readFileSync(
  new URL('../../../../fixtures/signal-features/peers.json', import.meta.url),
  'utf8',
);
const fixture = JSON.parse(text) as { sha256: string; cases: Peers }; // written by scripts/peers/signal_features.py
const peers = fixture.cases;
const cases = Object.entries(peers.signals);

/** The difference as a part of the expected size, or as it is where that is below 1e-3. */
function apart(ours: number | undefined, theirs: number | undefined): number {
  return Math.abs(ours! - theirs!) / Math.max(Math.abs(theirs!), 1e-3);
}

function expectAll(ours: MeasuredSet, theirs: Answers, most: number): void {
  for (const [name, expected] of Object.entries(theirs)) {
    expect(apart(ours[name]?.value, expected), name).toBeLessThan(most);
  }
}

test('the fixture is whole', () => {
  const payload = text.slice(text.indexOf('"cases":') + 8, text.lastIndexOf('}'));
  expect(createHash('sha256').update(payload).digest('hex')).toBe(fixture.sha256);
});

describe('as SciPy and NeuroKit2', () => {
  test.each(cases)('statistics in time of %s', (_, { samples, time }) => {
    expectAll(timeStatistics(Float64Array.from(samples), peers.rate), time, 1e-9);
  });

  test.each(cases)('spectra of %s', (_, { samples, spectra }) => {
    for (const { segment, density, statistics } of spectra) {
      const found = welch(Float64Array.from(samples), peers.rate, { segment });
      const most = Math.max(...density);
      for (const [k, expected] of density.entries()) {
        expect(Math.abs(found.density[k]! - expected) / most).toBeLessThan(1e-12);
      }
      const settings = { bands: EEG_BANDS, segmentS: segment / peers.rate, edge: 0.95 };
      expectAll(spectralStatistics(Float64Array.from(samples), peers.rate, settings), statistics, 1e-9);
    }
  });

  test.each(cases)('complexity of %s', (_, { samples, complexity }) => {
    const x = Float64Array.from(samples);
    const ways = [
      [2, 1],
      [3, 1],
      [2, 3],
    ] as const;
    for (const [i, [dimension, delay]] of ways.entries()) {
      // with a delay the peer compares one more stretch of the shorter length than has a longer one
      if (delay === 1) {
        expect(apart(sampleEntropy(x, { dimension }), complexity.sampleEntropy[i])).toBeLessThan(1e-9);
      }
      expect(
        apart(approximateEntropy(x, { dimension, delay }), complexity.approximateEntropy[i]),
      ).toBeLessThan(1e-9);
    }
    const orders = [
      [3, 1],
      [5, 1],
      [4, 2],
    ] as const;
    for (const [i, [dimension, delay]] of orders.entries()) {
      expect(apart(permutationEntropy(x, dimension, delay), complexity.permutationEntropy[i])).toBeLessThan(
        1e-9,
      );
    }
    const scales = multiscaleEntropy(x, 6);
    for (const [i, value] of scales.entries())
      expect(apart(value, complexity.multiscale[i])).toBeLessThan(1e-9);
    expect(apart(multiscaleIndex(scales), complexity.multiscaleIndex)).toBeLessThan(1e-9);
    for (const [i, k] of [5, 10, 37].entries()) {
      expect(apart(higuchiDimension(x, k), complexity.higuchi[i])).toBeLessThan(1e-9);
    }
    expect(apart(katzDimension(x), complexity.katz)).toBeLessThan(1e-9);
    expect(apart(detrendedFluctuation(x, complexity.lengths), complexity.dfa)).toBeLessThan(1e-9);
    expect(apart(hurstExponent(x, complexity.lengths), complexity.hurst)).toBeLessThan(1e-9);
    expect(apart(lempelZivComplexity(x), complexity.lempelZiv)).toBeLessThan(1e-9);
  });

  test('intervals of beats', () => {
    const { ms, time, nonlinear, lombScargle, welch: resampled } = peers.intervals;
    let at = 0;
    const times = [0];
    for (const one of ms) {
      at += one;
      times.push(at / 1000);
    }
    const intervals = intervalsOf(times, { limitsMs: [300, 2000], mostDifferent: null });
    expectAll(intervalTimeStatistics(intervals), time, 1e-9);
    expectAll(intervalNonlinearStatistics(intervals), nonlinear, 1e-9);
    const { density } = intervalSpectrum(intervals, 'lomb-scargle');
    const thinned = density.filter((_, i) => i % 9 === 0);
    const most = Math.max(...lombScargle.density);
    for (const [i, expected] of lombScargle.density.entries()) {
      expect(Math.abs(thinned[i]! - expected) / most).toBeLessThan(1e-9);
    }
    expectAll(intervalSpectrumStatistics(intervals, 'lomb-scargle'), lombScargle.bands, 1e-8);
    const grid = Float64Array.from(resampled.resampled, (_, i) => times[1]! + (50 * i) / 4);
    const spline = naturalSpline(times.slice(1), ms, grid);
    for (const [i, expected] of resampled.resampled.entries()) {
      expect(apart(spline[i], expected)).toBeLessThan(1e-9);
    }
    expectAll(intervalSpectrumStatistics(intervals, 'welch'), resampled.bands, 1e-8);
  });

  test.each([
    ['ecg', detectBeats, 0.03],
    ['pulse', detectPulses, 0.06],
    ['breath', detectBreaths, 0.6],
  ] as const)('moments of a simulated %s', (kind, detect, mostS) => {
    const { rate, thousandths, peaks } = peers.simulated[kind];
    const found = detect(
      Float64Array.from(thousandths, (value) => value / 1000),
      rate,
    );
    // a half wave at an end may be taken or not
    const middle = peaks.slice(1, -1);
    for (const peak of middle) {
      const nearest = found.reduce((a, b) => (Math.abs(b - peak) < Math.abs(a - peak) ? b : a));
      expect(Math.abs(nearest - peak) / rate).toBeLessThan(mostS);
    }
    expect(Math.abs(found.length - peaks.length)).toBeLessThanOrEqual(1);
  });

  test('the zero-phase filter', () => {
    const { padding, values } = peers.filtered;
    const sections = [butterworth('highpass', 2.5, 100), butterworth('lowpass', 17, 100)];
    const samples = Float64Array.from(peers.signals['mixed']!.samples);
    const found = zeroPhase(samples, sections, padding).filter((_, i) => i % 7 === 0);
    for (const [i, expected] of values.entries()) expect(Math.abs(found[i]! - expected)).toBeLessThan(1e-9);
  });
});

describe('the table of a recording', () => {
  const rate = 100;
  const eeg = Float64Array.from(peers.signals['mixed']!.samples);
  const ecg = Float64Array.from(peers.simulated.ecg.thousandths, (value) => value / 1000);
  const recording = signal(
    [
      { name: 'Fp1', unit: 'uV', samplingRateHz: rate, samples: eeg },
      { name: 'II', unit: 'mV', samplingRateHz: 200, samples: ecg },
    ],
    rate,
  );

  test('rows are channels by windows, with the same columns', () => {
    const { features, rows } = signalFeatures(recording, { windowS: 5, hopS: 2.5 });
    expect(rows.filter(({ channel }) => channel === 'Fp1').map(({ startS }) => startS)).toEqual([
      0, 2.5, 5, 7.5, 10,
    ]);
    expect(rows.filter(({ channel }) => channel === 'II').length).toBe(15);
    expect(new Set(features.map(({ name }) => name)).size).toBe(features.length);
    for (const { values, remarks } of rows) {
      for (const [i, { name }] of features.entries()) {
        expect(Number.isNaN(values[i]), name).toBe(remarks[name] !== undefined);
      }
    }
  });

  test('the heart rate is that of the simulation', () => {
    const { features, rows } = signalFeatures(recording, { complexity: null, spectral: null });
    const column = features.findIndex(({ name }) => name === 'heart_rate');
    const { peaks, rate: perSecond } = peers.simulated.ecg;
    const expected = (60 * (peaks.length - 1) * perSecond) / (peaks[peaks.length - 1]! - peaks[0]!);
    const ofEcg = rows.find(({ channel }) => channel === 'II')!;
    expect(Math.abs(ofEcg.values[column]! - expected)).toBeLessThan(0.5);
    expect(rows[0]!.remarks['heart_rate']).toMatch(/no beats/);
  });

  test('missing samples: short gaps are filled, long ones cut, none are made up', () => {
    const holes = eeg.slice();
    holes.fill(Number.NaN, 300, 305);
    holes.fill(Number.NaN, 700, 800);
    const of = (samples: Float64Array) =>
      signalFeatures(signal([{ name: 'x', unit: '', samplingRateHz: rate, samples }], rate), { rate: null });
    const { features, rows } = of(holes);
    const place = (name: string) => features.findIndex((feature) => feature.name === name);
    expect(rows[0]!.values[place('missing')]).toBeCloseTo(105 / 1500, 12);
    for (const name of ['mean', 'slope', 'total_power', 'sample_entropy', 'hjorth_mobility']) {
      expect(Number.isFinite(rows[0]!.values[place(name)]), name).toBe(true);
    }
    const nothing = of(new Float64Array(500).fill(Number.NaN)).rows[0]!;
    for (const [i, { name }] of features.entries()) {
      if (name === 'missing') expect(nothing.values[i]).toBe(1);
      else expect(nothing.values[i], name).toBeNaN();
    }
  });

  test('a constant stretch and one of three samples end in remarks, not in numbers', () => {
    const rows = [new Float64Array(600).fill(3), Float64Array.of(1, 2, 3)].map(
      (samples) =>
        signalFeatures(signal([{ name: 'x', unit: '', samplingRateHz: rate, samples }], rate), { rate: null })
          .rows[0]!,
    );
    expect(rows[0]!.remarks['skewness']).toBe('all samples are equal');
    expect(rows[0]!.remarks['sample_entropy']).toBe('all samples are equal');
    expect(rows[0]!.remarks['spectral_entropy']).toBe('all samples are equal');
    expect(rows[1]!.remarks['mean']).toBe('fewer than four samples');
    expect(rows[1]!.remarks['total_power']).toMatch(/fewer than eight/);
  });

  test('whatever the samples, there is a number or a remark (seed 5)', () => {
    const sample = fc.oneof(
      { weight: 8, arbitrary: fc.double({ min: -5, max: 5 }) },
      { weight: 1, arbitrary: fc.double() },
      { weight: 1, arbitrary: fc.constantFrom(0, Number.NaN, Number.POSITIVE_INFINITY, 1e-310) },
    );
    const property = fc.property(
      fc.array(sample, { maxLength: 400 }),
      fc.constantFrom('II', 'PLETH', 'RESP', 'Fp1'),
      fc.constantFrom(1, 30, 100, 512.5),
      fc.constantFrom(null, 0.5, 2),
      (samples, name, perSecond, windowS) => {
        const channel = { name, unit: '', samplingRateHz: perSecond, samples: Float64Array.from(samples) };
        const { features, rows } = signalFeatures(signal([channel], perSecond), { windowS });
        for (const { values, remarks } of rows) {
          for (const [i, feature] of features.entries()) {
            expect(Number.isFinite(values[i])).toBe(remarks[feature.name] === undefined);
          }
        }
      },
    );
    fc.assert(property, { seed: 5, numRuns: 150 });
  });

  test('a band that the rate or the segment cannot tell is NaN', () => {
    const bands = [
      { name: 'fast', lowHz: 40, highHz: 80 },
      { name: 'slow', lowHz: 0.01, highHz: 0.1 },
    ];
    const row = signalFeatures(recording, { spectral: { bands }, rate: null, complexity: null }).rows[0]!;
    expect(row.remarks['power_fast']).toMatch(/half the sampling rate/);
    expect(row.remarks['power_slow']).toMatch(/too short/);
  });

  test.each([
    ['II', 'ecg'],
    ['MLII', 'ecg'],
    ['aVR', 'ecg'],
    ['ECG 1', 'ecg'],
    ['V5', 'ecg'],
    ['MCL1', 'ecg'],
    ['PLETH', 'pulse'],
    ['ABP', 'pulse'],
    ['RESP', 'breath'],
    ['Fp1', 'other'],
    ['EEG Cz', 'other'],
    ['EMG', 'other'],
  ] as const)('%s is taken for %s', (name, kind) => {
    expect(channelKind(name)).toBe(kind);
  });

  test.each([
    ['a misspelt name', { window: 3 }],
    ['a negative window', { windowS: -1 }],
    ['a band upside down', { spectral: { bands: [{ name: 'a', lowHz: 4, highHz: 1 }] } }],
    ['an unknown method', { rate: { method: 'fft' } }],
    ['an unknown kind', { kinds: { II: 'heart' } }],
    ['a channel that is not there', { kinds: { V9: 'ecg' } }],
    ['nothing', { time: false, spectral: null, complexity: null, rate: null }],
    ['a list', []],
  ])('%s ends in SIGNAL_FEATURE_SETTINGS', (_, settings) => {
    const run = () => signalFeatures(recording, settings);
    expect(run).toThrow(/SIGNAL_FEATURE_SETTINGS/);
  });

  test('too low a rate ends in SIGNAL_RATE', () => {
    for (const run of [
      () => detectBeats(new Float64Array(100), 20),
      () => detectPulses(new Float64Array(100), 10),
      () => detectBreaths(new Float64Array(100), 1),
    ]) {
      let code = '';
      try {
        run();
      } catch (error) {
        code = isHounsfieldError(error) ? error.code : '';
      }
      expect(code).toBe('SIGNAL_RATE');
    }
  });

  test('beats that become much smaller are still found, and none in a flat line', () => {
    const { peaks, rate: perSecond } = peers.simulated.ecg;
    const half = Math.round(0.4 * peaks[25]! + 0.6 * peaks[26]!); // between two beats
    const smaller = ecg.map((value, i) => (i < half ? value : 0.1 * value));
    expect(detectBeats(smaller, perSecond).length).toBe(detectBeats(ecg, perSecond).length);
    const noise = Float64Array.from(peers.signals['noise']!.samples);
    const stopped = ecg.map((value, i) => (i < half ? value : 0.01 * noise[i % noise.length]!));
    const after = detectBeats(stopped, perSecond).filter((at) => at > half + perSecond);
    expect(after).toEqual([]);
    expect(detectBeats(stopped, perSecond).length).toBe(peaks.filter((at) => at < half).length);
  });

  test('nothing is found in silence', () => {
    for (const samples of [new Float64Array(5000), new Float64Array(5000).fill(Number.NaN)]) {
      expect(detectBeats(samples, 250)).toEqual([]);
      expect(detectPulses(samples, 250)).toEqual([]);
      expect(detectBreaths(samples, 250)).toEqual([]);
    }
  });
});
