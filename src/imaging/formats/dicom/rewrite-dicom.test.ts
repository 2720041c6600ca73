import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { bytesSource } from '../byte-source.ts';
import { dataset } from './build-dataset.ts';
import { buildElementFor } from './encode-text.ts';
import { readDicom, readDicomBytes } from './read-dicom.ts';
import { changeElements, changeItems, rewriteDicomToBytes } from './rewrite-dicom.ts';
import {
  deflatedLittleEndian,
  explicitBigEndian,
  explicitLittleEndian,
  implicitLittleEndian,
} from './transfer-syntax.ts';
import { number, numbers, sequence, text, texts } from './values.ts';
import { writeDicom } from './write-dicom.ts';

const patientName = 0x00100010;
const patientId = 0x00100020;
const studies = 0x00081110;

const sample = dataset({
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.7',
  SOPInstanceUID: '2.25.1',
  PatientName: 'Doe^Jane',
  PatientID: '4711',
  ReferencedStudySequence: [
    { ReferencedSOPInstanceUID: '2.25.2', PatientName: 'Doe^Jane', PatientID: '4711' },
    { ReferencedSOPInstanceUID: '2.25.3' },
  ],
  Rows: 2,
  PixelData: Uint8Array.from({ length: 66_000 }, (_, i) => i),
});

const syntaxes = [implicitLittleEndian, explicitLittleEndian, explicitBigEndian, deflatedLittleEndian];
const ways = syntaxes.flatMap((syntax) => [[syntax, 'defined'] as const, [syntax, 'undefined'] as const]);

describe.each(ways)('transfer syntax %s, sequences of %s length', (transferSyntaxUid, sequenceLengths) => {
  const given = writeDicom(sample, { transferSyntaxUid, sequenceLengths });

  test('without a change: the same bytes', async () => {
    const out = await rewriteDicomToBytes(readDicomBytes(given));
    const deflated = transferSyntaxUid === deflatedLittleEndian;
    expect(
      out.length === given.length && out.every((byte, i) => byte === given[i]) ? 'same' : 'different',
    ).toBe(deflated && out.length !== given.length ? 'different' : 'same');
    const again = await readDicomBytes(out).source.read(0, 1e9);
    if (deflated) expect(Buffer.compare(again, await readDicomBytes(given).source.read(0, 1e9))).toBe(0);
  });

  test('removed, replaced and added elements, in items, too', async () => {
    const file = await readDicom(bytesSource(given));
    const [first, second] = sequence(file.dataset, studies);
    const items = [
      changeElements(first!, [
        [patientName, undefined],
        [patientId, undefined],
      ]),
      second!,
    ];
    const changed = changeElements(file.dataset, [
      [patientName, buildElementFor(file.dataset, patientName, 'Süß')],
      [patientId, undefined],
      [studies, changeItems(file.dataset.elements.get(studies)!, items)],
      [0x00120062, buildElementFor(file.dataset, 'PatientIdentityRemoved', 'YES')],
      [0x00280011, buildElementFor(file.dataset, 'Columns', 258)],
    ]);
    const out = await rewriteDicomToBytes(file, changed);
    const again = readDicomBytes(out);
    expect(again.warnings).toEqual([]);
    expect(text(again.dataset, patientName)).toBe('Süß');
    expect(again.dataset.elements.has(patientId)).toBe(false);
    expect(sequence(again.dataset, studies).map((item) => item.elements.size)).toEqual([1, 1]);
    expect(number(again.dataset, 'Columns')).toBe(258);
    expect(numbers(readDicomBytes(out, { deferAbove: 1e9 }).dataset, 'PixelData')).toEqual(
      numbers(readDicomBytes(given, { deferAbove: 1e9 }).dataset, 'PixelData'),
    );
    const bytes = Buffer.from(await again.source.read(0, 1e9));
    expect(bytes.includes('Doe') || bytes.includes('4711') || Buffer.from(out).includes('Doe')).toBe(false);
    expect(await rewriteDicomToBytes(again)).toEqual(out);
  });

  test.each(syntaxes)('into transfer syntax %s', async (target) => {
    const out = await rewriteDicomToBytes(readDicomBytes(given), sample, { transferSyntaxUid: target });
    expect(readDicomBytes(out).warnings).toEqual([]);
    const [a, b] = [out, given].map((one) => readDicomBytes(one, { deferAbove: 1e9 }).dataset);
    expect([...a!.elements.keys()]).toEqual([...b!.elements.keys()]);
    expect(numbers(a!, 'PixelData')).toEqual(numbers(b!, 'PixelData'));
    const converted = await rewriteDicomToBytes(readDicomBytes(given), undefined, {
      transferSyntaxUid: target,
    });
    const study = readDicomBytes(converted).dataset.elements.get(studies);
    expect(study?.items?.every((item) => item.explicitVr === (target !== implicitLittleEndian))).toBe(true);
    expect(numbers(readDicomBytes(converted, { deferAbove: 1e9 }).dataset, 'PixelData')).toEqual(
      numbers(b!, 'PixelData'),
    );
  });
});

describe('encapsulated', () => {
  const { PixelData: _, ...rest } = { PixelData: 0 };
  const header = dataset({
    ...rest,
    SOPClassUID: '1.2',
    SOPInstanceUID: '1.3',
    PatientID: '4711',
    NumberOfFrames: 2,
  });
  const frames = [Uint8Array.of(1, 2, 3), [Uint8Array.of(4, 5), Uint8Array.of(6, 7, 8, 9)]];
  const given = writeDicom(header, { transferSyntaxUid: '1.2.840.10008.1.2.5', frames });

  test('fragments keep their bytes', async () => {
    const file = readDicomBytes(given);
    expect(Buffer.compare(await rewriteDicomToBytes(file), given)).toBe(0);
    const out = readDicomBytes(
      await rewriteDicomToBytes(file, changeElements(file.dataset, [[patientId, undefined]])),
    );
    const lengths = (one: typeof file) =>
      one.dataset.elements.get(0x7fe00010)?.fragments?.map(({ length }) => length);
    expect(lengths(out)).toEqual([8, 4, 2, 4]);
    expect(lengths(out)).toEqual(lengths(file));
  });

  test('fragments of a file that ends within them are closed', async () => {
    const file = readDicomBytes(given.subarray(0, given.length - 9));
    expect(file.warnings.join()).toMatch(/lacks its delimiter/);
    const out = readDicomBytes(await rewriteDicomToBytes(file));
    expect(out.warnings).toEqual([]);
  });

  test('new frames instead of the old', async () => {
    const out = readDicomBytes(
      await rewriteDicomToBytes(readDicomBytes(given), undefined, { frames: [new Uint8Array(6)] }),
    );
    expect(out.dataset.elements.get(0x7fe00010)?.fragments?.map(({ length }) => length)).toEqual([4, 6]);
  });
});

test('a preamble is zeroed unless it is to be kept', async () => {
  const given = writeDicom(sample).fill(7, 0, 128);
  expect((await rewriteDicomToBytes(readDicomBytes(given))).subarray(0, 128)).toEqual(new Uint8Array(128));
  expect((await rewriteDicomToBytes(readDicomBytes(given), undefined, { preamble: 'keep' }))[5]).toBe(7);
});

describe('what surrounds a change', () => {
  const latin = { ...dataset({ SOPClassUID: '1.2', SOPInstanceUID: '1.3' }), characterSets: ['ISO_IR 100'] };
  const given = writeDicom(
    changeElements(latin, [
      [0x00080000, buildElementFor(latin, 0x00080000, 4)],
      [patientName, buildElementFor(latin, patientName, 'Süß')],
      [studies, { tag: studies, vr: 'SQ', items: [] }],
    ]),
  );

  test('an item in another character set than its file says so', async () => {
    const file = readDicomBytes(given);
    const items = [dataset({ PatientName: '王^小东' }), dataset({ PatientID: 'ASCII' })];
    const changed = changeElements(file.dataset, [
      [studies, changeItems(file.dataset.elements.get(studies)!, items)],
    ]);
    const again = readDicomBytes(await rewriteDicomToBytes(file, changed)).dataset;
    expect(text(again, patientName)).toBe('Süß');
    const [chinese, ascii] = sequence(again, studies);
    expect([text(chinese!, patientName), chinese!.elements.size]).toEqual(['王^小东', 2]);
    expect([text(ascii!, patientId), ascii!.elements.size]).toEqual(['ASCII', 1]);
  });

  test('a retired length of a group goes once its group may have changed', async () => {
    const withLength = changeElements(latin, [[0x00080000, buildElementFor(latin, 0x00080000, 4)]]);
    const pieces = await rewriteDicomToBytes(readDicomBytes(given), { ...withLength });
    expect(readDicomBytes(pieces).dataset.elements.has(0x00080000)).toBe(false);
  });

  test('items in implicit encoding within an explicit file stay so (PS3.5 6.2.2)', async () => {
    const header = [0x09, 0, 0x10, 0x10, 0x55, 0x4e, 0, 0, 0xff, 0xff, 0xff, 0xff];
    const inside = [0x10, 0, 0x20, 0, 2, 0, 0, 0, 0x34, 0x37, 0x10, 0, 0x40, 0, 2, 0, 0, 0, 0x46, 0x20];
    const item = [0xfe, 0xff, 0, 0xe0, inside.length, 0, 0, 0, ...inside];
    const whole = Uint8Array.from([
      ...writeDicom(latin),
      ...header,
      ...item,
      ...[0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0],
    ]);
    const file = readDicomBytes(whole);
    const tag = 0x00091010;
    const [first] = sequence(file.dataset, tag);
    expect([first?.explicitVr, text(first!, patientId)]).toEqual([false, '47']);
    const items = [changeElements(first!, [[patientId, undefined]])];
    const changed = changeElements(file.dataset, [
      [tag, changeItems(file.dataset.elements.get(tag)!, items)],
    ]);
    const again = readDicomBytes(await rewriteDicomToBytes(file, changed));
    expect(again.warnings).toEqual([]);
    const [second] = sequence(again.dataset, tag);
    expect([text(second!, 'PatientSex'), second!.elements.size]).toEqual(['F', 1]);
  });

  test('an element whose header is of another encoding is written in the right one', async () => {
    const implicitElement = [0x10, 0, 0x20, 0, 2, 0, 0, 0, 0x34, 0x37];
    const file = readDicomBytes(Uint8Array.from([...writeDicom(latin), ...implicitElement]));
    expect(text(file.dataset, patientId)).toBe('47');
    const out = await rewriteDicomToBytes(file);
    expect(Buffer.from(out).includes(Buffer.from([0x10, 0, 0x20, 0, 0x4c, 0x4f, 2, 0, 0x34, 0x37]))).toBe(
      true,
    );
  });
});

test('text that the character set lacks is refused, other text is written in it', () => {
  const latin = { ...sample, characterSets: ['ISO_IR 100'] };
  expect(buildElementFor(latin, 'PatientName', 'Süß').bytes).toEqual(Uint8Array.of(0x53, 0xfc, 0xdf, 0x20));
  expect(() => buildElementFor(latin, 'PatientName', '王')).toThrow(/DICOM_TEXT_UNENCODABLE/);
  const chinese = { ...sample, characterSets: ['GB18030'] };
  const element = buildElementFor(chinese, 'PatientName', '王^小东');
  expect(texts({ ...chinese, elements: new Map([[patientName, element]]) }, 'PatientName')).toEqual([
    '王^小东',
  ]);
});

const data =
  process.env['HOUNSFIELD_DATA'] ?? fileURLToPath(new URL('../../../../../shared/data', import.meta.url));
const sets = [
  'pydicom_dicom',
  'dicom_codecs_wg04',
  'highdicom_dicom',
  'torchio_ct_dicom_series',
  'sts_sarcoma_3d/dicom',
];

/** Files that are not written as they were, and why. */
const notTheSame: Readonly<Record<string, string>> = {
  'winter.dcm': 'has an element twice; one is left',
  'MR_truncated.dcm': 'ends within its pixel data; the length is made right',
  'rtplan_truncated.dcm': 'ends within a sequence; the lengths are made right',
  'emri_small_jpeg_2k_lossless_too_short.dcm': 'ends within its fragments; they are closed',
  'SC_rgb_jpeg.dcm': 'is in implicit encoding against its transfer syntax; it is made explicit',
  'no_meta_group_length.dcm': 'lacks the length of its meta group; it is added',
  'ExplVR_BigEndNoMeta.dcm': 'has no meta group; it is added',
  'ExplVR_LitEndNoMeta.dcm': 'has no meta group; it is added',
  'rtstruct.dcm': 'has no meta group; it is added',
  'OT-PAL-8-face.dcm': 'has no meta group; it is added',
  'image_dfl.dcm': 'is deflated anew, by another encoder',
};

describe.each(sets)('files of %s, read and written without a change', (set) => {
  const folder = path.join(data, set);
  const present = existsSync(folder);
  test.skipIf(!present)(
    `byte-identical${present ? '' : ` (skipped: no ${set} in HOUNSFIELD_DATA)`}`,
    async () => {
      const different: string[] = [];
      for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
        const full = path.join(folder, name);
        if (!statSync(full).isFile()) continue;
        const given = readFileSync(full);
        if (given.subarray(128, 132).toString() !== 'DICM' && !(path.basename(full) in notTheSame)) continue;
        const out = await rewriteDicomToBytes(readDicomBytes(given), undefined, { preamble: 'keep' });
        if (Buffer.compare(given, out) !== 0) different.push(path.basename(full));
      }
      expect(different.filter((name) => !(name in notTheSame))).toEqual([]);
    },
  );
});
