/** Transforms of values and of contents do the same to every volume of an image, whatever its values are stored in. */
import { describe, expect, test } from 'vitest';
import { geometryFrom } from '../geometry/geometry.ts';
import { type MedicalImage, medicalImage, type PixelArray } from '../image/medical-image.ts';
import { intensityTransforms } from './intensity-transforms.ts';
import type { JsonObject } from './read-parameters.ts';
import { apply, type Transform } from './transform.ts';

const [width, height, depth] = [14, 11, 9];
const volume = width * height * depth;
const place = { geometry: geometryFrom({ spacingMm: [1, 1.5, 2] }) };
const whole = Array.from({ length: 4 * volume }, (_, i) => {
  const [x, y, z] = [i % width, Math.floor(i / width) % height, Math.floor(i / (width * height))];
  return Math.round(90 + 40 * Math.sin(x / 2 + z / 9) + 30 * Math.cos(y / 3));
});
const shape = { width, height, depth };
const several = { ...shape, timePoints: 2, channels: 2 };
const imageOf = (pixels: PixelArray, sides: typeof shape) =>
  medicalImage(pixels, sides, undefined, 'arbitrary', place);
const done = (transform: Transform, image: MedicalImage) =>
  apply(transform as Transform<JsonObject>, image, transform.example as JsonObject); // its own example

const kinds = intensityTransforms.filter(({ kind }) => kind === 'intensity' || kind === 'deform');

describe.each(kinds.map((transform) => [transform.name, transform] as const))('%s', (name, transform) => {
  const float = imageOf(Float32Array.from(whole), several);

  test.skipIf(name === 'noise')(
    `every channel and time point as if alone${name === 'noise' ? ' (skipped: each has noise of its own)' : ''}`,
    () => {
      const all = done(transform, float).pixels;
      for (const index of [0, 1, 2, 3]) {
        const range = [index * volume, (index + 1) * volume] as const;
        const alone = done(transform, imageOf(float.pixels.slice(...range), shape));
        expect(all.slice(...range)).toEqual(alone.pixels);
      }
    },
  );

  test.each([
    ['uint8', Uint8Array],
    ['int16', Int16Array],
    ['uint16', Uint16Array],
    ['int32', Int32Array],
    ['float64', Float64Array],
  ] as const)('%s as float32', (_, type) => {
    const given = imageOf(type.from(whole), several);
    const found = done(transform, given);
    const expected = done(transform, float);
    expect([...found.pixels]).toEqual([...expected.pixels]);
    expect(found.bitDepth).toBe(found.pixels.BYTES_PER_ELEMENT * 8);
    expect(given.pixels).toEqual(type.from(whole));
  });
});
