import { div, ints, mul, reshape, scalarLike } from '../../engine/graph/build.ts';
import type { Value } from '../../engine/graph/graph.ts';
import { HounsfieldError } from '../../errors.ts';

export interface LossOptions {
  /**
   * One weight per sample, float32 [N]. A sample of weight zero does not count, which is how a short last batch is
   * padded; all of them zero gives NaN.
   */
  readonly weights?: Value | undefined;
  /**
   * 1 where an element of the target is known, 0 where it is not, of the losses' shape: the mean is taken over what is
   * known, and is 0 where nothing is. See knownTargets.
   */
  readonly known?: Value | undefined;
}

/** (logits or prediction, target, options) -> scalar. */
export type Loss = (prediction: Value, target: Value, options?: LossOptions) => Value;

/** The sum of all elements, a scalar. */
export const total = (x: Value): Value => x.graph.op('ReduceSum', [x], { keepdims: 0 });

/** [N] -> [N, 1, ...], to broadcast along a value of that rank. */
export const perSample = (weights: Value, rank: number): Value =>
  reshape(weights, [-1, ...Array<number>(rank - 1).fill(1)]);

/** [K] -> [1, K, 1, ...], to broadcast along the classes of a value of that rank. */
export const perClass = (weights: Value, rank: number): Value =>
  reshape(weights, [1, -1, ...Array<number>(rank - 2).fill(1)]);

/** Mean of the element losses [N, ...], each sample counted by its weight, each element if it is known. */
export function weightedMean(losses: Value, { weights, known }: LossOptions): Value {
  const { graph } = losses;
  if (known) {
    const counted = weights ? mul(known, perSample(weights, rankOf(losses))) : known;
    const count = graph.op('Max', [total(counted), scalarLike(losses, 1e-12)]);
    return div(total(mul(losses, counted)), count);
  }
  if (!weights) return graph.op('ReduceMean', [losses], { keepdims: 0 });
  const rank = rankOf(losses);
  const axes = Array.from({ length: rank - 1 }, (_, i) => i + 1);
  const means = rank > 1 ? graph.op('ReduceMean', [losses, ints(graph, axes)], { keepdims: 0 }) : losses; // [N]
  return div(total(mul(means, weights)), total(weights));
}

/** @throws LOSS_SHAPE when the rank is not known */
export function rankOf(x: Value): number {
  if (x.shape) return x.shape.length;
  throw new HounsfieldError(
    'LOSS_SHAPE',
    `the loss was given '${x.name}', of unknown rank. Give its graph inputs a shape.`,
  );
}

/** @throws LOSS_OPTION unless the condition holds */
export function checkOption(condition: boolean, problem: string): void {
  if (!condition) throw new HounsfieldError('LOSS_OPTION', problem);
}
