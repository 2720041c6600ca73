import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isHounsfieldError } from '../../../errors.ts';
import { RandomStream } from '../../../random.ts';
import { type Signal, signal } from '../signal.ts';
import { addNoise } from './add-to-signal.ts';
import { convertUnits } from './convert-units.ts';
import { applySignalSteps, inverseSteps, SIGNAL_TRANSFORMS, undoSignal } from './registry.ts';
import { resampleSignal } from './resample-signal.ts';
import { selectChannels } from './select-channels.ts';
import { applySignal } from './signal-transform.ts';
import { sliceSignal } from './slice-signal.ts';

const cases = JSON.parse(
  readFileSync(new URL('../../../../fixtures/signals/resample.json', import.meta.url), 'utf8'),
).payload as readonly { before: number; after: number; x: readonly number[]; y: readonly number[] }[]; // scripts/peers/signals.py

/** Two channels of different rates over 8 s, marks, and missing samples in the second. */
function recording(): Signal {
  const stream = new RandomStream({ seed: 3, purpose: 'test' });
  const walk = (count: number): Float64Array => {
    let value = 0;
    return Float64Array.from({ length: count }, () => (value = 0.95 * value + stream.normal(0, 0.2)));
  };
  const slow = walk(400);
  slow.fill(Number.NaN, 50, 60);
  return signal(
    [
      { name: 'I', unit: 'mV', samplingRateHz: 100, samples: walk(800) },
      { name: 'ABP', unit: 'mmHg', samplingRateHz: 50, samples: slow },
    ],
    100,
    [
      { timeS: 0.5, sample: 50, label: 'N' },
      { timeS: 4, sample: 400, label: 'V', durationS: 0.5, channel: 1 },
      { timeS: 7.5, sample: 750, label: 'N' },
    ],
  );
}

const EXAMPLES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'resample-signal': { samplingRateHz: 125 },
  'slice-signal': { startS: 1, endS: 6 },
  'pad-signal': { beforeS: 1, afterS: 0.5 },
  'select-channels': { channels: [1] },
  'convert-units': { units: 'uV' },
  'add-wander': { fraction: 0.5, frequenciesHz: [0.1, 0.3], phases: [0, 1], weights: [1, 0.5] },
  'add-powerline': { fraction: 0.2, frequencyHz: 20, phase: 1, weights: [1, 0.3, 0.2] },
  'add-noise': { fraction: 0.1, colour: 'pink', seed: 7 },
  'scale-amplitude': { factors: [1.2, 0.8] },
  'drop-channels': { channels: [0] },
  'cut-out-signal': { startS: 2, durationS: 1 },
  'shift-time': { seconds: 0.5 },
  'warp-time': { times: [0, 3, 8], sources: [0, 4, 8] },
};

const values = (one: Signal): number[][] => one.channels.map((channel) => [...channel.samples]);

test('every transform has an example here', () => {
  expect(Object.keys(EXAMPLES).sort()).toEqual([...SIGNAL_TRANSFORMS.keys()].sort());
});

describe.each(Object.entries(EXAMPLES))('%s', (name, parameters) => {
  const transform = SIGNAL_TRANSFORMS.get(name)!;

  test('is recorded as plain JSON, replays to the same, leaves its input alone', () => {
    const before = recording();
    const done = applySignal(transform, before, parameters);
    expect(values(before)).toEqual(values(recording()));
    expect(done.history).toHaveLength(1);
    const written = JSON.parse(JSON.stringify(done.history)) as typeof done.history; // what was written
    expect(written).toEqual(done.history);
    const again = applySignalSteps(recording(), written);
    expect(values(again)).toEqual(values(done));
    expect(again.annotations).toEqual(done.annotations);
    expect(again.history).toEqual(done.history);
    for (const mark of done.annotations) {
      if (mark.sample !== undefined) expect(mark.sample).toBe(Math.round(mark.timeS * done.samplingRateHz));
    }
  });

  test('is taken back as it promises', () => {
    const before = applySignal(transform, recording(), parameters);
    const checked = transform.check(
      Object.fromEntries(Object.entries(before.history[0]!.parameters).filter(([key]) => key !== 'before')),
    );
    const inverse = transform.inverse(checked);
    if ('none' in inverse) {
      expect(() => undoSignal(before)).toThrow(/TRANSFORM_NO_INVERSE/);
      return;
    }
    if (name === 'resample-signal') {
      expect(() => undoSignal(before)).toThrow(/TRANSFORM_NO_INVERSE/);
      return;
    }
    const [back, original] = [undoSignal(before), recording()];
    expect(back.durationS).toBeCloseTo(original.durationS, 9);
    for (const [c, channel] of original.channels.entries()) {
      expect(back.channels[c]!.unit).toBe(channel.unit);
      expect(back.channels[c]!.samples.length).toBe(channel.samples.length);
      let kept = 0;
      let worst = 0;
      for (const [i, value] of channel.samples.entries()) {
        const now = back.channels[c]!.samples[i]!;
        if (!Number.isFinite(now) || !Number.isFinite(value)) continue;
        kept++;
        worst = Math.max(worst, Math.abs(now - value));
      }
      const known = channel.samples.filter(Number.isFinite).length;
      expect(kept).toBeGreaterThanOrEqual(inverse.fidelity === 'kept-part' ? known / 2 : known * 0.97);
      expect(worst).toBeLessThan(
        inverse.fidelity === 'interpolated' ? 0.8 : inverse.fidelity === 'rounding' ? 1e-12 : 1e-300,
      );
    }
    for (const mark of back.annotations) {
      const same = original.annotations.find((one) => Math.abs(one.timeS - mark.timeS) < 1e-9);
      expect(same?.label).toBe(mark.label);
    }
  });

  test('refuses what it does not know', () => {
    expect(() => applySignal(transform, recording(), { ...parameters, misspelt: 1 })).toThrow(
      /TRANSFORM_PARAMETERS/,
    );
    for (const key of Object.keys(parameters)) {
      expect(() => applySignal(transform, recording(), { ...parameters, [key]: { no: 1 } }), key).toThrow(
        /TRANSFORM_PARAMETERS/,
      );
    }
  });
});

describe('resampling equals scipy.signal.resample_poly', () => {
  test.each(cases)('$before Hz to $after Hz', ({ before, after, x, y }) => {
    const one = signal(
      [{ name: '', unit: 'mV', samplingRateHz: before, samples: Float64Array.from(x) }],
      before,
    );
    const done = applySignal(resampleSignal, one, { samplingRateHz: after });
    const [samples] = done.channels.map((channel) => channel.samples);
    expect(samples!.length).toBe(y.length);
    const size = Math.max(...x.map(Math.abs));
    let worst = 0;
    for (const [i, value] of y.entries()) worst = Math.max(worst, Math.abs(samples![i]! - value) / size);
    expect(worst).toBeLessThan(1e-12);
  });

  test('channels of one rate go back to their length; missing samples stay missing', () => {
    const before = applySignal(selectChannels, recording(), { channels: [1] });
    const done = applySignal(resampleSignal, before, { samplingRateHz: 100 });
    expect([...done.channels[0]!.samples.subarray(100, 119)].every(Number.isNaN)).toBe(true);
    expect(done.channels[0]!.samples.filter(Number.isNaN).length).toBeLessThanOrEqual(21);
    const back = applySignalSteps(done, inverseSteps(done.history.slice(1)));
    expect(back.channels[0]!.samples.length).toBe(400);
    expect(done.annotations.map((mark) => mark.sample)).toEqual([50, 400, 750]);
  });

  test('a ratio beyond one filter is refused', () => {
    const one = signal(
      [{ name: '', unit: '', samplingRateHz: Math.PI, samples: new Float64Array(10) }],
      Math.PI,
    );
    expect(() => applySignal(resampleSignal, one, { samplingRateHz: 1e6 + Math.SQRT2 })).toThrow(
      /SIGNAL_RATES/,
    );
  });
});

describe('each does what its name says', () => {
  test('units: voltages alone, stored integers kept with another gain', () => {
    const one = signal(
      [
        {
          name: 'I',
          unit: 'mV',
          samplingRateHz: 10,
          samples: Float64Array.of(1, 2),
          stored: { samples: Int32Array.of(200, 400), gain: 200, baseline: 0, bits: 12 },
        },
        { name: 'p', unit: 'mmHg', samplingRateHz: 10, samples: Float64Array.of(90, 91) },
      ],
      10,
    );
    const done = applySignal(convertUnits, one, { units: 'µV' });
    expect(done.channels.map((channel) => [channel.unit, ...channel.samples])).toEqual([
      ['µV', 1000, 2000],
      ['mmHg', 90, 91],
    ]);
    expect(done.channels[0]!.stored).toMatchObject({ gain: 0.2 });
    expect(() => applySignal(convertUnits, one, { units: 'furlong' })).toThrow(/SIGNAL_UNIT/);
    expect(() => applySignal(convertUnits, one, { units: ['kPa', null] })).toThrow(/SIGNAL_UNIT/);
  });

  test('a slice keeps stored integers and the marks inside it', () => {
    const done = applySignal(sliceSignal, recording(), { startS: 3.5, endS: 5 });
    expect(done.channels.map((channel) => channel.samples.length)).toEqual([150, 75]);
    expect(done.annotations).toEqual([{ timeS: 0.5, sample: 50, label: 'V', durationS: 0.5, channel: 1 }]);
    expect(() => applySignal(sliceSignal, recording(), { startS: 3, endS: 9 })).toThrow(/SIGNAL_SLICE/);
    expect(() => applySignal(selectChannels, recording(), { channels: [2] })).toThrow(/SIGNAL_CHANNEL/);
  });

  test('noise has the strength asked for, pink more of it at low frequencies', () => {
    const still = signal(
      [{ name: '', unit: '', samplingRateHz: 100, samples: new Float64Array(20000) }],
      100,
    );
    for (const colour of ['white', 'pink']) {
      const done = applySignal(addNoise, still, { colour, seed: 1, amplitudes: [2] });
      const { samples } = done.channels[0]!;
      const power = samples.reduce((sum, value) => sum + value * value, 0) / samples.length;
      expect(Math.sqrt(power)).toBeCloseTo(2, 1);
      // the mean of 100 neighbours keeps low frequencies only
      let low = 0;
      for (let i = 0; i < samples.length; i += 100) {
        low +=
          (samples.subarray(i, i + 100).reduce((sum, value) => sum + value, 0) / 100) ** 2 /
          (samples.length / 100);
      }
      if (colour === 'white') expect(low / power).toBeLessThan(0.02);
      else expect(low / power).toBeGreaterThan(0.2);
    }
  });

  test('warped marks stay on what they mark (seed 12)', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 7, noNaN: true }),
        fc.double({ min: 0.5, max: 0.98, noNaN: true }),
        (at, bend) => {
          const samples = Float64Array.from({ length: 8000 }, (_, i) =>
            Math.exp(-(((i / 1000 - at) / 0.05) ** 2)),
          );
          const one = signal([{ name: '', unit: '', samplingRateHz: 1000, samples }], 1000, [
            { timeS: at, label: 'N' },
          ]);
          const done = applySignalSteps(one, [
            { transform: 'warp-time', parameters: { times: [0, 4, 8], sources: [0, 4 * bend, 8] } },
          ]);
          const peak = done.channels[0]!.samples.indexOf(Math.max(...done.channels[0]!.samples));
          expect(Math.abs(peak / 1000 - done.annotations[0]!.timeS)).toBeLessThan(0.002);
        },
      ),
      { seed: 12, numRuns: 30 },
    );
  });
});

describe('steps and histories from JSON (seed 41)', () => {
  const strange = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.array(
      fc.record(
        {
          transform: fc.oneof(fc.constantFrom(...Object.keys(EXAMPLES)), fc.jsonValue({ maxDepth: 0 })),
          parameters: fc.oneof(
            fc.constantFrom(...Object.values(EXAMPLES)),
            fc.record({ before: fc.jsonValue({ maxDepth: 3 }), seconds: fc.constant(0.5) }),
            fc.jsonValue({ maxDepth: 1 }),
          ),
        },
        { requiredKeys: [] },
      ),
      { maxLength: 2 },
    ),
  );

  test.each([
    ['applySignalSteps', (list: never) => applySignalSteps(recording(), list)],
    ['undoSignal', (list: never) => undoSignal({ ...recording(), history: list })],
  ] as const)('%s does them or refuses by a code', (_, way) => {
    fc.assert(
      fc.property(strange, (list) => {
        try {
          way(list as never); // whatever a file holds
        } catch (error) {
          if (!isHounsfieldError(error)) throw error;
        }
      }),
      { seed: 41, numRuns: 300 },
    );
  });
});
