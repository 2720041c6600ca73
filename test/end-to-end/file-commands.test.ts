import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeEdf } from '../../src/imaging/formats/edf/write-edf.ts';
import { isSignal } from '../../src/imaging/formats/file-format.ts';
import { writeNifti } from '../../src/imaging/formats/nifti/write-nifti.ts';
import { encodeNpy } from '../../src/imaging/formats/npy.ts';
import { open, openImage } from '../../src/imaging/formats/open.node.ts';
import { encodePng } from '../../src/imaging/formats/write-png.node.ts';
import { geometry, origin, spacingMm } from '../../src/imaging/geometry/geometry.ts';
import { labelMap, type MedicalImage, medicalImage } from '../../src/imaging/image/medical-image.ts';
import { signal } from '../../src/imaging/signal/signal.ts';
import { applySteps, invertHistory } from '../../src/imaging/transforms/history.ts';
import { hounsfieldAt, sides, writeCtSeries } from './ct-series.ts';
import { hounsfield } from './hounsfield.ts';

let folder = '';
const at = (...parts: string[]) => path.join(folder, ...parts);
let series = '';

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'hounsfield-files-'));
  series = writeCtSeries(at('study', 'ct'));
  const image = await openImage(series);
  const bone = Uint8Array.from(image.pixels, (value) => (value > 500 ? 1 : 0));
  const map = labelMap(bone, image, [{ value: 1, name: 'bone' }], { geometry: image.geometry! });
  writeFileSync(at('study', 'bone.nii.gz'), await writeNifti(map, { compressed: true }));
  const samples = Float64Array.from({ length: 400 }, (_, i) => Math.sin(i / 9));
  const ecg = signal([{ name: 'II', unit: 'mV', samplingRateHz: 100, samples }], 100);
  writeFileSync(at('study', 'ecg.edf'), writeEdf(ecg));
  mkdirSync(at('out'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ok = async (...args: string[]): Promise<string> => {
  const { code, out, err } = await hounsfield(...args);
  expect(err.split('\n').filter((line) => /^[A-Z_]+: /.test(line))).toEqual([]);
  expect(code).toBe(0);
  return out;
};

test('a series is the volume that was written', async () => {
  const image = await openImage(series);
  expect([image.width, image.height, image.depth, image.unit]).toEqual([
    sides.columns,
    sides.rows,
    sides.slices,
    'HU',
  ]);
  expect(spacingMm(image.geometry!)).toEqual([2.5, 2, 3]);
  expect([...origin(image.geometry!)]).toEqual([-30, -20, 5]);
  // A linear window of centre 40 and width 400 (PS3.3 C.11.2.1.2.1).
  expect(image.displayRange).toEqual([-160, 239]);
  for (const [x, y, z] of [
    [0, 0, 0],
    [11, 9, 3],
    [17, 5, 8],
  ] as const) {
    expect(image.pixels[(z * sides.rows + y) * sides.columns + x]).toBe(hounsfieldAt(x, y, z));
  }
});

test('what is done to a series can be taken back', async () => {
  const image = await openImage(series);
  const slice = applySteps(
    [
      { transform: 'orient', parameters: { to: 'PIR' } },
      { transform: 'resample-to-spacing', parameters: { spacingMm: 2 } },
      { transform: 'take-slice', parameters: { plane: 'sagittal', at: 0.6 } },
    ],
    { images: { image } },
  ).images['image']!;
  const back = invertHistory(slice, JSON.parse(JSON.stringify(slice.history)));
  expect([back.width, back.height, back.depth]).toEqual([image.width, image.height, image.depth]);
  expect(back.geometry).toEqual(image.geometry);
});

describe('info', () => {
  test('of a file, without what names the patient', async () => {
    const out = await ok('info', path.join(series, '0.dcm'));
    expect(out).toMatch(/object +CT Image Storage/);
    expect(out).toMatch(/size +24 × 20\n/);
    expect(out).not.toMatch(/Secret|HIDDEN|20200102/);
  });

  test('with it when asked', async () => {
    const out = await ok('info', path.join(series, '0.dcm'), '--identity');
    expect(out).toMatch(/patient +Secret\^Name/);
  });

  test('of a folder: studies, series, stacks and the rest', async () => {
    const out = await ok('info', at('study'));
    expect(out).toMatch(/series 3, CT, 12 objects: CT Image\n +24 × 20 × 12, 2.5 × 2 × 3 mm, LPS/);
    expect(out).toMatch(/besides: 1 NIfTI, 1 EDF|besides: 1 EDF, 1 NIfTI/);
    expect(out).not.toMatch(/Secret|HIDDEN/);
    const listing = JSON.parse(await ok('info', at('study'), '--json'));
    expect(listing.studies[0].series[0].stacks[0]).toMatchObject({ slices: 12, orientation: 'LPS' });
    expect(JSON.stringify(listing)).not.toMatch(/Secret|HIDDEN/);
  });

  test('lines stay within the terminal', async () => {
    const out = await ok('info', at('study', 'bone.nii.gz'));
    expect(
      Math.max(
        ...out
          .split('\n')
          .slice(1)
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(100);
  });
});

const samePicture = (a: MedicalImage, b: MedicalImage) => {
  expect([a.width, a.height, a.depth]).toEqual([b.width, b.height, b.depth]);
  expect(Array.from(a.pixels)).toEqual(Array.from(b.pixels));
  a.geometry!.affine.forEach((value, i) => {
    expect(value).toBeCloseTo(b.geometry!.affine[i]!, 5);
  });
};

describe('convert', () => {
  test.each(['.nii.gz', '.nii', '.hdr', '.img.gz', '.nrrd', '.mha', '.mgz', '.vtk'])(
    'a series to %s and back',
    async (extension) => {
      const file = at('out', `ct${extension}`);
      await ok('convert', series, file);
      samePicture(await openImage(file), await openImage(series));
    },
  );

  test('turned, resampled, sliced and windowed', async () => {
    await ok('convert', series, at('out', 'ras.nii'), '--orientation', 'ras');
    const turned = await openImage(at('out', 'ras.nii'));
    expect(turned.pixels[turned.width - 1]).toBe(hounsfieldAt(0, sides.rows - 1, 0));
    await ok('convert', series, at('out', 'even.nii'), '--spacing', '2');
    const even = await openImage(at('out', 'even.nii'));
    expect(spacingMm(even.geometry!).map((mm) => Number(mm.toFixed(4)))).toEqual([2, 2, 2]);
    await ok(
      'convert',
      at('study', 'bone.nii.gz'),
      at('out', 'like.nii'),
      '--labels',
      '--like',
      at('out', 'even.nii'),
    );
    const like = await openImage(at('out', 'like.nii'));
    expect([like.width, like.height, like.depth]).toEqual([even.width, even.height, even.depth]);
    expect([...new Set(like.pixels)].sort()).toEqual([0, 1]);
    await ok('convert', series, at('out', 'slice.png'), '--slice', 'axial', '--window', 'bone');
    const slice = await openImage(at('out', 'slice.png'));
    expect([slice.width, slice.height, slice.bitDepth]).toEqual([sides.columns, sides.rows, 8]);
  });

  test("a mask's surface, and a recording", async () => {
    await ok('convert', at('study', 'bone.nii.gz'), at('out', 'bone.stl'), '--labels');
    expect(readFileSync(at('out', 'bone.stl')).length).toBeGreaterThan(84 + 50 * 20);
    await ok('convert', at('study', 'ecg.edf'), at('out', 'ecg.hea'));
    const [from, to] = [await open(at('study', 'ecg.edf')), await open(at('out', 'ecg.hea'))];
    if (!isSignal(from) || !isSignal(to)) throw new Error('recordings were expected');
    expect(to.channels[0]!.name).toBe('II');
    to.channels[0]!.samples.forEach((value, i) => {
      expect(value).toBeCloseTo(from.channels[0]!.samples[i]!, 3);
    });
  });

  test.each<[string, string, (out: string) => string[]]>([
    ['an unknown extension', 'CONVERT_FORMAT', (out) => ['convert', series, `${out}.xyz`]],
    ['a recording as an image', 'CONVERT_KIND', (out) => ['convert', at('study', 'ecg.edf'), `${out}.nii`]],
    ['several slices as a picture', 'IMAGE_NOT_2D', (out) => ['convert', series, `${out}.png`]],
    [
      'a window that is none',
      'WINDOW_UNKNOWN',
      (out) => ['convert', series, `${out}.nii`, '--window', 'tuesday'],
    ],
    ['what is no image', 'IMAGE_FORMAT_UNKNOWN', (out) => ['convert', at('notes.txt'), `${out}.nii`]],
    ['what is not there', 'FILE_MISSING', (out) => ['convert', at('nothing.nii'), `${out}.nii`]],
  ])('refuses %s', async (_, code, args) => {
    writeFileSync(at('notes.txt'), 'some notes, no image');
    const { code: exit, err } = await hounsfield(...args(at('out', 'refused')));
    expect([
      exit,
      err
        .split('\n')
        .find((line) => line.startsWith(code))
        ?.slice(0, code.length),
    ]).toEqual([1, code]);
  });

  test('a mask as a segmentation or structure set of its series, and back', async () => {
    const bone = await openImage(at('study', 'bone.nii.gz'), { as: 'labels' });
    for (const object of ['segmentation', 'label-map', 'structure-set']) {
      const file = at('out', `${object}.dcm`);
      const words = ['--labels', '--reference', series, '--made-by', 'manual', '--object', object];
      await ok('convert', at('study', 'bone.nii.gz'), file, ...words);
      const back = await openImage(file, { reference: await openImage(series) });
      expect(Array.from(back.pixels)).toEqual(Array.from(bone.pixels));
    }
    const { code, err } = await hounsfield(
      'convert',
      at('study', 'bone.nii.gz'),
      at('out', 'x.dcm'),
      '--labels',
    );
    expect([code, err]).toEqual([1, expect.stringContaining('DERIVED_OPTIONS')]);
  });

  test('a gap is refused, and put up with when it is named', async () => {
    const gap = writeCtSeries(at('gap'));
    rmSync(path.join(gap, '5.dcm'));
    const { code, err } = await hounsfield('convert', gap, at('out', 'gap.nii'));
    expect([code, err]).toEqual([1, expect.stringContaining('DICOM_SLICE_GAP')]);
    expect(err).not.toMatch(/Secret|HIDDEN/);
    await ok('convert', gap, at('out', 'gap.nii'), '--accept', 'spacing');
    expect((await openImage(at('out', 'gap.nii'))).depth).toBe(sides.slices - 1);
  });

  test('replaces nothing unasked', async () => {
    writeFileSync(at('out', 'kept.nii'), 'precious');
    const { code, err } = await hounsfield('convert', series, at('out', 'kept.nii'));
    expect([code, readFileSync(at('out', 'kept.nii'), 'utf8')]).toEqual([1, 'precious']);
    expect(err).toMatch(/FILE_EXISTS/);
    await ok('convert', series, at('out', 'kept.nii'), '--overwrite');
    expect((await openImage(at('out', 'kept.nii'))).depth).toBe(sides.slices);
  });
});

describe('view', () => {
  test('three planes, the bone where it lies', async () => {
    await ok(
      'view',
      series,
      '--overlay',
      at('study', 'bone.nii.gz'),
      '--opacity',
      '1',
      '--height',
      '200',
      '--out',
      at('out', 'v.png'),
    );
    const drawn = await openImage(at('out', 'v.png'));
    // 24 x 2.5 mm across and 20 x 2 mm down are the largest panel: 5 pixels a millimetre.
    const plane = drawn.width * drawn.height;
    const coloured = (x: number, y: number) =>
      drawn.pixels[y * drawn.width + x]! !== drawn.pixels[2 * plane + y * drawn.width + x]!;
    const [x, y] = [Math.round(17.5 * 2.5 * 5), Math.round(5.5 * 2 * 5)];
    expect([coloured(x, y), coloured(300 - x, y), coloured(x, 200 - y)]).toEqual([true, false, false]);
  });

  test.each(['mask.png', 'mask.npy'])('a mask as %s is laid over a picture', async (name) => {
    const slice = at('out', 'slice.nii');
    await ok('convert', series, slice, '--slice', 'axial', '--overwrite');
    const picture = await openImage(slice);
    const mask = Uint8Array.from(picture.pixels, (value) => (value > -500 ? 1 : 0));
    const { height, width } = picture;
    const file = at('out', name);
    const isPng = name.endsWith('.png');
    writeFileSync(
      file,
      isPng ? encodePng(medicalImage(mask, { height, width })) : encodeNpy([height, width], mask),
    );
    expect(await openImage(file, { as: 'labels' })).toMatchObject({ unit: 'label', labels: [{ value: 1 }] });
    const [plain, over] = [at('out', `${name}-plain.png`), at('out', `${name}-over.png`)];
    await ok('view', slice, '--out', plain);
    await ok('view', slice, '--overlay', file, '--out', over);
    expect((await openImage(over)).pixels).not.toEqual((await openImage(plain)).pixels);
  });

  test('a place in mm is the voxel there', async () => {
    await ok('view', series, '--at-mm', '12.5,-10,29', '--out', at('out', 'mm.png'));
    await ok('view', series, '--at', '17,5,8', '--out', at('out', 'voxel.png'));
    expect(readFileSync(at('out', 'mm.png')).equals(readFileSync(at('out', 'voxel.png')))).toBe(true);
  });

  test('geometry is checked before anything is drawn', () => {
    expect(() => geometry([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0])).toThrow('GEOMETRY_INVALID');
  });
});
