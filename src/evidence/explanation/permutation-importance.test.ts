import { expect, test } from 'vitest';
import { compressedFixture, foldedTables } from '../../../test/peers/folded-tables.ts';
import { permutationDrops, permutationImportance } from './permutation-importance.ts';

interface Permuted {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
  readonly repeats: number;
  readonly centres: readonly number[]; // [3, columns]
  readonly average: readonly number[];
  readonly scale: readonly number[];
}

const { permuted } = compressedFixture<{ permuted: Permuted }>('classifiers/trees.json.gz');
const { x, y } = foldedTables().wine;
const { columns } = x;

/** The peer's linear rule: how many rows lie nearest to their class's centre. */
function score(values: Float64Array): number {
  const { centres, average, scale } = permuted;
  let right = 0;
  for (let row = 0; row < y.length; row++) {
    const sums = [0, 1, 2].map((k) => {
      let sum = 0;
      for (let j = 0; j < columns; j++) {
        const z = (values[row * columns + j]! - average[j]!) / scale[j]!;
        const centre = centres[k * columns + j]!;
        sum += z * centre - (centre * centre) / 2;
      }
      return sum;
    });
    if (sums.indexOf(Math.max(...sums)) === y[row]) right++;
  }
  return right / y.length;
}

const values = x.values.map(Math.fround);

test("drops are scikit-learn's, up to what other shufflings make of them", () => {
  const {
    mean,
    deviation,
    score: whole,
  } = permutationDrops({ values, columns, repeats: 300, seed: 4, score });
  expect(whole).toBe(score(values));
  for (let j = 0; j < columns; j++) {
    const error = Math.hypot(deviation[j]!, permuted.deviation[j]!) / Math.sqrt(permuted.repeats);
    expect(Math.abs(mean[j]! - permuted.mean[j]!)).toBeLessThan(4 * error + 1e-12);
    expect(deviation[j]! / permuted.deviation[j]!).toBeGreaterThan(0.8);
    expect(deviation[j]! / permuted.deviation[j]!).toBeLessThan(1.25);
  }
});

test('equal seeds give equal drops, and the table stays as it was', () => {
  const before = Float64Array.from(values);
  const question = { values, columns, repeats: 3, seed: 9, score };
  expect(permutationImportance(question)).toEqual(permutationImportance(question));
  expect(permutationImportance(question)).not.toEqual(permutationImportance({ ...question, seed: 10 }));
  expect(values).toEqual(before);
});

test('columns of a group move together', () => {
  // Two equal columns: the score only falls when both are shuffled apart from the third.
  const rows = 200;
  const table = Float64Array.from({ length: 3 * rows }, (_, i) => Math.floor(i / 3) % 7);
  const equal = (own: Float64Array) => {
    let same = 0;
    for (let row = 0; row < rows; row++) if (own[3 * row] === own[3 * row + 1]) same++;
    return same / rows;
  };
  const [alone, together, idle] = permutationImportance({
    values: table,
    columns: 3,
    of: [0, [0, 1], 2],
    repeats: 20,
    seed: 1,
    score: equal,
  });
  expect(alone).toBeGreaterThan(0.8);
  expect([together, idle]).toEqual([0, 0]);
});

test.each([
  [{ columns: 7 }],
  [{ repeats: 0 }],
  [{ of: [13] }],
  [{ of: [[]] }],
  [{ values: new Float64Array(0) }],
])('refuses %j', (wrong) => {
  const ask = () => permutationImportance({ values, columns, repeats: 1, seed: 1, score, ...wrong });
  expect(ask).toThrow(expect.objectContaining({ code: 'PERMUTATION_QUESTION' }));
});
