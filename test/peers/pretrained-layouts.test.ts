import { describe, expect, test } from 'vitest';
import { elementCount, type Tensor, tensor, tensorOf } from '../../src/engine/tensor/tensor.ts';
import { describeMatch } from '../../src/learning/weights/describe-match.ts';
import { matchWeights, type NamedShape, planMatch } from '../../src/learning/weights/match-weights.ts';
import { hashParameter, hashUniform } from './hash-weights.ts';
import { learningFixture } from './learning-fixture.ts';
import type { Named } from './network-case.ts';
import { logitsOf, wantedBy } from './pretrained-network.ts';

interface Case {
  readonly timm?: string;
  readonly keras?: string;
  readonly network: string;
  /** Height and width of the images; null where only names and shapes are compared. */
  readonly size: number | null;
  readonly outputs: number;
  readonly names: readonly Named[];
  /** Logits of the peer's network in double precision. */
  readonly expected: readonly number[] | null;
}

const timmCases = learningFixture<Case[]>('../weights/timm');
const kerasCases = learningFixture<Case[]>('../weights/keras');
const torchvisionCases =
  learningFixture<{ network: string; parameters: readonly Named[]; buffers: readonly Named[] }[]>('networks');

/** The network's own names, or torchvision's where making its weights would take long. */
function wantedFor({ network, size, outputs }: Case): readonly NamedShape[] {
  if (size !== null) return wantedBy({ network, outputs, shape: [3, size, size] });
  const found = torchvisionCases.find((item) => item.network === network)!;
  return [...found.parameters, ...found.buffers].map(([name, shape]) => ({ name, shape }));
}

/** Shapes without numbers. */
const stated = (dims: readonly number[]): Tensor => ({ dtype: 'float32', dims, data: new Float32Array(0) });

function imagesOf(size: number, change: (value: number) => number = (value) => value): Tensor {
  const values = hashUniform('images', 2 * 3 * size * size);
  return tensorOf('float32', [2, 3, size, size], Float32Array.from(values).map(change));
}

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  const largest = Math.max(...expected.map(Math.abs));
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of actual.entries()) {
    expect(Math.abs(value - expected[i]!) / largest).toBeLessThan(2e-5);
  }
}

describe.each(timmCases.map((item) => [item.timm!, item] as const))("timm's %s", (_, item) => {
  const wanted = wantedFor(item);

  test('every name and shape fits', () => {
    const tensors = new Map(item.names.map(([name, dims]) => [name, stated(dims)]));
    const { report } = planMatch(wanted, { tensors });
    expect(report.missing).toEqual([]);
    expect(report.leftOver).toEqual([]);
    expect(report.matched.length).toBe(wanted.length);
  });

  if (item.expected !== null)
    test("the output is timm's", async () => {
      const size = item.size!;
      const { tensors } = matchWeights(wanted, { tensors: real(item) });
      const picture = { network: item.network, outputs: item.outputs, shape: [3, size, size] as const };
      expectClose(await logitsOf(picture, tensors, imagesOf(size)), item.expected!);
    });
});

const realByCase = new Map<Case, ReadonlyMap<string, Tensor>>();

/** Hashed weights by timm's names, behind the prefix that a wrapper leaves. */
function real(item: Case): ReadonlyMap<string, Tensor> {
  const found =
    realByCase.get(item) ??
    new Map(item.names.map(([name, dims]) => [`module.${name}`, hashParameter(name, dims)] as const));
  realByCase.set(item, found);
  return found;
}

/** As scripts/peers/weights.py: hash_keras. */
function hashKeras(path: string, shape: readonly number[]): Tensor {
  const variable = path.slice(path.lastIndexOf('/') + 1);
  const count = elementCount(shape);
  if (variable.includes('kernel')) {
    const fan = elementCount(shape.length === 4 && shape[3] === 1 ? shape.slice(0, 2) : shape.slice(0, -1));
    const bound = Math.sqrt(6 / fan);
    return tensor('float32', shape, Float32Array.from(hashUniform(path, count, -bound, bound)));
  }
  const ranges: Readonly<Record<string, readonly [number, number]>> = {
    gamma: [0.9, 1.1],
    moving_variance: [0.5, 1.5],
  };
  const [low, high] = ranges[variable] ?? [-0.1, 0.1];
  return tensor('float32', shape, Float32Array.from(hashUniform(path, count, low, high)));
}

/** As the files of keras.applications have it: the layer twice, and the output's number. */
const inFile = (path: string): string => {
  const cut = path.lastIndexOf('/');
  return `${path.slice(0, cut)}/${path.slice(0, cut)}${path.slice(cut)}:0`;
};

describe.each(kerasCases.map((item) => [item.keras!, item] as const))("Keras's %s", (_, item) => {
  const wanted = wantedFor(item);
  const tensorsOf = (make: (path: string, dims: readonly number[]) => Tensor) =>
    new Map(item.names.map(([path, dims]) => [inFile(path), make(path, dims)]));

  if (item.expected !== null)
    test("the output is Keras's, where the picture's size lets both pad alike", async () => {
      const size = item.size!;
      const { tensors, report } = matchWeights(wanted, { tensors: tensorsOf(hashKeras) });
      expect(report.layout).toBe('keras');
      expect(report.missing).toEqual([]);
      expect(report.leftOver.filter(({ name }) => !name.startsWith('normalization/'))).toEqual([]);
      const picture = { network: item.network, outputs: item.outputs, shape: [3, size, size] as const };
      expectClose(await logitsOf(picture, tensors, imagesOf(size)), item.expected!);
    });

  if (item.expected === null)
    test('every name and shape fits', () => {
      const { report } = planMatch(wanted, { tensors: tensorsOf((_path, dims) => stated(dims)) });
      expect(report.layout).toBe('keras');
      expect(report.missing).toEqual([]);
      expect(report.leftOver).toEqual([]);
      expect(report.matched.length).toBe(wanted.length);
    });
});

test("Keras's dense layer after flattening takes its rows in the order of channels first", () => {
  // two channels of 2 x 2 places: rows are (place, channel)
  const wanted = [
    { name: 'features.0.weight', shape: [2, 3, 3, 3] },
    { name: 'classifier.0.weight', shape: [1, 8] },
  ];
  const tensors = new Map([
    ['block1_conv1/block1_conv1/kernel:0', hashKeras('a/kernel', [3, 3, 3, 2])],
    ['fc1/fc1/kernel:0', tensorOf('float32', [8, 1], [0, 1, 10, 11, 20, 21, 30, 31])],
  ]);
  const result = matchWeights(wanted, { tensors });
  expect([...(result.tensors.get('classifier.0.weight')!.data as Float32Array)]).toEqual([
    0, 10, 20, 30, 1, 11, 21, 31,
  ]);
});

test('a vision transformer for larger pictures has its positions interpolated, which the report tells', () => {
  const item = timmCases.find(({ network }) => network === 'vit-s16')!;
  const wanted = wantedBy({ network: 'vit-s16', outputs: 5, shape: [3, 64, 64] });
  const { tensors, report } = matchWeights(wanted, { tensors: real(item) });
  expect(tensors.get('pos_embed')!.dims).toEqual([1, 17, 384]);
  expect(report.changed.map(({ name, how }) => [name, how])).toEqual([
    ['pos_embed', 'positions of 2 x 2 patches interpolated to 4 x 4'],
  ]);
  expect(describeMatch(report)).toContain('changed: 1');
});
