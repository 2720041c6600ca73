import { HounsfieldError } from '../../errors.ts';
import { gridOf, sameGrid, sizeText } from '../geometry/grid.ts';
import { isLabelMap, type MedicalImage, type PixelArray } from '../image/medical-image.ts';
import { otsuThreshold } from './intensity-statistics.ts';
import type { readParameters } from './read-parameters.ts';
import { imageOf, type Subject } from './subject.ts';

/** Which voxels a statistic is taken over. */
export interface RegionParameters {
  /**
   * 'all'; 'nonzero'; 'foreground': above Otsu's threshold; 'above-mean'; 'mask': where the label map named by `mask` is
   * not 0. Default 'all'.
   */
  readonly region?: 'all' | 'nonzero' | 'foreground' | 'above-mean' | 'mask';
  /** Name of a label map of the subject, for 'mask'. */
  readonly mask?: string | null;
}

/** @param fallback the region where none is named */
export function readRegion(
  read: ReturnType<typeof readParameters>,
  fallback: NonNullable<RegionParameters['region']> = 'all',
): Required<RegionParameters> {
  const region = read.oneOf('region', ['all', 'nonzero', 'foreground', 'above-mean', 'mask'], fallback);
  const mask = read.optional('mask', (name) => read.text(name));
  read.require(
    region !== 'mask' || mask !== null,
    "mask is absent, expected a label map's name for region 'mask'",
  );
  return { region, mask };
}

/**
 * The values of each channel (all its time points) with the mask of the region over them. Throws SUBJECT_IMAGE,
 * MASK_NOT_LABELS and MASK_GRID_MISMATCH for a mask that does not fit, INTENSITY_REGION_EMPTY later for one that is empty.
 */
export function regionOfChannels(
  image: MedicalImage,
  { region, mask }: Required<RegionParameters>,
  subject: Subject,
): readonly { readonly values: PixelArray; readonly inside?: Uint8Array }[] {
  const volume = image.depth * image.height * image.width;
  const named = region === 'mask' ? foregroundOf(imageOf(subject, mask ?? ''), mask ?? '', image) : undefined;
  return Array.from({ length: image.channels }, (_, channel) => {
    const values = channelValues(image, channel);
    if (region === 'all') return { values };
    if (named) {
      const inside = new Uint8Array(values.length);
      for (let start = 0; start < values.length; start += volume) inside.set(named, start);
      return { values, inside };
    }
    const threshold =
      region === 'nonzero' ? 0 : region === 'foreground' ? otsuThreshold(values) : meanOf(values);
    const inside = new Uint8Array(values.length);
    if (region === 'nonzero') for (let i = 0; i < values.length; i++) inside[i] = values[i] === 0 ? 0 : 1;
    else for (let i = 0; i < values.length; i++) inside[i] = values[i]! > threshold ? 1 : 0;
    return { values, inside };
  });
}

function meanOf(values: PixelArray): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

/** All values of one channel; shares memory where the image has one channel. */
function channelValues(image: MedicalImage, channel: number): PixelArray {
  const { pixels, channels, timePoints } = image;
  if (channels === 1) return pixels;
  const volume = image.depth * image.height * image.width;
  if (timePoints === 1) return pixels.subarray(channel * volume, (channel + 1) * volume);
  const values = new Float64Array(timePoints * volume);
  for (let t = 0; t < timePoints; t++) {
    const start = (t * channels + channel) * volume;
    values.set(pixels.subarray(start, start + volume), t * volume);
  }
  return values;
}

/** 1 where any layer of a label map is not background. */
function foregroundOf(mask: MedicalImage, name: string, image: MedicalImage): Uint8Array {
  if (!isLabelMap(mask)) {
    throw new HounsfieldError(
      'MASK_NOT_LABELS',
      `'${name}' is an image, not a label map. Name a label map as mask.`,
    );
  }
  const [own, other] = [gridOf(image), gridOf(mask)];
  if (!sameGrid(own, other)) {
    throw new HounsfieldError(
      'MASK_GRID_MISMATCH',
      `mask '${name}' is ${sizeText(other.size)}, the image ${sizeText(own.size)}, or they lie in different places. ` +
        'Bring the mask to the image by resample-to-image first.',
    );
  }
  const volume = image.depth * image.height * image.width;
  const inside = new Uint8Array(volume);
  for (let i = 0; i < mask.pixels.length; i++) if (mask.pixels[i] !== 0) inside[i % volume] = 1;
  return inside;
}
