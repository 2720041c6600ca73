import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  createDeidentifier,
  deidentifiedBytes,
  deidentifyDicom,
} from '../../src/imaging/formats/dicom/deidentification/deidentify-dicom.ts';
import { dataSeeds } from '../hostile/seed-files.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'hounsfield-dciodvfy-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const hasProgram = spawnSync('dciodvfy', ['-version']).error === undefined;
const named =
  /(CT_small|MR_small|rtplan|rtdose|rtstruct|JPEG2000|US1|examples_overlay|examples_palette|liver|emri_small)\.dcm$/;
const files = [
  ...dataSeeds('highdicom_dicom', { most: 60, largestBytes: 3_000_000, matching: /\.dcm$/ }),
  ...dataSeeds('pydicom_dicom', { most: 40, largestBytes: 3_000_000, matching: named }),
];
const reason = hasProgram ? (files.length > 0 ? '' : 'no highdicom_dicom in HOUNSFIELD_DATA') : 'no dciodvfy';

/** What dciodvfy calls errors, with every UID written alike. */
function errorsIn(bytes: Uint8Array): readonly string[] {
  const file = path.join(folder, 'object.dcm');
  writeFileSync(file, bytes);
  const { stdout, stderr } = spawnSync('dciodvfy', [file], { encoding: 'latin1' });
  const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => line.startsWith('Error'));
  return [...new Set(lines.map((line) => line.replace(/[0-9.]{12,}/g, 'UID')))];
}

/** The table removes a Source Image Sequence of Type 3 (X/Z/U*), all that ties one tiled segmentation to its images. */
const explained = /ReferencedSeriesSequence present but Instance does not reference Instances/;

const choices = [
  [],
  ['retainModifiedDates', 'cleanDescriptors', 'cleanStructuredContent', 'cleanGraphics', 'retainDevice'],
] as const;

describe.each(choices.map((options) => ({ options })))(
  'no error of dciodvfy is new with $options',
  ({ options }) => {
    const skipped = reason === '' ? '' : ` (skipped: ${reason})`;
    test.skipIf(skipped !== '')(`${files.length} objects${skipped}`, async () => {
      expect(files.length).toBeGreaterThan(15);
      const deidentifier = await createDeidentifier({
        key: new Uint8Array(32),
        suspectPixels: 'accept',
        options,
      });
      const fresh: string[] = [];
      for (const {
        name,
        files: [file],
      } of files) {
        const made = await deidentifiedBytes(await deidentifyDicom(file!.bytes, deidentifier));
        const before = errorsIn(file!.bytes);
        for (const error of errorsIn(made))
          if (!before.includes(error) && !explained.test(error)) fresh.push(`${name}: ${error}`);
      }
      expect(fresh).toEqual([]);
    });
  },
);
