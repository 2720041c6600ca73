import sharp from 'sharp';
import { expect, test } from 'vitest';
import { webpSize } from './webp-size.ts';

test.each([
  ['lossy', 'VP8 ', { quality: 50 }, 3],
  ['lossless', 'VP8L', { lossless: true }, 3],
  ['lossy with alpha', 'VP8X', { quality: 50 }, 4],
] as const)('%s as libvips writes it', async (_, chunk, options, channels) => {
  const create = { width: 301, height: 77, channels, background: { r: 9, g: 99, b: 200, alpha: 0.5 } };
  const bytes = new Uint8Array(await sharp({ create }).webp(options).toBuffer());
  expect(new TextDecoder().decode(bytes.subarray(12, 16))).toBe(chunk);
  expect(webpSize(bytes)).toEqual([301, 77]);
  expect(webpSize(bytes.subarray(0, 29))).toBeUndefined();
  expect(webpSize(bytes.subarray(1))).toBeUndefined();
});
