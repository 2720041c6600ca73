import { describe, expect, test } from 'vitest';
import { runGraph } from '../../../test/peers/run-graph.ts';
import { Graph } from '../../engine/graph/graph.ts';
import { nodeRuntime } from '../../engine/runtime/runtime.node.ts';
import { type Tensor, tensorOf, toNumbers } from '../../engine/tensor/tensor.ts';
import { RandomStream } from '../../random.ts';
import { type BuildContext, createContext } from '../layers/build-context.ts';
import { crossEntropy } from '../losses/cross-entropy.ts';
import { adamW } from '../optimizers/adam.ts';
import { compileTrainingStep } from '../training/step.ts';
import { type FusedInputs, type FusionOptions, fusion } from './fusion.ts';
import { smallCnn } from './small-cnn.ts';

const SIZE = 12;
const backbone = { network: smallCnn({ widths: [4, 8], hidden: 32, dropout: 0 }), head: 'fc2' };

interface Inputs {
  readonly images: readonly ('first' | 'second')[];
  readonly table: boolean;
}

/** A noisy image with a bright square in its left half, or in its right one. */
function draw(image: Float32Array, random: RandomStream, right: boolean): void {
  for (let i = 0; i < image.length; i++) image[i] = 0.3 * random.normal();
  const [top, left] = [random.integer(SIZE - 4), (right ? SIZE / 2 : 0) + random.integer(SIZE / 2 - 3)];
  for (let k = 0; k < 16; k++) image[(top + Math.floor(k / 4)) * SIZE + left + (k % 4)]! += 1.5;
}

/**
 * The label is whether the square is on different sides of two images, or, with a table, whether the first image's
 * side and the sign of the third of four columns differ: neither alone says anything about it.
 */
function phantom(from: number, batch: number, withTable: boolean) {
  const pixels = SIZE * SIZE;
  const [first, second] = [new Float32Array(batch * pixels), new Float32Array(batch * pixels)];
  const table = new Float32Array(batch * 4);
  const labels: number[] = [];
  for (let n = 0; n < batch; n++) {
    const random = new RandomStream({ seed: 8, purpose: 'fusion', step: from + n });
    const [a, b, c] = [random.chance(0.5), random.chance(0.5), random.chance(0.5)];
    draw(first.subarray(n * pixels, (n + 1) * pixels), random, a);
    draw(second.subarray(n * pixels, (n + 1) * pixels), random, b);
    for (let k = 0; k < 4; k++) table[4 * n + k] = random.normal();
    table[4 * n + 2] = (c ? 1 : -1) * random.uniform(0.3, 2);
    labels.push(Number(a !== (withTable ? c : b)));
  }
  const dims = [batch, 1, SIZE, SIZE];
  return {
    labels,
    tensors: {
      first: tensorOf('float32', dims, first),
      second: tensorOf('float32', dims, second),
      table: tensorOf('float32', [batch, 4], table),
      target: tensorOf(
        'float32',
        [batch, 2],
        labels.flatMap((label) => [1 - label, label]),
      ),
    },
  };
}

function inputsOf(context: BuildContext, { images, table }: Inputs, batch: number | 'N'): FusedInputs {
  const { graph } = context;
  return {
    images: images.map((name) => graph.input(name, 'float32', [batch, 1, SIZE, SIZE])),
    ...(table ? { table: graph.input('table', 'float32', [batch, 4]) } : {}),
  };
}

/** Share of 600 other phantoms that are told rightly after training. */
async function accuracy(options: FusionOptions, inputs: Inputs, withTable: boolean): Promise<number> {
  const network = fusion(options);
  const batch = 32;
  const step = await compileTrainingStep(
    {
      seed: 5,
      optimizer: adamW(),
      build(context) {
        const logits = network(context, inputsOf(context, inputs, batch), { outputs: 2 });
        return crossEntropy(logits, context.graph.input('target', 'float32', [batch, 2]));
      },
    },
    { runtime: nodeRuntime, threads: 1 },
  );
  const names = [...inputs.images, ...(inputs.table ? ['table' as const] : [])];
  const pick = ({ tensors }: ReturnType<typeof phantom>): Record<string, Tensor> =>
    Object.fromEntries(names.map((name) => [name, tensors[name]]));
  for (let i = 0; i < 250; i++) {
    const drawn = phantom(i * batch, batch, withTable);
    const feeds = { ...pick(drawn), target: drawn.tensors.target };
    await step.run(feeds, 3e-3, { epoch: 0, step: i, last: false });
  }
  const graph = new Graph();
  const context = createContext(graph, 'infer', 5, { tensors: step.weights(), missing: 'error' });
  const logits = network(context, inputsOf(context, inputs, 'N'), { outputs: 2 });
  graph.output(logits);
  const tested = phantom(1_000_000, 600, withTable);
  const found = toNumbers((await runGraph(graph, pick(tested)))[logits.name]!);
  await step.close();
  return tested.labels.filter((label, n) => found[2 * n + label]! > found[2 * n + 1 - label]!).length / 600;
}

/** What guessing reaches with a probability of 99.9 %: half of 600, and 3.29 standard deviations about it. */
const chance = 3.29 * Math.sqrt(0.25 / 600);

describe('a label that needs both inputs', () => {
  test.each<[string, FusionOptions]>([
    ['late', { images: 'late', backbones: [backbone] }],
    ['shared', { images: 'shared', backbones: [backbone] }],
    ['early', { images: 'early', backbones: [backbone] }],
  ])('is learned from two images by %s fusion', async (_, options) => {
    const both: Inputs = { images: ['first', 'second'], table: false };
    expect(await accuracy(options, both, false)).toBeGreaterThan(0.95);
  });

  test.each(['first', 'second'] as const)('is not learned from the %s image alone', async (name) => {
    const found = await accuracy(
      { images: 'late', backbones: [backbone] },
      { images: [name], table: false },
      false,
    );
    expect(Math.abs(found - 0.5)).toBeLessThan(chance);
  });

  test.each<[string, readonly number[]]>([
    ['of its own', [16]],
    ['left out: its columns are joined', []],
  ])('is learned from an image and a table, with a layer %s', async (_, tableWidths) => {
    const options: FusionOptions = { images: 'late', backbones: [backbone], tableWidths };
    expect(await accuracy(options, { images: ['first'], table: true }, true)).toBeGreaterThan(0.95);
  });

  test.each<[string, Inputs]>([
    ['image', { images: ['first'], table: false }],
    ['table', { images: [], table: true }],
  ])('is not learned from the %s alone', async (_, inputs) => {
    const found = await accuracy({ images: 'late', backbones: [backbone] }, inputs, true);
    expect(Math.abs(found - 0.5)).toBeLessThan(chance);
  });
});

describe('what is missing', () => {
  const run = async (images: FusionOptions['images'], second: number, value: number) => {
    const graph = new Graph();
    const context = createContext(graph, 'infer', 3);
    const inputs = inputsOf(context, { images: ['first', 'second'], table: true }, 'N');
    const logits = fusion({ images, backbones: [backbone] })(
      context,
      {
        ...inputs,
        missingImages: graph.input('missingImages', 'float32', ['N', 2]),
        missing: graph.input('missing', 'float32', ['N', 4]),
      },
      { outputs: 2 },
    );
    graph.output(logits);
    const { first, table } = phantom(0, 1, true).tensors;
    const columns = [...toNumbers(table).slice(0, 3), value];
    const feeds = {
      first,
      second: tensorOf('float32', [1, 1, SIZE, SIZE], new Array(SIZE * SIZE).fill(second)),
      table: tensorOf('float32', [1, 4], columns),
      missingImages: tensorOf('float32', [1, 2], [0, 1]),
      missing: tensorOf('float32', [1, 4], [0, 0, 0, 1]),
    };
    return toNumbers((await runGraph(graph, feeds))[logits.name]!);
  };

  test.each(['early', 'late', 'shared'] as const)('does not count, %s', async (images) => {
    const expected = await run(images, 0, 0);
    expect(expected.every(Number.isFinite)).toBe(true);
    expect(await run(images, 5, 3)).toEqual(expected);
    expect(await run(images, Number.NaN, Number.NaN)).toEqual(expected);
  });
});

test('late fusion has a backbone for each image, shared fusion one', () => {
  const names = (options: FusionOptions) => {
    const context = createContext(new Graph(), 'infer', 1);
    const inputs = inputsOf(context, { images: ['first', 'second'], table: true }, 'N');
    fusion(options)(context, inputs, { outputs: 3 });
    return context.parameters.map(({ name }) => name).filter((name) => name.endsWith('weight'));
  };
  const rest = ['table0.weight', 'fusion.weight', 'fc.weight'];
  const layers = ['conv1.weight', 'conv2.weight', 'fc1.weight'];
  const of = (scope: string) => layers.map((layer) => `${scope}.${layer}`);
  const options = { backbones: [backbone], tableWidths: [8] };
  expect(names({ ...options, images: 'late' })).toEqual([...of('image0'), ...of('image1'), ...rest]);
  expect(names({ ...options, images: 'shared' })).toEqual([...of('image'), ...rest]);
  expect(names({ ...options, images: 'early', hidden: 0 })).toEqual([
    ...of('image'),
    'table0.weight',
    'fc.weight',
  ]);
});

test.each<[string, FusionOptions, (graph: Graph) => FusedInputs, RegExp]>([
  ['nothing', { images: 'late', backbones: [] }, () => ({ images: [] }), /neither an image nor a table/],
  [
    'all that is wrong at once',
    { images: 'shared', backbones: [backbone, backbone] },
    (graph) => ({
      images: [graph.input('a', 'float32', ['N', 1, 8, 8]), graph.input('b', 'float32', ['N', 2, 8, 8])],
      missingImages: graph.input('m', 'float32', ['N', 3]),
      missing: graph.input('n', 'float32', ['N', 3]),
    }),
    /^FUSION_INPUTS: .*'shared' takes one backbone; 'shared' takes images of one shape; missingImages is \[N, 3\], expected \[N, 2\]; missing values are named/,
  ],
  [
    'images that do not lie on one another',
    { images: 'early', backbones: [backbone] },
    (graph) => ({
      images: [graph.input('a', 'float32', ['N', 1, 8, 8]), graph.input('b', 'float32', ['N', 1, 9, 8])],
    }),
    /'early' takes images of one height and width/,
  ],
])('refuses %s', (_, options, inputs, message) => {
  const context = createContext(new Graph(), 'infer', 1);
  expect(() => fusion(options)(context, inputs(context.graph), { outputs: 2 })).toThrow(message);
});
