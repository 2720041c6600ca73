import { expect, test } from 'vitest';
import { isHounsfieldError } from '../../errors.ts';
import { chooseOperatingPoint, type OperatingRule } from './operating-point.ts';

// expected values of the rules come from scikit-learn: see ../metrics/classification.test.ts
const scores = [0.9, 0.8, 0.6, 0.55, 0.3, 0.2];
const positive = [1, 1, 0, 1, 0, 0];

test('the threshold lies midway between two scores', () => {
  const { threshold, sensitivity, specificity } = chooseOperatingPoint(scores, positive, {
    rule: { kind: 'specificity', atLeast: 1 },
  });
  expect(threshold).toBeCloseTo((0.8 + 0.6) / 2, 12);
  expect(specificity).toBe(1);
  expect(scores.filter((s, i) => s >= threshold && positive[i] === 1)).toHaveLength(
    Math.round(3 * sensitivity),
  );
});

test('of two equally good thresholds Youden takes the higher', () => {
  // 0.7: sensitivity 2/3, specificity 1; 0.425: sensitivity 1, specificity 2/3
  expect(chooseOperatingPoint(scores, positive).threshold).toBeCloseTo(0.7, 12);
});

test('nothing is called positive where even the highest score is a false alarm', () => {
  const point = chooseOperatingPoint([0.2, 1], [1, 0], { rule: { kind: 'specificity', atLeast: 1 } });
  expect(point).toMatchObject({ sensitivity: 0, specificity: 1 });
  expect(point.threshold).toBeGreaterThan(1);
});

test.each<[string, number[], OperatingRule]>([
  ['OPERATING_POINT_ONE_CLASS', [1, 1, 1, 1, 1, 1], { kind: 'youden' }],
  ['OPERATING_POINT_ONE_CLASS', [0, 0, 0, 0, 0, 0], { kind: 'youden' }],
  ['OPERATING_POINT_RULE_INVALID', positive, { kind: 'sensitivity', atLeast: 90 }],
  ['OPERATING_POINT_RULE_INVALID', positive, { kind: 'specificity', atLeast: Number.NaN }],
])('%s', (code, truth, rule) => {
  let caught: unknown;
  try {
    chooseOperatingPoint(scores, truth, { rule });
  } catch (error) {
    caught = error;
  }
  expect(isHounsfieldError(caught, code)).toBe(true);
});
