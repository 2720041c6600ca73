import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeNifti } from '../../imaging/formats/nifti/write-nifti.ts';
import { encodePng } from '../../imaging/formats/write-png.node.ts';
import { medicalImage } from '../../imaging/image/medical-image.ts';
import { matrix } from '../../learning/classifiers/matrix.ts';
import type { FeatureTable } from './feature-table.ts';
import { looseCases } from './loose-cases.node.ts';
import { roleOf } from './mask-names.ts';
import { measureFiles, measureSettingsOf } from './measure-files.node.ts';
import { datasetOf, prepareRows } from './prepare-rows.ts';
import { readCases } from './read-cases.node.ts';
import { defaultRadiomics } from './settings.ts';

let folder: string;
const at = (...parts: string[]) => path.join(folder, ...parts);
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'radiomics-cases-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const pixels = new Uint8Array(36).map((_, i) => (i % 5) * (i % 3));
async function write(...names: string[]): Promise<void> {
  const image = await writeNifti(medicalImage(pixels, { height: 6, width: 6 }, 8, 'arbitrary'));
  for (const name of names) {
    await mkdir(path.dirname(at(name)), { recursive: true });
    await writeFile(at(name), image);
  }
}

describe('names of masks', () => {
  test.each([
    ['benign/p1/mask.nii.gz', 'mask', 'benign/p1/'],
    ['benign/p1/image.nii.gz', 'image', 'benign/p1/'],
    ['benign/mask_p1.nii.gz', 'mask', 'benign/p1'],
    ['benign/image-p1.png', 'image', 'benign/p1'],
    ['labelsTr/p1.nii.gz', 'mask', 'p1'],
    ['imagesTr/p1.nii.gz', 'image', 'p1'],
    ['benign/maskless.png', 'image', 'benign/maskless'],
  ])('%s is an %s of %s', (id, role, key) => {
    expect(roleOf(id)).toEqual({ role, key });
  });

  test('a folder for each patient: its one mask belongs to its one image, whatever their names', async () => {
    await write(
      'patients/a/p1/ct.nii',
      'patients/a/p1/mask.nii',
      'patients/b/p2/t1.nii',
      'patients/b/p2/seg.nii',
      'patients/b/p3/image.nii',
      'patients/b/p3/masks/outline.nii',
    );
    const { cases } = await readCases(at('patients'), { region: 'auto', labels: 'needed' });
    expect(cases.map(({ id, maskId }) => [id, maskId])).toEqual([
      ['a/p1/ct.nii', 'a/p1/mask.nii'],
      ['b/p2/t1.nii', 'b/p2/seg.nii'],
      ['b/p3/image.nii', 'b/p3/masks/outline.nii'],
    ]);
    const loose = await looseCases([at('patients/a/p1/ct.nii')], { region: 'mask' });
    expect(loose.cases[0]!.mask).toBe(at('patients/a/p1/mask.nii'));
  });

  test('two images of one mask are refused', async () => {
    await write(
      'shared/a/p1.nii',
      'shared/a/p1_image.nii',
      'shared/a/p1_mask.nii',
      'shared/b/p2.nii',
      'shared/b/p2_mask.nii',
    );
    await expect(readCases(at('shared'), { region: 'auto', labels: 'needed' })).rejects.toThrow(
      /^MASK_AMBIGUOUS: [\s\S]*a\/p1\.nii and a\/p1_image\.nii would share the mask a\/p1_mask\.nii/,
    );
  });

  test('an image named alone: folders far above say nothing; masks of the same structure are found', async () => {
    await write('seg/cohort/q1.nii', 'seg/cohort/q1_mask.nii', 'roi/q2.nii', 'roi/q2_mask.nii');
    await write('pair/images/x/q3.nii', 'pair/masks/x/q3.nii');
    for (const [image, mask] of [
      ['seg/cohort/q1.nii', 'seg/cohort/q1_mask.nii'],
      ['roi/q2.nii', 'roi/q2_mask.nii'],
      ['pair/images/x/q3.nii', 'pair/masks/x/q3.nii'],
    ] as const) {
      const { cases } = await looseCases([at(image)], { region: 'mask' });
      expect(cases.map((one) => [one.image, one.mask])).toEqual([[at(image), at(mask)]]);
    }
    await expect(looseCases([at('roi/q2_mask.nii')], { region: 'mask' })).rejects.toThrow(/^CASES_MISSING/);
  });
});

describe('repeats in a table', () => {
  const header = 'image,mask,label,patient,case,repeat';
  const read = async (name: string, ...lines: string[]) => {
    const names = lines.map((line) => line.split(',')[0]!);
    await write(...names.map((one) => `table/${one}`), ...names.map((one) => `table/m-${one}`));
    await writeFile(at('table', `${name}.csv`), `${[header, ...lines].join('\n')}\n`);
    const { cases, repeats } = await readCases(at('table', `${name}.csv`), {
      region: 'mask',
      labels: 'needed',
    });
    return [cases.map(({ image }) => path.basename(image)), repeats.map(({ of, by }) => `${by} of ${of}`)];
  };

  test.each([
    [
      'lesions of one patient are cases where nothing says that they repeat',
      ['1.nii,m-1.nii,a,p,,', '2.nii,m-2.nii,b,p,,', '3.nii,m-3.nii,b,q,,'],
      [['1.nii', '2.nii', '3.nii'], []],
    ],
    [
      'the row without a repeat is the case, wherever it stands',
      ['1.nii,m-1.nii,a,p,c,retest', '2.nii,m-2.nii,a,p,c,', '3.nii,m-3.nii,b,q,,'],
      [['2.nii', '3.nii'], ['retest of 0']],
    ],
    [
      "without a case's name a repeat is of its patient's one region",
      ['1.nii,m-1.nii,a,p,,', '2.nii,m-2.nii,b,q,,', '3.nii,m-3.nii,a,p,,retest'],
      [['1.nii', '2.nii'], ['retest of 0']],
    ],
    [
      'readers alone: the first is the case',
      ['1.nii,m-1.nii,a,p,,reader 1', '2.nii,m-2.nii,a,p,,reader 2', '3.nii,m-3.nii,b,q,,reader 1'],
      [['1.nii', '3.nii'], ['reader 2 of 0']],
    ],
  ])('%s', async (name, lines, expected) => {
    expect(await read(name.slice(0, 9), ...lines)).toEqual(expected);
  });

  test.each([
    [
      'another patient or label',
      ['1.nii,m-1.nii,a,p,c,', '2.nii,m-2.nii,b,q,c,retest', '3.nii,m-3.nii,b,q,,'],
      /row 3: repeats row 2, but has another patient and label/,
    ],
    [
      'one of several regions',
      ['1.nii,m-1.nii,a,p,,', '2.nii,m-2.nii,b,p,,', '3.nii,m-3.nii,b,p,,retest'],
      /row 4: it is not told which region this repeats/,
    ],
  ])('%s is refused', async (name, lines, message) => {
    await expect(read(name.slice(0, 7), ...lines)).rejects.toThrow(message);
  });
});

describe('copies of an image', () => {
  const table = (patients: readonly string[]): FeatureTable => ({
    names: ['x'],
    rows: patients.map((patient, i) => ({
      id: `${i}.nii`,
      case: `${i}.nii`,
      patient: patient || `${i}.nii`,
      label: i % 2 === 0 ? 'a' : 'b',
      remarks: '',
      imageSha256: `hash ${i === 14 ? 2 : i}`,
    })),
    matrix: matrix(
      Float64Array.from(patients, (_, i) => i),
      patients.length,
      1,
    ),
    settings: '{}',
    settingsSha256: '',
    maker: '',
  });

  test('stay on one side where no patients are known', () => {
    const made = table(new Array<string>(24).fill(''));
    const { dataset, splits, notes } = prepareRows(datasetOf('t', made), made, defaultRadiomics);
    expect(dataset.samples[14]!.patient).toBe(dataset.samples[2]!.patient);
    expect(splits.test.includes(2)).toBe(splits.test.includes(14));
    expect(notes.join()).toContain('Copies of other images: 1;');
  });

  test('of two patients are refused, within training as well', () => {
    const made = table(Array.from({ length: 24 }, (_, i) => `p${i}`));
    expect(() => prepareRows(datasetOf('t', made), made, defaultRadiomics)).toThrow(
      /^SPLIT_LEAK: 1 images are the same under different patients: 2\.nii and 14\.nii/,
    );
  });
});

test('grey stored as colours is grey; a mask of one colour is a mask', async () => {
  const size = { height: 6, width: 6 };
  const mask = new Uint8Array(36).map((_, i) => (i % 6 > 1 && i > 6 ? 1 : 0));
  const thrice = (of: Uint8Array, by: readonly number[]) =>
    Uint8Array.from(by.flatMap((factor) => [...of].map((value) => value * factor)));
  await writeFile(at('grey.png'), encodePng(medicalImage(pixels, size, 8, 'arbitrary')));
  await writeFile(
    at('rgb.png'),
    encodePng(medicalImage(thrice(pixels, [1, 1, 1]), { ...size, channels: 3 }, 8)),
  );
  await writeFile(at('mask.png'), encodePng(medicalImage(mask, size, 8, 'arbitrary')));
  await writeFile(
    at('red.png'),
    encodePng(medicalImage(thrice(mask, [255, 0, 9]), { ...size, channels: 3 }, 8)),
  );
  const settings = measureSettingsOf(
    { features: { families: ['stat'] }, picture: null, pyradiomics: null },
    'mask',
  );
  const plain = await measureFiles({ image: at('grey.png'), mask: at('mask.png') }, settings);
  const coloured = await measureFiles({ image: at('rgb.png'), mask: at('red.png') }, settings);
  expect(plain.values[0]).toBeGreaterThan(0);
  expect([...coloured.values]).toEqual([...plain.values]);
});
