import { describe, expect, test } from 'vitest';
import { type BuildRecord, dataset } from '../build-dataset.ts';
import type { DataElement, Dataset } from '../dataset.ts';
import { formatTag } from '../dictionary.ts';
import { decodeFrame } from '../pixels/decode-frame.ts';
import { readDicom } from '../read-dicom.ts';
import { sequence, text, texts } from '../values.ts';
import { writeDicom } from '../write-dicom.ts';
import {
  createDeidentifier,
  type DeidentifierSettings,
  deidentifiedBytes,
  deidentifyDicom,
} from './deidentify-dicom.ts';
import { knownDeviceRules, parseRegionRules } from './region-rules.ts';

const key = new Uint8Array(32).fill(5);
const CT = '1.2.840.10008.5.1.4.1.1.2';
const US = '1.2.840.10008.5.1.4.1.1.6.1';
const SC = '1.2.840.10008.5.1.4.1.1.7';

const image = (more: BuildRecord = {}): BuildRecord => ({
  SOPClassUID: CT,
  SOPInstanceUID: '1.2.3.4',
  StudyInstanceUID: '1.2.3',
  SeriesInstanceUID: '1.2.3.1',
  Modality: 'CT',
  PatientName: 'Doe^Jane',
  PatientID: '4711',
  StudyDate: '20200301',
  Rows: 4,
  Columns: 6,
  SamplesPerPixel: 1,
  PhotometricInterpretation: 'MONOCHROME2',
  BitsAllocated: 8,
  BitsStored: 8,
  HighBit: 7,
  PixelRepresentation: 0,
  PixelData: Uint8Array.from({ length: 24 }, (_, i) => i + 1),
  ...more,
});

async function made(
  record: BuildRecord,
  settings: Partial<DeidentifierSettings> = {},
  transferSyntaxUid = '1.2.840.10008.1.2.1',
) {
  const bytes = writeDicom(dataset(record), { transferSyntaxUid });
  const before = bytes.slice();
  const result = await deidentifyDicom(bytes, await createDeidentifier({ key, ...settings }));
  const written = await deidentifiedBytes(result);
  expect(bytes).toEqual(before);
  return { ...result, bytes, written, file: await readDicom(written) };
}

describe('what stays keeps its bytes', () => {
  test.each([
    ['implicit little endian', '1.2.840.10008.1.2'],
    ['explicit little endian', '1.2.840.10008.1.2.1'],
    ['explicit big endian', '1.2.840.10008.1.2.2'],
    ['deflated', '1.2.840.10008.1.2.1.99'],
  ])('%s', async (_, syntax) => {
    const odd = { WindowCenter: '40 \\ 50', SoftwareVersions: ' v1 ', ConvolutionKernel: 'B30f' };
    const nested = {
      AnatomicRegionSequence: [{ CodeValue: 'T-D3000', CodingSchemeDesignator: 'SRT', CodeMeaning: 'Chest' }],
    };
    const { bytes, file } = await made(image({ ...odd, ...nested }), {}, syntax);
    const source = await readDicom(bytes);
    const changed = new Set([
      '(0008,0018)',
      '(0008,0020)',
      '(0010,0010)',
      '(0010,0020)',
      '(0020,000D)',
      '(0020,000E)',
    ]);
    expect(file.transferSyntaxUid).toBe(syntax);
    let kept = 0;
    const same = (a: Dataset, b: Dataset | undefined) => {
      for (const element of a.elements.values()) {
        if (a === source.dataset && changed.has(formatTag(element.tag))) continue;
        const other: DataElement | undefined = b?.elements.get(element.tag);
        expect([formatTag(element.tag), other?.vr, other?.bytes]).toEqual([
          formatTag(element.tag),
          element.vr,
          element.bytes,
        ]);
        for (const [i, item] of (element.items ?? []).entries()) same(item, other?.items?.[i]);
        kept++;
      }
    };
    same(source.dataset, file.dataset);
    expect(kept).toBeGreaterThan(16);
  });

  test('a preamble and the meta group do not', async () => {
    const bytes = writeDicom(dataset(image()), { applicationTitle: 'WARD7' });
    bytes.fill(0x41, 0, 128);
    const out = await deidentifiedBytes(await deidentifyDicom(bytes, await createDeidentifier({ key })));
    expect(out.subarray(0, 128).every((byte) => byte === 0)).toBe(true);
    const { meta } = await readDicom(out);
    expect([...meta.elements.keys()].map(formatTag)).toEqual(
      ['0000', '0001', '0002', '0003', '0010', '0012', '0013'].map((part) => `(0002,${part})`),
    );
  });
});

describe('statements', () => {
  test('of the method, in words and codes', async () => {
    const options = ['retainModifiedDates', 'cleanDescriptors', 'cleanPixelData'] as const;
    const { file } = await made(image(), { options });
    expect(texts(file.dataset, 'DeidentificationMethod')).toEqual([
      'PS3.15 2026c Table E.1-1',
      'Basic Application Confidentiality Profile',
      'Retain Longitudinal Temporal Information Modified Dates Option',
      'Clean Descriptors Option',
    ]);
    const codes = sequence(file.dataset, 'DeidentificationMethodCodeSequence').map((item) =>
      text(item, 'CodeValue'),
    );
    expect(codes).toEqual(['113100', '113107', '113105']);
    expect(text(file.dataset, 'PatientIdentityRemoved')).toBe('YES');
  });

  test.each([
    [[], 'REMOVED', ''],
    [['retainFullDates'], 'UNMODIFIED', '20200301'],
    [['retainModifiedDates'], 'MODIFIED', '20150915'],
  ] as const)('of dates with %j', async (options, said, date) => {
    const { file } = await made(image(), { options });
    expect(text(file.dataset, 'LongitudinalTemporalInformationModified')).toBe(said);
    const found = text(file.dataset, 'StudyDate') ?? '';
    if (said === 'MODIFIED') expect(found).toMatch(/^20[12]\d{5}$/);
    else expect(found).toBe(date);
  });

  test('every file of a patient gets the same pseudonym and shift, another patient others', async () => {
    const options = ['retainModifiedDates'] as const;
    const [a, b, c] = await Promise.all([
      made(image(), { options }),
      made(image({ SOPInstanceUID: '1.2.3.5', PatientName: 'DOE^J.' }), { options }),
      made(image({ PatientID: '4712' }), { options }),
    ]);
    const facts = ({ file }: typeof a) =>
      ['PatientID', 'StudyDate', 'StudyInstanceUID'].map((name) => text(file.dataset, name));
    expect(facts(a)).toEqual(facts(b));
    expect(facts(c)[0]).not.toBe(facts(a)[0]);
    expect(facts(c)[2]).toBe(facts(a)[2]);
  });
});

describe('images that may show names', () => {
  test.each([
    ['Burned In Annotation YES', { BurnedInAnnotation: 'YES' }],
    ['ultrasound', { SOPClassUID: US, Modality: 'US' }],
    ['a secondary capture', { SOPClassUID: SC, Modality: 'CT' }],
    ['angiography', { Modality: 'XA' }],
    ['a dose page', { ImageType: ['DERIVED', 'SECONDARY', 'SCREEN SAVE'] }],
    ["a slide's label", { ImageType: ['ORIGINAL', 'PRIMARY', 'LABEL'], BurnedInAnnotation: 'NO' }],
  ])('%s: refused, or accepted with a warning', async (_, more) => {
    await expect(made(image(more))).rejects.toThrow(/^DEID_BURNED_IN/);
    const { warnings } = await made(image(more), { suspectPixels: 'accept' });
    expect(warnings[0]).toMatch(/^The image may show names/);
  });

  test.each([
    ['CT', {}],
    ['ultrasound that says NO', { SOPClassUID: US, Modality: 'US', BurnedInAnnotation: 'NO' }],
  ])('%s passes', async (_, more) => {
    expect((await made(image(more))).warnings).toEqual([]);
  });

  test('without a rule cleaning refuses', async () => {
    const run = made(image({ BurnedInAnnotation: 'YES' }), { options: ['cleanPixelData'] });
    await expect(run).rejects.toThrow(/^DEID_NO_RULE/);
  });
});

describe('regions are blackened', () => {
  const options = ['cleanPixelData'] as const;
  const rule =
    '[{"name": "top row", "when": {"Modality": "=CT", "Manufacturer": "acme"}, "regions": [[1, 0, 4, 2]]}]';
  const regionRules = parseRegionRules(rule, 'rules.json');
  const expected = Array.from({ length: 24 }, (_, i) => (i < 12 && i % 6 > 0 && i % 6 < 5 ? 0 : i + 1));

  test.each(['1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.1.99'])(
    '8 bits, %s',
    async (syntax) => {
      const more = { Manufacturer: 'ACME Inc.', BurnedInAnnotation: 'YES' };
      const { file, warnings } = await made(image(more), { options, regionRules }, syntax);
      expect(Array.from((await decodeFrame(file, 0)).values)).toEqual(expected);
      expect(text(file.dataset, 'BurnedInAnnotation')).toBe('NO');
      expect(warnings).toEqual(['Regions of the image were blackened (top row); look at the result.']);
      expect(texts(file.dataset, 'DeidentificationMethod')).toContain('Clean Pixel Data Option');
    },
  );

  test.each(['1.2.840.10008.1.2.1', '1.2.840.10008.1.2.2'])(
    '16 bits, MONOCHROME1, two frames, %s',
    async (syntax) => {
      const values = Uint16Array.from({ length: 48 }, (_, i) => i + 1);
      const little = syntax.endsWith('.1');
      const pixels = new Uint8Array(values.buffer.slice(0));
      const more = {
        ...{
          Manufacturer: 'ACME',
          PhotometricInterpretation: 'MONOCHROME1',
          NumberOfFrames: 2,
          PixelData: pixels,
        },
        ...{ BitsAllocated: 16, BitsStored: 12, HighBit: 11 },
      };
      const { file } = await made(image(more), { options, regionRules }, syntax);
      expect(little || !file.dataset.littleEndian).toBe(true);
      for (const frame of [0, 1])
        expect(Array.from((await decodeFrame(file, frame)).values)).toEqual(
          expected.map((value) => (value === 0 ? 4095 : value + 24 * frame)),
        );
    },
  );

  test.each([0, 1])('colour, planar configuration %i', async (planar) => {
    const values = Uint8Array.from({ length: 72 }, (_, i) => i + 1);
    const more = {
      SamplesPerPixel: 3,
      PhotometricInterpretation: 'RGB',
      PlanarConfiguration: planar,
      PixelData: values,
    };
    const before = await readDicom(writeDicom(dataset(image({ Manufacturer: 'ACME', ...more }))));
    const { file } = await made(image({ Manufacturer: 'ACME', ...more }), { options, regionRules });
    const stored = Array.from((await decodeFrame(before, 0)).values);
    const black = stored.map((value, i) => (expected[i % 24] === 0 ? 0 : value));
    expect(Array.from((await decodeFrame(file, 0)).values)).toEqual(black);
  });

  test('single bits, two frames', async () => {
    const more = {
      BitsAllocated: 1,
      BitsStored: 1,
      HighBit: 0,
      NumberOfFrames: 2,
      PixelData: new Uint8Array(6).fill(255),
    };
    const { file } = await made(image({ Manufacturer: 'ACME', ...more }), { options, regionRules });
    const kept = expected.map((value) => (value === 0 ? 0 : 1));
    for (const frame of [0, 1]) expect(Array.from((await decodeFrame(file, frame)).values)).toEqual(kept);
  });

  test('RLE becomes native, the rest of the data set is kept', async () => {
    const rle = Uint8Array.from([
      1,
      0,
      0,
      0,
      64,
      ...new Array(59).fill(0),
      23,
      ...Array.from({ length: 24 }, (_, i) => i + 1),
      0,
    ]);
    const bytes = writeDicom(
      dataset({ ...image({ Manufacturer: 'ACME', ConvolutionKernel: 'B30f' }), PixelData: undefined }),
      {
        transferSyntaxUid: '1.2.840.10008.1.2.5',
        frames: [rle],
      },
    );
    const result = await deidentifyDicom(bytes, await createDeidentifier({ key, options, regionRules }));
    const file = await readDicom(await deidentifiedBytes(result));
    expect(file.transferSyntaxUid).toBe('1.2.840.10008.1.2.1');
    expect(Array.from((await decodeFrame(file, 0)).values)).toEqual(expected);
    expect(text(file.dataset, 'ConvolutionKernel')).toBe('B30f');
    expect(file.warnings).toEqual([]);
  });

  test('ultrasound keeps only what lies in its own regions', async () => {
    const region = {
      RegionLocationMinX0: 2,
      RegionLocationMinY0: 1,
      RegionLocationMaxX1: 3,
      RegionLocationMaxY1: 2,
    };
    const more = { SOPClassUID: US, Modality: 'US', SequenceOfUltrasoundRegions: [region] };
    const { file } = await made(image(more), { options });
    const kept = Array.from((await decodeFrame(file, 0)).values).filter((value) => value > 0);
    expect(kept).toEqual([9, 10, 15, 16]);
  });

  test.each([
    ['Siemens dose page', { Manufacturer: 'SIEMENS', ImageType: ['DERIVED', 'SECONDARY'], Rows: 860 }, 60],
    ['Philips dose page', { Manufacturer: 'Philips', ImageType: ['DERIVED', 'DOSE_INFO'], Rows: 512 }, 135],
  ])('%s by the rules that come along', async (_, more, rows) => {
    const pixels = new Uint8Array(more.Rows * 6).fill(9);
    const { file } = await made(image({ ...more, PixelData: pixels }), { options });
    const { values } = await decodeFrame(file, 0);
    const first = values.findIndex((value) => value !== 0);
    expect([first / 6, values.lastIndexOf(0) / 6 < rows]).toEqual([rows, true]);
  });

  test.each([
    [0, [0x0123, 0x0fff, 0x0800]],
    [1, [0x0123, 0xffff, 0xf800]],
  ])('overlays in unused bits go, Pixel Representation %i', async (representation, cleared) => {
    const stored = Uint16Array.from({ length: 24 }, (_, i) => [0xa123, 0x5fff, 0xf800][i % 3]!);
    const overlay = { '60000010': 4, '60000011': 6, '60000100': 16, '60000102': 13, '60000040': 'G' };
    const more = {
      BitsAllocated: 16,
      BitsStored: 12,
      HighBit: 11,
      PixelRepresentation: representation,
      ...overlay,
    };
    const { file, warnings } = await made(image({ ...more, PixelData: new Uint8Array(stored.buffer) }));
    const { bytes } = file.dataset.elements.get(0x7fe00010)!;
    const view = new DataView(bytes!.buffer, bytes!.byteOffset);
    expect([0, 1, 2].map((i) => view.getUint16(i * 2, true))).toEqual(cleared);
    expect(warnings).toEqual(['Overlays in unused bits of the pixel data were cleared.']);
    expect([...file.dataset.elements.keys()].filter((tag) => tag >>> 16 === 0x6000)).toEqual([]);
  });

  test('a transfer syntax that is no UID is refused', async () => {
    const bytes = writeDicom(dataset(image()));
    const at = Buffer.from(bytes).indexOf('1.2.840.10008.1.2.1');
    bytes.set(new TextEncoder().encode('JANE DOE'), at);
    await expect(deidentifyDicom(bytes, await createDeidentifier({ key }))).rejects.toThrow(/^DEID_DAMAGED/);
  });

  test('bytes behind the image go', async () => {
    const pixels = Uint8Array.from([
      ...Array.from({ length: 24 }, (_, i) => i + 1),
      ...new TextEncoder().encode('Jane Doe'),
    ]);
    const { file, warnings } = await made(image({ PixelData: pixels }));
    expect(file.dataset.elements.get(0x7fe00010)!.bytes).toHaveLength(24);
    expect(warnings).toEqual(['Bytes behind the image in its pixel data were left out.']);
  });
});

describe('region rules', () => {
  test('those that come along are read', () => {
    expect(knownDeviceRules().length).toBeGreaterThan(80);
  });
  test.each([
    ['{', /is no JSON/],
    ['{}', /is no list/],
    ['[{"when": {"Modality": "US"}, "regions": [[0,0,1,1]]}]', /lacks its name/],
    ['[{"name": "a", "when": {}, "regions": [[0,0,1,1]]}]', /does not say when/],
    ['[{"name": "a", "when": {"Modalty": "US"}, "regions": [[0,0,1,1]]}]', /unknown attribute Modalty/],
    ['[{"name": "a", "when": {"Modality": ""}, "regions": [[0,0,1,1]]}]', /gives no text/],
    ['[{"name": "a", "when": {"Modality": "US"}, "regions": [[0,0,1]]}]', /four whole numbers/],
    ['[{"name": "a", "when": {"Modality": "US"}, "regions": [[0,0,1,-1]]}]', /four whole numbers/],
  ])('%s is refused', (rules, message) => {
    expect(() => parseRegionRules(rules, 'rules.json')).toThrow(/^DEID_REGION_RULES: rules.json/);
    expect(() => parseRegionRules(rules, 'rules.json')).toThrow(message);
  });
});

describe('private elements', () => {
  const creator = (tag: number, name: string) => [tag, 'LO', name] as const;
  const base = Object.entries(image());
  const seeded = dataset([
    ...base.map(([name, value]) => [name, value!] as const),
    creator(0x00190010, 'SIEMENS MR HEADER'),
    [0x0019100c, 'IS', '1000'],
    [0x00191008, 'CS', 'IMAGE NUM 4'],
    creator(0x00290010, 'Jane Doe'),
    [0x00291010, 'LO', 'Jane Doe'],
    creator(0x20010010, 'Philips Imaging DD 001'),
    [0x20011003, 'FL', 1000],
    [0x2001105f, 'SQ', [{ PatientName: 'Doe^Jane', SeriesDescription: 'Doe', Rows: 4 }]],
    [0x20011050, 'LO', 'marker of Doe'],
    creator(0x01290010, 'SIEMENS Ultrasound SC2000'),
    [0x01291002, 'UI', '1.2.3.99'],
  ]);
  const privates = async (options: readonly 'retainSafePrivate'[], syntax: string) => {
    const bytes = writeDicom(seeded, { transferSyntaxUid: syntax });
    const result = await deidentifyDicom(bytes, await createDeidentifier({ key, options }));
    const { dataset: found } = await readDicom(await deidentifiedBytes(result));
    return { found, tags: [...found.elements.keys()].filter((tag) => (tag & 0x10000) !== 0) };
  };

  test('go without the option', async () => {
    expect((await privates([], '1.2.840.10008.1.2.1')).tags).toEqual([]);
  });

  test.each(['1.2.840.10008.1.2', '1.2.840.10008.1.2.1'])(
    'safe ones stay with it, cleaned inside, %s',
    async (syntax) => {
      const { found, tags } = await privates(['retainSafePrivate'], syntax);
      const kept = [0x00190010, 0x0019100c, 0x01290010, 0x01291002, 0x20010010, 0x20011003, 0x2001105f];
      // Without a VR in the file, only what the private dictionary knows keeps one.
      expect(tags.filter((tag) => !kept.includes(tag))).toEqual([]);
      expect(tags).toEqual(expect.arrayContaining([0x00190010, 0x0019100c, 0x20010010, 0x20011003]));
      if (syntax === '1.2.840.10008.1.2') return;
      expect(tags).toEqual(kept);
      expect(text(found, 0x01291002)).toMatch(/^2[.]25[.]/);
      const [item] = sequence(found, 0x2001105f);
      expect([...item!.elements.keys()]).toEqual([0x00100010, 0x00280010]);
      expect(text(item!, 'PatientName')).toBeUndefined();
    },
  );
});

describe('objects that are not handled', () => {
  test('an encapsulated document', async () => {
    await expect(made(image({ EncapsulatedDocument: new Uint8Array(4) }))).rejects.toThrow(/^DEID_DOCUMENT/);
  });
  test('a directory', async () => {
    await expect(made(image({ DirectoryRecordSequence: [] }))).rejects.toThrow(/^DEID_DICOMDIR/);
  });
  test('a file that ends early', async () => {
    const bytes = writeDicom(dataset(image())).subarray(0, -10);
    await expect(deidentifyDicom(bytes, await createDeidentifier({ key }))).rejects.toThrow(/^DEID_DAMAGED/);
  });
});
