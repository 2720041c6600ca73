import type { Vector3 } from '../../geometry/geometry.ts';
import { type Border, borderIndices } from './border.ts';
import { another, type FloatArray } from './correlate-axis.ts';
import { axesOf } from './filter-volumes.ts';

/** Mean over a window of odd sides around each voxel of a volume [D, H, W], by sums that move along: any window costs the same. */
export function meanFilter(values: FloatArray, size: Vector3, window: Vector3, border: Border): FloatArray {
  let result = values;
  for (const axis of axesOf(size)) {
    if (window[axis] === 1) continue;
    const out = result === values ? another(values) : result;
    if (axis === 0) alongRows(result, out, size[0], window[0], border);
    else acrossRows(result, out, size, axis, window[axis], border);
    result = out;
  }
  return result === values ? values.slice() : result;
}

function alongRows(
  source: FloatArray,
  out: FloatArray,
  width: number,
  side: number,
  { mode, constant }: Border,
): void {
  const radius = side >> 1;
  const places = borderIndices(width, radius, radius, mode);
  const line = new Float64Array(width + 2 * radius);
  const factor = 1 / side;
  for (let row = 0; row < source.length; row += width) {
    for (let x = 0; x < width; x++) line[radius + x] = source[row + x]!;
    for (let i = 0; i < radius; i++) {
      const after = radius + width + i;
      line[i] = places[i]! < 0 ? constant : source[row + places[i]!]!;
      line[after] = places[after]! < 0 ? constant : source[row + places[after]!]!;
    }
    slideAlong(line, side, out, row, width, factor);
  }
}

/** Over the middle axis of [outer, lines, run]. */
function acrossRows(
  source: FloatArray,
  out: FloatArray,
  [width, height, depth]: Vector3,
  axis: 1 | 2,
  side: number,
  { mode, constant }: Border,
): void {
  const [outer, lines, run] = axis === 1 ? [depth, height, width] : [1, depth, width * height];
  const radius = side >> 1;
  const places = borderIndices(lines, radius, radius, mode);
  const rows = lines + 2 * radius;
  const tile = Math.min(run, 128);
  const block = new Float64Array(rows * tile);
  const sum = new Float64Array(tile);
  const factor = 1 / side;
  for (let o = 0; o < outer; o++) {
    for (let from = 0; from < run; from += tile) {
      const base = o * lines * run + from;
      const length = Math.min(tile, run - from);
      for (let row = 0, to = 0; row < rows; row++, to += tile) {
        const at = base + places[row]! * run;
        if (places[row]! < 0) block.fill(constant, to, to + length);
        else for (let i = 0; i < length; i++) block[to + i] = source[at + i]!;
      }
      sum.fill(0);
      for (let row = 0, at = 0; row < side - 1; row++, at += tile) {
        for (let i = 0; i < length; i++) sum[i]! += block[at + i]!;
      }
      for (let lineAt = 0; lineAt < lines; lineAt++) {
        const to = base + lineAt * run;
        const leaves = lineAt * tile;
        const comes = leaves + (side - 1) * tile;
        slideLine(block, comes, leaves, sum, out, to, length, factor);
      }
    }
  }
}

function slideAlong(
  line: Float64Array,
  side: number,
  out: FloatArray,
  row: number,
  width: number,
  factor: number,
): void {
  let sum = 0;
  for (let i = 0; i < side; i++) sum += line[i]!;
  out[row] = sum * factor;
  for (let x = 1; x < width; x++) {
    sum += line[x + side - 1]! - line[x - 1]!;
    out[row + x] = sum * factor;
  }
}

function slideLine(
  block: Float64Array,
  comes: number,
  leaves: number,
  sum: Float64Array,
  out: FloatArray,
  to: number,
  length: number,
  factor: number,
): void {
  for (let i = 0; i < length; i++) {
    const all = sum[i]! + block[comes + i]!;
    out[to + i] = all * factor;
    sum[i] = all - block[leaves + i]!;
  }
}
