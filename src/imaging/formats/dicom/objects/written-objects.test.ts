import { describe, expect, test } from 'vitest';
import {
  fixedIdentity,
  madeLabelMap,
  madeSeries,
  oblique,
  placedSeries,
} from '../../../../../test/peers/dicom-source-series.ts';
import { HounsfieldError } from '../../../../errors.ts';
import { RandomStream } from '../../../../random.ts';
import { type Affine, geometry, geometryFrom } from '../../../geometry/geometry.ts';
import { type LabelMap, labelMap, medicalImage } from '../../../image/medical-image.ts';
import { dataset } from '../build-dataset.ts';
import { decodeFrame } from '../pixels/decode-frame.ts';
import { readDicomBytes } from '../read-dicom.ts';
import { number, numbers, personName, sequence, text } from '../values.ts';
import { readEncapsulatedDocument, writeEncapsulatedPdf } from './encapsulated-document.ts';
import { functionalGroups, groupItems } from './functional-groups.ts';
import { readMeasurementReport } from './measurement-report.ts';
import { readParametricMap } from './read-parametric-map.ts';
import { readSegmentation } from './read-segmentation.ts';
import { readStructureSet } from './read-structure-set.ts';
import { encodeRlePlanes } from './rle-encoder.ts';
import { writeSecondaryCapture } from './secondary-capture.ts';
import { structureMask } from './structure-mask.ts';
import { readWaveform } from './waveform.ts';
import { type NewMeasurementGroup, writeMeasurementReport } from './write-measurement-report.ts';
import { writeParametricMap } from './write-parametric-map.ts';
import { type WriteSegmentationOptions, writeSegmentation } from './write-segmentation.ts';
import { writeStructureSet } from './write-structure-set.ts';

const size = { width: 37, height: 29, depth: 7 };
const sources = madeSeries({ ...size, cosines: oblique });
const series = placedSeries(sources);
const map = madeLabelMap(series);
const algorithm = { type: 'AUTOMATIC', name: 'net', version: '2' } as const;
const person = { person: 'Reader^One' };
const code = (value: string, scheme: string, meaning: string) => ({ value, scheme, meaning });

const codeOfError = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof HounsfieldError) {
      expect(error.message).not.toMatch(/Müller|Zoë|P-1|19700101/);
      return error.code;
    }
    throw error;
  }
  return 'no error';
};

async function labelsOf(bytes: Uint8Array): Promise<LabelMap> {
  const read = await readSegmentation(readDicomBytes(bytes), { grid: series });
  if (read.kind === 'FRACTIONAL') throw new Error('labels were written');
  expect(read.warnings).toEqual([]);
  return read.labels;
}

describe('a segmentation that is written', () => {
  test.each([
    ['BINARY', 'none', [1, 2]],
    ['BINARY', 'deflated', [1, 2]],
    ['LABELMAP', 'none', [1, 2]],
    ['LABELMAP', 'rle', [1, 2]],
    ['LABELMAP', 'deflated', [1, 2]],
    ['LABELMAP', 'rle', [7, 300]],
    ['LABELMAP', 'none', [200, 65535]],
  ] as const)('as %s, %s, values %j, is read back the same', async (kind, compression, values) => {
    const given = madeLabelMap(series, values);
    const bytes = writeSegmentation(given, sources, { algorithm, kind, compression, ...fixedIdentity() });
    const back = await labelsOf(bytes);
    expect(Array.from(back.pixels)).toEqual(Array.from(given.pixels));
    expect(back.labels.map(({ value, name, type, category }) => ({ value, name, type, category }))).toEqual(
      given.labels.map(({ value, name, type, category }) => ({ value, name, type, category })),
    );
    back.labels[0]!.colour!.forEach((channel, i) => {
      expect(Math.abs(channel - given.labels[0]!.colour![i]!)).toBeLessThanOrEqual(1);
    });
  });

  test('holds the patient and study, the frame of reference and references to every source', () => {
    const { dataset: data } = readDicomBytes(
      writeSegmentation(map, sources, { algorithm, ...fixedIdentity() }),
    );
    expect(personName(data, 'PatientName')).toEqual(personName(sources[0]!, 'PatientName'));
    expect(text(data, 'StudyInstanceUID')).toBe('2.25.1');
    expect(text(data, 'StudyID')).toBeUndefined(); // too long for its VR: left empty
    expect(text(data, 'PatientAge')).toBe('050Y');
    expect(text(data, 'FrameOfReferenceUID')).toBe('2.25.3');
    const referenced = sequence(sequence(data, 'ReferencedSeriesSequence')[0]!, 'ReferencedInstanceSequence');
    expect(referenced.map((item) => text(item, 'ReferencedSOPInstanceUID'))).toEqual(
      series.frames.map((frame) => frame.sopInstanceUid),
    );
    const groups = functionalGroups(data, number(data, 'NumberOfFrames')!);
    for (let frame = 0; frame < groups.frames; frame++) {
      const derivation = groupItems(groups, frame, 'DerivationImageSequence')[0]!;
      const uid = text(sequence(derivation, 'SourceImageSequence')[0]!, 'ReferencedSOPInstanceUID');
      const source = sources.find((one) => text(one, 'SOPInstanceUID') === uid)!;
      const plane = groupItems(groups, frame, 'PlanePositionSequence')[0]!;
      expect(numbers(plane, 'ImagePositionPatient')).toEqual(numbers(source, 'ImagePositionPatient'));
    }
  });

  test('is the same bytes for the same UIDs and time, and has UIDs of its own otherwise', () => {
    const write = (more: object) => writeSegmentation(map, sources, { algorithm, ...more });
    expect(write(fixedIdentity())).toEqual(write(fixedIdentity()));
    const uids = [write({}), write({})].map(
      (bytes) => text(readDicomBytes(bytes).dataset, 'SOPInstanceUID')!,
    );
    expect(uids[0]).toMatch(/^2\.25\.\d+$/);
    expect(uids[0]).not.toBe(uids[1]);
  });

  test('keeps overlapping labels in layers', async () => {
    const volume = size.width * size.height * size.depth;
    const pixels = new Uint8Array(volume * 2);
    pixels.fill(1, 1000, 3000);
    pixels.fill(2, volume + 2500, volume + 5000);
    const labels = map.labels.map((label, i) => ({ ...label, channel: i }));
    const layered = labelMap(pixels, { ...size, channels: 2 }, labels, { geometry: series.geometry });
    const back = await labelsOf(writeSegmentation(layered, sources, { algorithm }));
    expect(back.channels).toBe(2);
    expect(back.pixels).toEqual(pixels);
  });

  test('of another orientation lies on its own grid and is the same in the patient', async () => {
    const { affine: a } = series.geometry;
    const { width, height, depth } = size;
    // slices run the other way, rows and columns change places
    const turned: Affine = [
      a[1],
      a[0],
      -a[2],
      a[3] + a[2] * (depth - 1),
      a[5],
      a[4],
      -a[6],
      a[7] + a[6] * (depth - 1),
      a[9],
      a[8],
      -a[10],
      a[11] + a[10] * (depth - 1),
    ];
    const pixels = new Uint8Array(map.pixels.length);
    for (let z = 0; z < depth; z++)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++)
          pixels[((depth - 1 - z) * width + x) * height + y] = map.pixels[(z * height + y) * width + x]!;
    const space = geometry(turned, 'patient', series.frameOfReferenceUid);
    const given = labelMap(pixels, { width: height, height: width, depth }, map.labels, { geometry: space });
    const bytes = writeSegmentation(given, sources, { algorithm });
    expect(number(readDicomBytes(bytes).dataset, 'Rows')).toBe(width);
    expect(Array.from((await labelsOf(bytes)).pixels)).toEqual(Array.from(map.pixels));
  });

  test('without a voxel has one empty frame', async () => {
    const empty = { ...map, pixels: new Uint8Array(map.pixels.length) };
    const bytes = writeSegmentation(empty, sources, { algorithm });
    expect(number(readDicomBytes(bytes).dataset, 'NumberOfFrames')).toBe(1);
    expect((await labelsOf(bytes)).pixels.some((value) => value !== 0)).toBe(false);
  });

  const radiograph = dataset({
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.1.1',
    SOPInstanceUID: '2.25.41',
    StudyInstanceUID: '2.25.42',
    SeriesInstanceUID: '2.25.43',
    Rows: 9,
    Columns: 11,
    Modality: 'DX',
    PatientName: 'Müller^Zoë',
  });
  test.each(['BINARY', 'LABELMAP'] as const)('of a radiograph lies on its pixels, %s', async (kind) => {
    const pixels = Uint8Array.from({ length: 99 }, (_, i) => (i % 7 === 0 ? 2 : i % 3 === 0 ? 1 : 0));
    const flat = labelMap(pixels, { width: 11, height: 9 }, map.labels);
    const bytes = writeSegmentation(flat, [radiograph], { algorithm, kind });
    const read = await readSegmentation(readDicomBytes(bytes), { grid: flat });
    if (read.kind === 'FRACTIONAL') throw new Error('labels were written');
    expect(read.labels.pixels).toEqual(pixels);
    expect(read.frameOfReferenceUid).toBeUndefined();
    expect(read.imageUids).toEqual(['2.25.41']);
    const placed = { ...flat, geometry: geometryFrom({ spacingMm: [1, 1, 1] }) };
    expect(codeOfError(() => writeSegmentation(placed, [radiograph], { algorithm, kind }))).toBe(
      'DERIVED_GRID',
    );
    expect(
      codeOfError(() => writeStructureSet(flat, [radiograph], { label: 'A', generation: 'MANUAL' })),
    ).toBe('STRUCTURE_PLANES');
  });

  test('of one slice is read back the same', async () => {
    const [first] = madeSeries({ width: 12, height: 10, depth: 1, cosines: oblique });
    const alone = placedSeries([first!]);
    const pixels = Uint8Array.from({ length: 120 }, (_, i) => i % 3);
    const slice = labelMap(pixels, alone, map.labels, { geometry: alone.geometry });
    const read = await readSegmentation(readDicomBytes(writeSegmentation(slice, [first!], { algorithm })), {
      grid: alone,
    });
    expect(read.kind !== 'FRACTIONAL' && read.labels.pixels).toEqual(pixels);
  });

  test('of slices far apart is placed on them alone', async () => {
    const pixels = new Uint8Array(map.pixels.length);
    const plane = size.width * size.height;
    pixels.fill(1, plane, plane + 50);
    pixels.fill(1, plane * 5, plane * 5 + 50);
    const back = await labelsOf(writeSegmentation({ ...map, pixels }, sources, { algorithm }));
    expect(back.pixels).toEqual(pixels);
  });

  const bare = { ...map, labels: [{ value: 1, name: 'x' }] };
  const moved = geometryFrom({ spacingMm: [1, 1, 1], frameOfReferenceUid: '2.25.3' });
  const small = labelMap(new Uint8Array(8), { width: 2, height: 2, depth: 2 }, map.labels, {
    geometry: series.geometry,
  });
  const other = madeSeries({ ...size, cosines: oblique, frameOfReferenceUid: '2.25.4' });
  const refused: readonly [
    string,
    LabelMap,
    readonly (typeof sources)[number][],
    Partial<WriteSegmentationOptions>,
  ][] = [
    ['SEGMENTATION_LABEL_CODES', bare, sources, {}],
    ['SEGMENTATION_LABELS', { ...map, labels: map.labels.slice(0, 1) }, sources, {}],
    ['SEGMENTATION_LABELS', { ...map, labels: [map.labels[0]!, map.labels[0]!] }, sources, {}],
    [
      'SEGMENTATION_LABELS',
      { ...map, labels: map.labels.map((label) => ({ ...label, channel: 3 })) },
      sources,
      {},
    ],
    ['SEGMENTATION_COMPRESSION', map, sources, { compression: 'rle' }],
    ['SEGMENTATION_OVERLAP', { ...map, channels: 2 }, sources, { kind: 'LABELMAP' }],
    ['DERIVED_OPTIONS', map, sources, { algorithm: { type: 'AUTOMATIC' } }],
    ['DERIVED_OPTIONS', map, sources, { contentLabel: 'small letters' }],
    ['DERIVED_OPTIONS', map, sources, { dateTime: 'yesterday' }],
    ['DERIVED_OPTIONS', map, sources, { uids: () => 'no uid' }],
    ['DERIVED_GRID', small, sources, {}],
    ['DERIVED_GRID', { ...map, geometry: { ...moved, frame: 'image' } }, sources, {}],
    ['GRID_FRAME_OF_REFERENCE', map, other, {}],
    ['DERIVED_SOURCE', map, [], {}],
    ['DERIVED_SOURCE', map, [...sources, sources[0]!], {}],
    ['DERIVED_SOURCE', map, sources.filter((_, i) => i !== 2 && i !== 3), {}],
    ['DERIVED_SOURCE', map, [sources[0]!, other[1]!], {}],
    ['DERIVED_SOURCE', map, [dataset({ PatientName: 'Müller^Zoë' })], {}],
  ];
  test.each(refused)('is refused with %s', (expected, given, from, more) => {
    const got = codeOfError(() => writeSegmentation(given, from, { algorithm, ...more }));
    expect(
      expected === 'DERIVED_SOURCE' ? ['DERIVED_SOURCE', 'DICOM_FRAMES_UNEVEN', 'DERIVED_GRID'] : [expected],
    ).toContain(got);
  });
});

describe('a parametric map that is written', () => {
  const unit = code('um2/s', 'UCUM', 'um2/s');
  const quantity = code('113041', 'DCM', 'Apparent Diffusion Coefficient');

  test.each([1, 2])('of %i quantities is read back the same, gaps included', async (channels) => {
    const random = new RandomStream({ seed: 3, purpose: 'parametric-map' });
    const count = size.width * size.height * size.depth * channels;
    const pixels = Float32Array.from({ length: count }, () => random.normal(0, 1e4));
    pixels[17] = Number.NaN;
    const image = medicalImage(pixels, { ...size, channels }, 32, 'arbitrary', { geometry: series.geometry });
    const quantities = ['ADC', 'FA']
      .slice(0, channels)
      .map((label) => ({ label, explanation: label, unit, quantity }));
    const bytes = writeParametricMap(image, sources, { quantities, ...fixedIdentity() });
    const back = await readParametricMap(readDicomBytes(bytes), { grid: series });
    expect(back.image.pixels).toEqual(pixels);
    expect(back.quantities).toEqual(quantities);
    expect(back.seriesUids).toEqual(['2.25.2']);
  });

  test('is refused without unit and for values beyond float32', () => {
    const image = medicalImage(
      new Float64Array(size.width * size.height * size.depth),
      size,
      64,
      'arbitrary',
      {
        geometry: series.geometry,
      },
    );
    expect(codeOfError(() => writeParametricMap(image, sources, { quantities: [{ label: 'x' }] }))).toBe(
      'DERIVED_OPTIONS',
    );
    image.pixels[3] = 1e300;
    expect(
      codeOfError(() => writeParametricMap(image, sources, { quantities: [{ label: 'x', unit }] })),
    ).toBe('PARAMETRIC_MAP_VALUES');
  });
});

describe('a structure set that is written', () => {
  test.each(['keyhole', 'xor'] as const)('with holes by %s fills to the same voxels', (holes) => {
    const bytes = writeStructureSet(map, sources, {
      label: 'AUTO',
      generation: 'AUTOMATIC',
      holes,
      interpretedTypes: new Map([[1, 'ORGAN']]),
      ...fixedIdentity(),
    });
    const { rois, imageUids, seriesUids } = readStructureSet(readDicomBytes(bytes).dataset);
    expect(
      rois.map(({ number: roi, name, interpretedType, generation }) => [
        roi,
        name,
        interpretedType,
        generation,
      ]),
    ).toEqual([
      [1, 'Liver', 'ORGAN', 'AUTOMATIC'],
      [2, 'Kidney', '', 'AUTOMATIC'],
    ]);
    expect(rois[0]!.colour).toEqual([221, 130, 101]);
    expect(seriesUids).toEqual(['2.25.2']);
    expect(imageUids).toHaveLength(size.depth);
    expect(new Set(rois[0]!.contours.map((one) => one.kind))).toEqual(
      new Set([holes === 'xor' ? 'CLOSEDPLANAR_XOR' : 'CLOSED_PLANAR']),
    );
    expect(structureMask(rois, series).pixels).toEqual(map.pixels);
  });

  test('is refused where slices lie between the source images', () => {
    const { affine: a } = series.geometry;
    const half: Affine = [
      a[0],
      a[1],
      -a[2],
      a[3] + a[2] / 2,
      a[4],
      a[5],
      -a[6],
      a[7] + a[6] / 2,
      a[8],
      a[9],
      -a[10],
      a[11] + a[10] / 2,
    ];
    const given = { ...map, geometry: geometry(half, 'patient', '2.25.3') };
    expect(codeOfError(() => writeStructureSet(given, sources, { label: 'A', generation: 'MANUAL' }))).toBe(
      'STRUCTURE_PLANES',
    );
    expect(codeOfError(() => writeStructureSet(map, sources, { label: '', generation: 'MANUAL' }))).toBe(
      'DERIVED_OPTIONS',
    );
  });
});

describe('a measurement report that is written', () => {
  const segmentation = readDicomBytes(
    writeSegmentation(map, sources, { algorithm, ...fixedIdentity() }),
  ).dataset;
  const segment = {
    sopClassUid: '1.2.840.10008.5.1.4.1.1.66.4',
    sopInstanceUid: text(segmentation, 'SOPInstanceUID')!,
    frames: [],
    segments: [1],
    channels: [],
  };
  const image = {
    sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
    sopInstanceUid: '2.25.1003',
    frames: [],
    segments: [],
    channels: [],
  };
  const mass = code('4147007', 'SCT', 'Mass');
  const full = {
    sites: [{ site: code('10200004', 'SCT', 'Liver'), laterality: code('24028007', 'SCT', 'Right') }],
    sourceSeriesUids: [],
    sourceImages: [image],
    segments: [],
    regions: [],
    measurements: [],
    evaluations: [],
  };
  const groups: readonly NewMeasurementGroup[] = [
    {
      ...full,
      trackingId: 'one',
      trackingUid: '2.25.71',
      finding: mass,
      category: code('49755003', 'SCT', 'Morphologically Abnormal Structure'),
      segments: [segment],
      measurements: [
        {
          concept: code('118565006', 'SCT', 'Volume'),
          value: 53297.12345678901,
          unit: code('mm3', 'UCUM', 'cubic millimeter'),
          sites: [],
          modifiers: [],
          images: [],
        },
        {
          concept: code('410668003', 'SCT', 'Length'),
          value: undefined,
          unit: undefined,
          qualifier: code('114000', 'DCM', 'Not a number'),
          derivation: code('56851009', 'SCT', 'Maximum'),
          sites: [],
          modifiers: [{ concept: code('363698000', 'SCT', 'Modifier'), value: mass }],
          images: [],
        },
      ],
      evaluations: [
        { concept: code('112058', 'DCM', 'Calcium score'), value: code('2667000', 'SCT', 'Absent') },
        { concept: code('121106', 'DCM', 'Comment'), value: 'im Ganzen unauffällig' },
      ],
    },
    {
      ...full,
      trackingId: 'two',
      trackingUid: '2.25.72',
      finding: mass,
      regions: [{ kind: 'image', graphic: 'POLYLINE', points: [1.5, 2, 8, 2, 8, 9.25, 1.5, 2], image }],
    },
    {
      ...full,
      trackingId: 'three',
      trackingUid: '2.25.73',
      finding: mass,
      regions: [{ kind: 'patient', graphic: 'POINT', points: [1, 2, 3], frameOfReferenceUid: '2.25.3' }],
    },
  ];
  const options = {
    observers: { ...person, device: { uid: '2.25.88', name: 'net' } },
    procedure: code('25045-6', 'LN', 'CT Unspecified body region'),
    evidence: [segmentation],
    ...fixedIdentity(),
  };

  test('is read back the same', () => {
    const bytes = writeMeasurementReport(groups, sources, options);
    const back = readMeasurementReport(readDicomBytes(bytes).dataset);
    expect(back.groups).toEqual(groups);
    expect(back.observers).toEqual(['person', 'device']);
    expect(back.procedures).toEqual([options.procedure]);
    expect(back.images).toHaveLength(size.depth);
    expect(back.language?.value).toBe('en-US');
  });

  const wrong = [
    ['REPORT_EVIDENCE', groups, { evidence: [] }],
    ['DERIVED_OPTIONS', groups, { observers: {} }],
    ['REPORT_MEASUREMENT', [{ measurements: [{ concept: mass, value: Number.NaN, unit: mass }] }], {}],
    ['REPORT_MEASUREMENT', [{ measurements: [{ concept: mass, value: undefined, unit: mass }] }], {}],
    ['REPORT_MEASUREMENT', [{ trackingUid: 'x' }], {}],
  ] as const;
  test.each(wrong)('is refused with %s', (expected, given, more) => {
    expect(codeOfError(() => writeMeasurementReport(given, sources, { ...options, ...more }))).toBe(expected);
  });
});

describe('a secondary capture that is written', () => {
  const values = (length: number, most: number) => Array.from({ length }, (_, i) => (i * 7919) % most);
  const shapes = [
    { channels: 1, depth: 1, bits: 8 },
    { channels: 1, depth: 1, bits: 16 },
    { channels: 3, depth: 1, bits: 8 },
    { channels: 1, depth: 3, bits: 8 },
    { channels: 1, depth: 3, bits: 16 },
    { channels: 3, depth: 3, bits: 8 },
  ].flatMap((shape) =>
    (['none', 'rle', 'deflated'] as const).map((compression) => ({ ...shape, compression })),
  );

  test.each(shapes)(
    '$channels channels, $depth slices, $bits bits, $compression',
    async ({ channels, depth, bits, compression }) => {
      const [width, height] = [33, 21];
      const list = values(channels * depth * width * height, 2 ** bits);
      const pixels = bits === 8 ? Uint8Array.from(list) : Uint16Array.from(list);
      const image = medicalImage(pixels, { channels, depth, height, width });
      const bytes = writeSecondaryCapture(image, sources, {
        burnedInAnnotation: 'YES',
        compression,
        ...fixedIdentity(),
      });
      const file = readDicomBytes(bytes);
      expect(text(file.dataset, 'BurnedInAnnotation')).toBe('YES');
      const plane = width * height;
      for (let z = 0; z < depth; z++) {
        const frame = await decodeFrame(file, z);
        for (let c = 0; c < channels; c++) {
          expect(Array.from(frame.values.subarray(c * plane, (c + 1) * plane))).toEqual(
            Array.from(pixels.subarray((c * depth + z) * plane, (c * depth + z + 1) * plane)),
          );
        }
      }
    },
  );

  test('is refused for pixels that a screen does not show', () => {
    const image = medicalImage(new Float32Array(4), { height: 2, width: 2 });
    expect(codeOfError(() => writeSecondaryCapture(image, sources, { burnedInAnnotation: 'NO' }))).toBe(
      'SECONDARY_CAPTURE_PIXELS',
    );
  });
});

describe('an encapsulated PDF that is written', () => {
  test.each([20, 21])('of %i bytes is read back the same', async (length) => {
    const pdf = Uint8Array.from({ length }, (_, i) => '%PDF-'.charCodeAt(i) || i);
    const bytes = writeEncapsulatedPdf(pdf, sources, { title: 'Befund', burnedInAnnotation: 'YES' });
    const back = await readEncapsulatedDocument(readDicomBytes(bytes));
    expect(back).toEqual({ bytes: pdf, mimeType: 'application/pdf', title: 'Befund' });
  });

  test('is refused when it is no PDF', () => {
    const run = () =>
      writeEncapsulatedPdf(new Uint8Array(9), sources, { title: '', burnedInAnnotation: 'NO' });
    expect(codeOfError(run)).toBe('DOCUMENT_NOT_PDF');
  });
});

describe('RLE Lossless', () => {
  test.each([1, 2, 3, 127, 128, 129, 130, 300])(
    'rows of %i pixels decode to what was encoded',
    async (width) => {
      const random = new RandomStream({ seed: width, purpose: 'rle' });
      let last = 0;
      const pixels = Uint16Array.from(
        { length: width * 5 },
        () => (last = random.chance(0.7) ? last : random.integer(3) * 257),
      );
      const image = medicalImage(pixels, { height: 5, width });
      const file = readDicomBytes(
        writeSecondaryCapture(image, sources, { burnedInAnnotation: 'NO', compression: 'rle' }),
      );
      expect((await decodeFrame(file, 0)).values).toEqual(pixels);
      expect(encodeRlePlanes(new Uint8Array(width * 5), width, 5, 1, 1).length % 2).toBe(0);
    },
  );
});

describe('damaged objects', () => {
  const made: Readonly<Record<string, { bytes: Uint8Array; read: (bytes: Uint8Array) => Promise<unknown> }>> =
    {
      segmentation: {
        bytes: writeSegmentation(map, sources, { algorithm, ...fixedIdentity() }),
        read: (bytes) => readSegmentation(readDicomBytes(bytes), { maxVoxels: 2 ** 24 }),
      },
      'label map': {
        bytes: writeSegmentation(map, sources, {
          algorithm,
          kind: 'LABELMAP',
          compression: 'rle',
          ...fixedIdentity(),
        }),
        read: (bytes) => readSegmentation(readDicomBytes(bytes), { maxVoxels: 2 ** 24, grid: series }),
      },
      'structure set': {
        bytes: writeStructureSet(map, sources, { label: 'A', generation: 'MANUAL', ...fixedIdentity() }),
        read: async (bytes) => structureMask(readStructureSet(readDicomBytes(bytes).dataset).rois, series),
      },
      report: {
        bytes: writeMeasurementReport(
          [
            {
              trackingId: 'x',
              regions: [
                { kind: 'patient', graphic: 'POINT', points: [1, 2, 3], frameOfReferenceUid: '2.25.3' },
              ],
            },
          ],
          sources,
          {
            observers: person,
            procedure: code('25045-6', 'LN', 'CT'),
            ...fixedIdentity(),
          },
        ),
        read: async (bytes) => readMeasurementReport(readDicomBytes(bytes).dataset),
      },
      'parametric map': {
        bytes: writeParametricMap(
          medicalImage(new Float32Array(map.pixels.length), size, 32, 'arbitrary', {
            geometry: series.geometry,
          }),
          sources,
          { quantities: [{ label: 'x', unit: code('1', 'UCUM', 'no units') }], ...fixedIdentity() },
        ),
        read: (bytes) => readParametricMap(readDicomBytes(bytes), { maxVoxels: 2 ** 24 }),
      },
    };

  test.each(Object.entries(made))(
    '%s: 150 mutations end in values or a coded error',
    async (_, { bytes, read }) => {
      const random = new RandomStream({ seed: 8, purpose: 'damaged-objects' });
      for (let i = 0; i < 150; i++) {
        const damaged = bytes.slice(0, random.chance(0.2) ? random.integer(bytes.length) : bytes.length);
        for (let n = random.integer(6); n >= 0 && damaged.length > 0; n--)
          damaged[random.integer(damaged.length)] = random.integer(256);
        const start = performance.now();
        try {
          await read(damaged);
        } catch (error) {
          if (!(error instanceof HounsfieldError)) throw new Error(`mutation ${i}`, { cause: error });
        }
        expect(performance.now() - start).toBeLessThan(2000);
      }
    },
  );

  test('a waveform that states more than is there', async () => {
    const group = {
      NumberOfWaveformChannels: 2,
      NumberOfWaveformSamples: 4e9,
      SamplingFrequency: 500,
      WaveformSampleInterpretation: 'SS',
    };
    const inMemory = {
      ...readDicomBytes(
        writeEncapsulatedPdf(new TextEncoder().encode('%PDF-1'), sources, {
          title: 't',
          burnedInAnnotation: 'NO',
        }),
      ),
      dataset: dataset({ WaveformSequence: [{ ...group }] }),
    };
    await expect(readWaveform(inMemory)).rejects.toMatchObject({ code: 'WAVEFORM_INVALID' });
  });
});
