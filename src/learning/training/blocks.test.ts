import { expect, test } from 'vitest';
import { Graph } from '../../engine/graph/graph.ts';
import { createContext } from '../layers/build-context.ts';
import { networkNamed } from '../networks/registry.ts';
import { depthRates, matcher, parameterBlocks } from './blocks.ts';

const named = (...names: readonly string[]) => names.map((name) => ({ name, shape: [2, 2] }));

test('a ResNet has its stem, its stages and its head', () => {
  const entry = networkNamed('resnet18');
  const context = createContext(new Graph(), 'infer', 1);
  entry.network(context, context.graph.input('x', 'float32', ['N', 3, 64, 64]), { outputs: 2 });
  const blocks = parameterBlocks(context.parameters, entry.head);
  expect(blocks.map(({ name }) => name)).toEqual(['conv1', 'layer1', 'layer2', 'layer3', 'layer4', 'fc']);
  expect(blocks[0]!.parameters).toEqual(['conv1.weight', 'bn1.weight', 'bn1.bias']);
  expect(blocks.flatMap(({ parameters }) => parameters).sort()).toEqual(
    context.parameters.map(({ name }) => name).sort(),
  );
});

test('names count up to their first part with a digit; the head is last wherever it was made', () => {
  const blocks = parameterBlocks(
    named(
      'head.weight',
      'features.0.weight',
      'features.3.squeeze.weight',
      'features.3.expand.weight',
      'patch.proj.weight',
    ),
    'head',
  );
  expect(blocks.map(({ name, parameters }) => [name, parameters.length])).toEqual([
    ['features.0', 1],
    ['features.3', 2],
    ['patch.proj', 1],
    ['head', 1],
  ]);
});

test('rates fall by the same factor with each block from the head', () => {
  const blocks = parameterBlocks(named('a1.weight', 'b1.weight', 'fc.weight', 'fc.bias'), 'fc');
  expect([...depthRates(blocks, 0.5)]).toEqual([
    ['a1.weight', 0.25],
    ['b1.weight', 0.5],
    ['fc.weight', 1],
    ['fc.bias', 1],
  ]);
});

test.each([
  [['layer1.*'], 'layer1.0.conv1.weight', true],
  [['layer1.*'], 'layer10.0.weight', false],
  [['fc.weight'], 'fcxweight', false],
  [['*.bias', 'conv1.*'], 'layer4.1.bias', true],
  [[], 'fc.weight', false],
])('%j names %s: %s', (patterns, name, expected) => expect(matcher(patterns)(name)).toBe(expected));
