import { HounsfieldError } from '../../errors.ts';
import { spacingMm, type Vector3 } from '../geometry/geometry.ts';
import type { MedicalImage } from '../image/medical-image.ts';
import { type BorderParameters, borderOf, readBorder, requireFinite } from './filters/filter-volumes.ts';
import { gaussianFilter } from './filters/gaussian-filter.ts';
import { perVolume } from './intensity-image.ts';
import { readParameters } from './read-parameters.ts';
import type { IntensityTransform } from './transform.ts';
import { reflect } from './warp-affine.ts';

export interface GaussianBlurParameters extends BorderParameters {
  /** Standard deviations along the array's x, y and z; one number stands for all three. */
  readonly sigma: Vector3 | number;
  /** Default 'mm', which needs an image that knows its spacing. */
  readonly unit?: 'mm' | 'voxels';
  /** Where the kernel is cut, in standard deviations; default 4. */
  readonly truncate?: number;
}

/**
 * Gaussian smoothing in three dimensions, in float32, as scipy's gaussian_filter; an axis of one voxel is left alone. Throws
 * GEOMETRY_MISSING for a sigma in mm on an image without spacing, INTENSITY_NOT_FINITE.
 */
export const gaussianSmoothing: IntensityTransform<GaussianBlurParameters> = {
  name: 'gaussian-blur',
  kind: 'intensity',
  example: { sigma: [1, 0.5, 0], unit: 'voxels' },
  check(parameters) {
    const read = readParameters('gaussian-blur', parameters);
    const sigma = read.vector('sigma', { min: 0, max: 1000 });
    const unit = read.oneOf('unit', ['mm', 'voxels'], 'mm');
    const truncate = read.number('truncate', { min: 0.5, max: 20, fallback: 4 });
    const border = readBorder(read);
    read.end();
    return { sigma, unit, truncate, ...border };
  },
  change(image, { sigma, unit, truncate, ...border }) {
    const along = (typeof sigma === 'number' ? [sigma, sigma, sigma] : sigma) as Vector3; // three
    const voxels = unit === 'mm' ? inVoxels(image, along) : along;
    const size: Vector3 = [image.width, image.height, image.depth];
    requireFinite(image.pixels);
    const blur = (volume: Float32Array) =>
      gaussianFilter(volume, size, voxels, borderOf(border), truncate) as Float32Array; // float32 gives float32
    return perVolume(image, blur);
  },
  inverse: { none: 'smoothing loses fine detail' },
};

function inVoxels(image: MedicalImage, sigma: Vector3): Vector3 {
  if (!image.geometry) {
    throw new HounsfieldError(
      'GEOMETRY_MISSING',
      "gaussian-blur has its sigma in mm, and the image does not say how large a voxel is. Pass unit 'voxels', or give " +
        'the image a geometry.',
    );
  }
  const [x, y, z] = spacingMm(image.geometry);
  return [sigma[0] / x, sigma[1] / y, sigma[2] / z];
}

type Shape = readonly [depth: number, height: number, width: number];

/** Standard deviations below this, in voxels, change nothing: the kernel has one weight. */
const LEAST_SIGMA = 0.125;

/** Gaussian smoothing of one volume [D, H, W]; sigma in voxels along x, y, z. A new array, unless nothing is done. */
export function gaussianBlurVolume(volume: Float32Array, shape: Shape, sigma: Vector3): Float32Array {
  const [depth, height, width] = shape;
  const across: ((source: Float32Array, out: Float32Array) => void)[] = [];
  if (sigma[1] > LEAST_SIGMA && height > 1) {
    const kernel = gaussianHalf(sigma[1]);
    across.push((source, out) => acrossRows(source, out, depth, height, width, kernel));
  }
  if (sigma[2] > LEAST_SIGMA && depth > 1) {
    const kernel = gaussianHalf(sigma[2]);
    across.push((source, out) => acrossRows(source, out, 1, depth, height * width, kernel));
  }
  const inRows = sigma[0] > LEAST_SIGMA && width > 1;
  let result = inRows ? alongRows(volume, width, gaussianHalf(sigma[0])) : volume;
  let spare: Float32Array | undefined; // the two change places: fresh memory is slower than used
  for (const step of across) {
    const out = spare ?? new Float32Array(volume.length);
    step(result, out);
    spare = result === volume ? undefined : result;
    result = out;
  }
  return result;
}

/** Half of a symmetric kernel, the middle first; sums to 1 over both halves. */
export function gaussianHalf(sigma: number): Float64Array {
  const radius = Math.trunc(4 * sigma + 0.5);
  const half = Float64Array.from({ length: radius + 1 }, (_, i) => Math.exp(-(i * i) / (2 * sigma * sigma)));
  const sum = half.reduce((total, value) => total + 2 * value, -half[0]!);
  return half.map((value) => value / sum);
}

function alongRows(source: Float32Array, width: number, kernel: Float64Array): Float32Array {
  const radius = kernel.length - 1;
  const out = new Float32Array(source.length);
  const padded = new Float64Array(width + 2 * radius);
  const outside = Int32Array.from({ length: 2 * radius }, (_, i) =>
    reflect(i < radius ? i - radius : width + i - radius, width),
  );
  const sum = new Float64Array(width);
  for (let row = 0; row < source.length; row += width) {
    for (let x = 0; x < width; x++) padded[radius + x] = source[row + x]!;
    for (let i = 0; i < radius; i++) {
      padded[i] = source[row + outside[i]!]!;
      padded[radius + width + i] = source[row + outside[radius + i]!]!;
    }
    if (radius <= 4) convolveShort(padded, kernel, out, row, width);
    else {
      convolveLine(padded, sum, kernel, width);
      for (let x = 0; x < width; x++) out[row + x] = sum[x]!;
    }
  }
  return out;
}

/** A kernel of up to four neighbours on each side, in one expression. */
function convolveShort(
  padded: Float64Array,
  kernel: Float64Array,
  out: Float32Array,
  to: number,
  width: number,
): void {
  const radius = kernel.length - 1;
  const m = kernel[0]!;
  const a = kernel[1]!;
  const b = radius > 1 ? kernel[2]! : 0;
  const c = radius > 2 ? kernel[3]! : 0;
  const d = radius > 3 ? kernel[4]! : 0;
  const r2 = Math.min(2, radius); // no further than the kernel reaches
  const r3 = Math.min(3, radius);
  for (let x = 0, p = radius; x < width; x++, p++) {
    out[to + x] =
      m * padded[p]! +
      a * (padded[p - 1]! + padded[p + 1]!) +
      b * (padded[p - r2]! + padded[p + r2]!) +
      c * (padded[p - r3]! + padded[p + r3]!) +
      d * (padded[p - radius]! + padded[p + radius]!);
  }
}

/** Four pairs of neighbours at a time: fewer loads and stores than one at a time. */
function convolveLine(padded: Float64Array, sum: Float64Array, kernel: Float64Array, width: number): void {
  const radius = kernel.length - 1;
  const middle = kernel[0]!;
  for (let x = 0; x < width; x++) sum[x] = middle * padded[x + radius]!;
  let k = 1;
  for (; k + 3 <= radius; k += 4) {
    const [a, b, c, d] = [kernel[k]!, kernel[k + 1]!, kernel[k + 2]!, kernel[k + 3]!];
    for (let x = 0, below = radius - k, above = radius + k; x < width; x++, below++, above++) {
      sum[x]! +=
        a * (padded[below]! + padded[above]!) +
        b * (padded[below - 1]! + padded[above + 1]!) +
        c * (padded[below - 2]! + padded[above + 2]!) +
        d * (padded[below - 3]! + padded[above + 3]!);
    }
  }
  for (; k <= radius; k++) {
    const a = kernel[k]!;
    for (let x = 0; x < width; x++) sum[x]! += a * (padded[x + radius - k]! + padded[x + radius + k]!);
  }
}

/** Convolves over the middle axis of [outer, lines, run]. */
function acrossRows(
  source: Float32Array,
  out: Float32Array,
  outer: number,
  lines: number,
  run: number,
  kernel: Float64Array,
): void {
  const radius = kernel.length - 1;
  const tile = Math.min(run, 512); // of a row at a time, so that its neighbours stay in the processor's cache
  const sum = new Float64Array(tile);
  const mirrored = Int32Array.from(
    { length: lines + 2 * radius },
    (_, i) => reflect(i - radius, lines) * run,
  );
  const starts = new Int32Array(mirrored.length); // of each line, from `radius` before the first on
  for (let o = 0; o < outer; o++) {
    for (let from = 0; from < run; from += tile) {
      const base = o * lines * run + from;
      const length = Math.min(tile, run - from);
      for (let i = 0; i < starts.length; i++) starts[i] = base + mirrored[i]!;
      for (let line = 0; line < lines; line++) {
        const to = base + line * run;
        if (radius <= 4) combineShort(source, starts, line + radius, kernel, out, to, length);
        else {
          combineLong(source, starts, line + radius, kernel, sum, length);
          for (let i = 0; i < length; i++) out[to + i] = sum[i]!;
        }
      }
    }
  }
}

function combineLong(
  source: Float32Array,
  starts: Int32Array,
  line: number,
  kernel: Float64Array,
  sum: Float64Array,
  length: number,
): void {
  const radius = kernel.length - 1;
  const [middle, at] = [kernel[0]!, starts[line]!];
  for (let i = 0; i < length; i++) sum[i] = middle * source[at + i]!;
  let k = 1;
  for (; k + 3 <= radius; k += 4) {
    const [a, b, c, d] = [kernel[k]!, kernel[k + 1]!, kernel[k + 2]!, kernel[k + 3]!];
    const [p, q] = [starts[line - k]!, starts[line + k]!];
    const [r, s] = [starts[line - k - 1]!, starts[line + k + 1]!];
    const [t, u] = [starts[line - k - 2]!, starts[line + k + 2]!];
    const [v, w] = [starts[line - k - 3]!, starts[line + k + 3]!];
    for (let i = 0; i < length; i++) {
      sum[i]! +=
        a * (source[p + i]! + source[q + i]!) +
        b * (source[r + i]! + source[s + i]!) +
        c * (source[t + i]! + source[u + i]!) +
        d * (source[v + i]! + source[w + i]!);
    }
  }
  for (; k <= radius; k++) {
    const [a, p, q] = [kernel[k]!, starts[line - k]!, starts[line + k]!];
    for (let i = 0; i < length; i++) sum[i]! += a * (source[p + i]! + source[q + i]!);
  }
}

/** A kernel of up to four neighbours on each side, in one expression. */
function combineShort(
  source: Float32Array,
  starts: Int32Array,
  line: number,
  kernel: Float64Array,
  out: Float32Array,
  to: number,
  length: number,
): void {
  const radius = kernel.length - 1;
  const m = kernel[0]!;
  const a = kernel[1]!;
  const b = radius > 1 ? kernel[2]! : 0;
  const c = radius > 2 ? kernel[3]! : 0;
  const d = radius > 3 ? kernel[4]! : 0;
  const [r2, r3, r4] = [Math.min(2, radius), Math.min(3, radius), radius]; // no further than the kernel reaches
  const middle = starts[line]!;
  const [p, q] = [starts[line - 1]!, starts[line + 1]!];
  const [r, s] = [starts[line - r2]!, starts[line + r2]!];
  const [t, u] = [starts[line - r3]!, starts[line + r3]!];
  const [v, w] = [starts[line - r4]!, starts[line + r4]!];
  for (let i = 0; i < length; i++) {
    out[to + i] =
      m * source[middle + i]! +
      a * (source[p + i]! + source[q + i]!) +
      b * (source[r + i]! + source[s + i]!) +
      c * (source[t + i]! + source[u + i]!) +
      d * (source[v + i]! + source[w + i]!);
  }
}
