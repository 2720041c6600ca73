import { type Border, withBorders } from './borders.ts';
import {
  type GaborFilter,
  type GaborShape,
  gaborKernel,
  gaborShape,
  type SeparableKernel,
  separableKernel,
} from './gabor-kernel.ts';
import { type KernelSpectrum, kernelSpectrum, spectralConvolution } from './spectral-convolution.ts';

/** What a filter answers at each pixel. */
export interface GaborResponse {
  readonly real: Float64Array; // [H, W]
  readonly imaginary: Float64Array;
}

/** A filter made ready for many planes of one size. */
export interface PreparedGabor {
  readonly shape: GaborShape;
  readonly separable: SeparableKernel | undefined;
  readonly spectrum: KernelSpectrum | undefined;
}

export function prepareGabor(filter: GaborFilter, width: number, height: number): PreparedGabor {
  const shape = gaborShape(filter);
  const separable = separableKernel(shape);
  const spectrum = separable ? undefined : kernelSpectrum(gaborKernel(filter), width, height);
  return { shape, separable, spectrum };
}

/**
 * Response of a plane to a Gabor filter (Petkov and Kruizinga, Biological Cybernetics 76, 1997), as scikit-image's gabor: by
 * two passes where the Gaussian is round, else by the Fourier transform.
 *
 * @param plane [H, W]
 * @throws PICTURE_FEATURE_SETTINGS
 * @example gabor(values, 28, 28, { frequency: 0.2, theta: Math.PI / 4 })
 */
export function gabor(
  plane: ArrayLike<number>,
  width: number,
  height: number,
  filter: GaborFilter,
  border: Border = 'reflect',
): GaborResponse {
  return gaborResponse(plane, width, height, prepareGabor(filter, width, height), border);
}

export function gaborResponse(
  plane: ArrayLike<number>,
  width: number,
  height: number,
  { shape, separable, spectrum }: PreparedGabor,
  border: Border,
): GaborResponse {
  const padded = withBorders(plane, [width, height], shape.reach, border);
  if (spectrum) return spectralConvolution(padded, width, height, spectrum);
  return separableResponse(padded, width, height, shape.reach, separable!); // one of the two is there
}

function separableResponse(
  padded: Float64Array,
  width: number,
  height: number,
  reach: readonly [rows: number, columns: number],
  kernel: SeparableKernel,
): GaborResponse {
  const [rows, columns] = reach;
  const tall = height + 2 * rows;
  const { real: acrossReal, imaginary: acrossImaginary } = alongRows(padded, width, tall, columns, kernel);
  const real = new Float64Array(width * height);
  const imaginary = new Float64Array(width * height);
  const { rowReal, rowImaginary, factor } = kernel;
  for (let y = 0; y < height; y++) {
    const out = y * width;
    const middle = (y + rows) * width;
    for (let x = 0; x < width; x++) {
      real[out + x] = acrossReal[middle + x]!;
      imaginary[out + x] = acrossImaginary[middle + x]!;
    }
    for (let k = 1; k <= rows; k++) {
      const even = rowReal[k]!;
      const odd = rowImaginary[k]!;
      let before = middle - k * width;
      let after = middle + k * width;
      for (let o = out; o < out + width; o++, before++, after++) {
        const r0 = acrossReal[before]!;
        const r1 = acrossReal[after]!;
        const i0 = acrossImaginary[before]!;
        const i1 = acrossImaginary[after]!;
        real[o]! += even * (r0 + r1) - odd * (i0 - i1);
        imaginary[o]! += even * (i0 + i1) + odd * (r0 - r1);
      }
    }
  }
  for (let i = 0; i < real.length; i++) {
    const re = real[i]!;
    const im = imaginary[i]!;
    real[i] = re * factor[0] - im * factor[1];
    imaginary[i] = re * factor[1] + im * factor[0];
  }
  return { real, imaginary };
}

/** The pass along each row of the plane with borders. [tall, W] */
function alongRows(
  padded: Float64Array,
  width: number,
  tall: number,
  reach: number,
  { columnReal, columnImaginary }: SeparableKernel,
): GaborResponse {
  const real = new Float64Array(width * tall);
  const imaginary = new Float64Array(width * tall);
  const stride = width + 2 * reach;
  for (let y = 0; y < tall; y++) {
    const out = y * width;
    const middle = y * stride + reach;
    for (let x = 0; x < width; x++) real[out + x] = padded[middle + x]!;
    for (let k = 1; k <= reach; k++) {
      const even = columnReal[k]!;
      const odd = columnImaginary[k]!;
      let before = middle - k;
      let after = middle + k;
      for (let o = out; o < out + width; o++, before++, after++) {
        const a = padded[before]!;
        const b = padded[after]!;
        real[o]! += even * (a + b);
        imaginary[o]! += odd * (a - b);
      }
    }
  }
  return { real, imaginary };
}
