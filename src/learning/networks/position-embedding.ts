import { type Tensor, tensor } from '../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../errors.ts';

/** Rows and columns of patches. */
export type PatchGrid = readonly [rows: number, columns: number];

/**
 * The position embedding of a vision transformer for another size of image, as timm's resample_abs_pos_embed: the class
 * token's row stays, the patches' are interpolated bicubically (Keys, 1981, a = -1/2), wider where the grid shrinks.
 *
 * @param embedding float32 [1, 1 + rows columns, width]
 * @param to the new grid: height / 16 and width / 16 of the image
 * @param from the grid that it is of; a square one when left out
 * @returns float32 [1, 1 + rows columns of `to`, width]
 * @throws WEIGHTS_MISFIT when the embedding is not one of that grid
 */
export function resamplePositions(embedding: Tensor, to: PatchGrid, from?: PatchGrid): Tensor {
  const [, tokens = 0, width = 0] = embedding.dims;
  const side = Math.round(Math.sqrt(Math.max(0, tokens - 1)));
  const grid = from ?? [side, side];
  const { data } = embedding;
  const fits = embedding.dims.length === 3 && embedding.dims[0] === 1 && grid[0] * grid[1] === tokens - 1;
  if (!(data instanceof Float32Array) || !fits || Math.min(...grid, ...to) < 1) {
    throw new HounsfieldError(
      'WEIGHTS_MISFIT',
      `a position embedding of ${embedding.dtype}[${embedding.dims}] was given for a grid of ${grid.join(' x ')} patches, and ${to.join(' x ')} are wanted; ` +
        'float32 [1, 1 + rows columns, width] is expected. State the grid that it was trained with.',
    );
  }
  const [rows, columns] = to;
  const across = bicubicWeights(grid[1], columns);
  const down = bicubicWeights(grid[0], rows);
  const out = new Float32Array((1 + rows * columns) * width);
  out.set(data.subarray(0, width));
  const between = new Float64Array(grid[0] * columns * width); // [rows before, columns, width]
  combine(data.subarray(width), between, across, grid[0], width);
  const turned = new Float64Array(rows * columns * width);
  combine(between, turned, down, 1, columns * width);
  out.set(turned, width);
  return tensor('float32', [1, 1 + rows * columns, width], out);
}

interface Taps {
  readonly first: number;
  readonly weights: readonly number[];
}

/** What each of `to` places takes from `from` places. */
function bicubicWeights(from: number, to: number): readonly Taps[] {
  const scale = from / to;
  const stretch = Math.max(1, scale);
  if (from === to) return Array.from({ length: to }, (_, i) => ({ first: i, weights: [1] }));
  return Array.from({ length: to }, (_, i) => {
    const center = scale * (i + 0.5);
    const first = Math.max(0, Math.trunc(center - 2 * stretch + 0.5));
    const past = Math.min(from, Math.trunc(center + 2 * stretch + 0.5));
    const raw = Array.from({ length: past - first }, (_, j) => keys((first + j - center + 0.5) / stretch));
    const sum = raw.reduce((total, weight) => total + weight, 0);
    return { first, weights: raw.map((weight) => weight / sum) };
  });
}

/** Keys, "Cubic convolution interpolation for digital image processing", IEEE TASSP 1981, eq. 4 with a = -1/2. */
function keys(x: number): number {
  const d = Math.abs(x);
  if (d < 1) return (1.5 * d - 2.5) * d * d + 1;
  return d < 2 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : 0;
}

/** source [blocks, from, size] -> target [blocks, to, size] along the middle axis. */
function combine(
  source: ArrayLike<number>,
  target: Float64Array,
  taps: readonly Taps[],
  blocks: number,
  size: number,
): void {
  const from = source.length / blocks / size;
  for (let block = 0; block < blocks; block++) {
    for (const [i, { first, weights }] of taps.entries()) {
      const at = (block * taps.length + i) * size;
      for (const [j, weight] of weights.entries()) {
        const read = (block * from + first + j) * size;
        for (let k = 0; k < size; k++) target[at + k] = target[at + k]! + weight * source[read + k]!;
      }
    }
  }
}
