import { describe, expect, test } from 'vitest';
import { RandomStream } from '../../random.ts';
import { geometryFrom, type Vector3, voxelIndex } from '../geometry/geometry.ts';
import { gridOf } from '../geometry/grid.ts';
import { labelMap, type MedicalImage, medicalImage } from '../image/medical-image.ts';
import { applySteps, replay } from '../transforms/history.ts';
import { moveContents } from '../transforms/move-contents.ts';
import type { Subject } from '../transforms/subject.ts';
import { applyVolumeAugmentation, drawVolumeAugmentation } from './volume-augmentation.ts';
import { VOLUME_RECIPE_LIMITS, type VolumeRecipe, volumeRecipeFaults } from './volume-recipe.ts';

const sides = { width: 30, height: 26, depth: 18 };
const place = { geometry: geometryFrom({ spacingMm: [1, 1.2, 2], originMm: [-10, 5, 3] }) };
const middle: Vector3 = [14, 12, 8];
const volume = (value: (x: number, y: number, z: number) => number) =>
  Float32Array.from({ length: 30 * 26 * 18 }, (_, i) =>
    value(i % 30, Math.floor(i / 30) % 26, Math.floor(i / 780)),
  );
const apart = (x: number, y: number, z: number) =>
  Math.hypot(x - middle[0], 1.2 * (y - middle[1]), 2 * (z - middle[2]));
const blob = volume((x, y, z) => 100 * Math.exp(-(apart(x, y, z) ** 2) / 18));
const texture = volume((x, y, z) => 50 + 30 * Math.sin(x / 3 + z) + 20 * Math.cos(y / 4));
const ball = volume((x, y, z) => (apart(x, y, z) < 7 ? (x < 14 ? 1 : 3) : 0));

const subject: Subject = {
  images: {
    texture: medicalImage(texture, sides, 32, 'arbitrary', place),
    blob: medicalImage(blob, sides, 32, 'arbitrary', place),
    ball: labelMap(
      Uint8Array.from(ball),
      sides,
      [
        { value: 1, name: 'one' },
        { value: 3, name: 'other' },
      ],
      place,
    ),
  },
  points: [voxelIndex(...middle)],
  boxes: [{ min: [6.5, 5.5, 4.5], max: [21.5, 18.5, 11.5] }],
};
const grid = gridOf(subject.images['texture']!);

const EVERYTHING: VolumeRecipe = {
  affine: { rotateDegrees: 15, scale: 0.1, shear: 0.05, translateMm: 3 },
  elastic: { displacementMm: 3, points: 6 },
  mirror: { x: 0.5, z: 0.5 },
  crop: { size: [20, 18, 12] },
  anisotropy: { factor: [1.5, 3], axes: 'z' },
  lowResolution: {},
  blur: {},
  biasField: {},
  motion: {},
  ghosting: { axes: 'xy' },
  spike: { count: 2 },
  noise: { kind: 'rician' },
  contrast: { brightness: 0.2 },
  gamma: {},
  cutOut: { boxes: 2 },
};
const ONE_EACH = Object.entries(EVERYTHING).map(([name, value]) => [name, { [name]: value }] as const);
const stream = (step: number) => new RandomStream({ seed: 11, purpose: 'augment', epoch: 1, step });
const draw = (recipe: VolumeRecipe, step: number) => drawVolumeAugmentation(recipe, stream(step), grid);

describe('steps are drawn, kept and done again', () => {
  test.each([['everything', EVERYTHING] as const, ...ONE_EACH])('%s', (_, recipe) => {
    const steps = draw(recipe, 5);
    expect(draw(recipe, 5)).toEqual(steps);
    const kept = JSON.parse(JSON.stringify(steps));
    expect(kept).toEqual(steps);
    const done = applyVolumeAugmentation(subject, steps);
    expect(applyVolumeAugmentation(subject, kept)).toEqual(done);
    for (const [name, image] of Object.entries(done.images)) {
      const history = JSON.parse(JSON.stringify(image.history));
      expect(replay(history, subject.images[name]!)).toEqual(image);
      expect(image.pixels.every(Number.isFinite)).toBe(true);
    }
    expect(new Set([...done.images['ball']!.pixels, 0, 1, 3])).toEqual(new Set([0, 1, 3]));
    const others = [6, 7, 8, 9].map(
      (step) => applyVolumeAugmentation(subject, draw(recipe, step)).images['texture']!,
    );
    const same = (image: MedicalImage) =>
      image.pixels.every((value, i) => value === done.images['texture']!.pixels[i]);
    expect(others.every(same)).toBe(false);
  });
});

test('an empty recipe changes nothing', () => {
  expect(draw({}, 1)).toEqual([]);
  expect(applyVolumeAugmentation(subject, [])).toEqual(subject);
});

test('every entry of the recipe is tried above', () => {
  const entries = [...Object.keys(VOLUME_RECIPE_LIMITS), 'crop'].sort();
  expect(Object.keys(EVERYTHING).sort()).toEqual(entries);
});

test('one entry more leaves the other draws as they are', () => {
  const { noise: _noise, ...rest } = EVERYTHING;
  const without = (list: ReturnType<typeof draw>) =>
    list.filter(({ transform }) => transform !== 'relative-noise');
  expect(without(draw(EVERYTHING, 3))).toEqual(draw(rest, 3));
});

test('values change in the images that are named alone', () => {
  const steps = draw({ gamma: {}, noise: {}, affine: EVERYTHING.affine!, images: ['blob'] }, 2);
  const { images } = applyVolumeAugmentation(subject, steps);
  const done = (name: string) => images[name]!.history.map(({ transform }) => transform);
  expect(done('blob')).toEqual(['move-contents', 'noise', 'gamma-curve']);
  expect(done('texture')).toEqual(['move-contents']);
});

test('moving and cropping at once equals one after the other', () => {
  for (const step of [1, 2, 3, 4]) {
    const steps = draw(
      { affine: EVERYTHING.affine!, elastic: EVERYTHING.elastic!, crop: EVERYTHING.crop! },
      step,
    );
    expect(steps.map(({ transform }) => transform)).toEqual(['move-contents', 'crop']);
    expect(applyVolumeAugmentation(subject, steps)).toEqual(applySteps(steps, subject));
  }
});

test('draws stay within the recipe, spread over it, and happen as often as asked', () => {
  const recipe: VolumeRecipe = { affine: { probability: 0.3, rotateDegrees: [0, 10, 20], scale: 0.2 } };
  const drawn = Array.from({ length: 600 }, (_, i) => draw(recipe, i)).flat();
  expect(drawn.length).toBeGreaterThan(140);
  expect(drawn.length).toBeLessThan(220);
  const turns = drawn.map(({ parameters }) => parameters['rotateDegrees'] as Vector3); // written by the draw
  const scales = drawn.map(({ parameters }) => parameters['scale'] as Vector3); // likewise
  expect(turns.every(([x, y, z]) => x === 0 && Math.abs(y) <= 10 && Math.abs(z) <= 20)).toBe(true);
  expect(Math.max(...turns.map(([, , z]) => z))).toBeGreaterThan(18);
  expect(Math.min(...turns.map(([, , z]) => z))).toBeLessThan(-18);
  expect(scales.every(([x, y, z]) => x === y && y === z && x >= 0.8 && x <= 1.2)).toBe(true);
});

describe('contents and places move together', () => {
  const recipe: VolumeRecipe = {
    affine: EVERYTHING.affine!,
    elastic: EVERYTHING.elastic!,
    mirror: { x: 0.5, y: 0.5, z: 0.5 },
  };
  test.each([1, 2, 3, 4, 5, 6])('draw %i', (step) => {
    const done = applyVolumeAugmentation(subject, draw(recipe, step));
    const [point] = done.points!;
    const { pixels } = done.images['blob']!;
    const sums = [0, 0, 0, 0];
    for (let i = 0; i < pixels.length; i++) {
      const value = pixels[i]! > 5 ? pixels[i]! : 0;
      for (const [axis, at] of [i % 30, Math.floor(i / 30) % 26, Math.floor(i / 780), 1].entries())
        sums[axis]! += value * at;
    }
    for (const axis of [0, 1, 2]) expect(Math.abs(sums[axis]! / sums[3]! - point![axis]!)).toBeLessThan(0.35);
  });

  test.each([1, 2, 3, 4])('labels are read where the image is: draw %i', (step) => {
    const ramp = (axis: number) =>
      medicalImage(
        volume((x, y, z) => [x, y, z][axis]!),
        sides,
        32,
        'arbitrary',
        place,
      );
    const images = { x: ramp(0), y: ramp(1), z: ramp(2), ball: subject.images['ball']! };
    const done = applyVolumeAugmentation({ images }, draw(recipe, step)).images;
    const [xs, ys, zs] = [done['x']!.pixels, done['y']!.pixels, done['z']!.pixels];
    let compared = 0;
    for (let i = 0; i < xs.length; i++) {
      const at = [xs[i]!, ys[i]!, zs[i]!];
      const between = at.some((value) => Math.abs(value - Math.floor(value) - 0.5) < 1e-4);
      const edge = at.some((value, axis) => value <= 0 || value >= grid.size[axis]! - 1);
      if (between || edge) continue;
      const [x, y, z] = at.map((value) => Math.floor(value + 0.5)) as [number, number, number]; // three
      expect(done['ball']!.pixels[i]).toBe(ball[(z * 26 + y) * 30 + x]);
      compared++;
    }
    expect(compared).toBeGreaterThan(5000);
  });
});

describe('elastic draws do not fold', () => {
  test.each([1, 2, 3, 4, 5])('seed %i, far beyond the limit', (seed) => {
    const recipe = { elastic: { displacementMm: 1000, points: 8 } };
    const steps = drawVolumeAugmentation(recipe, new RandomStream({ seed, purpose: 'fold' }), grid);
    const place = moveContents.forward({ ...moveContents.check(steps[0]!.parameters), inverted: true }, grid);
    for (let i = 0; i < 30 * 26 * 18; i += 13) {
      const at: Vector3 = [i % 30, Math.floor(i / 30) % 26, Math.floor(i / 780)];
      const here = place(at);
      const steep = [0, 1, 2].map((axis) => {
        const next = place(at.map((value, k) => value + (k === axis ? 1e-4 : 0)) as unknown as Vector3); // three
        return next.map((value, k) => (value - here[k]!) / 1e-4) as [number, number, number]; // three
      });
      const [a, b, c] = [steep[0]!, steep[1]!, steep[2]!];
      const determinant =
        a[0] * (b[1] * c[2] - b[2] * c[1]) -
        a[1] * (b[0] * c[2] - b[2] * c[0]) +
        a[2] * (b[0] * c[1] - b[1] * c[0]);
      expect(determinant).toBeGreaterThan(0);
    }
  });
});

test('an image of one slice stays in its plane', () => {
  const flat = medicalImage(texture.slice(0, 780), { width: 30, height: 26 }, 32, 'arbitrary', place);
  const { crop: _crop, ...recipe } = EVERYTHING;
  for (const step of [1, 2, 3]) {
    const steps = drawVolumeAugmentation({ ...recipe, border: 'reflect' }, stream(step), gridOf(flat));
    const done = applyVolumeAugmentation({ images: { flat } }, steps).images['flat']!;
    expect(done.depth).toBe(1);
    expect(done.pixels.every(Number.isFinite)).toBe(true);
    const { rotateDegrees, translate } = steps[0]!.parameters as Record<string, Vector3>; // written by the draw
    expect([rotateDegrees![0], rotateDegrees![1], translate![2]]).toEqual([0, 0, 0]);
  }
});

describe('what is wrong is said', () => {
  test('a right recipe has no fault', () => {
    expect(volumeRecipeFaults({ ...EVERYTHING, border: 'reflect' })).toEqual([]);
  });

  test('all faults are named at once', () => {
    const recipe = {
      rotate: 5,
      affine: { scale: 3, twist: 1 },
      noise: { fraction: [0.5, 0.1], kind: 'white' },
      motion: 1,
      ghosting: { axes: 'yx' },
      spike: { count: 1.5 },
      crop: { size: [1, 2] },
      border: 'wrap',
      images: 'ct',
    };
    const faults = volumeRecipeFaults(recipe);
    expect(faults).toHaveLength(11);
    expect(() => draw(recipe as unknown as VolumeRecipe, 1)).toThrow(
      /^AUGMENTATION_RECIPE: 'rotate' is not known.*affine\.scale is 3, outside 0\.\.0\.9.*affine\.twist.*noise\.fraction is \[0\.5,0\.1\].*noise\.kind.*motion is 1.*ghosting\.axes.*spike\.count is 1\.5.*crop\.size.*border is "wrap".*images is "ct"/,
    );
  });

  test('a length in mm needs a spacing', () => {
    const bare = { size: grid.size };
    const elastic = () => drawVolumeAugmentation({ elastic: {} }, stream(1), bare);
    expect(elastic).toThrow(/^GEOMETRY_MISSING: /);
    const mirrored = drawVolumeAugmentation({ mirror: { x: 1 } }, stream(1), bare);
    const image = medicalImage(texture, sides);
    const done = applyVolumeAugmentation({ images: { image } }, mirrored).images['image']!;
    expect(done.pixels[0]).toBe(texture[29]);
  });

  test('a window must fit', () => {
    expect(() => draw({ crop: { size: [40, 8, 8] } }, 1)).toThrow(
      /^AUGMENTATION_CROP: .*40 x 8 x 8.*30 x 26 x 18/,
    );
  });
});
