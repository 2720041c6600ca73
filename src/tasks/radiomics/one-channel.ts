import type { MedicalImage } from '../../imaging/image/medical-image.ts';

/** A grey image that was stored as red, green and blue (and opacity) becomes one channel; others stay as they are. */
export function oneChannel(image: MedicalImage): MedicalImage {
  const { pixels, channels, timePoints, depth, height, width } = image;
  if (timePoints !== 1 || (channels !== 3 && channels !== 4)) return image;
  const plane = depth * height * width; // [1, C, D, H, W]
  for (let i = 0; i < plane; i++) {
    if (pixels[i] !== pixels[i + plane] || pixels[i] !== pixels[i + 2 * plane]) return image;
  }
  return { ...image, channels: 1, pixels: pixels.slice(0, plane) };
}

/**
 * A mask painted in one colour becomes one channel of 0 and 1; painted in grey, one channel of its values; others stay as they are.
 */
export function oneColour(mask: MedicalImage): MedicalImage {
  const grey = oneChannel(mask);
  const { pixels, channels, timePoints, depth, height, width } = grey;
  if (timePoints !== 1 || (channels !== 3 && channels !== 4)) return grey;
  const plane = depth * height * width; // [1, C, D, H, W]
  const inside = new Uint8Array(plane);
  let colour = -1;
  for (let i = 0; i < plane; i++) {
    if (pixels[i] === 0 && pixels[i + plane] === 0 && pixels[i + 2 * plane] === 0) continue;
    if (colour < 0) colour = i;
    for (let c = 0; c < 3; c++) {
      if (pixels[i + c * plane] !== pixels[colour + c * plane]) return mask;
    }
    inside[i] = 1;
  }
  return { ...grey, channels: 1, pixels: inside };
}
