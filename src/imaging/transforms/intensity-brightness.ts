import { isLabelMap } from '../image/medical-image.ts';
import { scaleIntensities } from './intensity-scale.ts';
import { moments } from './intensity-statistics.ts';
import { readParameters } from './read-parameters.ts';
import type { DerivedTransform } from './transform.ts';

export interface BrightnessParameters {
  /** Shift by this many of the image's standard deviations; default 0. */
  readonly brightness?: number;
  /** Factor of the distance from the mean, above 0; default 1. */
  readonly contrast?: number;
}

/** mean + contrast (v - mean) + brightness x standard deviation, over the whole image. Recorded as scale-intensity. */
export const brightnessContrast3d: DerivedTransform<BrightnessParameters> = {
  name: 'brightness-contrast',
  kind: 'derived',
  example: { brightness: 0.2, contrast: 1.2 },
  check(parameters) {
    const read = readParameters('brightness-contrast', parameters);
    const brightness = read.number('brightness', { fallback: 0 });
    const contrast = read.number('contrast', { min: 1e-6, max: 1e6, fallback: 1 });
    read.end();
    return { brightness, contrast };
  },
  resolve:
    ({ brightness, contrast }) =>
    (_, image) => {
      if (isLabelMap(image)) return [];
      const { mean, deviation } = moments(image.pixels);
      const offset = mean * (1 - contrast) + brightness * deviation;
      return [{ transform: scaleIntensities, parameters: { scale: [contrast], offset: [offset] } }];
    },
};
