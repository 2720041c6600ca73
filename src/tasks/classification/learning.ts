import type { Value } from '../../engine/graph/graph.ts';
import { crossEntropy, focal } from '../../learning/losses/cross-entropy.ts';
import { adam, adamW } from '../../learning/optimizers/adam.ts';
import type { Optimizer } from '../../learning/optimizers/optimizer.ts';
import { rmsprop } from '../../learning/optimizers/rmsprop.ts';
import { sgd } from '../../learning/optimizers/sgd.ts';
import type { Learning } from '../../learning/training/step.ts';
import { balancedClassWeights } from '../dataset/imbalance.ts';
import { normalise } from './classifier-graph.ts';
import type { PreparedData } from './prepare.node.ts';
import type { ClassificationSettings } from './settings.ts';

const optimizers: Readonly<
  Record<ClassificationSettings['optimizer'], (s: ClassificationSettings) => Optimizer>
> = {
  sgd: ({ momentum, weightDecay }) => sgd({ momentum, weightDecay }),
  adam: ({ weightDecay }) => adam({ weightDecay }),
  adamw: ({ weightDecay }) => adamW({ weightDecay }),
  rmsprop: ({ momentum, weightDecay }) => rmsprop({ momentum, weightDecay }),
};

/**
 * A classifier's learning problem. The graph's inputs are 'images' [B, C, h, w] in the files' scale, 'targets' [B, K]
 * and 'weights' [B], zero for the padding of a short last batch.
 */
export function classifierLearning(
  data: Pick<PreparedData, 'dataset' | 'input' | 'network' | 'trainCounts'>,
  settings: ClassificationSettings,
): Learning {
  const { input, network, trainCounts } = data;
  const labels = data.dataset.classes.length;
  return {
    seed: settings.seed,
    optimizer: optimizers[settings.optimizer](settings),
    clip: settings.clip,
    average: settings.ema,
    accumulate: settings.accumulate,
    build(context): Value {
      const { graph } = context;
      const images = graph.input('images', 'float32', [
        settings.batch,
        input.channels,
        input.height,
        input.width,
      ]);
      const targets = graph.input('targets', 'float32', [settings.batch, labels]);
      const weights = graph.input('weights', 'float32', [settings.batch]);
      const logits = network.network(context, normalise(images, input), { outputs: labels }); // [B, K]
      const classWeights =
        settings.imbalance === 'weights' ? { classWeights: [...balancedClassWeights(trainCounts)] } : {};
      if (settings.loss === 'focal') return focal(logits, targets, { weights, ...classWeights });
      return crossEntropy(logits, targets, {
        weights,
        labelSmoothing: settings.labelSmoothing,
        ...classWeights,
      });
    },
  };
}
