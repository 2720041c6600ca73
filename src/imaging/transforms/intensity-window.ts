import { floatPixels, withFloats } from './intensity-image.ts';
import { readParameters } from './read-parameters.ts';
import type { IntensityTransform } from './transform.ts';

export interface WindowParameters {
  /** Window Center and Window Width, in the image's unit. Width: at least 1 for 'linear', above 0 otherwise. */
  readonly center: number;
  readonly width: number;
  /** DICOM PS3.3 C.11.2.1.2.1 (linear), C.11.2.1.3.2 (linear-exact), C.11.2.1.3.1 (sigmoid). Default linear-exact. */
  readonly shape?: 'linear' | 'linear-exact' | 'sigmoid';
  /** Where the window's ends go; default 0 and 1. */
  readonly low?: number;
  readonly high?: number;
}

/** Maps a window of values to low..high in float32; what lies outside goes to the ends. */
export const windowIntensities: IntensityTransform<WindowParameters> = {
  name: 'window',
  kind: 'intensity',
  example: { center: 100, width: 120 },
  check(parameters) {
    const read = readParameters('window', parameters);
    const center = read.number('center');
    const shape = read.oneOf('shape', ['linear', 'linear-exact', 'sigmoid'], 'linear-exact');
    const width = read.number('width', { min: shape === 'linear' ? 1 : Number.MIN_VALUE });
    const low = read.number('low', { fallback: 0 });
    const high = read.number('high', { fallback: 1 });
    read.require(high > low, `high (${high}) is not above low (${low})`);
    read.end();
    return { center, width, shape, low, high };
  },
  change(image, parameters) {
    const source = floatPixels(image);
    const pixels = new Float32Array(source.length);
    if (parameters.shape === 'sigmoid') sigmoid(source, pixels, parameters);
    else ramp(source, pixels, parameters);
    return withFloats(image, pixels, 'arbitrary');
  },
  inverse: { none: 'what lay outside the window is gone' },
};

function ramp(
  source: Float32Array,
  out: Float32Array,
  { center, width, shape, low, high }: Required<WindowParameters>,
): void {
  const exact = shape === 'linear-exact';
  const start = exact ? center - width / 2 : center - 0.5 - (width - 1) / 2;
  const span = exact ? width : width - 1;
  if (span === 0) {
    // a width of 1 is a threshold
    for (let i = 0; i < source.length; i++) out[i] = source[i]! <= start ? low : high;
    return;
  }
  const scale = (high - low) / span;
  for (let i = 0; i < source.length; i++) {
    const value = low + (source[i]! - start) * scale;
    out[i] = value < low ? low : value > high ? high : value;
  }
}

function sigmoid(
  source: Float32Array,
  out: Float32Array,
  { center, width, low, high }: Required<WindowParameters>,
): void {
  for (let i = 0; i < source.length; i++) {
    out[i] = low + (high - low) / (1 + Math.exp((-4 * (source[i]! - center)) / width));
  }
}
