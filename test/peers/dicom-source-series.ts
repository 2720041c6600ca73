import { dataset } from '../../src/imaging/formats/dicom/build-dataset.ts';
import type { Dataset } from '../../src/imaging/formats/dicom/dataset.ts';
import { type SourceSeries, sourceSeries } from '../../src/imaging/formats/dicom/objects/source-series.ts';
import type { Geometry } from '../../src/imaging/geometry/geometry.ts';
import { type LabelMap, labelMap } from '../../src/imaging/image/medical-image.ts';
import { RandomStream } from '../../src/random.ts';

export interface MadeSeries {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  /** Row and column cosines; axial where left out. */
  readonly cosines?: readonly number[];
  readonly frameOfReferenceUid?: string;
}

/** An oblique plane: turned by 25 degrees in the plane and tilted by 15. */
export const oblique: readonly number[] = (() => {
  const [c, s, ct, st] = [Math.cos(0.436), Math.sin(0.436), Math.cos(0.262), Math.sin(0.262)];
  return [c, s, 0, -s * ct, c * ct, st];
})();

/** Headers of a made CT series, 0.8 x 0.7 mm, slices 2.5 mm apart, in a shuffled order. */
export function madeSeries({
  width,
  height,
  depth,
  cosines = [1, 0, 0, 0, 1, 0],
  ...more
}: MadeSeries): Dataset[] {
  const [a, b, c, d, e, f] = cosines as [number, number, number, number, number, number]; // six, as DICOM has them
  const normal = [b * f - c * e, c * d - a * f, a * e - b * d];
  const series = Array.from({ length: depth }, (_, i) =>
    dataset({
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
      SOPInstanceUID: `2.25.100${i}`,
      StudyInstanceUID: '2.25.1',
      SeriesInstanceUID: '2.25.2',
      FrameOfReferenceUID: more.frameOfReferenceUid ?? '2.25.3',
      StudyDate: '20200102',
      StudyTime: '101112',
      AccessionNumber: 'A1',
      StudyID: 'a study id beyond its 16 characters',
      Modality: 'CT',
      PatientName: 'Müller^Zoë=山田^太郎',
      PatientID: 'P-1',
      PatientBirthDate: '19700101',
      PatientSex: 'F',
      PatientAge: '050Y',
      ReferringPhysicianName: null,
      SeriesNumber: 1,
      InstanceNumber: i + 1,
      ImageOrientationPatient: cosines,
      ImagePositionPatient: [-20, -30, 40].map((value, axis) => value + normal[axis]! * 2.5 * i),
      PixelSpacing: [0.7, 0.8],
      SliceThickness: 2.5,
      Rows: height,
      Columns: width,
    }),
  );
  const order = new RandomStream({ seed: 5, purpose: 'made-series' }).permutation(depth);
  return [...order].map((i) => series[i]!);
}

const organ = { value: '91723000', scheme: 'SCT', meaning: 'Anatomical structure' };

export const madeLabels = [
  {
    value: 1,
    name: 'Liver',
    channel: 0,
    colour: [221, 130, 101] as const,
    category: organ,
    type: { value: '10200004', scheme: 'SCT', meaning: 'Liver' },
  },
  {
    value: 2,
    name: 'Kidney',
    channel: 0,
    category: organ,
    type: { value: '64033007', scheme: 'SCT', meaning: 'Kidney' },
  },
];

/** A shell of label 1 with holes, and a block of label 2, on a series' grid. */
export function madeLabelMap(series: PlacedSeries, values: readonly [number, number] = [1, 2]): LabelMap {
  const { width, height, depth } = series;
  const pixels = new (Math.max(...values) > 255 ? Uint16Array : Uint8Array)(width * height * depth);
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const r = Math.hypot(
          (x - width * 0.4) / width,
          (y - height * 0.5) / height,
          ((z - depth / 2) / depth) * 0.6,
        );
        const at = (z * height + y) * width + x;
        if (r < 0.36 && r > 0.14) pixels[at] = values[0];
        else if (x > width * 0.8 && y < height * 0.3 && z > 1 && z < depth - 1) pixels[at] = values[1];
      }
    }
  }
  const labels = madeLabels.map((label, i) => ({ ...label, value: values[i]! }));
  return labelMap(pixels, series, labels, { geometry: series.geometry });
}

/** A series that lies in the patient. */
export type PlacedSeries = SourceSeries & { readonly geometry: Geometry };

export function placedSeries(sources: readonly Dataset[]): PlacedSeries {
  const series = sourceSeries(sources);
  if (series.geometry === undefined) throw new Error('the series does not lie in the patient');
  return { ...series, geometry: series.geometry };
}

/** UIDs counted up, and a date: what makes writing deterministic. */
export function fixedIdentity(): { uids: () => string; dateTime: string } {
  let count = 0;
  return { uids: () => `2.25.9000${++count}`, dateTime: '20260102030405' };
}
