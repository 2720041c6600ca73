import type { Value } from '../../engine/graph/graph.ts';
import { type PerAxis, perAxis, spatialRank, symmetricPads } from './extent.ts';

export interface PoolOptions {
  readonly kernel: PerAxis;
  /** The kernel's size when left out. */
  readonly stride?: PerAxis;
  readonly padding?: PerAxis;
}

function poolAttributes(x: Value, { kernel, stride = kernel, padding = 0 }: PoolOptions, layer: string) {
  const rank = spatialRank(x, layer);
  return {
    kernel_shape: perAxis(kernel, rank, layer),
    strides: perAxis(stride, rank, layer),
    pads: symmetricPads(perAxis(padding, rank, layer)),
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

/** [N, ...] -> [N, product of the rest]. */
export const flatten = (x: Value): Value => x.graph.op('Flatten', [x], { axis: 1 });
