import { add, cast, div, mul, scalarLike, sqrt, sub } from '../../engine/graph/build.ts';
import type { Value } from '../../engine/graph/graph.ts';
import {
  biasCorrection,
  checkRange,
  type DecayOptions,
  decayOf,
  moment,
  type Optimizer,
  ratesOf,
  single,
  stepNumber,
} from './optimizer.ts';

export interface AdamOptions extends DecayOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
}

/**
 * Adam (Kingma and Ba, ICLR 2015, algorithm 1), weight decay as L2 unless said otherwise.
 *
 * The moments are kept without their factors, M = m/(1-beta1) and V = v/(1-beta2), which saves a pass over memory
 * each; p' = p - c M' / (sqrt(V') + e) with c and e scalars that hold those factors and the bias corrections.
 *
 * @throws OPTIMIZER_OPTION
 */
export function adam(options: AdamOptions = {}): Optimizer {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  checkRange('beta1', beta1, 0, 1);
  checkRange('beta2', beta2, 0, 1);
  checkRange('epsilon', epsilon, Number.MIN_VALUE);
  const decay = decayOf(options);
  return {
    name: 'adam',
    update(graph, parameters, rate) {
      const { size, offset } = stepScalars(stepNumber(graph), { beta1, beta2, epsilon });
      const rateOf = ratesOf(rate);
      const sizes = new Map<Value, Value>();
      for (const parameter of parameters) {
        const { value, rateFactor } = parameter;
        const ownRate = rateOf(rateFactor);
        const ownSize = sizes.get(ownRate) ?? single(mul(cast(ownRate, 'float64'), size));
        sizes.set(ownRate, ownSize);

        const gradient = decay.gradient(parameter);
        const m = moment(graph, value, 'm');
        const v = moment(graph, value, 'v');
        const nextM = add(mul(m, scalarLike(m, beta1)), gradient);
        const nextV = add(mul(v, scalarLike(v, beta2)), mul(gradient, gradient));
        graph.update(m, nextM);
        graph.update(v, nextV);
        const move = mul(div(nextM, add(sqrt(nextV), offset)), ownSize);
        graph.update(value, sub(decay.weight(parameter, ownRate), move));
      }
    },
  };
}

/** AdamW (Loshchilov and Hutter, ICLR 2019, algorithm 2): Adam with decoupled weight decay, 0.01 when left out. @throws OPTIMIZER_OPTION */
export function adamW(options: Omit<AdamOptions, 'decayKind'> = {}): Optimizer {
  return { ...adam({ weightDecay: 0.01, ...options, decayKind: 'decoupled' }), name: 'adamw' };
}

/** size: c without the rate, float64; offset: e, float32. With k = sqrt((1-beta2)/(1-beta2^t)). */
function stepScalars(
  step: Value,
  { beta1, beta2, epsilon }: { beta1: number; beta2: number; epsilon: number },
): { readonly size: Value; readonly offset: Value } {
  const k = sqrt(div(scalarLike(step, 1 - beta2), biasCorrection(beta2, step)));
  const size = div(scalarLike(step, 1 - beta1), mul(k, biasCorrection(beta1, step)));
  return { size, offset: single(div(scalarLike(step, epsilon), k)) };
}
