import { fourierAlong } from '../../transforms/fourier.ts';
import type { ComplexKernel } from './gabor-kernel.ts';

/** The Fourier transform of a kernel, for planes of one size. */
export interface KernelSpectrum {
  readonly real: Float64Array; // [rows, columns]
  readonly imaginary: Float64Array;
  readonly rows: number;
  readonly columns: number;
  /** Half sides of the kernel: the borders that a plane needs. */
  readonly reach: readonly [rows: number, columns: number];
}

/** The next size whose prime factors are 2, 3 and 5. */
export function fastSize(least: number): number {
  for (let size = least; ; size++) {
    let left = size;
    for (const prime of [2, 3, 5]) while (left % prime === 0) left /= prime;
    if (left === 1) return size;
  }
}

export function kernelSpectrum(kernel: ComplexKernel, width: number, height: number): KernelSpectrum {
  const reach = [(kernel.rows - 1) / 2, (kernel.columns - 1) / 2] as const;
  const rows = fastSize(height + kernel.rows - 1);
  const columns = fastSize(width + kernel.columns - 1);
  const real = new Float64Array(rows * columns);
  const imaginary = new Float64Array(rows * columns);
  for (let y = 0, i = 0; y < kernel.rows; y++) {
    for (let x = 0; x < kernel.columns; x++, i++) {
      const at = y * columns + x;
      real[at] = kernel.real[i]!;
      imaginary[at] = kernel.imaginary[i]!;
    }
  }
  for (const axis of [0, 1]) fourierAlong({ real, imaginary }, [rows, columns], axis);
  return { real, imaginary, rows, columns, reach };
}

/**
 * Convolution of a plane, its borders filled in, with a complex kernel: one transform there and one back.
 *
 * @param padded [H + 2 reach, W + 2 reach]
 * @returns [H, W]
 */
export function spectralConvolution(
  padded: Float64Array,
  width: number,
  height: number,
  spectrum: KernelSpectrum,
): { readonly real: Float64Array; readonly imaginary: Float64Array } {
  const { rows, columns, reach } = spectrum;
  const wide = width + 2 * reach[1];
  const tall = height + 2 * reach[0];
  const array = { real: new Float64Array(rows * columns), imaginary: new Float64Array(rows * columns) };
  for (let y = 0; y < tall; y++) {
    array.real.set(padded.subarray(y * wide, (y + 1) * wide), y * columns);
  }
  for (const axis of [1, 0]) fourierAlong(array, [rows, columns], axis);
  for (let i = 0; i < rows * columns; i++) {
    const re = array.real[i]!;
    const im = array.imaginary[i]!;
    array.real[i] = re * spectrum.real[i]! - im * spectrum.imaginary[i]!;
    array.imaginary[i] = re * spectrum.imaginary[i]! + im * spectrum.real[i]!;
  }
  for (const axis of [0, 1]) fourierAlong(array, [rows, columns], axis, true);
  const cut = (from: Float64Array) => {
    const out = new Float64Array(width * height);
    for (let y = 0; y < height; y++) {
      const start = (y + 2 * reach[0]) * columns + 2 * reach[1];
      out.set(from.subarray(start, start + width), y * width);
    }
    return out;
  };
  return { real: cut(array.real), imaginary: cut(array.imaginary) };
}
