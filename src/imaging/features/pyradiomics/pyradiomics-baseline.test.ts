import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openImage } from '../../formats/open.node.ts';
import { type MedicalImage, medicalImage } from '../../image/medical-image.ts';
import type { PyradiomicsSettings } from './parameters.ts';
import { pyradiomicsFeatures } from './pyradiomics-features.ts';

const data =
  process.env['HOUNSFIELD_DATA'] ?? fileURLToPath(new URL('../../../../../shared/data', import.meta.url));
const folder = path.join(data, 'pyradiomics_baseline', 'data');
const there = existsSync(folder);
const skipped = there ? '' : ' (skipped: no pyradiomics_baseline in HOUNSFIELD_DATA)';

/** Values that the baseline's own version made otherwise than pyradiomics 3.0.1, whose numbers are in the fixtures. */
const OLDER_MESH = [
  'brain1 original_shape_MeshVolume',
  'brain1 original_shape_SurfaceArea',
  'brain1 original_shape_SurfaceVolumeRatio',
  'brain1 original_shape_Sphericity',
];

const cellsOf = (line: string): readonly string[] =>
  (`${line},`.match(/("[^"]*"|[^,"]*),/g) ?? []).map((cell) => cell.slice(0, -1).replaceAll('"', ''));

/** A Python dictionary of plain values. */
const settingsOf = (text: string): Partial<PyradiomicsSettings> =>
  JSON.parse(
    text
      .replaceAll("'", '"')
      .replaceAll('None', 'null')
      .replaceAll('True', 'true')
      .replaceAll('False', 'false'),
  ) as Partial<PyradiomicsSettings>; // pyradiomics wrote its own settings

interface Case {
  readonly feature: string;
  readonly name: string;
  readonly image: string;
  readonly settings: Partial<PyradiomicsSettings>;
  readonly values: ReadonlyMap<string, number>;
}

function casesOf(file: string): readonly Case[] {
  const rows = readFileSync(path.join(folder, 'baseline', file), 'utf8')
    .trim()
    .split('\n')
    .map(cellsOf);
  const feature = file.replace('baseline_', '').replace('.csv', '');
  return rows[0]!.slice(1).map((name, column) => {
    const row = (of: string) => rows.find(([key]) => key === of)![column + 1]!;
    const values = rows.filter(([key]) => key!.startsWith('original_'));
    return {
      feature,
      name,
      image: row('diagnostics_Configuration_TestCase'),
      settings: settingsOf(row('diagnostics_Configuration_Settings')),
      values: new Map(values.map((cells) => [cells[0]!, Number(cells[column + 1])])),
    };
  });
}

const opened = new Map<string, Promise<MedicalImage>>();

function openOnce(name: string): Promise<MedicalImage> {
  const image = opened.get(name) ?? openImage(path.join(folder, name));
  opened.set(name, image);
  return image;
}

const files = there ? readdirSync(path.join(folder, 'baseline')).filter((name) => name.endsWith('.csv')) : [];
const cases = files
  .flatMap(casesOf)
  .filter(({ image }) => existsSync(path.join(folder, `${image}_image.nrrd`)));

/** Of a mask the slice that the baseline of shape2D was made of: the largest. */
function largestSlice(mask: MedicalImage): MedicalImage {
  const plane = mask.width * mask.height;
  const counts = Array.from({ length: mask.depth }, (_, slice) => {
    let count = 0;
    for (let at = slice * plane; at < (slice + 1) * plane; at++) if (mask.pixels[at] === 1) count++;
    return count;
  });
  const z = counts.indexOf(Math.max(...counts));
  const pixels = new Uint8Array(mask.pixels.length);
  pixels.set(Uint8Array.from(mask.pixels.subarray(z * plane, (z + 1) * plane)), z * plane);
  return { ...medicalImage(pixels, mask), ...(mask.geometry ? { geometry: mask.geometry } : {}) };
}

describe.skipIf(!there)(`baseline of pyradiomics${skipped}`, () => {
  test('has all cases whose images are there', () => expect(cases.length).toBeGreaterThan(120));

  test.each(cases)('$feature $name', async ({ feature, name, image, settings, values }) => {
    const picture = await openOnce(`${image}_image.nrrd`);
    const labels = await openOnce(`${image}_label.nrrd`);
    const mask = feature === 'shape2D' ? largestSlice(labels) : labels;
    const ours = pyradiomicsFeatures(picture, mask, { setting: settings, featureClass: { [feature]: [] } });
    const wrong: string[] = [];
    for (const [key, expected] of values) {
      if (OLDER_MESH.includes(`${name} ${key}`)) continue;
      const value = ours.get(key) ?? Number.NaN;
      if (!(Math.abs(value - expected) <= 1e-6 * Math.abs(expected) + 1e-12))
        wrong.push(`${key}: ${value}, expected ${expected}`);
    }
    expect(wrong).toEqual([]);
    expect(values.size).toBeGreaterThan(4);
  });
});
