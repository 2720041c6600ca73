/** Reference values of the IBSI's digital phantom, and which of our features each row of their table means. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { computeFeatures } from '../../src/imaging/features/compute-features.ts';
import type { FeatureFamily } from '../../src/imaging/features/feature.ts';
import { FEATURE_DEFINITIONS } from '../../src/imaging/features/feature-definitions.ts';
import { readFeatureSettings } from '../../src/imaging/features/settings.ts';
import { openImage } from '../../src/imaging/formats/open.node.ts';
import type { MedicalImage } from '../../src/imaging/image/medical-image.ts';

const FOLDER = 'ibsi_digital_phantom';

export interface ReferenceRow {
  /** Line of the table, the first after its head being 1. */
  readonly line: number;
  readonly family: string;
  readonly id: string;
  readonly title: string;
  readonly aggregation: string;
  readonly value: number;
  /** 0 where the table gives none. */
  readonly tolerance: number;
  /** The key of our feature; undefined where there is none. */
  readonly key: string | undefined;
}

/** The table's families by ours; 'int' holds histogram and intensity-volume histogram. */
const FAMILIES: Readonly<Record<string, readonly FeatureFamily[]>> = {
  morph: ['morph'],
  loc: ['loc'],
  stat: ['stat'],
  int: ['ih'],
  cm: ['cm'],
  rlm: ['rlm', 'szm'], // small zone emphasis stands among the runs, its identifier lost
  szm: ['szm'],
  dzm: ['dzm'],
  ngtdm: ['ngt'],
  ngldm: ['ngl'],
};

const AGGREGATION: Readonly<Record<string, string>> = {
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

/** Rows of the IVH have one title for two features; in the order of the table. */
const BY_ORDER: Readonly<Record<string, readonly string[]>> = {
  'Volume at intensity fraction': ['ivh_v10', 'ivh_v90'],
  'Intensity at volume fraction': ['ivh_i10', 'ivh_i90'],
  'Volume fraction difference between intensity fractions': ['ivh_v10_minus_v90'],
  'Intensity fraction difference between volume fractions': ['ivh_i10_minus_i90'],
};

export async function referenceRows(data: string): Promise<readonly ReferenceRow[]> {
  const text = await readFile(
    join(data, FOLDER, 'reference', 'ibsi1_reference_values_digital_phantom.csv'),
    'utf8',
  );
  const seen = new Map<string, number>();
  return text
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line, i): ReferenceRow => {
      const cells = cellsOf(line);
      const [family = '', id = '', feature = '', , , aggregation = '', value = '', tolerance = ''] = cells;
      const title = feature.replace(/\\? ?:sup:`(\w+)`/, '$1').replace('’', "'");
      const order = seen.get(title) ?? 0;
      seen.set(title, order + 1);
      const key = BY_ORDER[title]?.[order] ?? keyOf(family, title, aggregation);
      return {
        line: i + 1,
        family,
        id,
        title,
        aggregation,
        value: Number(value),
        tolerance: Number(tolerance || 0),
        key,
      };
    });
}

function keyOf(family: string, title: string, aggregation: string): string | undefined {
  const plain = title.toLowerCase();
  for (const own of FAMILIES[family] ?? []) {
    const found = FEATURE_DEFINITIONS[own].find((one) => one.title.toLowerCase() === plain);
    if (found) {
      return [own, found.name, ...(aggregation ? [AGGREGATION[aggregation] ?? '?'] : [])].join('_');
    }
  }
  return undefined;
}

/** Cells of a line; a cell with a comma stands in quotes. */
function cellsOf(line: string): readonly string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
}

export async function phantom(data: string): Promise<readonly [image: MedicalImage, mask: MedicalImage]> {
  const folder = join(data, FOLDER, 'ibsi_1_digital_phantom', 'nifti');
  const open = (name: string) => openImage(join(folder, name));
  return [await open('image/phantom.nii.gz'), await open('mask/mask.nii.gz')];
}

/** The phantom's features by key, intensities taken as grey levels, in every aggregation. */
export async function phantomFeatures(data: string): Promise<ReadonlyMap<string, number>> {
  const [image, mask] = await phantom(data);
  const values = computeFeatures(image, mask, readFeatureSettings({ preset: 'ibsi-phantom' }));
  return new Map(values.map(({ key, value }) => [key, value]));
}

/** Values are published with three significant digits: that many of ours are compared, within the published tolerance. */
export function withinTolerance({ value, tolerance }: ReferenceRow, ours: number | undefined): boolean {
  if (ours === undefined || !Number.isFinite(ours)) return false;
  const digits = Number(ours.toPrecision(3));
  return Math.abs(digits - value) <= tolerance + 1e-9 * Math.abs(value);
}
