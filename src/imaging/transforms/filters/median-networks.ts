import type { Vector3 } from '../../geometry/geometry.ts';

/** Pairs that are put in order, one after the other. */
type Network = readonly (readonly [number, number])[];

// biome-ignore format: a table
const SORT_NINE: Network = [
  ...([[0, 1], [3, 4], [6, 7], [1, 2], [4, 5], [7, 8], [0, 1], [3, 4], [6, 7]] as const),
  ...([[0, 3], [3, 6], [0, 3], [1, 4], [4, 7], [1, 4], [2, 5], [5, 8], [2, 5]] as const),
  ...([[1, 3], [5, 7], [2, 6], [4, 6], [2, 4], [2, 3], [5, 6]] as const),
];

/**
 * Of three sorted columns of nine, put in order rank by rank (least, middle, most), 13 may be the median: the least of
 * ranks 5 to 8, the middle of 2 to 6, the most of 0 to 3. Their median is the seventh; these pairs bring it to place 6.
 */
// biome-ignore format: a table
const SELECT_SEVENTH: Network = [
  ...([[8, 9], [9, 11], [0, 4], [1, 5], [2, 6], [3, 7], [2, 4], [3, 5], [3, 4], [5, 6]] as const),
  ...([[9, 10], [11, 12], [2, 10], [3, 11], [4, 8], [5, 9], [6, 10], [3, 5], [6, 8], [5, 6]] as const),
];

const lesser = (a: number, b: number): number => b ^ ((a ^ b) & -+(a < b));
const greater = (a: number, b: number): number => a ^ ((a ^ b) & -+(a < b));
const middleOf = (a: number, b: number, c: number): number => greater(lesser(a, b), lesser(greater(a, b), c));

/** Puts two lines in order, place by place: the lesser to the first. No branch, which would be guessed wrong. */
function exchange(first: Int32Array, second: Int32Array): void {
  for (let i = 0; i < first.length; i++) {
    const a = first[i]!;
    const b = second[i]!;
    const swap = (a ^ b) & -+(a > b);
    first[i] = a ^ swap;
    second[i] = b ^ swap;
  }
}

/** Medians of windows of 3 x 3 of whole numbers; `padded` has one more on each side of a row and of a column. */
export function medianOfNine(padded: Int32Array, [width, height, depth]: Vector3, out: Int32Array): void {
  const side = width + 2;
  const low = new Int32Array(side);
  const middle = new Int32Array(side);
  const high = new Int32Array(side);
  for (let z = 0, to = 0; z < depth; z++) {
    for (let y = 0; y < height; y++, to += width) {
      const row = (z * (height + 2) + y) * side;
      for (let x = 0, at = row; x < side; x++, at++) {
        const a = padded[at]!;
        const b = padded[at + side]!;
        const c = padded[at + 2 * side]!;
        const less = lesser(a, b);
        const more = greater(a, b);
        const rest = lesser(more, c);
        low[x] = lesser(less, rest);
        middle[x] = greater(less, rest);
        high[x] = greater(more, c);
      }
      for (let x = 0; x < width; x++) {
        const least = greater(greater(low[x]!, low[x + 1]!), low[x + 2]!);
        const most = lesser(lesser(high[x]!, high[x + 1]!), high[x + 2]!);
        out[to + x] = middleOf(least, middleOf(middle[x]!, middle[x + 1]!, middle[x + 2]!), most);
      }
    }
  }
}

/** Medians of windows of 3 x 3 x 3; `padded` has one more on each side of each axis. */
export function medianOfTwentySeven(
  padded: Int32Array,
  [width, height, depth]: Vector3,
  out: Int32Array,
): void {
  const side = width + 2;
  const slice = side * (height + 2);
  const columns = Array.from({ length: 9 }, () => new Int32Array(side));
  const candidates = Array.from({ length: 13 }, () => new Int32Array(width));
  for (let z = 0, to = 0; z < depth; z++) {
    for (let y = 0; y < height; y++, to += width) {
      for (const [i, column] of columns.entries()) {
        const start = (z + Math.floor(i / 3)) * slice + (y + (i % 3)) * side;
        column.set(padded.subarray(start, start + side));
      }
      for (const [a, b] of SORT_NINE) exchange(columns[a]!, columns[b]!);
      for (let rank = 5; rank < 9; rank++) leastOfThree(columns[rank]!, candidates[rank - 5]!);
      for (let rank = 2; rank < 7; rank++) middleOfThree(columns[rank]!, candidates[rank + 2]!);
      for (let rank = 0; rank < 4; rank++) mostOfThree(columns[rank]!, candidates[rank + 9]!);
      for (const [a, b] of SELECT_SEVENTH) exchange(candidates[a]!, candidates[b]!);
      out.set(candidates[6]!, to);
    }
  }
}

function leastOfThree(line: Int32Array, out: Int32Array): void {
  for (let x = 0; x < out.length; x++) out[x] = lesser(lesser(line[x]!, line[x + 1]!), line[x + 2]!);
}

function middleOfThree(line: Int32Array, out: Int32Array): void {
  for (let x = 0; x < out.length; x++) out[x] = middleOf(line[x]!, line[x + 1]!, line[x + 2]!);
}

function mostOfThree(line: Int32Array, out: Int32Array): void {
  for (let x = 0; x < out.length; x++) out[x] = greater(greater(line[x]!, line[x + 1]!), line[x + 2]!);
}
