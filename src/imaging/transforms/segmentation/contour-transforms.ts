import { readParameters } from '../read-parameters.ts';
import { imageOf } from '../subject.ts';
import type { SubjectTransform } from '../transform.ts';
import { chanVese, geodesicContour, type StartingContour } from './active-contour.ts';
import { inverseGradient } from './inverse-gradient.ts';
import { maskMap, numberedMap, onlyVolume, valuesBeside, withResult } from './one-volume.ts';
import { type FromTo, readFromTo, readName, spacingOrOne, toUnitRange } from './subject-transforms.ts';
import { superpixels } from './superpixels.ts';

export interface ActiveContourParameters extends FromTo {
  /** 'chan-vese': inside and outside become uniform; 'geodesic': the contour is drawn to edges. Default 'chan-vese'. */
  readonly method?: 'chan-vese' | 'geodesic';
  /** 'checkerboard', 'disk' or the name of a label map. Default 'checkerboard' of chan-vese, 'disk' of geodesic. */
  readonly start?: string | null;
  /** Default 35. */
  readonly iterations?: number;
  /** Default 1. */
  readonly smoothing?: number;
  /** Of 'chan-vese'. Default 1. */
  readonly insideWeight?: number;
  readonly outsideWeight?: number;
  /** Of 'geodesic'. Default 0. */
  readonly balloon?: number;
  /** Of 'geodesic': of the edge map of values scaled to 0..1. Defaults 100 and 5. */
  readonly alpha?: number;
  readonly sigma?: number;
  /** Value of the inside in the label map. Default 1. */
  readonly label?: number;
}

/** Morphological active contours. Throws SEGMENTATION_VOLUME, SUBJECT_IMAGE, MASK_GRID_MISMATCH, INTENSITY_NOT_FINITE. */
export const activeContour: SubjectTransform<ActiveContourParameters> = {
  name: 'active-contour',
  kind: 'subject',
  example: { image: 'blob', start: 'organs', into: 'inside', iterations: 5, label: 5 },
  check(parameters) {
    const read = readParameters('active-contour', parameters);
    const checked = {
      ...readFromTo(read),
      method: read.oneOf('method', ['chan-vese', 'geodesic'], 'chan-vese'),
      start: readName(read, 'start'),
      iterations: read.number('iterations', { min: 0, max: 100_000, whole: true, fallback: 35 }),
      smoothing: read.number('smoothing', { min: 0, max: 100, whole: true, fallback: 1 }),
      insideWeight: read.number('insideWeight', { min: 0, fallback: 1 }),
      outsideWeight: read.number('outsideWeight', { min: 0, fallback: 1 }),
      balloon: read.number('balloon', { fallback: 0 }),
      alpha: read.number('alpha', { min: 0, fallback: 100 }),
      sigma: read.number('sigma', { min: 0.1, max: 100, fallback: 5 }),
      label: read.number('label', { min: 1, max: 65535, whole: true, fallback: 1 }),
    };
    read.end();
    return checked;
  },
  changeSubject(subject, parameters) {
    const { image: name, into, method, start: named, alpha, sigma, label, ...options } = parameters;
    const image = imageOf(subject, name);
    const { values, sides } = onlyVolume(image, `'${name}'`);
    const word = named ?? (method === 'chan-vese' ? 'checkerboard' : 'disk');
    const start: StartingContour =
      word === 'checkerboard' || word === 'disk' ? word : valuesBeside(subject, word, image);
    const found =
      method === 'chan-vese'
        ? chanVese(values, sides, { ...options, start })
        : geodesicContour(inverseGradient(toUnitRange(values), sides, alpha, sigma), sides, {
            ...options,
            start,
          });
    return withResult(subject, into, maskMap(image, found, label, 'inside'), 'active-contour', parameters);
  },
  inverse: { none: 'it adds a label map; the image itself stays in the subject' },
};

export interface SuperpixelParameters extends FromTo {
  /** About how many. Default 100. */
  readonly count?: number;
  /** Default 0.1, for values that are scaled to 0..1. */
  readonly compactness?: number;
  /** Default 10. */
  readonly rounds?: number;
  /** mm where the image knows its spacing, else voxels. Default 0. */
  readonly sigma?: number;
  /** Default false. */
  readonly adaptive?: boolean;
  /** Default true. */
  readonly connected?: boolean;
  /** Name of a label map; only what is not background is divided. */
  readonly mask?: string | null;
  /** Of the seeds within a mask. Default 0. */
  readonly seed?: number;
}

/** SLIC superpixels as a label map; voxels count by their spacing. Throws SUPERPIXEL_MASK and what active-contour throws. */
export const superpixelTransform: SubjectTransform<SuperpixelParameters> = {
  name: 'superpixels',
  kind: 'subject',
  example: { image: 'image', into: 'tiles', count: 30 },
  check(parameters) {
    const read = readParameters('superpixels', parameters);
    const checked = {
      ...readFromTo(read),
      count: read.number('count', { min: 1, max: 1e6, whole: true, fallback: 100 }),
      compactness: read.number('compactness', { min: 1e-9, fallback: 0.1 }),
      rounds: read.number('rounds', { min: 1, max: 1000, whole: true, fallback: 10 }),
      sigma: read.number('sigma', { min: 0, max: 1000, fallback: 0 }),
      adaptive: read.flag('adaptive', false),
      connected: read.flag('connected', true),
      mask: readName(read, 'mask'),
      seed: read.number('seed', { min: 0, max: 4294967295, whole: true, fallback: 0 }),
    };
    read.end();
    return checked;
  },
  changeSubject(subject, parameters) {
    const { image: name, into, mask, ...options } = parameters;
    const image = imageOf(subject, name);
    const one = image.timePoints === 1 ? { ...image, channels: 1 } : image;
    const { sides } = onlyVolume(one, `'${name}'`);
    const within = mask === null ? {} : { mask: valuesBeside(subject, mask, image) };
    const spacing = spacingOrOne(image);
    const found = superpixels(image.pixels, image.channels, sides, { ...options, ...within, spacing });
    return withResult(subject, into, numberedMap(image, found, 'superpixel'), 'superpixels', parameters);
  },
  inverse: { none: 'it adds a label map; the image itself stays in the subject' },
};
