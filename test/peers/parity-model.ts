import { gradients } from '../../src/engine/differentiate.ts';
import { Graph } from '../../src/engine/graph/graph.ts';
import { writeOnnx } from '../../src/engine/graph/onnx-file.ts';
import { copyGraph } from '../../src/engine/graph/rewrite.ts';
import { expandComposites } from '../../src/engine/lower/expand.ts';
import { nodeRuntime } from '../../src/engine/runtime/runtime.node.ts';
import type { Tensor } from '../../src/engine/tensor/tensor.ts';
import type { FloatImage, MedicalImage } from '../../src/imaging/image/medical-image.ts';
import { relu } from '../../src/learning/layers/activation.ts';
import { createContext, type Network } from '../../src/learning/layers/build-context.ts';
import { conv } from '../../src/learning/layers/convolution.ts';
import { linear } from '../../src/learning/layers/linear.ts';
import { batchNorm } from '../../src/learning/layers/normalization.ts';
import { flatten, globalAveragePool } from '../../src/learning/layers/pooling.ts';
import { smallCnn } from '../../src/learning/networks/small-cnn.ts';
import { compileTrainingStep } from '../../src/learning/training/step.ts';
import type { InputDescription } from '../../src/tasks/bundle/model-card.ts';
import { type ClassifierGraph, classifierGraph } from '../../src/tasks/classification/classifier-graph.ts';
import { classAnswer } from '../../src/tasks/classification/heads/class-head.ts';
import { batch, learning, network as trainedNetwork } from '../browser/page/training-run.ts';
import { hashParameter, hashUniform } from './hash-weights.ts';

/** A model of fixed weights and the images that it is asked about. */
export interface ParityModel {
  readonly name: string;
  readonly input: InputDescription;
  readonly network: Network;
  readonly labels: readonly string[];
  /** [height, width] of the images. */
  readonly sizes: readonly (readonly [number, number])[];
}

const convolutional: Network = (context, x, { outputs }) => {
  const y = relu(
    batchNorm(context, 'bn', conv(context, 'conv', x, { channels: 8, kernel: 3, stride: 2, bias: false })),
  );
  return linear(context, 'fc', flatten(globalAveragePool(y)), { outputs }); // [N, outputs]
};

const dense = smallCnn({ widths: [4, 6], hidden: 10 });

const sizes = [
  [20, 24],
  [13, 9],
  [61, 47],
  [40, 48],
  [160, 231],
  [19, 200],
] as const;

export const parityModels: readonly ParityModel[] = [
  {
    name: 'grey-8-bit',
    input: {
      channels: 1,
      height: 20,
      width: 24,
      mean: [120],
      standardDeviation: [70],
      integer: true,
      bitDepth: 8,
    },
    network: dense,
    labels: ['no', 'yes'],
    sizes,
  },
  {
    name: 'colour-8-bit',
    input: {
      channels: 3,
      height: 21,
      width: 21,
      mean: [120, 110, 100],
      standardDeviation: [70, 65, 60],
      integer: true,
      bitDepth: 8,
    },
    network: convolutional,
    labels: ['a', 'b', 'c'],
    sizes,
  },
  {
    name: 'grey-16-bit',
    input: {
      channels: 1,
      height: 20,
      width: 24,
      mean: [30000],
      standardDeviation: [18000],
      integer: true,
      bitDepth: 16,
    },
    network: dense,
    labels: ['no', 'yes', 'perhaps'],
    sizes,
  },
  {
    name: 'grey-float',
    input: {
      channels: 1,
      height: 17,
      width: 32,
      mean: [0],
      standardDeviation: [0.6],
      integer: false,
      bitDepth: 32,
    },
    network: convolutional,
    labels: ['no', 'yes'],
    sizes,
  },
];

/** Parameters and statistics by name, each the hash of its name. */
function hashedWeights({ network, input, labels }: ParityModel): ReadonlyMap<string, Tensor> {
  const context = createContext(new Graph(), 'infer', 0);
  const x = context.graph.input('image', 'float32', [1, input.channels, input.height, input.width]);
  network(context, x, { outputs: labels.length });
  return new Map(
    [...context.parameters, ...context.buffers].map(({ name, constant }) => [
      name,
      hashParameter(name, constant!.dims), // parameters and buffers are initializers, which hold data
    ]),
  );
}

export const parityGraph = (model: ParityModel): ClassifierGraph =>
  classifierGraph(model.network, model.input, classAnswer(model.labels.length), hashedWeights(model));

const pixelArrays = { 8: Uint8Array, 16: Uint16Array, 32: Float32Array } as const;

/** Noise over the whole range of the depth (-1..1 for floating point), the same as scripts/peers/model_parity.py makes. */
export function parityImage(model: ParityModel, [height, width]: readonly [number, number]): MedicalImage {
  const { channels, bitDepth, integer } = model.input;
  const count = channels * height * width;
  const name = `${model.name}/${height}x${width}`;
  const values = integer
    ? hashUniform(name, count, 0, 2 ** bitDepth).map(Math.floor)
    : hashUniform(name, count);
  const pixels = pixelArrays[bitDepth as 8 | 16 | 32].from(values); // the models above have no other depth
  return {
    pixels,
    channels,
    height,
    width,
    bitDepth,
    unit: 'arbitrary',
    depth: 1,
    timePoints: 1,
    history: [],
  };
}

/** A forward, backward and update graph in standard operators alone, as a file. */
export function trainingGraphFile(): Uint8Array {
  const graph = new Graph();
  const context = createContext(graph, 'train', learning.seed);
  const loss = learning.build(context);
  const rate = graph.input('rate', 'float32', []);
  const found = gradients(loss, context.parameters);
  learning.optimizer.update(
    graph,
    context.parameters.map((value, i) => ({ value, gradient: found[i]! })), // every layer is used
    rate,
  );
  graph.output(loss);
  const state = new Set([...graph.updates.keys()].map(({ name }) => name));
  return writeOnnx(expandComposites(copyGraph(graph, { stateAsInputs: state }), { portable: true }));
}

let trained: Promise<ClassifierGraph> | undefined;

/** The small network of the browser's tests after twelve steps, as the file that a training run leaves. */
export function trainedModel(): Promise<ClassifierGraph> {
  trained ??= train();
  return trained;
}

async function train(): Promise<ClassifierGraph> {
  const step = await compileTrainingStep(learning, { runtime: nodeRuntime, threads: 1 });
  for (let i = 0; i < 12; i++) await step.run(batch(i), 0.05, { epoch: 0, step: i, last: i === 11 });
  const input: InputDescription = {
    channels: 1,
    height: 12,
    width: 12,
    mean: [100],
    standardDeviation: [80],
    integer: true,
    bitDepth: 8,
  };
  const weights = new Map(step.weights());
  const graph = classifierGraph((context, x) => trainedNetwork(context, x), input, classAnswer(3), weights);
  graph.graph.metadata.set('hounsfield.labels', JSON.stringify(['a', 'b', 'c']));
  await step.close();
  return graph;
}

/** Grey 8-bit images of several sizes. */
export function parityImages(): readonly FloatImage[] {
  return sizes.map(([height, width]) => {
    const pixels = hashUniform(`trained/${height}x${width}`, height * width, 0, 256).map(Math.floor);
    return { pixels: Float32Array.from(pixels), channels: 1, height, width };
  });
}
