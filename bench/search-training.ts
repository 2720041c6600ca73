import { compileStep } from '../src/engine/compile.ts';
import { Graph } from '../src/engine/graph/graph.ts';
import { nodeRuntime } from '../src/engine/runtime/runtime.node.ts';
import { type Tensor, tensor } from '../src/engine/tensor/tensor.ts';
import { createContext } from '../src/learning/layers/build-context.ts';
import { crossEntropy } from '../src/learning/losses/cross-entropy.ts';
import { smallCnn } from '../src/learning/networks/small-cnn.ts';
import { adam, adamW } from '../src/learning/optimizers/adam.ts';
import { rmsprop } from '../src/learning/optimizers/rmsprop.ts';
import { sgd } from '../src/learning/optimizers/sgd.ts';
import { halvingRungs } from '../src/learning/selection/search/halving.ts';
import type { SearchSpace, Values } from '../src/learning/selection/search/space.ts';
import { compileTrainingStep, type Learning } from '../src/learning/training/step.ts';
import { RandomStream } from '../src/random.ts';
import { type Dataset, stackImage } from '../src/tasks/dataset/dataset.ts';
import { loadDataset } from '../src/tasks/dataset/manifest.node.ts';
import type { CurvedTask, LearningCurve } from './search-simulation.ts';
import { sharedFile } from './shared-data.ts';

const space: SearchSpace = {
  lr: { type: 'float', low: 1e-5, high: 1, scale: 'log' },
  optimizer: { choices: ['sgd', 'adam', 'adamw', 'rmsprop'] },
  momentum: { type: 'float', low: 0, high: 0.98, when: { optimizer: 'sgd' } },
  weightDecay: { type: 'float', low: 1e-5, high: 1, scale: 'log', when: { optimizer: 'adamw' } },
  batch: { type: 'int', low: 16, high: 64, step: 16 },
  labelSmoothing: { type: 'float', low: 0, high: 0.3 },
};

export const trainingEpochs = 9;

/** Side after every second pixel is left out. */
const SIDE = 14;
const TRAINED = 256;
const JUDGED = 256;
/** What a run that has lost its way counts for. */
const HOPELESS = 10;

interface Samples {
  readonly images: Float32Array; // [N, 1, SIDE, SIDE]
  readonly targets: Float32Array; // [N, 2]
  readonly count: number;
}

/** A small network on 256 radiographs of PneumoniaMNIST, judged by the log loss of 256 others. @throws DATA_MISSING */
export async function trainingTask(): Promise<CurvedTask> {
  const data = await loadDataset(await sharedFile('pneumoniamnist/pneumoniamnist_28_reconstructed.npz'));
  const train = draw(data, 'train', TRAINED);
  const judged = draw(data, 'validation', JUDGED);
  return {
    space,
    epochs: trainingEpochs,
    halving: halvingRungs(trainingEpochs, { least: 1 }),
    begin: (values) => startTraining(values, train, judged),
  };
}

function draw(data: Dataset, split: string, count: number): Samples {
  const own = data.samples.filter((sample) => sample.split === split);
  const order = new RandomStream({ seed: 1, purpose: `search/${split}` }).permutation(own.length);
  const images = new Float32Array(count * SIDE * SIDE);
  const targets = new Float32Array(count * 2);
  for (let n = 0; n < count; n++) {
    const { source, label } = own[order[n]!]!;
    if (source.kind !== 'stack') continue; // an npz holds stacks
    const { pixels, width } = stackImage(data.stacks.get(source.stack)!, source.index);
    for (let i = 0; i < SIDE * SIDE; i++) {
      const at = 2 * Math.floor(i / SIDE) * width + 2 * (i % SIDE);
      images[n * SIDE * SIDE + i] = (pixels[at]! - 145) / 40;
    }
    targets[2 * n + label] = 1;
  }
  return { images, targets, count };
}

const optimizers = {
  sgd: ({ momentum }: Values) => sgd({ momentum: Number(momentum) }),
  adam: () => adam(),
  adamw: ({ weightDecay }: Values) => adamW({ weightDecay: Number(weightDecay) }),
  rmsprop: () => rmsprop(),
};

const network = smallCnn({ widths: [8, 16], hidden: 32 });

async function startTraining(values: Values, train: Samples, judged: Samples): Promise<LearningCurve> {
  const batch = Number(values['batch']);
  const settings = { runtime: nodeRuntime, threads: 1 };
  const learning: Learning = {
    seed: 1,
    optimizer: optimizers[values['optimizer'] as keyof typeof optimizers](values), // one of the space's choices
    build(context) {
      const images = context.graph.input('images', 'float32', [batch, 1, SIDE, SIDE]);
      const targets = context.graph.input('targets', 'float32', [batch, 2]);
      const logits = network(context, images, { outputs: 2 });
      return crossEntropy(logits, targets, { labelSmoothing: Number(values['labelSmoothing']) });
    },
  };
  const step = await compileTrainingStep(learning, settings);
  const graph = new Graph();
  const context = createContext(graph, 'infer', 1);
  const images = graph.input('images', 'float32', [judged.count, 1, SIDE, SIDE]);
  const targets = graph.input('targets', 'float32', [judged.count, 2]);
  graph.output(crossEntropy(network(context, images, { outputs: 2 }), targets));
  const judge = await compileStep(graph, { ...settings, state: step.state });
  const whole = feedsOf(
    judged,
    Array.from({ length: judged.count }, (_, i) => i),
  );
  let epoch = 0;
  return {
    async next() {
      const order = new RandomStream({ seed: 1, purpose: 'order', epoch }).permutation(train.count);
      for (let at = 0; at + batch <= train.count; at += batch) {
        const moment = { epoch, step: at / batch, last: at + 2 * batch > train.count };
        const loss = await step.run(
          feedsOf(train, [...order.subarray(at, at + batch)]),
          Number(values['lr']),
          moment,
        );
        if (!Number.isFinite(loss)) return HOPELESS;
      }
      epoch++;
      const [loss] = Object.values(await judge.run(whole));
      const value = Number(loss!.data[0]);
      return Number.isFinite(value) ? Math.min(value, HOPELESS) : HOPELESS;
    },
    async close() {
      await judge.close();
      await step.close();
    },
  };
}

function feedsOf({ images, targets }: Samples, rows: readonly number[]): Record<string, Tensor> {
  const size = SIDE * SIDE;
  const picked = new Float32Array(rows.length * size);
  const wanted = new Float32Array(rows.length * 2);
  for (const [i, row] of rows.entries()) {
    picked.set(images.subarray(row * size, (row + 1) * size), i * size);
    wanted.set(targets.subarray(2 * row, 2 * row + 2), 2 * i);
  }
  return {
    images: tensor('float32', [rows.length, 1, SIDE, SIDE], picked),
    targets: tensor('float32', [rows.length, 2], wanted),
  };
}
