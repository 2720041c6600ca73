import { describe, expect, test } from 'vitest';
import { RandomStream } from '../../../random.ts';
import { type Matrix, matrix } from '../matrix.ts';
import { preparations } from '../preparations/registry.ts';
import { borutaVerdict } from './boruta.ts';
import { chosenByLoss, innerFolds, logLoss } from './inner-folds.ts';
import { levelInformation } from './mrmr.ts';
import { chiSquareTail, digamma, fTail, logGamma, normalTails } from './tail-probabilities.ts';

/** Columns 0 and 1 tell the classes, 2 nearly repeats 0, the others are noise, 3 is constant. */
function table(rows: number, columns: number): { readonly x: Matrix; readonly y: Int32Array } {
  const random = new RandomStream({ seed: 21, purpose: 'selection-test' });
  const y = Int32Array.from({ length: rows }, (_, i) => i % 2);
  const values = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) values[i * columns + j] = random.normal();
    values[i * columns]! += 1.6 * y[i]!;
    values[i * columns + 1]! -= 1.6 * y[i]!;
    values[i * columns + 2] = values[i * columns]! + 0.05 * random.normal();
    values[i * columns + 3] = 4;
  }
  return { x: matrix(values, rows, columns), y };
}

const kept = (name: string, settings: Readonly<Record<string, unknown>>, groups?: Int32Array) => {
  const { x, y } = table(160, 12);
  const step = preparations.get(name)!;
  return step.fit(x, y, 2, step.check(settings), { seed: 5, groups }).kept!;
};

describe('what is kept', () => {
  test.each([
    ['variance-filter', {}, [0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11]],
    ['mrmr', { count: 2 }, 1],
    ['mrmr', { count: 2, form: 'difference', measure: 'mutual-information' }, 1],
    ['recursive-elimination', { count: 2 }, 1],
    ['univariate-filter', { count: 3 }, [0, 1, 2]],
    ['univariate-filter', { count: 3, by: 'rank-sum' }, [0, 1, 2]],
    ['univariate-filter', { count: 3, by: 'mutual-information' }, [0, 1, 2]],
    ['univariate-filter', { count: 0, level: 1e-6 }, [0, 1, 2]],
    ['univariate-filter', { count: 0, level: 1e-4, correction: 'false-discovery-rate' }, [0, 1, 2]],
  ] as const)('%s %j', (name, settings, expected) => {
    const found = kept(name, settings);
    // One of the twins 0 and 2, and column 1.
    if (expected === 1)
      expect([found.includes(0) !== found.includes(2), found.includes(1)]).toEqual([true, true]);
    else expect(found).toEqual(expected);
  });

  test('of twins the correlation filter keeps one, and all others', () => {
    for (const kind of ['pearson', 'spearman']) {
      const found = kept('correlation-filter', { kind });
      expect(found).toHaveLength(11);
      expect(found.includes(0) !== found.includes(2)).toBe(true);
    }
  });

  test.each(['linear', 'forest'])('elimination finds how many, by %s', (by) => {
    const found = kept('recursive-elimination', { by, folds: 3, rule: 'one-error' });
    expect(found).toContain(1);
    expect(found.length).toBeLessThan(5);
  });

  test('the lasso keeps what tells, and with a strong penalty less', () => {
    const few = kept('lasso', { C: 0.05 });
    expect(few.every((j) => j <= 2)).toBe(true);
    const chosen = kept('lasso', { rule: 'one-error' });
    expect(chosen).toContain(1);
    expect(kept('lasso', { C: 100 }).length).toBeGreaterThan(few.length);
  });

  test('a penalty that keeps nothing is made weaker, and said to be', () => {
    const { x, y } = table(160, 12);
    const step = preparations.get('lasso')!;
    const fitted = step.fit(x, y, 2, step.check({ C: 0.004 }), { seed: 5 });
    expect(fitted.notes!.join()).toMatch(/since a stronger penalty kept nothing/);
    expect(() => step.fit(x, y, 2, step.check({ C: 1e-6 }), { seed: 5 })).toThrow(
      /^PREPARATION_DATA: lasso: keeps none/,
    );
  });

  test('Boruta confirms what tells and rejects noise', () => {
    const { x, y } = table(160, 12);
    const verdict = borutaVerdict(x, y, 2, { rounds: 30, trees: 60, level: 0.05 }, 3);
    expect(verdict.confirmed).toEqual([0, 1, 2]);
    expect(verdict.tentative.length).toBeLessThan(3);
  });
});

describe('inner folds', () => {
  const y = Int32Array.from({ length: 60 }, (_, i) => (i % 5 === 0 ? 1 : 0));

  test('share classes out evenly, and every row once', () => {
    const folds = innerFolds('test', y, 2, 5, { seed: 1 });
    const tested = folds.flatMap(({ testing }) => Array.from(testing)).sort((a, b) => a - b);
    expect(tested).toEqual(Array.from(y.keys()));
    for (const { training, testing } of folds) {
      expect(training.length + testing.length).toBe(60);
      expect(testing.length).toBe(12);
      expect(testing.filter((row) => y[row] === 1).length).toBeGreaterThan(1);
    }
  });

  test('never part a patient', () => {
    const groups = Int32Array.from(y, (_, i) => Math.floor(i / 4));
    for (const { training, testing } of innerFolds('test', y, 2, 5, { seed: 2, groups })) {
      const learnt = new Set(Array.from(training, (row) => groups[row]!));
      expect(Array.from(testing).some((row) => learnt.has(groups[row]!))).toBe(false);
    }
  });

  test('are fewer where a class has few patients, and none with one', () => {
    const rare = Int32Array.from(y, (_, i) => (i < 3 ? 1 : 0));
    expect(innerFolds('test', rare, 2, 5, { seed: 1 })).toHaveLength(3);
    const one = new Int32Array(60);
    const groups = Int32Array.from(one.keys()).map((i) => (i < 3 ? 0 : i));
    expect(() => innerFolds('test', rare, 2, 5, { seed: 1, groups })).toThrow(
      /^PREPARATION_DATA: test: .*one patient/,
    );
  });

  test('the simplest within one standard error is chosen', () => {
    const losses = [Float64Array.of(1, 0.55, 0.5), Float64Array.of(1.2, 0.75, 0.7)];
    expect([chosenByLoss(losses, 'best'), chosenByLoss(losses, 'one-error')]).toEqual([2, 1]);
    expect(logLoss(Float64Array.of(0.5, 0.5, 0, 1), Int32Array.of(0, 1), 2)).toBeCloseTo(Math.LN2 / 2, 14);
  });
});

describe('tails', () => {
  // F(1, k) is the square of t(k); chi-square of two degrees is an exponential distribution.
  test.each([0.3, 1, 4, 25, 80])('at %f they agree with each other', (value) => {
    expect(Math.abs(fTail(value, 1, 1) - (1 - (2 / Math.PI) * Math.atan(Math.sqrt(value))))).toBeLessThan(
      1e-13,
    );
    expect(Math.abs(chiSquareTail(value, 2) - Math.exp(-value / 2))).toBeLessThan(1e-13);
    expect(Math.abs(normalTails(Math.sqrt(value)) - chiSquareTail(value, 1))).toBeLessThan(1e-13);
    expect(Math.abs(logGamma(value + 1) - logGamma(value) - Math.log(value))).toBeLessThan(1e-11);
    expect(Math.abs(digamma(value + 1) - digamma(value) - 1 / value)).toBeLessThan(1e-12);
  });

  test('information of a list with itself is its entropy', () => {
    const levels = Int32Array.of(0, 0, 1, 1, 2, 2);
    expect(levelInformation(levels, levels, 3, 3)).toBeCloseTo(Math.log(3), 14);
    expect(levelInformation(levels, Int32Array.of(0, 1, 0, 1, 0, 1), 3, 2)).toBeCloseTo(0, 14);
  });
});
