import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as agreement from '../metrics/agreement.ts';
import type { Figure } from './classification-evidence.ts';
import { gradeEvidence } from './grade-evidence.ts';
import { labelsEvidence } from './labels-evidence.ts';
import { valueEvidence, valueFigureNames } from './value-evidence.ts';

type Expected = Readonly<Record<string, number | null>>;
interface Fixture {
  readonly sha256: string;
  readonly cases: {
    readonly values: readonly {
      name: string;
      truth: number[];
      predicted: number[];
      weights: number[] | null;
      expected: Expected;
    }[];
    readonly labels: readonly {
      name: string;
      targets: (number | null)[][];
      probabilities: number[];
      thresholds: number[];
      expected: Expected;
      perLabel: Expected[];
    }[];
    readonly grades: readonly {
      name: string;
      grades: number;
      labels: number[];
      probabilities: number[];
      expected: Expected;
      cuts: Expected[];
      confusion: number[][];
    }[];
  };
}

const text = readFileSync(new URL('../../../fixtures/evidence/targets.json', import.meta.url), 'utf8');
const { sha256, cases } = JSON.parse(text) as Fixture; // as scripts/peers/targets.py writes it

test('the fixture is whole', () => {
  const payload = text.slice(text.indexOf('"cases":') + '"cases":'.length, -2);
  expect(createHash('sha256').update(payload).digest('hex')).toBe(sha256);
});

function agrees(figures: Readonly<Record<string, Figure>>, expected: Expected): void {
  for (const [name, value] of Object.entries(expected)) {
    const figure = figures[name]!;
    if (value === null) expect([name, figure.value]).toEqual([name, null]);
    else expect(Math.abs(figure.value! - value), name).toBeLessThan(1e-9 * Math.max(1, Math.abs(value)));
  }
}

const each = (count: number) => Array.from({ length: count }, (_, i) => `patient ${i}`);

describe.each(cases.values)('numbers, $name', ({ truth, predicted, weights, expected }) => {
  test('agree with scikit-learn, scipy and pingouin', () => {
    if (weights) {
      const { bias, lower, upper } = agreement.limitsOfAgreement(truth, predicted, weights);
      const { slope, intercept } = agreement.calibrationLine(truth, predicted, weights);
      const found: Record<string, number> = {
        mae: agreement.meanAbsoluteError(truth, predicted, weights),
        rmse: agreement.rootMeanSquaredError(truth, predicted, weights),
        r2: agreement.rSquared(truth, predicted, weights),
        pearson: agreement.pearson(truth, predicted, weights),
        spearman: agreement.spearman(truth, predicted, weights),
        bias,
        limitLow: lower,
        limitHigh: upper,
        icc: agreement.intraclassCorrelation(truth, predicted, weights),
        ccc: agreement.concordance(truth, predicted, weights),
        calibrationSlope: slope,
        calibrationIntercept: intercept,
      };
      for (const [name, value] of Object.entries(expected)) expect(found[name], name).toBeCloseTo(value!, 9);
      return;
    }
    const evidence = valueEvidence({
      values: Float64Array.from(predicted),
      targets: truth.map((value) => [value]),
      patients: each(truth.length),
      names: ['value'],
      seed: 1,
      replicates: 50,
    });
    agrees(evidence.figures, expected);
    expect(Object.keys(expected).sort()).toEqual([...valueFigureNames].sort());
    for (const figure of Object.values(evidence.figures)) {
      if (figure.value !== null) expect(figure.low!).toBeLessThanOrEqual(figure.high!);
    }
  });
});

describe.each(cases.labels)('labels, $name', (given) => {
  const targets = given.targets.map((row) => row.map((value) => value ?? Number.NaN));
  const judge = (patients: readonly string[]) =>
    labelsEvidence({
      probabilities: Float64Array.from(given.probabilities),
      targets,
      patients,
      labels: given.thresholds.map((_, k) => `label ${k}`),
      operatingPoints: given.thresholds.map((threshold) => ({
        threshold,
        rule: { kind: 'youden' },
        chosenOn: 'validation',
      })),
      seed: 1,
      replicates: 50,
    });

  test('agree with scikit-learn', () => {
    const evidence = judge(each(targets.length));
    agrees(evidence.figures, given.expected);
    for (const [k, expected] of given.perLabel.entries()) agrees(evidence.perLabel[k]!.figures, expected);
    expect(JSON.parse(JSON.stringify(evidence))).toEqual(evidence);
  });

  test('what is undefined says why', () => {
    for (const { figures } of judge(each(targets.length)).perLabel) {
      for (const figure of Object.values(figures)) expect(figure.value === null).toBe('reason' in figure);
    }
  });
});

describe.each(cases.grades)('grades, $name', (given) => {
  test('agree with scikit-learn', () => {
    const evidence = gradeEvidence({
      probabilities: Float64Array.from(given.probabilities),
      labels: given.labels,
      patients: each(given.labels.length),
      grades: Array.from({ length: given.grades }, (_, k) => String(k)),
      seed: 1,
      replicates: 50,
    });
    agrees(evidence.figures, given.expected);
    for (const [k, expected] of given.cuts.entries()) agrees(evidence.cuts[k]!.figures, expected);
    expect(evidence.confusion).toEqual(given.confusion);
    expect(JSON.parse(JSON.stringify(evidence))).toEqual(evidence);
  });
});

test('one patient gives no interval', () => {
  const evidence = valueEvidence({
    values: Float64Array.of(1, 2, 3),
    targets: [[1], [2], [4]],
    patients: ['a', 'a', 'a'],
    names: ['age'],
    units: ['years'],
    seed: 1,
  });
  expect(evidence.figures['mae']).toMatchObject({ low: null, high: null });
});

test.each([
  ['EVIDENCE_EMPTY', [], [], []],
  ['EVIDENCE_SIZE_MISMATCH', [1, 2], [[1]], ['a']],
  ['EVIDENCE_VALUE_INVALID', [Number.NaN], [[1]], ['a']],
])('%s', (code, values, targets, patients) => {
  const result = { values: Float64Array.from(values), targets, patients, names: ['x'], seed: 1 };
  expect(() => valueEvidence(result)).toThrow(new RegExp(`^${code}: `));
});
