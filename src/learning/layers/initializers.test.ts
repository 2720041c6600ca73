import { describe, expect, test } from 'vitest';
import { learningFixture } from '../../../test/peers/learning-fixture.ts';
import { RandomStream } from '../../random.ts';
import {
  constant,
  heNormal,
  heUniform,
  type Initializer,
  torchUniform,
  xavierNormal,
  xavierUniform,
} from './initializers.ts';

interface InitializerCase {
  readonly initializer: string;
  readonly options: { readonly fan?: 'in' | 'out'; readonly gain?: number };
  readonly shape: readonly number[];
  /** Standard deviation and largest absolute value of one draw of the peer. */
  readonly deviation: number;
  readonly largest: number;
}

const initializers: Readonly<Record<string, (options: InitializerCase['options']) => Initializer>> = {
  heNormal,
  heUniform,
  xavierNormal: () => xavierNormal(),
  xavierUniform: () => xavierUniform(),
  torchUniform: () => torchUniform,
};

const cases = learningFixture<InitializerCase[]>('initializers');

describe('initializers', () => {
  test.each(
    cases.map((item) => [item.initializer, JSON.stringify([item.shape, item.options]), item] as const),
  )('%s %s spreads as in PyTorch', (name, _, item) => {
    const values = initializers[name]!(item.options)(
      item.shape,
      new RandomStream({ seed: 3, purpose: name }),
    );
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    // Both are samples of some 10,000 values: their deviations agree within a few parts in a hundred.
    expect(Math.abs(Math.sqrt(variance) / item.deviation - 1)).toBeLessThan(0.03);
    expect(Math.abs(mean)).toBeLessThan((4 * item.deviation) / Math.sqrt(values.length));
    if (name.endsWith('Uniform')) {
      const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expect(Math.abs(largest / item.largest - 1)).toBeLessThan(0.002);
    }
  });

  test('constant', () => {
    const stream = new RandomStream({ seed: 1, purpose: 'x' });
    expect([...constant(0.5)([2, 2], stream)]).toEqual([0.5, 0.5, 0.5, 0.5]);
  });
});
