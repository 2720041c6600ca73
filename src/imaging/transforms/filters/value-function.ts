import { readParameters } from '../read-parameters.ts';
import type { IntensityTransform } from '../transform.ts';
import { another, type FloatArray } from './correlate-axis.ts';
import { filterVolumes } from './filter-volumes.ts';

const FUNCTIONS = ['square', 'square-root', 'logarithm', 'exponential'] as const;

export interface ValueFunctionParameters {
  readonly function: (typeof FUNCTIONS)[number];
}

/**
 * Values through a function that keeps their sign and, but for 'exponential', their greatest absolute value m, as
 * pyradiomics' image types: x^2 / m (positive), sqrt(m |x|), log(|x| + 1) m / log(m + 1), exp(x log(m) / m). Of an image of
 * zeros, zeros; its exponential is 1. Throws INTENSITY_NOT_FINITE.
 */
export const valueFunction: IntensityTransform<ValueFunctionParameters> = {
  name: 'value-function',
  kind: 'intensity',
  example: { function: 'square-root' },
  check(parameters) {
    const read = readParameters('value-function', parameters);
    const checked = { function: read.oneOf('function', FUNCTIONS) };
    read.end();
    return checked;
  },
  change(image, { function: name }) {
    return filterVolumes(image, 'volume', (values) => BY_NAME[name](values, greatest(values)), 'arbitrary');
  },
  inverse: { none: 'the greatest value that it was scaled by is not kept' },
};

function greatest(values: FloatArray): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]!));
  return most;
}

type ValueFunction = (values: FloatArray, most: number) => FloatArray;

const BY_NAME: Readonly<Record<(typeof FUNCTIONS)[number], ValueFunction>> = {
  square(values, most) {
    const out = another(values);
    const scale = most > 0 ? 1 / most : 0;
    for (let i = 0; i < out.length; i++) out[i] = values[i]! * values[i]! * scale;
    return out;
  },
  'square-root'(values, most) {
    const out = another(values);
    for (let i = 0; i < out.length; i++) {
      const value = values[i]!;
      out[i] = Math.sign(value) * Math.sqrt(Math.abs(value) * most);
    }
    return out;
  },
  logarithm(values, most) {
    const out = another(values);
    const scale = most > 0 ? most / Math.log(most + 1) : 0;
    for (let i = 0; i < out.length; i++) {
      const value = values[i]!;
      out[i] = Math.sign(value) * Math.log(Math.abs(value) + 1) * scale;
    }
    return out;
  },
  exponential(values, most) {
    const out = another(values);
    const steepness = most > 0 ? Math.log(most) / most : 0;
    for (let i = 0; i < out.length; i++) out[i] = Math.exp(values[i]! * steepness);
    return out;
  },
};
