import { describe, expect, test } from 'vitest';
import { hashParameter, hashUniform } from '../../../test/peers/hash-weights.ts';
import { learningFixture } from '../../../test/peers/learning-fixture.ts';
import { runGraph } from '../../../test/peers/run-graph.ts';
import { Graph } from '../../engine/graph/graph.ts';
import { nodeRuntime } from '../../engine/runtime/runtime.node.ts';
import { type Tensor, tensorOf, toNumbers } from '../../engine/tensor/tensor.ts';
import { RandomStream } from '../../random.ts';
import { type BuildContext, createContext, type GivenWeights } from '../layers/build-context.ts';
import { crossEntropy } from '../losses/cross-entropy.ts';
import { adamW } from '../optimizers/adam.ts';
import { compileTrainingStep } from '../training/step.ts';
import { networkNamed } from './registry.ts';
import { type SlicePooling, study } from './study.ts';

interface StudyCase {
  readonly pooling: SlicePooling;
  readonly hidden: number;
  /** Slices of each study. */
  readonly counts: readonly number[];
  readonly slices: number;
  readonly size: number;
  readonly outputs: number;
  readonly parameters: readonly (readonly [name: string, shape: readonly number[]])[];
  readonly buffers: readonly (readonly [name: string, shape: readonly number[]])[];
  /** The peer's answer to each study alone, of as many slices as it has. */
  readonly expected: readonly (readonly number[])[];
  /** Its answer to all slices. */
  readonly unmasked: readonly (readonly number[])[];
  readonly attention: readonly (readonly number[])[] | null;
}

const cases = learningFixture<StudyCase[]>('sequences-studies');

function build(item: StudyCase, masked: boolean) {
  const graph = new Graph();
  const weights: GivenWeights = {
    tensors: new Map(
      [...item.parameters, ...item.buffers].map(([name, shape]) => [name, hashParameter(name, shape)]),
    ),
    missing: 'error',
  };
  const context = createContext(graph, 'infer', 1, weights);
  const x = graph.input('x', 'float32', ['N', item.slices, 1, item.size, item.size]);
  const mask = masked ? graph.input('mask', 'float32', ['N', item.slices]) : undefined;
  const network = study({
    backbone: networkNamed('compact-cnn'),
    pooling: item.pooling,
    hidden: item.hidden,
  });
  return { graph, context, logits: network(context, x, { outputs: item.outputs, mask }) };
}

/** The peer's studies; what stands in the padding is told. */
function feedsOf({ counts, slices, size }: StudyCase, padding?: number): Record<string, Tensor> {
  const image = size * size;
  const values = hashUniform('x', counts.length * slices * image);
  const mask = counts.flatMap((count) => Array.from({ length: slices }, (_, s) => (s < count ? 1 : 0)));
  if (padding === undefined)
    return { x: tensorOf('float32', [counts.length, slices, 1, size, size], values) };
  mask.forEach((counts, slice) => {
    if (counts === 0) values.fill(padding, slice * image, (slice + 1) * image);
  });
  return {
    x: tensorOf('float32', [counts.length, slices, 1, size, size], values),
    mask: tensorOf('float32', [counts.length, slices], mask),
  };
}

const furthest = (found: Tensor, expected: readonly (readonly number[])[]): number =>
  Math.max(...toNumbers(found).map((value, i) => Math.abs(value - expected.flat()[i]!)));

describe.each(cases.map((item) => [item.pooling, item] as const))('%s over slices', (_, item) => {
  test("has the peer's parameters, and its answers to whole studies", async () => {
    const { graph, context, logits } = build(item, false);
    const named = (values: BuildContext['parameters']) =>
      values.map(({ name, constant }) => [name, constant!.dims]);
    expect(named(context.parameters)).toEqual(item.parameters);
    const inUse = item.buffers.filter(([name]) => !name.endsWith('num_batches_tracked')); // the rest is for training
    expect(named(context.buffers)).toEqual(inUse);
    expect(logits.shape).toEqual(['N', item.outputs]);
    graph.output(logits);
    const found = await runGraph(graph, feedsOf(item));
    expect(furthest(found[logits.name]!, item.unmasked)).toBeLessThan(2e-5);
  });

  test.each([0, 37, Number.NaN])(
    'answers as if padded slices, full of %d, were not there',
    async (padding) => {
      const { graph, context, logits } = build(item, true);
      const attention = context.attention.get('pool');
      graph.output(logits, ...(attention ? [attention] : []));
      const found = await runGraph(graph, feedsOf(item, padding));
      expect(furthest(found[logits.name]!, item.expected)).toBeLessThan(2e-5);
      expect(attention !== undefined).toBe(item.attention !== null);
      if (!attention || !item.attention) return;
      const [each, slices] = [found[attention.name]!, item.slices];
      expect(each.dims).toEqual([item.counts.length, 1, 1, slices]);
      const padded = item.attention.map((row) => [...row, ...new Array(slices - row.length).fill(0)]);
      expect(furthest(each, padded)).toBeLessThan(2e-6);
    },
  );

  test('gives numbers for a study without a slice', async () => {
    const { graph, logits } = build(item, true);
    graph.output(logits);
    const feeds = feedsOf({ ...item, counts: [0, 1, 0] }, 0);
    const found = toNumbers((await runGraph(graph, feeds))[logits.name]!);
    expect(found.every(Number.isFinite)).toBe(true);
  });
});

/** A study of four slices is positive when one of them, at any place, holds a bright square. */
function phantom(from: number, batch: number): { feeds: Record<string, Tensor>; bright: readonly number[] } {
  const [slices, size] = [4, 16];
  const x = new Float32Array(batch * slices * size * size);
  const target = new Float32Array(batch * 2);
  const bright: number[] = [];
  for (let n = 0; n < batch; n++) {
    const random = new RandomStream({ seed: 4, purpose: 'study', step: from + n });
    for (let i = 0; i < slices * size * size; i++) x[n * slices * size * size + i] = 0.2 * random.normal();
    const positive = random.chance(0.5);
    const slice = random.integer(slices);
    const [top, left] = [random.integer(size - 5), random.integer(size - 5)];
    if (positive) {
      for (let k = 0; k < 25; k++) {
        const [row, column] = [top + Math.floor(k / 5), left + (k % 5)];
        x[((n * slices + slice) * size + row) * size + column]! += 1;
      }
    }
    target[2 * n + (positive ? 1 : 0)] = 1;
    bright.push(positive ? slice : -1);
  }
  return {
    feeds: {
      x: tensorOf('float32', [batch, slices, 1, size, size], x),
      target: tensorOf('float32', [batch, 2], target),
    },
    bright,
  };
}

test('learns from labels of studies which slice counts: the attention lies on it', async () => {
  const network = study({ backbone: networkNamed('small-cnn'), pooling: 'gated-attention', hidden: 16 });
  const step = await compileTrainingStep(
    {
      seed: 2,
      optimizer: adamW(),
      build(context) {
        const x = context.graph.input('x', 'float32', [16, 4, 1, 16, 16]);
        const target = context.graph.input('target', 'float32', [16, 2]);
        return crossEntropy(network(context, x, { outputs: 2 }), target);
      },
    },
    { runtime: nodeRuntime, threads: 1 },
  );
  for (let i = 0; i < 60; i++) {
    await step.run(phantom(16 * i, 16).feeds, 2e-3, { epoch: 0, step: i, last: false });
  }
  const graph = new Graph();
  const weights: GivenWeights = { tensors: step.weights(), missing: 'error' };
  const context = createContext(graph, 'infer', 2, weights);
  const logits = network(context, graph.input('x', 'float32', ['N', 4, 1, 16, 16]), { outputs: 2 });
  const attention = context.attention.get('pool')!; // gated attention leaves it
  graph.output(logits, attention);
  const { feeds, bright } = phantom(100_000, 200);
  const found = await runGraph(graph, { x: feeds.x! });
  await step.close();
  const [answers, looked] = [toNumbers(found[logits.name]!), toNumbers(found[attention.name]!)];
  const right = bright.filter((slice, n) => answers[2 * n + 1]! > answers[2 * n]! === slice >= 0);
  const positives = bright.flatMap((slice, n) => (slice >= 0 ? [{ slice, n }] : []));
  const seen = positives.filter(({ slice, n }) => {
    const row = looked.slice(4 * n, 4 * n + 4);
    return row.indexOf(Math.max(...row)) === slice;
  });
  expect(right.length / bright.length).toBeGreaterThan(0.95);
  expect(seen.length / positives.length).toBeGreaterThan(0.95);
});

test.each<[string, readonly (number | string)[], readonly (number | string)[] | undefined, RegExp]>([
  ['an image', ['N', 1, 28, 28], undefined, /^LAYER_SHAPE: study was given 'x' \[N, 1, 28, 28\], expected/],
  ['unknown slices', ['N', 'S', 1, 28, 28], undefined, /^LAYER_SHAPE: .*all but N known/],
  ['a mask of another length', ['N', 4, 1, 28, 28], ['N', 3], /^LAYER_SHAPE: .*expected \[N, 4\]/],
])('refuses %s', (_, shape, masked, message) => {
  const graph = new Graph();
  const context = createContext(graph, 'infer', 1);
  const x = graph.input('x', 'float32', shape);
  const mask = masked && graph.input('mask', 'float32', masked);
  const network = study({ backbone: networkNamed('small-cnn'), pooling: 'mean' });
  expect(() => network(context, x, { outputs: 2, mask })).toThrow(message);
});
