import { type CooccurrenceSettings, checkCooccurrence, greyLevels } from './cooccurrence.ts';
import { cooccurrenceProperties, cooccurrenceRange } from './cooccurrence-properties.ts';
import { countPairs } from './count-pairs.ts';
import type { PictureFeature } from './picture.ts';
import type { PictureFamily } from './picture-features.ts';
import type { GlcmFeatureSettings } from './picture-settings.ts';

/** Properties of the co-occurrence matrices of a whole picture, by distance and angle, or averaged over the angles. */
export function cooccurrenceFamily(
  settings: GlcmFeatureSettings,
  width: number,
  height: number,
): PictureFamily {
  const { levels, distances, anglesDegrees, properties, average, symmetric } = settings;
  const angles = anglesDegrees.map((degrees) => (degrees * Math.PI) / 180);
  const asked: CooccurrenceSettings = { levels, distances, angles, symmetric };
  checkCooccurrence(asked);
  const features: PictureFeature[] = distances.flatMap((distance) =>
    (average ? ['mean'] : anglesDegrees.map((degrees) => `a${degrees}`)).flatMap((angle) =>
      properties.map((property) => ({
        name: `glcm_d${distance}_${angle}_${property.toLowerCase()}`,
        unit: '1',
        range: cooccurrenceRange(property, levels),
      })),
    ),
  );
  const cells = levels * levels;
  const matrices = new Int32Array(cells * distances.length * angles.length);
  const values = (_: unknown, grey: Float64Array): Float64Array => {
    countPairs(
      greyLevels(grey, levels, settings.range ?? leastAndGreatest(grey)),
      width,
      height,
      asked,
      matrices,
    );
    const out = new Float64Array(features.length);
    const weight = average ? 1 / angles.length : 1;
    for (let d = 0; d < distances.length; d++) {
      for (let a = 0; a < angles.length; a++) {
        const at = d * angles.length + a;
        const found = cooccurrenceProperties(matrices.subarray(at * cells, (at + 1) * cells), levels);
        const start = (average ? d : at) * properties.length;
        for (let p = 0; p < properties.length; p++) out[start + p]! += found[properties[p]!] * weight;
      }
    }
    return out;
  };
  return { features, values };
}

/** The greatest value falls in the last bin. */
function leastAndGreatest(values: Float64Array): readonly [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}
