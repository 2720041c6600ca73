import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { phantomFeatures, referenceRows, withinTolerance } from './ibsi-reference.ts';

const DATA =
  process.env['HOUNSFIELD_DATA'] ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));
const present = existsSync(join(DATA, 'ibsi_digital_phantom'));

describe.skipIf(!present)(`digital phantom${present ? '' : ' (skipped: no HOUNSFIELD_DATA)'}`, async () => {
  const rows = present ? await referenceRows(DATA) : [];
  const ours = present ? await phantomFeatures(DATA) : new Map<string, number>();

  test('the table has 482 rows, and each has one feature of ours', () => {
    expect(rows).toHaveLength(482);
    const without = rows.filter(({ key }) => key === undefined || !ours.has(key));
    expect(
      without.map(({ line, family, title, aggregation }) => ({ line, family, title, aggregation })),
    ).toEqual([]);
    expect(new Set(rows.map(({ key }) => key)).size).toBe(482);
  });

  test.each(rows.map((row) => [`${row.key ?? row.title} (${row.line})`, row] as const))('%s', (_, row) => {
    const value = ours.get(row.key ?? '');
    expect({ ...row, ours: value, within: withinTolerance(row, value) }).toMatchObject({ within: true });
  });
});
