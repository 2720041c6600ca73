import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openImage } from '../../formats/open.node.ts';
import { AGGREGATIONS, type Aggregation, type DiscretizedRegion } from '../feature.ts';
import { TEXTURE_FAMILIES, textureFeatures } from './texture-features.ts';

const data =
  process.env['HOUNSFIELD_DATA'] ?? fileURLToPath(new URL('../../../../../shared/data', import.meta.url));
const folder = path.join(data, 'ibsi_digital_phantom');
const there = existsSync(folder);
const skipped = there ? '' : ' (skipped: no ibsi_digital_phantom in HOUNSFIELD_DATA)';

const AGGREGATION_OF: Readonly<Record<string, Aggregation>> = {
  '2D, averaged': '2D_avg',
  '2D, slice-merged': '2D_s_mrg',
  '2.5D, direction-merged': '2_5D_d_mrg',
  '2.5D, merged': '2_5D_mrg',
  '3D, averaged': '3D_avg',
  '3D, merged': '3D_mrg',
  '2D': '2D_avg',
  '2.5D': '2_5D_mrg',
  '3D': '3D_mrg',
};

/** The table's rows of small zone emphasis have no identifier. */
const TITLE_OF: Readonly<Record<string, string>> = { 'Small zone emphasis': '5QRC' };

interface Reference {
  readonly id: string;
  readonly title: string;
  readonly aggregation: Aggregation;
  readonly value: number;
  readonly tolerance: number;
}

/** Half a unit of the last digit that is written: what a value given to some digits leaves open. */
function lastDigit(text: string): number {
  const [, mantissa, exponent] = /^:?(?:math:`)?([0-9.-]+)(?:.*10\^\{?(-?\d+))?/.exec(text)!;
  const decimals = mantissa!.includes('.') ? mantissa!.split('.')[1]!.length : 0;
  return 0.5 * 10 ** (Number(exponent ?? 0) - decimals) * (1 + 1e-9);
}

function references(): readonly Reference[] {
  const lines = readFileSync(
    path.join(folder, 'reference', 'ibsi1_reference_values_digital_phantom.csv'),
    'utf8',
  );
  return lines
    .trim()
    .split('\n')
    .slice(1)
    .map((line) =>
      (line.match(/("([^"]*)"|[^,]*)(,|$)/g) ?? []).map((cell) => cell.replace(/,$/, '').replaceAll('"', '')),
    )
    .filter(([family]) => ['cm', 'rlm', 'szm', 'dzm', 'ngtdm', 'ngldm'].includes(family!))
    .map(([, id, title, , , aggregation, value, tolerance, , raw]) => ({
      id: id === '' ? TITLE_OF[title!]! : id!,
      title: title!,
      aggregation: AGGREGATION_OF[aggregation!]!,
      value: Number(value),
      tolerance: tolerance === '' ? lastDigit(raw!) : Number(tolerance),
    }));
}

async function phantom(): Promise<DiscretizedRegion> {
  const nifti = path.join(folder, 'ibsi_1_digital_phantom', 'nifti');
  const image = await openImage(path.join(nifti, 'image', 'phantom.nii.gz'));
  const mask = await openImage(path.join(nifti, 'mask', 'mask.nii.gz'));
  const levels = Uint16Array.from(image.pixels, (level, i) => (mask.pixels[i] === 1 ? level : 0));
  return { size: [image.width, image.height, image.depth], spacingMm: [2, 2, 2], levels, count: 6 };
}

describe.skipIf(!there)(`IBSI digital phantom${skipped}`, () => {
  const expected = there ? references() : [];
  test('has every texture value', () => expect(expected.length).toBeGreaterThan(350));

  test.each(AGGREGATIONS.map((aggregation) => ({ aggregation })))('$aggregation', async ({ aggregation }) => {
    const values = textureFeatures(await phantom(), TEXTURE_FAMILIES, [aggregation]);
    const wrong: string[] = [];
    const rows = expected.filter((row) => row.aggregation === aggregation);
    for (const { id, title, value, tolerance } of rows) {
      const ours = values.find(({ definition }) => definition.id === id);
      if (!(Math.abs((ours?.value ?? Number.NaN) - value) <= tolerance)) {
        wrong.push(`${title} ${id}: ${ours?.value}, expected ${value} within ${tolerance}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(rows.length).toBe(values.length);
  });
});
