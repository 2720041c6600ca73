import { describe, expect, test } from 'vitest';
import { isHounsfieldError } from '../../errors.ts';
import { RandomStream } from '../../random.ts';
import { bootstrap, clusterBy, percentileInterval } from './bootstrap.ts';
import { type ClassificationResult, classificationEvidence, type Figure } from './classification-evidence.ts';

/** A noisy classifier's output: `perPatient` samples share a patient's truth. */
function simulate(options: {
  samples: number;
  classes: number;
  perPatient?: number;
  seed?: number;
}): ClassificationResult {
  const { samples, classes, perPatient = 1, seed = 1 } = options;
  const random = new RandomStream({ seed, purpose: 'simulate' });
  const probabilities = new Float64Array(samples * classes);
  const labels = new Int32Array(samples);
  const patients: string[] = [];
  let offset = 0;
  for (let i = 0; i < samples; i++) {
    if (i % perPatient === 0) {
      labels[i] = random.integer(classes);
      offset = random.normal(0, 1);
    } else labels[i] = labels[i - 1]!;
    patients.push(`patient ${Math.floor(i / perPatient)}`);
    const logits = Array.from(
      { length: classes },
      (_, k) => random.normal() + (k === labels[i] ? 1.2 + offset : 0),
    );
    const total = logits.reduce((sum, x) => sum + Math.exp(x), 0);
    for (let k = 0; k < classes; k++) probabilities[i * classes + k] = Math.exp(logits[k]!) / total;
  }
  return {
    probabilities,
    labels,
    patients,
    classes: Array.from({ length: classes }, (_, k) => `class ${k}`),
    seed: 3,
    replicates: 200,
  };
}

const point = { threshold: 0.4, rule: { kind: 'youden' }, chosenOn: 'validation' } as const;

function allFigures(evidence: ReturnType<typeof classificationEvidence>): Figure[] {
  return [
    ...Object.values(evidence.figures),
    ...evidence.perClass.flatMap((c) => Object.values(c.figures)),
    ...Object.values(evidence.operatingPoint?.figures ?? {}),
  ];
}

test.each([2, 3, 9])('%i classes: every figure has an interval, and the object survives JSON', (classes) => {
  const evidence = classificationEvidence({ ...simulate({ samples: 300, classes }), operatingPoint: point });
  for (const figure of allFigures(evidence)) {
    expect(figure.value).not.toBeNull();
    expect(figure.low).toBeLessThanOrEqual(figure.high!);
  }
  const { auc, accuracy, matthews } = evidence.figures;
  for (const f of [auc, accuracy, matthews]) {
    expect(f.value).toBeGreaterThan(f.low!);
    expect(f.value).toBeLessThan(f.high!);
  }
  expect(evidence.confusion.flat().reduce((a, b) => a + b)).toBe(300);
  expect(evidence.curves).toHaveLength(classes === 2 ? 1 : classes);
  const { roc } = evidence.curves[0]!;
  expect(roc!.band.falsePositiveRate).toHaveLength(51);
  expect(roc!.band.low.every((low, i) => low <= roc!.band.high[i]!)).toBe(true);
  expect(JSON.parse(JSON.stringify(evidence))).toEqual(evidence);
});

test('1000 replicates of 624 samples take about a second', () => {
  const result = {
    ...simulate({ samples: 624, classes: 2 }),
    operatingPoint: point,
    replicates: 1000,
  };
  const start = performance.now();
  classificationEvidence(result);
  expect(performance.now() - start).toBeLessThan(3000);
});

test('the same seed gives the same evidence, another seed other intervals and the same values', () => {
  const result = simulate({ samples: 120, classes: 2 });
  const first = classificationEvidence(result);
  expect(classificationEvidence(result)).toEqual(first);
  const other = classificationEvidence({ ...result, seed: 4 });
  expect(other.figures.auc.value).toBe(first.figures.auc.value);
  expect(other.figures.auc.low).not.toBe(first.figures.auc.low);
});

test('samples of one patient are drawn together: intervals are wider than if they were independent', () => {
  const clustered = simulate({ samples: 400, classes: 2, perPatient: 20 });
  const independent = { ...clustered, patients: clustered.patients.map((_, i) => String(i)) };
  const width = (result: ClassificationResult): number => {
    const { low, high } = classificationEvidence(result).figures.accuracy;
    return high! - low!;
  };
  expect(width(clustered)).toBeGreaterThan(1.5 * width(independent));
});

test('an interval covers the truth about as often as it says', () => {
  let covered = 0;
  const trials = 200;
  for (let trial = 0; trial < trials; trial++) {
    const random = new RandomStream({ seed: trial, purpose: 'coverage' });
    const hits = Float64Array.from({ length: 100 }, () => (random.chance(0.7) ? 1 : 0));
    const clusters = clusterBy(Array.from({ length: 100 }, (_, i) => String(i)));
    const plan = { replicates: 300, seed: trial, level: 0.95 };
    const values = bootstrap(clusters, plan, 1, (weights, figures) => {
      figures[0] = weights.reduce((sum, w, i) => sum + w * hits[i]!, 0) / 100;
    });
    const { low, high } = percentileInterval(values);
    if (low! <= 0.7 && high! >= 0.7) covered++;
  }
  expect(covered / trials).toBeGreaterThan(0.89);
  expect(covered / trials).toBeLessThan(0.99);
});

test('degenerate replicates are counted, and too many of them leave no interval', () => {
  const result = simulate({ samples: 40, classes: 2 });
  const labels = Int32Array.from({ length: 40 }, (_, i) => (i === 7 ? 1 : 0));
  const rare = classificationEvidence({ ...result, labels, replicates: 500 });
  // one positive of 40 patients is missing from (1 - 1/40)^40 = 36 % of the draws
  expect(rare.figures.auc.undefinedReplicates / 500).toBeCloseTo(0.363, 1);
  expect(rare.figures.auc.low).not.toBeNull();
  expect(rare.figures.accuracy.undefinedReplicates).toBe(0);
});

test.each([
  ['auc', 'class-absent'],
  ['balancedAccuracy', 'class-absent'],
  ['averagePrecision', 'class-absent'],
] as const)('a class absent from the truth leaves %s undefined, with a reason', (figure, reason) => {
  const result = simulate({ samples: 60, classes: 3 });
  const labels = Int32Array.from(result.labels, (label) => (label === 2 ? 0 : label));
  const evidence = classificationEvidence({ ...result, labels });
  expect(evidence.figures[figure]).toEqual({
    value: null,
    low: null,
    high: null,
    undefinedReplicates: 200,
    reason,
  });
  expect(evidence.perClass[2]!.figures.recall.reason).toBe('class-absent');
  expect(evidence.figures.accuracy.value).not.toBeNull();
  expect(evidence.curves[2]!.roc).toBeUndefined();
});

test('one patient alone gives figures without intervals', () => {
  const result = simulate({ samples: 20, classes: 2 });
  const evidence = classificationEvidence({ ...result, patients: Array(20).fill('the same') });
  expect(evidence.figures.accuracy.value).not.toBeNull();
  expect([evidence.figures.accuracy.low, evidence.figures.accuracy.high]).toEqual([null, null]);
  expect(evidence.bootstrap.replicates).toBe(0);
});

test('the operating point is applied as given', () => {
  const evidence = classificationEvidence({
    probabilities: Float64Array.of(0.7, 0.3, 0.5, 0.5, 0.6, 0.4, 0.1, 0.9),
    labels: [0, 0, 1, 1],
    patients: ['a', 'b', 'c', 'd'],
    classes: ['normal', 'nodule'],
    operatingPoint: point,
    seed: 1,
  });
  expect(evidence.operatingPoint!.counts).toEqual({
    truePositives: 2,
    falsePositives: 1,
    trueNegatives: 1,
    falseNegatives: 0,
  });
  expect(evidence.operatingPoint!.figures.sensitivity.value).toBe(1);
});

describe('input that cannot be judged', () => {
  const good = simulate({ samples: 4, classes: 2 });
  test.each<[string, Partial<ClassificationResult>]>([
    ['EVIDENCE_EMPTY', { labels: [], probabilities: new Float64Array(0), patients: [] }],
    ['EVIDENCE_SIZE_MISMATCH', { patients: ['a'] }],
    ['EVIDENCE_SIZE_MISMATCH', { classes: ['only'] }],
    ['EVIDENCE_LABEL_INVALID', { labels: [0, 1, 2, 0] }],
    ['EVIDENCE_LABEL_INVALID', { labels: [0, 1, 0.5, 0] }],
    ['EVIDENCE_PROBABILITY_INVALID', { probabilities: new Float64Array(8).fill(Number.NaN) }],
    ['EVIDENCE_PROBABILITY_INVALID', { probabilities: Float64Array.of(3, -2, 1, 0, 1, 0, 1, 0) }],
    ['EVIDENCE_OPTION_INVALID', { replicates: -1 }],
    ['EVIDENCE_OPTION_INVALID', { operatingPoint: { ...point, positiveClass: 5 } }],
  ])('%s', (code, change) => {
    let caught: unknown;
    try {
      classificationEvidence({ ...good, ...change });
    } catch (error) {
      caught = error;
    }
    expect(isHounsfieldError(caught, code)).toBe(true);
  });
});
