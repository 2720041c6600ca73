import { add, mul, scalarLike, sub, where } from '../../engine/graph/build.ts';
import type { Graph, Value } from '../../engine/graph/graph.ts';
import { HounsfieldError } from '../../errors.ts';
import {
  checkRange,
  type DecayOptions,
  decayOf,
  moment,
  type Optimizer,
  ratesOf,
  stepNumber,
} from './optimizer.ts';

export interface SgdOptions extends DecayOptions {
  readonly momentum?: number;
  /** Share of the gradient kept out of the momentum, from the second step on. */
  readonly dampening?: number;
  /** Looks ahead by the momentum (Sutskever et al., ICML 2013); needs momentum and no dampening. */
  readonly nesterov?: boolean;
}

/**
 * Stochastic gradient descent with momentum, in PyTorch's form: m' = momentum m + (1-dampening) g, p' = p - rate m'.
 * The first step's m' is g.
 *
 * @throws OPTIMIZER_OPTION
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  const { momentum = 0, dampening = 0, nesterov = false } = options;
  checkRange('momentum', momentum, 0, 1);
  checkRange('dampening', dampening, 0, 1);
  if (nesterov && (momentum === 0 || dampening !== 0)) {
    throw new HounsfieldError('OPTIMIZER_OPTION', 'nesterov needs a momentum above 0 and dampening 0.');
  }
  const decay = decayOf(options);
  return {
    name: 'sgd',
    update(graph, parameters, rate) {
      const rateOf = ratesOf(rate);
      const share = momentum > 0 && dampening > 0 ? gradientShare(graph, rate, dampening) : undefined;
      for (const parameter of parameters) {
        const { value, rateFactor } = parameter;
        const ownRate = rateOf(rateFactor);
        const gradient = decay.gradient(parameter);
        let direction = gradient;
        if (momentum > 0) {
          const m = moment(graph, value, 'm');
          const factor = scalarLike(m, momentum);
          const next = add(mul(m, factor), share ? mul(gradient, share) : gradient);
          graph.update(m, next);
          direction = nesterov ? add(gradient, mul(next, factor)) : next;
        }
        graph.update(value, sub(decay.weight(parameter, ownRate), mul(direction, ownRate)));
      }
    },
  };
}

/** 1 in the first step, 1 - dampening after it. */
function gradientShare(graph: Graph, rate: Value, dampening: number): Value {
  const step = stepNumber(graph);
  const first = graph.op('Less', [step, scalarLike(step, 1.5)]);
  return where(first, scalarLike(rate, 1), scalarLike(rate, 1 - dampening));
}
