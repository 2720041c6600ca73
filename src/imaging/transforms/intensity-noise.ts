import { hash32, RandomStream } from '../../random.ts';
import { isLabelMap } from '../image/medical-image.ts';
import { floatPixels, withFloats } from './intensity-image.ts';
import { moments } from './intensity-statistics.ts';
import { fillNormal } from './normal-field.ts';
import { readParameters } from './read-parameters.ts';
import type { DerivedTransform, IntensityTransform } from './transform.ts';

export interface NoiseParameters {
  /**
   * 'gaussian': added. 'rician': the magnitude of the value with noise in both parts of a complex signal, as in MR
   * (Gudbjartsson and Patz, MRM 34, 1995).
   */
  readonly kind?: 'gaussian' | 'rician';
  /** Standard deviation, in the image's unit. */
  readonly deviation: number;
  /** 0..2^32-1: which noise. */
  readonly seed: number;
}

/** Adds noise, in float32: the same seed, the same noise. */
export const noise: IntensityTransform<NoiseParameters> = {
  name: 'noise',
  kind: 'intensity',
  example: { deviation: 3, seed: 7 },
  check(parameters) {
    const read = readParameters('noise', parameters);
    const kind = read.oneOf('kind', ['gaussian', 'rician'], 'gaussian');
    const deviation = read.number('deviation', { min: 0 });
    const seed = read.number('seed', { min: 0, max: 2 ** 32 - 1, whole: true });
    read.end();
    return { kind, deviation, seed };
  },
  change(image, { kind, deviation, seed }) {
    const source = floatPixels(image);
    const pixels = new Float32Array(source.length);
    fillNormal(pixels, new RandomStream({ seed, purpose: 'noise' }));
    if (kind === 'gaussian') {
      for (let i = 0; i < pixels.length; i++) pixels[i] = source[i]! + deviation * pixels[i]!;
    } else {
      const other = new Float32Array(source.length);
      fillNormal(other, new RandomStream({ seed, purpose: 'noise in quadrature' }));
      for (let i = 0; i < pixels.length; i++) {
        const real = source[i]! + deviation * pixels[i]!;
        const imaginary = deviation * other[i]!;
        pixels[i] = Math.sqrt(real * real + imaginary * imaginary);
      }
    }
    return withFloats(image, pixels);
  },
  inverse: { none: 'noise is not taken back: what comes after it has changed it' },
};

export interface RelativeNoiseParameters extends Omit<NoiseParameters, 'deviation'> {
  /** Standard deviation of the noise as a part of the image's own. */
  readonly fraction: number;
}

/** Noise in proportion to an image's contrast, other noise for each image of a subject. Recorded as noise. */
export const relativeNoise: DerivedTransform<RelativeNoiseParameters> = {
  name: 'relative-noise',
  kind: 'derived',
  example: { fraction: 0.1, seed: 3 },
  check(parameters) {
    const read = readParameters('relative-noise', parameters);
    const kind = read.oneOf('kind', ['gaussian', 'rician'], 'gaussian');
    const fraction = read.number('fraction', { min: 0, max: 1000 });
    const seed = read.number('seed', { min: 0, max: 2 ** 32 - 1, whole: true });
    read.end();
    return { kind, fraction, seed };
  },
  resolve:
    ({ kind, fraction, seed }) =>
    (name, image) => {
      if (isLabelMap(image)) return [];
      const deviation = fraction * moments(image.pixels).deviation;
      return [{ transform: noise, parameters: { kind, deviation, seed: (seed ^ hash32(name)) >>> 0 } }];
    },
};
