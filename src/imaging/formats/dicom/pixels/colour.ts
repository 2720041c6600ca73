import type { PixelArray } from '../../../image/medical-image.ts';

type Three = readonly [number, number, number];

/** What Y, Cb and Cr (less half the range, and Y less its foot) contribute to red, green and blue. */
interface ToRgb {
  readonly y: number;
  readonly foot: number;
  readonly cb: Three;
  readonly cr: Three;
}

/** PS3.3 C.7.6.3.1.2, solved for red, green and blue. */
const full: ToRgb = {
  y: 1,
  foot: 0,
  cb: [0, (-0.114 * 1.772) / 0.587, 1.772],
  cr: [1.402, (-0.299 * 1.402) / 0.587, 0],
};

/** The same with Y from 16 to 235 and the colours from 16 to 240 (ITU-R BT.601). */
const partial: ToRgb = {
  y: 255 / 219,
  foot: 16,
  cb: full.cb.map((value) => (value * 255) / 224) as unknown as Three, // map keeps the length
  cr: full.cr.map((value) => (value * 255) / 224) as unknown as Three, // map keeps the length
};

/** Whether values of this photometric interpretation are luminance and two colour differences. */
export function isYbr(photometric: string): boolean {
  return photometric.startsWith('YBR_');
}

/**
 * Luminance and colour differences to red, green and blue, in place, rounded to the nearest and kept in range.
 * @param planes [3, ...], unsigned
 * @param bitsStored what the range is 2 to the power of
 */
export function ybrToRgb<T extends PixelArray>(planes: T, photometric: string, bitsStored: number): T {
  const rule = photometric.startsWith('YBR_PARTIAL') ? partial : full;
  const half = 2 ** (bitsStored - 1);
  const most = 2 ** bitsStored - 1;
  const foot = (rule.foot * 2 ** bitsStored) / 256;
  const pixels = planes.length / 3;
  const bounded = (value: number) => (value < 0 ? 0 : value > most ? most : Math.floor(value));
  for (let i = 0, j = pixels, k = 2 * pixels; i < pixels; i++, j++, k++) {
    const y = rule.y * (planes[i]! - foot) + 0.5;
    const cb = planes[j]! - half;
    const cr = planes[k]! - half;
    planes[i] = bounded(y + rule.cr[0] * cr);
    planes[j] = bounded(y + rule.cb[1] * cb + rule.cr[1] * cr);
    planes[k] = bounded(y + rule.cb[2] * cb);
  }
  return planes;
}
