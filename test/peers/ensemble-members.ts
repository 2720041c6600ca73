import { Graph } from '../../src/engine/graph/graph.ts';
import { writeOnnx } from '../../src/engine/graph/onnx-file.ts';
import { nodeRuntime } from '../../src/engine/runtime/runtime.node.ts';
import { type Tensor, tensor } from '../../src/engine/tensor/tensor.ts';
import { relu } from '../../src/learning/layers/activation.ts';
import { createContext, type Network } from '../../src/learning/layers/build-context.ts';
import { conv } from '../../src/learning/layers/convolution.ts';
import { linear } from '../../src/learning/layers/linear.ts';
import { batchNorm } from '../../src/learning/layers/normalization.ts';
import { flatten, globalAveragePool } from '../../src/learning/layers/pooling.ts';
import { smallCnn } from '../../src/learning/networks/small-cnn.ts';
import { type InputDescription, type ModelCard, writeCard } from '../../src/tasks/bundle/model-card.ts';
import { classifierGraph } from '../../src/tasks/classification/classifier-graph.ts';
import { classAnswer } from '../../src/tasks/classification/heads/class-head.ts';
import { gradeAnswer } from '../../src/tasks/classification/heads/grade-head.ts';
import { labelsAnswer } from '../../src/tasks/classification/heads/labels-head.ts';
import { valueAnswer } from '../../src/tasks/classification/heads/value-head.ts';
import type { TargetKind } from '../../src/tasks/dataset/dataset.ts';
import type { LoadedMember } from '../../src/tasks/ensemble/check-members.ts';
import { hashParameter, hashUniform } from './hash-weights.ts';

const withStatistics: Network = (context, x, { outputs }) => {
  const y = conv(context, 'conv', x, { channels: 8, kernel: 3, stride: 2, bias: false });
  return linear(context, 'fc', flatten(globalAveragePool(relu(batchNorm(context, 'bn', y)))), { outputs });
};

export const networks: Readonly<Record<string, Network>> = {
  'small-cnn': smallCnn({ widths: [4, 6], hidden: 10 }),
  'with-statistics': withStatistics,
};

const answers = {
  class: classAnswer,
  labels: labelsAnswer,
  grade: gradeAnswer,
  value: (count: number) =>
    valueAnswer({
      mean: Array.from({ length: count }, (_, k) => 10 * (k + 1)),
      standardDeviation: Array.from({ length: count }, (_, k) => 2 + k),
    }),
} as const;

export interface MadeMember {
  readonly seed: number;
  readonly network?: string;
  readonly target?: TargetKind;
  readonly labels?: readonly string[];
  readonly input?: Partial<InputDescription>;
  readonly card?: Partial<ModelCard>;
}

/** A model of made-up weights, as a training run leaves it. */
export function madeMember({
  seed,
  network = 'small-cnn',
  target = 'class',
  ...rest
}: MadeMember): LoadedMember {
  const { labels = ['a', 'b', 'c'] } = rest;
  const channels = rest.input?.channels ?? 1;
  const input: InputDescription = {
    channels,
    height: 20,
    width: 20,
    mean: [120, 110, 100].slice(0, channels),
    standardDeviation: [70, 65, 60].slice(0, channels),
    integer: true,
    bitDepth: 8,
    ...rest.input,
  };
  const head = answers[target](labels.length);
  const build = networks[network]!;
  const context = createContext(new Graph(), 'infer', 0);
  build(context, context.graph.input('x', 'float32', [1, channels, input.height, input.width]), {
    outputs: head.outputs,
  });
  const weights = new Map<string, Tensor>(
    [...context.parameters, ...context.buffers].map(({ name, constant }) => {
      const { data, dims } = hashParameter(name, constant!.dims); // parameters and buffers hold data
      const statistic = /running_/.test(name);
      const noise = hashUniform(`${seed}/${name}`, data.length, -0.3, 0.3);
      const own = Float32Array.from(data as Float32Array, (value, i) =>
        statistic ? value : value + noise[i]!,
      );
      return [name, tensor('float32', dims, own)];
    }),
  );
  const { graph } = classifierGraph(build, input, head, weights);
  const card: ModelCard = {
    task: 'classification',
    target,
    labels,
    ...(target === 'value' ? { units: labels.map(() => 'mm') } : {}),
    input,
    network,
    intendedUse: 'Tests.',
    data: {
      name: 'made',
      fingerprint: 'f',
      splitHashes: { train: 't', validation: 'v', test: 'e' },
      counts: {},
    },
    metrics: {},
    seed,
    versions: {},
    createdAt: '2026-01-01T00:00:00.000Z',
    ...rest.card,
  };
  writeCard(graph, card);
  return { graph, card, file: `model-${seed}.onnx`, sha256: `hash-${seed}-${network}` };
}

/** Grey or colour images of whole numbers 0..255, [n, channels, height, width]. */
export function madeImages(n: number, channels: number, height: number, width: number): Tensor<'float32'> {
  const count = n * channels * height * width;
  const values = hashUniform(`images/${n}x${channels}x${height}x${width}`, count, 0, 256).map(Math.floor);
  return tensor('float32', [n, channels, height, width], Float32Array.from(values));
}

/** All outputs of a graph for images, by name. */
export async function outputsOf(graph: Graph, image: Tensor): Promise<Record<string, Tensor<'float32'>>> {
  const session = await nodeRuntime.open(writeOnnx(graph), { threads: 1 });
  try {
    return (await session.run({ image })) as Record<string, Tensor<'float32'>>; // all outputs are float32
  } finally {
    await session.close();
  }
}
