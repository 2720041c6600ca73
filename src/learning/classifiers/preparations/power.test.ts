import { describe, expect, test } from 'vitest';
import { RandomStream } from '../../../random.ts';
import { matrix } from '../matrix.ts';
import { lowestOf } from './lowest-of.ts';
import { power, yeoJohnson, yeoJohnsonPower } from './power.ts';

const drawn = (make: (random: RandomStream) => number) => {
  const random = new RandomStream({ seed: 4, purpose: 'power-test' });
  return Float64Array.from({ length: 300 }, () => make(random));
};

describe('the power of a column', () => {
  test('is near 0, a logarithm, for a log-normal one', () => {
    expect(Math.abs(yeoJohnsonPower(drawn((random) => 1e6 * Math.exp(random.normal()))))).toBeLessThan(0.1);
  });

  test('is near 1 for a normal one', () => {
    expect(Math.abs(yeoJohnsonPower(drawn((random) => random.normal())) - 1)).toBeLessThan(0.2);
  });

  test('is 1 for a constant one', () => {
    expect(yeoJohnsonPower(new Float64Array(20).fill(7))).toBe(1);
  });

  test.each([1e3, 1e4, 1e6])('leaves a column at %f its order and its differences', (offset) => {
    const values = drawn((random) => Math.fround(offset - Math.log(1 - random.uniform())));
    const x = matrix(values, 300, 1);
    const made = power.fit(x, new Int32Array(300), 2, power.check({}), { seed: 0 }).transform(x).values;
    const order = Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);
    for (let k = 1; k < order.length; k++) {
      const [a, b] = [order[k - 1]!, order[k]!];
      if (values[a] === values[b]) expect(made[a]).toBe(made[b]);
      else expect(made[a]).toBeLessThan(made[b]!);
    }
  });

  test.each([-2, 0, 0.5, 1, 2, 3])('%f is continuous and rising', (lambda) => {
    expect(yeoJohnson(0, lambda)).toBeCloseTo(0, 15);
    for (let x = -3; x < 3; x += 0.25)
      expect(yeoJohnson(x + 0.25, lambda)).toBeGreaterThan(yeoJohnson(x, lambda));
  });
});

describe('the lowest place', () => {
  test.each([
    ['inside', (x: number) => (x - 0.3) ** 2, 0.3],
    ['far above', (x: number) => (x - 900) ** 2, 900],
    ['far below', (x: number) => Math.cosh((x + 40) / 9), -40],
  ] as const)('%s of where it begins', (_, of, at) => {
    expect(Math.abs(lowestOf(of, -2, 2) - at)).toBeLessThan(1e-6 * Math.max(1, Math.abs(at)));
  });
});
