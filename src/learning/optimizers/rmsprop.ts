import { add, div, mul, scalarLike, sqrt, sub } from '../../engine/graph/build.ts';
import type { Graph, Value } from '../../engine/graph/graph.ts';
import { checkRange, type DecayOptions, decayOf, moment, type Optimizer, ratesOf } from './optimizer.ts';

export interface RmspropOptions extends DecayOptions {
  /** Share of the old mean square that is kept. */
  readonly alpha?: number;
  readonly epsilon?: number;
  readonly momentum?: number;
  /** Divides by the deviation rather than by the root of the mean square (Graves, 2013, eq. 38 to 40). */
  readonly centered?: boolean;
}

/** RMSprop (Tieleman and Hinton, lecture 6.5, 2012), in PyTorch's form. @throws OPTIMIZER_OPTION */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  const { alpha = 0.99, epsilon = 1e-8, momentum = 0, centered = false } = options;
  checkRange('alpha', alpha, 0, 1);
  checkRange('epsilon', epsilon, 0);
  checkRange('momentum', momentum, 0, 1);
  const decay = decayOf(options);
  return {
    name: 'rmsprop',
    update(graph, parameters, rate) {
      const rateOf = ratesOf(rate);
      for (const parameter of parameters) {
        const { value, rateFactor } = parameter;
        const ownRate = rateOf(rateFactor);
        const gradient = decay.gradient(parameter);
        let square = runningMean(graph, value, 'v', alpha, mul(gradient, gradient));
        if (centered) {
          const mean = runningMean(graph, value, 'mean', alpha, gradient);
          square = sub(square, mul(mean, mean));
        }
        let direction = div(gradient, add(sqrt(square), scalarLike(square, epsilon)));
        if (momentum > 0) {
          const m = moment(graph, value, 'm');
          direction = add(mul(m, scalarLike(m, momentum)), direction);
          graph.update(m, direction);
        }
        graph.update(value, sub(decay.weight(parameter, ownRate), mul(direction, ownRate)));
      }
    },
  };
}

function runningMean(graph: Graph, parameter: Value, name: string, kept: number, x: Value): Value {
  const mean = moment(graph, parameter, name);
  const next = add(mul(mean, scalarLike(mean, kept)), mul(x, scalarLike(x, 1 - kept)));
  graph.update(mean, next);
  return next;
}
