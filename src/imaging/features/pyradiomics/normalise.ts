import type { PyradiomicsSettings } from './parameters.ts';
import type { Volume } from './volume.ts';

/**
 * All values of an image less their mean, by their deviation (of a sample), cut off at outliers and scaled; sums and
 * products as ITK takes them, so that values on a bin's edge fall to the same side.
 */
export function normalised(image: Volume, { normalizeScale, removeOutliers }: PyradiomicsSettings): Volume {
  const { pixels } = image;
  const count = pixels.length;
  let [sum, squares] = [0, 0];
  for (let n = 0; n < count; n++) {
    const value = pixels[n]!;
    sum += value;
    squares += value * value;
  }
  const mean = sum / count;
  const variance = (squares - (sum * sum) / count) / (count - 1);
  const scale = variance > 0 ? 1 / Math.sqrt(variance) : 0;
  const out = new Float64Array(count);
  const most = removeOutliers ?? Number.POSITIVE_INFINITY;
  for (let n = 0; n < count; n++) {
    out[n] = Math.min(most, Math.max(-most, (pixels[n]! - mean) * scale)) * normalizeScale;
  }
  return { ...image, pixels: out };
}
