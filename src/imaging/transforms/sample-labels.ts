/**
 * Labels between voxels by Gaussian weights: each label gets the weight of its voxels, the heaviest wins (Tustison,
 * "Label image Gaussian interpolation", Insight Journal 2012). Sums of the Gaussian over whole voxels, cut at one
 * standard deviation beyond the place, as ITK's LabelImageGaussianInterpolateImageFunction with alpha 1.
 */

import type { Places } from './sample-anywhere.ts';
import { EDGE_TOLERANCE, type Volume } from './sample-axes.ts';

/** @param sigma of the Gaussian, voxels of the source */
export function gaussianLabels(
  source: Volume,
  out: Volume,
  places: Places,
  sigma: number,
  outside: number | 'edge',
): void {
  const { pixels, width, height, depth } = out;
  const [xs, ys, zs] = [new Float64Array(width), new Float64Array(width), new Float64Array(width)];
  const vote = voter(source, sigma);
  for (let z = 0, at = out.start; z < depth; z++) {
    for (let y = 0; y < height; y++, at += width) {
      places.row(0, y, z, width, xs, ys, zs);
      for (let i = 0; i < width; i++) {
        const x = hold(xs[i]!, source.width);
        const b = hold(ys[i]!, source.height);
        const c = hold(zs[i]!, source.depth);
        const away = leaves(x, xs[i]!) || leaves(b, ys[i]!) || leaves(c, zs[i]!);
        pixels[at + i] = away && outside !== 'edge' ? outside : vote(x, b, c);
      }
    }
  }
}

const hold = (place: number, size: number): number => Math.min(size - 0.5, Math.max(-0.5, place));
const leaves = (held: number, place: number): boolean => Math.abs(held - place) > EDGE_TOLERANCE;

/** The weights of voxels begin .. end - 1 of one axis. */
interface AxisWeights {
  begin: number;
  end: number;
  readonly weight: Float64Array;
}

function voter(source: Volume, sigma: number): (x: number, y: number, z: number) => number {
  const { pixels, start, width, height } = source;
  const longest = Math.ceil(2 * sigma) + 3;
  const axis = (): AxisWeights => ({ begin: 0, end: 0, weight: new Float64Array(longest) });
  const [ax, ay, az] = [axis(), axis(), axis()];
  const labels = new Float64Array(longest ** 3);
  const weights = new Float64Array(longest ** 3);
  return (x, y, z) => {
    reach(ax, x, source.width, sigma);
    reach(ay, y, source.height, sigma);
    reach(az, z, source.depth, sigma);
    const first = pixels[start + (az.begin * height + ay.begin) * width + ax.begin]!;
    if (isUniform(source, ax, ay, az, first)) return first;
    weigh(ax, x, sigma);
    weigh(ay, y, sigma);
    weigh(az, z, sigma);
    let [kinds, best, most] = [0, first, 0];
    for (let c = az.begin; c < az.end; c++) {
      for (let b = ay.begin; b < ay.end; b++) {
        const row = start + (c * height + b) * width;
        const rowWeight = ay.weight[b - ay.begin]! * az.weight[c - az.begin]!;
        for (let a = ax.begin; a < ax.end; a++) {
          const label = pixels[row + a]!;
          let kind = 0;
          while (kind < kinds && labels[kind] !== label) kind++;
          if (kind === kinds) {
            labels[kinds] = label;
            weights[kinds++] = 0;
          }
          weights[kind]! += rowWeight * ax.weight[a - ax.begin]!;
          if (weights[kind]! > most) [most, best] = [weights[kind]!, label];
        }
      }
    }
    return best;
  };
}

function reach(axis: AxisWeights, place: number, size: number, sigma: number): void {
  axis.begin = Math.max(0, Math.floor(place + 0.5 - sigma));
  axis.end = Math.min(size, Math.ceil(place + 0.5 + sigma));
}

function isUniform(source: Volume, x: AxisWeights, y: AxisWeights, z: AxisWeights, label: number): boolean {
  for (let c = z.begin; c < z.end; c++) {
    for (let b = y.begin; b < y.end; b++) {
      const row = source.start + (c * source.height + b) * source.width;
      for (let a = x.begin; a < x.end; a++) if (source.pixels[row + a] !== label) return false;
    }
  }
  return true;
}

function weigh(axis: AxisWeights, place: number, sigma: number): void {
  const scale = 1 / (Math.SQRT2 * sigma);
  let low = erf((axis.begin - 0.5 - place) * scale);
  for (let i = axis.begin; i < axis.end; i++) {
    const high = erf((i + 0.5 - place) * scale);
    axis.weight[i - axis.begin] = high - low;
    low = high;
  }
}

/** The error function by its series of positive terms (Abramowitz and Stegun 7.1.6), to a float64's precision. */
export function erf(x: number): number {
  if (x < 0) return -erf(-x);
  if (x > 6) return 1;
  let [term, sum] = [x, x];
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
