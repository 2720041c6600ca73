import { HounsfieldError } from '../../../errors.ts';
import { BIORTHOGONAL_FILTERS, ORTHOGONAL_FILTERS } from './wavelet-filters.generated.ts';

/** Filters of a discrete wavelet, all of one even length, as PyWavelets names and scales them. */
export interface Wavelet {
  readonly name: string;
  readonly decompose: { readonly low: Float64Array; readonly high: Float64Array };
  readonly reconstruct: { readonly low: Float64Array; readonly high: Float64Array };
}

/** haar, db1..db38, sym2..sym20, coif1..coif17, bior and rbio, dmey. */
export const WAVELET_NAMES: readonly string[] = [
  ...Object.keys(ORTHOGONAL_FILTERS),
  ...Object.keys(BIORTHOGONAL_FILTERS),
];

const numbersIn = (line: string): Float64Array => Float64Array.from(line.split(' '), Number);
const alternating = (filter: Float64Array, sign: number): Float64Array =>
  filter.map((value, k) => (k % 2 === 0 ? -sign : sign) * value);

/** A wavelet by PyWavelets' name. Throws WAVELET_UNKNOWN. */
export function waveletNamed(name: string): Wavelet {
  const one = Object.hasOwn(ORTHOGONAL_FILTERS, name) ? ORTHOGONAL_FILTERS[name] : undefined;
  const two = Object.hasOwn(BIORTHOGONAL_FILTERS, name) ? BIORTHOGONAL_FILTERS[name] : undefined;
  if (one === undefined && two === undefined) {
    throw new HounsfieldError(
      'WAVELET_UNKNOWN',
      `'${String(name).slice(0, 40)}' is no wavelet (known: ${WAVELET_NAMES.join(', ')}). Correct the name.`,
    );
  }
  const low = numbersIn(one ?? two![0]);
  const high = two ? numbersIn(two[1]) : alternating(low.slice().reverse(), 1);
  return {
    name,
    decompose: { low, high },
    reconstruct: { low: alternating(high, 1), high: alternating(low, -1) },
  };
}
