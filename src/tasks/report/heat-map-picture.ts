import type { HeatMap } from '../../evidence/explanation/grad-cam.ts';
import { quantileOfSorted } from '../../evidence/metrics/probability.ts';
import { type FloatImage, type MedicalImage, medicalImage } from '../../imaging/image/medical-image.ts';
import { resize } from '../../imaging/transforms/resize.ts';

/** Longest side of a picture in a report, in pixels; small images are enlarged to be seen. */
const IN_REPORT = 320;
/** Longest side of a picture in a file of its own, which large images are reduced to. */
const IN_FILE = 1024;

/** The image as 8-bit RGB for looking at: the middle 99 % of its values from black to white. */
export function displayPicture(image: FloatImage, place: 'report' | 'file' = 'report'): MedicalImage {
  const side = Math.max(image.height, image.width);
  const longest = place === 'report' ? IN_REPORT : Math.min(IN_FILE, Math.max(IN_REPORT, side));
  const factor = longest / side;
  const height = Math.max(1, Math.round(image.height * factor));
  const width = Math.max(1, Math.round(image.width * factor));
  const shown = resize(image, height, width);
  const [low, high] = displayWindow(image);
  const plane = height * width;
  const pixels = new Uint8Array(3 * plane);
  for (let c = 0; c < 3; c++) {
    const source = (image.channels === 3 ? c : 0) * plane;
    for (let i = 0; i < plane; i++) {
      pixels[c * plane + i] = Math.min(
        255,
        Math.max(0, ((shown.pixels[source + i]! - low) / (high - low)) * 255),
      );
    }
  }
  return medicalImage(pixels, { channels: 3, height, width }, 8);
}

function displayWindow({ pixels }: FloatImage): readonly [number, number] {
  const sorted = Float32Array.from(pixels).sort();
  const low = quantileOfSorted(sorted, 0.005);
  const high = quantileOfSorted(sorted, 0.995);
  return high > low ? [low, high] : [low, low + 1];
}

/**
 * A heat map over a picture: colour and opacity grow with the evidence, so that the image stays visible where there
 * is none.
 */
export function overlayPicture(picture: MedicalImage, map: HeatMap): MedicalImage {
  const { height, width } = picture;
  const [mapHeight = 1, mapWidth = 1] = map.size;
  const coarse = { pixels: map.values, channels: 1, height: mapHeight, width: mapWidth };
  const fine = resize(coarse, height, width).pixels;
  const plane = height * width;
  const pixels = new Uint8Array(3 * plane);
  for (let i = 0; i < plane; i++) {
    const strength = Math.min(1, Math.max(0, fine[i]!));
    const opacity = 0.75 * strength;
    const colour = heatColour(strength);
    for (let c = 0; c < 3; c++) {
      pixels[c * plane + i] = (1 - opacity) * picture.pixels[c * plane + i]! + opacity * colour[c]!;
    }
  }
  return medicalImage(pixels, { channels: 3, height, width }, 8);
}

/** Pixels between pictures side by side. */
const GAP = 4;

/** Colour pictures in one row, white between and below them. */
export function sideBySide(pictures: readonly MedicalImage[]): MedicalImage {
  if (pictures.length === 1) return pictures[0]!;
  const height = Math.max(...pictures.map((picture) => picture.height));
  const width = pictures.reduce((sum, picture) => sum + picture.width + GAP, -GAP);
  const pixels = new Uint8Array(3 * height * width).fill(255);
  let left = 0;
  for (const picture of pictures) {
    for (let row = 0; row < 3 * picture.height; row++) {
      const [c, y] = [Math.floor(row / picture.height), row % picture.height];
      const from = picture.pixels.subarray(row * picture.width, (row + 1) * picture.width);
      pixels.set(from, (c * height + y) * width + left);
    }
    left += picture.width + GAP;
  }
  return medicalImage(pixels, { channels: 3, height, width }, 8);
}

/** Stops of a scale from dark violet over red to yellow that grows in lightness, so that it reads without colour too. */
const stops: readonly (readonly [number, number, number])[] = [
  [40, 11, 84],
  [120, 28, 109],
  [188, 55, 84],
  [237, 105, 37],
  [251, 180, 26],
  [252, 255, 164],
];

function heatColour(strength: number): readonly [number, number, number] {
  const at = strength * (stops.length - 1);
  const below = Math.min(stops.length - 2, Math.floor(at));
  const share = at - below;
  const [a, b] = [stops[below]!, stops[below + 1]!];
  return [0, 1, 2].map((c) => a[c]! * (1 - share) + b[c]! * share) as [number, number, number]; // three in, three out
}
