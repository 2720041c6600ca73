import type { PyradiomicsSettings } from './parameters.ts';
import type { Volume } from './volume.ts';

/** All values of an image less their mean, by their deviation (of a sample), cut off at outliers and scaled. */
export function normalised(image: Volume, { normalizeScale, removeOutliers }: PyradiomicsSettings): Volume {
  const { pixels } = image;
  let [sum, squares] = [0, 0];
  for (let n = 0; n < pixels.length; n++) sum += pixels[n]!;
  const mean = sum / pixels.length;
  for (let n = 0; n < pixels.length; n++) squares += (pixels[n]! - mean) ** 2;
  const deviation = Math.sqrt(squares / (pixels.length - 1));
  const out =
    pixels instanceof Float32Array ? new Float32Array(pixels.length) : new Float64Array(pixels.length);
  const most = removeOutliers ?? Number.POSITIVE_INFINITY;
  for (let n = 0; n < pixels.length; n++) {
    const score = deviation === 0 ? 0 : (pixels[n]! - mean) / deviation;
    out[n] = normalizeScale * Math.min(most, Math.max(-most, score));
  }
  return { ...image, pixels: out };
}
