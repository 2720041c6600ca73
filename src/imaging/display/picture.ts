import { type MedicalImage, medicalImage } from '../image/medical-image.ts';
import { drawText } from './glyphs.ts';

/** Red, green and blue, 0..255. */
export type Colour = readonly [red: number, green: number, blue: number];

/** A picture being drawn: 8-bit colour, planar. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array; // [3, H, W]
}

export function picture(width: number, height: number): Picture {
  return { width, height, pixels: new Uint8Array(3 * width * height) };
}

/** Mixes a colour into a pixel; `opacity` 0..1. Pixels outside are passed over. */
export function blend(target: Picture, x: number, y: number, colour: Colour, opacity = 1): void {
  if (x < 0 || y < 0 || x >= target.width || y >= target.height) return;
  const plane = target.width * target.height;
  const at = y * target.width + x;
  for (let c = 0; c < 3; c++) {
    const old = target.pixels[c * plane + at]!;
    target.pixels[c * plane + at] = Math.round(old + (colour[c]! - old) * opacity);
  }
}

/** Letters with a dark rim, so that they are read on bright ground as well. */
export function label(target: Picture, text: string, left: number, top: number, scale: number): void {
  for (const [dx, dy] of [
    [-1, 0],
    [1, 0],
    [0, -1],
    [0, 1],
  ] as const) {
    drawText(text, left + dx, top + dy, scale, (x, y) => blend(target, x, y, [0, 0, 0]));
  }
  drawText(text, left, top, scale, (x, y) => blend(target, x, y, [255, 230, 90]));
}

export function toImage(drawn: Picture): MedicalImage {
  return medicalImage(drawn.pixels, { channels: 3, height: drawn.height, width: drawn.width }, 8);
}
