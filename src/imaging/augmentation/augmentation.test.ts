import { describe, expect, test } from 'vitest';
import { RandomStream } from '../../random.ts';
import type { FloatImage } from '../image/medical-image.ts';
import { applyAugmentation, drawAugmentation, geometryMatrix } from './augmentation.ts';
import { applyMixup, drawMixup } from './mixup.ts';
import { type AugmentationRecipe, RECIPE_LIMITS, recipeFaults } from './recipe.ts';

const image: FloatImage = {
  pixels: Float32Array.from({ length: 2 * 16 * 20 }, (_, i) => (i * 97) % 256),
  channels: 2,
  height: 16,
  width: 20,
};
const stream = (step: number) => new RandomStream({ seed: 4, purpose: 'augment', epoch: 2, step });
const EVERYTHING: AugmentationRecipe = {
  rotateDegrees: 15,
  scale: 0.1,
  shift: 0.1,
  flipHorizontal: 0.5,
  flipVertical: 0.5,
  crop: 0.3,
  elastic: 0.03,
  brightness: 0.2,
  contrast: 0.2,
  gamma: 0.3,
  noise: 0.05,
  blur: 1,
  cutout: 0.25,
};
const ONE_EACH = Object.entries(EVERYTHING).map(([name, value]) => [name, { [name]: value }] as const);

describe('a record can be replayed', () => {
  test.each([['everything', EVERYTHING] as const, ...ONE_EACH])('%s', (_, recipe) => {
    const record = drawAugmentation(recipe, stream(7));
    expect(drawAugmentation(recipe, stream(7))).toEqual(record);
    const stored = JSON.parse(JSON.stringify(record));
    expect(stored).toEqual(record);
    const once = applyAugmentation(image, record, [0, 255]);
    expect(applyAugmentation(image, stored, [0, 255])).toEqual(once);
    const others = [8, 9, 10, 11].map((step) =>
      applyAugmentation(image, drawAugmentation(recipe, stream(step))),
    );
    expect(others.some((other) => other.pixels.some((value, i) => value !== once.pixels[i]))).toBe(true);
    expect(once.pixels.every((value) => value >= 0 && value <= 255)).toBe(true);
  });
});

test('an empty recipe changes nothing', () => {
  expect(applyAugmentation(image, drawAugmentation({}, stream(1)))).toEqual(image);
});

test('drawn parameters stay within the recipe and spread over it', () => {
  const degrees = Array.from(
    { length: 400 },
    (_, i) => drawAugmentation(EVERYTHING, stream(i)).geometry!.rotateDegrees,
  );
  expect(Math.max(...degrees)).toBeLessThanOrEqual(15);
  expect(Math.max(...degrees)).toBeGreaterThan(14);
  expect(Math.min(...degrees)).toBeLessThan(-14);
  const flips = Array.from(
    { length: 400 },
    (_, i) => drawAugmentation(EVERYTHING, stream(i)).geometry!.flipHorizontal,
  );
  expect(flips.filter(Boolean).length).toBeGreaterThan(150);
  expect(flips.filter(Boolean).length).toBeLessThan(250);
});

const still = {
  rotateDegrees: 0,
  scale: 1,
  shift: [0, 0],
  flipHorizontal: false,
  flipVertical: false,
  cropSide: 1,
  cropCentre: [0, 0],
} as const;

describe('the one matrix of a geometry', () => {
  test.each([
    ['nothing', still, [3, 4], [3, 4]],
    ['a flip', { ...still, flipHorizontal: true }, [0, 4], [19, 4]],
    ['a shift to the right', { ...still, shift: [0.1, 0] as const }, [5, 4], [3, 4]],
    ['twice the size', { ...still, scale: 2 }, [9.5 + 6, 7.5], [9.5 + 3, 7.5]],
    ['a half turn', { ...still, rotateDegrees: 180 }, [0, 0], [19, 15]],
    ['a crop to the middle half', { ...still, cropSide: 0.5 }, [9.5 + 8, 7.5 - 6], [9.5 + 4, 7.5 - 3]],
  ] as const)('%s', (_, geometry, [x, y], [sourceX, sourceY]) => {
    const [a, b, tx, c, d, ty] = geometryMatrix(geometry, 16, 20);
    expect(a * x + b * y + tx).toBeCloseTo(sourceX, 10);
    expect(c * x + d * y + ty).toBeCloseTo(sourceY, 10);
  });
});

describe('mixup', () => {
  test('mixes images and labels with the same weights, padding rows apart', () => {
    const record = drawMixup(0.4, 3, stream(0));
    expect([...record.partner].sort()).toEqual([0, 1, 2]);
    expect(record.lambda).toBeGreaterThanOrEqual(0.5);
    const rows = Float32Array.of(1, 0, 0, 1, 1, 0, 0, 0);
    applyMixup(rows, 2, record);
    for (let row = 0; row < 3; row++) expect(rows[2 * row]! + rows[2 * row + 1]!).toBeCloseTo(1, 6);
    expect([rows[6], rows[7]]).toEqual([0, 0]);
    const labels = [0, 1, 0];
    const expected = labels.map(
      (label, i) =>
        (label === 0 ? record.lambda : 0) + (labels[record.partner[i]!] === 0 ? 1 - record.lambda : 0),
    );
    for (let row = 0; row < 3; row++) expect(rows[2 * row]).toBeCloseTo(expected[row]!, 6);
  });
});

describe('recipe faults', () => {
  test('a right recipe has none', () => {
    expect(recipeFaults({ ...EVERYTHING, mixup: 0.2, border: 'lowest' })).toEqual([]);
    expect(Object.keys(RECIPE_LIMITS).sort()).toEqual([...Object.keys(EVERYTHING), 'mixup'].sort());
  });

  test('all faults are named at once', () => {
    const faults = recipeFaults({ rotate: 5, scale: 3, border: 'wrap', blur: Number.NaN });
    expect(faults).toHaveLength(4);
    expect(faults.join()).toMatch(
      /'rotate' is not known.*scale is 3, outside 0\.\.0\.9.*border is 'wrap'.*blur is NaN/,
    );
  });
});
