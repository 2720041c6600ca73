import { describe, expect, test } from 'vitest';
import { dbscan } from '../../src/learning/classifiers/clustering/dbscan.ts';
import {
  type CovarianceKind,
  gaussianMixture,
  mixtureAic,
  mixtureBic,
  mixtureLabels,
} from '../../src/learning/classifiers/clustering/gaussian-mixture.ts';
import {
  clusterHierarchy,
  correlationClusters,
  cutHierarchy,
  type Linkage,
} from '../../src/learning/classifiers/clustering/hierarchy.ts';
import { kMeans, nearestCentres } from '../../src/learning/classifiers/clustering/k-means.ts';
import {
  adjustedRand,
  calinskiHarabasz,
  daviesBouldin,
  silhouetteScore,
  silhouettes,
} from '../../src/learning/classifiers/clustering/scores.ts';
import { type Matrix, takeColumns, takeRows } from '../../src/learning/classifiers/matrix.ts';
import { meanScales } from '../../src/learning/classifiers/preparations/standardize.ts';
import { correlationMatrix } from '../../src/learning/classifiers/selection/correlation.ts';
import { splitTable } from './classifier-tables.ts';
import { peerFixture } from './peer-fixture.ts';

type Numbers = readonly number[];

interface Case {
  readonly table: string;
  readonly clusters: number;
  readonly radius: number;
  readonly neighbours: number;
  readonly kMeans: {
    readonly labels: Numbers;
    readonly inertia: number;
    readonly rounds: number;
    readonly best: number;
  };
  readonly mixtures: readonly {
    readonly kind: CovarianceKind;
    readonly bic: number;
    readonly aic: number;
    readonly weights: Numbers;
    readonly means: Numbers;
    readonly covariances: Numbers;
    readonly labels: Numbers;
    readonly converged: boolean;
  }[];
  readonly trees: readonly {
    readonly kind: Linkage;
    readonly distances: Numbers;
    readonly sizes: Numbers;
    readonly pairs: Numbers;
    readonly cut: Numbers;
  }[];
  readonly dense: Numbers;
  readonly core: Numbers;
  readonly scores: {
    readonly silhouette: number;
    readonly silhouettes: Numbers;
    readonly daviesBouldin: number;
    readonly calinskiHarabasz: number;
    readonly adjustedRand: number;
  };
}

const fixture = peerFixture<{
  readonly cases: readonly Case[];
  readonly columns: readonly {
    readonly table: string;
    readonly threshold: number;
    readonly labels: Numbers;
    readonly distances: Numbers;
  }[];
}>('classifiers/clustering.json');

/** In double precision, from single-precision values, as the peer has it. */
function scaled(name: string): { readonly x: Matrix; readonly y: Int32Array } {
  const { train, trainY } = splitTable(name);
  const { offset, scale } = meanScales(train);
  const values = train.values.map(
    (value, at) => (value - offset[at % train.columns]!) / scale[at % train.columns]!,
  );
  return { x: { ...train, values }, y: trainY };
}

function far(found: ArrayLike<number>, expected: Numbers): number {
  expect(found.length).toBe(expected.length);
  return expected.reduce(
    (worst, value, i) => Math.max(worst, Math.abs(found[i]! - value) / Math.max(1, Math.abs(value))),
    0,
  );
}

/** Clusters numbered by their first rows. */
function renumbered(labels: ArrayLike<number>): readonly number[] {
  const numbers = new Map<number, number>();
  return Array.from(labels, (label) => {
    const known = numbers.get(label) ?? numbers.size;
    numbers.set(label, known);
    return known;
  });
}

const cases = fixture.cases.map((one) => [one.table, one] as const);

describe.each(cases)('clusters of %s', (name, expected) => {
  const { x, y } = scaled(name);
  const k = expected.clusters;
  const first = takeRows(
    x,
    Array.from({ length: k }, (_, i) => i),
  );
  const columns = (from: Matrix, count: number) =>
    takeColumns(
      from,
      Array.from({ length: count }, (_, j) => j),
    );

  test.each(['lloyd', 'elkan'] as const)('k-means from the same centres, %s', (algorithm) => {
    const found = kMeans(x, { clusters: k, seed: 0, from: first, tolerance: 0, algorithm });
    expect(Array.from(found.labels)).toEqual(expected.kMeans.labels);
    expect(far([found.inertia], [expected.kMeans.inertia])).toBeLessThan(1e-12);
    expect(found.iterations).toBe(expected.kMeans.rounds);
    expect(nearestCentres(x, found.centres)).toEqual(found.labels);
  });

  test.each([1, 2, 3])('k-means by forty starts of its own, seed %i', (seed) => {
    const found = kMeans(x, { clusters: k, seed, starts: 40 });
    expect(found.inertia).toBeLessThan(expected.kMeans.best * 1.001);
    expect(kMeans(x, { clusters: k, seed, starts: 40 })).toEqual(found);
  });

  test.each(expected.mixtures.map((one) => [one.kind, one] as const))('mixture, %s', (covariance, answer) => {
    const thin = columns(x, 5);
    const from = Int32Array.from(expected.kMeans.labels);
    const found = gaussianMixture(thin, {
      components: k,
      seed: 0,
      from,
      covariance,
      tolerance: 1e-9,
      iterations: 300,
    });
    expect(found.converged).toBe(answer.converged);
    expect(far(found.weights, answer.weights)).toBeLessThan(1e-5);
    expect(far(found.means.values, answer.means)).toBeLessThan(1e-5);
    expect(far(found.covariances, answer.covariances)).toBeLessThan(1e-5);
    expect(far([mixtureBic(found, thin), mixtureAic(found, thin)], [answer.bic, answer.aic])).toBeLessThan(
      1e-8,
    );
    expect(Array.from(mixtureLabels(found, thin))).toEqual(answer.labels);
  });

  test.each(expected.trees.map((one) => [one.kind, one] as const))('hierarchy, %s', (kind, answer) => {
    const found = clusterHierarchy(x, kind);
    const column = (j: number) => Array.from(takeColumns(found.joins, [j]).values);
    expect(far(column(2), answer.distances)).toBeLessThan(1e-12);
    expect(column(3)).toEqual(answer.sizes);
    const rows = Array.from({ length: 60 }, (_, i) => found.joins.rows - 60 + i);
    expect(Array.from(takeColumns(takeRows(found.joins, rows), [0, 1]).values)).toEqual(answer.pairs);
    expect(Array.from(cutHierarchy(found, { clusters: k }))).toEqual(renumbered(answer.cut));
  });

  test('DBSCAN', () => {
    const found = dbscan(x, { radius: expected.radius, neighbours: expected.neighbours });
    expect(Array.from(found.labels)).toEqual(expected.dense);
    expect(Array.from(found.core.keys()).filter((i) => found.core[i] === 1)).toEqual(expected.core);
    expect(found.clusters).toBeGreaterThan(0);
  });

  test('scores', () => {
    const labels = Int32Array.from(expected.kMeans.labels);
    const { scores } = expected;
    expect(far(silhouettes(x, labels).subarray(0, 20), scores.silhouettes)).toBeLessThan(1e-12);
    const found = [
      silhouetteScore(x, labels),
      daviesBouldin(x, labels),
      calinskiHarabasz(x, labels),
      adjustedRand(y, labels),
    ];
    const told = [scores.silhouette, scores.daviesBouldin, scores.calinskiHarabasz, scores.adjustedRand];
    expect(far(found, told)).toBeLessThan(1e-12);
  });
});

describe('columns that say nearly the same', () => {
  test.each(fixture.columns.map((one) => [one.table, one] as const))('%s', (name, expected) => {
    const { x } = scaled(name);
    const found = correlationClusters(correlationMatrix(x, 'pearson'), expected.threshold);
    expect(far(takeColumns(found.hierarchy.joins, [2]).values, expected.distances)).toBeLessThan(1e-12);
    expect(Array.from(found.labels)).toEqual(renumbered(expected.labels));
    expect(Array.from(found.order).sort((a, b) => a - b)).toEqual(
      Array.from({ length: x.columns }, (_, j) => j),
    );
  });
});

describe('refusals', () => {
  const x: Matrix = { values: Float64Array.of(0, 1, 2, Number.NaN), rows: 4, columns: 1 };
  const whole: Matrix = { ...x, values: Float64Array.of(0, 1, 2, 3) };
  test.each([
    ['missing values', () => kMeans(x, { clusters: 2, seed: 0 }), /^CLUSTERING_DATA: k-means/],
    ['too many clusters', () => kMeans(whole, { clusters: 5, seed: 0 }), /^CLUSTERING_SETTINGS: k-means: 5/],
    ['no radius', () => dbscan(whole, { radius: 0 }), /^CLUSTERING_SETTINGS: dbscan/],
    ['too many components', () => gaussianMixture(whole, { components: 9, seed: 0 }), /^CLUSTERING_SETTINGS/],
    ['one cluster', () => silhouettes(whole, new Int32Array(4)), /^CLUSTERING_DATA: silhouette/],
    ['other lengths', () => adjustedRand(new Int32Array(3), new Int32Array(4)), /^CLUSTERING_DATA: adjusted/],
    ['missing values in a tree', () => clusterHierarchy(x), /^CLUSTERING_DATA: hierarchy/],
  ])('%s', (_, make, message) => expect(make).toThrow(message));

  test('fewer different rows than clusters', () => {
    const same: Matrix = { values: new Float64Array(6).fill(2), rows: 6, columns: 1 };
    const found = kMeans(same, { clusters: 3, seed: 1, algorithm: 'elkan' });
    expect([found.inertia, Array.from(found.centres.values)]).toEqual([0, [2, 2, 2]]);
  });
});
