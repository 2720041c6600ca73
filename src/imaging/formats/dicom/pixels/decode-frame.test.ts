import { describe, expect, test } from 'vitest';
import { bytesSource } from '../../byte-source.ts';
import { type BuildRecord, dataset } from '../build-dataset.ts';
import { readDicom, readDicomBytes } from '../read-dicom.ts';
import { openDicomImage } from '../series/open-dicom-image.ts';
import { writeDicom } from '../write-dicom.ts';
import { decodeFrame } from './decode-frame.ts';
import { colourForDisplay, greyForDisplay } from './display.ts';
import { frameAttributes } from './frame-attributes.ts';
import { applyRealWorld, realWorldMappings } from './modality.ts';
import { overlaysOf } from './overlays.ts';
import { paletteOf } from './palette.ts';

const base: BuildRecord = {
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.7',
  SOPInstanceUID: '1.2.3',
  PatientName: 'Secret^Name',
  Rows: 2,
  Columns: 3,
  SamplesPerPixel: 1,
  PhotometricInterpretation: 'MONOCHROME2',
  BitsAllocated: 16,
  BitsStored: 16,
  HighBit: 15,
  PixelRepresentation: 0,
  PixelData: new Uint8Array(Uint16Array.from([1, 2, 3, 4, 5, 65535]).buffer),
};
const made = (changes: BuildRecord, frames?: readonly Uint8Array[], transferSyntaxUid?: string) => {
  const values = dataset({ ...base, ...changes, ...(frames ? { PixelData: undefined } : {}) });
  return readDicomBytes(
    writeDicom(values, {
      ...(frames ? { frames } : {}),
      ...(transferSyntaxUid ? { transferSyntaxUid } : {}),
    }),
  );
};
const JPEG = '1.2.840.10008.1.2.4.50';
const RLE = '1.2.840.10008.1.2.5';

describe('what cannot be decoded is refused by code', () => {
  const start = (height: number, width: number, components = 1) =>
    Uint8Array.from([
      0xff,
      0xd8,
      0xff,
      0xc0,
      0,
      8 + 3 * components,
      8,
      height >> 8,
      height & 255,
      width >> 8,
      width & 255,
      components,
      1,
      0x11,
      0,
      2,
      0x11,
      0,
      3,
      0x11,
      0,
      0,
      0,
    ]);
  const cases: [string, RegExp, ReturnType<typeof made>, number?][] = [
    ['no pixels', /^DICOM_NO_PIXELS: /, made({ PixelData: undefined })],
    [
      'no rows and columns',
      /^DICOM_PIXEL_ATTRIBUTE: .*Rows is missing.*Columns is missing/,
      made({ Rows: undefined, Columns: undefined }),
    ],
    ['rows of 0', /^DICOM_PIXEL_ATTRIBUTE: .*Rows is out of range/, made({ Rows: 0 })],
    [
      'no bits allocated',
      /^DICOM_PIXEL_ATTRIBUTE: .*BitsAllocated is missing/,
      made({ BitsAllocated: undefined }),
    ],
    ['two samples', /^DICOM_PIXEL_ATTRIBUTE: .*Samples per Pixel is 2/, made({ SamplesPerPixel: 2 })],
    ['a negative number of frames', /^DICOM_PIXEL_ATTRIBUTE: .*NumberOfFrames/, made({ NumberOfFrames: -1 })],
    [
      'too few bytes',
      /^DICOM_PIXELS_SHORT: .*12 bytes of pixels are there.*need 24/,
      made({ NumberOfFrames: 2 }),
      1,
    ],
    ['a frame that is not there', /^DICOM_FRAME_INDEX: frame 1 /, made({}), 1],
    ['a frame before the first', /^DICOM_FRAME_INDEX: frame -1 /, made({}), -1],
    [
      'colours that are not subsampled',
      /^DICOM_PIXEL_ATTRIBUTE: .*not subsampled/,
      made({
        SamplesPerPixel: 3,
        PhotometricInterpretation: 'YBR_FULL_422',
        BitsAllocated: 8,
        BitsStored: 8,
        HighBit: 7,
        PixelData: new Uint8Array(18),
      }),
    ],
    ['a frame too large to be decoded', /^DICOM_PIXEL_LIMIT: /, made({ Rows: 65535, Columns: 65535 })],
    [
      'a transfer syntax without decoder',
      /^DICOM_TRANSFER_SYNTAX: .*\.4\.102/,
      made({}, [new Uint8Array(40)], '1.2.840.10008.1.2.4.102'),
    ],
    ['a stream that is none', /^DICOM_CODESTREAM: .*does not begin/, made({}, [new Uint8Array(40)], JPEG)],
    [
      'a stream of another size',
      /^DICOM_CODESTREAM: .*is 60000 x 60000, the data set says 2 x 3/,
      made({}, [start(60000, 60000)], JPEG),
    ],
    [
      'a stream of other samples',
      /^DICOM_CODESTREAM: .*3 samples a pixel, the data set says 1/,
      made({}, [start(2, 3, 3)], JPEG),
    ],
    [
      'a stream that is cut',
      /^DICOM_CODESTREAM: .*cannot be decoded/,
      made({ BitsAllocated: 8, BitsStored: 8, HighBit: 7 }, [start(2, 3)], JPEG),
    ],
    [
      'next to no bytes for a huge frame',
      /^DICOM_PIXEL_LIMIT: .*said to hold 100000000 values/,
      made({ Rows: 10000, Columns: 10000 }, [start(10000, 10000)], JPEG),
    ],
    [
      'RLE with other segments',
      /^DICOM_CODESTREAM: .*1 segments where/,
      made({}, [Uint8Array.of(1, 0, 0, 0, ...new Uint8Array(70))], RLE),
    ],
    [
      'RLE that is cut',
      /^DICOM_CODESTREAM: .*holds 0 of 6/,
      made({}, [Uint8Array.of(2, 0, 0, 0, 64, 0, 0, 0, 66, 0, 0, 0, ...new Uint8Array(52))], RLE),
    ],
    [
      'fewer fragments than frames',
      /^DICOM_FRAGMENTS: .*2 fragments.*says 3/,
      made({ NumberOfFrames: 3 }, [start(2, 3), start(2, 3)], JPEG),
    ],
    [
      'wide values beyond what is exact',
      /^DICOM_VALUE_RANGE: /,
      made({
        Rows: 1,
        Columns: 1,
        BitsAllocated: 64,
        BitsStored: 64,
        HighBit: 63,
        PixelData: new Uint8Array(8).fill(255),
      }),
    ],
  ];
  test.each(cases)('%s', async (_, message, file, frame) => {
    const error = await decodeFrame(file, frame ?? 0).catch((cause: unknown) => cause);
    expect(String((error as Error).message)).toMatch(message); // anything else fails here
    expect(String((error as Error).message)).not.toContain('Secret');
  });
});

describe('what is wrong but can be read is read with a warning', () => {
  test.each([
    ['more bytes', { PixelData: new Uint8Array(20) }, /8 bytes of pixel data beyond the 12/],
    ['no photometric interpretation', { PhotometricInterpretation: undefined }, /MONOCHROME2 was taken/],
    ['a wrong photometric interpretation', { PhotometricInterpretation: 'RGB' }, /MONOCHROME2 was taken/],
    ['bits stored beyond allocated', { BitsStored: 20 }, /Bits Stored does not fit/],
    ['a high bit below the stored bits', { HighBit: 3 }, /High Bit does not fit/],
    ['no pixel representation', { PixelRepresentation: undefined }, /taken as unsigned/],
    ['no frames', { NumberOfFrames: 0 }, /taken as 1/],
  ] as const)('%s', async (_, changes, message) => {
    const { warnings } = await decodeFrame(made(changes), 0);
    expect(warnings.join()).toMatch(message);
  });
  test('nothing wrong, no warning', async () => {
    expect((await decodeFrame(made({}), 0)).warnings).toEqual([]);
  });
});

test('stored bits that do not lie lowest are taken down (High Bit 15 of 12 stored)', async () => {
  const words = Uint16Array.from([0x1230, 0xfff7, 0x8000, 0, 0x7ff0, 0x0010]);
  const pixels = { BitsStored: 12, HighBit: 15, PixelData: new Uint8Array(words.buffer) };
  expect([...(await decodeFrame(made(pixels), 0)).values]).toEqual([0x123, 0xfff, 0x800, 0, 0x7ff, 1]);
  const signed = await decodeFrame(made({ ...pixels, PixelRepresentation: 1 }), 0);
  expect([...signed.values]).toEqual([0x123, -1, -2048, 0, 2047, 1]);
});

test('values of 12 allocated bits follow one another', async () => {
  const packed = Uint8Array.of(0x23, 0x61, 0x45, 0xff, 0x0f, 0x80, 0x01, 0x20, 0x00);
  const file = made({ BitsAllocated: 12, BitsStored: 12, HighBit: 11, PixelData: packed });
  expect([...(await decodeFrame(file, 0)).values]).toEqual([0x123, 0x456, 0xfff, 0x800, 0x001, 0x002]);
});

test('a frame is fetched alone', async () => {
  const file = writeDicom(
    dataset({ ...base, NumberOfFrames: 40000, PixelData: new Uint8Array(480000).fill(7) }),
  );
  const inner = bytesSource(file);
  let most = 0;
  const source = {
    ...inner,
    read: (at: number, length: number) => {
      most = Math.max(most, length);
      return inner.read(at, length);
    },
  };
  const opened = await readDicom(source);
  most = 0;
  expect((await decodeFrame(opened, 39999)).values[5]).toBe(0x0707);
  expect(most).toBe(12);
});

describe('frames of multi-frame objects', () => {
  const plane = (z: number, more: BuildRecord = {}): BuildRecord => ({
    PlanePositionSequence: [{ ImagePositionPatient: [1, 2, z] }],
    PixelValueTransformationSequence: [{ RescaleSlope: 2, RescaleIntercept: z, RescaleType: 'US' }],
    ...more,
  });
  const enhanced = (frames: readonly BuildRecord[], changes: BuildRecord = {}) =>
    made({
      NumberOfFrames: frames.length,
      PixelData: new Uint8Array(Uint16Array.from(frames.flatMap((_, i) => Array<number>(6).fill(i))).buffer),
      SharedFunctionalGroupsSequence: [
        {
          PlaneOrientationSequence: [{ ImageOrientationPatient: [1, 0, 0, 0, 1, 0] }],
          PixelMeasuresSequence: [{ PixelSpacing: [0.5, 0.25], SliceThickness: 9 }],
          FrameVOILUTSequence: [{ WindowCenter: 5, WindowWidth: 10 }],
        },
      ],
      PerFrameFunctionalGroupsSequence: frames,
      ...changes,
    });

  test('have shared attributes and their own', () => {
    const file = enhanced([
      plane(4),
      plane(2, { FrameVOILUTSequence: [{ WindowCenter: 1, WindowWidth: 2 }] }),
    ]);
    expect(frameAttributes(file, 1)).toMatchObject({
      position: [1, 2, 2],
      orientation: [
        [1, 0, 0],
        [0, 1, 0],
      ],
      pixelSpacingMm: [0.5, 0.25],
      sliceThicknessMm: 9,
      rescale: { slope: 2, intercept: 2, type: 'US' },
      windows: [{ center: 1, width: 2, function: 'LINEAR' }],
    });
    expect(frameAttributes(file, 0).windows[0]).toMatchObject({ center: 5 });
  });
  test('make a volume by position, each with its own rescale', async () => {
    const image = await openDicomImage(enhanced([plane(4), plane(2), plane(3)]));
    expect([image.depth, image.timePoints, image.displayRange]).toEqual([3, 1, [0, 9]]);
    expect([0, 6, 12].map((at) => image.pixels[at])).toEqual([1 * 2 + 2, 2 * 2 + 3, 0 + 4]);
    expect(image.geometry!.affine).toEqual([0.25, 0, 0, 1, 0, 0.5, 0, 2, 0, 0, 1, 2]);
  });
  test('make time points by their temporal position', async () => {
    const at = (z: number, t: number) => plane(z, { FrameContentSequence: [{ TemporalPositionIndex: t }] });
    const image = await openDicomImage(enhanced([at(2, 2), at(1, 2), at(1, 1), at(2, 1)]), {
      values: 'stored',
    });
    expect([image.timePoints, image.depth]).toEqual([2, 2]);
    expect([0, 6, 12, 18].map((i) => image.pixels[i])).toEqual([2, 3, 1, 0]);
  });
  test('of a film follow one another in time', async () => {
    const file = made({
      NumberOfFrames: 2,
      FrameTime: 40,
      PixelSpacing: [2, 3],
      PixelData: new Uint8Array(24),
    });
    const image = await openDicomImage(file);
    expect([image.timePoints, image.depth, image.timeStepS]).toEqual([2, 1, 0.04]);
    expect((await openDicomImage(file, { frame: 1 })).timePoints).toBe(1);
    await expect(openDicomImage(file, { frame: 2 })).rejects.toThrow(/^DICOM_FRAME_INDEX: /);
  });
  test('of a scanner without a place are refused, or follow one another', async () => {
    const file = made({ Modality: 'MR', NumberOfFrames: 2, PixelData: new Uint8Array(24) });
    await expect(openDicomImage(file)).rejects.toThrow(/^DICOM_GEOMETRY_MISSING: 2 of 2/);
    const image = await openDicomImage(file, { missingGeometry: 'instance-number' });
    expect([image.depth, image.timePoints, image.geometry]).toEqual([2, 1, undefined]);
  });
  test('of a dose grid lie at their offsets and are scaled', async () => {
    const file = made({
      Modality: 'RTDOSE',
      NumberOfFrames: 2,
      ImagePositionPatient: [0, 0, 10],
      ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
      PixelSpacing: [2, 2],
      GridFrameOffsetVector: [0, 5],
      DoseGridScaling: 0.5,
      PixelData: new Uint8Array(Uint16Array.from({ length: 12 }, (_, i) => i).buffer),
    });
    const image = await openDicomImage(file);
    expect([image.depth, image.geometry!.affine[10], image.geometry!.affine[11]]).toEqual([2, 5, 10]);
    expect([...image.pixels.slice(0, 3)]).toEqual([0, 0.5, 1]);
  });
  test('real-world values are mapped within their range', async () => {
    const item = {
      RealWorldValueFirstValueMapped: 1,
      RealWorldValueLastValueMapped: 5,
      RealWorldValueSlope: 0.5,
      RealWorldValueIntercept: 1,
      LUTLabel: 'ADC',
      MeasurementUnitsCodeSequence: [
        { CodeValue: 'mm2/s', CodingSchemeDesignator: 'UCUM', CodeMeaning: 'x' },
      ],
    };
    const file = made({ RealWorldValueMappingSequence: [item] });
    const [mapping] = await realWorldMappings(file);
    expect(mapping).toMatchObject({ label: 'ADC', unit: 'mm2/s', slope: 0.5 });
    expect([...applyRealWorld((await decodeFrame(file, 0)).values, mapping!)]).toEqual([
      1.5,
      2,
      2.5,
      3,
      3.5,
      Number.NaN,
    ]);
  });
});

test('an overlay in unused bits is found, and one of its own', async () => {
  const words = Uint16Array.from([0x1001, 2, 0x1003, 4, 5, 6]);
  const overlay = {
    '60000010': 2,
    '60000011': 3,
    '60000040': 'G',
    '60000050': [1, 1],
    '60000100': 16,
    '60000102': 12,
  };
  const own = {
    '60020010': 1,
    '60020011': 10,
    '60020040': 'R',
    '60020050': [2, -3],
    '60020100': 1,
    '60020102': 0,
    '60023000': Uint8Array.of(0b10000001, 0b10),
  };
  const file = made({
    BitsStored: 12,
    HighBit: 11,
    PixelData: new Uint8Array(words.buffer),
    ...overlay,
    ...own,
  });
  const [first, second] = await overlaysOf(file);
  expect([first!.embedded, [...first!.bits]]).toEqual([true, [1, 0, 1, 0, 0, 0]]);
  expect([second!.kind, second!.origin, [...second!.bits]]).toEqual([
    'region',
    [2, -3],
    [1, 0, 0, 0, 0, 0, 0, 1, 0, 1],
  ]);
  expect([...(await decodeFrame(file, 0)).values]).toEqual([1, 2, 3, 4, 5, 6]);
});

test('grey for showing: by the window, by the whole range, turned round', () => {
  const values = Int16Array.of(-100, 0, 100);
  expect([
    ...greyForDisplay(values, { window: { center: 0, width: 200, function: 'LINEAR_EXACT' } }),
  ]).toEqual([0, 128, 255]);
  expect([...greyForDisplay(values)]).toEqual([0, 128, 255]);
  expect([...greyForDisplay(values, { inverted: true })]).toEqual([255, 127, 0]);
  expect(() => greyForDisplay(values, { window: { center: 0, width: 0 } })).toThrow(/^DICOM_WINDOW: /);
});

test('a supplemental palette colours the upper values and leaves the others grey', async () => {
  const palette = Object.fromEntries(
    ['Red', 'Green', 'Blue'].flatMap((colour, i) => [
      [`${colour}PaletteColorLookupTableDescriptor`, [2, 4, 16]],
      [
        `${colour}PaletteColorLookupTableData`,
        new Uint8Array(Uint16Array.of(256 * (10 + i), 256 * (20 + i)).buffer),
      ],
    ]),
  );
  const file = made({ ...palette, PixelPresentation: 'COLOR' });
  const found = await paletteOf(file, false);
  expect(found).toMatchObject({ first: 4, bits: 16, supplemental: true });
  const { values } = await decodeFrame(file, 0);
  const shown = colourForDisplay(Uint8Array.of(0, 50, 100, 150, 200, 250), values, found!);
  expect([...shown]).toEqual([0, 50, 100, 10, 20, 20, 0, 50, 100, 11, 21, 21, 0, 50, 100, 12, 22, 22]);
});
