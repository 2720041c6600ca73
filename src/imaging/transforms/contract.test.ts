/** What every transform in the registry holds to; a new one gets these tests by being registered. */
import { describe, expect, test } from 'vitest';
import { geometryFrom, type Vector3, voxelIndex } from '../geometry/geometry.ts';
import { gridOf } from '../geometry/grid.ts';
import { isLabelMap, labelMap, type MedicalImage, medicalImage } from '../image/medical-image.ts';
import { invertHistory, replay, undo } from './history.ts';
import { transforms } from './registry.ts';
import { imageOf, type Subject, worldPoints } from './subject.ts';
import { apply, type Transform } from './transform.ts';

const size: Vector3 = [24, 22, 20];
const centre: Vector3 = [11, 10, 9];
const place = geometryFrom({
  spacingMm: [0.9, 1.1, 1.4],
  direction: [0.8, -0.6, 0, 0.6, 0.8, 0, 0, 0, 1],
  originMm: [-31, 12, 7],
  frameOfReferenceUid: '2.25.1',
});

/** Values by voxel index. */
function volume(value: (x: number, y: number, z: number) => number): Float32Array {
  const [width, height, depth] = size;
  const pixels = new Float32Array(width * height * depth); // [D, H, W]
  for (let z = 0, i = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) pixels[i++] = value(x, y, z);
  }
  return pixels;
}

const sides = { width: size[0], height: size[1], depth: size[2] };
const distance = (x: number, y: number, z: number) => Math.hypot(x - centre[0], y - centre[1], z - centre[2]);
const blob = (x: number, y: number, z: number) => 100 * Math.exp(-(distance(x, y, z) ** 2) / (2 * 1.6 ** 2));
const texture = (x: number, y: number, z: number) =>
  100 + 20 * Math.sin(x / 3) + 15 * Math.cos(y / 4 + z / 5) + 10 * Math.sin(z / 3 + x / 6);
const organ = (x: number, y: number, z: number) => (distance(x, y, z) > 5 ? 0 : x < centre[0] ? 2 : 5);

const subject: Subject = {
  images: {
    image: medicalImage(volume(texture), sides, 32, 'arbitrary', { geometry: place }),
    blob: medicalImage(volume(blob), sides, 32, 'arbitrary', { geometry: place }),
    organs: labelMap(
      Uint8Array.from(volume(organ)),
      sides,
      [
        { value: 2, name: 'left' },
        { value: 5, name: 'right' },
      ],
      { geometry: place },
    ),
  },
  points: [voxelIndex(...centre)],
  boxes: [{ min: [5.5, 4.5, 3.5], max: [16.5, 15.5, 14.5] }],
};

/** Centre of the light, voxels. */
function centroid({ pixels, width, height, depth }: MedicalImage): Vector3 {
  const sums: [number, number, number, number] = [0, 0, 0, 0];
  for (let z = 0, i = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        const value = pixels[i]! > 2 ? pixels[i]! : 0;
        for (const [axis, at] of [x, y, z, 1].entries()) sums[axis]! += value * at;
      }
    }
  }
  return [sums[0] / sums[3], sums[1] / sums[3], sums[2] / sums[3]];
}

const outcome = (transform: Transform) => apply(transform, subject, transform.example);
const all = [...transforms.values()];
const moving = all.filter((transform) =>
  Object.values(outcome(transform).images).some(({ history }) =>
    history.some((entry) => 'before' in entry.parameters),
  ),
);

test('there are transforms to test', () => {
  expect(all.length).toBeGreaterThan(0);
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
});

describe.each(all.map((transform) => [transform.name, transform] as const))('%s', (name, transform) => {
  test('its name is kebab-case and its example is plain JSON', () => {
    expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(JSON.parse(JSON.stringify(transform.example))).toEqual(transform.example);
  });

  test('misspelt parameters are refused by name', () => {
    const wrong = { ...transform.example, mispelt: 1 };
    expect(() => apply(transform as Transform<typeof wrong>, subject, wrong)).toThrow(
      /^TRANSFORM_PARAMETERS: .*mispelt/,
    );
  });

  test('leaves the subject before as it was', () => {
    const before = structuredClone(subject);
    outcome(transform);
    expect(subject).toEqual(before);
  });

  test('gives arrays of the sides it says, and does the same again', () => {
    const [once, twice] = [outcome(transform), outcome(transform)];
    for (const [key, image] of Object.entries(once.images)) {
      const { timePoints, channels, depth, height, width, pixels } = image;
      expect(pixels.length).toBe(timePoints * channels * depth * height * width);
      expect(imageOf(twice, key)).toEqual(image);
    }
    expect(twice).toEqual(once);
  });

  test('history is plain JSON of finite numbers, and replayed gives the same image', () => {
    const done = outcome(transform);
    for (const [key, image] of Object.entries(done.images)) {
      const written = JSON.parse(JSON.stringify(image.history));
      expect(written).toEqual(image.history);
      const before = subject.images[key];
      if (before && transform.kind !== 'subject') expect(replay(written, before)).toEqual(image);
    }
  });

  test('label maps keep to their labels, new ones to those that they name', () => {
    for (const image of Object.values(outcome(transform).images)) {
      if (!isLabelMap(image)) continue;
      const named = image.labels.map(({ value }) => value);
      expect([0, 2, 5, ...named]).toEqual(expect.arrayContaining([...new Set(image.pixels)]));
    }
  });

  test('has an inverse of the fidelity it states, or says why not', () => {
    if (transform.kind === 'derived') return;
    if ('none' in transform.inverse) {
      expect(transform.inverse.none.length).toBeGreaterThan(10);
      return;
    }
    if (transform.kind === 'subject') return;
    const { fidelity } = transform.inverse;
    for (const [key, image] of Object.entries(outcome(transform).images)) {
      if (image.history.length === 0) continue;
      const original = imageOf(subject, key);
      const back = undo(image);
      expect(gridOf(back)).toEqual(gridOf(original));
      expect(back.unit).toBe(original.unit);
      if (fidelity === 'exact') expect(back).toEqual(original);
      else if (fidelity === 'kept-part') {
        expect(replay(image.history, back).pixels).toEqual(image.pixels);
      } else if (fidelity === 'rounding') {
        const range = spread(original);
        expect(worst(back, original)).toBeLessThanOrEqual(1e-5 * range);
      } else
        expect(meanInside(back, original)).toBeLessThan(isLabelMap(image) ? 0.35 : 0.04 * spread(original));
    }
  });
});

describe.each(moving.map((transform) => [transform.name, transform] as const))('%s', (_, transform) => {
  const done = outcome(transform);
  const isFlat = imageOf(done, 'image').depth === 1;

  test('a bright blob lies where the moved point says', () => {
    const found = centroid(imageOf(done, 'blob'));
    const [point] = done.points!;
    // Where one slice is left it is the axis through it that was given up.
    for (const axis of isFlat ? [0, 1] : [0, 1, 2])
      expect(Math.abs(found[axis]! - point![axis]!)).toBeLessThan(0.15);
  });

  test('boxes hold what they held', () => {
    const [box] = done.boxes!;
    const { pixels, width, height } = imageOf(done, 'organs');
    for (let i = 0; i < pixels.length; i++) {
      if (pixels[i] === 0) continue;
      const at = [i % width, Math.floor(i / width) % height, Math.floor(i / (width * height))];
      for (const axis of [0, 1, 2]) {
        expect(at[axis]).toBeGreaterThan(box!.min[axis]!);
        expect(at[axis]).toBeLessThan(box!.max[axis]!);
      }
    }
  });

  test('a prediction on its grid goes back to the grid before, as labels', () => {
    if ('inverse' in transform && 'none' in transform.inverse) return;
    const { history, ...image } = imageOf(done, 'image');
    const prediction = labelMap(Uint8Array.from(imageOf(done, 'organs').pixels), image, []);
    const back = invertHistory(prediction, JSON.parse(JSON.stringify(history)));
    const { frameOfReferenceUid: _uid, ...known } = place;
    expect(gridOf(back)).toEqual({ size, geometry: known });
    if (isFlat) expect(back.pixels.some((value) => value !== 0)).toBe(true);
    else expect(dice(back, imageOf(subject, 'organs'))).toBeGreaterThan(0.8);
  });

  if (transform.kind !== 'deform') {
    test('landmarks stay where they are in the patient', () => {
      const [before, after] = [worldPoints(subject)[0]!, worldPoints(done)[0]!];
      for (const axis of [0, 1, 2]) expect(after[axis]).toBeCloseTo(before[axis]!, 8);
      expect(imageOf(done, 'image').geometry?.frameOfReferenceUid).toBe('2.25.1');
    });
  }
});

/** Highest less lowest value. */
function spread({ pixels }: MedicalImage): number {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of pixels) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return high - low;
}

function worst(a: MedicalImage, b: MedicalImage): number {
  let most = 0;
  for (let i = 0; i < a.pixels.length; i++) most = Math.max(most, Math.abs(a.pixels[i]! - b.pixels[i]!));
  return most;
}

/** Mean difference of the middle half of each side. */
function meanInside(a: MedicalImage, b: MedicalImage): number {
  let [sum, count] = [0, 0];
  for (let z = size[2] / 4; z < (size[2] * 3) / 4; z++) {
    for (let y = Math.ceil(size[1] / 4); y < (size[1] * 3) / 4; y++) {
      for (let x = size[0] / 4; x < (size[0] * 3) / 4; x++, count++) {
        const i = (z * size[1] + y) * size[0] + x;
        sum += Math.abs(a.pixels[i]! - b.pixels[i]!);
      }
    }
  }
  return sum / count;
}

function dice(a: MedicalImage, b: MedicalImage): number {
  let [same, total] = [0, 0];
  for (let i = 0; i < a.pixels.length; i++) {
    total += (a.pixels[i] === 0 ? 0 : 1) + (b.pixels[i] === 0 ? 0 : 1);
    if (a.pixels[i] !== 0 && a.pixels[i] === b.pixels[i]) same++;
  }
  return (2 * same) / total;
}
