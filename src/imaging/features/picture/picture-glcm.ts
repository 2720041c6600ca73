import { checkCooccurrence, countPairs, greyLevels, pairOffset } from './cooccurrence.ts';
import { cooccurrenceProperties, cooccurrenceRange } from './cooccurrence-properties.ts';
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
  checkCooccurrence({ levels, distances, angles, symmetric });
  const features: PictureFeature[] = distances.flatMap((distance) =>
    (average ? ['mean'] : anglesDegrees.map((degrees) => `a${degrees}`)).flatMap((angle) =>
      properties.map((property) => ({
        name: `glcm_d${distance}_${angle}_${property.toLowerCase()}`,
        unit: '1',
        range: cooccurrenceRange(property, levels),
      })),
    ),
  );
  const matrix = new Int32Array(levels * levels);
  const values = (_: unknown, grey: Float64Array): Float64Array => {
    const plane = greyLevels(grey, levels, settings.range ?? leastAndGreatest(grey));
    const out = new Float64Array(features.length);
    let at = 0;
    for (const distance of distances) {
      for (const [a, angle] of angles.entries()) {
        countPairs(plane, width, height, pairOffset(distance, angle), levels, symmetric, matrix);
        const found = cooccurrenceProperties(matrix, levels);
        const start = average ? at : at + a * properties.length;
        const weight = average ? 1 / angles.length : 1;
        for (let p = 0; p < properties.length; p++) out[start + p]! += found[properties[p]!] * weight;
      }
      at += properties.length * (average ? 1 : angles.length);
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
