import { HounsfieldError } from '../../errors.ts';
import { type FloatImage, type MedicalImage, toFloatImage } from '../../imaging/image/medical-image.ts';
import { crop } from '../../imaging/transforms/crop.ts';
import { intensityRange } from '../../imaging/transforms/intensity.ts';
import { pad } from '../../imaging/transforms/pad.ts';
import { resize } from '../../imaging/transforms/resize.ts';
import { isWhole } from './intensity-scale.ts';

/**
 * How an image of other proportions fits: 'stretch' each side on its own, 'pad' with its lowest value, or 'crop' the
 * middle. The model file stretches, so train with another mode only on images that are cut the same way beforehand.
 */
export type ResizeMode = 'stretch' | 'pad' | 'crop';

/** What a network takes. */
export interface InputShape {
  readonly channels: number;
  /** Slices of a volume; absent of an image. */
  readonly depth?: number;
  readonly height: number;
  readonly width: number;
}

/** Red, green and blue this close count as grey: JPEG of a grey picture is off by one or two. */
const GREY_TOLERANCE = 2;

/**
 * The image with the channels asked for: grey becomes three equal channels, and colour whose channels agree becomes
 * grey. True colour is never turned grey unasked: throws CHANNELS_MISMATCH.
 */
export function conformChannels(image: MedicalImage, channels: number, name: string): MedicalImage {
  if (image.channels === channels) return image;
  const plane = image.height * image.width;
  if (image.channels === 1 && channels === 3) {
    const pixels = new (image.pixels.constructor as Uint8ArrayConstructor)(3 * plane); // same element type as the image
    for (let c = 0; c < 3; c++) pixels.set(image.pixels, c * plane);
    return { ...image, pixels, channels };
  }
  if (image.channels === 3 && channels === 1 && isGreyInColour(image)) {
    return { ...image, pixels: image.pixels.slice(plane, 2 * plane), channels };
  }
  throw new HounsfieldError(
    'CHANNELS_MISMATCH',
    `${name} has ${image.channels} channels that differ, ${channels} are expected. Train with channels 3, convert the ` +
      'image, or take it out of the data.',
  );
}

/** True for a three-channel image that is grey all over. */
export function isGreyInColour(image: MedicalImage): boolean {
  if (image.channels !== 3) return false;
  const { pixels } = image;
  const plane = image.height * image.width;
  for (let i = 0; i < plane; i++) {
    const green = pixels[plane + i]!;
    const red = Math.abs(pixels[i]! - green);
    const blue = Math.abs(pixels[2 * plane + i]! - green);
    if (red > GREY_TOLERANCE || blue > GREY_TOLERANCE) return false;
  }
  return true;
}

/** Channels and size as the network takes them; values stay in the file's scale, rounded if the file's were integers. */
export function conformImage(
  image: MedicalImage,
  shape: InputShape,
  mode: ResizeMode,
  name: string,
): FloatImage {
  const matched = conformChannels(image, shape.channels, name);
  const float = toFloatImage(matched);
  if (float.height === shape.height && float.width === shape.width) return float;
  const sized = resize(framed(float, shape, mode), shape.height, shape.width);
  return !isWhole(matched) ? sized : { ...sized, pixels: sized.pixels.map(Math.round) };
}

function framed(image: FloatImage, shape: InputShape, mode: ResizeMode): FloatImage {
  if (mode === 'stretch') return image;
  const wanted = shape.width / shape.height;
  const wider = image.width / image.height > wanted;
  if (mode === 'crop') {
    const height = wider ? image.height : Math.max(1, Math.round(image.width / wanted));
    const width = wider ? Math.max(1, Math.round(image.height * wanted)) : image.width;
    const top = Math.floor((image.height - height) / 2);
    return crop(image, { top, left: Math.floor((image.width - width) / 2), height, width });
  }
  const height = wider ? Math.max(image.height, Math.round(image.width / wanted)) : image.height;
  const width = wider ? image.width : Math.max(image.width, Math.round(image.height * wanted));
  const top = Math.floor((height - image.height) / 2);
  const left = Math.floor((width - image.width) / 2);
  const margins = { top, left, bottom: height - image.height - top, right: width - image.width - left };
  return pad(image, margins, { constant: intensityRange(image)[0] });
}
