import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { intraclassAgreement } from './intraclass.ts';

interface Expected {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}
const { cases } = JSON.parse(
  readFileSync(new URL('../../../fixtures/evidence/intraclass.json', import.meta.url), 'utf8'),
) as {
  cases: readonly { measurements: number; values: readonly number[]; expected: Record<string, Expected> }[];
};

test.each(cases.map((one, i) => [i, one] as const))('table %i is as pingouin has it', (_, one) => {
  const found = intraclassAgreement(one.values, one.measurements);
  const pairs = [
    [found.oneWay, one.expected['ICC(1,1)']!],
    [found.agreement, one.expected['ICC(A,1)']!],
    [found.consistency, one.expected['ICC(C,1)']!],
  ] as const;
  for (const [own, peer] of pairs) {
    expect(own.value).toBeCloseTo(peer.value, 10);
    // pingouin rounds the limits to two decimals
    expect(Math.abs(own.low - peer.low)).toBeLessThan(0.00501);
    expect(Math.abs(own.high - peer.high)).toBeLessThan(0.00501);
  }
});

test('equal measurements agree wholly, and too little is refused', () => {
  const { agreement, withinVariation } = intraclassAgreement([1, 1, 2, 2, 5, 5], 2);
  expect(agreement).toEqual({ value: 1, low: 1, high: 1 });
  expect(withinVariation).toBe(0);
  expect(() => intraclassAgreement([1, 2], 2)).toThrow(/^INTRACLASS_DATA/);
  expect(() => intraclassAgreement([1, 2, 3, Number.NaN], 2)).toThrow(/^INTRACLASS_DATA/);
});

test('large values that differ little keep their digits', () => {
  const values = [0, 1, 5, 6.5, 9, 9];
  const far = intraclassAgreement(
    values.map((value) => value + 2 ** 30),
    2,
  );
  expect(far.agreement).toEqual(intraclassAgreement(values, 2).agreement);
});
