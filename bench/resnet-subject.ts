import { Graph } from '../src/engine/graph/graph.ts';
import { type Tensor, tensor } from '../src/engine/tensor/tensor.ts';
import { createContext } from '../src/learning/layers/build-context.ts';
import { crossEntropy } from '../src/learning/losses/cross-entropy.ts';
import { networkNamed } from '../src/learning/networks/registry.ts';
import { sgd } from '../src/learning/optimizers/sgd.ts';
import type { Learning } from '../src/learning/training/step.ts';
import { RandomStream } from '../src/random.ts';

/** What both sides compute: torchvision's ResNet-18 with its 1000 outputs, on images of 224 pixels. */
export const SIZE = 224;
export const OUTPUTS = 1000;
const SEED = 1;

/** Values of a standard normal distribution, [batch, 3, 224, 224]. */
export function exampleImages(batch: number): Tensor<'float32'> {
  const random = new RandomStream({ seed: SEED, purpose: 'bench images' });
  const data = new Float32Array(batch * 3 * SIZE * SIZE);
  for (let i = 0; i < data.length; i++) data[i] = random.normal();
  return tensor('float32', [batch, 3, SIZE, SIZE], data);
}

/** Class i * 37 for image i. */
export const classOf = (image: number): number => (image * 37) % OUTPUTS;

/** One-hot targets [batch, 1000]. */
export function exampleTargets(batch: number): Tensor<'float32'> {
  const targets = tensor('float32', [batch, OUTPUTS], new Float32Array(batch * OUTPUTS));
  for (let i = 0; i < batch; i++) targets.data[i * OUTPUTS + classOf(i)] = 1;
  return targets;
}

/** What is trained: cross-entropy, SGD with momentum; inputs 'images' and 'targets'. */
export const resnetLearning = (batch: number): Learning => ({
  seed: SEED,
  optimizer: sgd({ momentum: 0.9 }),
  build(context) {
    const images = context.graph.input('images', 'float32', [batch, 3, SIZE, SIZE]);
    const targets = context.graph.input('targets', 'float32', [batch, OUTPUTS]);
    return crossEntropy(networkNamed('resnet18').network(context, images, { outputs: OUTPUTS }), targets);
  },
});

/** The inference graph: 'images' [N, 3, 224, 224] to 'logits' [N, 1000]. */
export function inferenceGraph(): Graph {
  return build().graph;
}

/** Its weights by torchvision's names: those that training starts from. */
export function startingWeights(): Map<string, Tensor> {
  const { parameters, buffers } = build();
  return new Map([...parameters, ...buffers].map((value) => [value.name, value.constant!])); // initializers hold data
}

function build() {
  const graph = new Graph();
  const context = createContext(graph, 'infer', SEED);
  const images = graph.input('images', 'float32', ['N', 3, SIZE, SIZE]);
  const logits = networkNamed('resnet18').network(context, images, { outputs: OUTPUTS });
  graph.output(graph.op('Identity', [logits], {}, { outputNames: ['logits'] }));
  return context;
}
