import { isLabelMap } from '../image/medical-image.ts';
import { floatPixels, withFloats } from './intensity-image.ts';
import { extremes } from './intensity-statistics.ts';
import { readParameters } from './read-parameters.ts';
import type { DerivedTransform, IntensityTransform } from './transform.ts';

export interface GammaCurveParameters {
  /** Above 0; below 1 brightens. */
  readonly exponent: number;
  /** The range that is bent; values beyond it stay as they are. */
  readonly low: number;
  readonly high: number;
}

/** low + (high - low) ((v - low) / (high - low))^exponent for values of a range, in float32. */
export const gammaCurve: IntensityTransform<GammaCurveParameters> = {
  name: 'gamma-curve',
  kind: 'intensity',
  example: { exponent: 0.7, low: 0, high: 255 },
  check(parameters) {
    const read = readParameters('gamma-curve', parameters);
    const exponent = read.number('exponent', { min: 0.01, max: 100 });
    const low = read.number('low');
    const high = read.number('high');
    read.require(high > low, `high (${high}) is not above low (${low})`);
    read.end();
    return { exponent, low, high };
  },
  change(image, { exponent, low, high }) {
    const source = floatPixels(image);
    const pixels = new Float32Array(source.length);
    bend(source, pixels, exponent, low, high);
    return withFloats(image, pixels);
  },
  inverse: {
    fidelity: 'rounding',
    step: ({ exponent, low, high }) => ({
      transform: gammaCurve,
      parameters: { exponent: 1 / exponent, low, high },
    }),
  },
};

export interface GammaParameters {
  readonly exponent: number;
}

/** Gamma between an image's own lowest and highest value. Recorded as gamma-curve; an image of one value stays. */
export const gammaContrast: DerivedTransform<GammaParameters> = {
  name: 'gamma',
  kind: 'derived',
  example: { exponent: 1.3 },
  check(parameters) {
    const read = readParameters('gamma', parameters);
    const exponent = read.number('exponent', { min: 0.01, max: 100 });
    read.end();
    return { exponent };
  },
  resolve:
    ({ exponent }) =>
    (_, image) => {
      if (isLabelMap(image)) return [];
      const [low, high] = extremes(image.pixels);
      return low === high ? [] : [{ transform: gammaCurve, parameters: { exponent, low, high } }];
    },
};

/** Steps of the curve's table from 0 to 1, and where it begins to be used: there it is as exact as float32. */
const STEPS = 65536;
const TABLE_FROM = 1 / 16;

function bend(source: Float32Array, out: Float32Array, exponent: number, low: number, high: number): void {
  const power = powerOf(exponent);
  const exact = exponent >= 0.2 && exponent <= 5;
  const from = exact ? TABLE_FROM : 1;
  const table = new Float64Array(STEPS + 1);
  if (exact) for (let i = STEPS / 16; i < STEPS; i++) table[i] = power(i / STEPS);
  table[STEPS] = 1;
  const width = high - low;
  const scale = 1 / width;
  for (let i = 0; i < source.length; i++) {
    const value = source[i]!;
    const fraction = (value - low) * scale;
    if (fraction >= from && fraction < 1) {
      const place = fraction * STEPS;
      const step = place | 0;
      const below = table[step]!;
      out[i] = low + width * (below + (place - step) * (table[step + 1]! - below));
    } else if (fraction > 0 && fraction < 1) out[i] = low + width * power(fraction);
    else out[i] = value;
  }
}

/** Steps of the mantissa in powerOf's table. */
const MANTISSA_STEPS = 1024;

/**
 * x -> x^exponent for x in (0, 1), as exact as float32 and several times faster than **: x = 2^e m (1 + t) with tables of
 * 2^(e exponent) and m^exponent, and (1 + t)^exponent by its series, |t| < 1/2048.
 */
export function powerOf(exponent: number): (x: number) => number {
  const ofPower = Float64Array.from({ length: 256 }, (_, bits) => 2 ** ((bits - 127) * exponent));
  const ofMantissa = new Float64Array(MANTISSA_STEPS);
  const inverse = new Float64Array(MANTISSA_STEPS);
  for (let i = 0; i < MANTISSA_STEPS; i++) {
    const middle = 1 + (i + 0.5) / MANTISSA_STEPS;
    ofMantissa[i] = middle ** exponent;
    inverse[i] = 1 / middle;
  }
  const second = (exponent * (exponent - 1)) / 2;
  const third = (second * (exponent - 2)) / 3;
  const float = new Float32Array(1);
  const bits = new Uint32Array(float.buffer);
  const normal = 2 ** -126;
  return (x) => {
    if (x < normal) return x ** exponent;
    float[0] = x;
    const word = bits[0]!;
    const step = (word >>> 13) & (MANTISSA_STEPS - 1);
    const mantissa = 1 + (word & 0x7fffff) * 1.1920928955078125e-7; // 2^-23
    const t = mantissa * inverse[step]! - 1;
    return ofPower[word >>> 23]! * ofMantissa[step]! * (1 + t * (exponent + t * (second + t * third)));
  };
}
