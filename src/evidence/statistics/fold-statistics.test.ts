import { describe, expect, test } from 'vitest';
import { peerFixture } from '../../../test/peers/peer-fixture.ts';
import { compareFolds, foldsFigure } from './corrected-resampled.ts';
import { compareAreas } from './delong.ts';
import { normalTwoSided, signTwoSided, studentCumulative, studentQuantile } from './distributions.ts';
import { mcNemar } from './mcnemar.ts';

interface Compared {
  readonly covariance: readonly (readonly number[])[];
  readonly z: number;
  readonly p: number;
}
interface Peers {
  readonly distributions: {
    readonly t: readonly (readonly [number, number, number])[];
    readonly quantiles: readonly (readonly [number, number, number])[];
    readonly normal: readonly (readonly [number, number])[];
    readonly binomial: readonly (readonly [number, number, number])[];
  };
  readonly resampled: readonly {
    readonly values: readonly number[];
    readonly test: number;
    readonly train: number;
    readonly mean: number;
    readonly low: number;
    readonly high: number;
    readonly t: number;
    readonly p: number;
  }[];
  readonly delong: readonly {
    readonly truth: readonly number[];
    readonly scores: readonly [readonly number[], readonly number[]];
    readonly patients: readonly string[];
    readonly areas: readonly [number, number];
    readonly independent: Compared;
    readonly clustered: Compared;
  }[];
  readonly mcnemar: readonly {
    readonly first: readonly number[];
    readonly second: readonly number[];
    readonly patients: readonly string[];
    readonly b: number;
    readonly c: number;
    readonly exact: number;
    readonly clustered: number;
  }[];
}
const peers = peerFixture<Peers>('folds/statistics.json');

/** To so many parts of the value. */
function expectClose(value: number | null, peer: number, relative = 1e-10): void {
  expect(Math.abs(value! - peer)).toBeLessThanOrEqual(relative * Math.abs(peer) + 1e-14);
}

describe('distributions as SciPy', () => {
  test.each(peers.distributions.t)('t at %d with %d degrees', (x, freedom, peer) =>
    expectClose(studentCumulative(x, freedom), peer),
  );
  test.each(peers.distributions.quantiles)('quantile %d of t with %d degrees', (p, freedom, peer) =>
    expectClose(studentQuantile(p, freedom), peer, 1e-9),
  );
  test.each(peers.distributions.normal)('normal at %d', (z, peer) => expectClose(normalTwoSided(z), peer));
  test.each(peers.distributions.binomial)('%d against %d', (b, c, peer) =>
    expectClose(signTwoSided(b, c), peer),
  );
});

describe('corrected resampled t', () => {
  test.each(peers.resampled.map((row, i) => [i, row] as const))('case %d as by SciPy', (_, peer) => {
    const sizes = { test: peer.values.map(() => peer.test), train: peer.values.map(() => peer.train) };
    const found = compareFolds(peer.values, sizes);
    for (const name of ['mean', 'low', 'high', 't', 'p'] as const) expectClose(found[name], peer[name], 1e-9);
    expect(found.folds).toBe(peer.values.length);
  });

  test('folds without the figure are left out and counted; one alone has no interval', () => {
    const sizes = { test: [5, 5, 5, 5], train: [15, 15, 15, 15] };
    const three = foldsFigure([0.5, null, 0.7, 0.9], sizes);
    expect([three.folds, three.of, three.mean]).toEqual([3, 4, expect.closeTo(0.7, 12)]);
    const two = foldsFigure([0.5, 0.7, 0.9], { test: [5, 5, 5], train: [15, 15, 15] });
    expect([three.low, three.high]).toEqual([two.low, two.high]);
    expect(foldsFigure([0.5, null, null, null], sizes)).toMatchObject({ mean: 0.5, low: null, high: null });
    expect(foldsFigure([null, null, null, null], sizes)).toMatchObject({ mean: null, folds: 0 });
    expect(compareFolds([0, 0, 0, 0], sizes)).toMatchObject({ mean: 0, t: 0, p: 1, low: 0, high: 0 });
    expect(() => foldsFigure([1], sizes)).toThrow(/^EVIDENCE_SIZE_MISMATCH/);
  });

  test('the interval is wider than that of independent values', () => {
    const values = [0.81, 0.86, 0.79, 0.9, 0.84];
    const { low, high, mean, deviation } = foldsFigure(values, {
      test: values.map(() => 20),
      train: values.map(() => 80),
    });
    const plain = (studentQuantile(0.975, 4) * deviation!) / Math.sqrt(5);
    expect(high! - mean!).toBeCloseTo(plain * Math.sqrt(1 + 5 / 4), 12);
    expect(mean! - low!).toBeGreaterThan(plain);
  });
});

describe('two areas', () => {
  test.each(peers.delong.map((row, i) => [i, row] as const))('case %d by every pair', (_, peer) => {
    const scores = { first: peer.scores[0], second: peer.scores[1], isPositive: peer.truth };
    for (const [found, wanted] of [
      [compareAreas(scores), peer.independent],
      [compareAreas({ ...scores, patients: peer.patients }), peer.clustered],
    ] as const) {
      expectClose(found.first, peer.areas[0]);
      expectClose(found.second, peer.areas[1]);
      for (const [r, s] of [
        [0, 0],
        [0, 1],
        [1, 1],
      ] as const)
        expectClose(found.covariance[r]![s]!, wanted.covariance[r]![s]!, 1e-9);
      expectClose(found.z, wanted.z, 1e-9);
      expectClose(found.p, wanted.p, 1e-8);
    }
  });

  test('equal scores do not differ, and too few samples are refused', () => {
    const truth = [0, 0, 1, 1, 1];
    const scores = [0.1, 0.4, 0.35, 0.8, 0.9];
    expect(compareAreas({ first: scores, second: scores, isPositive: truth })).toMatchObject({
      difference: 0,
      p: 1,
      z: null,
    });
    const few = { first: scores, second: scores, isPositive: [0, 0, 0, 0, 1] };
    expect(() => compareAreas(few)).toThrow(/^OPERATING_POINT_ONE_CLASS/);
    expect(() => compareAreas({ ...few, first: [1] })).toThrow(/^EVIDENCE_SIZE_MISMATCH/);
  });
});

describe('right answers', () => {
  test.each(peers.mcnemar.map((row, i) => [i, row] as const))('case %d as statsmodels', (_, peer) => {
    const found = mcNemar(peer.first, peer.second, peer.patients);
    expect([found.onlyFirst, found.onlySecond]).toEqual([peer.b, peer.c]);
    expectClose(found.p, peer.exact, 1e-9);
    const several = new Set(peer.patients).size < peer.patients.length;
    if (several) expectClose(found.pByPatient, peer.clustered, 1e-9);
    else expect(found.pByPatient).toBeNull();
  });

  test('no difference, and wrong sizes', () => {
    expect(mcNemar([1, 0], [1, 0], ['a', 'a'])).toMatchObject({ p: 1, pByPatient: null, first: 0.5 });
    expect(() => mcNemar([], [], [])).toThrow(/^EVIDENCE_EMPTY/);
    expect(() => mcNemar([1], [1, 0], ['a', 'b'])).toThrow(/^EVIDENCE_SIZE_MISMATCH/);
  });
});
