import { type Tensor, tensor } from '../../src/engine/tensor/tensor.ts';
import type { GivenWeights, Network, RandomInput } from '../../src/learning/layers/build-context.ts';
import { alexnet } from '../../src/learning/networks/alexnet.ts';
import { vgg } from '../../src/learning/networks/vgg.ts';
import { hashParameter } from './hash-weights.ts';

/** What the tests of networks share with each other: nothing here is part of a network. */

export type Named = readonly [name: string, shape: readonly number[]];

const depths = [11, 13, 16, 19] as const;

/** AlexNet and VGG with dense layers of that width in place of 4096; undefined where none is stated. */
export function narrowNetwork(name: string, hidden: number | undefined): Network | undefined {
  if (hidden === undefined) return undefined;
  if (name === 'alexnet') return alexnet({ hidden });
  const depth = depths.find((number) => name.startsWith(`vgg${number}`));
  return depth && vgg({ depth, batchNormalized: name.endsWith('-bn'), hidden });
}

/**
 * Weights that state a shape and hold nothing: a graph of 140 million parameters is built, differentiated and looked at
 * without them. It cannot be run.
 */
export function statedWeights(named: readonly Named[]): GivenWeights {
  const stated = named.map(([name, dims]): [string, Tensor] => [
    name,
    name.endsWith('num_batches_tracked')
      ? { dtype: 'int64', dims, data: new BigInt64Array(0) }
      : { dtype: 'float32', dims, data: new Float32Array(0) },
  ]);
  return { tensors: new Map(stated), missing: 'initialize' };
}

/** Weights and statistics from the hash of their names; the dense layers as wide as `hidden`, where it is stated. */
export function hashedWeights(named: readonly Named[], hidden?: number): GivenWeights {
  const narrow = ([name, dims]: Named): Named =>
    hidden !== undefined && name.startsWith('classifier.')
      ? [name, dims.map((size) => (size === 4096 ? hidden : size))]
      : [name, dims];
  const tensors = named
    .map(narrow)
    .map(([name, dims]): [string, Tensor] => [name, hashParameter(name, dims)]);
  return { tensors: new Map(tensors), missing: 'error' };
}

/** Masks of dropout that drop nothing. */
export function onesFor(inputs: readonly RandomInput[]): Record<string, Tensor> {
  return Object.fromEntries(
    inputs.map(({ name, shape }) => {
      const count = shape.reduce((product, size) => product * size, 1);
      return [name, tensor('float32', shape, new Float32Array(count).fill(1))];
    }),
  );
}
