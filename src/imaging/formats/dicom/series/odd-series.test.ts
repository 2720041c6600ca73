import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type BuildRecord, dataset } from '../build-dataset.ts';
import { describeDicom } from '../describe-dicom.ts';
import { readDicomBytes } from '../read-dicom.ts';
import { newUid } from '../uid.ts';
import { writeDicom } from '../write-dicom.ts';
import { listDicomFolder } from './list-dicom-folder.node.ts';
import { openDicomImage } from './open-dicom-image.ts';
import { readDicomSeries } from './read-dicom-series.node.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'hounsfield-odd-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const layout = {
  Rows: 2,
  Columns: 3,
  SamplesPerPixel: 1,
  PhotometricInterpretation: 'MONOCHROME2',
  BitsAllocated: 16,
  BitsStored: 16,
  HighBit: 15,
  PixelRepresentation: 1,
};
const pixels = (value: number, count = 6) => new Uint8Array(new Int16Array(count).fill(value).buffer);
const slice = (value: number, z: number, changes: BuildRecord = {}): BuildRecord => ({
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.4',
  SOPInstanceUID: newUid(),
  Modality: 'MR',
  PatientID: 'P1',
  StudyInstanceUID: '1.2.3',
  SeriesInstanceUID: '1.2.3.1',
  FrameOfReferenceUID: '1.2.3.9',
  ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
  PixelSpacing: [2, 1],
  InstanceNumber: value,
  ImagePositionPatient: [0, 0, z],
  ...layout,
  PixelData: pixels(value),
  ...changes,
});
const bytesOf = (values: BuildRecord) => writeDicom(dataset(values));
const fileOf = (values: BuildRecord) => readDicomBytes(bytesOf(values));
function save(slices: readonly BuildRecord[]): void {
  for (const [i, values] of slices.entries()) writeFileSync(path.join(folder, `${i}.dcm`), bytesOf(values));
}
const read = (options = {}) => readDicomSeries(folder, { threads: 0, ...options });
const firsts = ({ pixels: all }: { readonly pixels: ArrayLike<number> }) =>
  Array.from({ length: all.length / 6 }, (_, i) => all[i * 6]);

describe('slices', () => {
  test('of one SOP instance UID are all kept when they lie apart, and a copy is not', async () => {
    const same = { SOPInstanceUID: '1.2.3.4' };
    save([slice(1, 0, same), slice(2, 2, same), slice(3, 4, same), slice(3, 4, same)]);
    const image = await read();
    expect(firsts(image)).toEqual([1, 2, 3]);
    expect(image.geometry!.affine[10]).toBe(2);
  });

  test('that were each acquired at a time of its own make time points by rank', async () => {
    const at = (time: number) => ({ AcquisitionTime: String(101000 + time) });
    save([slice(1, 0, at(1)), slice(2, 3, at(2)), slice(11, 0, at(11)), slice(12, 3, at(12))]);
    const image = await read();
    expect([image.timePoints, image.depth, image.reading!['timeAxis']]).toEqual([2, 2, 'acquisitionTime']);
    expect(firsts(image)).toEqual([1, 2, 11, 12]);
  });

  test('of which a time point lacks one are refused', async () => {
    const at = (time: number) => ({ AcquisitionTime: String(101000 + time) });
    save([slice(1, 0, at(1)), slice(2, 3, at(2)), slice(11, 0, at(11))]);
    await expect(read()).rejects.toThrow(/^DICOM_SERIES_INCOMPLETE: /);
  });

  test('whose rows and columns are not at right angles have no place', async () => {
    const skew = { ImageOrientationPatient: [1, 0, 0, 0.5, 0.8, 0] };
    save([slice(1, 0, skew), slice(2, 3, skew)]);
    await expect(read()).rejects.toThrow(/^DICOM_GEOMETRY_MISSING: 2 of 2 slices lack a usable/);
    expect((await read({ missingGeometry: 'instance-number' })).geometry).toBeUndefined();
  });

  test('with slopes of their own are rescaled each by its own, and the record says so', async () => {
    save([1, 2, 3].map((n) => slice(n, n, { RescaleSlope: n, RescaleIntercept: 5 })));
    const image = await read();
    expect(firsts(image)).toEqual([6, 9, 14]);
    expect(image.reading).toMatchObject({ slope: 'of each slice its own', intercept: 5 });
  });

  test('with more bytes than their header says are read, with a warning that counts them', async () => {
    save([1, 2, 3].map((n) => slice(n, n, { PixelData: pixels(n, 10) })));
    const warnings: string[] = [];
    expect(firsts(await read({ onWarning: (text: string) => warnings.push(text) }))).toEqual([1, 2, 3]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/0\.dcm and 2 more: 8 bytes of pixel data beyond the 12/);
  });
});

describe('one file', () => {
  const frame = (stack: string, z: number) => ({
    PlanePositionSequence: [{ ImagePositionPatient: [0, 0, z] }],
    FrameContentSequence: [{ StackID: stack }],
  });
  const multiframe = (frames: readonly ReturnType<typeof frame>[]) => {
    const { ImageOrientationPatient, PixelSpacing, ImagePositionPatient: _, ...rest } = slice(1, 0);
    return fileOf({
      ...rest,
      NumberOfFrames: frames.length,
      SharedFunctionalGroupsSequence: [
        {
          PixelMeasuresSequence: [{ PixelSpacing }],
          PlaneOrientationSequence: [{ ImageOrientationPatient }],
        },
      ],
      PerFrameFunctionalGroupsSequence: [...frames],
      PixelData: pixels(1, 6 * frames.length),
    });
  };

  test('with two stacks far from each other is asked which', async () => {
    const file = multiframe([frame('1', 0), frame('1', 2), frame('2', 100), frame('2', 103)]);
    await expect(openDicomImage(file)).rejects.toThrow(
      /^DICOM_STACKS: .*0: 2 slices, stackId 1; 1: 2 slices, stackId 2/,
    );
    expect((await openDicomImage(file, { stack: 1 })).geometry!.affine.slice(10)).toEqual([3, 100]);
  });

  test('with a stack ID for each frame is one stack', async () => {
    const image = await openDicomImage(multiframe([frame('1', 0), frame('2', 2), frame('3', 4)]));
    expect([image.depth, image.geometry!.affine[10]]).toEqual([3, 2]);
  });

  test.each([
    ['of three samples for one', 'RGB'],
    ['that is none', 'NONSENSE'],
  ])('with a photometric interpretation %s is refused, and its stored values are not', async (_, stated) => {
    const file = fileOf(slice(7, 0, { PhotometricInterpretation: stated }));
    await expect(openDicomImage(file)).rejects.toThrow(/^DICOM_PHOTOMETRIC: .*for 1 sample a pixel/);
    const warnings: string[] = [];
    const image = await openDicomImage(file, { values: 'stored', onWarning: (text) => warnings.push(text) });
    expect(firsts(image)).toEqual([7]);
    expect(warnings.join()).toContain('MONOCHROME2 was taken');
    expect(describeDicom(file).warnings.join()).toContain('MONOCHROME2 was taken');
  });
});

describe('the size of a pixel', () => {
  const { PixelSpacing: _, ImagePositionPatient: __, ImageOrientationPatient: ___, ...bare } = slice(1, 0);
  const region = (deltaX: number, units = 3) => ({
    RegionSpatialFormat: 1,
    PhysicalUnitsXDirection: units,
    PhysicalUnitsYDirection: units,
    PhysicalDeltaX: deltaX,
    PhysicalDeltaY: -0.02,
  });
  test.each([
    ['of a projection', { ImagerPixelSpacing: [0.2, 0.1] }, [0.1, 0.2], 'ImagerPixelSpacing'],
    [
      'of a scanned film',
      { NominalScannedPixelSpacing: [0.4, 0.3] },
      [0.3, 0.4],
      'NominalScannedPixelSpacing',
    ],
    [
      'of an ultrasound image',
      {
        SequenceOfUltrasoundRegions: [
          region(0.01),
          { ...region(7, 4), RegionSpatialFormat: 3 },
          region(0.01),
        ],
      },
      [0.1, 0.2],
      'SequenceOfUltrasoundRegions',
    ],
    [
      'of regions that differ',
      { SequenceOfUltrasoundRegions: [region(0.01), region(0.03)] },
      undefined,
      undefined,
    ],
    ['of regions in seconds', { SequenceOfUltrasoundRegions: [region(0.01, 4)] }, undefined, undefined],
    ['that is 0', { ImagerPixelSpacing: [0, 0] }, undefined, undefined],
    ['that is given', { PixelSpacing: [2, 1], ImagerPixelSpacing: [3, 3] }, [1, 2], undefined],
  ])('%s', async (_, attributes: BuildRecord, spacing, from) => {
    const { geometry, reading } = await openDicomImage(fileOf({ ...bare, ...attributes }));
    expect(geometry && [geometry.affine[0], geometry.affine[5], geometry.frame]).toEqual(
      spacing && [...spacing.map((mm) => expect.closeTo(mm, 12)), 'image'],
    );
    expect(reading!['pixelSpacing']).toBe(from);
  });
});

describe('a dose grid', () => {
  const grid = (changes: BuildRecord) =>
    fileOf({
      ...slice(1, 0),
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.481.2',
      Modality: 'RTDOSE',
      NumberOfFrames: 3,
      DoseGridScaling: 0.5,
      ImagePositionPatient: [-5, -6, 40],
      PixelData: new Uint8Array(new Int16Array(18).map((_, i) => Math.floor(i / 6)).buffer),
      ...changes,
    });
  test.each([
    ['by offsets from its first plane', [0, 3, 6], [40, 0, 0.5, 1]],
    ['downwards', [0, -3, -6], [34, 1, 0.5, 0]],
    ['by places along z', [40, 43, 46], [40, 0, 0.5, 1]],
  ])('is a volume in Gy, its planes %s', async (_, offsets, [z, ...values]) => {
    const image = await openDicomImage(grid({ DoseUnits: 'GY', GridFrameOffsetVector: offsets }));
    expect([image.depth, image.unit, image.geometry!.affine[10], image.geometry!.affine[11]]).toEqual([
      3,
      'Gy',
      3,
      z,
    ]);
    expect(firsts(image)).toEqual(values);
  });
  test('of relative dose has no unit', async () => {
    const image = await openDicomImage(grid({ DoseUnits: 'RELATIVE', GridFrameOffsetVector: [0, 3, 6] }));
    expect(image.unit).toBe('arbitrary');
  });
  test('with planes unevenly apart names them once with their file', async () => {
    const uneven = openDicomImage(grid({ DoseUnits: 'GY', GridFrameOffsetVector: [0, 3, 7] }));
    await expect(uneven).rejects.toThrow(/^DICOM_SPACING_UNEVEN: .*\(frame 2\) and .*\(frame 3\)/);
  });
  test('with planes at one place is one file with several frames in the message', async () => {
    const { ImageOrientationPatient, PixelSpacing, ImagePositionPatient: _, ...rest } = slice(1, 0);
    const group = (z: number) => ({ PlanePositionSequence: [{ ImagePositionPatient: [0, 0, z] }] });
    const file = fileOf({
      ...rest,
      NumberOfFrames: 9,
      SharedFunctionalGroupsSequence: [
        {
          PixelMeasuresSequence: [{ PixelSpacing }],
          PlaneOrientationSequence: [{ ImageOrientationPatient }],
        },
      ],
      PerFrameFunctionalGroupsSequence: [0, 1, 1, 1, 1, 1, 1, 1, 2].map(group),
      PixelData: pixels(1, 54),
    });
    await expect(openDicomImage(file)).rejects.toThrow(
      /^DICOM_SLICES_DUPLICATE: 7 slices .*\(frames 2, 3, 4, 5, 6 and 2 more\)\. Remove/,
    );
  });
});

test('what only begins as a data set does is no DICOM in a folder', async () => {
  save([slice(1, 0)]);
  const lookalike = new Uint8Array(64);
  lookalike.set([8, 0, 0, 0, 4, 0, 0, 0]);
  writeFileSync(path.join(folder, 'samples.mat'), lookalike);
  const whole = bytesOf(slice(2, 2));
  const metaEnd = 144 + new DataView(whole.buffer, whole.byteOffset).getUint32(140, true);
  const bare = whole.subarray(metaEnd);
  writeFileSync(path.join(folder, 'bare.dcm'), bare);
  const listing = await listDicomFolder(folder);
  expect([listing.instances, listing.passedOver, listing.unreadable]).toEqual([2, 1, []]);
});
