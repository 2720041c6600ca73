import { spacingMm, type Vector3 } from '../../geometry/geometry.ts';
import type { MedicalImage } from '../../image/medical-image.ts';
import type { Connectivity } from '../connected-components.ts';
import { readConnectivity } from '../morphology/grey-transforms.ts';
import { reconstruct } from '../morphology/reconstruction.ts';
import { type ParameterReader, readParameters } from '../read-parameters.ts';
import { imageOf } from '../subject.ts';
import type { SubjectTransform } from '../transform.ts';
import { labelsNamed, mapLike, numberedMap, onlyVolume, valuesBeside, withResult } from './one-volume.ts';
import { localMaxima } from './peaks.ts';
import { randomWalker } from './random-walker.ts';
import { watershed } from './watershed.ts';

/** Names within the subject. */
export interface FromTo {
  /** The image that is looked at. */
  readonly image: string;
  /** Name of the result, which may be new. */
  readonly into: string;
}

export const readFromTo = (read: ParameterReader): Required<FromTo> => ({
  image: read.text('image'),
  into: read.text('into'),
});

export const readName = (read: ParameterReader, name: string): string | null =>
  read.optional(name, (given) => read.text(given));

/** Lengths of a voxel beside x, y, z in mm; alike where they are not known. */
export const spacingOrOne = ({ geometry }: MedicalImage): Vector3 =>
  geometry ? spacingMm(geometry) : [1, 1, 1];

export interface WatershedParameters extends FromTo {
  /** Name of a label map whose labels are the markers. */
  readonly markers: string;
  /** Name of a label map; only what is not background is flooded. */
  readonly mask?: string | null;
  /** Default 6. */
  readonly connectivity?: Connectivity;
  /** Default 0. */
  readonly compactness?: number;
  /** Whether a line of background stays between basins. Not of a compact watershed. Default false. */
  readonly line?: boolean;
}

/** Watershed from markers. Throws WATERSHED_MARKERS, SEGMENTATION_VOLUME, MASK_GRID_MISMATCH and what names throw. */
export const watershedTransform: SubjectTransform<WatershedParameters> = {
  name: 'watershed',
  kind: 'subject',
  example: { image: 'image', markers: 'organs', into: 'basins' },
  check(parameters) {
    const read = readParameters('watershed', parameters);
    const checked = {
      ...readFromTo(read),
      markers: read.text('markers'),
      mask: readName(read, 'mask'),
      connectivity: readConnectivity(read, 6),
      compactness: read.number('compactness', { min: 0, fallback: 0 }),
      line: read.flag('line', false),
    };
    read.require(!checked.line || checked.compactness === 0, 'line and compactness exclude each other');
    read.end();
    return checked;
  },
  changeSubject(subject, parameters) {
    const { image: name, into, markers, mask, connectivity, compactness, line } = parameters;
    const image = imageOf(subject, name);
    const { values, sides } = onlyVolume(image, `'${name}'`);
    const map = labelsNamed(subject, markers);
    const marked = valuesBeside(subject, markers, image);
    const within = mask === null ? {} : { mask: valuesBeside(subject, mask, image) };
    const found = watershed(values, marked, sides, { ...within, connectivity, compactness, line });
    return withResult(subject, into, mapLike(image, found, map.labels), 'watershed', parameters);
  },
  inverse: { none: 'it adds a label map; the image itself stays in the subject' },
};

export interface RandomWalkerParameters extends FromTo {
  /** Name of a label map whose labels are the seeds. */
  readonly seeds: string;
  /** Name of a label map; what is background in it is left out and becomes background. */
  readonly mask?: string | null;
  /** Default 130. */
  readonly beta?: number;
  /** Default 1e-3. */
  readonly tolerance?: number;
  /** 'range': values are scaled to 0..1 first; 'none': beta is for the values as they are. Default 'range'. */
  readonly scale?: 'range' | 'none';
}

/** Random walks to seeds; where none can be reached is background. Throws WALKER_SEEDS and what watershed throws. */
export const randomWalkerTransform: SubjectTransform<RandomWalkerParameters> = {
  name: 'random-walker',
  kind: 'subject',
  example: { image: 'image', seeds: 'organs', into: 'walks', beta: 90 },
  check(parameters) {
    const read = readParameters('random-walker', parameters);
    const checked = {
      ...readFromTo(read),
      seeds: read.text('seeds'),
      mask: readName(read, 'mask'),
      beta: read.number('beta', { min: 0, fallback: 130 }),
      tolerance: read.number('tolerance', { min: 1e-12, max: 1, fallback: 1e-3 }),
      scale: read.oneOf('scale', ['range', 'none'], 'range'),
    };
    read.end();
    return checked;
  },
  changeSubject(subject, parameters) {
    const { image: name, into, seeds, mask, beta, tolerance, scale } = parameters;
    const image = imageOf(subject, name);
    const { values, sides } = onlyVolume(image, `'${name}'`);
    const map = labelsNamed(subject, seeds);
    const marks = Int32Array.from(valuesBeside(subject, seeds, image));
    const within = mask === null ? undefined : valuesBeside(subject, mask, image);
    for (let i = 0; within && i < marks.length; i++) if (!within[i]) marks[i] = -1;
    const scaled = scale === 'range' ? toUnitRange(values) : values;
    const [x, y, z] = spacingOrOne(image);
    const least = Math.min(x, y, z);
    const spacing: Vector3 = [x / least, y / least, z / least];
    const { labels } = randomWalker(scaled, 1, marks, sides, { beta, tolerance, spacing });
    const found = labels.map((label) => Math.max(0, label));
    return withResult(subject, into, mapLike(image, found, map.labels), 'random-walker', parameters);
  },
  inverse: { none: 'it adds a label map; the image itself stays in the subject' },
};

export function toUnitRange(values: ArrayLike<number>): Float64Array {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    if (values[i]! < low) low = values[i]!;
    if (values[i]! > high) high = values[i]!;
  }
  const range = high > low ? high - low : 1;
  return Float64Array.from(values, (value) => (value - low) / range);
}

export interface ReconstructParameters extends FromTo {
  /** Name of the image that is dilated or eroded. */
  readonly seed: string;
  /** Default 'dilation'. */
  readonly by?: 'dilation' | 'erosion';
  /** Whether a seed beyond the image is cut off there; otherwise it is an error. Default false. */
  readonly cut?: boolean;
  /** Default 26. */
  readonly connectivity?: Connectivity;
}

/** Morphological reconstruction of an image from another one. Throws RECONSTRUCTION_SEED and what watershed throws. */
export const reconstructTransform: SubjectTransform<ReconstructParameters> = {
  name: 'morphological-reconstruction',
  kind: 'subject',
  example: { image: 'image', seed: 'blob', into: 'rebuilt', cut: true },
  check(parameters) {
    const read = readParameters('morphological-reconstruction', parameters);
    const checked = {
      ...readFromTo(read),
      seed: read.text('seed'),
      by: read.oneOf('by', ['dilation', 'erosion'], 'dilation'),
      cut: read.flag('cut', false),
      connectivity: readConnectivity(read, 26),
    };
    read.end();
    return checked;
  },
  changeSubject(subject, parameters) {
    const { image: name, into, seed: seedName, by, cut, connectivity } = parameters;
    const image = imageOf(subject, name);
    const { values, sides } = onlyVolume(image, `'${name}'`);
    const seed = valuesBeside(subject, seedName, image).slice();
    const limit = by === 'dilation' ? Math.min : Math.max;
    if (cut) for (let i = 0; i < seed.length; i++) seed[i] = limit(seed[i]!, values[i]!);
    const pixels = reconstruct(seed, values, sides, by, connectivity);
    return withResult(subject, into, { ...image, pixels }, 'morphological-reconstruction', parameters);
  },
  inverse: { none: 'it adds an image; those before it stay in the subject' },
};

export interface LocalMaximaParameters extends FromTo {
  /** Voxels. Default 1. */
  readonly minDistance?: number;
  /** Peaks are above this; above the least value where absent. */
  readonly threshold?: number | null;
  readonly relativeThreshold?: number | null;
  /** Voxels at the border without peaks. Default: minDistance. */
  readonly excludeBorder?: number | null;
  /** The highest stay; of each label where `within` is given. Default all. */
  readonly most?: number | null;
  /** Name of a label map, within whose labels peaks are looked for one by one. */
  readonly within?: string | null;
}

/** Local maxima as a label map, numbered from the highest: markers for a watershed. Throws what watershed throws. */
export const localMaximaTransform: SubjectTransform<LocalMaximaParameters> = {
  name: 'local-maxima',
  kind: 'subject',
  example: { image: 'blob', into: 'peaks', minDistance: 2 },
  check(parameters) {
    const read = readParameters('local-maxima', parameters);
    const checked = {
      ...readFromTo(read),
      minDistance: read.number('minDistance', { min: 1, max: 1000, whole: true, fallback: 1 }),
      threshold: read.optional('threshold', (name) => read.number(name)),
      relativeThreshold: read.optional('relativeThreshold', (name) => read.number(name)),
      excludeBorder: read.optional('excludeBorder', (name) => read.number(name, { min: 0, whole: true })),
      most: read.optional('most', (name) => read.number(name, { min: 1, whole: true })),
      within: readName(read, 'within'),
    };
    read.end();
    return checked;
  },
  changeSubject(subject, parameters) {
    const {
      image: name,
      into,
      minDistance,
      threshold,
      relativeThreshold,
      excludeBorder,
      most,
      within,
    } = parameters;
    const image = imageOf(subject, name);
    const { values, sides } = onlyVolume(image, `'${name}'`);
    const places = localMaxima(values, sides, {
      minDistance,
      ...(threshold === null ? {} : { threshold }),
      ...(relativeThreshold === null ? {} : { relativeThreshold }),
      ...(excludeBorder === null ? {} : { excludeBorder }),
      ...(most === null ? {} : { most }),
      ...(within === null ? {} : { labels: valuesBeside(subject, within, image) }),
    });
    const found = new Int32Array(values.length);
    places.forEach(([x, y, z], i) => {
      found[(z * sides[1] + y) * sides[0] + x] = i + 1;
    });
    return withResult(subject, into, numberedMap(image, found, 'peak'), 'local-maxima', parameters);
  },
  inverse: { none: 'it adds a label map; the image itself stays in the subject' },
};
