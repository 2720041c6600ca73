import { describe, expect, test } from 'vitest';
import { RandomStream } from '../../../random.ts';
import type { Matrix } from '../matrix.ts';
import { cholesky, choleskySolve, solve } from './factor.ts';
import { gram, multiply, multiplyTransposed, transpose } from './products.ts';
import { qr } from './qr.ts';
import { svd } from './svd.ts';
import { symmetricEigen } from './symmetric-eigen.ts';

function drawn(rows: number, columns: number, rank: number, seed: number): Matrix {
  const stream = new RandomStream({ seed, purpose: 'linear-algebra' });
  const normals = (length: number) => Float64Array.from({ length }, () => stream.normal());
  const values = multiply(normals(rows * rank), normals(rank * columns), rows, rank, columns);
  return { values, rows, columns };
}

function farthest(a: Float64Array, b: Float64Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)), 0);
}

const identity = (n: number) => Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));

const shapes = [
  [1, 1, 1],
  [7, 7, 7],
  [40, 6, 6],
  [6, 40, 6],
  [30, 20, 5],
  [20, 30, 5],
  [12, 11, 1],
  [90, 60, 60],
  [150, 150, 9],
  [200, 140, 30],
  [60, 250, 60],
] as const;

describe('decompositions give back what they were made of', () => {
  test.each(shapes)('svd of %i x %i, rank %i', (rows, columns, rank) => {
    const x = drawn(rows, columns, rank, 3);
    const k = Math.min(rows, columns);
    const { u, s, vt } = svd(x);
    const scaled = u.map((value, i) => value * s[i % k]!);
    const size = s[0]!;
    expect(farthest(multiply(scaled, vt, rows, k, columns), x.values) / size).toBeLessThan(1e-13);
    expect(farthest(multiply(transpose(u, rows, k), u, k, rows, k), identity(k))).toBeLessThan(1e-13);
    expect(farthest(multiplyTransposed(vt, vt, k, columns, k), identity(k))).toBeLessThan(1e-13);
    expect([...s]).toEqual([...s].sort((a, b) => b - a));
    expect(s.filter((value) => value > 1e-10 * size).length).toBe(rank);
  });

  test.each(shapes)('qr of %i x %i, rank %i', (rows, columns, rank) => {
    const x = drawn(rows, columns, rank, 4);
    const k = Math.min(rows, columns);
    const { q, r } = qr(x);
    expect(farthest(multiply(q, r, rows, k, columns), x.values)).toBeLessThan(1e-12);
    expect(farthest(multiply(transpose(q, rows, k), q, k, rows, k), identity(k))).toBeLessThan(1e-13);
  });

  test.each(shapes)('eigenvalues of the Gram matrix of %i x %i, rank %i', (rows, columns, rank) => {
    const x = drawn(rows, columns, rank, 5);
    const a = gram(x);
    expect(
      farthest(a, multiply(transpose(x.values, rows, columns), x.values, columns, rows, columns)),
    ).toBeLessThan(1e-13 * a[0]! * columns);
    const { values, vectors } = symmetricEigen(a, columns);
    const scaled = vectors.map((value, i) => value * values[Math.floor(i / columns)]!);
    const again = multiply(transpose(vectors, columns, columns), scaled, columns, columns, columns);
    expect(farthest(again, a) / values[0]!).toBeLessThan(1e-13);
    expect(
      farthest(multiplyTransposed(vectors, vectors, columns, columns, columns), identity(columns)),
    ).toBeLessThan(1e-13);
    const { s } = svd(x);
    for (const [i, value] of s.entries())
      expect(Math.abs(values[i]! - value ** 2) / values[0]!).toBeLessThan(1e-13);
  });
});

test('special matrices', () => {
  expect([...symmetricEigen(new Float64Array(9), 3).values]).toEqual([0, 0, 0]);
  expect([...svd({ values: new Float64Array(6), rows: 3, columns: 2 }).s]).toEqual([0, 0]);
  const eye = identity(5);
  expect([...svd({ values: eye, rows: 5, columns: 5 }).s]).toEqual([1, 1, 1, 1, 1]);
  const jordan = Float64Array.from({ length: 36 }, (_, i) => (i % 6 === Math.floor(i / 6) + 1 ? 1 : 0));
  expect(
    farthest(svd({ values: jordan, rows: 6, columns: 6 }).s, Float64Array.of(1, 1, 1, 1, 1, 0)),
  ).toBeLessThan(1e-15);
  expect(() => symmetricEigen(Float64Array.of(1, Number.NaN, 0, 1), 2)).toThrow('LINEAR_ALGEBRA_VALUES');
});

test('systems', () => {
  const x = drawn(30, 8, 8, 6);
  const a = gram(x);
  const b = drawn(8, 1, 1, 7).values;
  const lower = cholesky(a, 8)!;
  expect(farthest(multiplyTransposed(lower, lower, 8, 8, 8), a)).toBeLessThan(1e-11);
  const one = choleskySolve(lower, 8, b);
  expect(farthest(multiply(a, one, 8, 8, 1), b)).toBeLessThan(1e-10);
  expect(farthest(solve(a, 8, b), one)).toBeLessThan(1e-10);
  const two = solve(a, 8, transpose(drawn(2, 8, 2, 8).values, 2, 8), 2);
  expect(farthest(multiply(a, two, 8, 8, 2), transpose(drawn(2, 8, 2, 8).values, 2, 8))).toBeLessThan(1e-9);
  expect(cholesky(Float64Array.of(1, 2, 2, 1), 2)).toBeUndefined();
  expect(() => solve(Float64Array.of(1, 1, 1, 1), 2, Float64Array.of(1, 2))).toThrow('MATRIX_SINGULAR');
});
