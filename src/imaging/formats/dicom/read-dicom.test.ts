import { describe, expect, test } from 'vitest';
import type { ByteSource } from '../byte-source.ts';
import { bytesSource } from '../byte-source.ts';
import { dataset } from './build-dataset.ts';
import type { DicomFile, Vr } from './dataset.ts';
import { elementHeader } from './encode-elements.ts';
import { type ReadOptions, readDicom, readDicomBytes, readRange, readValue } from './read-dicom.ts';
import {
  deflatedLittleEndian,
  explicitBigEndian,
  explicitLittleEndian,
  implicitLittleEndian,
} from './transfer-syntax.ts';
import { number, numbers, sequence, text, texts } from './values.ts';
import { writeDicom } from './write-dicom.ts';

const little = { explicitVr: true, littleEndian: true };
const implicit = { explicitVr: false, littleEndian: true };
const undefinedLength = 0xffffffff;

const bytes = (...parts: readonly (Uint8Array | readonly number[] | string)[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(
    parts.flatMap((part) => (typeof part === 'string' ? [...new TextEncoder().encode(part)] : [...part])),
  );

/** One element, explicit unless told, its length as stated or as it is. */
const el = (
  tag: number,
  vr: Vr,
  value: string | readonly number[] = '',
  length?: number,
  encoding = little,
) => {
  const content = bytes(value);
  return bytes(elementHeader(tag, vr, length ?? content.length, encoding), content);
};
const item = (length: number) => el(0xfffee000, 'UN', '', length, implicit);
const itemEnd = el(0xfffee00d, 'UN', '', 0, implicit);
const sequenceEnd = el(0xfffee0dd, 'UN', '', 0, implicit);

/** A Part 10 file of these elements. */
const part10 = (syntax: string, ...elements: readonly Uint8Array[]): Uint8Array<ArrayBuffer> =>
  bytes(
    new Uint8Array(128),
    'DICM',
    el(0x00020010, 'UI', syntax.length % 2 === 0 ? syntax : `${syntax}\0`),
    ...elements,
  );

const modality = el(0x00080060, 'CS', 'MR');
const rows = el(0x00280010, 'US', [2, 1]);

const sample = dataset({
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
  SOPInstanceUID: '2.25.1',
  Modality: 'CT',
  PatientName: 'Süß^Änne',
  ReferencedStudySequence: [{ ReferencedSOPInstanceUID: '2.25.2' }, {}],
  ImagePositionPatient: [-1.5, 0, 1e-7],
  Rows: 258,
  PixelRepresentation: 0,
  SmallestImagePixelValue: new Uint8Array([1, 0]),
});

function expectSample(file: DicomFile): void {
  expect(file.warnings).toEqual([]);
  expect(text(file.dataset, 'PatientName')).toBe('Süß^Änne');
  expect(numbers(file.dataset, 'ImagePositionPatient')).toEqual([-1.5, 0, 1e-7]);
  expect(number(file.dataset, 'Rows')).toBe(258);
  expect(number(file.dataset, 'SmallestImagePixelValue')).toBe(file.dataset.littleEndian ? 1 : 1);
  expect(sequence(file.dataset, 'ReferencedStudySequence').map((one) => one.elements.size)).toEqual([1, 0]);
}

describe.each([implicitLittleEndian, explicitLittleEndian, explicitBigEndian, deflatedLittleEndian])(
  'transfer syntax %s',
  (transferSyntaxUid) => {
    test.each(['defined', 'undefined'] as const)('sequences of %s length', (sequenceLengths) => {
      expectSample(readDicomBytes(writeDicom(sample, { transferSyntaxUid, sequenceLengths })));
    });

    test('from a source that gives piece by piece', async () => {
      expectSample(await readDicom(bytesSource(writeDicom(sample, { transferSyntaxUid }))));
    });

    test('cut at every byte: values, or a coded error', () => {
      const whole = writeDicom(sample, { transferSyntaxUid });
      for (let length = 0; length < whole.length; length++) {
        try {
          expect(readDicomBytes(whole.subarray(0, length)).dataset.elements.size).toBeLessThanOrEqual(10);
        } catch (error) {
          expect(error).toMatchObject({ name: 'HounsfieldError' });
        }
      }
    });
  },
);

describe('files that are not as they should be', () => {
  const whole = writeDicom(sample);
  const data = whole.subarray(whole.indexOf(0x08, 132 + 12 * 10));

  test.each([
    ['no preamble', whole.subarray(132), 'The file has no preamble.'],
    ['the prefix first', whole.subarray(128), 'The prefix DICM stands at the start, without a preamble.'],
    [
      'no prefix',
      bytes(new Uint8Array(132), whole.subarray(132)),
      'The prefix DICM is missing after the preamble.',
    ],
    ['no meta group', bytes(whole.subarray(0, 132), modality, rows), 'The file has no meta group.'],
    ['neither', bytes(modality, rows), 'The file has no preamble.'],
    ['neither, implicit', bytes(el(0x00080060, 'CS', 'MR', 2, implicit)), 'The file has no preamble.'],
  ])('%s', (_, given, warning) => {
    const file = readDicomBytes(given);
    expect(file.warnings).toContain(warning);
    expect(text(file.dataset, 'Modality')).toMatch(/^(CT|MR)$/);
    expect(data.length).toBeGreaterThan(100);
  });

  test.each([
    ['nothing', new Uint8Array(0)],
    ['zeros', new Uint8Array(4096)],
    ['text', bytes('a text file of some length that is no picture at all')],
    ['a PNG', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13)],
  ])('%s is no DICOM file', async (_, given) => {
    expect(() => readDicomBytes(given)).toThrow(/DICOM_NOT_DICOM/);
    await expect(readDicom(bytesSource(given))).rejects.toThrow(/DICOM_NOT_DICOM/);
  });

  test.each([
    [
      'implicit data in explicit clothes',
      explicitLittleEndian,
      el(0x00080060, 'CS', 'MR', 2, implicit),
      /implicit encoding/,
    ],
    ['explicit data in implicit clothes', implicitLittleEndian, modality, /explicit encoding/],
    [
      'big-endian data in little-endian clothes',
      explicitLittleEndian,
      el(0x00080060, 'CS', 'MR', 2, { explicitVr: true, littleEndian: false }),
      /other byte order/,
    ],
    [
      'implicit data in encapsulated clothes',
      '1.2.840.10008.1.2.4.50',
      el(0x00080060, 'CS', 'MR', 2, implicit),
      /implicit/,
    ],
  ])('%s', (_, syntax, element, warning) => {
    const file = readDicomBytes(part10(syntax, element));
    expect(text(file.dataset, 'Modality')).toBe('MR');
    expect(file.warnings.join()).toMatch(warning);
  });

  test.each([
    ['twice the same element', [modality, el(0x00080060, 'CS', 'CT')], 'CT', /there twice/],
    ['descending order', [rows, modality], 'MR', /ascending/],
    ['a delimiter outside of sequences', [sequenceEnd, modality], 'MR', /outside of any sequence/],
    [
      'an element longer than the file',
      [modality, el(0x00100010, 'PN', 'A^B', 500)],
      'MR',
      /longer than what holds it/,
    ],
    [
      'a VR that does not exist',
      [el(0x00080060, 'QQ' as Vr, 'MR')],
      'MR',
      /VR that the standard does not know/,
    ],
    ['bytes after the end', [modality, bytes([1, 2, 3])], 'MR', /no element/],
    ['a sequence without end', [modality, el(0x00081140, 'SQ', '', undefinedLength)], 'MR', /lacks its end/],
    [
      'an item without delimiter',
      [el(0x00081140, 'SQ', '', undefinedLength), item(undefinedLength), modality, sequenceEnd, modality],
      'MR',
      /lacks its delimiter/,
    ],
    [
      'something in a sequence that is no item',
      [modality, el(0x00081140, 'SQ', '', undefinedLength), rows, sequenceEnd],
      'MR',
      /no item/,
    ],
  ])('%s', (_, elements, value, warning) => {
    const file = readDicomBytes(part10(explicitLittleEndian, ...elements));
    expect(text(file.dataset, 'Modality')).toBe(value);
    expect(file.warnings.join()).toMatch(warning);
  });

  test('ascending order is made', () => {
    const file = readDicomBytes(part10(explicitLittleEndian, rows, modality));
    expect([...file.dataset.elements.keys()]).toEqual([0x00080060, 0x00280010]);
  });

  test.each([
    ['of defined length', el(0x12345678, 'UN', '', modality.length, implicit), []],
    ['half right', el(0xfffe5678, 'UN', '', undefinedLength, implicit), [itemEnd]],
  ])('an item with a damaged tag, %s, is read all the same', async (_, start, end) => {
    const open = el(0x00081140, 'SQ', '', undefinedLength);
    const given = part10(explicitLittleEndian, open, start, modality, ...end, item(0), sequenceEnd, rows);
    for (const file of [readDicomBytes(given), await readDicom(bytesSource(given))]) {
      expect(sequence(file.dataset, 0x00081140).map((one) => one.elements.size)).toEqual([1, 0]);
      expect(number(file.dataset, 'Rows')).toBe(258);
      expect(file.warnings.join()).toMatch(/wrong tag/);
    }
  });

  test('a broken sequence of defined length does not hide what follows', () => {
    const broken = bytes(elementHeader(0x00081140, 'SQ', rows.length, little), rows);
    const file = readDicomBytes(part10(explicitLittleEndian, broken, el(0x00100020, 'LO', 'ID')));
    expect(texts(file.dataset, 'PatientID')).toEqual(['ID']);
    expect(file.dataset.elements.get(0x00081140)?.damaged).toBe(true);
  });
});

describe('VRs that the file leaves open', () => {
  const open = (tag: number, value: string | readonly number[]) => el(tag, 'UN', value);

  test.each([
    ['a known element', [open(0x00280010, [2, 1])], 0x00280010, 'US'],
    ['an unknown element', [open(0x00280999, [2, 1])], 0x00280999, 'UN'],
    ['a private creator', [open(0x00090010, 'ACUSON')], 0x00090010, 'LO'],
    ['a known private element', [open(0x00090010, 'ACUSON'), open(0x00091000, '1 ')], 0x00091000, 'IS'],
    ['a private element of nobody', [open(0x00091000, '1 ')], 0x00091000, 'UN'],
    ['a repeating group', [open(0x60020010, [2, 1])], 0x60020010, 'US'],
    ['signed by its pixels', [el(0x00280103, 'US', [1, 0]), open(0x00280106, [255, 255])], 0x00280106, 'SS'],
    [
      'unsigned by its pixels',
      [el(0x00280103, 'US', [0, 0]), open(0x00280106, [255, 255])],
      0x00280106,
      'US',
    ],
  ] as const)('%s', (_, elements, tag, vr) => {
    const file = readDicomBytes(part10(explicitLittleEndian, ...elements));
    expect(file.dataset.elements.get(tag)?.vr).toBe(vr);
  });

  test('an unknown sequence of undefined length is in implicit encoding (PS3.5 6.2.2)', () => {
    const inside = el(0x00080060, 'CS', 'MR', 2, implicit);
    const unknown = bytes(
      el(0x00091001, 'UN', '', undefinedLength),
      item(undefinedLength),
      inside,
      itemEnd,
      sequenceEnd,
    );
    const file = readDicomBytes(part10(explicitLittleEndian, unknown, rows));
    const [first] = sequence(file.dataset, 0x00091001);
    expect(first === undefined ? '' : text(first, 'Modality')).toBe('MR');
    expect(number(file.dataset, 'Rows')).toBe(258);
  });

  test('signedness reaches into items', () => {
    const inside = el(0x00280106, 'US', [255, 255], 2, implicit);
    const file = readDicomBytes(
      part10(
        implicitLittleEndian,
        el(0x00280103, 'US', [1, 0], 2, implicit),
        el(0x00289145, 'SQ', '', undefinedLength, implicit),
        item(inside.length),
        inside,
        sequenceEnd,
      ),
    );
    expect(sequence(file.dataset, 0x00289145).map((one) => number(one, 0x00280106))).toEqual([-1]);
  });
});

describe('limits', () => {
  const nested = (depth: number): Uint8Array => {
    const open = bytes(el(0x00081140, 'SQ', '', undefinedLength), item(undefinedLength));
    return bytes(...Array.from({ length: depth }, () => open));
  };

  test.each([
    ['depth', part10(explicitLittleEndian, nested(200)), {}, /DICOM_TOO_DEEP/],
    ['depth, in a deep file', part10(explicitLittleEndian, nested(50_000)), {}, /DICOM_TOO_DEEP/],
    [
      'count',
      part10(explicitLittleEndian, modality, rows),
      { limits: { elements: 2 } },
      /DICOM_TOO_MANY_ELEMENTS/,
    ],
    [
      'inflated size',
      writeDicom(
        dataset({ SOPClassUID: '1.2', SOPInstanceUID: '1.3', PixelData: new Uint8Array(20_000_000) }),
        {
          transferSyntaxUid: deflatedLittleEndian,
        },
      ),
      { limits: { inflatedBytes: 10_000_000 } },
      /DICOM_INFLATE_LIMIT/,
    ],
    ['no deflated data', part10(deflatedLittleEndian, bytes([0xff, 0xff, 0xff])), {}, /DICOM_INFLATE_FAILED/],
  ] satisfies [string, Uint8Array, ReadOptions, RegExp][])('%s', async (_, given, options, code) => {
    expect(() => readDicomBytes(given, options)).toThrow(code);
    await expect(readDicom(bytesSource(given), options)).rejects.toThrow(code);
  });

  test('a file in which everything is wrong does not list it all', () => {
    const unknown = Array.from({ length: 5000 }, (_, i) => el(0x00100000 + i, 'QQ' as Vr, '')); // a VR that is none
    const file = readDicomBytes(part10(explicitLittleEndian, ...unknown));
    expect(file.dataset.elements.size).toBe(5000);
    expect(file.warnings.length).toBeLessThan(300);
  });

  test('a depth within the limit is read', () => {
    const file = readDicomBytes(part10(explicitLittleEndian, nested(90)));
    expect(file.dataset.elements.size).toBe(1);
  });

  test('a deflated data set that ends early is read as far as it goes', () => {
    const noise = Uint8Array.from({ length: 60_000 }, (_, i) => (i * i * 31) >>> 5);
    const whole = writeDicom(
      dataset({ SOPClassUID: '1.2', SOPInstanceUID: '1.3', Rows: 4, PixelData: noise }),
      {
        transferSyntaxUid: deflatedLittleEndian,
      },
    );
    const file = readDicomBytes(whole.subarray(0, whole.length - 200));
    expect(number(file.dataset, 'Rows')).toBe(4);
    expect(file.warnings.join()).toMatch(/ends early/);
  });
});

/** A source of many bytes of which only the first and the stretches given are other than zero. */
function sparseSource(size: number, parts: ReadonlyMap<number, Uint8Array>) {
  const asked = { reads: 0, bytes: 0 };
  const source: ByteSource = {
    name: 'a large file',
    size,
    read: async (offset, length) => {
      asked.reads += 1;
      const out = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      asked.bytes += out.length;
      for (const [at, part] of parts) {
        if (at >= offset + out.length || at + part.length <= offset) continue;
        const from = Math.max(0, offset - at);
        out.set(part.subarray(from, from + out.length - Math.max(0, at - offset)), Math.max(0, at - offset));
      }
      return out;
    },
    close: async () => {},
  };
  return { source, asked };
}

describe('large files', () => {
  const gigabyte = 2 ** 30;

  test('of one native value are opened by their header', async () => {
    const head = part10(explicitLittleEndian, modality, elementHeader(0x7fe00010, 'OW', gigabyte, little));
    const after = el(0xfffcfffc, 'OB', [1, 2]);
    const parts = new Map([
      [0, head],
      [head.length + gigabyte, after],
    ]);
    const { source, asked } = sparseSource(head.length + gigabyte + after.length, parts);
    const file = await readDicom(source);
    expect(file.dataset.elements.get(0x7fe00010)?.deferred).toEqual({
      offset: head.length,
      length: gigabyte,
    });
    expect(await readValue(file, file.dataset.elements.get(0xfffcfffc)!)).toEqual(Uint8Array.of(1, 2));
    expect(asked.bytes).toBeLessThan(100_000);
    expect(asked.reads).toBeLessThan(4);
  });

  test('of a thousand frames in fragments are opened by the headers of these', async () => {
    const head = part10(
      '1.2.840.10008.1.2.4.90',
      modality,
      elementHeader(0x7fe00010, 'OB', undefinedLength, little),
      item(0),
    );
    const frame = 2 ** 20;
    const parts = new Map([[0, head]]);
    let at = head.length;
    for (let i = 0; i < 1000; i++) {
      parts.set(at, item(frame));
      at += 8 + frame;
    }
    parts.set(at, sequenceEnd);
    const { source, asked } = sparseSource(at + 8, parts);
    const file = await readDicom(source);
    const fragments = file.dataset.elements.get(0x7fe00010)?.fragments ?? [];
    expect(fragments.length).toBe(1001);
    expect((await readRange(file, fragments[1000]!)).every((byte) => byte === 0)).toBe(true);
    expect(fragments[1000]?.length).toBe(frame);
    expect(asked.bytes).toBeLessThan(10_000_000 + frame);
  });

  test('a source that gives less than its size is refused', async () => {
    const { source } = sparseSource(5000, new Map([[0, part10(explicitLittleEndian, modality)]]));
    const short = { ...source, read: async (offset: number) => source.read(offset, 10) };
    await expect(readDicom(short)).rejects.toThrow(/FILE_UNREADABLE/);
  });
});

describe('reading in part', () => {
  const given = part10(
    explicitLittleEndian,
    modality,
    el(0x00081140, 'SQ', '', undefinedLength),
    item(undefinedLength),
    modality,
    itemEnd,
    sequenceEnd,
    rows,
    el(0x7fe00010, 'OW', [1, 2]),
  );

  test('stops before the pixel data', () => {
    const file = readDicomBytes(given, { stopBeforePixels: true });
    expect([...file.dataset.elements.keys()]).toEqual([0x00080060, 0x00081140, 0x00280010]);
  });

  test('keeps only what is asked for', () => {
    const file = readDicomBytes(given, { only: ['Rows', 0x00080060] });
    expect([...file.dataset.elements.keys()]).toEqual([0x00080060, 0x00280010]);
    expect(() => readDicomBytes(given, { only: ['Zeilen'] })).toThrow(/DICOM_KEYWORD_UNKNOWN/);
  });

  test('leaves values longer than asked in the file', async () => {
    const file = readDicomBytes(given, { deferAbove: 1 });
    const pixels = file.dataset.elements.get(0x7fe00010)!;
    expect(pixels.bytes).toBeUndefined();
    expect(await readValue(file, pixels)).toEqual(Uint8Array.of(1, 2));
    expect(() => numbers(file.dataset, 'PixelData')).toThrow(/DICOM_VALUE_DEFERRED/);
    const sequenceElement = file.dataset.elements.get(0x00081140)!;
    await expect(readValue(file, sequenceElement)).rejects.toThrow(/DICOM_VALUE_KIND/);
  });
});
