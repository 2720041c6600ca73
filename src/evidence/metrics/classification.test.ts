import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { chooseOperatingPoint } from '../statistics/operating-point.ts';
import * as confusion from './confusion.ts';
import { precisionRecallCurve, rocCurve, thinnedIndices } from './curves.ts';
import * as probability from './probability.ts';
import * as ranking from './ranking.ts';

interface Case {
  readonly name: string;
  readonly classCount: number;
  readonly labels: number[];
  readonly probabilities: number[];
  readonly weights: number[] | null;
  readonly expected: Expected;
}
interface Expected {
  readonly confusion: number[];
  readonly [figure: string]: number | null | (number | null)[] | object;
}
interface ExpectedCurves {
  readonly roc: { falsePositiveRate: number[]; truePositiveRate: number[]; thresholds: (number | null)[] };
  readonly precisionRecall: { precision: number[]; recall: number[]; thresholds: number[] };
  readonly youden: {
    threshold: number | null;
    sensitivity: number;
    specificity: number;
    nextLower: number | null;
  };
  readonly sensitivityAtLeast90: number;
  readonly specificityAtLeast90: number;
  readonly equalWidth?: { observed: number[]; meanPredicted: number[] };
  readonly equalMass?: { observed: number[]; meanPredicted: number[] };
}

const text = readFileSync(new URL('../../../fixtures/evidence/classification.json', import.meta.url), 'utf8');
const fixture = JSON.parse(text) as { sha256: string; cases: Case[] };

/** NaN where the peer has no value. */
const value = (x: unknown): number => (x === null ? Number.NaN : (x as number)); // numbers and nulls by the script

function close(actual: ArrayLike<number>, expected: readonly unknown[]): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < actual.length; i++) {
    if (expected[i] === null) expect(actual[i]).toBeNaN();
    else expect(actual[i]).toBeCloseTo(value(expected[i]), 10);
  }
}

test('the fixture is whole', () => {
  const payload = text.slice(text.indexOf('"cases":') + '"cases":'.length, -2);
  expect(createHash('sha256').update(payload).digest('hex')).toBe(fixture.sha256);
  expect(fixture.cases.length).toBeGreaterThanOrEqual(16);
});

describe.each(fixture.cases)('scikit-learn: $name', (given) => {
  const { labels, probabilities, classCount, expected } = given;
  const weights = given.weights ?? undefined;
  const predicted = confusion.mostProbable(probabilities, classCount);
  const matrix = confusion.confusionMatrix(labels, predicted, classCount, weights);
  const perClass = (figure: (c: confusion.BinaryCounts) => number): number[] =>
    Array.from({ length: classCount }, (_, k) => figure(confusion.oneAgainstRest(matrix, k)));
  const rankings = ranking.rankClasses(probabilities, labels, classCount);
  const top = probability.topLabel(probabilities, labels, predicted, classCount);
  const calibration = (binning: probability.Binning): number =>
    probability.expectedCalibrationError(top.confidence, top.correct, {
      binning,
      ...(weights && { weights }),
    });

  const scalars: Record<string, () => number> = {
    accuracy: () => confusion.accuracy(matrix),
    balancedAccuracyOfPresent: () => confusion.balancedAccuracy(matrix, 'skip'),
    f1MacroOfPresent: () => confusion.macroAverage(matrix, confusion.f1, 'skip'),
    f1Micro: () => confusion.microAverage(matrix, confusion.f1),
    matthews: () => confusion.matthews(matrix),
    kappa: () => confusion.cohenKappa(matrix),
    kappaLinear: () => confusion.cohenKappa(matrix, 'linear'),
    kappaQuadratic: () => confusion.cohenKappa(matrix, 'quadratic'),
    logLoss: () => probability.logLoss(probabilities, labels, classCount, weights),
    brier: () => probability.brierScore(probabilities, labels, classCount, weights),
    calibrationErrorEqualWidth: () => calibration('equal-width'),
    calibrationErrorEqualMass: () => calibration('equal-mass'),
  };
  test.each(Object.keys(scalars))('%s', (figure) => {
    close([scalars[figure]!()], [expected[figure]]);
  });

  const vectors: Record<string, () => number[]> = {
    confusion: () => [...matrix.counts],
    precision: () => perClass(confusion.precision),
    recall: () => perClass(confusion.recall),
    specificity: () => perClass(confusion.specificity),
    f1: () => perClass(confusion.f1),
    auc: () => rankings.map((r) => ranking.areaUnderRoc(r, weights)),
    averagePrecision: () => rankings.map((r) => ranking.averagePrecision(r, weights)),
  };
  test.each(Object.keys(vectors))('%s of each class', (figure) => {
    close(vectors[figure]!(), expected[figure] as (number | null)[]); // the script writes lists here
  });

  test('macro averages are undefined where a class has no value, and the mean elsewhere', () => {
    for (const [name, figure] of [
      ['precision', confusion.precision],
      ['recall', confusion.recall],
      ['f1', confusion.f1],
    ] as const) {
      const each = (expected[name] as (number | null)[]).map(value); // the script writes lists here
      const mean = each.reduce((sum, x) => sum + x, 0) / each.length;
      const actual = confusion.macroAverage(matrix, figure);
      if (Number.isNaN(mean)) expect(actual).toBeNaN();
      else expect(actual).toBeCloseTo(mean, 10);
    }
  });

  // the script leaves these out where scikit-learn has no answer
  if ('aucMacro' in expected)
    test('macro ROC AUC', () => {
      close([ranking.rocAucMacro(probabilities, labels, classCount, weights)], [expected['aucMacro']]);
    });

  const curves = expected['curves'] as ExpectedCurves | undefined; // an object where the script wrote curves
  if (curves !== undefined)
    test('curves and operating points of class 1', () => {
      const { roc, precisionRecall, youden } = curves!;
      const actual = rocCurve(rankings[1]!, weights)!;
      close(actual.falsePositiveRate, roc.falsePositiveRate);
      close(actual.truePositiveRate, roc.truePositiveRate);
      expect(actual.thresholds).toEqual(roc.thresholds);
      const pr = precisionRecallCurve(rankings[1]!, weights)!;
      // scikit-learn stops at the first point of full recall; ours goes on to the lowest threshold
      close(pr.recall.slice(0, precisionRecall.recall.length), precisionRecall.recall);
      close(pr.precision.slice(0, precisionRecall.precision.length), precisionRecall.precision);

      const scores = ranking.classScores(probabilities, classCount, 1);
      const positive = ranking.classIndicator(labels, 1);
      const point = chooseOperatingPoint(scores, positive, {
        rule: { kind: 'youden' },
        ...(weights && { weights }),
      });
      expect(point.sensitivity).toBeCloseTo(youden.sensitivity, 10);
      expect(point.specificity).toBeCloseTo(youden.specificity, 10);
      if (youden.threshold !== null) expect(point.threshold).toBeLessThanOrEqual(youden.threshold);
      if (youden.nextLower !== null) expect(point.threshold).toBeGreaterThan(youden.nextLower);
      const at = (kind: 'sensitivity' | 'specificity') =>
        chooseOperatingPoint(scores, positive, {
          rule: { kind, atLeast: 0.9 },
          ...(weights && { weights }),
        });
      expect(at('sensitivity').specificity).toBeCloseTo(curves!.sensitivityAtLeast90, 10);
      expect(at('specificity').sensitivity).toBeCloseTo(curves!.specificityAtLeast90, 10);
    });

  const binnings = (['equalWidth', 'equalMass'] as const).filter((which) => curves?.[which]);
  test.for(binnings)('reliability curve, %s', (which) => {
    const peer = curves![which]!;
    const bins = probability.reliabilityCurve(
      ranking.classScores(probabilities, classCount, 1),
      ranking.classIndicator(labels, 1),
      { binning: which === 'equalWidth' ? 'equal-width' : 'equal-mass' },
    );
    close(
      bins.map((b) => b.observed),
      peer.observed,
    );
    close(
      bins.map((b) => b.meanPredicted),
      peer.meanPredicted,
    );
  });
});

test('sample weights that count repeats equal repeated samples', () => {
  const { labels, probabilities, classCount } = fixture.cases[1]!;
  const counts = labels.map((_, i) => (i * 7) % 4);
  const repeats = labels.flatMap((_, i) => Array.from({ length: counts[i]! }, () => i));
  const manyLabels = repeats.map((i) => labels[i]!);
  const manyRows = repeats.flatMap((i) => probabilities.slice(i * classCount, (i + 1) * classCount));
  expect(ranking.rocAucMacro(probabilities, labels, classCount, counts)).toBeCloseTo(
    ranking.rocAucMacro(manyRows, manyLabels, classCount),
    12,
  );
  expect(probability.logLoss(probabilities, labels, classCount, counts)).toBeCloseTo(
    probability.logLoss(manyRows, manyLabels, classCount),
    12,
  );
});

test('a thinned curve keeps its ends, drops what lies on a line, and respects its limit', () => {
  const x = Array.from({ length: 1001 }, (_, i) => i / 1000);
  expect(
    thinnedIndices(
      x,
      x.map((v) => 2 * v),
    ),
  ).toEqual([0, 1000]);
  const arc = thinnedIndices(
    x,
    x.map((v) => Math.sqrt(v)),
    100,
  );
  expect(arc).toHaveLength(100);
  expect([arc[0], arc.at(-1)]).toEqual([0, 1000]);
});
