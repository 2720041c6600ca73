import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FloatImage } from '../image/medical-image.ts';
import { crop } from './crop.ts';
import { displacementField, elasticDeform } from './elastic.ts';
import { erase } from './erase.ts';
import { flip } from './flip.ts';
import { gaussianBlur } from './gaussian-blur.ts';
import { brightnessContrast, clampIntensity, gamma, intensityRange, scaleIntensity } from './intensity.ts';
import { pad } from './pad.ts';
import { resize } from './resize.ts';
import { type AffineMatrix, composeAffine, invertAffine, reflect, warpAffine } from './warp-affine.ts';

const peer = JSON.parse(
  readFileSync(new URL('../../../fixtures/imaging/transforms.json', import.meta.url), 'utf8'),
).payload as {
  image: { channels: number; height: number; width: number; pixels: number[] };
  resize: { height: number; width: number; pillow: number[]; torchvision: number[] }[];
  warp: { matrix: AffineMatrix; reflect: number[]; constant: number[] }[];
  blur: { sigma: number; pixels: number[] }[];
  elastic: { grid: { rows: number; columns: number; displacements: number[] }; field: number[] };
  intensity: Record<'image' | 'gammaImage' | 'brightness' | 'contrast' | 'gamma', number[]>;
}; // written by scripts/peers/imaging.py
const image: FloatImage = { ...peer.image, pixels: Float32Array.from(peer.image.pixels) };

function expectClose(actual: Float32Array, expected: readonly number[], tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i]!)), 0);
  expect(worst).toBeLessThan(tolerance);
}

test.each(peer.resize)(
  'resize to $height x $width equals Pillow and torchvision',
  ({ height, width, pillow, torchvision }) => {
    const { pixels } = resize(image, height, width);
    expectClose(pixels, pillow, 1e-3);
    expectClose(pixels, torchvision, 1e-3);
  },
);

describe('warpAffine equals scipy', () => {
  test.each(peer.warp)('$matrix', ({ matrix, reflect: mirrored, constant }) => {
    expectClose(warpAffine(image, matrix, 'reflect').pixels, mirrored, 1e-3);
    expectClose(warpAffine(image, matrix, { constant: 7 }).pixels, constant, 1e-3);
  });
});

test("elastic displacement equals scipy's cubic B-spline", () => {
  const { x, y } = displacementField(peer.elastic.grid, image.height, image.width);
  expectClose(Float32Array.from([...x, ...y]), peer.elastic.field, 1e-5);
});

test('elastic deformation without displacement changes nothing', () => {
  const grid = { rows: 3, columns: 3, displacements: new Array<number>(18).fill(0) };
  expectClose(elasticDeform(image, grid, 'reflect').pixels, peer.image.pixels, 1e-4);
});

test.each(peer.blur)('gaussian blur of $sigma px equals scipy', ({ sigma, pixels }) => {
  expectClose(gaussianBlur(image, sigma).pixels, pixels, 1e-3);
});

test('brightness, contrast and gamma equal torchvision on an image from 0', () => {
  const unit = (pixels: readonly number[]): FloatImage => ({
    pixels: Float32Array.from(pixels),
    channels: 1,
    height: 6,
    width: 7,
  });
  const { intensity } = peer;
  expectClose(brightnessContrast(unit(intensity.image), 1.2, 1).pixels, intensity.brightness, 1e-5);
  expectClose(brightnessContrast(unit(intensity.image), 1, 0.8).pixels, intensity.contrast, 1e-5);
  expectClose(gamma(unit(intensity.gammaImage), 1.7, [0, 1]).pixels, intensity.gamma, 1e-5);
});

test('brightness and contrast keep the lowest value and the mean', () => {
  const brighter = brightnessContrast(image, 1.3, 1);
  expect(intensityRange(brighter)[0]).toBeCloseTo(intensityRange(image)[0], 2);
  const mean = (i: FloatImage) => i.pixels.reduce((a, b) => a + b, 0) / i.pixels.length;
  expect(mean(brightnessContrast(image, 1, 0.5))).toBeCloseTo(mean(image), 2);
});

const anyImage = fc
  .tuple(
    fc.integer({ min: 1, max: 3 }),
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: 1, max: 999 }),
  )
  .map(([channels, height, width, seed]): FloatImage => {
    const pixels = Float32Array.from(
      { length: channels * height * width },
      (_, i) => ((i + 1) * seed * 31) % 251,
    );
    return { pixels, channels, height, width };
  });

describe('then back again is the same', () => {
  test('flip twice (seed 5)', () => {
    fc.assert(
      fc.property(anyImage, fc.constantFrom('horizontal' as const, 'vertical' as const), (i, direction) => {
        expect(flip(flip(i, direction), direction)).toEqual(i);
      }),
      { seed: 5 },
    );
  });

  test('flip is the mirroring warp', () => {
    const across = warpAffine(image, [-1, 0, image.width - 1, 0, 1, 0], 'reflect');
    expect(flip(image, 'horizontal').pixels).toEqual(across.pixels);
    const down = warpAffine(image, [1, 0, 0, 0, -1, image.height - 1], 'reflect');
    expect(flip(image, 'vertical').pixels).toEqual(down.pixels);
  });

  test('pad then crop (seed 6)', () => {
    const side = fc.integer({ min: 0, max: 12 });
    fc.assert(
      fc.property(anyImage, side, side, side, side, fc.boolean(), (i, top, bottom, left, right, mirrored) => {
        const padded = pad(i, { top, bottom, left, right }, mirrored ? 'reflect' : { constant: -1 });
        expect(crop(padded, { top, left, height: i.height, width: i.width })).toEqual(i);
      }),
      { seed: 6 },
    );
  });

  test('an affine map and its inverse', () => {
    const matrix: AffineMatrix = [0.9, 0.2, -1, -0.15, 1.1, 0.5];
    for (const [i, value] of composeAffine(matrix, invertAffine(matrix)).entries()) {
      expect(value).toBeCloseTo([1, 0, 0, 0, 1, 0][i]!, 12);
    }
  });

  test('scaled intensities', () => {
    const back = scaleIntensity(scaleIntensity(image, 2, 5), 0.5, -2.5);
    expectClose(back.pixels, peer.image.pixels, 1e-3);
  });
});

test('reflect mirrors about the edge with the edge repeated', () => {
  expect([-4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6].map((i) => reflect(i, 3))).toEqual([
    2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0,
  ]);
});

test('crop outside the image says so', () => {
  expect(() => crop(image, { top: 3, left: 0, height: 9, width: 4 })).toThrow(
    /^CROP_OUTSIDE: a crop of 9 x 4 at \(3, 0\) leaves the image of 11 x 14/,
  );
});

test('erase sets a rectangle, cut at the edge, to the mean', () => {
  const erased = erase(image, { top: -2, left: 12, height: 4, width: 9 });
  const plane = image.height * image.width;
  const mean = image.pixels.subarray(0, plane).reduce((a, b) => a + b, 0) / plane;
  expect(erased.pixels[13]).toBeCloseTo(mean, 3);
  expect(erased.pixels[11]).toBe(image.pixels[11]);
  expect(erased.pixels[2 * 14 + 13]).toBe(image.pixels[2 * 14 + 13]);
});

test('clamp cuts both ends', () => {
  expect(intensityRange(clampIntensity(image, [90, 110]))).toEqual([90, 110]);
});
