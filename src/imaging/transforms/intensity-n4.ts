import { HounsfieldError } from '../../errors.ts';
import type { Vector3 } from '../geometry/geometry.ts';
import { isLabelMap, type MedicalImage } from '../image/medical-image.ts';
import { sharpenHistogram } from './histogram-sharpening.ts';
import { floatPixels, withFloats } from './intensity-image.ts';
import { type RegionParameters, readRegion, regionOfChannels } from './intensity-region.ts';
import { readParameters } from './read-parameters.ts';
import { axisBasis } from './spline-basis.ts';
import { addSurface, latticeFitter, type SplineLattice, type VolumeBasis } from './spline-surface.ts';
import type { DerivedTransform, IntensityTransform } from './transform.ts';

export interface N4Parameters extends RegionParameters {
  /** Every this many voxels along each axis is looked at (an axis keeps 16); default 4. */
  readonly shrink?: number;
  /** Most rounds at each level, coarse to fine; default four times 50. */
  readonly rounds?: readonly number[];
  /** A level ends when the field's change varies by less than this, as a part of its mean; default 0.001. */
  readonly threshold?: number;
  /** Cells of the spline along each axis at the first level, doubled from level to level; default 1. */
  readonly cells?: number;
}

const BINS = 200;
const FULL_WIDTH = 0.15; // of the logarithm
const NOISE = 0.01;

/**
 * N4 bias field correction (Tustison et al., "N4ITK: improved N3 bias correction", IEEE TMI 29, 2010): the slow change of
 * brightness over an MR image, found in the logarithm of the values by sharpening their histogram and fitting B-splines
 * to what that takes away. The region is 'foreground' unless named. Values that are not above 0 are left out. Recorded as
 * divide-by-field. Throws INTENSITY_REGION_EMPTY when fewer than 64 voxels are left, INTENSITY_NOT_FINITE.
 */
export const n4: DerivedTransform<N4Parameters> = {
  name: 'n4-bias-correction',
  kind: 'derived',
  example: { shrink: 2, rounds: [10, 10], region: 'all' },
  check(parameters) {
    const read = readParameters('n4-bias-correction', parameters);
    const region = readRegion(read, 'foreground');
    const shrink = read.number('shrink', { min: 1, max: 64, whole: true, fallback: 4 });
    const rounds = read.optional('rounds', (name) => read.numbers(name, { min: 1, max: 1000, whole: true }));
    const threshold = read.number('threshold', { min: 0, max: 1, fallback: 0.001 });
    const cells = read.number('cells', { min: 1, max: 32, whole: true, fallback: 1 });
    const levels = rounds ?? [50, 50, 50, 50];
    read.require(
      levels.length >= 1 && cells * 2 ** (levels.length - 1) <= 256,
      `${levels.length} levels from ${cells} cells end above 256 cells, or there is none`,
    );
    read.end();
    return { ...region, shrink, rounds: levels, threshold, cells };
  },
  resolve: (parameters, subject) => (_, image) => {
    if (isLabelMap(image)) return [];
    const channels = regionOfChannels(image, parameters, subject);
    const volume = image.depth * image.height * image.width;
    const source = floatPixels(image);
    const fields = Array.from({ length: image.timePoints * image.channels }, (_, index) => {
      const { inside } = channels[index % image.channels]!;
      const time = Math.floor(index / image.channels);
      const mask = inside?.subarray(time * volume, (time + 1) * volume);
      return biasLattices(source.subarray(index * volume, (index + 1) * volume), image, mask, parameters);
    });
    return [{ transform: divideByField, parameters: { fields } }];
  },
};

/** The lattices, one a level, whose sum is the logarithm of the field of one volume [D, H, W]. */
function biasLattices(
  volume: Float32Array,
  { depth, height, width }: Pick<MedicalImage, 'depth' | 'height' | 'width'>,
  inside: Uint8Array | undefined,
  { shrink, rounds, threshold, cells }: Required<N4Parameters>,
): readonly SplineLattice[] {
  const sides: Vector3 = [width, height, depth];
  const places = sides.map((side) => {
    const step = Math.max(1, Math.min(shrink, Math.floor(side / 16)));
    const count = Math.floor(side / step);
    const start = Math.floor((side - (count - 1) * step) / 2);
    return Int32Array.from({ length: count }, (_, i) => Math.min(side - 1, start + i * step));
  });
  const { logarithm, mask } = sampled(volume, sides, places, inside);
  const field = new Float64Array(logarithm.length);
  return rounds.map((most, level) => {
    const points = sides.map((side) => (side === 1 ? 1 : cells * 2 ** level) + 3) as unknown as Vector3; // three
    const basis = sides.map((side, axis) =>
      axisBasis(points[axis]!, side, places[axis]!),
    ) as unknown as VolumeBasis; // three
    const fitLattice = latticeFitter(basis, mask);
    const values = new Float64Array(points[0] * points[1] * points[2]);
    for (let round = 0; round < most; round++) {
      const corrected = logarithm.map((value, i) => value - field[i]!);
      const sharp = sharpenHistogram(corrected, mask, { bins: BINS, fullWidth: FULL_WIDTH, noise: NOISE });
      const lattice = fitLattice(corrected.map((value, i) => value - sharp[i]!));
      const change = new Float64Array(field.length);
      addSurface(lattice, basis, change);
      for (let i = 0; i < field.length; i++) field[i]! += change[i]!;
      for (let i = 0; i < values.length; i++) values[i]! += lattice[i]!;
      if (variationOfExp(change, mask) < threshold) break;
    }
    return { points, values: Array.from(values) };
  });
}

/** Logarithms at the places looked at, and which of them count. */
function sampled(
  volume: Float32Array,
  [width, height]: Vector3,
  places: readonly Int32Array[],
  inside: Uint8Array | undefined,
): { readonly logarithm: Float64Array; readonly mask: Uint8Array } {
  const [xs, ys, zs] = places as [Int32Array, Int32Array, Int32Array]; // three axes
  const logarithm = new Float64Array(xs.length * ys.length * zs.length);
  const mask = new Uint8Array(logarithm.length);
  let count = 0;
  for (let k = 0, to = 0; k < zs.length; k++) {
    for (let j = 0; j < ys.length; j++) {
      for (let i = 0; i < xs.length; i++, to++) {
        const from = (zs[k]! * height + ys[j]!) * width + xs[i]!;
        const value = volume[from]!;
        if (!(value > 0) || !Number.isFinite(value) || (inside && !inside[from])) continue;
        logarithm[to] = Math.log(value);
        mask[to] = 1;
        count++;
      }
    }
  }
  if (count >= 64) return { logarithm, mask };
  throw new HounsfieldError(
    'INTENSITY_REGION_EMPTY',
    `n4-bias-correction: ${count} voxels above 0 are left to look at in the region, and 64 are needed. Name another ` +
      'region, or shrink less.',
  );
}

/** Standard deviation over mean of exp(change). */
function variationOfExp(change: Float64Array, mask: Uint8Array): number {
  let [sum, squares, count] = [0, 0, 0];
  for (let i = 0; i < change.length; i++) {
    if (!mask[i]) continue;
    const factor = Math.expm1(change[i]!); // about 0, so that no digits are lost
    sum += factor;
    squares += factor * factor;
    count++;
  }
  const mean = sum / count;
  const variance = Math.max(0, squares / count - mean * mean);
  return Math.sqrt((variance * count) / Math.max(1, count - 1)) / (1 + mean);
}

export interface DivideByFieldParameters {
  /** For each volume of the image, or one for all: lattices whose sum is the logarithm of its field. */
  readonly fields: readonly (readonly SplineLattice[])[];
  /** True multiplies. */
  readonly multiply?: boolean;
}

/** Divides by the exponential of a sum of B-spline surfaces, in float32. */
export const divideByField: IntensityTransform<DivideByFieldParameters> = {
  name: 'divide-by-field',
  kind: 'intensity',
  example: { fields: [[{ points: [4, 4, 4], values: Array.from({ length: 64 }, (_, i) => (i % 5) / 10) }]] },
  check(parameters) {
    const read = readParameters('divide-by-field', parameters);
    const multiply = read.flag('multiply', false);
    const fields = read.optional('fields', () => parameters['fields']);
    const right = Array.isArray(fields) && fields.length > 0 && fields.every((list) => Array.isArray(list));
    read.require(right, 'fields is no list of lists of lattices');
    read.require(
      !right || fields.flat().every(isLattice),
      'a lattice has no three points or not as many finite values',
    );
    read.end();
    return { fields: fields as DivideByFieldParameters['fields'], multiply }; // checked
  },
  change(image, { fields, multiply }) {
    const { depth, height, width } = image;
    const source = floatPixels(image);
    const pixels = new Float32Array(source.length);
    const volume = depth * height * width;
    let field: Float32Array = new Float32Array(0);
    let of = -1;
    for (let start = 0, index = 0; start < source.length; start += volume, index++) {
      if (index % fields.length !== of) {
        of = index % fields.length;
        field = fieldOf(fields[of]!, [width, height, depth]);
        for (let i = 0; i < volume; i++) field[i] = Math.exp(multiply ? field[i]! : -field[i]!);
      }
      for (let i = 0; i < volume; i++) pixels[start + i] = source[start + i]! * field[i]!;
    }
    return withFloats(image, pixels);
  },
  inverse: {
    fidelity: 'rounding',
    step: ({ fields, multiply }) => ({
      transform: divideByField,
      parameters: { fields, multiply: !multiply },
    }),
  },
};

/** The sum of lattices at every voxel: the logarithm of the field [D, H, W]. */
export function fieldOf(lattices: readonly SplineLattice[], sides: Vector3): Float32Array {
  const out = new Float32Array(sides[0] * sides[1] * sides[2]);
  for (const { points, values } of lattices) {
    const basis = sides.map((side, axis) =>
      axisBasis(
        points[axis]!,
        side,
        Int32Array.from({ length: side }, (_, i) => i),
      ),
    );
    addSurface(values, basis as unknown as VolumeBasis, out); // three
  }
  return out;
}

function isLattice(value: unknown): value is SplineLattice {
  const { points, values } = (value ?? {}) as Partial<Record<keyof SplineLattice, unknown>>; // checked here
  if (!Array.isArray(points) || points.length !== 3 || !Array.isArray(values)) return false;
  const whole = points.every((count) => Number.isInteger(count) && count >= 4 && count <= 1024);
  return whole && values.length === points[0] * points[1] * points[2] && values.every(Number.isFinite);
}
