import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { hashParameter } from '../../../test/peers/hash-weights.ts';
import { learningFixture } from '../../../test/peers/learning-fixture.ts';
import { tensor, tensorOf } from '../../engine/tensor/tensor.ts';
import { describeMatch } from './describe-match.ts';
import { asFloat32 } from './element-type.ts';
import { reverseInputChannels } from './input-channels.ts';
import { matchWeights, planMatch } from './match-weights.ts';

const peer = learningFixture<{
  readonly float16: string;
  readonly bfloat16: string;
  readonly channels: readonly { readonly channels: number; readonly weight: readonly number[] }[];
}>('../weights/numbers');

describe('numbers', () => {
  test.each(['float16', 'bfloat16'] as const)("every %s becomes PyTorch's float32", (dtype) => {
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const values = asFloat32(tensor(dtype, [65536], bits)).data as Float32Array; // as float32
    const numbers = values.map((value) => (Number.isNaN(value) ? 0 : value));
    expect(createHash('sha256').update(numbers).digest('hex')).toBe(peer[dtype]);
  });

  test('float64 is rounded, integers stay', () => {
    expect(asFloat32(tensorOf('float64', [1], [0.1])).data).toEqual(Float32Array.of(0.1));
    expect(asFloat32(tensorOf('int64', [1], [3]))).toEqual(tensorOf('int64', [1], [3]));
  });

  test.each(peer.channels)("a first convolution for $channels channels is timm's", ({ channels, weight }) => {
    const wanted = [{ name: 'conv1.weight', shape: [4, channels, 3, 3] }];
    const tensors = new Map([['conv1.weight', hashParameter('conv.weight', [4, 3, 3, 3])]]);
    const result = matchWeights(wanted, { tensors });
    const values = [...(result.tensors.get('conv1.weight')!.data as Float32Array)];
    expect(values.length).toBe(weight.length);
    for (const [i, value] of values.entries()) expect(Math.abs(value - weight[i]!)).toBeLessThan(1e-6);
    expect(result.report.changed[0]!.how).toBe(
      channels === 1 ? 'sum over 3 channels' : `3 channels repeated to ${channels}, scaled`,
    );
  });

  test('channels in the opposite order', () => {
    const weight = tensorOf('float32', [2, 3, 1, 1], [1, 2, 3, 4, 5, 6]);
    expect(reverseInputChannels(weight)).toEqual(tensorOf('float32', [2, 3, 1, 1], [3, 2, 1, 6, 5, 4]));
  });
});

const wanted = [
  { name: 'conv1.weight', shape: [2, 3, 3, 3] },
  { name: 'conv2.weight', shape: [2, 2, 3, 3] },
  { name: 'bn1.running_mean', shape: [2] },
  { name: 'fc.weight', shape: [5, 2] },
  { name: 'fc.bias', shape: [5] },
];
const all = new Map(wanted.map(({ name, shape }) => [name, hashParameter(name, shape)]));
const named = (change: (name: string) => string) =>
  new Map([...all].map(([name, value]) => [change(name), value]));

describe('names', () => {
  test.each<[string, (name: string) => string]>([
    ['as they are', (name) => name],
    ['behind module.', (name) => `module.${name}`],
    ['behind two prefixes', (name) => `state_dict.model.${name}`],
  ])('%s', (_, change) => {
    const { tensors, report } = matchWeights(wanted, { tensors: named(change) });
    expect(tensors).toEqual(all);
    expect([report.missing, report.leftOver, report.misfit, report.changed]).toEqual([[], [], [], []]);
  });

  test('replaced as asked, into a part of a larger network', () => {
    const inside = wanted.map(({ name, shape }) => ({ name: `image.${name}`, shape }));
    const given = { tensors: named((name) => name.replace('conv', 'layer_')) };
    const { tensors, report } = matchWeights([...inside, { name: 'table.weight', shape: [3] }], given, {
      rename: [[/^layer_/, 'conv']],
      under: 'image.',
    });
    expect([...tensors.keys()]).toEqual(inside.map(({ name }) => name));
    expect(report.missing).toEqual([]);
  });

  test('a plain name goes before one with a prefix, which is left over', () => {
    const tensors = new Map([...named((name) => `model.${name}`), ...all]);
    const { report } = matchWeights(wanted, { tensors });
    expect(report.matched.map(({ from }) => from)).toEqual(wanted.map(({ name }) => name));
    expect(report.leftOver.length).toBe(wanted.length);
  });
});

describe('shapes', () => {
  const thousand = new Map([
    ...all,
    ['fc.weight', hashParameter('fc.weight', [1000, 2])],
    ['fc.bias', hashParameter('fc.bias', [1000])],
  ]);

  test('that differ are an error with both, ten at most', () => {
    expect(() => matchWeights(wanted, { tensors: thousand })).toThrow(
      /^WEIGHTS_MISFIT: 2 of the weights .*'fc.weight' is .*1000.*, the network's .*5.*; 'fc.bias' is .*ignoreHead/,
    );
    const many = Array.from({ length: 13 }, (_, i) => ({ name: `a${i}.bias`, shape: [2] }));
    const tensors = new Map(many.map(({ name }) => [name, hashParameter(name, [3])]));
    expect(() => matchWeights(many, { tensors })).toThrow(/^WEIGHTS_MISFIT: 13 .*'a9.bias'.*; and 3 more\./);
  });

  test('the head is left out when asked, and the report says so', () => {
    const { tensors, report } = matchWeights(wanted, { tensors: thousand }, { ignoreHead: 'fc' });
    expect([...tensors.keys()]).toEqual(wanted.slice(0, 3).map(({ name }) => name));
    expect(report.head).toEqual(['fc.weight', 'fc.bias']);
    expect([report.missing, report.leftOver]).toEqual([[], []]);
  });

  test('are reported when asked', () => {
    const { report } = matchWeights(wanted, { tensors: thousand }, { misfit: 'report' });
    expect(report.misfit).toEqual([
      { name: 'fc.weight', from: 'fc.weight', given: [1000, 2], wanted: [5, 2] },
      { name: 'fc.bias', from: 'fc.bias', given: [1000], wanted: [5] },
    ]);
  });

  test('only the first convolution takes another number of channels', () => {
    const other = wanted.map(({ name, shape }) => ({
      name,
      shape: name === 'conv2.weight' ? [2, 4, 3, 3] : shape,
    }));
    expect(() => matchWeights(other, { tensors: all })).toThrow(/^WEIGHTS_MISFIT: 1 .*'conv2.weight'/);
  });

  test('a dense layer and a convolution over all of its input are one', () => {
    const tensors = new Map([['fc.weight', hashParameter('fc.weight', [5, 2, 1, 1])]]);
    const { tensors: made } = matchWeights([wanted[3]!], { tensors });
    expect(made.get('fc.weight')!.dims).toEqual([5, 2]);
  });

  test('a caller may fit what is not known here', () => {
    const tensors = new Map([['fc.bias', hashParameter('fc.bias', [3])]]);
    const plan = planMatch(
      [wanted[4]!],
      { tensors },
      {
        fit: (_name, source, shape) => ({
          ...source,
          dims: shape,
          how: 'by the caller',
          read: () => tensorOf('float32', shape, [1, 2, 3, 4, 5]),
        }),
      },
    );
    expect(plan.report.changed[0]!.how).toBe('by the caller');
    expect(plan.read('fc.bias').data).toEqual(Float32Array.of(1, 2, 3, 4, 5));
    expect(() => plan.read('fc.weight')).toThrow(/^WEIGHTS_MISSING/);
  });
});

test('weights of which nothing matches are an error with names of both sides', () => {
  const tensors = new Map([['encoder.block.0.q', hashParameter('q', [2, 2])]]);
  expect(() => matchWeights(wanted, { tensors })).toThrow(
    /^WEIGHTS_NOTHING_MATCHED: of 1 tensors .*encoder.block.0.q.*conv1.weight.*rename/,
  );
  expect(() => matchWeights(wanted, { tensors: new Map() })).toThrow(
    /^WEIGHTS_NOTHING_MATCHED: of 0 tensors/,
  );
});

test('the report as text keeps to its width and tells everything', () => {
  const tensors = new Map([
    ...all,
    ['conv1.weight', hashParameter('conv1.weight', [2, 1, 3, 3])],
    ['a.name.that.is.so.long.that.it.does.not.fit.on.a.narrow.terminal.weight', hashParameter('a', [2])],
  ]);
  tensors.delete('bn1.running_mean');
  const { report } = matchWeights(wanted, { tensors }, { ignoreHead: 'fc' });
  const text = describeMatch(report, 44);
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(44);
  expect(text.split('\n')).toEqual([
    'matched: 2 of 3 (torchvision names)',
    'missing, drawn anew: 1',
    '  bn1.running_mean 2',
    'left over, not used: 1',
    expect.stringMatching(/^ {2}\.\.\..*terminal\.weight 2$/),
    'changed: 1',
    expect.stringContaining('1 channel repeated to 3'),
    'of the head, left out: 2',
    '  fc.weight',
    '  fc.bias',
  ]);
});
