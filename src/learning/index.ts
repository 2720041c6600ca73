/** How models are made: layers, losses, optimizers, networks, weights, the training loop and the search for settings. */
export { selfAttention } from './layers/attention.ts';
export { attentionPool } from './layers/attention-pooling.ts';
export { type BuildContext, createContext, type Network } from './layers/build-context.ts';
export { conv } from './layers/convolution.ts';
export { dropout, stochasticDepth } from './layers/dropout.ts';
export { linear } from './layers/linear.ts';
export { batchNorm, groupNorm, instanceNorm, layerNorm } from './layers/normalization.ts';
export {
  adaptiveAveragePool,
  averagePool,
  flatten,
  globalAveragePool,
  maxPool,
} from './layers/pooling.ts';
export { gru, lstm, type RecurrentOptions, type RecurrentOutput } from './layers/recurrent.ts';
export { squeezeExcitation } from './layers/squeeze-excitation.ts';
export {
  binaryCrossEntropyWithLogits,
  binaryFocalWithLogits,
  crossEntropy,
  focal,
} from './losses/cross-entropy.ts';
export { knownTargets } from './losses/known.ts';
export { logitAdjusted } from './losses/logit-adjusted.ts';
export { huber, meanAbsoluteError, meanSquaredError, smoothL1 } from './losses/regression.ts';
export { alexnet } from './networks/alexnet.ts';
export { densenet } from './networks/densenet.ts';
export { efficientnetB0 } from './networks/efficientnet.ts';
export { type FusedInputs, type FusionOptions, fusion, type MultiInputNetwork } from './networks/fusion.ts';
export { googlenet } from './networks/googlenet.ts';
export { type Backbone, features, type Head, headOf } from './networks/head.ts';
export type { ImportedInput } from './networks/imported-file.ts';
export { type ImportedNetwork, type ImportOptions, importedNetwork } from './networks/imported-network.ts';
export { inceptionTime } from './networks/inception-time.ts';
export { measureUnfolded } from './networks/measure-unfolded.ts';
export { mobilenetV2 } from './networks/mobilenet.ts';
export { networkOfRank, networksOfOtherRanks } from './networks/other-ranks.ts';
export { type PatchGrid, resamplePositions } from './networks/position-embedding.ts';
export { recurrentClassifier } from './networks/recurrent-classifier.ts';
export { networkNamed, networks } from './networks/registry.ts';
export { resnet } from './networks/resnet.ts';
export { resnet3d } from './networks/resnet-3d.ts';
export { smallCnn } from './networks/small-cnn.ts';
export { squeezenet } from './networks/squeezenet.ts';
export { type StudyNetwork, type StudyOptions, study } from './networks/study.ts';
export { vgg } from './networks/vgg.ts';
export { visionTransformer } from './networks/vision-transformer.ts';
export { volumeNetworks } from './networks/volume-registry.ts';
export { adam, adamW } from './optimizers/adam.ts';
export { averageWeights } from './optimizers/average.ts';
export { clipByGlobalNorm } from './optimizers/clipping.ts';
export { rmsprop } from './optimizers/rmsprop.ts';
export { sgd } from './optimizers/sgd.ts';
export { goesOn, halvingRungs } from './selection/search/halving.ts';
export { type Importance, parameterImportance } from './selection/search/importance.ts';
export {
  type PastTrial,
  proposeNew,
  randomSampler,
  type Sampler,
  tpeSampler,
} from './selection/search/samplers.ts';
export { type Parameter, parseSpace, type SearchSpace, type Values } from './selection/search/space.ts';
export { type Block, depthRates, parameterBlocks } from './training/blocks.ts';
export { type EpochRecord, startProgress, type TrainingPlan, trainEpochs } from './training/loop.ts';
export { findLearningRate, type RateSearch } from './training/rate-finder.ts';
export { constantRate, cosine, oneCycle, plateauRate, stepDecay, warmUp } from './training/schedules.ts';
export { compileStatistics } from './training/statistics.ts';
export {
  compileTrainingStep,
  type FeatureExtractor,
  type Learning,
  type TrainingStep,
} from './training/step.ts';
export { describeMatch } from './weights/describe-match.ts';
export { asFloat32 } from './weights/element-type.ts';
export { reverseInputChannels } from './weights/input-channels.ts';
export {
  type MatchOptions,
  type MatchReport,
  matchWeights,
  type NamedShape,
  planMatch,
  type WeightLayout,
} from './weights/match-weights.ts';
export { readWeights } from './weights/read-weights.ts';
export { readSafetensors, writeSafetensors } from './weights/safetensors.ts';
export { type InputConvention, type WeightSource, weightSources } from './weights/sources.ts';
export { readTfjsModel, type TfjsOptions } from './weights/tfjs/read-tfjs-model.ts';
export type { ReadShard } from './weights/tfjs/weights.ts';
