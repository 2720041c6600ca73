import { RandomStream } from '../../../random.ts';
import { type JsonObject, readParameters } from '../../transforms/read-parameters.ts';
import type { Signal } from '../signal.ts';
import { deviation, type SignalTransform, withSamples } from './signal-transform.ts';

/** How strong an addition is: a part of each channel's standard deviation, or (resolved) each channel's own number. */
interface Strength {
  readonly fraction: number;
  /** In each channel's unit; null until the recording is known. */
  readonly amplitudes: readonly number[] | null;
  /** 1, or -1 to take the same away again. */
  readonly sign: number;
}

function readStrength(read: ReturnType<typeof readParameters>): Strength {
  return {
    fraction: read.number('fraction', { min: 0, max: 100, fallback: 0 }),
    amplitudes: read.optional('amplitudes', (name) => read.numbers(name, { min: 0 })),
    sign: read.number('sign', { min: -1, max: 1, fallback: 1 }),
  };
}

function resolveStrength<P extends Strength>(one: Signal, parameters: P): P {
  if (parameters.amplitudes) return parameters;
  return {
    ...parameters,
    amplitudes: one.channels.map((channel) => deviation(channel.samples) * parameters.fraction),
  };
}

/** A transform that adds amplitude x shape to every channel; missing samples stay missing. */
function addition<P extends object>(
  name: string,
  readShape: (read: ReturnType<typeof readParameters>) => P,
  shape: (parameters: P & Strength, count: number, rateHz: number, channel: number) => Float64Array,
): SignalTransform<P & Strength> {
  return {
    name,
    check(json: JsonObject) {
      const read = readParameters(name, json);
      const parameters = { ...readShape(read), ...readStrength(read) };
      read.end();
      return parameters;
    },
    resolve: resolveStrength,
    change(one, parameters) {
      return withSamples(one, (samples, c) => {
        const amplitude = (parameters.amplitudes?.[c] ?? 0) * parameters.sign;
        if (amplitude === 0) return samples;
        const added = shape(parameters, samples.length, one.channels[c]!.samplingRateHz, c);
        return samples.map((value, i) => value + amplitude * added[i]!);
      });
    },
    inverse: () => ({
      fidelity: 'rounding',
      step: (parameters) => ({ transform: name, parameters: { ...parameters, sign: -parameters.sign } }),
    }),
  };
}

function sines(
  frequenciesHz: readonly number[],
  phases: readonly number[],
  weights: readonly number[],
  count: number,
  rateHz: number,
): Float64Array {
  const out = new Float64Array(count);
  for (const [k, frequency] of frequenciesHz.entries()) {
    const step = (2 * Math.PI * frequency) / rateHz;
    const phase = phases[k] ?? 0;
    const weight = weights[k] ?? 1;
    for (let i = 0; i < count; i++) out[i] = out[i]! + weight * Math.sin(step * i + phase);
  }
  return out;
}

/** Slow waves under the signal, as breathing and moving electrodes make: a sum of sines, the same in all channels. */
export const addWander = addition(
  'add-wander',
  (read) => ({
    frequenciesHz: read.numbers('frequenciesHz', { min: 0, max: 5 }),
    phases: read.numbers('phases'),
    weights: read.numbers('weights', { min: -1, max: 1 }),
  }),
  ({ frequenciesHz, phases, weights }, count, rateHz) => sines(frequenciesHz, phases, weights, count, rateHz),
);

/** The hum of the mains and its harmonics (2, 3 … times the frequency, by their weights). Above half the rate none is added. */
export const addPowerline = addition(
  'add-powerline',
  (read) => ({
    frequencyHz: read.number('frequencyHz', { min: 1, max: 500, fallback: 50 }),
    phase: read.number('phase', { fallback: 0 }),
    weights: read.numbers('weights', { min: -1, max: 1 }),
  }),
  ({ frequencyHz, phase, weights }, count, rateHz) => {
    const kept = weights.map((weight, k) => ((k + 1) * frequencyHz < rateHz / 2 ? weight : 0));
    const frequencies = kept.map((_, k) => (k + 1) * frequencyHz);
    return sines(
      frequencies,
      kept.map((_, k) => (k + 1) * phase),
      kept,
      count,
      rateHz,
    );
  },
);

/** Normal noise of standard deviation 1 times the amplitude: white, or pink (power falls as 1 / f). */
export const addNoise = addition(
  'add-noise',
  (read) => ({
    colour: read.oneOf('colour', ['white', 'pink'], 'white'),
    seed: read.number('seed', { min: 0, max: 4294967295, whole: true }),
  }),
  ({ colour, seed }, count, _, channel) => {
    const stream = new RandomStream({ seed, purpose: 'signal noise', step: channel });
    const white = Float64Array.from({ length: count }, () => stream.normal());
    return colour === 'white' ? white : pinkened(white);
  },
);

/** Poles and gains of a filter whose power falls by 3 dB an octave within .1 dB over five octaves and more (P. Kellet, 1999). */
const PINK_POLES = [0.99886, 0.99332, 0.969, 0.8665, 0.55, -0.7616];
const PINK_GAINS = [0.0555179, 0.0750759, 0.153852, 0.3104856, 0.5329522, -0.016898];

function pinkened(white: Float64Array): Float64Array {
  const state = new Float64Array(PINK_POLES.length);
  let delayed = 0;
  const out = white.map((value) => {
    let sum = delayed + value * 0.5362;
    for (let k = 0; k < state.length; k++) {
      state[k] = PINK_POLES[k]! * state[k]! + PINK_GAINS[k]! * value;
      sum += state[k]!;
    }
    delayed = value * 0.115926;
    return sum;
  });
  const scale = deviation(out);
  return scale > 0 ? out.map((value) => value / scale) : out;
}
