/** Where the wings meet: data sets, tasks, the saved model and its report (Node.js). */
export {
  type EnsembleCard,
  type FeatureModelCard,
  type MemberCard,
  type ModelCard,
  readCard,
  readFeatureCard,
} from './bundle/model-card.ts';
export { compareCrossValidations, type FoldComparison } from './cross-validation/compare.node.ts';
export { crossValidate } from './cross-validation/cross-validate.node.ts';
export type {
  CrossValidationMetrics,
  CrossValidationRequest,
  CrossValidationResult,
} from './cross-validation/plan.ts';
export { loadCases } from './dataset/cases-table.node.ts';
export type { ClinicalColumn, ClinicalInput } from './dataset/clinical-table.ts';
export type { Dataset } from './dataset/dataset.ts';
export { type FoldOptions, type Folds, makeFolds } from './dataset/folds.ts';
export { type FoldsFile, foldsText, foldsToFile, readFolds } from './dataset/folds-file.node.ts';
export type { LoadOptions } from './dataset/load-options.ts';
export { loadDataset } from './dataset/manifest.node.ts';
export { writePhantomDataset } from './dataset/phantom-files.node.ts';
export { writeFindingsPhantom } from './dataset/phantom-findings.node.ts';
export { writePairsPhantom } from './dataset/phantom-pairs.node.ts';
export { writeRegionsPhantom } from './dataset/phantom-regions.node.ts';
export { writeStudiesPhantom } from './dataset/phantom-studies.node.ts';
export { splitDataset } from './dataset/split.ts';
export { type Disagreement, disagreement } from './ensemble/disagreement.ts';
export { type EnsembleRequest, type EnsembleResult, makeEnsemble } from './ensemble/ensemble.node.ts';
export { checkStrings, type StringsChecked } from './files/check-strings.node.ts';
export { type Converted, convertFile } from './files/convert-file.node.ts';
export { type DeidentifiedFolder, deidentifyFolder } from './files/deidentify-folder.node.ts';
export { describePath, type PathDescription } from './files/describe-path.node.ts';
export { viewFile } from './files/view-file.node.ts';
export { type Halo, receptiveField } from './inference/receptive-field.ts';
export {
  runFullyConvolutional,
  type TilingOptions,
  tileWithin,
} from './inference/run-fully-convolutional.ts';
export type { RegionCase, RegionCases, Repeat } from './radiomics/cases.ts';
export type { FeatureRow, FeatureTable } from './radiomics/feature-table.ts';
export { type FeaturesRequest, type FeaturesResult, writeFeatures } from './radiomics/features.node.ts';
export { type MeasureSettings, measureRegion, measureSettingsOf } from './radiomics/measure-files.node.ts';
export { type CaseOptions, readCases } from './radiomics/read-cases.node.ts';
export { type Repeatability, repeatability } from './radiomics/section-repeats.ts';
export { completeRadiomics, type RadiomicsSettings } from './radiomics/settings.ts';
export { openTable, writeTable } from './radiomics/table-file.node.ts';
export { taskNamed, tasks } from './registry.ts';
export { renderReport } from './report/render-report.ts';
export type { SearchRequest, SearchResult } from './search/plan.ts';
export { searchSettings } from './search/search.node.ts';
export { readSpaceFile } from './search/space-file.node.ts';
export type { PredictRequest, Task, TaskEvent } from './task.ts';
export { compareRuns, type RunComparison, sortRuns } from './tracking/compare-runs.ts';
export { findRuns } from './tracking/find-runs.node.ts';
export { sendTracking } from './tracking/mlflow.node.ts';
export { type RunRecord, readRun } from './tracking/read-run.node.ts';
export { runsPage } from './tracking/runs-page.ts';
export type { RunDescription, RunOutcome, StepRecord, Tracker } from './tracking/tracker.ts';
export { trackersFrom } from './tracking/trackers.node.ts';
