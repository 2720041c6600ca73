import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { isHounsfieldError } from '../../src/errors.ts';
import { dataset } from '../../src/imaging/formats/dicom/build-dataset.ts';
import type { DicomFile } from '../../src/imaging/formats/dicom/dataset.ts';
import { colourFromCielab, colourToCielab } from '../../src/imaging/formats/dicom/objects/cielab.ts';
import { contentText } from '../../src/imaging/formats/dicom/objects/content-text.ts';
import type { ContentItem } from '../../src/imaging/formats/dicom/objects/content-tree.ts';
import { readMeasurementReport } from '../../src/imaging/formats/dicom/objects/measurement-report.ts';
import {
  readPresentationState,
  stateWindow,
} from '../../src/imaging/formats/dicom/objects/presentation-state.ts';
import { readParametricMap } from '../../src/imaging/formats/dicom/objects/read-parametric-map.ts';
import {
  readSegmentation,
  type Segmentation,
} from '../../src/imaging/formats/dicom/objects/read-segmentation.ts';
import { readStructureSet } from '../../src/imaging/formats/dicom/objects/read-structure-set.ts';
import { sourceSeries } from '../../src/imaging/formats/dicom/objects/source-series.ts';
import { structureMask } from '../../src/imaging/formats/dicom/objects/structure-mask.ts';
import { readWaveform } from '../../src/imaging/formats/dicom/objects/waveform.ts';
import { writeMeasurementReport } from '../../src/imaging/formats/dicom/objects/write-measurement-report.ts';
import { readDicom, readDicomBytes } from '../../src/imaging/formats/dicom/read-dicom.ts';
import { numbers } from '../../src/imaging/formats/dicom/values.ts';
import { fileSource } from '../../src/imaging/formats/file-source.node.ts';
import { geometryFrom } from '../../src/imaging/geometry/geometry.ts';
import type { MedicalImage } from '../../src/imaging/image/medical-image.ts';
import { RandomStream } from '../../src/random.ts';
import {
  bytesOfArray,
  channel,
  expectedObjects,
  madeObjects,
  openMade,
  sha256,
  sharedData,
} from './dicom-objects-fixture.ts';

interface SegmentationRecord {
  readonly type: string;
  /** Maximum Fractional Value. */
  readonly most: number;
  readonly shape: readonly [number, number, number, number];
  readonly affine?: readonly (readonly number[])[];
  readonly segmentSha256: readonly string[];
  readonly numbers?: readonly number[];
  readonly segments?: readonly {
    number: number;
    label: string;
    type: string;
    trackingUid: string;
    rgb: readonly number[] | null;
  }[];
}

const objects = madeObjects();
const made = expectedObjects<Record<string, unknown>>('objects');
const data = expectedObjects<{
  segmentations: Record<string, SegmentationRecord>;
  reports: Record<
    string,
    { items: number; types: string[]; numbers: [string, number, string][]; groups?: Record<string, string[]> }
  >;
  electrocardiograms: Record<
    string,
    { rate: number; shape: number[]; names: string[]; units: string[]; sha256: string[] }[]
  >;
  structureSets: Record<
    string,
    { rois: string[]; contours: number[]; maskSha256: string; maskShape: number[] }
  >;
}>('data');

/** One test for each record whose file is there; the others are skipped by name. */
function sharedTests<T>(
  records: Record<string, T>,
  fileOf: (name: string) => string,
  body: (file: string, expected: T) => Promise<void>,
): void {
  for (const [name, expected] of Object.entries(records)) {
    const { path: file, there, skipped } = sharedData(fileOf(name));
    test.skipIf(!there)(`${name}${skipped}`, () => body(file, expected));
  }
}

async function openShared(file: string) {
  const source = await fileSource(file);
  const bytes = await source.read(0, source.size);
  await source.close();
  return readDicom(bytes);
}

/** A segment's stored values, as highdicom gives them: 0 or 1, or the stored fraction. */
function segmentValues(read: Segmentation, index: number, most: number): Uint8Array {
  if (read.kind === 'FRACTIONAL') {
    return Uint8Array.from(channel(read.fractions, index), (value) => Math.round(value * most));
  }
  const { value, channel: layer = 0 } = read.labels.labels[index]!;
  return Uint8Array.from(channel(read.labels, layer), (one) => (one === value ? 1 : 0));
}

/** The affine of (slice, row, column) that highdicom gives, as one of (column, row, slice). */
function columnsFirst(affine: readonly (readonly number[])[]): number[] {
  return affine.slice(0, 3).flatMap(([slice, row, column, origin]) => [column!, row!, slice!, origin!]);
}

function compareSegmentation(read: Segmentation, expected: SegmentationRecord): void {
  const image: MedicalImage = read.kind === 'FRACTIONAL' ? read.fractions : read.labels;
  expect([image.depth, image.height, image.width]).toEqual(expected.shape.slice(0, 3));
  expect(read.kind).toBe(expected.type);
  expected.segmentSha256.forEach((checksum, i) => {
    expect(sha256(segmentValues(read, i, expected.most)), `segment ${i + 1}`).toBe(checksum);
  });
  if (expected.affine) {
    const own = image.geometry!.affine;
    columnsFirst(expected.affine).forEach((value, i) => {
      expect(Math.abs(own[i]! - value), `affine ${i}`).toBeLessThan(1e-4);
    });
  }
}

describe('segmentations made by highdicom', () => {
  const names = Object.keys(made).filter((name) => name.startsWith('seg-'));

  test.each(names)('%s', async (name) => {
    const expected = made[name] as SegmentationRecord; // written by the script
    const read = await readSegmentation(openMade(objects, name));
    compareSegmentation(read, expected);
    expect(read.segments.filter((one) => one.number > 0).map((one) => one.label)).toEqual(
      expected.segments!.filter((one) => one.number > 0).map((one) => one.label),
    );
    for (const segment of expected.segments!.filter((one) => one.number > 0)) {
      const own = read.segments.find((one) => one.number === segment.number)!;
      expect(own.type?.value).toBe(segment.type);
      expect(own.trackingUid).toBe(segment.trackingUid);
      expect(own.colour ?? null).toEqual(segment.rgb);
      expect(own.algorithmName).toBe('net');
    }
  });

  test('frames in another order are the same volume', async () => {
    const [one, other] = await Promise.all(
      ['seg-binary-overlap', 'seg-binary-shuffled'].map((name) => readSegmentation(openMade(objects, name))),
    );
    if (one?.kind !== 'BINARY' || other?.kind !== 'BINARY') throw new Error('both are binary');
    expect(other.labels.pixels).toEqual(one.labels.pixels);
    expect(one.labels.channels).toBe(2);
  });
});

describe('segmentations of the shared data', () => {
  sharedTests(
    data.segmentations,
    (name) => name,
    async (file, expected) => {
      compareSegmentation(await readSegmentation(await openShared(file)), expected);
    },
  );
});

describe('parametric maps made by highdicom', () => {
  test.each(['pm-float', 'pm-double', 'pm-uint16-rle', 'pm-uint8'])('%s', async (name) => {
    const expected = made[name] as {
      shape: number[];
      sha256: string;
      sha256Float32: string;
      unit: string;
      affine: number[][];
    };
    const { image, quantities } = await readParametricMap(openMade(objects, name));
    expect([image.depth, image.height, image.width]).toEqual(expected.shape);
    const checksum = image.pixels instanceof Float64Array ? expected.sha256 : expected.sha256Float32;
    expect(sha256(bytesOfArray(image.pixels))).toBe(checksum);
    expect(quantities.map((one) => one.unit?.value)).toEqual([expected.unit]);
    columnsFirst(expected.affine).forEach((value, i) => {
      expect(Math.abs(image.geometry!.affine[i]! - value)).toBeLessThan(1e-4);
    });
  });

  test('two quantities are two channels', async () => {
    const expected = made['pm-two-quantities'] as { sha256: string[]; units: string[] };
    const { image, quantities } = await readParametricMap(openMade(objects, 'pm-two-quantities'));
    expect(quantities.map((one) => one.unit?.value)).toEqual(expected.units);
    expect([0, 1].map((i) => sha256(bytesOfArray(channel(image, i))))).toEqual(expected.sha256);
  });
});

describe('objects made by dcmqi', () => {
  test('a segmentation', async () => {
    const expected = made['dcmqi-seg'] as { shape: number[]; sha256: string; rgb: number[][] };
    const read = await readSegmentation(openMade(objects, 'dcmqi-seg'), { grid: await grid() });
    if (read.kind !== 'BINARY') throw new Error('dcmqi wrote bits');
    const labels = new Uint8Array(read.labels.pixels.length / read.labels.channels);
    const volume = labels.length;
    read.labels.pixels.forEach((value, i) => {
      labels[i % volume] = Math.max(labels[i % volume]!, value);
    });
    expect(sha256(labels)).toBe(expected.sha256);
    read.segments.forEach(({ colour }, i) => {
      colour!.forEach((channel, c) => {
        expect(Math.abs(channel - expected.rgb[i]![c]!)).toBeLessThanOrEqual(1);
      });
    });
  });

  test('a parametric map', async () => {
    const expected = made['dcmqi-pm'] as { sha256: string; unit: string };
    // on its own grid: dcmqi changes row and column spacing of parametric maps about
    const { image, quantities } = await readParametricMap(openMade(objects, 'dcmqi-pm'));
    expect(sha256(bytesOfArray(image.pixels))).toBe(expected.sha256);
    expect(quantities[0]!.unit?.value).toBe(expected.unit);
    expect(quantities[0]!.quantity?.value).toBe('113041');
  });

  const grid = async () =>
    sourceSeries([0, 1, 2, 3, 4, 5].map((i) => openMade(objects, `source-${i}`).dataset));
});

describe('damaged objects of the peers', () => {
  const readers: readonly [RegExp, (file: DicomFile) => unknown][] = [
    [/seg/, (file) => readSegmentation(file, { maxVoxels: 2 ** 22 })],
    [/pm/, (file) => readParametricMap(file, { maxVoxels: 2 ** 22 })],
    [/gsps/, readPresentationState],
    [/ecg/, readWaveform],
    [/sr/, ({ dataset }) => contentText(readMeasurementReport(dataset).content)],
    [/rtstruct/, ({ dataset }) => readStructureSet(dataset)],
  ];
  const names = Object.keys(objects).filter((name) => readers.some(([kind]) => kind.test(name)));

  test.each(names)('%s: 40 mutations end in values or a coded error', async (name) => {
    const read = readers.find(([kind]) => kind.test(name))![1];
    const random = new RandomStream({ seed: 6, purpose: name });
    for (let i = 0; i < 40; i++) {
      const bytes = objects[name]!.slice();
      for (let n = random.integer(6); n >= 0; n--)
        bytes[random.integer(Math.min(6000, bytes.length))] = random.integer(256);
      try {
        await read(readDicomBytes(bytes));
      } catch (error) {
        if (!isHounsfieldError(error)) throw new Error(`mutation ${i}`, { cause: error });
        expect(error.code).not.toBe('DICOM_KEYWORD_UNKNOWN');
      }
    }
  });
});

describe('a presentation state made by highdicom', () => {
  test('windows, images, drawings', async () => {
    const expected = made['gsps'] as {
      windows: number[][];
      images: string[];
      line: number[];
      kinds: string[];
      text: string;
    };
    const state = await readPresentationState(openMade(objects, 'gsps'));
    expect(state.windows.map(({ windows: [one] }) => [one!.center, one!.width])).toEqual(expected.windows);
    expect(state.images.map((one) => one.sopInstanceUid)).toEqual(expected.images);
    expect(state.annotations[0]!.graphics.map((one) => one.kind)).toEqual(expected.kinds);
    expect(state.annotations[0]!.graphics[0]!.points).toEqual(expected.line);
    expect(state.annotations[0]!.texts[0]!.text).toBe(expected.text);
    expect(stateWindow(state, expected.images[1]!)).toMatchObject({ center: -500, function: 'SIGMOID' });
    expect(stateWindow(state, '1.2.3')).toBeUndefined();
    expect(state.layers[0]!.colour).toEqual([255, 0, 0]);
  });
});

function countItems(item: ContentItem): number {
  return item.children.reduce((sum, child) => sum + 1 + countItems(child), 0);
}

function flat(item: ContentItem): ContentItem[] {
  return item.children.flatMap((child) => [child, ...flat(child)]);
}

describe('reports', () => {
  test('measurements written by highdicom', () => {
    const expected = made['sr-measurements'] as {
      items: number;
      groups: {
        kind: string;
        trackingId: string;
        trackingUid: string;
        finding: string;
        category: string | null;
        sites: string[];
        measurements: [string, number | null, string][];
        evaluations: [string, string][];
      }[];
    };
    const report = readMeasurementReport(openMade(objects, 'sr-measurements').dataset);
    expect(countItems(report.content)).toBe(expected.items);
    for (const group of expected.groups) {
      const own = report.groups.find((one) => one.trackingUid === group.trackingUid)!;
      expect(own.trackingId).toBe(group.trackingId);
      expect(own.finding?.value).toBe(group.finding);
      expect(own.category?.value ?? null).toBe(group.category);
      expect(own.measurements.map((one) => [one.concept.value, one.value ?? null, one.unit?.value])).toEqual(
        group.measurements,
      );
      expect(
        own.evaluations.map((one) => [
          one.concept.value,
          typeof one.value === 'string' ? one.value : one.value.value,
        ]),
      ).toEqual(group.evaluations);
    }
    const [planar, volumetric, patient] = ['lesion 1', 'lesion 2', 'lesion 3'].map((id) =>
      report.groups.find((one) => one.trackingId === id),
    );
    expect(planar!.regions[0]).toMatchObject({
      kind: 'image',
      graphic: 'POLYLINE',
      points: [2, 2, 8, 2, 8, 6.5, 2, 2],
    });
    expect(planar!.sites[0]?.laterality?.meaning).toBe('Right');
    expect(volumetric!.segments[0]).toMatchObject({ segments: [2] });
    expect(volumetric!.sourceImages).toHaveLength(3);
    expect(patient!.regions[0]).toMatchObject({ kind: 'patient', graphic: 'POLYGON' });
    expect(contentText(report.content)).toContain('Volume: 1234.5678 mm3');
  });

  sharedTests(
    data.reports,
    (name) => name,
    async (file, expected) => {
      const { dataset } = await openShared(file);
      const report = readMeasurementReport(dataset);
      const items = flat(report.content);
      expect(items.length).toBe(expected.items);
      expect(items.map((one) => one.value.type)).toEqual(expected.types);
      const numbers = items.flatMap(({ concept, value }) =>
        value.type === 'NUM' && value.unit ? [[concept?.value, value.value, value.unit.value]] : [],
      );
      expect(numbers).toEqual(expected.numbers);
      const uids = Object.values(expected.groups ?? {}).flat();
      if (uids.length > 0)
        expect(report.groups.map((one) => one.trackingUid).toSorted()).toEqual(uids.toSorted());
      expect(contentText(report.content).split('\n').length).toBe(expected.items + 1);
    },
  );
});

test('a report that highdicom wrote is written again the same', () => {
  const report = readMeasurementReport(openMade(objects, 'sr-measurements').dataset);
  const sources = [0, 1, 2, 3, 4, 5].map((i) => openMade(objects, `source-${i}`).dataset);
  const referenced = report.groups.flatMap((group) => group.segments);
  const evidence = referenced.map((one) =>
    dataset({
      SOPClassUID: one.sopClassUid,
      SOPInstanceUID: one.sopInstanceUid,
      StudyInstanceUID: '2.25.3141592653589793.1',
      SeriesInstanceUID: '2.25.3141592653589793.8',
    }),
  );
  const bytes = writeMeasurementReport(report.groups, sources, {
    observers: { person: 'Reader^One' },
    procedure: report.procedures[0]!,
    evidence,
  });
  expect(readMeasurementReport(readDicomBytes(bytes).dataset).groups).toEqual(report.groups);
});

describe('waveforms', () => {
  test('linear samples as pydicom scales them, the padding value as NaN', async () => {
    const expected = made['ecg-linear'] as {
      groups: { sha256: string[]; first: number[][] }[];
      padded: [number, number];
    };
    const { groups } = await readWaveform(openMade(objects, 'ecg-linear'));
    expect(groups.map((one) => one.offsetS)).toEqual([0, 0.1]);
    groups.forEach(({ signal }, g) => {
      signal.channels.forEach((one, c) => {
        const raw = one.stored!;
        const scaled = Float64Array.from(raw.samples, (value, i) =>
          Number.isNaN(one.samples[i]!) ? (value - raw.baseline) / raw.gain : one.samples[i]!,
        );
        const [first, end] = expected.padded;
        const gap = g === 0 && c === 1;
        expect([...one.samples.keys()].filter((i) => Number.isNaN(one.samples[i]!))).toEqual(
          gap ? Array.from({ length: end - first }, (_, i) => first + i) : [],
        );
        if (!gap) expect(sha256(bytesOfArray(scaled))).toBe(expected.groups[g]!.sha256[c]);
        expected.groups[g]!.first.forEach((row, i) => {
          expect(one.samples[i]).toBe(row[c]);
        });
      });
    });
  });

  test.each(['ecg-mu-law', 'ecg-a-law'])('%s expands as G.711', async (name) => {
    const { values } = made[name] as { values: number[] };
    const { groups } = await readWaveform(openMade(objects, name));
    const [one, other] = groups[0]!.signal.channels;
    expect(Array.from(one!.samples)).toEqual(values);
    expect(Array.from(other!.samples)).toEqual(values.toReversed());
  });

  sharedTests(
    data.electrocardiograms,
    (name) => name,
    async (file, expected) => {
      const { groups } = await readWaveform(await openShared(file));
      expect(groups.length).toBe(expected.length);
      groups.forEach(({ signal }, g) => {
        const group = expected[g]!;
        expect(signal.samplingRateHz).toBe(group.rate);
        expect(signal.channels.map((one) => one.name)).toEqual(group.names);
        expect(signal.channels.map((one) => one.unit)).toEqual(group.units);
        expect(signal.channels.map((one) => sha256(bytesOfArray(one.samples)))).toEqual(group.sha256);
      });
    },
  );
});

describe('structure sets', () => {
  function dice(a: ArrayLike<number>, b: ArrayLike<number>): number {
    let [both, sum] = [0, 0];
    for (let i = 0; i < a.length; i++) {
      const [one, other] = [a[i] !== 0, b[i] !== 0];
      if (one && other) both++;
      sum += Number(one) + Number(other);
    }
    return (2 * both) / sum;
  }

  test('of rt-utils: names, colours, rings by even-odd and by channel', () => {
    const expected = made['rtstruct'] as {
      names: string[];
      colours: number[][];
      contours: number[];
      shape: [number, number, number];
      spacing: [number, number, number];
      origin: [number, number, number];
      masks: Record<string, string>;
      drawn: Record<string, number>;
    };
    const set = readStructureSet(openMade(objects, 'rtstruct').dataset);
    expect(set.rois.map((roi) => roi.name)).toEqual(expected.names);
    expect(set.rois.map((roi) => roi.colour)).toEqual(expected.colours);
    expect(set.rois.map((roi) => roi.contours.length)).toEqual(expected.contours);
    const [depth, height, width] = expected.shape;
    const geometry = geometryFrom({ spacingMm: expected.spacing, originMm: expected.origin });
    for (const roi of set.rois) {
      const mask = structureMask([roi], { width, height, depth, geometry });
      const bits = Buffer.from(expected.masks[roi.name]!, 'hex');
      const theirs = Uint8Array.from(
        { length: mask.pixels.length },
        (_, i) => (bits[i >> 3]! >> (7 - (i & 7))) & 1,
      );
      // rt-utils writes the centres of border pixels and fills with the border: half a pixel all round
      expect(dice(mask.pixels, theirs), roi.name).toBeGreaterThan(0.9);
      const slices = (values: ArrayLike<number>) =>
        Array.from({ length: depth }, (_, z) =>
          Array.from({ length: width * height }, (_, i) => values[z * width * height + i]!).some(
            (v) => v !== 0,
          ),
        );
      expect(slices(mask.pixels)).toEqual(slices(theirs));
    }
    const both = structureMask(set.rois, { width, height, depth, geometry });
    expect(both.channels).toBeGreaterThan(1);
  });

  sharedTests(
    data.structureSets,
    (modality) => `sts_sarcoma_3d/dicom/STS_002/${modality}`,
    async (folder, expected) => {
      const images = readdirSync(path.join(folder, 'image'));
      const [depth, height, width] = expected.maskShape as [number, number, number]; // three sides, as written
      expect(images.length).toBe(depth);
      const positions = await Promise.all(
        images.map(async (name) => (await openShared(path.join(folder, 'image', name))).dataset),
      );
      const z = positions.map((one) => numbers(one, 'ImagePositionPatient')[2]!).toSorted((a, b) => a - b);
      const [x0, y0] = numbers(positions[0]!, 'ImagePositionPatient');
      const [dy, dx] = numbers(positions[0]!, 'PixelSpacing');
      const geometry = geometryFrom({
        spacingMm: [dx!, dy!, (z.at(-1)! - z[0]!) / (depth - 1)],
        originMm: [x0!, y0!, z[0]!],
      });
      const set = readStructureSet((await openShared(path.join(folder, 'mask', 'RS.dcm'))).dataset);
      expect(set.rois.map((roi) => roi.name)).toEqual(expected.rois);
      expect(set.rois.map((roi) => roi.contours.length)).toEqual(expected.contours);
      const mask = structureMask(set.rois, { width, height, depth, geometry });
      expect(sha256(bytesOfArray(mask.pixels))).toBe(expected.maskSha256); // the same voxels: Dice 1
    },
  );
});

describe('colours', () => {
  test('CIELab as highdicom turns it', () => {
    const rows = made['colours'] as { rgb: [number, number, number]; lab: number[]; back: number[] }[];
    for (const { rgb, lab, back } of rows) {
      colourToCielab(rgb).forEach((value, i) => {
        expect(Math.abs(value - lab[i]!)).toBeLessThanOrEqual(1);
      });
      expect(colourFromCielab(lab)).toEqual(back);
    }
  });
});
