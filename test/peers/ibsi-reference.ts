/** Reference values of the IBSI's phantoms, and which of our features each row of their tables means. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { computeFeatures } from '../../src/imaging/features/compute-features.ts';
import type { FeatureFamily } from '../../src/imaging/features/feature.ts';
import { FEATURE_DEFINITIONS } from '../../src/imaging/features/feature-definitions.ts';
import { readFeatureSettings } from '../../src/imaging/features/settings.ts';
import { openImage } from '../../src/imaging/formats/open.node.ts';
import type { MedicalImage } from '../../src/imaging/image/medical-image.ts';

const FOLDER = 'ibsi_digital_phantom';

/** The digital phantom and the configurations of the CT phantom by the names of the tables, and their presets. */
export const CONFIGURATIONS = {
  'dig. phantom': 'ibsi-phantom',
  'config. A': 'ibsi-a',
  'config. B': 'ibsi-b',
  'config. C': 'ibsi-c',
  'config. D': 'ibsi-d',
  'config. E': 'ibsi-e',
} as const;
export type Configuration = keyof typeof CONFIGURATIONS;
export const CT_CONFIGURATIONS = (Object.keys(CONFIGURATIONS) as Configuration[]).slice(1); // the table's own keys

export interface ReferenceRow {
  /** Line of the table, the first after its head being 1. */
  readonly line: number;
  readonly configuration: Configuration;
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

/** The rows of a configuration; without a value one of the CT phantom's has NaN. */
export async function referenceRows(
  data: string,
  configuration: Configuration = 'dig. phantom',
): Promise<readonly ReferenceRow[]> {
  const table = configuration === 'dig. phantom' ? 'digital_phantom' : 'all';
  const text = await readFile(join(data, FOLDER, 'reference', `ibsi1_reference_values_${table}.csv`), 'utf8');
  const seen = new Map<string, number>();
  return text
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line, i) => ({ line: i + 1, cells: cellsOf(line) }))
    .filter(({ cells }) => cells[4] === configuration)
    .map(({ line, cells }): ReferenceRow => {
      const [family = '', id = '', feature = '', , , aggregation = '', value = '', tolerance = ''] = cells;
      const title = feature.replace(/\\? ?:sup:`(\w+)`/, '$1').replace('’', "'");
      const order = seen.get(title) ?? 0;
      seen.set(title, order + 1);
      return {
        line,
        configuration,
        family,
        id,
        title,
        aggregation,
        value: value === '' ? Number.NaN : Number(value),
        tolerance: Number(tolerance || 0),
        key: BY_ORDER[title]?.[order] ?? keyOf(family, title, aggregation),
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

type ImageAndMask = readonly [image: MedicalImage, mask: MedicalImage];

async function imageAndMask(folder: string): Promise<ImageAndMask> {
  const open = (name: string) => openImage(join(folder, 'nifti', name));
  return [await open('image/phantom.nii.gz'), await open('mask/mask.nii.gz')];
}

/** Where the CT phantom is looked for, as the IBSI's data_sets hold it; the shared data do not have it. */
export const ctPhantomFolder = (data: string): string => join(data, FOLDER, 'ibsi_1_ct_radiomics_phantom');

/** Features of a configuration by key. The CT phantom's intensities are rounded first, as the manual says of its NIfTI. */
export function featuresOf(
  configuration: Configuration,
  [image, mask]: ImageAndMask,
): ReadonlyMap<string, number> {
  const ct = configuration !== 'dig. phantom';
  const source: MedicalImage = ct
    ? { ...image, unit: 'HU', pixels: Float32Array.from(image.pixels, Math.round) }
    : image;
  const settings = readFeatureSettings({ preset: CONFIGURATIONS[configuration] });
  return new Map(computeFeatures(source, mask, settings).map(({ key, value }) => [key, value]));
}

/** The digital phantom's features by key, intensities taken as grey levels, in every aggregation. */
export async function phantomFeatures(data: string): Promise<ReadonlyMap<string, number>> {
  const files = await imageAndMask(join(data, FOLDER, 'ibsi_1_digital_phantom'));
  return featuresOf('dig. phantom', files);
}

/** The CT phantom's features by key. @param folder of the phantom, with its 'nifti' */
export async function ctFeatures(
  folder: string,
  configuration: Configuration,
): Promise<ReadonlyMap<string, number>> {
  return featuresOf(configuration, await imageAndMask(folder));
}

/** Values are published with three significant digits: that many of ours are compared, within the published tolerance. */
export function withinTolerance({ value, tolerance }: ReferenceRow, ours: number | undefined): boolean {
  if (ours === undefined || !Number.isFinite(ours)) return false;
  const digits = Number(ours.toPrecision(3));
  return Math.abs(digits - value) <= tolerance + 1e-9 * Math.abs(value);
}
