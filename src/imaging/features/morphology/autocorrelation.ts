/** Moran's I and Geary's C (IBSI reference manual, N365 and NPT7): sums over all pairs of voxels. */
import { RandomStream } from '../../../random.ts';
import type { Computed } from '../definition-list.ts';
import type { Region } from '../feature.ts';
import { convolutionSize, convolveWithInverseDistance } from './lag-convolution.ts';

/** Up to this many voxels each pair is visited. */
const FEW_VOXELS = 2500;
/** Complex numbers of the padded box up to which all pairs are summed by Fourier transforms; 16 bytes each. */
const GREATEST_CONVOLUTION = 1 << 24;
/** Beyond: the mean of this many samples of FEW_VOXELS voxels. */
const SAMPLES = 24;

export interface Autocorrelation {
  readonly moran: Computed;
  readonly geary: Computed;
}

/**
 * Both measures of the intensity mask. Exact while the padded box fits into 2^24 complex numbers (a box of some 160 voxels
 * a side; 270 MB); of larger regions the mean of repeated samples, as the manual allows, with a remark. A constant region
 * divides by zero: NaN with a remark.
 *
 * @param greatest complex numbers up to which sums are exact
 */
export function autocorrelation(region: Region, greatest = GREATEST_CONVOLUTION): Autocorrelation {
  const { values, inside, size, spacingMm } = region;
  const places = placesOf(inside);
  const count = places.length;
  if (count < 2) return none(count === 0 ? 'no voxel in the intensity mask' : 'one voxel');
  let mean = 0;
  for (let i = 0; i < count; i++) mean += values[places[i]!]! / count;
  const away = new Float64Array(inside.length);
  let squares = 0;
  let spread = false;
  for (let i = 0; i < count; i++) {
    const place = places[i]!;
    away[place] = values[place]! - mean;
    squares += away[place]! ** 2;
    spread ||= values[place] !== values[places[0]!];
  }
  if (!spread) return none('constant region');
  if (count <= FEW_VOXELS) return ofPairs(places, away, region);
  if (convolutionSize(size) > greatest) return sampled(places, away, region);
  const sums = Float64Array.from(inside);
  const products = away.slice();
  convolveWithInverseDistance(products, sums, size, spacingMm);
  let [weights, together, apart] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const place = places[i]!;
    const value = away[place]!;
    weights += sums[place]!;
    together += value * products[place]!;
    apart += value * value * sums[place]!;
  }
  return measures({ weights, together, apart: 2 * (apart - together) }, count, squares);
}

/** Sums over ordered pairs of the weights, of products of deviations and of squared differences, both weighted. */
interface PairSums {
  readonly weights: number;
  readonly together: number;
  readonly apart: number;
}

function measures({ weights, together, apart }: PairSums, count: number, squares: number): Moments {
  return {
    moran: (count / weights) * (together / squares),
    geary: ((count - 1) / (2 * weights)) * (apart / squares),
  };
}

interface Moments {
  readonly moran: number;
  readonly geary: number;
}

const none = (remark: string): Autocorrelation => ({
  moran: [Number.NaN, remark],
  geary: [Number.NaN, remark],
});

function placesOf(inside: Uint8Array): Int32Array {
  let count = 0;
  for (let i = 0; i < inside.length; i++) count += inside[i]!;
  const places = new Int32Array(count);
  for (let i = 0, at = 0; i < inside.length; i++) if (inside[i]) places[at++] = i;
  return places;
}

function pairSums(places: Int32Array, values: Float64Array, { size, spacingMm }: Region): PairSums {
  const count = places.length;
  const [xs, ys, zs] = [0, 1, 2].map(() => new Float64Array(count)) as Columns;
  for (let i = 0; i < count; i++) {
    const place = places[i]!;
    const row = Math.floor(place / size[0]);
    xs[i] = (place - row * size[0]) * spacingMm[0];
    ys[i] = (row % size[1]) * spacingMm[1];
    zs[i] = Math.floor(row / size[1]) * spacingMm[2];
  }
  let weights = 0;
  let together = 0;
  let apart = 0;
  for (let i = 1; i < count; i++) {
    const x = xs[i]!;
    const y = ys[i]!;
    const z = zs[i]!;
    const value = values[i]!;
    for (let j = 0; j < i; j++) {
      const dx = xs[j]! - x;
      const dy = ys[j]! - y;
      const dz = zs[j]! - z;
      const weight = 1 / Math.sqrt(dx * dx + dy * dy + dz * dz);
      const difference = values[j]! - value;
      weights += weight;
      together += weight * value * values[j]!;
      apart += weight * difference * difference;
    }
  }
  return { weights: 2 * weights, together: 2 * together, apart: 2 * apart };
}

type Columns = [Float64Array, Float64Array, Float64Array];

/** Both measures of some voxels, every pair visited. */
function ofPairs(places: Int32Array, away: Float64Array, region: Region): Moments {
  let mean = 0;
  for (let i = 0; i < places.length; i++) mean += away[places[i]!]! / places.length;
  const own = Float64Array.from(places, (place) => away[place]! - mean);
  let squares = 0;
  for (let i = 0; i < own.length; i++) squares += own[i]! ** 2;
  return measures(pairSums(places, own, region), places.length, squares);
}

/** The mean over samples drawn without putting back; the same region gives the same samples. */
function sampled(places: Int32Array, away: Float64Array, region: Region): Autocorrelation {
  const random = new RandomStream({ seed: places.length, purpose: 'autocorrelation' });
  const drawn = places.slice();
  let [moran, geary] = [0, 0];
  for (let sample = 0; sample < SAMPLES; sample++) {
    for (let i = 0; i < FEW_VOXELS; i++) {
      const from = i + random.integer(drawn.length - i);
      const held = drawn[i]!;
      drawn[i] = drawn[from]!;
      drawn[from] = held;
    }
    const one = ofPairs(drawn.subarray(0, FEW_VOXELS), away, region);
    moran += one.moran / SAMPLES;
    geary += one.geary / SAMPLES;
  }
  const remark = `mean of ${SAMPLES} samples of ${FEW_VOXELS} of the ${places.length} voxels`;
  return { moran: [moran, remark], geary: [geary, remark] };
}
