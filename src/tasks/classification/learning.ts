import { add, mul, scalar } from '../../engine/graph/build.ts';
import type { Value } from '../../engine/graph/graph.ts';
import { adam, adamW } from '../../learning/optimizers/adam.ts';
import type { Optimizer } from '../../learning/optimizers/optimizer.ts';
import { rmsprop } from '../../learning/optimizers/rmsprop.ts';
import { sgd } from '../../learning/optimizers/sgd.ts';
import type { Learning } from '../../learning/training/step.ts';
import type { PreparedData } from './prepare.node.ts';
import { sampleLogits, trainingInputs } from './sample-values.ts';
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
 * A classifier's learning problem. The graph's inputs are 'images' [B, C, h, w] in the files' scale (and those of other
 * inputs, see sampleNames), 'targets' [B, T] and 'weights' [B], zero for the padding of a short last batch.
 */
export function classifierLearning(
  data: Pick<PreparedData, 'inputs' | 'clinical' | 'network' | 'head'>,
  settings: ClassificationSettings,
): Learning {
  const { head } = data;
  return {
    seed: settings.seed,
    optimizer: optimizers[settings.optimizer](settings),
    clip: settings.clip,
    average: settings.ema,
    accumulate: settings.accumulate,
    build(context): Value {
      const { graph } = context;
      const { batch } = settings;
      const values = trainingInputs(graph, data, batch);
      const targets = graph.input('targets', 'float32', [batch, head.targets.width]);
      const weights = graph.input('weights', 'float32', [batch]);
      const logits = sampleLogits(context, data, values, head.outputs); // [B, outputs]
      return context.auxiliary.reduce(
        (loss, side) => add(loss, mul(head.loss(side.logits, targets, weights), scalar(graph, side.weight))),
        head.loss(logits, targets, weights),
      );
    },
  };
}
