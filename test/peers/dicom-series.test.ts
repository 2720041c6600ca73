import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { inflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { listDicomFolder } from '../../src/imaging/formats/dicom/series/list-dicom-folder.node.ts';
import { readDicomSeries } from '../../src/imaging/formats/dicom/series/read-dicom-series.node.ts';
import { fixturePath, sha256 } from './peer-fixture.ts';

const data =
  process.env['HOUNSFIELD_DATA'] ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));
const skipped = (folder: string) =>
  existsSync(path.join(data, folder)) ? '' : ` (skipped: no ${folder} in HOUNSFIELD_DATA)`;

interface Volume {
  readonly shape: readonly number[];
  readonly affine: readonly number[];
  readonly float64Sha256: string;
  readonly values?: string;
}

const text = readFileSync(fixturePath('dicom-pixels/series.json'), 'utf8');
const fixture = JSON.parse(text) as {
  sha256: string;
  payload: Record<string, { simpleitk: Volume; nifti?: Volume }>;
}; // written by scripts/peers/dicom_series.py

test('the fixture has the checksum that it states', () => {
  const payload = text.slice(text.indexOf('"payload":') + 10, text.lastIndexOf(',"peer":'));
  expect(sha256(Buffer.from(payload))).toBe(fixture.sha256);
});

describe.each(Object.entries(fixture.payload))('%s', (folder, { simpleitk, nifti }) => {
  const reason = skipped(folder);
  const isPet = folder.includes('PET');
  test.skipIf(reason !== '')(`is the volume that SimpleITK reads${reason}`, async () => {
    const image = await readDicomSeries(path.join(data, folder));
    expect([image.depth, image.height, image.width]).toEqual(simpleitk.shape);
    for (const [i, value] of image.geometry!.affine.entries())
      expect(value).toBeCloseTo(simpleitk.affine[i]!, 9);
    // A slope that is no whole number: ours is rounded to 32 bits, SimpleITK's to 64.
    if (!isPet)
      expect(sha256(new Uint8Array(new Float64Array(image.pixels).buffer))).toBe(simpleitk.float64Sha256);
  });
  // Two of the folders came without one.
  if (nifti === undefined) return;
  test.skipIf(reason !== '')(`is the NIfTI that came with it${reason}`, async () => {
    const image = await readDicomSeries(path.join(data, folder));
    // A NIfTI header holds 32-bit numbers: about 3e-5 mm at half a metre.
    for (const [i, value] of image.geometry!.affine.entries()) {
      expect(Math.abs(value - nifti.affine[i]!)).toBeLessThan(5e-5);
    }
    if (!nifti.values) {
      expect(sha256(new Uint8Array(new Float64Array(image.pixels).buffer))).toBe(nifti.float64Sha256);
      return;
    }
    const given = new Float32Array(Uint8Array.from(inflateSync(Buffer.from(nifti.values, 'base64'))).buffer);
    let worst = 0;
    given.forEach((value, i) => {
      worst = Math.max(worst, Math.abs(value - image.pixels[i]!));
    });
    expect(given.length).toBe(image.pixels.length);
    expect(worst).toBeLessThanOrEqual(2e-6);
    expect(image.unit).toBe('SUVbw');
  });
});

describe.skipIf(skipped('pydicom_dicom') !== '')(
  `a folder of mixed studies${skipped('pydicom_dicom')}`,
  () => {
    test('is listed with its progress, and nothing about patients', async () => {
      const steps: number[] = [];
      const listing = await listDicomFolder(path.join(data, 'pydicom_dicom'), {
        onProgress: (done, total) => steps.push(done / total),
      });
      expect(steps.at(-1)).toBe(1);
      expect(steps).toEqual(steps.toSorted((a, b) => a - b));
      expect(listing.instances).toBeGreaterThan(170);
      expect(listing.dicomdirs.length).toBe(8);
      expect(listing.passedOver).toBeGreaterThan(5);
      expect(listing.unreadable).toEqual([]);
      expect(
        listing.studies.flatMap(({ series }) => series).every(({ patient }) => patient === undefined),
      ).toBe(true);
      const ct = listing.studies
        .flatMap(({ series }) => series)
        .find(({ files }) => files.some((f) => f.includes('CT5N')));
      expect(ct?.stacks).toHaveLength(1);
      expect(ct?.stacks[0]).toMatchObject({ slices: 5, timePoints: 1, orientation: 'LPS' });
    });
    test('gives names when they are asked for', async () => {
      const listing = await listDicomFolder(path.join(data, 'pydicom_dicom/charset_files'), {
        patientData: true,
      });
      const patients = listing.studies.flatMap(({ series }) => series.map(({ patient }) => patient));
      expect(patients.filter((patient) => patient?.patientName !== undefined).length).toBeGreaterThan(10);
    });
  },
);
