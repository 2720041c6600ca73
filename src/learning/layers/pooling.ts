import { matMul, transpose } from '../../engine/graph/build.ts';
import type { Value } from '../../engine/graph/graph.ts';
import { tensor } from '../../engine/tensor/tensor.ts';
import { knownSize, type PerAxis, perAxis, spatialRank, symmetricPads } from './extent.ts';

export interface PoolOptions {
  readonly kernel: PerAxis;
  /** The kernel's size when left out. */
  readonly stride?: PerAxis;
  readonly padding?: PerAxis;
  /** Keeps a last window that reaches past the padded end, where it starts within the input. */
  readonly ceilMode?: boolean;
}

function poolAttributes(x: Value, options: PoolOptions, layer: string) {
  const { kernel, stride = kernel, padding = 0, ceilMode = false } = options;
  const rank = spatialRank(x, layer);
  return {
    kernel_shape: perAxis(kernel, rank, layer),
    strides: perAxis(stride, rank, layer),
    pads: symmetricPads(perAxis(padding, rank, layer)),
    ceil_mode: ceilMode ? 1 : 0,
  };
}

/** Largest value under the kernel. @param x [N, C, ...space] @throws LAYER_SHAPE */
export const maxPool = (x: Value, options: PoolOptions): Value =>
  x.graph.op('MaxPool', [x], poolAttributes(x, options, 'maxPool'));

/** Mean under the kernel, padding counted in as PyTorch does. @param x [N, C, ...space] @throws LAYER_SHAPE */
export const averagePool = (x: Value, options: PoolOptions): Value =>
  x.graph.op('AveragePool', [x], { ...poolAttributes(x, options, 'averagePool'), count_include_pad: 1 });

/** Mean over space: [N, C, ...space] -> [N, C, 1, ...]. */
export const globalAveragePool = (x: Value): Value => x.graph.op('GlobalAveragePool', [x]);

/**
 * Mean over as many bins an axis as asked for, whatever the size: bin i of n over s positions is from floor(i s / n) up
 * to ceil((i + 1) s / n), so that bins overlap where n does not divide s (PyTorch's AdaptiveAvgPool).
 *
 * @param x [N, C, ...space], its spatial sizes known
 * @returns [N, C, ...bins]
 * @throws LAYER_SHAPE
 */
export function adaptiveAveragePool(x: Value, bins: PerAxis): Value {
  const layer = 'adaptiveAveragePool';
  const counts = perAxis(bins, spatialRank(x, layer), layer);
  if (counts.every((count) => count === 1)) return globalAveragePool(x);
  const sizes = counts.map((_, i) => knownSize(x, i + 2, layer));
  const kernel = sizes.map((size, i) => (size % counts[i]! === 0 ? size / counts[i]! : 1));
  const even = kernel.every((size) => size === 1) ? x : averagePool(x, { kernel });
  return counts.reduce(
    (y, count, i) => (sizes[i]! % count === 0 ? y : averageBins(y, i + 2, sizes[i]!, count)),
    even,
  );
}

/** One axis of size `size` as a product with a constant matrix [size, count] of shares. */
function averageBins(x: Value, axis: number, size: number, count: number): Value {
  const shares = new Float32Array(size * count);
  for (let bin = 0; bin < count; bin++) {
    const first = Math.floor((bin * size) / count);
    const past = Math.ceil(((bin + 1) * size) / count);
    for (let i = first; i < past; i++) shares[i * count + bin] = 1 / (past - first);
  }
  const matrix = x.graph.constant(tensor('float32', [size, count], shares));
  const last = x.shape!.length - 1; // spatialRank has read it
  if (axis === last) return matMul(x, matrix);
  const swap = Array.from({ length: last + 1 }, (_, i) => (i === axis ? last : i === last ? axis : i));
  return transpose(matMul(transpose(x, swap), matrix), swap);
}

/** [N, ...] -> [N, product of the rest]. */
export const flatten = (x: Value): Value => x.graph.op('Flatten', [x], { axis: 1 });
