import type { FloatImage } from '../image/medical-image.ts';
import { gaussianBlurVolume } from './intensity-blur.ts';

/**
 * Gaussian smoothing of each channel with the given standard deviation in pixels; the kernel is cut at four standard
 * deviations and the border mirrored. Has no inverse: fine detail is lost.
 */
export function gaussianBlur(image: FloatImage, sigma: number): FloatImage {
  const { channels, height, width } = image;
  const pixels = gaussianBlurVolume(image.pixels, [channels, height, width], [sigma, sigma, 0]);
  return { pixels, channels, height, width };
}
