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

const region = (
  size: DiscretizedRegion['size'],
  levels: readonly number[],
  count: number,
): DiscretizedRegion => ({
  size,
  spacingMm: [1, 1, 1],
  levels: Uint16Array.from(levels),
  count,
});

describe('regions with little in them', () => {
  test('of one voxel what needs a pair is NaN and says why', () => {
    const values = textureFeatures(region([1, 1, 1], [3], 5), TEXTURE_FAMILIES, AGGREGATIONS);
    for (const { definition, value, remark } of values) {
      const needsPair = definition.family === 'cm' || definition.family === 'ngt';
      expect(Number.isNaN(value)).toBe(needsPair);
      expect(remark).toBe(
        needsPair
          ? definition.family === 'cm'
            ? 'no pair of voxels'
            : 'no voxel has a neighbour'
          : undefined,
      );
    }
  });

  test('of a constant region values are those that are prescribed', () => {
    const values = textureFeatures(region([4, 3, 2], new Array(24).fill(2), 2), TEXTURE_FAMILIES, ['3D_mrg']);
    const of = (key: string) => values.find((value) => value.key === `${key}_3D_mrg`)!;
    expect(of('ngt_coarseness').value).toBe(1e6);
    expect([of('ngt_contrast'), of('ngt_busyness'), of('ngt_strength')].map(({ value }) => value)).toEqual([
      0, 0, 0,
    ]);
    expect(of('cm_corr')).toMatchObject({ value: 1, remark: 'one grey level: 1 by custom' });
    expect(of('cm_info_corr1')).toMatchObject({ value: Number.NaN, remark: 'one grey level' });
    expect([of('cm_joint_max').value, of('cm_joint_entr').value, of('szm_z_perc').value]).toEqual([
      1,
      0,
      1 / 24,
    ]);
  });

  test.each([
    ['no voxel', 'FEATURE_REGION_EMPTY', region([2, 1, 1], [0, 0], 3), {}],
    ['a level beyond the number of levels', 'FEATURE_REGION', region([2, 1, 1], [4, 1], 3), {}],
    ['too few levels', 'FEATURE_REGION', region([2, 2, 1], [1, 1], 3), {}],
    ['a distance of 0', 'FEATURE_OPTION', region([2, 1, 1], [1, 1], 3), { distance: 0 }],
    ['a negative coarseness', 'FEATURE_OPTION', region([2, 1, 1], [1, 1], 3), { coarseness: -1 }],
  ])('%s: %s', (_, code, of, options) => {
    expect(() => textureFeatures(of, ['cm'], ['3D_mrg'], options)).toThrow(expect.objectContaining({ code }));
  });
});

test('many grey levels in few voxels, whose pairs are sorted, give what a table of pairs gives', () => {
  const slice = Array.from({ length: 120 }, (_, i) => 1 + ((i * i * 13) % 101));
  const nothing = new Array<number>(120).fill(0);
  const once = textureFeatures(region([12, 10, 1], slice, 101), ['cm'], ['3D_avg', '3D_mrg']);
  const slices = Array.from({ length: 40 }, (_, z) => (z % 2 === 0 ? slice : nothing)).flat();
  const often = textureFeatures(region([12, 10, 40], slices, 101), ['cm'], ['3D_avg', '3D_mrg']);
  const ratios = once.map(({ value }, i) => (value === 0 ? 1 : often[i]!.value / value));
  for (const ratio of ratios) expect(ratio).toBeCloseTo(1, 11);
});

test('weights leave features of one direction as they are and change merged ones', () => {
  const levels = Array.from({ length: 60 }, (_, i) => 1 + ((i * i) % 7));
  const of = (weighting: 'none' | 'inverse' | 'exponential') =>
    textureFeatures(region([5, 4, 3], levels, 7), ['cm', 'rlm', 'ngt', 'ngl'], ['3D_avg', '3D_mrg'], {
      weighting,
      norm: 'manhattan',
    });
  const [none, inverse] = [of('none'), of('inverse')];
  none.forEach(({ key, value }, i) => {
    const directed = key.endsWith('3D_avg');
    if (directed) expect(inverse[i]!.value).toBe(value);
  });
  const contrast = (values: typeof none) => values.find(({ key }) => key === 'cm_contrast_3D_mrg')!.value;
  expect(contrast(inverse)).not.toBeCloseTo(contrast(none), 6);
  expect(of('exponential').every(({ value }) => Number.isFinite(value))).toBe(true);
});

test('every definition has an identifier of its own, and values lie in their ranges', () => {
  const levels = Array.from({ length: 210 }, (_, i) => (i % 11 === 0 ? 0 : 1 + ((i * 31) % 9)));
  const values = textureFeatures(region([7, 6, 5], levels, 9), TEXTURE_FAMILIES, [
    '3D_mrg',
    '3D_avg',
    '2D_avg',
  ]);
  const ids = new Set(values.map(({ definition }) => definition.id));
  expect(ids.size).toBe(25 + 16 + 16 + 16 + 5 + 17);
  for (const { key, value, definition } of values) {
    const [low, high] = definition.range;
    expect(value >= low - 1e-12 && value <= high + 1e-12, `${key} ${value}`).toBe(true);
  }
});

test('of three voxels in a row, with half the weight at twice the distance, the ends depend on 2.5 voxels', () => {
  const options = { distance: 2, weighting: 'inverse', norm: 'manhattan' } as const;
  const values = textureFeatures(region([3, 1, 1], [1, 1, 1], 1), ['ngl'], ['3D_mrg'], options);
  const of = (name: string) => values.find(({ key }) => key === `ngl_${name}_3D_mrg`)!.value;
  const [end, middle] = [1 + 1 + 1 / 2, 1 + 1 + 1];
  expect(of('hde')).toBeCloseTo((2 * end ** 2 + middle ** 2) / 3, 12);
  expect(of('dcnu')).toBeCloseTo((2 ** 2 + 1 ** 2) / 3, 12);
});
