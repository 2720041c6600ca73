/**
 * Opens a pyramid of tiles, as microscope slides are stored, and looks at it without reading it whole.
 * Run: npm run build && node dist/examples/slide-by-tiles.js
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { type ByteSource, openSlide } from '../src/imaging/index.ts';
import { fileSource } from '../src/imaging/node.ts';

// A made-up slide: 2048 x 1536 pixels of 0.5 um, red to the right, green downwards, a blue disc.
const [width, height] = [2048, 1536];
const disc = { x: 1400, y: 900, radius: 150 };
const rgb = new Uint8Array(width * height * 3);
for (let y = 0; y < height; y++) {
  for (let x = 0; x < width; x++) {
    const inside = Math.hypot(x - disc.x, y - disc.y) < disc.radius;
    rgb.set([x >> 3, y >> 3, inside ? 255 : 0], 3 * (y * width + x));
  }
}
const folder = await mkdtemp(path.join(tmpdir(), 'hounsfield-example-'));
const file = path.join(folder, 'slide.tiff');
await sharp(rgb, { raw: { width, height, channels: 3 } })
  .tiff({
    tile: true,
    tileWidth: 256,
    tileHeight: 256,
    pyramid: true,
    compression: 'deflate',
    xres: 2000,
    yres: 2000,
  })
  .toFile(file);

// Counts the bytes that are asked for.
const source = await fileSource(file);
let bytesRead = 0;
const counted: ByteSource = {
  ...source,
  async read(offset, length) {
    const bytes = await source.read(offset, length);
    bytesRead += bytes.length;
    return bytes;
  },
};
const slide = await openSlide(counted);
for (const level of slide.levels)
  console.log(`${level.width} x ${level.height}`, level.mpp?.join(' x '), 'um');
assert.deepEqual([slide.levels[0]!.width, slide.levels[0]!.height], [width, height]);
assert(slide.levels.length >= 3);
assert(Math.abs(slide.levels[0]!.mpp![0] - 0.5) < 1e-3);

// The overview is searched for blue, the place found is read at full resolution.
const coarse = slide.levelFor(8);
const { width: across, height: down, downsample } = slide.levels[coarse]!;
const overview = await slide.readRegion(coarse, 0, 0, across, down);
const blue = overview.pixels.subarray(2 * across * down); // [C, H, W]
let [sumX, sumY, count] = [0, 0, 0];
blue.forEach((value, i) => {
  if (value < 128) return;
  sumX += i % across;
  sumY += Math.floor(i / across);
  count++;
});
const [x, y] = [(sumX / count + 0.5) * downsample[0], (sumY / count + 0.5) * downsample[1]].map(Math.round);
assert(Math.hypot(x! - disc.x, y! - disc.y) < 8);
const tile = await slide.readRegion(0, x! - 64, y! - 64, 128, 128);
assert.deepEqual([tile.channels, tile.height, tile.width], [3, 128, 128]);
assert.equal(tile.pixels[0], (x! - 64) >> 3); // red at the tile's first pixel
assert(tile.pixels.subarray(2 * 128 * 128).every((value) => value === 255));
assert(bytesRead < source.size / 2);
await slide.close();
console.log(`disc at ${x}, ${y}; ${Math.round((100 * bytesRead) / source.size)} % of the file was read`);
await rm(folder, { recursive: true });
