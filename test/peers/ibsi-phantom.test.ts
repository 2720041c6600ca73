import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openImage } from '../../src/imaging/formats/open.node.ts';
import {
  CT_CONFIGURATIONS,
  ctFeatures,
  ctPhantomFolder,
  featuresOf,
  phantomFeatures,
  referenceRows,
  withinTolerance,
} from './ibsi-reference.ts';

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

describe.skipIf(!present)(`CT configurations${present ? '' : ' (skipped: no HOUNSFIELD_DATA)'}`, () => {
  const folder = join(DATA, 'sts_sarcoma_3d', 'nifti', 'STS_002');

  test.each(CT_CONFIGURATIONS)('%s: each reference value has one feature of ours', async (configuration) => {
    const rows = await referenceRows(DATA, configuration);
    const files = ['CT_image', 'CT_mask'].map((name) => openImage(join(folder, `${name}.nii.gz`)));
    const [image, mask] = await Promise.all(files);
    const ours = featuresOf(configuration, [image!, mask!]);
    expect(rows.length).toBe(/[AB]$/.test(configuration) ? 346 : 210);
    expect(rows.filter(({ key }) => key === undefined || !ours.has(key))).toEqual([]);
    expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
  });
});

const ct = ctPhantomFolder(DATA);
const ctPresent = existsSync(ct);

describe.skipIf(!ctPresent)(`CT phantom${ctPresent ? '' : ' (skipped: it is not in the data)'}`, () => {
  test.each(CT_CONFIGURATIONS)('%s: every reference value', async (configuration) => {
    const rows = await referenceRows(DATA, configuration);
    const ours = await ctFeatures(ct, configuration);
    const outside = rows.filter(
      (row) => !Number.isNaN(row.value) && !withinTolerance(row, ours.get(row.key!)),
    );
    expect(outside.map((row) => ({ ...row, ours: ours.get(row.key!) }))).toEqual([]);
  });
});
