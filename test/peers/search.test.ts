import { describe, expect, test } from 'vitest';
import { signedRank } from '../../bench/rank-tests.ts';
import { conditional, knownFunctions } from '../../bench/search-functions.ts';
import { parameterImportance } from '../../src/learning/selection/search/importance.ts';
import { normalMass } from '../../src/learning/selection/search/normal.ts';
import { parzenEstimator } from '../../src/learning/selection/search/parzen.ts';
import {
  type PastTrial,
  randomSampler,
  recencyWeights,
  type Sampler,
  tpeSampler,
} from '../../src/learning/selection/search/samplers.ts';
import type { SearchSpace, Values } from '../../src/learning/selection/search/space.ts';
import { RandomStream } from '../../src/random.ts';
import { peerFixture } from './peer-fixture.ts';

interface DensityCase {
  readonly name: string;
  readonly space: SearchSpace;
  readonly seen: readonly Values[];
  readonly points: readonly Values[];
  readonly logDensity: readonly number[];
}

describe("densities are Optuna's", () => {
  test.each(peerFixture<DensityCase[]>('search/density.json').map((one) => [one.name, one] as const))(
    '%s',
    (_, { space, seen, points, logDensity }) => {
      const estimator = parzenEstimator(space, Object.keys(space), seen, recencyWeights(seen.length));
      points.forEach((point, i) => {
        // Optuna's density of a float on the scale 'log' is over the logarithm, as here.
        expect(estimator.logDensity(point)).toBeCloseTo(logDensity[i]!, 8);
      });
    },
  );
});

test.each(peerFixture<{ a: number; b: number; mass: number }[]>('search/normal.json'))(
  "the normal's mass from $a to $b is SciPy's",
  ({ a, b, mass }) => {
    expect(Math.abs(normalMass(a, b) / mass - 1)).toBeLessThan(1e-11);
  },
);

test.each(peerFixture<{ differences: number[]; p: number }[]>('search/wilcoxon.json'))(
  "the signed-rank test's p is SciPy's ($p)",
  ({ differences, p }) => {
    expect(signedRank(differences)).toBeCloseTo(p, 12);
  },
);

interface ImportanceCase {
  readonly name: string;
  readonly trials: readonly { readonly values: Values; readonly loss: number }[];
  readonly shares: Readonly<Record<string, number>>;
}

const tableSpace: SearchSpace = {
  x: { type: 'float', low: 0, high: 1 },
  y: { type: 'float', low: 0, high: 1 },
  kind: { choices: ['a', 'b', 'c'] },
};

test.each(peerFixture<ImportanceCase[]>('search/importance.json').map((one) => [one.name, one] as const))(
  'importance is what Optuna says: %s',
  (_, { trials, shares }) => {
    const found = parameterImportance(tableSpace, trials, new RandomStream({ seed: 1, purpose: 'test' }));
    for (const { name, share } of found) expect(Math.abs(share! - shares[name]!)).toBeLessThan(0.04);
  },
);

test('importance of a linear function is what integration says', () => {
  const stream = new RandomStream({ seed: 2, purpose: 'test' });
  const space: SearchSpace = {
    a: { type: 'float', low: 0, high: 1 },
    b: { type: 'float', low: 0, high: 1 },
    c: { type: 'float', low: 0, high: 1 },
  };
  const trials = Array.from({ length: 400 }, () => {
    const values = randomSampler(space, [], stream);
    return { values, loss: 2 * Number(values['a']) + Number(values['b']) };
  });
  const found = parameterImportance(space, trials, stream);
  // The variance of 2a + b is (4 + 1) / 12.
  expect(found.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  expect(Math.abs(found[0]!.share! - 0.8)).toBeLessThan(0.05);
  expect(Math.abs(found[1]!.share! - 0.2)).toBeLessThan(0.05);
  expect(found[2]!.share).toBeLessThan(0.02);
});

test('a parameter under a condition is judged where it was there', () => {
  const stream = new RandomStream({ seed: 3, purpose: 'test' });
  const trials = Array.from({ length: 200 }, () => {
    const values = randomSampler(conditional.space, [], stream);
    return { values, loss: conditional.loss(values) };
  });
  const found = new Map(parameterImportance(conditional.space, trials, stream).map((one) => [one.name, one]));
  const sgd = trials.filter(({ values }) => values['optimizer'] === 'sgd').length;
  expect(found.get('momentum')!.trials).toBe(sgd);
  expect(found.get('lr')!.share).toBeGreaterThan(found.get('smoothing')!.share!);
  const few = parameterImportance(conditional.space, trials.slice(0, 5), stream);
  expect(few.every(({ share }) => share === undefined)).toBe(true);
});

interface BestFixture {
  readonly trials: number;
  readonly least: Readonly<
    Record<string, Readonly<Record<'tpe' | 'univariate' | 'random', readonly number[]>>>
  >;
  readonly points: readonly { readonly function: string; readonly values: Values; readonly loss: number }[];
}

const best = peerFixture<BestFixture>('search/best.json');

test.each(best.points.map((point) => [point.function, point] as const))(
  'a point of %s',
  (name, { values, loss }) => {
    expect(knownFunctions.find((one) => one.name === name)!.loss(values)).toBeCloseTo(loss, 10);
  },
);

/** Least value that a sampler finds. */
function leastFound(
  sampler: Sampler,
  { space, loss }: (typeof knownFunctions)[number],
  seed: number,
): number {
  const past: PastTrial[] = [];
  for (let i = 0; i < best.trials; i++) {
    const values = sampler(space, past, new RandomStream({ seed, purpose: 'search', step: i }));
    past.push({ values, state: 'finished', loss: loss(values), epochs: 1 });
  }
  return Math.min(...past.map(({ loss: one }) => one!));
}

/** Share of pairs in which the first is the greater: 0.5 when neither tends to be. */
function shareAbove(a: readonly number[], b: readonly number[]): number {
  const above = a.flatMap((x) => b.map((y) => (x > y ? 1 : x === y ? 0.5 : 0)));
  return above.reduce((sum: number, one) => sum + one, 0) / above.length;
}

describe.each(knownFunctions.map((one) => [one.name, one] as const))('on %s, twenty seeds', (name, known) => {
  const seeds = Array.from({ length: 20 }, (_, i) => i);
  const ours = seeds.map((seed) => leastFound(tpeSampler(), known, seed));
  const random = seeds.map((seed) => leastFound(randomSampler, known, seed));
  // Mann and Whitney: of 20 against 20 the share's standard deviation is 0.092, two of them 0.18.
  const chance = 0.5 + 2 * Math.sqrt(41 / (12 * 400));

  test("TPE is not worse than Optuna's", () => {
    const peer = best.least[name]!.tpe;
    expect(shareAbove(ours, peer)).toBeLessThan(chance);
  });

  test("random search is neither better nor worse than Optuna's", () => {
    const share = shareAbove(random, best.least[name]!.random);
    expect(Math.max(share, 1 - share)).toBeLessThan(chance);
  });

  test('TPE is better than random search', () => {
    expect(signedRank(random.map((value, i) => value - ours[i]!))).toBeLessThan(0.01);
  });
});
