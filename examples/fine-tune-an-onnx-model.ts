/**
 * Fine-tunes an ONNX file for other labels: the head alone on features that are computed once, then everything at a lower
 * rate. The file stands for one that another program wrote: it tells discs from rings, and is taught to tell large from
 * small. Then the result is written as ONNX again and asked.
 * Run: npm run build && node dist/examples/fine-tune-an-onnx-model.js
 */
import assert from 'node:assert/strict';
import { expandComposites, Graph, readOnnx, type Tensor, tensor, writeOnnx } from '../src/engine/index.ts';
import { nodeRuntime } from '../src/engine/node.ts';
import {
  adamW,
  compileTrainingStep,
  createContext,
  crossEntropy,
  importedNetwork,
  type Learning,
  type Network,
  networkNamed,
  oneCycle,
} from '../src/learning/index.ts';
import { RandomStream } from '../src/random.ts';

const [batch, size, outputs] = [32, 16, 2];

/** Discs and rings, large and small, in noise: images [B, 1, H, W] and one-hot labels [B, 2]. */
function drawBatch(question: 'ring' | 'large', step: number) {
  const random = new RandomStream({ seed: 1, purpose: question, step });
  const images = new Float32Array(batch * size * size);
  const labels = new Float32Array(batch * outputs);
  for (let b = 0; b < batch; b++) {
    const shown = { ring: random.integer(2), large: random.integer(2) };
    labels[outputs * b + shown[question]] = 1;
    const [y, x] = [random.uniform(6, 10), random.uniform(6, 10)];
    const radius = shown.large === 1 ? random.uniform(4.5, 5.5) : random.uniform(2.5, 3.5);
    for (let i = 0; i < size * size; i++) {
      const distance = Math.hypot(Math.floor(i / size) - y, (i % size) - x);
      const inside = distance < radius && (shown.ring === 0 || distance > radius - 1.5);
      images[b * size * size + i] = (inside ? 1 : 0) + random.normal(0, 0.2);
    }
  }
  return {
    images: tensor('float32', [batch, 1, size, size], images),
    targets: tensor('float32', [batch, outputs], labels),
  };
}

type Weights = ReadonlyMap<string, Tensor>;

/** A training problem: the network under cross-entropy, from weights, in which what is not named here stands still. */
function learning(network: Network, weights: Weights, trained: (name: string) => boolean): Learning {
  return {
    seed: 1,
    optimizer: adamW(),
    weights: { tensors: weights, missing: 'initialize' },
    frozen: (name) => !trained(name),
    keepsStatistics: (layer) => !trained(`${layer}.weight`),
    unchangingSamples: ['images'], // so that what frozen layers make of them can be computed once
    build(context) {
      const images = context.graph.input('images', 'float32', [batch, 1, size, size]);
      const targets = context.graph.input('targets', 'float32', [batch, outputs]);
      return crossEntropy(network(context, images, { outputs }), targets);
    },
  };
}

/** Trains on eight batches, over and over; features of frozen layers are computed the first time. */
async function train(
  question: 'ring' | 'large',
  network: Network,
  weights: Weights,
  { trained, steps, lr }: { trained: (name: string) => boolean; steps: number; lr: number },
): Promise<{ weights: Weights; keptFeatures: boolean }> {
  const step = await compileTrainingStep(learning(network, weights, trained), { runtime: nodeRuntime });
  const rate = oneCycle({ maximum: lr });
  const kept = new Map<number, Readonly<Record<string, Tensor>>>();
  for (let i = 0; i < steps; i++) {
    const { images, targets } = drawBatch(question, i % 8);
    const features = kept.get(i % 8) ?? (await step.features?.run({ images }));
    if (features) kept.set(i % 8, features);
    const feeds = { ...(features ?? { images }), targets };
    await step.run(feeds, rate(i, steps), { epoch: 0, step: i, last: i === steps - 1 });
  }
  const found = new Map(step.weights());
  await step.close();
  return { weights: found, keptFeatures: kept.size > 0 };
}

/** The network with its weights as an ONNX file with a dynamic batch. */
function fileOf(network: Network, weights: Weights): Uint8Array {
  const graph = new Graph();
  const context = createContext(graph, 'infer', 1, { tensors: weights, missing: 'error' });
  const images = graph.input('images', 'float32', ['N', 1, size, size]);
  graph.output(
    graph.op('Identity', [network(context, images, { outputs })], {}, { outputNames: ['logits'] }),
  );
  return writeOnnx(expandComposites(graph));
}

/** Share of new images that the file answers rightly. */
async function accuracy(question: 'ring' | 'large', file: Uint8Array): Promise<number> {
  const session = await nodeRuntime.open(file);
  let right = 0;
  for (let step = 100; step < 104; step++) {
    const { images, targets } = drawBatch(question, step);
    const { logits } = await session.run({ images });
    for (let b = 0; b < batch; b++) {
      const says = Number(logits!.data[2 * b + 1]) > Number(logits!.data[2 * b]) ? 1 : 0;
      right += Number(targets.data[2 * b + says]);
    }
  }
  await session.close();
  return right / (4 * batch);
}

/** Stands for a file that another program wrote: it tells discs from rings. */
async function someFile(): Promise<Uint8Array> {
  const { network } = networkNamed('compact-cnn');
  const { weights } = await train('ring', network, new Map(), { trained: () => true, steps: 80, lr: 0.01 });
  return fileOf(network, weights);
}

const file = await someFile();
const imported = importedNetwork(readOnnx(file)); // or openModel('some.onnx')
console.log(imported.describe);
const isHead = (name: string) => name.startsWith(`${imported.head}.`);

const before = imported.weights.get('conv1.weight')!.data;
const head = await train('large', imported.network, imported.weights, {
  trained: isHead,
  steps: 80,
  lr: 0.02,
});
assert(head.keptFeatures);
assert.deepEqual(head.weights.get('conv1.weight')!.data, before); // frozen, bit for bit
const all = await train('large', imported.network, head.weights, {
  trained: () => true,
  steps: 60,
  lr: 0.003,
});

const [asItWas, ofHead, tuned] = [
  await accuracy('large', file),
  await accuracy('large', fileOf(imported.network, head.weights)),
  await accuracy('large', fileOf(imported.network, all.weights)),
];
console.log(
  `large or small: ${asItWas} by the file, ${ofHead} with a new head, ${tuned} when all is trained`,
);
assert(asItWas < 0.7 && tuned > 0.95 && tuned >= ofHead);
