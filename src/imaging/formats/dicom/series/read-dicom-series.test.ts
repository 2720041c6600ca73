import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { orientationCode, spacingMm } from '../../../geometry/geometry.ts';
import { type BuildRecord, dataset } from '../build-dataset.ts';
import { readDicomBytes } from '../read-dicom.ts';
import { newUid } from '../uid.ts';
import { writeDicom } from '../write-dicom.ts';
import { listDicomFolder } from './list-dicom-folder.node.ts';
import { openDicomSeries } from './open-dicom-series.ts';
import { type ReadSeriesOptions, readDicomSeries } from './read-dicom-series.node.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'hounsfield-series-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const common = {
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
  Modality: 'CT',
  PatientID: 'P1',
  PatientName: 'Secret^Name',
  StudyInstanceUID: '1.2.3',
  SeriesInstanceUID: '1.2.3.1',
  FrameOfReferenceUID: '1.2.3.9',
  SeriesNumber: 4,
  ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
  PixelSpacing: [2, 1],
  Rows: 3,
  Columns: 4,
  SamplesPerPixel: 1,
  PhotometricInterpretation: 'MONOCHROME2',
  BitsAllocated: 16,
  BitsStored: 16,
  HighBit: 15,
  PixelRepresentation: 1,
  RescaleSlope: 1,
  RescaleIntercept: -1024,
};

/** A slice whose pixels all have its number, its first pixel at z. */
const slice = (number: number, z: number, changes: BuildRecord = {}): BuildRecord => ({
  ...common,
  SOPInstanceUID: newUid(),
  InstanceNumber: number,
  ImagePositionPatient: [10, 20, z],
  PixelData: new Uint8Array(new Int16Array(12).fill(number).buffer),
  ...changes,
});

function save(slices: readonly BuildRecord[], into = folder): void {
  for (const [i, values] of slices.entries()) {
    writeFileSync(path.join(into, `${(i * 7) % 10}-${i}.dcm`), writeDicom(dataset(values)));
  }
}

const read = (options: ReadSeriesOptions = {}) => readDicomSeries(folder, { threads: 0, ...options });
const stack = (count: number, spacing = 2.5) =>
  Array.from({ length: count }, (_, i) => slice(i + 1, i * spacing));

test('slices are sorted by position, not by name or number, and lie where they say', async () => {
  save([slice(3, 0), slice(1, 5), slice(2, 2.5)]);
  const image = await read();
  expect([image.depth, image.height, image.width, image.timePoints, image.unit]).toEqual([3, 3, 4, 1, 'HU']);
  expect([0, 12, 24].map((at) => image.pixels[at])).toEqual([3 - 1024, 2 - 1024, 1 - 1024]);
  expect(image.pixels).toBeInstanceOf(Int16Array);
  expect(image.geometry!.affine).toEqual([1, 0, 0, 10, 0, 2, 0, 20, 0, 0, 2.5, 0]);
  expect(image.geometry!.frameOfReferenceUid).toBe('1.2.3.9');
});

test('an oblique series keeps its directions', async () => {
  const [c, s] = [Math.cos(0.3), Math.sin(0.3)];
  const orientation = [c, s, 0, -s * 0.8, c * 0.8, 0.6];
  const normal = [s * 0.6, -c * 0.6, c * c * 0.8 + s * s * 0.8];
  const at = (i: number) => normal.map((n, axis) => [5, -7, 11][axis]! + n * 3 * i);
  save(
    [0, 1, 2].map((i) => slice(i, 0, { ImageOrientationPatient: orientation, ImagePositionPatient: at(i) })),
  );
  const image = await read();
  const [x, y, z] = spacingMm(image.geometry!);
  expect([x, y, z]).toEqual([expect.closeTo(1, 6), expect.closeTo(2, 6), expect.closeTo(3, 6)]);
  expect(orientationCode(image.geometry!)).toBe('LPS');
});

describe('what cannot be a volume is refused by code, with a way out', () => {
  const tilted = (i: number) => slice(i + 1, i * 2.5, { ImagePositionPatient: [10, 20 + i * 0.5, i * 2.5] });
  const cases: [string, readonly BuildRecord[], RegExp, ReadSeriesOptions?][] = [
    [
      'a gap',
      stack(6).toSpliced(3, 1),
      /^DICOM_SLICE_GAP: about 1 slices.*instance 3.*instance 5/,
      { spacing: 'any' },
    ],
    [
      'uneven spacing',
      [slice(1, 0), slice(2, 2.5), slice(3, 4.2), slice(4, 7.5)],
      /^DICOM_SPACING_UNEVEN: .*instance/,
      { spacing: 'any' },
    ],
    [
      'uneven spacing',
      [slice(1, 0), slice(2, 2.4), slice(3, 5)],
      /^DICOM_SPACING_UNEVEN: /,
      { spacingToleranceMm: 0.2 },
    ],
    [
      'two slices at one place',
      [...stack(3), slice(9, 2.5)],
      /^DICOM_SLICES_DUPLICATE: 2 slices.*instance 2.*instance 9/,
      { duplicates: 'first' },
    ],
    [
      'a tilted gantry',
      [0, 1, 2].map(tilted),
      /^DICOM_GANTRY_TILT: .*11\.31 degrees/,
      { gantryTilt: 'keep' },
    ],
    [
      'a slice off the line',
      [slice(1, 0), slice(2, 2.5, { ImagePositionPatient: [13, 20, 2.5] }), slice(3, 5)],
      /^DICOM_SLICES_SHIFTED: 1 of 3.*instance 2/,
      { spacing: 'any' },
    ],
    [
      'no positions',
      [1, 2].map((i) => slice(i, 0, { ImagePositionPatient: null })),
      /^DICOM_GEOMETRY_MISSING: 2 of 2/,
      { missingGeometry: 'instance-number' },
    ],
    [
      'two orientations',
      [...stack(3), slice(4, 0, { ImageOrientationPatient: [0, 1, 0, 0, 0, -1] })],
      /^DICOM_STACKS: .*2 stacks.*orientation 0 1 0 0 0 -1/,
      { stack: 0 },
    ],
    [
      'two sizes',
      [...stack(3), slice(4, 9, { Rows: 4, PixelData: new Uint8Array(32) })],
      /^DICOM_STACKS: .*4 x 4/,
      { stack: 0 },
    ],
    [
      'two frames of reference',
      [...stack(2), slice(4, 5, { FrameOfReferenceUID: '1.9' })],
      /^DICOM_STACKS: .*frame of reference 2/,
      { stack: 0 },
    ],
    [
      'two series',
      [...stack(2), slice(4, 5, { SeriesInstanceUID: '1.2.3.2' })],
      /^DICOM_SERIES_SEVERAL: 2 series.*1\.2\.3\.2/,
      { series: '1.2.3.1' },
    ],
    ['two studies', [...stack(2), slice(4, 5, { StudyInstanceUID: '9.9' })], /^DICOM_STUDIES_MIXED: 1 of 3/],
    ['two patients', [...stack(2), slice(4, 5, { PatientID: 'P2' })], /^DICOM_PATIENTS_MIXED: 1 of 3/],
    [
      'several units',
      [...stack(2), slice(3, 5, { RescaleType: 'US' })],
      /^DICOM_UNITS_MIXED: 1 of 3.*instance 3/,
      { values: 'stored' },
    ],
    ['cut pixels', [...stack(2), slice(3, 5, { PixelData: new Uint8Array(20) })], /^DICOM_PIXELS_SHORT: /],
    [
      'no image',
      [{ ...common, SOPInstanceUID: '1.5', Rows: undefined, PixelData: undefined }],
      /^DICOM_NO_SERIES: .*1 DICOM objects/,
    ],
  ];
  test.each(cases)('%s', async (_, slices, message, wayOut) => {
    save(slices);
    const error = await read().catch((cause: unknown) => cause);
    expect(String((error as Error).message)).toMatch(message); // anything else fails here
    expect(String((error as Error).message)).not.toMatch(/Secret|P1|P2/);
    if (wayOut) expect((await read(wayOut)).depth).toBeGreaterThan(1);
  });
});

test('files that are open already give the same image, and the same errors', async () => {
  const slices = [1, 0].flatMap((t) =>
    [0, 1, 2].map((i) => slice(10 * t + i, i * 2, { TriggerTime: 40 * t, WindowCenter: 4, WindowWidth: 9 })),
  );
  save(slices);
  const files = slices.map((values) => readDicomBytes(writeDicom(dataset(values))));
  const image = await openDicomSeries(files);
  expect(image).toEqual(await read());
  await expect(openDicomSeries(files.slice(1))).rejects.toThrow(/^DICOM_SERIES_INCOMPLETE: /);
  await expect(openDicomSeries([])).rejects.toThrow(/^DICOM_NO_SERIES: /);
});

test.each([
  [stack(6).toSpliced(3, 1), { spacing: 'any' }, { spacing: 'any', sliceGapsMm: [2.5, 5] }],
  [[slice(1, 0), slice(2, 2.4), slice(3, 5)], { spacingToleranceMm: 0.2 }, { spacingToleranceMm: 0.2 }],
  [[...stack(3), slice(9, 2.5)], { duplicates: 'first' }, { duplicates: 'first', slicesLeftOut: 1 }],
  [
    [slice(1, 0), slice(2, 2.5, { ImagePositionPatient: [13, 20, 2.5] }), slice(3, 5)],
    { spacing: 'any' },
    { spacing: 'any', slicesBesideLine: 1 },
  ],
] as const)('what was put up with is told beside the image: %#', async (slices, options, told) => {
  save(stack(2)); // nothing to put up with
  expect(Object.keys((await read(options)).reading!).filter((key) => key in told)).toEqual([]);
  save(slices);
  expect((await read(options)).reading).toMatchObject(told);
});

test('a kept tilt shears the affine', async () => {
  save([0, 1, 2].map((i) => slice(i + 1, 0, { ImagePositionPatient: [10, 20 + i * 0.5, i * 2.5] })));
  const image = await read({ gantryTilt: 'keep' });
  expect(image.geometry!.affine.slice(4)).toEqual([0, 2, 0.5, 20, 0, 0, 2.5, 0]);
  expect(image.reading!['gantryTiltDegrees']).toBeCloseTo(11.31, 2);
});

describe('slices at the same places are told apart', () => {
  const twice = (mark: (time: number) => BuildRecord) =>
    [1, 0].flatMap((time) => [0, 1, 2].map((i) => slice(10 * time + i, i * 2, mark(time))));
  test.each([
    ['temporalPosition', (t: number) => ({ TemporalPositionIdentifier: t + 1 })],
    ['triggerTime', (t: number) => ({ TriggerTime: 40 * t })],
    ['bValue', (t: number) => ({ DiffusionBValue: 1000 * t })],
    ['acquisitionNumber', (t: number) => ({ AcquisitionNumber: t + 1 })],
    ['acquisitionTime', (t: number) => ({ AcquisitionTime: `10300${t}` })],
  ])('%s makes time points', async (name, mark) => {
    save(twice(mark));
    const image = await read();
    expect([image.timePoints, image.depth]).toEqual([2, 3]);
    expect([0, 12, 24, 36, 48, 60].map((at) => image.pixels[at]! + 1024)).toEqual([0, 1, 2, 10, 11, 12]);
    expect(image.reading!['timeAxis']).toBe(name);
    if (name === 'triggerTime') expect(image.timeStepS).toBeCloseTo(0.04, 9);
  });
  test.each([
    ['image type', (t: number) => ({ ImageType: ['ORIGINAL', 'PRIMARY', t ? 'IN_PHASE' : 'OUT_PHASE'] })],
    ['echo time', (t: number) => ({ EchoTime: 10 + t })],
  ])('%s makes stacks', async (_, mark) => {
    save(twice(mark));
    await expect(read()).rejects.toThrow(/^DICOM_STACKS: the series holds 2 stacks/);
    expect((await read({ stack: 1 })).depth).toBe(3);
  });
  test('an incomplete time point is named', async () => {
    save(twice((t) => ({ TemporalPositionIdentifier: t + 1 })).slice(1));
    await expect(read()).rejects.toThrow(/^DICOM_SERIES_INCOMPLETE: 1 of 2 time points/);
  });
  test('the same instance in two files counts once', async () => {
    const slices = stack(3);
    save([...slices, slices[1]!]);
    expect((await read()).depth).toBe(3);
  });
});

describe('values', () => {
  const one = (changes: BuildRecord, values: ArrayBufferView & { readonly buffer: ArrayBufferLike }) =>
    [0, 1].map((i) =>
      slice(i, i, { ...changes, PixelData: new Uint8Array(values.buffer.slice(0) as ArrayBuffer) }),
    );
  const line = (...values: number[]) => [...values, ...Array<number>(12 - values.length).fill(0)];
  test.each([
    [
      'whole numbers that fit stay whole',
      {},
      Int16Array.from(line(-31744, 32767, 5)),
      Int16Array,
      [-32768, 31743, -1019],
    ],
    [
      'whole numbers that do not fit become floats',
      {},
      Int16Array.from(line(-31745, 32767)),
      Float32Array,
      [-32769, 31743],
    ],
    [
      'unsigned ones are taken down',
      { PixelRepresentation: 0 },
      Uint16Array.from(line(0, 33791, 7)),
      Int16Array,
      [-1024, 32767, -1017],
    ],
    [
      'unsigned ones beyond 16 bits become floats',
      { PixelRepresentation: 0 },
      Uint16Array.from(line(0, 33792)),
      Float32Array,
      [-1024, 32768],
    ],
    [
      '12 bits with rubbish above',
      { PixelRepresentation: 0, BitsStored: 12, HighBit: 11 },
      Uint16Array.from(line(0xf001, 0x5fff)),
      Int16Array,
      [-1023, 3071],
    ],
    [
      '12 signed bits',
      { BitsStored: 12, HighBit: 11, RescaleIntercept: 3 },
      Int16Array.from(line(0x0800, 0x7fff)),
      Int16Array,
      [-2045, 2],
    ],
    [
      'a positive shift of unsigned ones',
      { PixelRepresentation: 0, RescaleIntercept: 9 },
      Uint16Array.from(line(0, 32758)),
      Int16Array,
      [9, 32767],
    ],
    ['a slope of two', { RescaleSlope: 2 }, Int16Array.from(line(100, -3)), Int16Array, [-824, -1030]],
    [
      'a slope that is no whole number',
      { RescaleSlope: 0.5 },
      Int16Array.from(line(101)),
      Float32Array,
      [-973.5],
    ],
    [
      'no rescale',
      { RescaleSlope: undefined, RescaleIntercept: undefined },
      Int16Array.from(line(-5)),
      Int16Array,
      [-5],
    ],
    [
      'no rescale, unsigned',
      { RescaleSlope: undefined, PixelRepresentation: 0 },
      Uint16Array.from(line(65535)),
      Uint16Array,
      [65535],
    ],
    [
      '8 bits',
      { BitsAllocated: 8, BitsStored: 8, HighBit: 7, PixelRepresentation: 0 },
      Uint8Array.from(line(255)),
      Int16Array,
      [-769],
    ],
  ] as const)('%s', async (_, changes, stored, kind, expected) => {
    // Many slices, so that they go the quick way; two, so that they do not.
    for (const count of [2, 12]) {
      const pair = one(changes, stored);
      save(
        Array.from({ length: count }, (_, i) => ({
          ...pair[0]!,
          SOPInstanceUID: newUid(),
          ImagePositionPatient: [0, 0, i],
        })),
      );
      const image = await read();
      expect(image.pixels).toBeInstanceOf(kind);
      const plane = image.height * image.width;
      for (let i = 0; i < count; i++)
        expect([...image.pixels.slice(i * plane, i * plane + expected.length)]).toEqual(expected);
      rmSync(folder, { recursive: true });
      mkdirSync(folder);
    }
  });
  test('stored values are left alone', async () => {
    save(stack(3));
    const image = await read({ values: 'stored' });
    expect([...image.pixels.slice(0, 1), image.unit]).toEqual([1, 'arbitrary']);
  });
  test('padding is replaced', async () => {
    save(one({ PixelPaddingValue: -2000 }, Int16Array.from(line(-2000, 7))));
    expect([...(await read({ padding: -1024 })).pixels.slice(0, 2)]).toEqual([-1024, -1017]);
    expect([...(await read()).pixels.slice(0, 2)]).toEqual([-3024, -1017]);
  });
  test('MONOCHROME1 turns the display round', async () => {
    save(
      stack(2).map((values) => ({
        ...values,
        PhotometricInterpretation: 'MONOCHROME1',
        WindowCenter: 40,
        WindowWidth: 400,
      })),
    );
    expect((await read()).displayRange).toEqual([239, -160]);
  });
});

describe('a folder', () => {
  test('with links that lead in a circle is walked once', async () => {
    save(stack(3));
    mkdirSync(path.join(folder, 'inner'));
    symlinkSync(folder, path.join(folder, 'inner', 'back'));
    symlinkSync(path.join(folder, 'nowhere'), path.join(folder, 'broken'));
    writeFileSync(path.join(folder, 'notes.txt'), 'no DICOM here');
    const listing = await listDicomFolder(folder);
    expect(listing.skipped.map((name) => path.basename(name)).sort()).toEqual(['back', 'broken']);
    expect([listing.instances, listing.passedOver]).toEqual([3, 1]);
    expect(listing.studies[0]!.series[0]!.stacks[0]).toMatchObject({
      slices: 3,
      orientation: 'LPS',
      spacingMm: [1, 2, 2.5],
    });
    expect(JSON.stringify(listing)).not.toContain('Secret');
    expect((await read()).depth).toBe(3);
  });
  test.each([
    ['too many files', { files: 2 }],
    ['too deep', { depth: 0 }],
  ])('beyond its limits stops: %s', async (_, limits) => {
    save(stack(3));
    mkdirSync(path.join(folder, 'inner'));
    await expect(listDicomFolder(folder, { limits })).rejects.toThrow(/^DICOM_FOLDER_LIMIT: /);
  });
  test('that is not there is named', async () => {
    await expect(listDicomFolder(path.join(folder, 'no'))).rejects.toThrow(/^FILE_MISSING: /);
  });
  test('can be left in the middle', async () => {
    save(stack(3));
    const control = new AbortController();
    const reading = listDicomFolder(folder, { signal: control.signal, onProgress: () => control.abort() });
    await expect(reading).rejects.toThrow('aborted');
  });
  test('a problem of a stack is said in the list', async () => {
    save(stack(5).toSpliced(2, 1));
    const [stackListing] = (await listDicomFolder(folder)).studies[0]!.series[0]!.stacks;
    expect(stackListing!.problem!.code).toBe('DICOM_SLICE_GAP');
  });
});
