import { describe, expect, test } from 'vitest';
import { type Matrix, takeColumns, takeRows } from '../../src/learning/classifiers/matrix.ts';
import { presentValues } from '../../src/learning/classifiers/preparations/columns.ts';
import { meanScales } from '../../src/learning/classifiers/preparations/standardize.ts';
import { tsne } from '../../src/learning/classifiers/projections/t-sne.ts';
import { repulsion } from '../../src/learning/classifiers/projections/t-sne-repulsion.ts';
import { trustworthiness } from '../../src/learning/classifiers/projections/trustworthiness.ts';
import { membershipCurve, umap } from '../../src/learning/classifiers/projections/umap.ts';
import { RandomStream } from '../../src/random.ts';
import { splitTable } from './classifier-tables.ts';
import { peerFixture } from './peer-fixture.ts';

const { pictures: fixture, curves } = peerFixture<{
  readonly pictures: readonly {
    readonly table: string;
    readonly iterations: number;
    /** Divergence and trustworthiness from principal components. */
    readonly start: readonly [number, number];
    /** From random places. */
    readonly random: readonly number[];
    readonly trust: readonly number[];
    readonly plain: number;
    /** Trustworthiness of UMAP's pictures. */
    readonly umap: readonly number[];
  }[];
  /** minDistance, spread, a, b. */
  readonly curves: readonly (readonly [number, number, number, number])[];
}>('classifiers/projections.json');

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function scaled(name: string): Matrix {
  const { train } = splitTable(name);
  const varying = Array.from({ length: train.columns }, (_, j) => j).filter((j) => {
    const values = presentValues(train, j);
    return values.some((value) => value !== values[0]);
  });
  const x = takeColumns(train, varying);
  if (name === 'digits') return x;
  const { offset, scale } = meanScales(x);
  const values = x.values.map((value, at) => (value - offset[at % x.columns]!) / scale[at % x.columns]!);
  return { ...x, values };
}

describe('t-SNE', () => {
  test.each(fixture.map((one) => [one.table, one] as const))(
    '%s is as good a picture as one of those that scikit-learn makes',
    (name, { start, random, trust, iterations }) => {
      const x = scaled(name);
      const { places, divergence } = tsne(x, { seed: 0, iterations });
      // Every start ends in a valley of its own: the peer's own starts are up to 5 % apart.
      expect(divergence).toBeLessThan(mean(random) * 1.05);
      expect(trustworthiness(x, places, 10)).toBeGreaterThan(Math.min(start[1], ...trust) - 0.002);
    },
  );

  test.each(fixture.slice(0, 2).map((one) => [one.table, one.random] as const))(
    '%s: from random starts as good in the mean as scikit-learn from as many',
    (name, random) => {
      const x = scaled(name);
      const own = random.map((_, seed) => tsne(x, { seed, start: 'random' }).divergence);
      expect(mean(own)).toBeLessThan(mean(random) * 1.03);
    },
  );

  // Digits has many rows at the same distance, whose order is anyone's.
  const ordered = fixture.filter(({ table }) => table !== 'digits');
  test.each(ordered.map((one) => [one.table, one] as const))(
    '%s: the same trust in a given picture',
    (name, { plain }) => {
      const x = scaled(name);
      expect(Math.abs(trustworthiness(x, takeColumns(x, [0, 1]), 5) - plain)).toBeLessThan(1e-12);
    },
  );

  test('the tree pushes as all pairs do', () => {
    const random = new RandomStream({ seed: 1, purpose: 'tree' });
    const places = Float64Array.from({ length: 1200 }, (_, at) => (at > 1190 ? 1 : random.normal(0, 20)));
    const [whole, tree] = [repulsion(places, 0), repulsion(places, 0.3)];
    expect(Math.abs(tree.total / whole.total - 1)).toBeLessThan(5e-3);
    const size = Math.sqrt(whole.forces.reduce((sum, one) => sum + one * one, 0));
    const off = Math.sqrt(whole.forces.reduce((sum, one, at) => sum + (one - tree.forces[at]!) ** 2, 0));
    expect(off / size).toBeLessThan(1e-2);
  });

  test('the same with the same seed', () => {
    const x = takeRows(
      scaled('wine'),
      Array.from({ length: 40 }, (_, i) => i),
    );
    const settings = { seed: 5, perplexity: 8, iterations: 300, start: 'random' } as const;
    expect(tsne(x, settings)).toEqual(tsne(x, settings));
    expect(tsne(x, { ...settings, seed: 6 })).not.toEqual(tsne(x, settings));
  });

  test.each([
    [
      { perplexity: 60 },
      /^PROJECTION_SETTINGS: t-sne: perplexity 60 must be above 1 and below a third of 142 rows/,
    ],
    [{ iterations: 10 }, /^PROJECTION_SETTINGS: t-sne: iterations/],
    [{ angle: 2, exaggeration: 0 }, /^PROJECTION_SETTINGS: t-sne: exaggeration .*; angle/],
  ])('refuses %j', (settings, message) => {
    expect(() => tsne(scaled('wine'), { seed: 0, ...settings })).toThrow(message);
  });

  test('refuses missing values', () => {
    const x = { values: new Float64Array(20).fill(Number.NaN), rows: 10, columns: 2 };
    expect(() => tsne(x, { seed: 0 })).toThrow(/^PROJECTION_DATA/);
  });
});

describe('UMAP', () => {
  test.each(curves)('the curve of distance %f and spread %f', (least, spread, a, b) => {
    const found = membershipCurve(least, spread);
    expect(Math.abs(found.a / a - 1)).toBeLessThan(1e-5);
    expect(Math.abs(found.b / b - 1)).toBeLessThan(1e-5);
  });

  test.each(fixture.slice(0, 2).map((one) => [one.table, one.umap] as const))(
    '%s is as good a picture as umap-learn makes',
    (name, told) => {
      const x = scaled(name);
      expect(trustworthiness(x, umap(x, { seed: 0 }), 10)).toBeGreaterThan(mean(told) - 0.01);
    },
  );

  test('the same with the same seed', () => {
    const x = takeRows(
      scaled('wine'),
      Array.from({ length: 40 }, (_, i) => i),
    );
    expect(umap(x, { seed: 5, epochs: 50 })).toEqual(umap(x, { seed: 5, epochs: 50 }));
    expect(umap(x, { seed: 6, epochs: 50 })).not.toEqual(umap(x, { seed: 5, epochs: 50 }));
  });

  test('refuses what does not do', () => {
    const x = scaled('wine');
    expect(() => umap(x, { seed: 0, neighbours: 1, minDistance: 2 })).toThrow(
      /^PROJECTION_SETTINGS: umap: neighbours.*; minDistance/,
    );
    expect(() => umap(takeRows(x, [0, 1]), { seed: 0 })).toThrow(/^PROJECTION_DATA: umap: 2 rows/);
  });
});
