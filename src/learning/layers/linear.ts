import type { Value } from '../../engine/graph/graph.ts';
import { type BuildContext, parameter } from './build-context.ts';
import { knownSize } from './extent.ts';
import { type Initializer, torchUniform, uniform } from './initializers.ts';

export interface LinearOptions {
  readonly outputs: number;
  readonly bias?: boolean;
  readonly initialize?: Initializer;
}

/**
 * y = x W^T + b, parameters `<name>.weight` [outputs, inputs] and `<name>.bias`.
 *
 * @param x [N, inputs]
 * @returns [N, outputs]
 * @throws LAYER_SHAPE
 */
export function linear(context: BuildContext, name: string, x: Value, options: LinearOptions): Value {
  const { outputs, bias = true, initialize = torchUniform } = options;
  const size = knownSize(x, 1, `linear '${name}'`);
  return context.graph.scope(name, () => {
    const weight = parameter(context, 'weight', [outputs, size], initialize);
    const inputs = bias
      ? [x, weight, parameter(context, 'bias', [outputs], uniform(1 / Math.sqrt(size)))]
      : [x, weight];
    return context.graph.op('Gemm', inputs, { transB: 1 });
  });
}
