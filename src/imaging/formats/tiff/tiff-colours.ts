import type { PixelArray } from '../../image/medical-image.ts';
import { type TiffPage, unsupportedTiff } from './tiff-page.ts';
import { pixelArray } from './tiff-pixels.ts';

/** Planes of values ready to be an image: [channels, height, width]. */
export interface Planes {
  readonly pixels: PixelArray;
  readonly channels: number;
  readonly bitDepth: number;
}

/** Channels that `finishedPlanes` makes of a page. */
export function channelsOf(page: TiffPage): number {
  if (page.photometric === 3) return 3;
  if (page.photometric === 5) return 3;
  const colours = page.photometric === 2 || page.photometric === 6 ? 3 : 1;
  const alpha = page.extraSamples.some((kind) => kind === 1 || kind === 2) ? 1 : 0;
  return Math.max(Math.min(page.samples, colours), page.samples - alpha);
}

/**
 * Samples, which may be changed in place, as values: palettes become colour (8 bits), MinIsWhite is turned so that more is brighter, 1-bit grey is 0 or
 * 255 as other pictures', CMYK becomes RGB, alpha is composited over black. Throws TIFF_UNSUPPORTED.
 */
export function finishedPlanes(page: TiffPage, samples: PixelArray, count: number, name: string): Planes {
  const { photometric, bits } = page;
  if (photometric === 3)
    return { pixels: throughPalette(page, samples, count, name), channels: 3, bitDepth: 8 };
  if (photometric === 5) return { pixels: fromCmyk(page, samples, count, name), channels: 3, bitDepth: 8 };
  if (photometric > 6 && photometric !== 32803)
    throw unsupportedTiff(name, `photometric interpretation ${photometric}`);
  let pixels = samples;
  if (page.sampleFormat === 'uint' && photometric === 0) {
    const top = 2 ** bits - 1;
    pixels = samples.map((value) => top - value);
  }
  pixels = withoutAlpha(page, pixels, count);
  if (bits === 1)
    return { pixels: pixels.map((value) => value * 255), channels: channelsOf(page), bitDepth: 8 };
  return { pixels, channels: channelsOf(page), bitDepth: bits };
}

function throughPalette(page: TiffPage, samples: PixelArray, count: number, name: string): Uint8Array {
  const map = page.colourMap;
  const size = 2 ** page.bits;
  if (!map || page.bits > 16 || map.length < 3 * size || page.sampleFormat !== 'uint') {
    throw unsupportedTiff(name, 'a palette that does not fit its pixels');
  }
  // some writers put 8 bits where 16 belong
  const shift = map.some((value) => value > 255) ? 8 : 0;
  const out = new Uint8Array(3 * count);
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < count; i++) out[c * count + i] = map[c * size + samples[i]!]! >> shift;
  }
  return out;
}

function fromCmyk(page: TiffPage, samples: PixelArray, count: number, name: string): Uint8Array {
  if (page.samples < 4 || page.bits !== 8)
    throw unsupportedTiff(name, 'inks other than cyan, magenta, yellow, black in 8 bits');
  const out = new Uint8Array(3 * count);
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < count; i++) {
      out[c * count + i] = Math.round(
        ((255 - samples[c * count + i]!) * (255 - samples[3 * count + i]!)) / 255,
      );
    }
  }
  return out;
}

function withoutAlpha(page: TiffPage, pixels: PixelArray, count: number): PixelArray {
  const channels = channelsOf(page);
  if (channels === page.samples) return pixels;
  const colours = page.samples - page.extraSamples.length;
  const place = colours + page.extraSamples.findIndex((kind) => kind === 1 || kind === 2);
  const isPlain = page.extraSamples[place - colours] === 2;
  const out = pixelArray(page, channels * count);
  const full = page.sampleFormat === 'float' ? 1 : 2 ** page.bits - 1;
  for (let s = 0, c = 0; s < page.samples; s++) {
    if (s === place) continue;
    for (let i = 0; i < count; i++) {
      const value = pixels[s * count + i]!;
      const part = isPlain && s < colours ? pixels[place * count + i]! / full : 1;
      const seen = value * part;
      out[c * count + i] = page.sampleFormat === 'float' ? seen : Math.round(seen);
    }
    c++;
  }
  return out;
}

/** Pixels turned upright by the orientation tag 2..8 (TIFF 6.0, and EXIF). */
export function uprightPlanes(
  planes: PixelArray,
  channels: number,
  width: number,
  height: number,
  orientation: number,
): { readonly pixels: PixelArray; readonly width: number; readonly height: number } {
  if (orientation < 2 || orientation > 8) return { pixels: planes, width, height };
  const turns = orientation >= 5;
  const [toWidth, toHeight] = turns ? [height, width] : [width, height];
  const out = planes.slice();
  // where the row and the column of the picture begin, by orientation 1..8
  const fromRight = [2, 3, 7, 8].includes(orientation);
  const fromBottom = [3, 4, 6, 7].includes(orientation);
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < toHeight; y++) {
      for (let x = 0; x < toWidth; x++) {
        const [u, v] = turns ? [y, x] : [x, y];
        const sx = fromRight ? width - 1 - u : u;
        const sy = fromBottom ? height - 1 - v : v;
        out[(c * toHeight + y) * toWidth + x] = planes[(c * height + sy) * width + sx]!;
      }
    }
  }
  return { pixels: out, width: toWidth, height: toHeight };
}
