import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { operatorsReference } from './operators-reference.ts';

test('docs/reference/operators.md is what scripts/operators-reference.mjs makes of the table', () => {
  const path = new URL('../../docs/reference/operators.md', import.meta.url);
  expect(readFileSync(path, 'utf8')).toBe(operatorsReference());
});
