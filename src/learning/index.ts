/** How models are made: layers, losses, optimizers, networks and the training loop. */
export { type BuildContext, createContext, type Network } from './layers/build-context.ts';
export { conv } from './layers/convolution.ts';
export { dropout } from './layers/dropout.ts';
export { linear } from './layers/linear.ts';
export { batchNorm, groupNorm, instanceNorm, layerNorm } from './layers/normalization.ts';
export { averagePool, flatten, globalAveragePool, maxPool } from './layers/pooling.ts';
export {
  binaryCrossEntropyWithLogits,
  binaryFocalWithLogits,
  crossEntropy,
  focal,
} from './losses/cross-entropy.ts';
export { huber, meanAbsoluteError, meanSquaredError, smoothL1 } from './losses/regression.ts';
export { networkNamed, networks } from './networks/registry.ts';
export { resnet } from './networks/resnet.ts';
export { smallCnn } from './networks/small-cnn.ts';
export { adam, adamW } from './optimizers/adam.ts';
export { averageWeights } from './optimizers/average.ts';
export { clipByGlobalNorm } from './optimizers/clipping.ts';
export { rmsprop } from './optimizers/rmsprop.ts';
export { sgd } from './optimizers/sgd.ts';
export { type EpochRecord, startProgress, type TrainingPlan, trainEpochs } from './training/loop.ts';
export { constantRate, cosine, oneCycle, plateauRate, stepDecay, warmUp } from './training/schedules.ts';
export { compileTrainingStep, type Learning, type TrainingStep } from './training/step.ts';
export { readSafetensors, writeSafetensors } from './weights/safetensors.ts';
