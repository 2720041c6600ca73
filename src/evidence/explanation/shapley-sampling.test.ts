import { expect, test } from 'vitest';
import { shapleySampling } from './shapley-sampling.ts';

/** Shapley values by their definition: every subset of the other features. */
async function exact(f: (row: readonly number[]) => number, row: readonly number[], base: readonly number[]) {
  const n = row.length;
  const factorial = (k: number): number => (k <= 1 ? 1 : k * factorial(k - 1));
  return row.map((_, i) => {
    let sum = 0;
    for (let bits = 0; bits < 2 ** n; bits++) {
      if (bits & (1 << i)) continue;
      const size = bits.toString(2).replaceAll('0', '').length;
      const weight = (factorial(size) * factorial(n - size - 1)) / factorial(n);
      const mix = (with_: boolean) =>
        row.map((value, j) => (bits & (1 << j) || (with_ && j === i) ? value : base[j]!));
      sum += weight * (f(mix(true)) - f(mix(false)));
    }
    return sum;
  });
}

const rows = (f: (row: readonly number[]) => number) => async (values: Float64Array, count: number) =>
  Array.from({ length: count }, (_, i) =>
    f([...values.subarray((i * values.length) / count, ((i + 1) * values.length) / count)]),
  );

test('a sum of features is shared exactly, and shares add up to the answer', async () => {
  const f = (row: readonly number[]) => 2 * row[0]! - row[1]! + 0.5 * row[3]!;
  const found = await shapleySampling({
    row: [1, 2, 3, 4],
    baseline: [0, 1, 0, 2],
    of: [0, 1, 3],
    answer: rows(f),
    orders: 3,
    seed: 1,
  });
  expect([...found.values].map((value) => Number(value.toFixed(12)))).toEqual([2, -1, 0, 1]);
  expect(found.base + found.values.reduce((a, b) => a + b, 0)).toBeCloseTo(found.answer, 12);
});

test('features that act together come close to the definition', async () => {
  const f = (row: readonly number[]) => row[0]! * row[1]! + Math.max(row[2]!, row[3]!) * row[0]!;
  const [row, baseline] = [
    [1, 2, 0.5, 1.5],
    [0.2, 0.1, 1, 0.3],
  ];
  const wanted = await exact(f, row!, baseline!);
  const found = await shapleySampling({
    row: row!,
    baseline: baseline!,
    of: [0, 1, 2, 3],
    answer: rows(f),
    orders: 2000,
    seed: 2,
  });
  for (const [i, value] of wanted.entries()) {
    expect(Math.abs(found.values[i]! - value)).toBeLessThan(5 * found.errors[i]! + 1e-9);
    expect(found.errors[i]!).toBeLessThan(0.02);
  }
});
