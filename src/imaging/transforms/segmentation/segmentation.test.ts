/** What bad input ends in, and properties that hold without a peer. */
import { describe, expect, test } from 'vitest';
import { RandomStream } from '../../../random.ts';
import { geometryFrom, type Vector3 } from '../../geometry/geometry.ts';
import { labelMap, type MedicalImage, medicalImage } from '../../image/medical-image.ts';
import { connectedComponents } from '../connected-components.ts';
import { binaryMorphology } from '../morphology/binary-morphology.ts';
import { distanceTransform, nearestBackground } from '../morphology/distance-transform.ts';
import { GREY_OPERATIONS, greyMorphology } from '../morphology/grey-morphology.ts';
import { reconstruct } from '../morphology/reconstruction.ts';
import { skeletonize } from '../morphology/skeleton.ts';
import { stepDistanceTransform } from '../morphology/step-distance.ts';
import { footprintElement, structuringElement } from '../morphology/structuring-element.ts';
import { transformNamed } from '../registry.ts';
import type { Subject } from '../subject.ts';
import { apply } from '../transform.ts';
import { randomWalker } from './random-walker.ts';
import { superpixels } from './superpixels.ts';
import { watershed } from './watershed.ts';

const sides: Vector3 = [9, 8, 7];
const shape = { width: 9, height: 8, depth: 7 };
const length = 9 * 8 * 7;
const stream = () => new RandomStream({ seed: 3, purpose: 'segmentation test' });
const noise = () => {
  const draws = stream();
  return Uint8Array.from({ length }, () => draws.integer(200));
};
const image = (values: ArrayLike<number> = noise()) => medicalImage(Float32Array.from(values), shape);
const map = (values: ArrayLike<number>) =>
  labelMap(Uint8Array.from(values), shape, [{ value: 1, name: 'one' }]);
const empty = new Uint8Array(length);
const ones = new Uint8Array(length).fill(1);
const withNaN = image();
withNaN.pixels[5] = Number.NaN;
const colours = medicalImage(new Float32Array(3 * length), { ...shape, channels: 3 });
const elsewhere = labelMap(new Uint8Array(8), { width: 2, height: 2, depth: 2 }, []);

const pixelsOf = (name: string, target: MedicalImage, parameters: object): Uint8Array =>
  apply(transformNamed(name), target, parameters).pixels as Uint8Array; // maps of few labels
const run = (name: string, target: MedicalImage | Subject, parameters: object) =>
  apply(transformNamed(name), target as Subject, parameters);
const subject = (more: Record<string, MedicalImage> = {}): Subject => ({
  images: { image: image(), ...more },
});

test.each<[code: string, message: RegExp, () => unknown]>([
  ['ELEMENT_SIZE', /radius/, () => structuringElement('ball', 400)],
  ['ELEMENT_SIZE', /footprint/, () => footprintElement([0, 0, 0], [3, 1, 1])],
  ['ELEMENT_SIZE', /footprint/, () => footprintElement([1, 0], [3, 1, 1])],
  [
    'IMAGE_SHAPE',
    /do not fill/,
    () => greyMorphology('erosion', noise(), [9, 8, 6], structuringElement('box', 1)),
  ],
  ['IMAGE_SHAPE', /do not fill/, () => skeletonize(empty, [0, 8, 7])],
  ['INTENSITY_NOT_FINITE', /NaN/, () => run('grey-morphology', withNaN, { operation: 'opening' })],
  ['INTENSITY_NOT_FINITE', /NaN/, () => run('h-reconstruction', withNaN, { height: 3 })],
  ['GEOMETRY_MISSING', /mm/, () => run('grey-morphology', image(), { operation: 'opening', unit: 'mm' })],
  ['GEOMETRY_MISSING', /mm/, () => run('distance-map', map(noise().map((v) => v % 2)), {})],
  ['GEOMETRY_MISSING', /mm/, () => run('remove-small', map(ones), { atLeast: 3, unit: 'mm' })],
  [
    'TRANSFORM_PARAMETERS',
    /footprint/,
    () =>
      run('label-morphology', map(ones), {
        operation: 'erosion',
        footprint: { size: [3, 1, 1], members: [1] },
      }),
  ],
  [
    'TRANSFORM_PARAMETERS',
    /seeds/,
    () => run('connected-threshold', image(), { lower: 1, upper: 2, seeds: [] }),
  ],
  [
    'TRANSFORM_PARAMETERS',
    /above upper/,
    () => run('connected-threshold', image(), { lower: 3, upper: 2, seeds: [[1, 1, 1]] }),
  ],
  [
    'TRANSFORM_PARAMETERS',
    /exclude/,
    () =>
      run('watershed', subject({ m: map(ones) }), {
        image: 'image',
        markers: 'm',
        into: 'o',
        line: true,
        compactness: 1,
      }),
  ],
  [
    'SEED_OUTSIDE',
    /1 of 2/,
    () =>
      run('connected-threshold', image(), {
        lower: 1,
        upper: 2,
        seeds: [
          [1, 1, 1],
          [9, 0, 0],
        ],
      }),
  ],
  ['SEED_OUTSIDE', /1 of 1/, () => run('confidence-connected', image(), { seeds: [[0, 8, 0]] })],
  [
    'RECONSTRUCTION_SEED',
    /above/,
    () => reconstruct(Uint8Array.of(3, 1, 1), Uint8Array.of(2, 1, 1), [3, 1, 1]),
  ],
  [
    'RECONSTRUCTION_SEED',
    /below/,
    () => reconstruct(Uint8Array.of(1, 1, 1), Uint8Array.of(2, 1, 1), [3, 1, 1], 'erosion'),
  ],
  ['DISTANCE_NO_BORDER', /every voxel/, () => run('distance-map', map(ones), { unit: 'voxels' })],
  ['DISTANCE_NO_BORDER', /no voxel/, () => run('distance-map', map(empty), { unit: 'voxels' })],
  [
    'WATERSHED_MARKERS',
    /no marker/,
    () => run('watershed', subject({ m: map(empty) }), { image: 'image', markers: 'm', into: 'o' }),
  ],
  ['WATERSHED_MARKERS', /no marker/, () => watershed(noise(), ones, sides, { mask: empty })],
  [
    'MASK_NOT_LABELS',
    /label map/,
    () => run('watershed', subject(), { image: 'image', markers: 'image', into: 'o' }),
  ],
  [
    'MASK_GRID_MISMATCH',
    /2 x 2 x 2/,
    () => run('watershed', subject({ m: elsewhere }), { image: 'image', markers: 'm', into: 'o' }),
  ],
  [
    'SUBJECT_IMAGE',
    /no image 'm'/,
    () => run('watershed', subject(), { image: 'image', markers: 'm', into: 'o' }),
  ],
  [
    'SEGMENTATION_VOLUME',
    /3 channels/,
    () => run('connected-threshold', colours, { lower: 0, upper: 1, seeds: [[0, 0, 0]] }),
  ],
  [
    'SEGMENTATION_VOLUME',
    /3 channels/,
    () => run('active-contour', { images: { c: colours } }, { image: 'c', into: 'o' }),
  ],
  ['INTENSITY_NOT_FINITE', /NaN/, () => run('confidence-connected', withNaN, { seeds: [[1, 1, 1]] })],
  ['WALKER_SEEDS', /no seed/, () => randomWalker(noise(), 1, empty, sides)],
  ['SUPERPIXEL_MASK', /empty/, () => superpixels(noise(), 1, sides, { mask: empty })],
])('%s %s', (code, message, fail) => {
  expect(fail).toThrow(new RegExp(`^${code}: `));
  expect(fail).toThrow(message);
});

test('an element of many lengths on a wide picture needs no more than its rows in turn', () => {
  const [width, height] = [1400, 1200];
  const point = new Uint8Array(width * height);
  point[600 * width + 700] = 1;
  const element = structuringElement('disk', 90);
  const found = greyMorphology('dilation', point, [width, height, 1], element);
  const expected = binaryMorphology('dilation', point, [width, height, 1], element);
  expect(found).toEqual(expected);
});

describe('without a peer', () => {
  const irregular = footprintElement([1, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1], [3, 2, 2]);

  test.each(['opening', 'closing'] as const)(
    '%s is idempotent, also by an irregular element',
    (operation) => {
      const once = greyMorphology(operation, noise(), sides, irregular, { border: 'ignore' });
      expect(greyMorphology(operation, once, sides, irregular, { border: 'ignore' })).toEqual(once);
      const mask = noise().map((value) => (value > 90 ? 1 : 0));
      const cut = binaryMorphology(operation, mask, sides, irregular);
      expect(binaryMorphology(operation, cut, sides, irregular)).toEqual(cut);
    },
  );

  test('masks and grey values of 0 and 1 are treated alike', () => {
    const mask = noise().map((value) => (value > 90 ? 1 : 0));
    for (const border of ['reflect', 'mirror', 'nearest', 'wrap', 'constant', 'ignore'] as const) {
      for (const operation of ['erosion', 'dilation', 'opening', 'closing'] as const) {
        const grey = greyMorphology(operation, mask, sides, irregular, { border, constant: 1 });
        expect(binaryMorphology(operation, mask, sides, irregular, { border, constant: 1 })).toEqual(grey);
      }
    }
  });

  test('every type of array keeps its values', () => {
    for (const Type of [
      Int8Array,
      Uint8Array,
      Int16Array,
      Uint16Array,
      Int32Array,
      Uint32Array,
      Float32Array,
      Float64Array,
    ]) {
      const values = new Type(noise().map((value) => value >> 1));
      for (const operation of GREY_OPERATIONS) {
        const found = greyMorphology(operation, values, sides, structuringElement('ball', 2));
        const expected = greyMorphology(
          operation,
          Uint8Array.from(values),
          sides,
          structuringElement('ball', 2),
        );
        expect(found).toBeInstanceOf(Type);
        expect([...found]).toEqual([...expected]);
      }
    }
  });

  test('a point dilated is the element, in mm as wide as asked for', () => {
    const point = new Uint8Array(length);
    point[(3 * 8 + 4) * 9 + 4] = 1;
    const place = geometryFrom({ spacingMm: [1, 2, 3] });
    const map = labelMap(point, shape, [{ value: 1, name: 'point' }], { geometry: place });
    const pixels = pixelsOf('label-morphology', map, {
      operation: 'dilation',
      shape: 'box',
      radius: 3,
      unit: 'mm',
    });
    expect(pixels.reduce((sum: number, value: number) => sum + value, 0)).toBe(7 * 3 * 3);
  });

  test('dilation leaves other labels', () => {
    const pixels = Uint8Array.from({ length }, (_, i) => (i % 9 < 3 ? 1 : i % 9 < 6 ? 2 : 0));
    const both = labelMap(pixels, shape, [
      { value: 1, name: 'a' },
      { value: 2, name: 'b' },
    ]);
    const grown = pixelsOf('label-morphology', both, { operation: 'dilation', radius: 2 });
    expect(grown.every((value, i) => pixels[i] === 0 || value === pixels[i])).toBe(true);
    expect(grown.some((value, i) => pixels[i] === 0 && value === 2)).toBe(true);
  });

  test('a skeleton has as many pieces as its mask', () => {
    const mask = noise().map((value) => (value > 150 ? 1 : 0));
    const pieces = (of: Uint8Array) => connectedComponents(of, ...sides, 26).count;
    expect(pieces(skeletonize(mask, sides))).toBe(pieces(mask));
    const cube = new Uint8Array(length);
    for (const [x, y, z] of [
      [2, 2, 2],
      [3, 2, 2],
      [2, 3, 2],
      [3, 3, 2],
      [2, 2, 3],
      [3, 2, 3],
      [2, 3, 3],
      [3, 3, 3],
    ])
      cube[(z! * 8 + y!) * 9 + x!] = 1;
    expect(skeletonize(cube, sides).reduce((sum, value) => sum + value, 0)).toBe(1);
  });

  test('without anything unset there is no distance', () => {
    expect(distanceTransform(ones, sides).every((value) => value === Number.POSITIVE_INFINITY)).toBe(true);
    expect(nearestBackground(ones, sides).every((value) => value === -1)).toBe(true);
    expect(stepDistanceTransform(ones, sides).every((value) => value === -1)).toBe(true);
  });

  test('an image of one value is divided by nearness alone', () => {
    const marks = Int8Array.from({ length }, (_, i) => (i % 9 === 0 ? 1 : i % 9 === 8 ? 2 : 0));
    const { labels, probabilities } = randomWalker(ones, 1, marks, sides, { tolerance: 1e-9 });
    expect(labels.every((label, i) => (i % 9 === 4 ? true : label === (i % 9 < 4 ? 1 : 2)))).toBe(true);
    expect(probabilities[0]![4]).toBeCloseTo(0.5, 6);
    expect(new Set(superpixels(ones, 1, sides, { count: 8 })).size).toBe(8);
  });
});
