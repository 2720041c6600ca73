import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Dataset } from '../../src/imaging/formats/dicom/dataset.ts';
import { writeEncapsulatedPdf } from '../../src/imaging/formats/dicom/objects/encapsulated-document.ts';
import { readStructureSet } from '../../src/imaging/formats/dicom/objects/read-structure-set.ts';
import { writeSecondaryCapture } from '../../src/imaging/formats/dicom/objects/secondary-capture.ts';
import { structureMask } from '../../src/imaging/formats/dicom/objects/structure-mask.ts';
import { writeMeasurementReport } from '../../src/imaging/formats/dicom/objects/write-measurement-report.ts';
import { writeParametricMap } from '../../src/imaging/formats/dicom/objects/write-parametric-map.ts';
import { writeSegmentation } from '../../src/imaging/formats/dicom/objects/write-segmentation.ts';
import { writeStructureSet } from '../../src/imaging/formats/dicom/objects/write-structure-set.ts';
import { readDicomBytes } from '../../src/imaging/formats/dicom/read-dicom.ts';
import { text } from '../../src/imaging/formats/dicom/values.ts';
import { type LabelMap, type MedicalImage, medicalImage } from '../../src/imaging/image/medical-image.ts';
import {
  fixedIdentity,
  madeLabelMap,
  madeSeries,
  type PlacedSeries,
  placedSeries,
} from './dicom-source-series.ts';

const code = (value: string, scheme: string, meaning: string) => ({ value, scheme, meaning });
const neoplasm = code('108369006', 'SCT', 'Neoplasm');
const abnormal = code('49755003', 'SCT', 'Morphologically Abnormal Structure');

/** A source series with a label map on its grid, and everything that is written from them. */
export interface WrittenCase {
  readonly name: string;
  readonly sources: readonly Dataset[];
  readonly series: PlacedSeries;
  readonly map: LabelMap;
  readonly quantity: MedicalImage;
  readonly picture: MedicalImage;
  readonly pdf: Uint8Array;
  readonly volumeMm3: number;
  /** Bytes by name, whose first part says the kind: seg, pm, rt, sr, sc, pdf. */
  readonly files: Readonly<Record<string, Uint8Array>>;
}

function headers(folder: string): Dataset[] {
  return readdirSync(folder).map(
    (name) =>
      readDicomBytes(new Uint8Array(readFileSync(path.join(folder, name))), { stopBeforePixels: true })
        .dataset,
  );
}

/** Labels of one region of a structure set, with the codes that a segmentation needs. */
function drawn(file: string, series: PlacedSeries): LabelMap {
  const { rois } = readStructureSet(readDicomBytes(new Uint8Array(readFileSync(file))).dataset);
  const mask = structureMask(rois, series);
  const labels = mask.labels.map((label) => ({
    ...label,
    colour: [200, 30, 40] as const,
    category: abnormal,
    type: neoplasm,
  }));
  return { ...mask, labels };
}

/** The sarcoma case in one modality. */
export function sarcomaCase(folder: string, modality: string): WrittenCase {
  const sources = headers(path.join(folder, modality, 'image'));
  const series = placedSeries(sources);
  return written(modality, sources, series, drawn(path.join(folder, modality, 'mask', 'RS.dcm'), series));
}

/** A series without a mask: a made one on its grid. */
export function seriesCase(name: string, folder: string): WrittenCase {
  const sources = headers(folder);
  const series = placedSeries(sources);
  return written(name, sources, series, madeLabelMap(series));
}

/** A made series, square as rt-utils needs it. */
export function madeCase(cosines?: readonly number[]): WrittenCase {
  const sources = madeSeries({ width: 48, height: 48, depth: 8, ...(cosines && { cosines }) });
  const series = placedSeries(sources);
  return written(cosines ? 'oblique' : 'made', sources, series, madeLabelMap(series));
}

function written(
  name: string,
  sources: readonly Dataset[],
  series: PlacedSeries,
  map: LabelMap,
): WrittenCase {
  const identity = fixedIdentity();
  const algorithm = { type: 'AUTOMATIC', name: 'net', version: '1' } as const;
  const { width, height, depth, geometry } = series;
  const values = Float32Array.from(
    map.pixels as ArrayLike<number>,
    (value, i) => value * 10 + Math.sin(i / 50),
  );
  const quantity = medicalImage(values, series, 32, 'arbitrary', { geometry });
  const middle = Math.floor(depth / 2) * width * height;
  const grey = Uint8Array.from(
    { length: 3 * width * height },
    (_, i) => (map.pixels[middle + (i % (width * height))]! * 80 + (i % 7)) & 255,
  );
  const picture = medicalImage(grey, { channels: 3, height, width });
  const pdf = new TextEncoder().encode(
    '%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n',
  );
  const segmentation = writeSegmentation(map, sources, { algorithm, ...identity });
  const head = readDicomBytes(segmentation).dataset;
  const a = geometry.affine;
  const voxel = Math.abs(
    a[0] * (a[5] * a[10] - a[6] * a[9]) -
      a[1] * (a[4] * a[10] - a[6] * a[8]) +
      a[2] * (a[4] * a[9] - a[5] * a[8]),
  );
  const volumeMm3 = Array.from(map.pixels).filter((value) => value === 1).length * voxel;
  const files = {
    'seg-binary': segmentation,
    'seg-labelmap': writeSegmentation(map, sources, { algorithm, kind: 'LABELMAP', ...identity }),
    'seg-labelmap-rle': writeSegmentation(map, sources, {
      algorithm,
      kind: 'LABELMAP',
      compression: 'rle',
      ...identity,
    }),
    'pm-float': writeParametricMap(quantity, sources, {
      quantities: [
        {
          label: 'ADC',
          unit: code('um2/s', 'UCUM', 'um2/s'),
          quantity: code('113041', 'DCM', 'Apparent Diffusion Coefficient'),
        },
      ],
      ...identity,
    }),
    'pm-constant': writeParametricMap(
      medicalImage(new Float32Array(values.length).fill(0.5), series, 32, 'arbitrary', { geometry }),
      sources,
      { quantities: [{ label: 'FA', unit: code('1', 'UCUM', 'no units') }], ...identity },
    ),
    'rt-keyhole': writeStructureSet(map, sources, { label: 'AUTO', generation: 'AUTOMATIC', ...identity }),
    'sr-measurements': report(sources, head, volumeMm3, identity),
    'sc-colour': writeSecondaryCapture(picture, sources, { burnedInAnnotation: 'NO', ...identity }),
    'sc-grey-rle': writeSecondaryCapture(
      medicalImage(grey.slice(0, width * height), { height, width }),
      sources,
      {
        burnedInAnnotation: 'YES',
        compression: 'rle',
        ...identity,
      },
    ),
    'pdf-report': writeEncapsulatedPdf(pdf, sources, {
      title: 'A report',
      concept: code('18748-4', 'LN', 'Diagnostic imaging report'),
      burnedInAnnotation: 'YES',
      ...identity,
    }),
  };
  return { name, sources, series, map, quantity, picture, pdf, volumeMm3, files };
}

function report(
  sources: readonly Dataset[],
  segmentation: Dataset,
  volume: number,
  identity: { uids: () => string; dateTime: string },
): Uint8Array {
  const empty = { frames: [], segments: [], channels: [] };
  const image = {
    ...empty,
    sopClassUid: text(sources[0]!, 'SOPClassUID')!,
    sopInstanceUid: text(sources[0]!, 'SOPInstanceUID')!,
  };
  const segment = {
    ...empty,
    segments: [1],
    sopClassUid: text(segmentation, 'SOPClassUID')!,
    sopInstanceUid: text(segmentation, 'SOPInstanceUID')!,
  };
  return writeMeasurementReport(
    [
      {
        trackingId: 'mass',
        trackingUid: '2.25.4711',
        finding: neoplasm,
        category: abnormal,
        sites: [
          { site: code('61685007', 'SCT', 'Lower limb'), laterality: code('24028007', 'SCT', 'Right') },
        ],
        segments: [segment],
        measurements: [
          {
            concept: code('118565006', 'SCT', 'Volume'),
            value: volume,
            unit: code('mm3', 'UCUM', 'cubic millimeter'),
          },
        ],
        evaluations: [
          { concept: code('112058', 'DCM', 'Calcium score'), value: code('272519000', 'SCT', 'Absence') },
        ],
      },
      {
        trackingId: 'slice',
        trackingUid: '2.25.4712',
        finding: neoplasm,
        regions: [{ kind: 'image', graphic: 'POLYLINE', points: [1, 1, 5, 1, 5, 5, 1, 1], image }],
        measurements: [
          {
            concept: code('42798000', 'SCT', 'Area'),
            value: 12.5,
            unit: code('mm2', 'UCUM', 'square millimeter'),
          },
        ],
      },
    ],
    sources,
    {
      observers: { person: 'Reader^One', device: { uid: '2.25.99', name: 'net' } },
      procedure: code('25045-6', 'LN', 'CT Unspecified body region'),
      evidence: [segmentation],
      ...identity,
    },
  );
}

/** Puts a case's files into a folder; returns their paths by name. */
export function saveCase(one: WrittenCase, folder: string): Record<string, string> {
  mkdirSync(folder, { recursive: true });
  return Object.fromEntries(
    Object.entries(one.files).map(([name, bytes]) => {
      const file = path.join(folder, `${name}.dcm`);
      writeFileSync(file, bytes);
      return [name, file];
    }),
  );
}
