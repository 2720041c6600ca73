import { mul } from '../../engine/graph/build.ts';
import type { Value } from '../../engine/graph/graph.ts';
import { staticShape } from '../../engine/graph/shape.ts';
import { HounsfieldError } from '../../errors.ts';
import type { BuildContext } from './build-context.ts';

/**
 * Dropout (Srivastava et al., JMLR 2014), scaled so that 'infer' is the identity. The mask is a graph input that the
 * loop fills, so that a run can be repeated.
 *
 * @param rate share of the values set to zero, 0 <= rate < 1
 * @throws LAYER_OPTION, SHAPE_NOT_STATIC
 */
export function dropout(context: BuildContext, name: string, x: Value, rate: number): Value {
  checkRate(`dropout '${name}'`, rate);
  if (context.mode === 'infer' || rate === 0) return x;
  return masked(context, name, x, staticShape(x), rate);
}

/**
 * Leaves a branch out for some images of the batch (Huang et al., "Deep networks with stochastic depth", ECCV 2016), one
 * draw an image, scaled so that 'infer' is the identity.
 *
 * @param x [N, ...], what the branch adds
 * @param rate share of the images without the branch, 0 <= rate < 1
 * @throws LAYER_OPTION, SHAPE_NOT_STATIC
 */
export function stochasticDepth(context: BuildContext, name: string, x: Value, rate: number): Value {
  checkRate(`stochasticDepth '${name}'`, rate);
  if (context.mode === 'infer' || rate === 0) return x;
  const [batch, ...rest] = staticShape(x);
  return masked(context, name, x, [batch!, ...rest.map(() => 1)], rate);
}

function checkRate(layer: string, rate: number): void {
  if (rate >= 0 && rate < 1) return;
  throw new HounsfieldError('LAYER_OPTION', `${layer} was given rate ${rate}, expected 0 <= rate < 1.`);
}

function masked(
  context: BuildContext,
  name: string,
  x: Value,
  shape: readonly number[],
  rate: number,
): Value {
  const mask = context.graph.input(context.graph.scopedName(`${name}.mask`), 'float32', shape);
  context.randomInputs.push({ name: mask.name, shape, keepProbability: 1 - rate });
  return mul(x, mask);
}
