import { activations } from './activations.ts';
import { castConstant } from './cast-constant.ts';
import { composites } from './composites.ts';
import { convolution, runtimeConvolution } from './convolution.ts';
import { elementwise } from './elementwise.ts';
import { indexOperators } from './index-operators.ts';
import { linearAlgebra, runtimeLinearAlgebra } from './linear-algebra.ts';
import { normalization } from './normalization.ts';
import type { Operator, OperatorTable } from './operator.ts';
import { pooling } from './pooling.ts';
import { recurrentOperators } from './recurrent.ts';
import { reductions } from './reductions.ts';
import { resampling } from './resampling.ts';
import { shapeOperators } from './shape-operators.ts';

/** Every operator of ONNX's own domain that the engine knows, by name. */
export const standardOperators: OperatorTable = {
  ...elementwise,
  ...activations,
  ...reductions,
  ...linearAlgebra,
  ...normalization,
  ...castConstant,
  ...convolution,
  ...pooling,
  ...shapeOperators,
  ...indexOperators,
  ...resampling,
  ...recurrentOperators,
};

/** Operators of other domains, by 'domain:name'. */
export const otherOperators: OperatorTable = {
  ...composites,
  ...runtimeConvolution,
  ...runtimeLinearAlgebra,
};

/** The engine's entry for an operator, or undefined. */
export function operatorFor(domain: string, op: string): Operator | undefined {
  return domain === '' || domain === 'ai.onnx' ? standardOperators[op] : otherOperators[`${domain}:${op}`];
}
