import { describe, expect, test } from 'vitest';
import { type BuildRecord, dataset } from '../build-dataset.ts';
import { describeDicom } from '../describe-dicom.ts';
import { readDicomBytes } from '../read-dicom.ts';
import { csaTexts } from '../siemens-csa.ts';
import { writeDicom } from '../write-dicom.ts';
import { openDicomImage } from './open-dicom-image.ts';
import { instanceFacts } from './slice-facts.ts';
import { stackSlices } from './stack-geometry.ts';

type Tags = Readonly<Record<string, readonly string[]>>;

/** A CSA header as scanners write it: every tag has room for six items. */
function csa(tags: Tags, layout: 1 | 2 = 2, room = 6): Uint8Array {
  const parts: Uint8Array[] = [];
  const text = (value: string, length: number) => {
    const bytes = new Uint8Array(length);
    bytes.set(new TextEncoder().encode(value));
    return bytes;
  };
  const numbers = (...values: number[]) => new Uint8Array(new Int32Array(values).buffer);
  if (layout === 2) parts.push(text('SV10', 8));
  parts.push(numbers(Object.keys(tags).length, 77));
  for (const [name, values] of Object.entries(tags)) {
    parts.push(text(name, 64), numbers(values.length), text('IS', 4), numbers(6, room, 77));
    for (let item = 0; item < room; item++) {
      const length = values[item] === undefined ? 0 : values[item].length + 1;
      parts.push(layout === 2 ? numbers(length, length, 77, length) : numbers(length + room, 0, 0, 0));
      parts.push(text(values[item] ?? '', length + ((4 - (length % 4)) % 4)));
    }
  }
  return new Uint8Array(Buffer.concat(parts));
}

const tags = {
  EchoLinePosition: ['64'],
  Empty: [],
  NumberOfImagesInMosaic: ['3'],
  SliceNormalVector: ['0.0', '0.0', '-1.0'],
};

describe('a CSA header', () => {
  test.each([1, 2] as const)('of layout %i tells the texts of a tag', (layout) => {
    const bytes = csa(tags, layout);
    expect(csaTexts(bytes, 'SliceNormalVector')).toEqual(['0.0', '0.0', '-1.0']);
    expect(csaTexts(bytes, 'NumberOfImagesInMosaic')).toEqual(['3']);
    expect(csaTexts(bytes, 'Empty')).toEqual([]);
    expect(csaTexts(bytes, 'Absent')).toEqual([]);
  });
  test('cut anywhere, or with lengths that are none, is no header or has no such tag', () => {
    const bytes = csa(tags);
    const whole = csaTexts(bytes, 'SliceNormalVector');
    for (let end = 0; end < bytes.length; end += 3) {
      const texts = csaTexts(bytes.subarray(0, end), 'SliceNormalVector') ?? [];
      expect(texts.length === 0 || texts.join() === whole!.join()).toBe(true);
    }
    for (let at = 8; at < bytes.length - 4; at += 4) {
      const forged = bytes.slice();
      forged.set([255, 255, 255, 127], at);
      expect(() => csaTexts(forged, 'SliceNormalVector')).not.toThrow();
    }
  });
});

describe('a mosaic', () => {
  /** Three slices of 2 x 3 in a square of four tiles; a value says tile, row and column. */
  const values = Int16Array.from({ length: 24 }, (_, i) => {
    const [y, x] = [Math.floor(i / 6), i % 6];
    return (Math.floor(y / 2) * 2 + Math.floor(x / 3)) * 100 + (y % 2) * 10 + (x % 3);
  });
  const values3d = Array.from(
    { length: 18 },
    (_, i) => Math.floor(i / 6) * 100 + (Math.floor(i / 3) % 2) * 10 + (i % 3),
  );
  const picture = (changes: BuildRecord = {}, header: Tags | undefined = tags) => {
    const set = dataset({
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.4',
      SOPInstanceUID: '1.2.3',
      Modality: 'MR',
      ImageType: ['ORIGINAL', 'PRIMARY', 'M', 'ND', 'MOSAIC'],
      ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
      ImagePositionPatient: [-20, -30, 7],
      PixelSpacing: [2, 3],
      SpacingBetweenSlices: 5,
      Rows: 4,
      Columns: 6,
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      BitsAllocated: 16,
      BitsStored: 16,
      HighBit: 15,
      PixelRepresentation: 1,
      PixelData: new Uint8Array(values.buffer),
      ...changes,
    });
    const elements = new Map(set.elements);
    if (header) {
      const put = (tag: number, vr: 'LO' | 'OB', bytes: Uint8Array) => elements.set(tag, { tag, vr, bytes });
      put(0x00290010, 'LO', new TextEncoder().encode('SIEMENS CSA HEADER'));
      put(0x00291010, 'OB', csa(header));
    }
    const sorted = new Map([...elements].sort(([a], [b]) => a - b));
    return readDicomBytes(writeDicom({ ...set, elements: sorted }));
  };

  test('is the volume of its slices, where they lie', async () => {
    const file = picture();
    const image = await openDicomImage(file);
    expect([image.depth, image.height, image.width]).toEqual([3, 2, 3]);
    expect([...image.pixels]).toEqual(values3d);
    // Half of what the picture is larger than a slice: 1.5 columns of 3 mm, 1 row of 2 mm.
    expect(image.geometry!.affine).toEqual([3, 0, 0, -20 + 4.5, 0, 2, 0, -30 + 2, 0, 0, -5, 7]);
    expect(image.reading!['mosaic']).toEqual({ slices: 3, side: 2 });
    expect(describeDicom(file).facts).toContainEqual(['size', '3 × 2 × 3']);
  });
  test('of which one frame is asked for is the picture as it is', async () => {
    const image = await openDicomImage(picture(), { frame: 0 });
    expect([image.height, image.width, image.geometry!.frame]).toEqual([4, 6, 'image']);
  });
  test.each([
    ['without its header', {}, {}],
    ['of more slices than tiles fit', { Columns: 8, Rows: 3 }, tags],
    ['whose header has no number', {}, { ...tags, NumberOfImagesInMosaic: ['many'] }],
    ['whose header has no direction', {}, { ...tags, SliceNormalVector: ['0', '0', '0'] }],
  ] as const)(
    '%s is one picture without a place, with a warning; several are refused',
    async (_, changes, header) => {
      const file = picture(changes, header);
      const warnings: string[] = [];
      const image = await openDicomImage(file, { onWarning: (text) => warnings.push(text) });
      expect([image.depth, image.geometry!.frame]).toEqual([1, 'image']);
      expect(warnings.join()).toContain('a mosaic of the slices of a volume');
      expect(describeDicom(file).warnings.join()).toContain('a mosaic of the slices of a volume');
      const [facts] = instanceFacts(file).slices;
      const times = { timePoints: [[facts!], [facts!]], distinction: [] };
      expect(() => stackSlices(times)).toThrow(/^DICOM_MOSAIC: /);
      expect(stackSlices(times, { missingGeometry: 'instance-number' }).geometry).toBeUndefined();
    },
  );
  test('without a position is refused', async () => {
    await expect(openDicomImage(picture({ ImagePositionPatient: undefined }))).rejects.toThrow(
      /^DICOM_MOSAIC: /,
    );
  });
});
