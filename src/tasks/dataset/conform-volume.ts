import { HounsfieldError } from '../../errors.ts';
import { orientationCode } from '../../imaging/geometry/geometry.ts';
import type { FloatImage, MedicalImage } from '../../imaging/image/medical-image.ts';
import { resize } from '../../imaging/transforms/resize.ts';
import type { InputShape } from './conform-image.ts';
import { isWhole } from './intensity-scale.ts';

/** A volume or an image of float32; a volume's pixels are [C, D, H, W]. */
export interface FloatInput extends FloatImage {
  /** Slices; absent of an image. */
  readonly depth?: number;
}

/** @throws VOLUME_EXPECTED for an image of one slice, and for one with a time axis */
export function requireVolume({ depth, timePoints }: MedicalImage, name: string): void {
  if (depth > 1 && timePoints === 1) return;
  throw new HounsfieldError(
    'VOLUME_EXPECTED',
    `${name} has ${depth} slices and ${timePoints} time points, where a volume of several slices at one time is expected. ` +
      'Leave out --pooling and 3-D networks for single images; split a series of time points first.',
  );
}

/** A volume as float32 with the channels asked for. @throws VOLUME_EXPECTED, CHANNELS_MISMATCH */
export function toFloatVolume(image: MedicalImage, channels: number, name: string): Required<FloatInput> {
  requireVolume(image, name);
  const { depth, height, width } = image;
  const values = image.pixels instanceof Float32Array ? image.pixels : new Float32Array(image.pixels);
  if (image.channels === channels) return { pixels: values, channels, depth, height, width };
  if (image.channels !== 1 || channels !== 3) {
    throw new HounsfieldError(
      'CHANNELS_MISMATCH',
      `${name} has ${image.channels} channels, ${channels} are expected. Convert the volume, or take it out of the data.`,
    );
  }
  const pixels = new Float32Array(3 * values.length);
  for (let c = 0; c < 3; c++) pixels.set(values, c * values.length);
  return { pixels, channels, depth, height, width };
}

/**
 * A volume of the network's size: each slice resized, then the column of each pixel along the slices, both linear and
 * anti-aliased, rounded once if the file's values were whole. Channels and slices come as one: [C D, h, w].
 *
 * @throws VOLUME_EXPECTED, CHANNELS_MISMATCH
 */
export function conformVolume(
  image: MedicalImage,
  shape: InputShape & { readonly depth: number },
  name: string,
): FloatImage {
  const { channels, depth, height, width } = shape;
  const volume = toFloatVolume(image, channels, name);
  const slices = resize({ ...volume, channels: channels * volume.depth }, height, width);
  const columns = resize(
    { ...slices, channels, height: volume.depth, width: height * width },
    depth,
    height * width,
  );
  const same = columns.pixels === image.pixels;
  const pixels = isWhole(image) && !same ? columns.pixels.map(Math.round) : columns.pixels;
  return { pixels, channels: channels * depth, height, width };
}

/** Which way the array's axes run in the patient, as 'LPS'; 'unknown' where the file does not say. */
export const orientationOf = ({ geometry }: Pick<MedicalImage, 'geometry'>): string =>
  geometry?.frame === 'patient' ? orientationCode(geometry) : 'unknown';
