/** Is it true, and why? Arrays in, numbers and pictures out. */
export type { ExplainedTree, ExplainedTrees, TreeShap } from './explanation/explained-trees.ts';
export { compileGradCam, type GradCam, type HeatMap } from './explanation/grad-cam.ts';
export {
  type PermutationDrops,
  type PermutationQuestion,
  permutationDrops,
  permutationImportance,
} from './explanation/permutation-importance.ts';
export { type ShapleyRequest, type ShapleyValues, shapleySampling } from './explanation/shapley-sampling.ts';
export { meanAbsolute, type TreeShapOptions, treeShap } from './explanation/tree-shap.ts';
export {
  calibrationLine,
  concordance,
  intraclassCorrelation,
  limitsOfAgreement,
  meanAbsoluteError,
  pearson,
  rootMeanSquaredError,
  rSquared,
  spearman,
} from './metrics/agreement.ts';
export {
  accuracy,
  balancedAccuracy,
  cohenKappa,
  confusionMatrix,
  matthews,
  mostProbable,
} from './metrics/confusion.ts';
export { gradeOf } from './metrics/grades.ts';
export { type Intraclass, type IntraclassAgreement, intraclassAgreement } from './metrics/intraclass.ts';
export { brierScore, expectedCalibrationError, logLoss, reliabilityCurve } from './metrics/probability.ts';
export { averagePrecisionMacro, rocAuc, rocAucMacro } from './metrics/ranking.ts';
export { type ClassificationEvidence, classificationEvidence } from './statistics/classification-evidence.ts';
export { compareFolds, foldsFigure } from './statistics/corrected-resampled.ts';
export { compareAreas } from './statistics/delong.ts';
export type { Evidence, SiteEvidence } from './statistics/evidence.ts';
export { type GradeEvidence, gradeEvidence } from './statistics/grade-evidence.ts';
export { type LabelsEvidence, labelsEvidence } from './statistics/labels-evidence.ts';
export { mcNemar } from './statistics/mcnemar.ts';
export { chooseOperatingPoint } from './statistics/operating-point.ts';
export { type ValueEvidence, valueEvidence } from './statistics/value-evidence.ts';
