import { add, cast, div, mul, scalarLike, sub } from '../../engine/graph/build.ts';
import type { Graph, Value } from '../../engine/graph/graph.ts';
import { tensorOf } from '../../engine/tensor/tensor.ts';
import { checkRange } from './optimizer.ts';

export interface AverageOptions {
  /** Share of the old average that is kept. */
  readonly decay?: number;
  /** Keeps less at first, (1+t)/(10+t) in step t = 0, 1, ..., so that the first weights are soon forgotten. */
  readonly warmUp?: boolean;
}

/**
 * Exponential moving average of the weights (Polyak and Juditsky, 1992, for its use): state `average/<parameter>`
 * that begins as the parameter. Call it after the optimizer's update.
 *
 * @returns the average of each parameter, an initializer, by the parameter's name
 * @throws OPTIMIZER_OPTION
 */
export function averageWeights(
  graph: Graph,
  parameters: readonly Value[],
  options: AverageOptions = {},
): ReadonlyMap<string, Value> {
  const { decay = 0.999, warmUp = false } = options;
  checkRange('decay', decay, 0, 1);
  const averages = new Map<string, Value>();
  let taken: Value | undefined;
  for (const parameter of parameters) {
    const average = graph.initializer(`average/${parameter.name}`, parameter.constant!);
    taken ??= warmUp ? warmedShare(graph, decay) : scalarLike(average, 1 - decay);
    const next = graph.updates.get(parameter) ?? parameter;
    graph.update(average, add(average, mul(sub(next, average), taken)));
    averages.set(parameter.name, average);
  }
  return averages;
}

/** 1 - min(decay, (1+t)/(10+t)) = max(1-decay, 9/(10+t)). */
function warmedShare(graph: Graph, decay: number): Value {
  const step = graph.initializer('average/step', tensorOf('int64', [], [0]));
  graph.update(step, add(step, scalarLike(step, 1)));
  const t = cast(step, 'float32');
  return graph.op('Max', [div(scalarLike(t, 9), add(t, scalarLike(t, 10))), scalarLike(t, 1 - decay)]);
}
