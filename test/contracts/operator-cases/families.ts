import { activationsCases } from './activations-cases.ts';
import { castConstantCases } from './cast-constant-cases.ts';
import { convolutionCases } from './convolution-cases.ts';
import { elementwiseCases } from './elementwise-cases.ts';
import { indexOperatorsCases } from './index-operators-cases.ts';
import { linearAlgebraCases } from './linear-algebra-cases.ts';
import { normalizationCases } from './normalization-cases.ts';
import type { OperatorCase } from './operator-case.ts';
import { poolingCases } from './pooling-cases.ts';
import { recurrentCases } from './recurrent-cases.ts';
import { reductionsCases } from './reductions-cases.ts';
import { resamplingCases } from './resampling-cases.ts';
import { shapeOperatorsCases } from './shape-operators-cases.ts';

/** Every family's cases, by the name of its fixture under fixtures/operators/. */
export const families: Readonly<Record<string, readonly OperatorCase[]>> = {
  elementwise: elementwiseCases,
  reductions: reductionsCases,
  normalization: normalizationCases,
  'linear-algebra': linearAlgebraCases,
  'cast-constant': castConstantCases,
  activations: activationsCases,
  convolution: convolutionCases,
  pooling: poolingCases,
  'index-operators': indexOperatorsCases,
  resampling: resamplingCases,
  'shape-operators': shapeOperatorsCases,
  recurrent: recurrentCases,
};
