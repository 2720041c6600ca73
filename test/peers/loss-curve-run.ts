import { Graph } from '../../src/engine/graph/graph.ts';
import { nodeRuntime } from '../../src/engine/runtime/runtime.node.ts';
import type { Tensor } from '../../src/engine/tensor/tensor.ts';
import { createContext } from '../../src/learning/layers/build-context.ts';
import { crossEntropy } from '../../src/learning/losses/cross-entropy.ts';
import { resnet } from '../../src/learning/networks/resnet.ts';
import { sgd } from '../../src/learning/optimizers/sgd.ts';
import { compileTrainingStep } from '../../src/learning/training/step.ts';
import { learningFixture } from './learning-fixture.ts';
import { type LossCurve, lossCurveBatch, lossCurveWeight } from './loss-curve-data.ts';

export const curve = learningFixture<LossCurve>('loss-curve');

const SIZE = 28;
const network = resnet({ depth: 18, stem: 'small' });

/** The weights that the problem begins with, by name. */
function weights(): ReadonlyMap<string, Tensor> {
  const context = createContext(new Graph(), 'train', 0);
  network(context, context.graph.input('x', 'float32', [curve.batch, 1, SIZE, SIZE]), { outputs: 2 });
  return new Map(
    [...context.parameters, ...context.buffers].map(({ name, shape }) => {
      const dims = shape as readonly number[]; // parameters and buffers are initializers, of fixed shape
      return [name, lossCurveWeight(name, dims)];
    }),
  );
}

/** Losses of the first steps by the compiled training step. */
export async function lossesOf(steps: number): Promise<readonly number[]> {
  const tensors = weights();
  const step = await compileTrainingStep(
    {
      seed: 0,
      optimizer: sgd({ momentum: 0.9, weightDecay: 5e-4 }),
      decayAll: true,
      build(context) {
        const images = context.graph.input('images', 'float32', [curve.batch, 1, SIZE, SIZE]);
        const targets = context.graph.input('targets', 'float32', [curve.batch, 2]);
        const given = { ...context, weights: { tensors, missing: 'error' as const } };
        return crossEntropy(network(given, images, { outputs: 2 }), targets);
      },
    },
    { runtime: nodeRuntime },
  );
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const { images, target } = lossCurveBatch(i % curve.batches, curve.batch);
    losses.push(await step.run({ images, targets: target }, curve.rate, { epoch: 0, step: i, last: false }));
  }
  await step.close();
  return losses;
}

/** Relative to PyTorch in double precision, step by step. */
export const differences = (losses: readonly number[]): readonly number[] =>
  losses.map((loss, i) => Math.abs(loss / curve.float64[i]! - 1));
