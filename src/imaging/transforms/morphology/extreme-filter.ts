import type { Vector3 } from '../../geometry/geometry.ts';
import { type Border, borderIndices } from './borders.ts';
import type { WholeArray } from './ordered-values.ts';
import { type SmallerOf, smallerOf, smallest } from './smaller.ts';
import type { StructuringElement } from './structuring-element.ts';

export interface Beyond {
  readonly border: Border;
  /** Of 'constant'. */
  readonly constant: number;
  /** Of 'ignore': not below any value. */
  readonly greatest: number;
}

export interface Comparison {
  readonly beyond: Beyond;
  /** Whether the difference of any two values fits into 32 bits. */
  readonly narrow: boolean;
  /** -1: of the values' complements, so that the greatest value is found; else 0. */
  readonly flip: 0 | -1;
}

/** A part of the image with what lies around it; buffers are used again from part to part. */
interface Band {
  /** Values, and after them their minima over rows of each length: [D, H, W] of the padded sides. */
  readonly padded: Int32Array;
  readonly out: Int32Array; // [D, H, W] of the part
  readonly width: number;
  readonly height: number;
}

/** Values of a part, so that what is read again is still near the processor. */
const BAND = 1 << 15;

/** Values of minima over rows of all lengths that may be kept at once; of more, one length after the other. */
const MOST_KEPT = 1 << 24;

/**
 * Smallest value over an element's places around each voxel. Boxes go axis by axis; of other elements the minima over a row
 * are made once for each length of a row (Urbach and Wilkinson, "Efficient 2-D grayscale morphological transformations
 * with arbitrary flat structuring elements", IEEE TIP 2008) and then rows are compared.
 *
 * @param values [D, H, W]
 * @param into where the result goes
 */
export function minimumFilter(
  values: WholeArray,
  sides: Vector3,
  element: StructuringElement,
  comparison: Comparison,
  into: WholeArray,
): WholeArray {
  const [width, height, depth] = sides;
  const { below, above } = element;
  // the slowest axis is divided: slices of a volume, rows of a picture
  const axis = depth > 1 ? 2 : 1;
  const across = width * (axis === 2 ? height : 1);
  const reach = below[axis] + above[axis];
  const wide = (4 * reach + reach) * across > MOST_KEPT ? 1 : 4; // how much thicker than what lies around it
  const thick = Math.min(sides[axis], Math.max(wide * reach, Math.ceil(BAND / across), 1));
  const size = (by: number): Vector3 => (axis === 2 ? [width, height, by] : [width, by, 1]);
  const most = size(thick).map((side, k) => side + below[k]! + above[k]!) as unknown as Vector3; // three
  const places = most[0] * most[1] * most[2];
  const rows = element.isBox ? [1] : rowLengths(element);
  const sections = places * rows.length <= MOST_KEPT ? rows.length : 2;
  const buffers = {
    padded: new Int32Array(places * sections),
    out: new Int32Array(across * thick),
  };
  const indices = sides.map((side, k) =>
    borderIndices(side, below[k]!, above[k]!, comparison.beyond.border),
  ) as [Int32Array, Int32Array, Int32Array]; // three
  const by = smallerOf(comparison.narrow);
  for (let start = 0; start < sides[axis]; start += thick) {
    const part = Math.min(thick, sides[axis] - start);
    const own = indices.slice() as typeof indices; // three
    own[axis] = own[axis].subarray(start, start + part + reach);
    const band: Band = { ...buffers, width: own[0].length, height: own[1].length };
    pad(values, sides, own, comparison, band.padded, below[0]);
    if (element.isBox) box(band, size(part), element, by);
    else if (sections === rows.length) byRows(band, size(part), element, by, rows);
    else byRowsInTurn(band, size(part), element, by, rows);
    const count = across * part;
    if (comparison.flip) complement(band.out, 0, count);
    into.set(band.out.subarray(0, count), start * across);
  }
  return into;
}

function complement(values: Int32Array, from: number, to: number): void {
  for (let i = from; i < to; i++) values[i] = ~values[i]!;
}

function pad(
  values: WholeArray,
  [width, height]: Vector3,
  [xs, ys, zs]: readonly [Int32Array, Int32Array, Int32Array],
  { beyond: { border, constant, greatest }, flip }: Comparison,
  padded: Int32Array,
  left: number,
): void {
  const outside = border === 'constant' ? constant : greatest;
  for (let z = 0, to = 0; z < zs.length; z++) {
    for (let y = 0; y < ys.length; y++, to += xs.length) {
      if (zs[z]! < 0 || ys[y]! < 0) {
        padded.fill(outside, to, to + xs.length);
        continue;
      }
      const from = (zs[z]! * height + ys[y]!) * width;
      padded.set(values.subarray(from, from + width), to + left);
      if (flip) complement(padded, to + left, to + left + width);
      for (let x = 0; x < left; x++) padded[to + x] = xs[x]! < 0 ? outside : values[from + xs[x]!]! ^ flip;
      for (let x = left + width; x < xs.length; x++) {
        padded[to + x] = xs[x]! < 0 ? outside : values[from + xs[x]!]! ^ flip;
      }
    }
  }
}

/** The lengths of an element's rows with those on the way to them, rising; each at most three times the one before. */
function rowLengths({ runs }: StructuringElement): readonly number[] {
  const own = [...new Set(runs.map(({ first, last }) => last - first + 1))].sort((a, b) => a - b);
  const all = [1];
  for (const length of own) {
    while (3 * all.at(-1)! < length) all.push(2 * all.at(-1)!);
    if (length > all.at(-1)!) all.push(length);
  }
  return all;
}

function byRows(
  { padded, out, width: rowLength, height: rows }: Band,
  [width, height, depth]: Vector3,
  { runs, below, above }: StructuringElement,
  by: SmallerOf,
  lengths: readonly number[],
): void {
  const used = rowLength * rows * (depth + below[2] + above[2]);
  for (let k = 1; k < lengths.length; k++) {
    const [done, length] = [lengths[k - 1]!, lengths[k]!];
    const further = length <= 2 * done ? [length - done] : [done, length - done];
    padded.copyWithin(k * used, (k - 1) * used, k * used);
    const offsets = Int32Array.from(further, (step) => step - used);
    smallest(by, padded, offsets, k * used, padded, k * used, used - (length - done));
  }
  const offsets = Int32Array.from(runs, ({ dy, dz, first, last }) => {
    const place = ((dz + below[2]) * rows + dy + below[1]) * rowLength + first + below[0];
    return lengths.indexOf(last - first + 1) * used + place;
  });
  const [first, others] = [offsets[0]!, offsets.subarray(1)];
  for (let z = 0, to = 0; z < depth; z++) {
    let from = z * rows * rowLength;
    for (let y = 0; y < height; y++, to += width, from += rowLength) {
      out.set(padded.subarray(from + first, from + first + width), to);
      smallest(by, padded, others, from, out, to, width);
    }
  }
}

/** The same with the minima over rows of two lengths at a time. */
function byRowsInTurn(
  { padded, out, width: rowLength, height: rows }: Band,
  [width, height, depth]: Vector3,
  { runs, below, above }: StructuringElement,
  by: SmallerOf,
  lengths: readonly number[],
): void {
  const used = rowLength * rows * (depth + below[2] + above[2]);
  out.fill(2147483647);
  const wide = smallerOf(false); // what out begins with is far from any value
  for (let k = 0; k < lengths.length; k++) {
    const length = lengths[k]!;
    const section = (k & 1) * used;
    if (k > 0) {
      const done = lengths[k - 1]!;
      const before = used - section;
      padded.copyWithin(section, before, before + used);
      const further = length <= 2 * done ? [length - done] : [done, length - done];
      const offsets = Int32Array.from(further, (step) => step + before - section);
      smallest(by, padded, offsets, section, padded, section, used - (length - done));
    }
    const own = runs.filter(({ first, last }) => last - first + 1 === length);
    const offsets = Int32Array.from(
      own,
      ({ dy, dz, first }) =>
        ((dz + below[2]) * rows + dy + below[1]) * rowLength + first + below[0] + section,
    );
    for (let z = 0, to = 0; z < depth; z++) {
      let from = z * rows * rowLength;
      for (let y = 0; y < height; y++, to += width, from += rowLength) {
        smallest(wide, padded, offsets, from, out, to, width);
      }
    }
  }
}

/** Axis by axis, in place: what is read lies further on and is not written yet. */
function box(
  { padded: values, out, width: rowLength, height: rows }: Band,
  [width, height, depth]: Vector3,
  { below, above }: StructuringElement,
  by: SmallerOf,
): void {
  const plane = rowLength * rows;
  const planes = depth + below[2] + above[2];
  for (const offsets of stretches(below[0] + above[0] + 1, 1)) {
    smallest(by, values, offsets, 0, values, 0, plane * planes - offsets.at(-1)!);
  }
  for (const offsets of stretches(below[1] + above[1] + 1, rowLength)) {
    const last = rows - offsets.at(-1)! / rowLength;
    for (let z = 0; z < planes; z++) {
      for (let y = 0; y < last; y++) {
        const to = z * plane + y * rowLength;
        smallest(by, values, offsets, to, values, to, width);
      }
    }
  }
  for (const offsets of stretches(below[2] + above[2] + 1, plane)) {
    const last = planes - offsets.at(-1)! / plane;
    for (let z = 0; z < last; z++) {
      for (let y = 0; y < height; y++) {
        const to = z * plane + y * rowLength;
        smallest(by, values, offsets, to, values, to, width);
      }
    }
  }
  for (let z = 0, to = 0; z < depth; z++) {
    for (let y = 0; y < height; y++, to += width) {
      const from = z * plane + y * rowLength;
      out.set(values.subarray(from, from + width), to);
    }
  }
}

/** Steps that make minima over `stretch` values out of single ones: what each value is compared with. */
function stretches(stretch: number, stride: number): readonly Int32Array[] {
  const steps: Int32Array[] = [];
  let done = 1;
  while (done < stretch) {
    const parts = Math.min(5, Math.ceil(stretch / done));
    const next = Math.min(stretch, parts * done);
    // as many parts as fit, the last one over what is left
    const offsets = Array.from(
      { length: parts - 1 },
      (_, i) => Math.min((i + 1) * done, next - done) * stride,
    );
    steps.push(Int32Array.from(offsets));
    done = next;
  }
  return steps;
}
