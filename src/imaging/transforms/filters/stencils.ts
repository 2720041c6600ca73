import type { Vector3 } from '../../geometry/geometry.ts';
import { type Border, borderIndex, borderIndices } from './border.ts';
import { another, type FloatArray } from './correlate-axis.ts';

/** A row of a volume: where it begins in which array. */
interface Row {
  readonly values: FloatArray;
  readonly start: number;
}

/** Rows of a volume [D, H, W] by y and z, also beyond its border, where a constant has a row of its own. */
function rowsOf(values: FloatArray, [width, height, depth]: Vector3, { mode, constant }: Border) {
  const outside: Row = { values: another(values, width).fill(constant), start: 0 };
  const [ys, zs] = [borderIndices(height, 1, 1, mode), borderIndices(depth, 1, 1, mode)];
  return (y: number, z: number): Row => {
    const row = ys[y + 1]!;
    const slice = zs[z + 1]!;
    return row < 0 || slice < 0 ? outside : { values, start: (slice * height + row) * width };
  };
}

/** Places in a row of what lies before its first and after its last value; -1 where that is the border's constant. */
const ends = (width: number, { mode }: Border): readonly [before: number, after: number] => [
  borderIndex(-1, width, mode),
  borderIndex(width, width, mode),
];

/** Sum of the second differences along each axis, times `factors`; sides of one voxel do not count. One pass. */
export function laplacianStencil(
  values: FloatArray,
  size: Vector3,
  border: Border,
  factors: Vector3,
): FloatArray {
  const [width, height, depth] = size;
  const [fx, fy, fz] = factors.map((factor, axis) => (size[axis] === 1 ? 0 : factor)) as [
    number,
    number,
    number,
  ]; // three
  const rowAt = rowsOf(values, size, border);
  const out = another(values);
  for (let z = 0, to = 0; z < depth; z++) {
    for (let y = 0; y < height; y++, to += width) {
      const up = rowAt(y - 1, z);
      const down = rowAt(y + 1, z);
      if (depth === 1) laplacianInSlice(values, to, up, down, width, fx, fy, out);
      else
        laplacianInVolume(values, to, [up, down, rowAt(y, z - 1), rowAt(y, z + 1)], width, fx, fy, fz, out);
    }
  }
  if (fx !== 0) finishEnds(values, out, width, border, fx);
  return out;
}

/** But for the ends of the row, which lack their outer neighbour. */
function laplacianInSlice(
  values: FloatArray,
  row: number,
  { values: ups, start: up }: Row,
  { values: downs, start: down }: Row,
  width: number,
  fx: number,
  fy: number,
  out: FloatArray,
): void {
  const middle = -2 * (fx + fy);
  let left = 0;
  let own = values[row]!;
  for (let x = 0; x < width; x++) {
    const right = x < width - 1 ? values[row + x + 1]! : 0;
    out[row + x] = middle * own + fx * (left + right) + fy * (ups[up + x]! + downs[down + x]!);
    left = own;
    own = right;
  }
}

function laplacianInVolume(
  values: FloatArray,
  row: number,
  [above, below, behind, before]: readonly [Row, Row, Row, Row],
  width: number,
  fx: number,
  fy: number,
  fz: number,
  out: FloatArray,
): void {
  const [ups, downs, backs, fronts] = [above.values, below.values, behind.values, before.values];
  const [up, down, back, front] = [above.start, below.start, behind.start, before.start];
  const middle = -2 * (fx + fy + fz);
  let left = 0;
  let own = values[row]!;
  for (let x = 0; x < width; x++) {
    const right = x < width - 1 ? values[row + x + 1]! : 0;
    out[row + x] =
      middle * own +
      fx * (left + right) +
      fy * (ups[up + x]! + downs[down + x]!) +
      fz * (backs[back + x]! + fronts[front + x]!);
    left = own;
    own = right;
  }
}

function finishEnds(
  values: FloatArray,
  out: FloatArray,
  width: number,
  border: Border,
  factor: number,
): void {
  const [before, after] = ends(width, border);
  for (let row = 0; row < out.length; row += width) {
    out[row]! += factor * (before < 0 ? border.constant : values[row + before]!);
    out[row + width - 1]! += factor * (after < 0 ? border.constant : values[row + after]!);
  }
}

/**
 * Sobel's gradient in one pass: root of the sum of the squares of the derivatives along the axes, each times its factor,
 * smoothed by 1 2 1 over 4 across. Sides of one voxel do not count.
 */
export function sobelStencil(
  values: FloatArray,
  size: Vector3,
  border: Border,
  factors: Vector3,
): FloatArray {
  const [width, height, depth] = size;
  const across = size.filter((side) => side > 1).length - 1;
  const [fx, fy, fz] = factors.map((factor, axis) =>
    size[axis] === 1 ? 0 : (factor / 4 ** across) ** 2,
  ) as [number, number, number]; // three
  const rowAt = rowsOf(values, size, border);
  const out = another(values);
  // of the nine rows around one: smoothed, changed along y, changed along z; with an end on both sides
  const lines = [0, 1, 2].map(() => new Float64Array(width + 2)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ]; // three
  for (let z = 0, to = 0; z < depth; z++) {
    for (let y = 0; y < height; y++, to += width) {
      const near = [-1, 0, 1].flatMap((dz) => [-1, 0, 1].map((dy) => rowAt(y + dy, z + dz)));
      if (depth > 1 && height > 1) crossVolume(near, width, lines);
      else if (height > 1) crossRows(near[3]!, near[4]!, near[5]!, width, lines[0], lines[1]);
      else if (depth > 1) crossRows(near[1]!, near[4]!, near[7]!, width, lines[0], lines[2]);
      else for (let x = 0; x < width; x++) lines[0][x + 1] = values[to + x]!;
      close(lines, width, border, 4 ** (across - (width > 1 ? 0 : 1)));
      magnitudes(lines, width, width > 1, fx, fy, fz, out, to);
    }
  }
  return out;
}

function crossRows(
  { values: ups, start: up }: Row,
  { values: owns, start: own }: Row,
  { values: downs, start: down }: Row,
  width: number,
  smooth: Float64Array,
  change: Float64Array,
): void {
  for (let x = 0; x < width; x++) {
    const a = ups[up + x]!;
    const b = owns[own + x]!;
    const c = downs[down + x]!;
    smooth[x + 1] = a + 2 * b + c;
    change[x + 1] = c - a;
  }
}

function crossVolume(
  near: readonly Row[],
  width: number,
  [smooth, alongY, alongZ]: readonly [Float64Array, Float64Array, Float64Array],
): void {
  const [a, b, c, d, e, f, g, h, k] = near.map(({ values }) => values) as unknown as NineArrays; // nine
  const [ai, bi, ci, di, ei, fi, gi, hi, ki] = near.map(({ start }) => start) as unknown as NineNumbers; // nine
  for (let x = 0; x < width; x++) {
    const a0 = a[ai + x]!;
    const a2 = c[ci + x]!;
    const b0 = d[di + x]!;
    const b2 = f[fi + x]!;
    const c0 = g[gi + x]!;
    const c2 = k[ki + x]!;
    const first = a0 + 2 * b[bi + x]! + a2;
    const second = b0 + 2 * e[ei + x]! + b2;
    const third = c0 + 2 * h[hi + x]! + c2;
    smooth[x + 1] = first + 2 * second + third;
    alongY[x + 1] = a2 - a0 + 2 * (b2 - b0) + (c2 - c0);
    alongZ[x + 1] = third - first;
  }
}

type Nine<T> = readonly [T, T, T, T, T, T, T, T, T];
type NineArrays = Nine<FloatArray>;
type NineNumbers = Nine<number>;

/** Gives the lines their ends; beyond a constant border there is no change. */
function close(
  [smooth, alongY, alongZ]: readonly [Float64Array, Float64Array, Float64Array],
  width: number,
  border: Border,
  weight: number,
): void {
  const [before, after] = ends(width, border);
  smooth[0] = before < 0 ? weight * border.constant : smooth[before + 1]!;
  smooth[width + 1] = after < 0 ? weight * border.constant : smooth[after + 1]!;
  for (const line of [alongY, alongZ]) {
    line[0] = before < 0 ? 0 : line[before + 1]!;
    line[width + 1] = after < 0 ? 0 : line[after + 1]!;
  }
}

function magnitudes(
  [smooth, alongY, alongZ]: readonly [Float64Array, Float64Array, Float64Array],
  width: number,
  wide: boolean,
  fx: number,
  fy: number,
  fz: number,
  out: FloatArray,
  to: number,
): void {
  if (!wide) {
    out[to] = Math.sqrt(fy * alongY[1]! ** 2 + fz * alongZ[1]! ** 2);
    return;
  }
  for (let x = 0; x < width; x++) {
    const dx = smooth[x + 2]! - smooth[x]!;
    const dy = alongY[x]! + 2 * alongY[x + 1]! + alongY[x + 2]!;
    const dz = alongZ[x]! + 2 * alongZ[x + 1]! + alongZ[x + 2]!;
    out[to + x] = Math.sqrt(fx * dx * dx + fy * dy * dy + fz * dz * dz);
  }
}
