import { type Affine, invertAffine, type Vector3 } from '../geometry/geometry.ts';
import { isLabelMap, type MedicalImage } from '../image/medical-image.ts';
import { INTERPOLATIONS, LABEL_INTERPOLATIONS } from './interpolation.ts';
import { rowLoader } from './pixel-rows.ts';
import { type ParameterReader, readParameters } from './read-parameters.ts';
import { type Sampling, sampleAlong } from './sample-volume.ts';
import type { GridTransform, Step } from './transform.ts';

export interface ResampleParameters extends Partial<Sampling> {
  /** Width, height, depth of the new grid. */
  readonly size: Vector3;
  /** Voxel index of the new grid to voxel index of the image. */
  readonly map: Affine;
  /** Voxel to world of the new grid; from the map and the image's own where absent or null. */
  readonly affine?: Affine | null;
  /** Standard deviations of the Gaussian before sampling, voxels of the image, 0 for none; not for label maps. */
  readonly smoothing?: Vector3;
}

/** Largest side of a grid that may be asked for. */
const LONGEST_SIDE = 65536;

/**
 * Values of an image on any other grid, oblique ones too, by a map of voxel indices: what every resample-to-* becomes. A
 * voxel's place is its centre; places up to half a voxel beyond the outermost centres belong to the image, as in ITK.
 * Values are reckoned in float64 (smoothed ones of oblique maps and splines in float32) and stored in the image's own type: integers rounded, halves
 * up, and held to the type's range. Label maps keep to their labels.
 */
export const resample: GridTransform<ResampleParameters> = {
  name: 'resample',
  kind: 'grid',
  oneGrid: true,
  example: {
    size: [30, 16, 22],
    map: [0.8, 0, 0.05, -0.1, 0, 1.3, 0.1, 0.2, -0.04, 0, 0.9, 0],
    outside: 'edge',
  },
  check(parameters) {
    const read = readParameters('resample', parameters);
    const checked = {
      size: read.vector('size', { min: 1, max: LONGEST_SIDE, whole: true }),
      map: read.affine('map'),
      affine: read.optional('affine', read.affine),
      smoothing: read.vector('smoothing', { min: 0, max: 1000, fallback: 0 }),
      ...readSampling(read),
    };
    read.end();
    return checked;
  },
  regrid: ({ size, map, affine }) => (affine ? { size, map, affine } : { size, map }),
  pixels: (image, p, { size, map }) => sampleAlong(image, size, map, p, p.smoothing),
  inverse: {
    fidelity: 'interpolated',
    step: ({ map, interpolation, labels, labelSigma }, before, fill) => {
      const back: ResampleParameters = {
        size: before.size,
        map: invertAffine(map),
        affine: before.geometry?.affine ?? null,
        interpolation,
        labels,
        labelSigma,
        outside: fill,
      };
      return { transform: resample, parameters: back };
    },
  },
};

/** The sampling that parameters name, defaults filled in: linear, labels by the nearest, 0 outside. */
export function readSampling(read: ParameterReader): Sampling {
  return {
    interpolation: read.oneOf('interpolation', INTERPOLATIONS, 'linear'),
    labels: read.oneOf('labels', LABEL_INTERPOLATIONS, 'nearest'),
    labelSigma: read.number('labelSigma', { min: 0.1, max: 10, fallback: 1 }),
    outside: read.numberOr('outside', ['edge'], 0),
  };
}

/** How a resample-to-* samples, beside its target. */
export interface ResampleChoice extends Partial<Omit<Sampling, 'outside'>> {
  /** Value beyond the image; its edge; or, the default, its lowest value. Label maps get 0. */
  readonly outside?: number | 'edge' | 'lowest';
  /** Smooths an image before its detail is made coarser; default true. Not with nearest. */
  readonly antialias?: boolean;
}

export function readChoice(read: ParameterReader): Required<ResampleChoice> {
  return {
    interpolation: read.oneOf('interpolation', INTERPOLATIONS, 'linear'),
    labels: read.oneOf('labels', LABEL_INTERPOLATIONS, 'nearest'),
    labelSigma: read.number('labelSigma', { min: 0.1, max: 10, fallback: 1 }),
    outside: read.numberOr('outside', ['edge', 'lowest'], 'lowest'),
    antialias: read.flag('antialias', true),
  };
}

/** The resample with all its numbers that a choice leads to. */
export function resampleStep(
  image: MedicalImage,
  target: Pick<ResampleParameters, 'size' | 'map' | 'affine'>,
  { antialias, outside, ...sampling }: Required<ResampleChoice>,
): Step {
  const smooth = antialias && sampling.interpolation !== 'nearest' && !isLabelMap(image);
  const parameters: ResampleParameters = {
    ...target,
    ...sampling,
    smoothing: smooth ? antialiasSigma(target.map) : [0, 0, 0],
    outside: outside === 'lowest' ? lowestValue(image) : outside,
  };
  return { transform: resample, parameters };
}

/**
 * Standard deviations, voxels of the image, that make a voxel's point spread as wide as the new grid's: of k times
 * larger voxels sqrt((k^2 - 1) / (8 ln 2)), 0 where they are not larger (Cardoso et al., "Scale factor point spread
 * function matching", MICCAI 2015, eq. 5). Of an oblique map k is each axis' stretch.
 */
export function antialiasSigma(map: Affine): Vector3 {
  const sigma = (r: number) => {
    const k = Math.hypot(map[r * 4]!, map[r * 4 + 1]!, map[r * 4 + 2]!);
    return k > 1 + 1e-6 ? Math.sqrt((k * k - 1) / (8 * Math.LN2)) : 0;
  };
  return [sigma(0), sigma(1), sigma(2)];
}

/** Lowest finite value; 0 for a label map or where no value is finite. */
export function lowestValue(image: MedicalImage): number {
  if (isLabelMap(image)) return 0;
  const { pixels } = image;
  const row = new Float64Array(Math.min(pixels.length, 65536));
  const load = rowLoader(pixels);
  let low = Number.POSITIVE_INFINITY;
  for (let at = 0; at < pixels.length; at += row.length) {
    const count = Math.min(row.length, pixels.length - at);
    load(row, 0, pixels, at, count);
    for (let i = 0; i < count; i++) if (row[i]! < low && row[i]! > Number.NEGATIVE_INFINITY) low = row[i]!;
  }
  return low === Number.POSITIVE_INFINITY ? 0 : low;
}
