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
  if (!(rate >= 0 && rate < 1)) {
    throw new HounsfieldError(
      'LAYER_OPTION',
      `dropout '${name}' was given rate ${rate}, expected 0 <= rate < 1.`,
    );
  }
  if (context.mode === 'infer' || rate === 0) return x;
  const shape = staticShape(x);
  const mask = context.graph.input(context.graph.scopedName(`${name}.mask`), 'float32', shape);
  context.randomInputs.push({ name: mask.name, shape, keepProbability: 1 - rate });
  return mul(x, mask);
}
