import { add, matMul, transpose } from '../../engine/graph/build.ts';
import type { Value } from '../../engine/graph/graph.ts';
import { type BuildContext, parameter } from './build-context.ts';
import { knownSize } from './extent.ts';
import { type Initializer, torchUniform, uniform } from './initializers.ts';

export interface LinearOptions {
  readonly outputs: number;
  readonly bias?: boolean;
  readonly initialize?: Initializer;
  /** Of the bias; uniform within 1/sqrt(inputs), PyTorch's default, when left out. */
  readonly initializeBias?: Initializer;
}

/**
 * y = x W^T + b along the last axis, parameters `<name>.weight` [outputs, inputs] and `<name>.bias`.
 *
 * @param x [N, ..., inputs]
 * @returns [N, ..., outputs]
 * @throws LAYER_SHAPE
 */
export function linear(context: BuildContext, name: string, x: Value, options: LinearOptions): Value {
  const { outputs, bias = true, initialize = torchUniform } = options;
  const size = knownSize(x, -1, `linear '${name}'`);
  const { initializeBias = uniform(1 / Math.sqrt(size)) } = options;
  const { graph } = context;
  return graph.scope(name, () => {
    const weight = parameter(context, 'weight', [outputs, size], initialize);
    const shift = bias ? parameter(context, 'bias', [outputs], initializeBias) : undefined;
    if (x.shape?.length === 2)
      return graph.op('Gemm', shift ? [x, weight, shift] : [x, weight], { transB: 1 });
    const product = matMul(x, transpose(weight, [1, 0]));
    return shift ? add(product, shift) : product;
  });
}
