/** The nearest voxel's value at any places, halves going up: any type, bit by bit. */
import type { Vector3 } from '../geometry/geometry.ts';
import { enters, holdInside, leaves, newRows, type Places, type Rows } from './sample-anywhere.ts';
import type { Volume } from './sample-axes.ts';

/** Fills `out` from `source` at `places`. `outside`: the value beyond the image; 'edge': that of the edge. */
export function nearestAnywhere(source: Volume, out: Volume, places: Places, outside: number | 'edge'): void {
  const rows = newRows(out.width);
  const { width, height, depth } = out;
  const step = outside === 'edge' ? undefined : places.steps?.x;
  for (let z = 0, at = out.start; z < depth; z++) {
    for (let y = 0; y < height; y++, at += width) {
      if (step) {
        places.row(0, y, z, 1, rows.xs, rows.ys, rows.zs);
        straightRow(source, out, at, [rows.xs[0]!, rows.ys[0]!, rows.zs[0]!], step, outside as number); // step needs one
        continue;
      }
      places.row(0, y, z, width, rows.xs, rows.ys, rows.zs);
      holdInside(source, rows, width);
      if (outside === 'edge') rows.away.fill(0);
      gather(source, rows, out.pixels, at, width, outside === 'edge' ? 0 : outside);
    }
  }
}

function straightRow(
  source: Volume,
  out: Volume,
  at: number,
  [x0, y0, z0]: Vector3,
  [dx, dy, dz]: Vector3,
  outside: number,
): void {
  const { pixels, start, width, height, depth } = source;
  const count = out.width;
  const to = out.pixels;
  const first = Math.min(
    count,
    Math.max(enters(x0, dx, width), enters(y0, dy, height), enters(z0, dz, depth)),
  );
  const end = Math.min(
    leaves(x0, dx, width, count),
    leaves(y0, dy, height, count),
    leaves(z0, dz, depth, count),
  );
  const last = Math.min(count, Math.max(first, end));
  to.fill(outside, at, at + first);
  to.fill(outside, at + last, at + count);
  for (let i = first; i < last; i++) {
    // from -0.5 on, halves up: truncation after adding a half; the upper edge itself is the last voxel's
    let x = (x0 + i * dx + 0.5) | 0;
    let y = (y0 + i * dy + 0.5) | 0;
    let z = (z0 + i * dz + 0.5) | 0;
    if (x === width) x--;
    if (y === height) y--;
    if (z === depth) z--;
    to[at + i] = pixels[start + (z * height + y) * width + x]!;
  }
}

function gather(
  source: Volume,
  { xs, ys, zs, away }: Rows,
  to: Volume['pixels'],
  at: number,
  count: number,
  beyond: number,
): void {
  const { pixels, start, width, height, depth } = source;
  for (let i = 0; i < count; i++) {
    if (away[i] === 1) {
      to[at + i] = beyond;
      continue;
    }
    const x = Math.min(width - 1, Math.floor(xs[i]! + 0.5));
    const y = Math.min(height - 1, Math.floor(ys[i]! + 0.5));
    const z = Math.min(depth - 1, Math.floor(zs[i]! + 0.5));
    to[at + i] = pixels[start + (z * height + y) * width + x]!;
  }
}
