import { centred, type Taps } from './correlate-axis.ts';

/**
 * Taps of a Gaussian or of its first or second derivative, per voxel, cut at `truncate` standard deviations.
 * 'normalized': the Gaussian sums to 1 and its derivatives are made of it, as in scipy. 'sampled': the function's own
 * values (IBSI 2, section 3.2).
 *
 * @param sigma voxels, above 0
 */
export function gaussianTaps(
  sigma: number,
  order: 0 | 1 | 2,
  truncate: number,
  kernel: 'normalized' | 'sampled' = 'normalized',
): Taps {
  const radius = Math.floor(truncate * sigma + 0.5);
  const variance = sigma * sigma;
  const weights = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * variance)),
  );
  const total =
    kernel === 'normalized'
      ? weights.reduce((sum, weight) => sum + weight, 0)
      : Math.sqrt(2 * Math.PI * variance);
  for (let i = 0; i < weights.length; i++) {
    const x = i - radius;
    const factor =
      order === 0 ? 1 : order === 1 ? x / variance : (x * x) / (variance * variance) - 1 / variance;
    weights[i]! *= factor / total;
  }
  return centred(weights);
}
