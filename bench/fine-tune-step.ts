import { Graph } from '../src/engine/graph/graph.ts';
import { readOnnx, writeOnnx } from '../src/engine/graph/onnx-file.ts';
import { copyGraph } from '../src/engine/graph/rewrite.ts';
import { nodeRuntime } from '../src/engine/runtime/runtime.node.ts';
import type { Tensor } from '../src/engine/tensor/tensor.ts';
import { tensor } from '../src/engine/tensor/tensor.ts';
import { createContext, type GivenWeights, type Network } from '../src/learning/layers/build-context.ts';
import { crossEntropy } from '../src/learning/losses/cross-entropy.ts';
import { importedNetwork } from '../src/learning/networks/imported-network.ts';
import { networkNamed } from '../src/learning/networks/registry.ts';
import { sgd } from '../src/learning/optimizers/sgd.ts';
import { compileTrainingStep, type TrainingStep } from '../src/learning/training/step.ts';
import { RandomStream } from '../src/random.ts';
import { type Benchmark, type Figure, median, pause, spreadOf } from './benchmark.ts';
import { productVersions } from './machine.ts';
import { countOption } from './number-option.ts';

const RATE = 1e-4;
const OUTPUTS = 3;
/** Networks, and the dropout before their heads: files for inference have none, so that it is put in. */
const SUBJECTS: readonly (readonly [name: string, dropout: number])[] = [
  ['resnet18', 0],
  ['squeezenet-1.0', 0.5],
  ['mobilenet-v2', 0.2],
];

/** A fine-tuning step of a network that went through an ONNX file, against the same network built here. */
export const fineTuneStep: Benchmark = {
  name: 'fine-tune-step',
  describe: 'a fine-tuning step of an ONNX file, its head replaced, against the same network built here',
  options: [
    ['--batch <n>', 'images a step', '8'],
    ['--size <n>', 'pixels a side', '224'],
    ['--threads <n>', 'threads', '2'],
    ['--rounds <n>', 'turns of each side', '10'],
    ['--steps <n>', 'steps a turn', '2'],
  ],
  async run(options, say) {
    const batch = countOption(options, 'batch');
    const size = countOption(options, 'size');
    const threads = countOption(options, 'threads');
    const rounds = countOption(options, 'rounds');
    const steps = countOption(options, 'steps');
    const feeds = { images: exampleImages(batch, size), targets: exampleTargets(batch) };
    const figures: Figure[] = [];
    const notes: string[] = [];
    for (const [name, dropout] of SUBJECTS) {
      const pair = await sides(name, dropout, feeds, threads);
      try {
        const apart = await firstLosses(pair, feeds);
        notes.push(`${name}: the losses of the first two steps differ by ${apart.toExponential(1)} at most.`);
        const turns = await takeTurns(pair, feeds, rounds, steps);
        const figure = ratioFigures(name, turns);
        say(figure.map(({ what, value, unit }) => `${what} ${value.toFixed(3)} ${unit}`).join(', '));
        figures.push(...figure);
      } finally {
        for (const side of pair) await side.close();
      }
    }
    return {
      versions: productVersions(),
      settings: { batch, size, threads, rounds, steps, outputs: OUTPUTS },
      figures,
      notes: [...notes, 'Both sides start from the same weights and have the same dropout masks.'],
    };
  },
};

interface Feeds extends Readonly<Record<string, Tensor>> {
  readonly images: Tensor;
  readonly targets: Tensor;
}

function exampleImages(batch: number, size: number): Tensor {
  const random = new RandomStream({ seed: 1, purpose: 'bench images' });
  const data = Float32Array.from({ length: batch * 3 * size * size }, () => random.normal());
  return tensor('float32', [batch, 3, size, size], data);
}

function exampleTargets(batch: number): Tensor {
  const data = Float32Array.from({ length: batch * OUTPUTS }, (_, i) =>
    i % OUTPUTS === Math.floor(i / OUTPUTS) % OUTPUTS ? 1 : 0,
  );
  return tensor('float32', [batch, OUTPUTS], data);
}

/** The network as built here, and as read from a file of it with 1000 classes; both begin with the same weights. */
async function sides(
  name: string,
  dropout: number,
  feeds: Feeds,
  threads: number,
): Promise<[TrainingStep, TrainingStep]> {
  const { network, head } = networkNamed(name);
  const file = withDropout(inferenceGraph(network, feeds.images.dims), head, dropout);
  const imported = importedNetwork(readOnnx(writeOnnx(file)));
  const graph = new Graph();
  const context = createContext(graph, 'train', 1);
  network(context, graph.input('images', 'float32', feeds.images.dims), { outputs: OUTPUTS });
  const tensors = new Map(
    [...context.parameters, ...context.buffers].map((value) => [value.name, value.constant!]), // initializers hold data
  );
  const given: GivenWeights = { tensors, missing: 'error' };
  const compile = (built: Network) =>
    compileTrainingStep(
      {
        seed: 1,
        optimizer: sgd({ momentum: 0.9 }),
        build(own) {
          const images = own.graph.input('images', 'float32', feeds.images.dims);
          const targets = own.graph.input('targets', 'float32', feeds.targets.dims);
          return crossEntropy(built({ ...own, weights: given }, images, { outputs: OUTPUTS }), targets);
        },
      },
      { runtime: nodeRuntime, threads },
    );
  return [await compile(network), await compile(imported.network)];
}

/** The network with a dynamic batch and 1000 classes. */
function inferenceGraph(network: Network, dims: readonly number[]): Graph {
  const graph = new Graph();
  const context = createContext(graph, 'infer', 1);
  const x = graph.input('images', 'float32', ['N', ...dims.slice(1)]);
  graph.output(network(context, x, { outputs: 1000 }));
  return graph;
}

/** Puts a Dropout named 'classifier.0', as the networks built here have it, before the head. */
function withDropout(graph: Graph, head: string, ratio: number): Graph {
  if (ratio === 0) return graph;
  return copyGraph(graph, {
    mapNode: (node, inputs, target) => {
      if (node.inputs[1]?.name !== `${head}.weight`) return undefined;
      const share = target.constant(tensor('float32', [], Float32Array.of(ratio)));
      const dropped = target.op('Dropout', [inputs[0], share], {}, { name: 'classifier.0' });
      return target.add(node.op, [dropped, ...inputs.slice(1)], Object.fromEntries(node.attributes));
    },
  });
}

async function firstLosses(pair: readonly TrainingStep[], feeds: Feeds): Promise<number> {
  let apart = 0;
  for (let step = 0; step < 2; step++) {
    const losses: number[] = [];
    for (const side of pair) losses.push(await side.run(feeds, RATE, { epoch: 0, step, last: false }));
    apart = Math.max(apart, Math.abs(losses[0]! - losses[1]!) / Math.abs(losses[0]!));
  }
  return apart;
}

/** Milliseconds of each step, by side and turn; who goes first changes from round to round. */
async function takeTurns(
  pair: readonly TrainingStep[],
  feeds: Feeds,
  rounds: number,
  steps: number,
): Promise<number[][][]> {
  const turns: number[][][] = pair.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const i of round % 2 === 0 ? [0, 1] : [1, 0]) {
      const times: number[] = [];
      for (let step = 0; step < steps; step++) {
        const start = performance.now();
        await pair[i]!.run(feeds, RATE, { epoch: 1, step, last: false });
        times.push(performance.now() - start);
      }
      turns[i]!.push(times);
      await pause(50);
    }
  }
  return turns;
}

function ratioFigures(name: string, [built = [], read = []]: number[][][]): Figure[] {
  const all = { built: built.flat(), read: read.flat() };
  const ratios = read.map((times, round) => median(times) / median(built[round]!));
  return [
    { what: `${name}, built here`, value: median(all.built), unit: 'ms', spread: spreadOf(all.built) },
    { what: `${name}, from a file`, value: median(all.read), unit: 'ms', spread: spreadOf(all.read) },
    {
      what: `${name}, file against built`,
      value: median(all.read) / median(all.built),
      unit: 'x',
      spread: spreadOf(ratios),
      target: { is: 'at most', value: 1.05 },
    },
  ];
}
