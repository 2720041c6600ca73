import type { IntensityUnit, MedicalImage } from '../image/medical-image.ts';
import { floatPixels, withFloats } from './intensity-image.ts';
import { readParameters } from './read-parameters.ts';
import type { IntensityTransform } from './transform.ts';

export interface ScaleIntensityParameters {
  /** One number for each channel, or one for all. */
  readonly scale: readonly number[];
  readonly offset: readonly number[];
  /** What the values mean afterwards; as before where absent. */
  readonly unit?: IntensityUnit | null;
}

const UNITS = ['arbitrary', 'HU', 'Bq/ml', 'Gy', 'SUVbw', 'SUVlbm', 'SUVbsa', 'probability'] as const;

/** scale v + offset for every value v, in float32. */
export const scaleIntensities: IntensityTransform<ScaleIntensityParameters> = {
  name: 'scale-intensity',
  kind: 'intensity',
  example: { scale: [0.5], offset: [-3] },
  check(parameters) {
    const read = readParameters('scale-intensity', parameters);
    const scale = read.numbers('scale');
    const offset = read.numbers('offset');
    const unit = read.optional('unit', (name) => read.oneOf(name, UNITS));
    read.require(
      scale.length > 0 && scale.length === offset.length,
      'scale and offset differ in length, or are empty',
    );
    read.require(!scale.includes(0), 'scale is 0, which leaves no image');
    read.end();
    return { scale, offset, unit };
  },
  change(image, { scale, offset, unit }) {
    const of = (list: readonly number[], channel: number) => list[channel % list.length]!;
    return scaledPerChannel(
      image,
      (channel) => [of(scale, channel), of(offset, channel)],
      unit ?? image.unit,
    );
  },
  inverse: {
    fidelity: 'rounding',
    step: ({ scale, offset }) => ({
      transform: scaleIntensities,
      parameters: {
        scale: scale.map((factor) => 1 / factor),
        offset: offset.map((shift, i) => -shift / scale[i]!),
      },
    }),
  },
};

function scaledPerChannel(
  image: MedicalImage,
  numbers: (channel: number) => readonly [scale: number, offset: number],
  unit: IntensityUnit,
): MedicalImage {
  const source = floatPixels(image);
  const pixels = new Float32Array(source.length);
  const volume = image.depth * image.height * image.width;
  for (let start = 0, index = 0; start < source.length; start += volume, index++) {
    const [scale, offset] = numbers(index % image.channels);
    for (let i = start; i < start + volume; i++) pixels[i] = source[i]! * scale + offset;
  }
  return withFloats(image, pixels, unit);
}
