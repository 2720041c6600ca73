import type { DicomFile } from '../dataset.ts';
import { number } from '../values.ts';
import { imagePixel } from './image-pixel.ts';

/** Stored values that stand outside of the picture, both ends included (PS3.3 C.7.5.1.1.2). */
export interface PixelPadding {
  readonly from: number;
  readonly to: number;
}

/** What a file pads its image with; undefined when it does not say. Only grey images have padding. */
export function pixelPadding(file: DicomFile): PixelPadding | undefined {
  const image = imagePixel(file);
  if (image.samples > 1) return undefined;
  // A file whose attribute's sign disagrees with its pixels is read by its pixels.
  const meant = (value: number | undefined) => {
    if (value === undefined || image.kind !== 'integer' || image.bitsAllocated > 16) return value;
    return image.signed ? (value << 16) >> 16 : value & 0xffff;
  };
  const value =
    image.kind === 'float'
      ? number(file.dataset, 'FloatPixelPaddingValue')
      : image.kind === 'double'
        ? number(file.dataset, 'DoubleFloatPixelPaddingValue')
        : meant(number(file.dataset, 'PixelPaddingValue'));
  if (value === undefined) return undefined;
  const limit = image.kind === 'integer' ? meant(number(file.dataset, 'PixelPaddingRangeLimit')) : undefined;
  const other = limit ?? value;
  return { from: Math.min(value, other), to: Math.max(value, other) };
}
