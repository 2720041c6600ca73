import type { Vector3 } from '../../geometry/geometry.ts';
import { type Border, borderIndices } from './borders.ts';
import type { StructuringElement } from './structuring-element.ts';

/** Row-major values with what lies beyond the image around them. */
interface Padded {
  readonly values: Int32Array; // [D, H, W] of the padded sides
  readonly width: number;
  readonly height: number;
  readonly depth: number;
}

export interface Beyond {
  readonly border: Border;
  /** Of 'constant'. */
  readonly constant: number;
  /** Of 'ignore': not below any value. */
  readonly greatest: number;
}

/**
 * Smallest value over an element's places around each voxel. Boxes go axis by axis, other elements row by row (Urbach and
 * Wilkinson, "Efficient 2-D grayscale morphological transformations with arbitrary flat structuring elements", IEEE TIP
 * 2008): minima over stretches of 1, 2, 4 ... voxels are kept, of which two cover a row of any length.
 *
 * @param values [D, H, W]
 * @param narrow whether the difference of any two values fits into 32 bits
 */
export function minimumFilter(
  values: Int32Array,
  [width, height, depth]: Vector3,
  element: StructuringElement,
  beyond: Beyond,
  narrow: boolean,
): Int32Array {
  const padded = pad(values, [width, height, depth], element, beyond);
  const smaller = narrow ? smallerNarrow : smallerWide;
  if (element.isBox) return box(padded, [width, height, depth], element, smaller);
  const out = new Int32Array(values.length).fill(beyond.greatest);
  const longest = element.runs.reduce((most, { first, last }) => Math.max(most, last - first + 1), 1);
  const { below } = element;
  for (let stretch = 1; stretch <= longest; stretch *= 2) {
    const own = element.runs.filter(
      ({ first, last }) => last - first + 1 >= stretch && last - first + 1 < 2 * stretch,
    );
    const far = Int32Array.from(own, ({ first, last }) => last - first + 1 - stretch);
    const shift = Int32Array.from(
      own,
      ({ dy, dz, first }) =>
        ((dz + below[2]) * padded.height + dy + below[1]) * padded.width + first + below[0],
    );
    for (let z = 0, to = 0; z < depth; z++) {
      for (let y = 0; y < height; y++, to += width) {
        const from = (z * padded.height + y) * padded.width;
        for (let run = 0; run < own.length; run++) {
          smaller(padded.values, from + shift[run]!, out, to, width);
          if (far[run]! > 0) smaller(padded.values, from + shift[run]! + far[run]!, out, to, width);
        }
      }
    }
    if (2 * stretch <= longest)
      smaller(padded.values, stretch, padded.values, 0, padded.values.length - stretch);
  }
  return out;
}

type Smaller = (from: Int32Array, at: number, into: Int32Array, to: number, count: number) => void;

function smallerWide(from: Int32Array, at: number, into: Int32Array, to: number, count: number): void {
  for (let i = 0; i < count; i++) {
    const value = from[at + i]!;
    if (value < into[to + i]!) into[to + i] = value;
  }
}

/** Without a branch, which noise would make slow. */
function smallerNarrow(from: Int32Array, at: number, into: Int32Array, to: number, count: number): void {
  for (let i = 0; i < count; i++) {
    const own = into[to + i]!;
    const difference = (from[at + i]! - own) | 0;
    into[to + i] = own + (difference & (difference >> 31));
  }
}

function pad(
  values: Int32Array,
  [width, height, depth]: Vector3,
  { below, above }: StructuringElement,
  { border, constant, greatest }: Beyond,
): Padded {
  const xs = borderIndices(width, below[0], above[0], border);
  const ys = borderIndices(height, below[1], above[1], border);
  const zs = borderIndices(depth, below[2], above[2], border);
  const outside = border === 'constant' ? constant : greatest;
  const padded = new Int32Array(xs.length * ys.length * zs.length);
  const left = below[0];
  for (let z = 0, to = 0; z < zs.length; z++) {
    for (let y = 0; y < ys.length; y++, to += xs.length) {
      if (zs[z]! < 0 || ys[y]! < 0) {
        padded.fill(outside, to, to + xs.length);
        continue;
      }
      const from = (zs[z]! * height + ys[y]!) * width;
      padded.set(values.subarray(from, from + width), to + left);
      for (let x = 0; x < left; x++) padded[to + x] = xs[x]! < 0 ? outside : values[from + xs[x]!]!;
      for (let x = left + width; x < xs.length; x++) {
        padded[to + x] = xs[x]! < 0 ? outside : values[from + xs[x]!]!;
      }
    }
  }
  return { values: padded, width: xs.length, height: ys.length, depth: zs.length };
}

/** Axis by axis; along each, minima over 1, 2, 4 ... voxels, in place. */
function box(
  { values, width: rowLength, height: rows, depth: planes }: Padded,
  [width, height, depth]: Vector3,
  { below, above }: StructuringElement,
  smaller: Smaller,
): Int32Array {
  const length = values.length;
  const plane = rowLength * rows;
  along(below[0] + above[0] + 1, (step) => smaller(values, step, values, 0, length - step));
  along(below[1] + above[1] + 1, (step) => {
    const shift = step * rowLength;
    for (let z = 0; z < planes; z++) {
      for (let y = 0; y + step < rows; y++) {
        const to = z * plane + y * rowLength;
        smaller(values, to + shift, values, to, width);
      }
    }
  });
  along(below[2] + above[2] + 1, (step) => {
    const shift = step * plane;
    for (let z = 0; z + step < planes; z++) {
      for (let y = 0; y < height; y++) {
        const to = z * plane + y * rowLength;
        smaller(values, to + shift, values, to, width);
      }
    }
  });
  const out = new Int32Array(width * height * depth);
  for (let z = 0, to = 0; z < depth; z++) {
    for (let y = 0; y < height; y++, to += width) {
      const from = z * plane + y * rowLength;
      out.set(values.subarray(from, from + width), to);
    }
  }
  return out;
}

/** Steps that make minima over `stretch` values out of single ones, each from those made before. */
function along(stretch: number, step: (by: number) => void): void {
  let done = 1;
  while (2 * done <= stretch) {
    step(done);
    done *= 2;
  }
  if (done < stretch) step(stretch - done);
}
