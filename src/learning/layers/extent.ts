import type { Value } from '../../engine/graph/graph.ts';
import { describeShape } from '../../engine/graph/shape.ts';
import { HounsfieldError } from '../../errors.ts';

/** A size for every spatial axis, or one per axis. */
export type PerAxis = number | readonly number[];

/** Size of an axis that a layer must know while it is built. @throws LAYER_SHAPE */
export function knownSize(x: Value, axis: number, layer: string): number {
  const size = x.shape?.at(axis);
  if (typeof size === 'number') return size;
  throw new HounsfieldError(
    'LAYER_SHAPE',
    `${layer} was given '${x.name}' ${describeShape(x.shape)}, and the size of axis ${axis} must be known. ` +
      'State it in the shape of the graph input.',
  );
}

/** Number of channels of x, [N, C, ...]. @throws LAYER_SHAPE */
export const channelsOf = (x: Value, layer: string): number => knownSize(x, 1, layer);

/** Number of spatial axes of x, [N, C, ...]: 1 to 3. @throws LAYER_SHAPE */
export function spatialRank(x: Value, layer: string): number {
  const rank = (x.shape?.length ?? 0) - 2;
  if (rank >= 1 && rank <= 3) return rank;
  throw new HounsfieldError(
    'LAYER_SHAPE',
    `${layer} was given '${x.name}' ${describeShape(x.shape)}, and expects [N, C] and one to three spatial axes.`,
  );
}

/** One size per spatial axis. @throws LAYER_SHAPE when the list is of another length */
export function perAxis(sizes: PerAxis, rank: number, layer: string): readonly number[] {
  const list = typeof sizes === 'number' ? Array<number>(rank).fill(sizes) : sizes;
  if (list.length === rank) return list;
  throw new HounsfieldError(
    'LAYER_SHAPE',
    `${layer} was given ${list.length} sizes [${list}] for ${rank} spatial axes. Give one number, or one per axis.`,
  );
}

/** ONNX's pads: the begin of each axis, then the end of each. */
export const symmetricPads = (padding: readonly number[]): readonly number[] => [...padding, ...padding];
