import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { BLOCKED_DOMAIN } from '../../src/engine/operators/schema.ts';
import { otherOperators, standardOperators } from '../../src/engine/operators/table.ts';
import { caseKey } from './operator-cases/case-key.ts';
import { families } from './operator-cases/families.ts';
import { type OperatorCase, titleOf } from './operator-cases/operator-case.ts';
import { withoutCase } from './operator-cases/without-case.ts';
import { centralDifferences, runCase } from './operator-contract.ts';

interface Answer {
  readonly key: string;
  readonly outputs: readonly (readonly (number | null)[] | null)[];
  readonly gradients: readonly (readonly number[])[];
}

const answersOf = (family: string): Readonly<Record<string, Answer>> => {
  const path = new URL(`../../fixtures/operators/${family}.json`, import.meta.url);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).cases : {};
};

/** The largest |found - expected| / (1 + |expected|); infinite where one is a number and the other is not. */
function distance(found: readonly number[], expected: readonly (number | null)[]): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  return found.reduce((worst, value, i) => {
    const wanted = expected[i] ?? Number.NaN;
    if (Object.is(value, wanted) || value === wanted) return worst;
    const off = Math.abs(value - wanted) / (1 + Math.abs(wanted));
    return Number.isNaN(off) ? Number.POSITIVE_INFINITY : Math.max(worst, off);
  }, 0);
}

async function check(item: OperatorCase, answer: Answer | undefined): Promise<void> {
  const tolerance = item.tolerance?.value ?? 2e-4;
  const { outputs, gradients } = await runCase(item);
  for (const { inferred, dims, dtype } of outputs) {
    expect(inferred.dtype).toBe(dtype);
    const shape = inferred.shape?.map((dim, i) =>
      item.dynamicShape && typeof dim !== 'number' ? dims[i] : dim,
    );
    expect(item.dynamicShape && !inferred.shape ? dims : shape, 'inferred shape').toEqual([...dims]);
  }
  if (item.differentiate?.length && !item.noDifferences) {
    const slopes = await centralDifferences(item);
    gradients.forEach((gradient, i) => {
      const off = distance(gradient, slopes[i]!);
      expect(
        off,
        `input ${item.differentiate![i]}: gradient ${gradient} is not that of central differences ${slopes[i]}`,
      ).toBeLessThan(tolerance);
    });
  }
  if (!item.torch) return;
  expect(answer?.key, 'no answer of the peer to this case: run scripts/peers/operator_gradients.py').toBe(
    caseKey(item),
  );
  outputs.forEach(({ values }, i) => {
    const expected = answer!.outputs[i];
    if (!expected) return;
    expect(distance(values, expected), `output ${i}: ${values} is not PyTorch's ${expected}`).toBeLessThan(
      tolerance,
    );
  });
  gradients.forEach((gradient, i) => {
    const expected = answer!.gradients[i]!;
    expect(
      distance(gradient, expected),
      `input ${item.differentiate![i]}: gradient ${gradient} is not PyTorch's ${expected}`,
    ).toBeLessThan(tolerance);
  });
}

describe.each(Object.entries(families))(
  '%s: types as the runtime has them, gradients as central differences and PyTorch have them',
  (family, cases) => {
    const answers = answersOf(family);
    test.each(cases.map((item) => [titleOf(item), item] as const))('%s', (title, item) =>
      check(item, answers[title]),
    );
  },
);

test.each(Object.keys(families))('fixture %s is as its maker wrote it', (family) => {
  const text = readFileSync(new URL(`../../fixtures/operators/${family}.json`, import.meta.url), 'utf8');
  const payload = text.slice(text.indexOf('"cases":') + '"cases":'.length, text.lastIndexOf('}'));
  expect(createHash('sha256').update(payload).digest('hex')).toBe(JSON.parse(text).sha256);
});

describe('the table of operators', () => {
  const cases = Object.values(families).flat();
  // Operators of the blocked layout depend on the processor's vector width: the lowering pass has its own tests.
  const portable = Object.entries({ ...standardOperators, ...otherOperators }).filter(
    ([key]) => !key.startsWith(`${BLOCKED_DOMAIN}:`),
  );
  const table = Object.fromEntries(portable);
  const keyOf = ({ domain, op }: OperatorCase): string => (domain ? `${domain}:${op}` : op);

  test('titles are unique within a family', () => {
    for (const items of Object.values(families)) {
      const titles = items.map(titleOf);
      expect(titles.filter((title, i) => titles.indexOf(title) !== i)).toEqual([]);
    }
  });

  test('every operator has a case or a reason why not', () => {
    const tried = new Set(cases.map(keyOf));
    expect(Object.keys(table).filter((key) => !tried.has(key) && !withoutCase[key])).toEqual([]);
    expect(Object.keys(withoutCase).filter((key) => tried.has(key) || !table[key])).toEqual([]);
  });

  test('every operator with a gradient has a case that differentiates it', () => {
    const tried = new Set(cases.filter(({ differentiate }) => differentiate?.length).map(keyOf));
    const lacking = Object.entries(table).filter(
      ([key, { gradient }]) => typeof gradient === 'function' && !tried.has(key) && !withoutCase[key],
    );
    expect(lacking.map(([key]) => key)).toEqual([]);
  });

  test('every operator without a gradient says why', () => {
    for (const { gradient } of Object.values(table)) {
      if (typeof gradient !== 'function') expect(gradient.reason.length).toBeGreaterThan(10);
    }
  });

  test('cases are of operators in the table', () => {
    expect(cases.map(keyOf).filter((key) => !table[key])).toEqual([]);
  });
});
