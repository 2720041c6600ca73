import type { Vector3 } from '../../geometry/geometry.ts';
import { readParameters } from '../read-parameters.ts';
import type { IntensityTransform } from '../transform.ts';
import { another, type FloatArray } from './correlate-axis.ts';
import { decay } from './decay.ts';
import { axesOf, FILTER_EXTENTS, type FilterExtent, filterVolumes, spacingOf } from './filter-volumes.ts';

export interface AnisotropicDiffusionParameters {
  /** The change per voxel (or per mm) from which edges are kept, in the image's unit. */
  readonly kappa: number;
  /** 'exponential': exp(-(g / kappa)^2), keeps steep edges (default); 'quadratic': 1 / (1 + (g / kappa)^2), keeps wide regions. */
  readonly conductance?: 'exponential' | 'quadratic';
  /** Default 10. */
  readonly iterations?: number;
  /** Step in time; stable up to 1 / (2 axes) of voxels of 1. Default 0.1. */
  readonly step?: number;
  /** Gradients per voxel (default) or per mm, which needs an image that knows its spacing. */
  readonly per?: 'voxel' | 'mm';
  /** Default 'volume'. */
  readonly by?: FilterExtent;
}

/**
 * Anisotropic diffusion (P. Perona and J. Malik, "Scale-space and edge detection using anisotropic diffusion", IEEE PAMI 12,
 * 1990, eq. 7 and 8) with both of their conductances; nothing flows through the sides of the image. Throws
 * INTENSITY_NOT_FINITE, GEOMETRY_MISSING, TRANSFORM_PARAMETERS for a step that is not stable.
 */
export const anisotropicDiffusion: IntensityTransform<AnisotropicDiffusionParameters> = {
  name: 'anisotropic-diffusion',
  kind: 'intensity',
  example: { kappa: 15, iterations: 5 },
  check(parameters) {
    const read = readParameters('anisotropic-diffusion', parameters);
    const checked = {
      kappa: read.number('kappa', { min: Number.MIN_VALUE }),
      conductance: read.oneOf('conductance', ['exponential', 'quadratic'], 'exponential'),
      iterations: read.number('iterations', { min: 1, max: 100000, whole: true, fallback: 10 }),
      step: read.number('step', { min: 0, max: 100, fallback: 0.1 }),
      per: read.oneOf('per', ['voxel', 'mm'], 'voxel'),
      by: read.oneOf('by', FILTER_EXTENTS, 'volume'),
    };
    read.end();
    return checked;
  },
  change(image, { per, by, ...options }) {
    const spacing: Vector3 = per === 'mm' ? spacingOf(image, 'anisotropic-diffusion') : [1, 1, 1];
    return filterVolumes(image, by, (values, size) => {
      requireStable(options.step, size, spacing);
      return diffuse(values, size, spacing, options);
    });
  },
  inverse: { none: 'smoothing loses fine detail' },
};

function requireStable(step: number, size: Vector3, spacing: Vector3): void {
  const rate = axesOf(size).reduce<number>((sum, axis) => sum + 2 / spacing[axis] ** 2, 0);
  const read = readParameters('anisotropic-diffusion', undefined);
  read.require(
    step * rate <= 1 + 1e-9,
    `step is ${step}, expected at most ${(1 / rate).toPrecision(3)}, beyond which values run away`,
  );
  read.end();
}

type Options = Required<
  Pick<AnisotropicDiffusionParameters, 'kappa' | 'conductance' | 'iterations' | 'step'>
>;

function diffuse(
  values: FloatArray,
  size: Vector3,
  spacing: Vector3,
  { kappa, conductance, iterations, step }: Options,
): FloatArray {
  let from = values;
  let to = another(values);
  const flow = conductance === 'exponential' ? exponentialFlow : quadraticFlow;
  for (let i = 0; i < iterations; i++) {
    once(from, to, size, spacing, kappa, step, flow);
    const spare = from === values && i < iterations - 1 ? another(values) : from;
    [from, to] = [to, spare];
  }
  return from;
}

/** out[i] = factor g(d) d, of the differences between b and a, each so many places further than the other. */
type Flow = (
  from: FloatArray,
  a: number,
  b: number,
  length: number,
  steepness: number,
  factor: number,
  out: Float64Array,
) => void;

const exponentialFlow: Flow = (from, a, b, length, steepness, factor, out) => {
  const { table, scale, last } = decay;
  const perCell = 1 / scale;
  const steep = steepness * scale;
  for (let i = 0; i < length; i++) {
    const difference = from[b + i]! - from[a + i]!;
    const place = Math.min(last, difference * difference * steep);
    const cell = place | 0;
    const rest = (place - cell) * perCell;
    out[i] = factor * difference * table[cell]! * (1 - rest * (1 - rest * (0.5 - rest * (1 / 6))));
  }
};

const quadraticFlow: Flow = (from, a, b, length, steepness, factor, out) => {
  for (let i = 0; i < length; i++) {
    const difference = from[b + i]! - from[a + i]!;
    out[i] = (factor * difference) / (1 + difference * difference * steepness);
  }
};

function once(
  from: FloatArray,
  to: FloatArray,
  [width, height, depth]: Vector3,
  spacing: Vector3,
  kappa: number,
  step: number,
  flow: Flow,
): void {
  const slice = width * height;
  const steepness = spacing.map((mm) => 1 / (kappa * mm) ** 2) as unknown as Vector3; // three
  const factors = spacing.map((mm) => step / mm ** 2) as unknown as Vector3; // three
  const along = new Float64Array(width); // through the faces between neighbours in a row
  const [above, below] = [new Float64Array(width), new Float64Array(width)];
  const [behind, before] = [new Float64Array(slice), new Float64Array(width)];
  for (let z = 0, row = 0; z < depth; z++) {
    above.fill(0);
    for (let y = 0; y < height; y++, row += width) {
      flow(from, row, row + 1, width - 1, steepness[0], factors[0], along);
      if (y < height - 1) flow(from, row, row + width, width, steepness[1], factors[1], below);
      else below.fill(0);
      if (z < depth - 1) flow(from, row, row + slice, width, steepness[2], factors[2], before);
      else before.fill(0);
      let left = 0;
      const inSlice = y * width;
      along[width - 1] = 0;
      for (let x = 0; x < width; x++) {
        const [right, down, deep] = [along[x]!, below[x]!, before[x]!];
        const across = down - above[x]! + deep - behind[inSlice + x]!;
        to[row + x] = from[row + x]! + (right - left + across);
        left = right;
        above[x] = down;
        behind[inSlice + x] = deep;
      }
    }
  }
}
