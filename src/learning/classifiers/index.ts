/** Classifiers for tables of numbers: preparations, selection, pipelines, clustering, projections. Arrays in, probabilities and ONNX out. */
export type { Classifier, FitOptions, FittedClassifier } from './classifier.ts';
export { type Dbscan, type DbscanSettings, dbscan } from './clustering/dbscan.ts';
export {
  type CovarianceKind,
  gaussianMixture,
  type Mixture,
  type MixtureSettings,
  mixtureAic,
  mixtureBic,
  mixtureLabels,
  mixtureLogLikelihood,
  mixtureShares,
} from './clustering/gaussian-mixture.ts';
export {
  type CorrelationClusters,
  type Cut,
  clusterHierarchy,
  correlationClusters,
  cutHierarchy,
  type Hierarchy,
  hierarchyOfDistances,
  type Linkage,
  leafOrder,
} from './clustering/hierarchy.ts';
export { type KMeans, type KMeansSettings, kMeans, nearestCentres } from './clustering/k-means.ts';
export {
  adjustedRand,
  calinskiHarabasz,
  daviesBouldin,
  silhouetteScore,
  silhouettes,
} from './clustering/scores.ts';
export type { LinearDiscriminantSettings } from './discriminant/linear-discriminant.ts';
export type { QuadraticDiscriminantSettings } from './discriminant/quadratic-discriminant.ts';
export {
  type Fit,
  fitAdaBoost,
  fitDecisionTree,
  fitExtraTrees,
  fitGaussianNaiveBayes,
  fitGradientBoosting,
  fitLinearDiscriminant,
  fitLogisticRegression,
  fitNearestNeighbours,
  fitPerceptron,
  fitQuadraticDiscriminant,
  fitRandomForest,
  fitSupportVectorMachine,
} from './fits.ts';
export {
  type ElasticNetSettings,
  elasticNetByFolds,
  elasticNetPath,
  fitElasticNet,
  fitLasso,
} from './linear/elastic-net.ts';
export type { FittedRegression, RegressionOptions } from './linear/fitted-regression.ts';
export { fitLinearRegression, fitRidgeRegression } from './linear/least-squares.ts';
export type { FittedLinear } from './linear/linear-scores.ts';
export { type LogisticSettings, logisticPath } from './linear/logistic.ts';
export { type Matrix, matrix, matrixOf, rowOf, takeColumns, takeRows } from './matrix.ts';
export type { GaussianNaiveBayesSettings } from './naive-bayes/gaussian-naive-bayes.ts';
export type { NearestNeighboursSettings } from './neighbours/k-nearest.ts';
export type { PerceptronSettings } from './perceptron/multilayer-perceptron.ts';
export { checkPipeline, type PartChoice, type PipelineSettings } from './pipeline/needed-steps.ts';
export { type FitPipelineOptions, type FittedPipeline, fitPipeline, likeliest } from './pipeline/pipeline.ts';
export { type PipelineNames, pipelineGraph } from './pipeline/pipeline-graph.ts';
export { createSharedSteps, type SharedSteps } from './pipeline/shared-steps.ts';
export type { FittedPreparation, Preparation, Resampling } from './preparation.ts';
export { preparations } from './preparations/registry.ts';
export { extendPca, type IncrementalPca } from './projections/incremental-pca.ts';
export { fitPca, type Pca, type PcaSettings, pcaInverse, pcaTransform } from './projections/pca.ts';
export { type Tsne, type TsneSettings, tsne } from './projections/t-sne.ts';
export { trustworthiness } from './projections/trustworthiness.ts';
export { membershipCurve, type UmapSettings, umap } from './projections/umap.ts';
export { classifiers } from './registry.ts';
export { tomekLinks } from './resampling/cleaning.ts';
export { resamplings } from './resampling/registry.ts';
export { type SmoteSettings, smote } from './resampling/smote.ts';
export { type CorrelationKind, correlationMatrix } from './selection/correlation.ts';
export { mrmrOrder } from './selection/mrmr.ts';
export { mutualInformation } from './selection/mutual-information.ts';
export { eliminationRounds } from './selection/recursive-elimination.ts';
export { anovaF, falseDiscoveryRate, kruskalWallis, mannWhitney } from './selection/univariate-tests.ts';
export type { FittedSupportVectors, SupportVectorSettings } from './svm/support-vector-machine.ts';
export type { AdaBoostSettings } from './trees/ada-boost.ts';
export type { DecisionTreeSettings } from './trees/decision-tree.ts';
export { sumTrees, type TreeEnsemble } from './trees/ensemble.ts';
export type { FittedTrees } from './trees/fitted-trees.ts';
export type { BoostingSettings } from './trees/gradient-boosting.ts';
export type { FittedForest, ForestSettings } from './trees/random-forest.ts';
export { treesOfGraph } from './trees/read-trees.ts';
export type { Tree } from './trees/tree.ts';
export {
  type FittedTreeRegression,
  fitBoostingRegression,
  fitForestRegression,
} from './trees/tree-regression.ts';
