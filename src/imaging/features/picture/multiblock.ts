import { HounsfieldError } from '../../../errors.ts';
import { part } from './lbp-histogram.ts';

/** Sums of all values above and left of each pixel, itself included (Viola and Jones, 2001). [H, W] */
export function integralPlane(plane: ArrayLike<number>, width: number, height: number): Float64Array {
  const out = new Float64Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    let row = 0;
    for (let x = 0; x < width; x++, i++) {
      row += plane[i]!;
      out[i] = row + (y > 0 ? out[i - width]! : 0);
    }
  }
  return out;
}

/** Sum of the rectangle from (row, column), of the given rows and columns. */
export function blockSum(
  integral: Float64Array,
  width: number,
  [row, column, rows, columns]: readonly [row: number, column: number, rows: number, columns: number],
): number {
  const [bottom, right] = [row + rows - 1, column + columns - 1];
  const corner = (y: number, x: number) => (y < 0 || x < 0 ? 0 : integral[y * width + x]!);
  return (
    corner(bottom, right) - corner(row - 1, right) - corner(bottom, column - 1) + corner(row - 1, column - 1)
  );
}

const AROUND = [
  [-1, -1],
  [-1, 0],
  [-1, 1],
  [0, 1],
  [1, 1],
  [1, 0],
  [1, -1],
  [0, -1],
] as const;

/**
 * Multi-block local binary pattern (Zhang et al., ICB 2007): the eight blocks around a middle one, clockwise from the upper
 * left, each a bit (the first the highest) that is 1 where its sum is not less than the middle's.
 *
 * @param at row and column of the upper left pixel of the nine blocks
 * @param block rows and columns of one block
 * @throws PICTURE_TOO_SMALL
 */
export function multiblockPattern(
  integral: Float64Array,
  [width, height]: readonly [width: number, height: number],
  at: readonly [row: number, column: number],
  block: readonly [rows: number, columns: number],
): number {
  if (at[0] < 0 || at[1] < 0 || at[0] + 3 * block[0] > height || at[1] + 3 * block[1] > width) {
    throw new HounsfieldError(
      'PICTURE_TOO_SMALL',
      `nine blocks of ${block.join(' x ')} pixels at row ${at[0]}, column ${at[1]} reach outside ${height} rows and ` +
        `${width} columns. Use smaller blocks.`,
    );
  }
  const [row, column] = [at[0] + block[0], at[1] + block[1]];
  const middle = blockSum(integral, width, [row, column, ...block]);
  let code = 0;
  AROUND.forEach(([dy, dx], k) => {
    const sum = blockSum(integral, width, [row + dy * block[0], column + dx * block[1], ...block]);
    if (sum >= middle) code |= 1 << (7 - k);
  });
  return code;
}

/**
 * Mean and standard deviation (of the population) of each block of a grid.
 *
 * @returns [rows, columns, 2]
 */
export function blockStatistics(
  plane: ArrayLike<number>,
  width: number,
  height: number,
  [rows, columns]: readonly [rows: number, columns: number],
): Float64Array {
  const out = new Float64Array(rows * columns * 2);
  for (let row = 0, o = 0; row < rows; row++) {
    const [top, bottom] = part(row, rows, height);
    for (let column = 0; column < columns; column++) {
      const [left, right] = part(column, columns, width);
      const count = (bottom - top) * (right - left);
      let sum = 0;
      for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) sum += plane[y * width + x]!;
      const mean = sum / count;
      let squares = 0;
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) squares += (plane[y * width + x]! - mean) ** 2;
      }
      out[o++] = mean;
      out[o++] = Math.sqrt(squares / count);
    }
  }
  return out;
}
