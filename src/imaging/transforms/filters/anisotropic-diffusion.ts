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

function diffuse(values: FloatArray, size: Vector3, spacing: Vector3, options: Options): FloatArray {
  const { conductance, iterations } = options;
  const rates = ratesOf(options, spacing, size);
  let from = values;
  let to = another(values);
  const each = conductance === 'exponential' ? exponentialRow : quadraticRow;
  for (let i = 0; i < iterations; i++) {
    once(from, to, size, rates, each);
    const spare = from === values && i < iterations - 1 ? another(values) : from;
    [from, to] = [to, spare];
  }
  return from;
}

interface Rates {
  /** Differences squared times this are (g / kappa)^2, along x, y, z. */
  readonly steepness: Vector3;
  /** What flows for each unit of difference, times the conductance. */
  readonly factors: Vector3;
  /** What flowed through the faces above a row, and behind a slice. */
  readonly above: Float64Array;
  readonly behind: Float64Array;
  /** More than one slice. */
  readonly thick: boolean;
}

function ratesOf({ kappa, step }: Options, spacing: Vector3, [width, height, depth]: Vector3): Rates {
  return {
    steepness: spacing.map((mm) => 1 / (kappa * mm) ** 2) as unknown as Vector3, // three
    factors: spacing.map((mm) => step / mm ** 2) as unknown as Vector3, // three
    above: new Float64Array(width),
    behind: new Float64Array(width * height),
    thick: depth > 1,
  };
}

type Row = (
  from: FloatArray,
  to: FloatArray,
  row: number,
  width: number,
  down: number,
  deep: number,
  rates: Rates,
  inSlice: number,
) => void;

/** Each row takes what flows in from above and behind, and leaves what flows out below and in front. */
function once(
  from: FloatArray,
  to: FloatArray,
  [width, height, depth]: Vector3,
  rates: Rates,
  each: Row,
): void {
  const slice = width * height;
  rates.behind.fill(0);
  for (let z = 0, row = 0; z < depth; z++) {
    rates.above.fill(0);
    const deep = z < depth - 1 ? slice : 0; // the difference to itself is none
    for (let y = 0; y < height; y++, row += width) {
      each(from, to, row, width, y < height - 1 ? width : 0, deep, rates, y * width);
    }
  }
}

const exponentialRow: Row = (from, to, row, width, down, deep, rates, inSlice) => {
  const { above, behind, thick, steepness, factors } = rates;
  const { table, scale, last } = decay;
  const perCell = 1 / scale;
  const sx = steepness[0] * scale;
  const sy = steepness[1] * scale;
  const sz = steepness[2] * scale;
  const fx = factors[0];
  const fy = factors[1];
  const fz = factors[2];
  let left = 0;
  let own = from[row]!;
  for (let x = 0, i = row; x < width; x++, i++) {
    const next = x < width - 1 ? from[i + 1]! : own;
    let difference = next - own;
    let place = difference * difference * sx;
    if (place > last) place = last;
    let cell = place | 0;
    let rest = (place - cell) * perCell;
    const right = fx * difference * table[cell]! * (1 - rest * (1 - 0.5 * rest));
    difference = from[i + down]! - own;
    place = difference * difference * sy;
    if (place > last) place = last;
    cell = place | 0;
    rest = (place - cell) * perCell;
    const lower = fy * difference * table[cell]! * (1 - rest * (1 - 0.5 * rest));
    let sum = right - left + lower - above[x]!;
    above[x] = lower;
    if (thick) {
      difference = from[i + deep]! - own;
      place = difference * difference * sz;
      if (place > last) place = last;
      cell = place | 0;
      rest = (place - cell) * perCell;
      const front = fz * difference * table[cell]! * (1 - rest * (1 - 0.5 * rest));
      sum += front - behind[inSlice + x]!;
      behind[inSlice + x] = front;
    }
    left = right;
    to[i] = own + sum;
    own = next;
  }
};

const quadraticRow: Row = (from, to, row, width, down, deep, rates, inSlice) => {
  const { above, behind, thick, steepness, factors } = rates;
  const sx = steepness[0];
  const sy = steepness[1];
  const sz = steepness[2];
  const fx = factors[0];
  const fy = factors[1];
  const fz = factors[2];
  let left = 0;
  let own = from[row]!;
  for (let x = 0, i = row; x < width; x++, i++) {
    const next = x < width - 1 ? from[i + 1]! : own;
    const dx = next - own;
    const right = (fx * dx) / (1 + dx * dx * sx);
    const dy = from[i + down]! - own;
    const lower = (fy * dy) / (1 + dy * dy * sy);
    let sum = right - left + lower - above[x]!;
    above[x] = lower;
    if (thick) {
      const dz = from[i + deep]! - own;
      const front = (fz * dz) / (1 + dz * dz * sz);
      sum += front - behind[inSlice + x]!;
      behind[inSlice + x] = front;
    }
    left = right;
    to[i] = own + sum;
    own = next;
  }
};
