import { perVolume } from './intensity-image.ts';
import { readParameters } from './read-parameters.ts';
import type { IntensityTransform } from './transform.ts';

export interface BiasFieldParameters {
  /**
   * Of the polynomial's terms x^i y^j z^k, i + j + k up to the order, i slowest, k fastest: 1, 4, 10 or 20 numbers for
   * order 0 to 3. x, y and z run from -1 to 1 over the image.
   */
  readonly coefficients: readonly number[];
}

/** Number of terms of a polynomial in x, y and z, by its order. */
export const BIAS_TERMS = [1, 4, 10, 20] as const;

/**
 * Multiplies by exp(polynomial of x, y, z): the slow change of brightness that a coil leaves in MR (Van Leemput et al.,
 * IEEE TMI 18, 1999, section II). In float32.
 */
export const biasField: IntensityTransform<BiasFieldParameters> = {
  name: 'bias-field',
  kind: 'intensity',
  example: { coefficients: [0.1, 0.2, -0.3, 0.1] },
  check(parameters) {
    const read = readParameters('bias-field', parameters);
    const coefficients = read.numbers('coefficients', { min: -100, max: 100 });
    read.require(
      BIAS_TERMS.some((terms) => terms === coefficients.length),
      `${coefficients.length} coefficients, expected ${BIAS_TERMS.join(', ')} for order 0 to 3`,
    );
    read.end();
    return { coefficients };
  },
  change(image, { coefficients }) {
    const shape = [image.depth, image.height, image.width] as const;
    return perVolume(image, (volume) => timesField(volume, shape, coefficients));
  },
  inverse: {
    fidelity: 'rounding',
    step: ({ coefficients }) => ({
      transform: biasField,
      parameters: { coefficients: coefficients.map((value) => -value || 0) },
    }),
  },
};

/** Voxels between fresh exponentials; in between the field goes on by three multiplications a voxel. */
const STRIDE = 64;

function timesField(
  volume: Float32Array,
  [depth, height, width]: readonly [number, number, number],
  coefficients: readonly number[],
): Float32Array {
  const order = BIAS_TERMS.indexOf(coefficients.length as 1); // checked
  const out = new Float32Array(volume.length);
  const place = (index: number, side: number) => (side > 1 ? (2 * index) / (side - 1) - 1 : 0);
  const inX = new Float64Array(4);
  const cubic = (x: number) => inX[0]! + x * (inX[1]! + x * (inX[2]! + x * inX[3]!));
  for (let k = 0, row = 0; k < depth; k++) {
    for (let j = 0; j < height; j++, row += width) {
      polynomialInX(coefficients, order, place(j, height), place(k, depth), inX);
      for (let start = 0; start < width; start += STRIDE) {
        const value = (step: number) => cubic(place(start + step, width));
        const [p, q, r, s] = [value(0), value(1), value(2), value(3)];
        let factor = Math.exp(p);
        let first = Math.exp(q - p);
        let second = Math.exp(r - 2 * q + p);
        const third = Math.exp(s - 3 * r + 3 * q - p);
        const end = row + Math.min(width, start + STRIDE);
        for (let i = row + start; i < end; i++) {
          out[i] = volume[i]! * factor;
          factor *= first;
          first *= second;
          second *= third;
        }
      }
    }
  }
  return out;
}

/** The polynomial on one row: coefficients of 1, x, x^2, x^3. */
function polynomialInX(
  coefficients: readonly number[],
  order: number,
  y: number,
  z: number,
  inX: Float64Array,
): void {
  inX.fill(0);
  let term = 0;
  for (let i = 0; i <= order; i++) {
    for (let j = 0, ofY = 1; j <= order - i; j++, ofY *= y) {
      for (let k = 0, ofZ = 1; k <= order - i - j; k++, ofZ *= z, term++) {
        inX[i]! += coefficients[term]! * ofY * ofZ;
      }
    }
  }
}
