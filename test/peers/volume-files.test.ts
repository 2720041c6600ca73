import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unzipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { HounsfieldError, isHounsfieldError } from '../../src/errors.ts';
import { ANALYZE } from '../../src/imaging/formats/analyze/analyze.ts';
import { type ByteSource, bytesSource } from '../../src/imaging/formats/byte-source.ts';
import { fileSource } from '../../src/imaging/formats/file-source.node.ts';
import { GIPL } from '../../src/imaging/formats/gipl/gipl.ts';
import { plainHead } from '../../src/imaging/formats/gunzip.ts';
import { META_IMAGE } from '../../src/imaging/formats/metaimage/metaimage.ts';
import { MGH } from '../../src/imaging/formats/mgh/mgh.ts';
import { NIFTI } from '../../src/imaging/formats/nifti/nifti.ts';
import { NRRD } from '../../src/imaging/formats/nrrd/nrrd.ts';
import type { VolumeFormat, VolumeReadOptions } from '../../src/imaging/formats/volume-file.ts';
import { VTI } from '../../src/imaging/formats/vtk/vti.ts';
import { VTK_LEGACY } from '../../src/imaging/formats/vtk/vtk-legacy.ts';
import type { MedicalImage } from '../../src/imaging/image/medical-image.ts';
import { orientedTo } from '../../src/imaging/transforms/orient.ts';

const FORMATS: readonly VolumeFormat[] = [NIFTI, NRRD, META_IMAGE, MGH, GIPL, VTK_LEGACY, VTI, ANALYZE];

interface Expected {
  readonly shape: readonly number[];
  readonly sha256: string;
  readonly affine?: readonly number[];
}

interface Case {
  readonly group: string;
  readonly file: string;
  readonly expected?: Expected;
  readonly refused?: string;
  readonly code?: string;
  readonly unitMm?: number;
  readonly timeStepS?: number;
  readonly labels?: boolean;
  /** Read here though the peer refuses it, values not compared. */
  readonly reads?: boolean;
  /** The peer's affine is not expected here. */
  readonly noAffine?: boolean;
}

interface Record<T> {
  readonly peer: string;
  readonly payload: T;
}

const FIXTURES = new URL('../../fixtures/volume-files/', import.meta.url);

function fixture<T>(name: string): Record<T> {
  return JSON.parse(readFileSync(new URL(name, FIXTURES), 'utf8')) as Record<T>; // written by scripts/peers/volume_files.py
}

function sha256(image: MedicalImage): string {
  const values = image.pixels instanceof Float64Array ? image.pixels : Float64Array.from(image.pixels);
  return createHash('sha256')
    .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    .digest('hex');
}

async function formatOf(source: ByteSource): Promise<VolumeFormat> {
  const head = await plainHead(source, 4096);
  const found = FORMATS.find((format) => format.matches(head, source.name));
  if (found) return found;
  const byName = FORMATS.find((format) => format.extensions.some((end) => source.name.endsWith(end)));
  if (!byName) throw new Error(`no format for ${source.name}`);
  return byName;
}

function expectSame(image: MedicalImage, expected: Expected, unitMm = 1): void {
  expect([image.timePoints, image.channels, image.depth, image.height, image.width]).toEqual(expected.shape);
  expect(sha256(image)).toBe(expected.sha256);
  if (!expected.affine) return;
  expect(image.geometry).toBeDefined();
  const scale = Math.max(1, ...expected.affine.map((value) => Math.abs(value * unitMm)));
  for (const [i, value] of expected.affine.entries()) {
    expect(Math.abs(image.geometry!.affine[i]! - value * unitMm)).toBeLessThanOrEqual(1e-14 * scale);
  }
}

describe.each(['expected.json', 'vti.json'])('%s', (json) => {
  const { peer, payload } = fixture<{ zipSha256: string; cases: Case[] }>(json);
  const zip = readFileSync(new URL(json === 'vti.json' ? 'vti.zip' : 'files.zip', FIXTURES));
  const files = unzipSync(new Uint8Array(zip));
  const companion: VolumeReadOptions['companion'] = async (name) => {
    if (!files[name]) throw new HounsfieldError('FILE_MISSING', `${name} does not exist.`);
    return bytesSource(files[name], name);
  };

  test(`the files are those that ${peer} was asked about`, () => {
    expect(createHash('sha256').update(zip).digest('hex')).toBe(payload.zipSha256);
  });

  test('each is known by its content to one format alone', async () => {
    for (const { file, group } of payload.cases) {
      const head = await plainHead(bytesSource(files[file]!, file), 4096);
      const found = FORMATS.filter((format) => format.matches(head, file)).map(({ name }) => name);
      expect(found.length, `${file}: ${found.join()}`).toBeLessThanOrEqual(1);
      if (found.length === 1 && group !== 'itk' && group !== 'vtk' && !file.includes('no-magic')) {
        expect(found[0]!.toLowerCase()).toBe(group);
      }
    }
  });

  test.each(payload.cases.map((one) => [one.file, one] as const))('%s', async (file, one) => {
    const source = bytesSource(files[file]!, file);
    const format = await formatOf(source);
    if ((one.expected === undefined && one.reads !== true) || one.code) {
      const error = await format.read(source, { companion }).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(
        isHounsfieldError(error),
        `${file} was refused by the peer: ${one.refused}; here: ${error}`,
      ).toBe(true);
      if (one.code) expect(error).toMatchObject({ code: one.code });
      return;
    }
    const image = await format.read(source, { companion });
    const info = await format.info(source, { companion });
    if (one.expected) {
      const { affine, ...values } = one.expected;
      expectSame(image, one.noAffine || !affine ? values : { ...values, affine }, one.unitMm);
    }
    if (one.timeStepS !== undefined) expect(image.timeStepS).toBeCloseTo(one.timeStepS, 12);
    if (one.labels) expect(image.unit).toBe('label');
    const { timePoints, channels, depth, height, width, geometry } = image;
    expect(info).toMatchObject({ timePoints, channels, depth, height, width });
    expect(info.geometry).toEqual(geometry);
  });
});

const DATA =
  process.env['HOUNSFIELD_DATA'] ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));
const present = existsSync(join(DATA, 'nifti_niivue'));

describe.skipIf(!present)(
  `one scan in 48 orientations${present ? '' : ' (skipped: no HOUNSFIELD_DATA)'}`,
  () => {
    const names = fixture<Case[]>('real.json')
      .payload.map(({ file }) => file)
      .filter((file) => file.includes('/orient/'));
    const read = async (file: string) =>
      orientedTo(await NIFTI.read(await fileSource(join(DATA, file))), 'LPS');

    test('there are 48', () => expect(names).toHaveLength(48));

    test.each(names)('%s brought to LPS is the same array in the same place', async (file) => {
      const reference = await read(names.find((name) => name.includes('LPS'))!);
      const image = await read(file);
      expect([image.depth, image.height, image.width]).toEqual([
        reference.depth,
        reference.height,
        reference.width,
      ]);
      expect(sha256(image)).toBe(sha256(reference));
      for (const [i, value] of reference.geometry!.affine.entries()) {
        expect(Math.abs(image.geometry!.affine[i]! - value)).toBeLessThan(1e-4); // float32 in the files
      }
    });
  },
);

describe.skipIf(!present)(`shared data${present ? '' : ' (skipped: no HOUNSFIELD_DATA)'}`, () => {
  const { payload } = fixture<Case[]>('real.json');
  test.each(payload.map((one) => [one.file, one] as const))('%s', async (file, one) => {
    const path = join(DATA, file);
    const companion = (name: string) => fileSource(join(dirname(path), basename(name)));
    const source = await fileSource(path);
    try {
      const image = await (await formatOf(source)).read(source, { companion });
      expectSame(image, one.expected!);
    } finally {
      await source.close();
    }
  });
});
