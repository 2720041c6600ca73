import { expect, test } from 'vitest';
import type { Affine } from '../../geometry/geometry.ts';
import { medicalImage } from '../../image/medical-image.ts';
import { computeFeatures } from '../compute-features.ts';
import { readFeatureSettings } from '../settings.ts';

const sides = { width: 14, height: 12, depth: 10 };
const count = 14 * 12 * 10;
const turn = [
  [0.824377117750887, -0.450359261279149, -0.34289779474654],
  [0.410085153518908, 0.892749381216045, -0.186624537872914],
  [0.390169879145115, 0.0132317088265589, 0.92064780683043],
] as const;
const straight = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
] as const;

/** Values of a region on a grid of 1.5 x 1 x 2 mm, which 2 mm make halves of. */
function values(rows: readonly (readonly number[])[], store: (part: number) => number): readonly number[] {
  const [a, b, c] = rows.map((row) => row.map((part, axis) => store(part * [1.5, 1, 2][axis]!)));
  const affine = [...a!, 0, ...b!, 0, ...c!, 0] as unknown as Affine; // three rows of four
  const place = { geometry: { affine, frame: 'patient' } } as const;
  let state = 7;
  const pixels = Int16Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 25;
  });
  const inside = Uint8Array.from({ length: count }, (_, i) => (i % 14 > 2 && i % 14 < 11 ? 1 : 0));
  const settings = readFeatureSettings({ preset: 'ibsi-c', families: ['stat', 'ih', 'cm'] });
  return computeFeatures(
    medicalImage(pixels, sides, 16, 'HU', place),
    medicalImage(inside, sides, 8, 'arbitrary', place),
    settings,
  ).map(({ value }) => value);
}

test.each([
  ['float64', (part: number) => part],
  ['float32', Math.fround],
])('a turned grid in %s has the values of a straight one', (_, store) => {
  expect(values(turn, store)).toEqual(values(straight, store));
});
