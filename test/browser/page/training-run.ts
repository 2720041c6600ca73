import type { Value } from '../../../src/engine/graph/graph.ts';
import type { Runtime, SessionSettings } from '../../../src/engine/runtime/session.ts';
import { type Tensor, tensor, tensorOf, toNumbers } from '../../../src/engine/tensor/tensor.ts';
import { relu } from '../../../src/learning/layers/activation.ts';
import type { BuildContext } from '../../../src/learning/layers/build-context.ts';
import { conv } from '../../../src/learning/layers/convolution.ts';
import { dropout } from '../../../src/learning/layers/dropout.ts';
import { linear } from '../../../src/learning/layers/linear.ts';
import { batchNorm } from '../../../src/learning/layers/normalization.ts';
import { flatten, maxPool } from '../../../src/learning/layers/pooling.ts';
import { crossEntropy } from '../../../src/learning/losses/cross-entropy.ts';
import { sgd } from '../../../src/learning/optimizers/sgd.ts';
import { compileTrainingStep, type Learning } from '../../../src/learning/training/step.ts';
import { RandomStream } from '../../../src/random.ts';

/** What runs alike in Node.js and in a browser's page, and what came of it. */
export interface TrainingRun {
  readonly losses: readonly number[];
  /** Parameters, running statistics and moments after the last step, by name. */
  readonly state: Readonly<Record<string, readonly number[]>>;
}

export type Pooling = 'max' | 'average';

const BATCH = 8;
const SIZE = 12;
const CLASSES = 3;

/** Convolution, batch normalisation, pooling, dropout and a dense layer. */
export function network(context: BuildContext, x: Value, pooling: Pooling = 'max'): Value {
  const pool = (value: Value): Value =>
    pooling === 'max'
      ? maxPool(value, { kernel: 2 })
      : value.graph.op('AveragePool', [value], { kernel_shape: [2, 2], strides: [2, 2] });
  let y = conv(context, 'conv1', x, { channels: 4, kernel: 3, padding: 1 }); // [N, 4, 12, 12]
  y = pool(relu(batchNorm(context, 'bn1', y))); // [N, 4, 6, 6]
  // Eight channels, because convolutions of six to four on ONNX Runtime's WebGPU give wrong values: see probeOperators.
  y = pool(relu(conv(context, 'conv2', y, { channels: 8, kernel: 3, padding: 1 })));
  return linear(context, 'fc', dropout(context, 'dropout', flatten(y), 0.1), { outputs: CLASSES }); // [N, 3]
}

/** The network above on images [8, 1, 12, 12] and targets [8, 3]. */
export const learning = learningWith('max');

function learningWith(pooling: Pooling): Learning {
  return {
    seed: 5,
    optimizer: sgd({ momentum: 0.9, weightDecay: 1e-4 }),
    build(context) {
      const images = context.graph.input('images', 'float32', [BATCH, 1, SIZE, SIZE]);
      const targets = context.graph.input('targets', 'float32', [BATCH, CLASSES]);
      return crossEntropy(network(context, images, pooling), targets);
    },
  };
}

/** Noise with a bright column whose place is the class. */
export function batch(step: number): Record<string, Tensor> {
  const random = new RandomStream({ seed: 5, purpose: 'images', step });
  const images = Float32Array.from({ length: BATCH * SIZE * SIZE }, () => random.uniform());
  const targets = new Float32Array(BATCH * CLASSES);
  for (let n = 0; n < BATCH; n++) {
    const label = random.integer(CLASSES);
    targets[n * CLASSES + label] = 1;
    for (let y = 0; y < SIZE; y++) images[(n * SIZE + y) * SIZE + 2 + 4 * label]! += 2;
  }
  return {
    images: tensor('float32', [BATCH, 1, SIZE, SIZE], images),
    targets: tensorOf('float32', [BATCH, CLASSES], Array.from(targets)),
  };
}

/** Trains a small network on one batch for some steps. */
export async function trainSmallNetwork(
  runtime: Runtime,
  settings: SessionSettings,
  steps: number,
  pooling: Pooling = 'max',
): Promise<TrainingRun> {
  const step = await compileTrainingStep(learningWith(pooling), { ...settings, runtime });
  try {
    const losses: number[] = [];
    const feeds = batch(0);
    for (let i = 0; i < steps; i++) {
      losses.push(await step.run(feeds, 0.05, { epoch: 0, step: i, last: i === steps - 1 }));
    }
    const names = step.state.names;
    return {
      losses,
      state: Object.fromEntries(names.map((name) => [name, toNumbers(step.state.get(name))])),
    };
  } finally {
    await step.close();
  }
}
