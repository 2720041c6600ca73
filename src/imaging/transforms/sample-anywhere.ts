/**
 * Sampling at any places: oblique grids, affine warps, displacements. The output is made in small cubes; what one needs
 * of the source is copied into a block of float64 first, so that reading stays in the processor's cache, every element
 * type has one loop, and the border is settled before it.
 */
import type { Vector3 } from '../geometry/geometry.ts';
import { type Kernel, tapIndex } from './interpolation.ts';
import { rowLoader, rowStorer } from './pixel-rows.ts';
import { EDGE_TOLERANCE, type Volume } from './sample-axes.ts';

/** Where the voxels of an output are read in a source, in the source's voxels. */
export interface Places {
  /** Writes the places of output voxels x .. x + count - 1 of row y, slice z. */
  row(
    x: number,
    y: number,
    z: number,
    count: number,
    xs: Float64Array,
    ys: Float64Array,
    zs: Float64Array,
  ): void;
  /** Bounds of the places of output voxels first .. last, both included; may be wider than needed. */
  reach(first: Vector3, last: Vector3): { readonly low: Vector3; readonly high: Vector3 };
  /** The steps from a voxel's place to that of the next along x and along y, where they are the same everywhere. */
  readonly steps?: { readonly x: Vector3; readonly y: Vector3 };
}

/** Longest side along y and z of the pieces that the output is made in; along x it is LONGER times as long. */
const SIDE = 32;
const LONGER = 2;

/** Values that a block of the source may hold before cubes get smaller; what fits the processor's cache. */
const BLOCK = 300_000;

interface Block {
  values: Float64Array;
  low: Vector3;
  size: Vector3;
}

export interface Rows {
  readonly xs: Float64Array;
  readonly ys: Float64Array;
  readonly zs: Float64Array;
  readonly away: Uint8Array;
  readonly values: Float64Array;
}

/** Fills `out` from `source` at `places`. `outside`: the value beyond the image; 'edge': that of the edge. */
export function sampleAnywhere(
  source: Volume,
  out: Volume,
  places: Places,
  kernel: Kernel,
  outside: number | 'edge',
): void {
  const side = cubeSide(source, out, places, kernel);
  const rows = newRows(side * LONGER);
  const slab = new Float64Array(side * LONGER * side);
  const block: Block = { values: new Float64Array(0), low: [0, 0, 0], size: [0, 0, 0] };
  const sample = kernel.taps === 2 ? linearRow : kernelRows(kernel);
  const steps = kernel.taps === 2 && outside !== 'edge' ? places.steps : undefined;
  const load = blockLoader(source, kernel, outside === 'edge');
  const store = rowStorer(out.pixels);
  forEachCube([out.width, out.height, out.depth], side, (first, last) => {
    const reach = places.reach(first, last);
    const count = last[0] - first[0] + 1;
    const lines = last[1] - first[1] + 1;
    const far = load(block, reach.low, reach.high);
    const near = !far && isInside(source, reach);
    const start: [number, number, number] = [0, 0, 0];
    for (let z = first[2]; z <= last[2]; z++) {
      if (far && outside !== 'edge') slab.fill(outside, 0, count * lines);
      else if (steps) {
        if (!near) slab.fill(outside as number, 0, count * lines); // steps are used with a number outside
        places.row(first[0], first[1], z, 1, rows.xs, rows.ys, rows.zs);
        [start[0], start[1], start[2]] = [rows.xs[0]!, rows.ys[0]!, rows.zs[0]!];
        straightSlab(slab, count, lines, block, start, steps, near ? undefined : source);
      } else {
        for (let y = first[1]; y <= last[1]; y++) {
          places.row(first[0], y, z, count, rows.xs, rows.ys, rows.zs);
          if (!near) holdInside(source, rows, count);
          sample(rows, count, block);
          if (!near && outside !== 'edge') fillAway(rows, count, outside);
          slab.set(rows.values.subarray(0, count), (y - first[1]) * count);
        }
      }
      const at = out.start + (z * out.height + first[1]) * out.width + first[0];
      store(out.pixels, at, slab, count, lines, out.width);
    }
  });
}

export const newRows = (count: number): Rows => ({
  xs: new Float64Array(count),
  ys: new Float64Array(count),
  zs: new Float64Array(count),
  away: new Uint8Array(count),
  values: new Float64Array(count),
});

function forEachCube(size: Vector3, side: number, visit: (first: Vector3, last: Vector3) => void): void {
  for (let z = 0; z < size[2]; z += side) {
    for (let y = 0; y < size[1]; y += side) {
      for (let x = 0; x < size[0]; x += side * LONGER) {
        const end = [x + side * LONGER, y + side, z + side].map((at, axis) => Math.min(size[axis]!, at) - 1);
        visit([x, y, z], end as unknown as Vector3); // map keeps the length
      }
    }
  }
}

/** The longest side whose cubes need blocks of at most BLOCK values. */
function cubeSide(source: Volume, out: Volume, places: Places, kernel: Kernel): number {
  const size = [source.width, source.height, source.depth];
  const middle = [out.width, out.height, out.depth].map((n) => n >> 1) as unknown as Vector3; // three
  for (let side = SIDE; side > 1; side /= 2) {
    const last = [out.width, out.height, out.depth].map(
      (n, axis) => Math.min(n, middle[axis]! + side * (axis === 0 ? LONGER : 1)) - 1,
    );
    const { low, high } = places.reach(middle, last as unknown as Vector3); // three
    const needs = [0, 1, 2].map((a) => Math.min(high[a]! - low[a]!, size[a]!) + kernel.taps + 3);
    if (needs[0]! * needs[1]! * needs[2]! <= BLOCK) return side;
  }
  return 1;
}

function isInside(source: Volume, { low, high }: { low: Vector3; high: Vector3 }): boolean {
  const size = [source.width, source.height, source.depth];
  return size.every((n, axis) => low[axis]! >= -0.5 && high[axis]! <= n - 0.5);
}

/** Marks places outside the image and brings all into it. */
export function holdInside(source: Volume, rows: Rows, count: number): void {
  const { xs, ys, zs, away } = rows;
  away.fill(0, 0, count);
  holdAxis(xs, source.width, away, count);
  holdAxis(ys, source.height, away, count);
  holdAxis(zs, source.depth, away, count);
}

function holdAxis(places: Float64Array, size: number, away: Uint8Array, count: number): void {
  for (let i = 0; i < count; i++) {
    const place = places[i]!;
    if (place < -0.5) {
      if (place < -0.5 - EDGE_TOLERANCE) away[i] = 1;
      places[i] = -0.5;
    } else if (place > size - 0.5) {
      if (place > size - 0.5 + EDGE_TOLERANCE) away[i] = 1;
      places[i] = size - 0.5;
    }
  }
}

function fillAway({ away, values }: Rows, count: number, outside: number): void {
  for (let i = 0; i < count; i++) if (away[i] === 1) values[i] = outside;
}

/** Copies what places within low .. high need into a block; true when all of them are outside of the image, and then
 * the block is filled only to `hold` its edge. */
function blockLoader(
  source: Volume,
  kernel: Kernel,
  hold: boolean,
): (block: Block, low: Vector3, high: Vector3) => boolean {
  const size = [source.width, source.height, source.depth] as const;
  const load = rowLoader(source.pixels);
  return (block, low, high) => {
    const from: number[] = [];
    const sides: number[] = [];
    let far = false;
    for (let axis = 0; axis < 3; axis++) {
      const n = size[axis]!;
      far ||= high[axis]! < -0.5 - EDGE_TOLERANCE || low[axis]! > n - 0.5 + EDGE_TOLERANCE;
      const least = Math.min(Math.max(low[axis]!, -0.5), n - 0.5);
      const most = Math.min(Math.max(high[axis]!, -0.5), n - 0.5);
      from.push(Math.floor(least) + kernel.first - 1);
      sides.push(Math.floor(most) - Math.floor(least) + kernel.taps + 2);
    }
    if (far && !hold) return true;
    block.low = from as unknown as Vector3; // three axes
    block.size = sides as unknown as Vector3; // three axes
    const [width, height, depth] = block.size;
    if (block.values.length < width * height * depth) block.values = new Float64Array(width * height * depth);
    const [x0, y0] = block.low;
    const whole = x0 >= 0 && y0 >= 0 && x0 + width <= size[0] && y0 + height <= size[1];
    for (let k = 0; k < depth; k++) {
      const z = tapIndex(block.low[2] + k, size[2], kernel.border);
      if (whole) {
        const start = source.start + (z * size[1] + y0) * size[0] + x0;
        load(block.values, k * height * width, source.pixels, start, width, height, width, size[0]);
        continue;
      }
      for (let j = 0; j < height; j++) {
        const y = tapIndex(block.low[1] + j, size[1], kernel.border);
        const start = source.start + (z * size[1] + y) * size[0];
        loadLine(block.values, (k * height + j) * width, start, width, block.low[0]);
      }
    }
    return far;
  };

  function loadLine(to: Float64Array, at: number, start: number, width: number, x: number): void {
    const before = Math.min(width, Math.max(0, -x));
    const after = Math.max(before, Math.min(width, size[0] - x));
    if (after > before) load(to, at + before, source.pixels, start + x + before, after - before);
    for (let i = 0; i < before; i++) {
      load(to, at + i, source.pixels, start + tapIndex(x + i, size[0], kernel.border), 1);
    }
    for (let i = after; i < width; i++) {
      load(to, at + i, source.pixels, start + tapIndex(x + i, size[0], kernel.border), 1);
    }
  }
}

function linearRow({ xs, ys, zs, values }: Rows, count: number, block: Block): void {
  const v = block.values;
  const [lowX, lowY, lowZ] = block.low;
  const width = block.size[0];
  const plane = width * block.size[1];
  for (let i = 0; i < count; i++) {
    const x = xs[i]! - lowX;
    const y = ys[i]! - lowY;
    const z = zs[i]! - lowZ;
    const ix = x | 0;
    const iy = y | 0;
    const iz = z | 0;
    const tx = x - ix;
    const ty = y - iy;
    const a = iz * plane + iy * width + ix;
    const b = a + plane;
    const a0 = v[a]!;
    const a1 = v[a + width]!;
    const b0 = v[b]!;
    const b1 = v[b + width]!;
    const p = a0 + tx * (v[a + 1]! - a0);
    const q = a1 + tx * (v[a + width + 1]! - a1);
    const r = b0 + tx * (v[b + 1]! - b0);
    const s = b1 + tx * (v[b + width + 1]! - b1);
    const upper = p + ty * (q - p);
    values[i] = upper + (z - iz) * (r + ty * (s - r) - upper);
  }
}

/**
 * Linear interpolation at `lines` rows of `count` places on straight lines. Where `inside` is given, only at the places
 * within that image.
 */
function straightSlab(
  slab: Float64Array,
  count: number,
  lines: number,
  block: Block,
  start: Vector3,
  steps: { readonly x: Vector3; readonly y: Vector3 },
  inside: Volume | undefined,
): void {
  const v = block.values;
  const width = block.size[0];
  const plane = width * block.size[1];
  const below = plane + width;
  const [dx, dy, dz] = steps.x;
  for (let line = 0; line < lines; line++) {
    const px = start[0] + line * steps.y[0];
    const py = start[1] + line * steps.y[1];
    const pz = start[2] + line * steps.y[2];
    let [from, to] = [0, count];
    if (inside) {
      from = Math.max(
        enters(px, dx, inside.width),
        enters(py, dy, inside.height),
        enters(pz, dz, inside.depth),
      );
      to = Math.min(
        count,
        leaves(px, dx, inside.width, count),
        leaves(py, dy, inside.height, count),
        leaves(pz, dz, inside.depth, count),
      );
    }
    // places by adding up steps, 64 at most: the sum is off by less than 1e-11 voxels, and a multiplication is saved
    let x = px + from * dx - block.low[0];
    let y = py + from * dy - block.low[1];
    let z = pz + from * dz - block.low[2];
    for (let n = line * count + from, end = line * count + to; n < end; n++) {
      const ix = x | 0;
      const iy = y | 0;
      const iz = z | 0;
      const tx = x - ix;
      const ty = y - iy;
      const tz = z - iz;
      const a = (Math.imul(iz, plane) + Math.imul(iy, width) + ix) | 0;
      const a0 = v[a]!;
      const a1 = v[(a + width) | 0]!;
      const b0 = v[(a + plane) | 0]!;
      const b1 = v[(a + below) | 0]!;
      const p = a0 + tx * (v[(a + 1) | 0]! - a0);
      const q = a1 + tx * (v[(a + width + 1) | 0]! - a1);
      const r = b0 + tx * (v[(a + plane + 1) | 0]! - b0);
      const s = b1 + tx * (v[(a + below + 1) | 0]! - b1);
      const upper = p + ty * (q - p);
      slab[n] = upper + tz * (r + ty * (s - r) - upper);
      x += dx;
      y += dy;
      z += dz;
    }
  }
}

/** First i at which start + i * step is no longer before the image's side; infinity for never. */
export function enters(start: number, step: number, size: number): number {
  const [low, high] = [-0.5 - EDGE_TOLERANCE - start, size - 0.5 + EDGE_TOLERANCE - start];
  if (step === 0) return low > 0 || high < 0 ? Number.POSITIVE_INFINITY : 0;
  return Math.max(0, Math.ceil((step > 0 ? low : high) / step));
}

/** First i at which start + i * step is beyond the image's side, at most `count`. */
export function leaves(start: number, step: number, size: number, count: number): number {
  const [low, high] = [-0.5 - EDGE_TOLERANCE - start, size - 0.5 + EDGE_TOLERANCE - start];
  if (step === 0) return count;
  return Math.floor((step > 0 ? high : low) / step) + 1;
}

function kernelRows(kernel: Kernel): (rows: Rows, count: number, block: Block) => void {
  const { taps, first } = kernel;
  const [wx, wy, wz] = [new Float64Array(taps), new Float64Array(taps), new Float64Array(taps)];
  return ({ xs, ys, zs, values }, count, block) => {
    const v = block.values;
    const [lowX, lowY, lowZ] = block.low;
    const width = block.size[0];
    const height = block.size[1];
    for (let i = 0; i < count; i++) {
      const x = Math.floor(xs[i]!);
      const y = Math.floor(ys[i]!);
      const z = Math.floor(zs[i]!);
      kernel.weights(xs[i]! - x, wx, 0);
      kernel.weights(ys[i]! - y, wy, 0);
      kernel.weights(zs[i]! - z, wz, 0);
      let at = ((z + first - lowZ) * height + (y + first - lowY)) * width + (x + first - lowX);
      let sum = 0;
      for (let c = 0; c < taps; c++, at += (height - taps) * width) {
        let slice = 0;
        for (let b = 0; b < taps; b++, at += width) {
          let line = 0;
          for (let a = 0; a < taps; a++) line += wx[a]! * v[at + a]!;
          slice += wy[b]! * line;
        }
        sum += wz[c]! * slice;
      }
      values[i] = sum;
    }
  };
}
