import { HounsfieldError } from '../../../errors.ts';
import { RandomStream } from '../../../random.ts';
import type { Vector3 } from '../../geometry/geometry.ts';
import type { PixelArray } from '../../image/medical-image.ts';
import { gaussianBlurVolume } from '../intensity-blur.ts';
import { nonZero, requireFinite, requireVolume } from '../morphology/volume-sides.ts';
import { connectSuperpixels } from './connect-superpixels.ts';
import { rgbToLab } from './lab-colours.ts';
import { gridPlaces, regularGrid } from './regular-grid.ts';
import { cluster } from './superpixel-clusters.ts';
import type { ClusterInput } from './superpixel-start.ts';

export interface SuperpixelOptions {
  /** About how many. Default 100. */
  readonly count?: number;
  /** How much nearness counts beside colour; of an image whose values are scaled to 0..1. Default 10. */
  readonly compactness?: number;
  /** Default 10. */
  readonly rounds?: number;
  /** Of a Gaussian that smooths before, in units of the spacing. Default 0. */
  readonly sigma?: number;
  /** Relative lengths of a voxel along x, y, z. Default 1. */
  readonly spacing?: Vector3;
  /** Whether three channels are red, green and blue and are compared in L*a*b*. Default true. */
  readonly lab?: boolean;
  /** Whether a superpixel becomes one piece of neither too few nor too many voxels. Default true. */
  readonly connected?: boolean;
  /** Parts of the mean size. Defaults 0.5 and 3. */
  readonly leastSize?: number;
  readonly mostSize?: number;
  /** Whether each superpixel weighs colours by its own spread (SLICO). Default false. */
  readonly adaptive?: boolean;
  /** Only what is not 0 is divided. [D, H, W] */
  readonly mask?: ArrayLike<number>;
  /** Of the seeds within a mask. Default 0. */
  readonly seed?: number;
}

/**
 * Superpixels by SLIC (Achanta et al., "SLIC superpixels compared to state-of-the-art superpixel methods", IEEE TPAMI
 * 2012); within a mask with seeds spread over it (Irving, "maskSLIC", arXiv:1606.09518).
 *
 * @param values [C, D, H, W]
 * @returns labels from 1, 0 outside of the mask; [D, H, W]
 * @throws SUPERPIXEL_MASK when the mask is empty, IMAGE_SHAPE, INTENSITY_NOT_FINITE
 */
export function superpixels(
  values: PixelArray,
  channels: number,
  sides: Vector3,
  options: SuperpixelOptions = {},
): Int32Array {
  const length = sides[0] * sides[1] * sides[2];
  requireVolume({ length: values.length / channels }, sides, 'superpixels');
  const { count = 100, compactness = 10, rounds = 10, spacing = [1, 1, 1], adaptive = false } = options;
  if (options.mask) requireVolume(options.mask, sides, 'superpixels, mask');
  requireFinite(values, 'superpixels');
  const mask = options.mask ? nonZero(options.mask) : undefined;
  const colours = prepared(values, channels, sides, mask, options);
  for (let i = 0; i < colours.length; i++) colours[i]! *= 1 / compactness;
  const seeds = mask ? seedsWithin(mask, sides, count, options.seed ?? 0) : seedsOnGrid(sides, count);
  const fields = 3 + channels;
  const centres = new Float64Array(seeds.places.length * fields);
  seeds.places.forEach((place, k) => {
    centres.set(place, k * fields);
  });
  const reach = regularGrid(sides, seeds.places.length).step;
  const input: ClusterInput = {
    colours,
    channels,
    sides,
    mask,
    spacing,
    step: seeds.step,
    reach,
    rounds,
    adaptive,
  };
  if (mask) cluster(input, centres, false);
  const clusters = cluster(input, centres, true, seeds.guess);
  if (options.connected === false) return clusters.map((k) => k + 1);
  let within = length;
  if (mask) within = mask.reduce((sum, value) => sum + value, 0);
  const mean = within / seeds.places.length;
  const { leastSize = 0.5, mostSize = 3 } = options;
  return connectSuperpixels(clusters, sides, Math.trunc(leastSize * mean), Math.trunc(mostSize * mean));
}

/** [D, H, W, C] of 0..1, or L*a*b*, smoothed. */
function prepared(
  values: PixelArray,
  channels: number,
  sides: Vector3,
  mask: Uint8Array | undefined,
  { sigma = 0, spacing = [1, 1, 1], lab = true }: SuperpixelOptions,
): Float64Array {
  const length = values.length / channels;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let c = 0, i = 0; c < channels; c++) {
    for (let v = 0; v < length; v++, i++) {
      if (mask && mask[v] === 0) continue;
      const value = values[i]!;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  if (low > high) {
    throw new HounsfieldError(
      'SUPERPIXEL_MASK',
      'the mask of the superpixels is empty. Pass one that is not 0 somewhere, or none.',
    );
  }
  const range = high > low ? high - low : 1;
  const out = new Float64Array(values.length);
  for (let c = 0, i = 0; c < channels; c++) {
    for (let v = 0, to = c; v < length; v++, to += channels, i++) out[to] = (values[i]! - low) / range;
  }
  if (lab && channels === 3) rgbToLab(out);
  if (sigma > 0) smooth(out, channels, sides, sigma, spacing);
  return out;
}

function smooth(
  colours: Float64Array,
  channels: number,
  [width, height, depth]: Vector3,
  sigma: number,
  spacing: Vector3,
): void {
  const along: Vector3 = [sigma / spacing[0], sigma / spacing[1], sigma / spacing[2]];
  const volume = new Float32Array(colours.length / channels);
  for (let c = 0; c < channels; c++) {
    for (let v = 0; v < volume.length; v++) volume[v] = colours[v * channels + c]!;
    const blurred = gaussianBlurVolume(volume, [depth, height, width], along);
    for (let v = 0; v < volume.length; v++) colours[v * channels + c] = blurred[v]!;
  }
}

interface Seeds {
  readonly places: readonly Vector3[];
  /** About how far apart. */
  readonly step: number;
  readonly guess?: Int32Array;
}

function seedsOnGrid(sides: Vector3, count: number): Seeds {
  const grid = regularGrid(sides, count);
  const places = gridPlaces(sides, grid);
  const along = [0, 1, 2].map((axis) => Math.ceil((sides[axis]! - grid.start[axis]!) / grid.step[axis]!));
  const nearest = (at: number, axis: number) =>
    Math.max(0, Math.min(along[axis]! - 1, Math.round((at - grid.start[axis]!) / grid.step[axis]!)));
  const xs = Int32Array.from({ length: sides[0] }, (_, x) => nearest(x, 0));
  const guess = new Int32Array(sides[0] * sides[1] * sides[2]);
  for (let z = 0, i = 0; z < sides[2]; z++) {
    for (let y = 0; y < sides[1]; y++) {
      const row = (nearest(z, 2) * along[1]! + nearest(y, 1)) * along[0]!;
      for (let x = 0; x < sides[0]; x++, i++) guess[i] = row + xs[x]!;
    }
  }
  return { places, step: Math.max(...grid.step), guess };
}

/** Voxels looked at for each seed while the seeds are spread. */
const VOXELS_PER_SEED = 60;
const MOST_PAIRS = 2e8;

/** Seeds drawn among the voxels of the mask and spread by a few rounds of k-means. */
function seedsWithin(mask: Uint8Array, [width, height]: Vector3, count: number, seed: number): Seeds {
  const stream = new RandomStream({ seed, purpose: 'superpixel seeds' });
  const voxels: number[] = [];
  for (let i = 0; i < mask.length; i++) if (mask[i]) voxels.push(i);
  const placeOf = (i: number): [number, number, number] => [
    i % width,
    Math.floor(i / width) % height,
    Math.floor(i / (width * height)),
  ];
  const among = draw(voxels, Math.min(voxels.length, VOXELS_PER_SEED * count), stream).map(placeOf);
  const places = draw(voxels, Math.min(voxels.length, count), stream).map(placeOf);
  const step = (voxels.length / places.length) ** (mask.length === width * height ? 1 / 2 : 1 / 3);
  // of very many seeds each pair is too much: they are spread by the clustering alone
  if (places.length * among.length > MOST_PAIRS) return { places, step: Math.max(1, step) };
  for (let round = 0; round < 5; round++) spreadOut(places, among);
  const steps = [0, 0, 0];
  for (const place of places) {
    const beside = nearestTo(place, places, place);
    for (let axis = 0; axis < 3; axis++) {
      steps[axis]! += Math.abs(places[beside]![axis]! - place[axis]!) / places.length;
    }
  }
  return { places, step: Math.max(1, ...steps) };
}

/** Some of a list, none twice, in their order. */
function draw(from: readonly number[], count: number, stream: RandomStream): number[] {
  const list = from.slice();
  for (let i = 0; i < count; i++) {
    const j = i + stream.integer(list.length - i);
    [list[i], list[j]] = [list[j]!, list[i]!];
  }
  return list.slice(0, count).sort((a, b) => a - b);
}

function spreadOut(places: [number, number, number][], among: readonly Vector3[]): void {
  const sums = places.map(() => [0, 0, 0, 0]);
  for (const voxel of among) {
    const sum = sums[nearestTo(voxel, places)]!;
    for (let axis = 0; axis < 3; axis++) sum[axis]! += voxel[axis]!;
    sum[3]!++;
  }
  sums.forEach(([x, y, z, n], k) => {
    if (n! > 0) places[k] = [x! / n!, y! / n!, z! / n!];
  });
}

function nearestTo([x, y, z]: Vector3, places: readonly Vector3[], but?: Vector3): number {
  let [best, least] = [0, Number.POSITIVE_INFINITY];
  for (let k = 0; k < places.length; k++) {
    const place = places[k]!;
    if (place === but) continue;
    const far = (place[0] - x) ** 2 + (place[1] - y) ** 2 + (place[2] - z) ** 2;
    if (far < least) [best, least] = [k, far];
  }
  return best;
}
