import type { CooccurrenceSettings } from './cooccurrence.ts';

/** Rows and columns from which pairs start: [top, bottom), [left, right). */
interface Rectangle {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

type Offset = readonly [row: number, column: number];

/** Pixels whose partner at the offset lies in the plane. */
function startsOf([down, right]: Offset, width: number, height: number): Rectangle {
  const [top, left] = [Math.max(0, -down), Math.max(0, -right)];
  return {
    top,
    bottom: Math.max(top, Math.min(height, height - down)),
    left,
    right: Math.max(left, Math.min(width, width - right)),
  };
}

/** Counts the pairs of a rectangle at one offset. @param at where the matrix begins in `into` */
function countRectangle(
  plane: Int32Array,
  width: number,
  { top, bottom, left, right }: Rectangle,
  step: number,
  levels: number,
  into: Int32Array,
  at: number,
): void {
  for (let y = top; y < bottom; y++) {
    for (let i = y * width + left, end = y * width + right; i < end; i++) {
      into[at + plane[i]! * levels + plane[i + step]!]!++;
    }
  }
}

/** What of a rectangle lies outside of an inner one: above, below, left and right of it. */
function around(outer: Rectangle, inner: Rectangle): readonly Rectangle[] {
  return [
    { ...outer, bottom: inner.top },
    { ...outer, top: inner.bottom },
    { top: inner.top, bottom: inner.bottom, left: outer.left, right: inner.left },
    { top: inner.top, bottom: inner.bottom, left: inner.right, right: outer.right },
  ];
}

/** Offsets that are counted in one pass: neighbouring pairs are often equal, and one counter would wait for itself. */
const TOGETHER = 4;

/** Counts the pairs at four offsets into four matrices one after the other. */
function countFour(
  plane: Int32Array,
  width: number,
  height: number,
  offsets: readonly Offset[],
  levels: number,
  into: Int32Array,
  at: number,
): void {
  const own = offsets.map((offset) => startsOf(offset, width, height));
  const top = Math.max(...own.map((one) => one.top));
  const left = Math.max(...own.map((one) => one.left));
  const shared: Rectangle = {
    top,
    left,
    bottom: Math.max(top, Math.min(...own.map((one) => one.bottom))),
    right: Math.max(left, Math.min(...own.map((one) => one.right))),
  };
  const cells = levels * levels;
  const steps = offsets.map(([down, right]) => down * width + right);
  const isShared = own.every(({ bottom, right }) => bottom >= shared.bottom && right >= shared.right);
  if (!isShared) {
    for (const [k, one] of own.entries()) {
      countRectangle(plane, width, one, steps[k]!, levels, into, at + k * cells);
    }
    return;
  }
  const [s0, s1, s2, s3] = steps as [number, number, number, number]; // four
  const [m1, m2, m3] = [at + cells, at + 2 * cells, at + 3 * cells];
  for (let y = shared.top; y < shared.bottom; y++) {
    for (let i = y * width + shared.left, end = y * width + shared.right; i < end; i++) {
      const row = plane[i]! * levels;
      into[at + row + plane[i + s0]!]!++;
      into[m1 + row + plane[i + s1]!]!++;
      into[m2 + row + plane[i + s2]!]!++;
      into[m3 + row + plane[i + s3]!]!++;
    }
  }
  for (const [k, one] of own.entries()) {
    for (const rest of around(one, shared)) {
      countRectangle(plane, width, rest, steps[k]!, levels, into, at + k * cells);
    }
  }
}

/** Adds each matrix to its transpose. */
function mirror(into: Int32Array, levels: number): void {
  for (let at = 0; at < into.length; at += levels * levels) {
    for (let i = 0; i < levels; i++) {
      for (let j = 0; j <= i; j++) {
        const [a, b] = [at + i * levels + j, at + j * levels + i];
        const both = into[a]! + into[b]!;
        into[a] = both;
        into[b] = both;
      }
    }
  }
}

/** Pixel steps of a distance and an angle, rounded half away from zero. */
export function pairOffset(distance: number, angle: number): Offset {
  const round = (value: number) => Math.sign(value) * Math.floor(Math.abs(value) + 0.5);
  return [round(Math.sin(angle) * distance), round(Math.cos(angle) * distance)];
}

/**
 * Counts the pairs of a plane at every distance and angle.
 *
 * @param plane whole numbers 0 .. levels - 1, unchecked
 * @param into [distances, angles, levels, levels], made 0 before
 */
export function countPairs(
  plane: Int32Array,
  width: number,
  height: number,
  { levels, distances, angles, symmetric }: CooccurrenceSettings,
  into: Int32Array,
): void {
  into.fill(0);
  const cells = levels * levels;
  const offsets = distances.flatMap((distance) => angles.map((angle) => pairOffset(distance, angle)));
  let k = 0;
  for (; k + TOGETHER <= offsets.length; k += TOGETHER) {
    countFour(plane, width, height, offsets.slice(k, k + TOGETHER), levels, into, k * cells);
  }
  for (; k < offsets.length; k++) {
    const [down, right] = offsets[k]!;
    const starts = startsOf(offsets[k]!, width, height);
    countRectangle(plane, width, starts, down * width + right, levels, into, k * cells);
  }
  if (symmetric) mirror(into, levels);
}
