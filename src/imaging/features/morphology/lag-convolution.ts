import { type LineBlock, lineBlock, transformBlock } from '../../transforms/fourier.ts';
import type { Region } from '../feature.ts';

/**
 * Two volumes of a box convolved with the inverse distance, by Fourier transforms of the padded box: for each voxel i the
 * sums over all j but i of first[j] / distance(i, j) and of second[j] / distance(i, j), in place. Work grows with
 * n log n, where pairs grow with n^2. Lines of zeros are not transformed.
 */
export function convolveWithInverseDistance(
  first: Float64Array,
  second: Float64Array,
  size: Region['size'],
  spacingMm: Region['spacingMm'],
): void {
  const [width, height, depth] = size;
  const [px, py, pz] = paddedSize(size);
  const kernel = kernelTransform([px, py, pz], spacingMm);
  const plane = px * py;
  const real = new Float64Array(plane * depth);
  const imaginary = new Float64Array(plane * depth);
  const xs = lineBlock(px, height);
  const ys = lineBlock(py, px);
  for (let z = 0; z < depth; z++) {
    const from = z * width * height;
    loadRows(xs, first, second, from, width, height, px);
    transformBlock(xs, px, height, false);
    transpose(xs, ys, px, height, py);
    transformBlock(ys, py, px, false);
    real.set(ys.real.subarray(0, plane), z * plane);
    imaginary.set(ys.imaginary.subarray(0, plane), z * plane);
  }
  alongDepth(real, imaginary, kernel, [px, py, pz], depth);
  for (let z = 0; z < depth; z++) {
    ys.real.set(real.subarray(z * plane, (z + 1) * plane));
    ys.imaginary.set(imaginary.subarray(z * plane, (z + 1) * plane));
    transformBlock(ys, py, px, true);
    transposeBack(ys, xs, px, height);
    transformBlock(xs, px, height, true);
    storeRows(xs, first, second, z * width * height, width, height);
  }
}

/** Complex numbers that a box takes: what decides whether the transforms fit into memory. */
export function convolutionSize(size: Region['size']): number {
  const [px, py] = paddedSize(size);
  return px * py * size[2];
}

function paddedSize(size: Region['size']): readonly [number, number, number] {
  return size.map((side) => easySize(2 * side - 1)) as unknown as readonly [number, number, number]; // three axes
}

/** The least number from `side` on that is a product of twos and threes, whose passes are the quickest. */
function easySize(side: number): number {
  for (let n = side; ; n++) {
    let left = n;
    for (const prime of [2, 3]) while (left % prime === 0) left /= prime;
    if (left === 1) return n;
  }
}

function loadRows(
  block: LineBlock,
  first: Float64Array,
  second: Float64Array,
  from: number,
  width: number,
  height: number,
  px: number,
): void {
  block.real.fill(0, 0, px * height);
  block.imaginary.fill(0, 0, px * height);
  for (let y = 0, at = from; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      block.real[x * height + y] = first[at]!;
      block.imaginary[x * height + y] = second[at]!;
    }
  }
}

function storeRows(
  block: LineBlock,
  first: Float64Array,
  second: Float64Array,
  from: number,
  width: number,
  height: number,
): void {
  for (let y = 0, at = from; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      first[at] = block.real[x * height + y]!;
      second[at] = block.imaginary[x * height + y]!;
    }
  }
}

/** [px, height] to [py, px], zeros below. */
function transpose(from: LineBlock, to: LineBlock, px: number, height: number, py: number): void {
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < px; x++) {
      to.real[y * px + x] = from.real[x * height + y]!;
      to.imaginary[y * px + x] = from.imaginary[x * height + y]!;
    }
  }
  to.real.fill(0, height * px, py * px);
  to.imaginary.fill(0, height * px, py * px);
}

function transposeBack(from: LineBlock, to: LineBlock, px: number, height: number): void {
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < px; x++) {
      to.real[x * height + y] = from.real[y * px + x]!;
      to.imaginary[x * height + y] = from.imaginary[y * px + x]!;
    }
  }
}

/** Lines along z that are transformed together. */
const LINES = 64;

/** Transforms along z, times the kernel, and back; `depth` slices are there before and after. */
function alongDepth(
  real: Float64Array,
  imaginary: Float64Array,
  kernel: Float64Array,
  [px, py, pz]: readonly [number, number, number],
  depth: number,
): void {
  const plane = px * py;
  const [kx, ky] = [(px >> 1) + 1, (py >> 1) + 1];
  const block = lineBlock(pz, LINES);
  const places = new Int32Array(LINES);
  for (let start = 0; start < plane; start += LINES) {
    const lines = Math.min(LINES, plane - start);
    for (let l = 0; l < lines; l++) {
      const y = Math.floor((start + l) / px);
      const x = start + l - y * px;
      places[l] = Math.min(y, py - y) * kx + Math.min(x, px - x);
    }
    for (let z = 0; z < depth; z++) {
      const from = z * plane + start;
      block.real.set(real.subarray(from, from + lines), z * lines);
      block.imaginary.set(imaginary.subarray(from, from + lines), z * lines);
    }
    block.real.fill(0, depth * lines, pz * lines);
    block.imaginary.fill(0, depth * lines, pz * lines);
    transformBlock(block, pz, lines, false);
    for (let z = 0; z < pz; z++) {
      const slice = Math.min(z, pz - z) * kx * ky;
      for (let l = 0, at = z * lines; l < lines; l++, at++) {
        const factor = kernel[slice + places[l]!]!;
        block.real[at]! *= factor;
        block.imaginary[at]! *= factor;
      }
    }
    transformBlock(block, pz, lines, true);
    for (let z = 0; z < depth; z++) {
      const to = z * plane + start;
      real.set(block.real.subarray(z * lines, (z + 1) * lines), to);
      imaginary.set(block.imaginary.subarray(z * lines, (z + 1) * lines), to);
    }
  }
}

/**
 * Transform of the inverse distance on a ring of each axis. It is even along each axis, so is its transform, and an
 * octant of either says all: [pz / 2 + 1, py / 2 + 1, px / 2 + 1].
 */
function kernelTransform(
  padded: readonly [number, number, number],
  [sx, sy, sz]: Region['spacingMm'],
): Float64Array {
  const sides = padded.map((side) => (side >> 1) + 1) as [number, number, number]; // three axes
  const [nx, ny, nz] = sides;
  const out = new Float64Array(nx * ny * nz);
  for (let z = 0, at = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++, at++) {
        const square = (x * sx) ** 2 + (y * sy) ** 2 + (z * sz) ** 2;
        out[at] = square === 0 ? 0 : 1 / Math.sqrt(square);
      }
    }
  }
  evenAlong(out, padded[0], nx, 1, ny * nz, (line) => line * nx);
  evenAlong(out, padded[1], ny, nx, nx * nz, (line) => Math.floor(line / nx) * nx * ny + (line % nx));
  evenAlong(out, padded[2], nz, nx * ny, nx * ny, (line) => line);
  return out;
}

/** Transforms even lines of which the first half and the middle are stored, LINES at a time. */
function evenAlong(
  values: Float64Array,
  padded: number,
  stored: number,
  stride: number,
  count: number,
  startOf: (line: number) => number,
): void {
  const block = lineBlock(padded, LINES);
  for (let first = 0; first < count; first += LINES) {
    const lines = Math.min(LINES, count - first);
    for (let l = 0; l < lines; l++) {
      const start = startOf(first + l);
      for (let i = 0; i < padded; i++) {
        block.real[i * lines + l] = values[start + Math.min(i, padded - i) * stride]!;
      }
    }
    block.imaginary.fill(0, 0, padded * lines);
    transformBlock(block, padded, lines, false);
    for (let l = 0; l < lines; l++) {
      const start = startOf(first + l);
      for (let i = 0; i < stored; i++) values[start + i * stride] = block.real[i * lines + l]!;
    }
  }
}
