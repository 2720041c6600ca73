/** Morphology against scikit-image and scipy. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { decodeNpz } from '../../formats/npz.ts';
import type { Vector3 } from '../../geometry/geometry.ts';
import type { PixelArray } from '../../image/medical-image.ts';
import { connectedComponents } from '../connected-components.ts';
import { BINARY_OPERATIONS, binaryMorphology } from './binary-morphology.ts';
import type { Border } from './borders.ts';
import { distanceTransform, nearestBackground, signedDistanceTransform } from './distance-transform.ts';
import { GREY_OPERATIONS, greyMorphology } from './grey-morphology.ts';
import { fillMaskHoles, reconstruct } from './reconstruction.ts';
import { regionProperties } from './region-properties.ts';
import { skeletonize } from './skeleton.ts';
import { removeSmallHoles, removeSmallObjects } from './small-objects.ts';
import { stepDistanceTransform } from './step-distance.ts';
import { footprintElement, type StructuringElement, structuringElement } from './structuring-element.ts';

const file = (name: string) => new URL(`../../../../fixtures/morphology/${name}`, import.meta.url);
const peer = JSON.parse(readFileSync(file('cases.json'), 'utf8')) as {
  sha256: string;
  hashes: Record<string, { sha256: string; sum: number }>;
  cases: Record<string, unknown>;
}; // written by scripts/peers/morphology.py
const bytes = readFileSync(file('arrays.npz'));
const arrays = decodeNpz(bytes);
const stored = (name: string) => arrays.get(name.replaceAll(' ', '_'))!.data as PixelArray; // no 64-bit whole numbers

const places = [
  { place: 'picture', sides: [52, 44, 1] as Vector3 },
  { place: 'volume', sides: [20, 17, 14] as Vector3 },
];
const of = (place: string, kind: string): PixelArray => {
  const grey = stored(`${place} grey`);
  if (kind === 'int16') return Int16Array.from(grey, (v) => v * 7 - 900);
  if (kind === 'float32') return Float32Array.from(grey, (v) => (v - 100) / 64);
  if (kind === 'float64') return Float64Array.from(grey, (v) => v / 3 - 20);
  return stored(`${place} ${kind}`);
};

/** Sum and hash, so that a difference is seen for what it is. */
function expectWhole(
  name: string,
  found: ArrayLike<number>,
  Type: typeof Uint8Array | typeof Int16Array | typeof Int32Array,
) {
  const array = new Type(found);
  const sha256 = createHash('sha256').update(new Uint8Array(array.buffer)).digest('hex');
  const sum = [...array].reduce((total, value) => total + value, 0);
  expect({ sum, sha256 }, name).toEqual({ sum: peer.hashes[name]!.sum, sha256: peer.hashes[name]!.sha256 });
}

function worst(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(found.length).toBe(expected.length);
  let most = 0;
  for (let i = 0; i < expected.length; i++) most = Math.max(most, Math.abs(found[i]! - expected[i]!));
  return most;
}

const flat = (list: unknown): number[] => (Array.isArray(list) ? list.flatMap(flat) : [list as number]); // nested numbers
function element(form: string, place: string, depth: number): StructuringElement {
  const thick = depth > 1;
  if (form === 'irregular') {
    const members = flat((peer.cases['irregular'] as Record<string, unknown>)[place]);
    return thick ? footprintElement(members, [3, 5, 3]) : footprintElement(members, [5, 3, 1]);
  }
  const [shape, radius, unit] = form.split(' ') as ['ball', string, string | undefined]; // a shape's name
  if (unit) return structuringElement(thick ? shape : 'disk', 2.6, [1.1, 0.8, 2.5]);
  const r = Number(radius);
  return structuringElement(shape, thick ? r : [r, r, 0]);
}
const forms = ['box 1', 'box 2', 'ball 3', 'octahedron 2', 'cross 2', 'ball 2.6 mm', 'irregular'];

test('the arrays are those that the peers wrote', () => {
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(peer.sha256);
});

describe.each(places)('$place', ({ place, sides }) => {
  // of an even or irregular footprint that is not at the picture's spacing the names differ
  test.each(forms)('grey values, %s', (form) => {
    for (const operation of GREY_OPERATIONS) {
      const name = `${place} ${operation} ${form}`;
      const by =
        form === 'ball 2.6 mm' && place === 'picture'
          ? structuringElement('disk', 2.6, [1.1, 0.8, 1])
          : element(form, place, sides[2]);
      expectWhole(name, greyMorphology(operation, of(place, 'grey'), sides, by), Uint8Array);
    }
  });

  test.each(['mirror', 'nearest', 'wrap', 'constant', 'ignore'] as Border[])(
    'grey values beyond: %s',
    (border) => {
      for (const operation of GREY_OPERATIONS) {
        const found = greyMorphology(
          operation,
          of(place, 'grey'),
          sides,
          element('ball 3', place, sides[2]),
          { border, constant: 77 },
        );
        expectWhole(`${place} ${operation} beyond ${border}`, found, Uint8Array);
      }
    },
  );

  test.each(['int16', 'float32', 'float64'])('grey values of %s', (kind) => {
    for (const operation of ['closing', 'white-top-hat'] as const) {
      const found = greyMorphology(
        operation,
        of(place, kind),
        sides,
        element('octahedron 2', place, sides[2]),
      );
      expect(found.constructor).toBe(of(place, kind).constructor);
      const scaled =
        kind === 'int16' ? found : Float64Array.from(found, (value) => Math.floor(value * 3000 + 0.5));
      expectWhole(`${place} ${operation} of ${kind}`, scaled, Int32Array);
    }
  });

  test.each(forms)('masks, %s', (form) => {
    for (const operation of BINARY_OPERATIONS) {
      const found = binaryMorphology(operation, of(place, 'mask'), sides, element(form, place, sides[2]));
      expectWhole(`${place} binary ${operation} ${form}`, found, Uint8Array);
    }
  });

  test('masks at the border', () => {
    const ball = element('ball 3', place, sides[2]);
    const unset = binaryMorphology('erosion', of(place, 'mask'), sides, ball, { border: 'constant' });
    expectWhole(`${place} binary erosion outside unset`, unset, Uint8Array);
    const reflected = binaryMorphology('closing', of(place, 'mask'), sides, ball, { border: 'reflect' });
    expectWhole(`${place} binary closing reflect`, reflected, Uint8Array);
  });

  test('holes, small pieces and small gaps', () => {
    const speckles = of(place, 'speckles');
    expectWhole(`${place} fill holes`, fillMaskHoles(speckles, sides), Uint8Array);
    expectWhole(`${place} without small objects`, removeSmallObjects(speckles, sides, 5), Uint8Array);
    expectWhole(`${place} without small holes`, removeSmallHoles(speckles, sides, 5), Uint8Array);
  });

  test('skeletons', () => {
    expectWhole(`${place} skeleton`, skeletonize(of(place, 'mask'), sides), Uint8Array);
    expectWhole(`${place} skeleton of speckles`, skeletonize(of(place, 'speckles'), sides), Uint8Array);
    expectWhole(`${place} skeleton lee`, skeletonize(of(place, 'mask'), sides, 'lee'), Uint8Array);
  });

  test.each(['faces', 'corners'])('reconstruction over %s', (name) => {
    const mask = Int16Array.from(of(place, 'grey'));
    const greatest = mask.reduce((most, value) => Math.max(most, value), 0);
    const connectivity = name === 'faces' ? 6 : 26;
    const low = mask.map((value) => Math.max(0, value - 40));
    const high = mask.map((value) => Math.min(greatest, value + 55));
    expectWhole(
      `${place} reconstruction dilation ${name}`,
      reconstruct(low, mask, sides, 'dilation', connectivity),
      Int16Array,
    );
    expectWhole(
      `${place} reconstruction erosion ${name}`,
      reconstruct(high, mask, sides, 'erosion', connectivity),
      Int16Array,
    );
  });

  test('reconstruction of float64', () => {
    const wave = of(place, 'float64');
    const found = reconstruct(
      Float64Array.from(wave, (value) => value - 11.1),
      wave,
      sides,
    );
    expect(worst(found, stored(`${place} reconstruction float64`))).toBeLessThan(1e-12);
  });

  test('distances', () => {
    const mask = of(place, 'mask');
    const spacingMm: Vector3 = place === 'picture' ? [1.3, 0.7, 1] : [1.3, 0.7, 2.5];
    expect(worst(distanceTransform(mask, sides), stored(`${place} distance`))).toBe(0);
    const inMm = distanceTransform(mask, sides, { spacingMm });
    expect(worst(inMm, stored(`${place} distance mm`))).toBeLessThan(1e-12);
    const signed = signedDistanceTransform(mask, sides, { spacingMm });
    expect(worst(signed, stored(`${place} signed distance mm`))).toBeLessThan(1e-12);
    expectWhole(`${place} taxicab`, stepDistanceTransform(mask, sides, 'taxicab'), Int32Array);
    expectWhole(`${place} chessboard`, stepDistanceTransform(mask, sides, 'chessboard'), Int32Array);
    nearestBackground(mask, sides, { spacingMm }).forEach((at, i) => {
      expect(mask[at]).toBe(0);
      const [width, height] = sides;
      const far = [1, width, width * height].map((stride, axis) => {
        const place = (index: number) => Math.floor(index / stride) % sides[axis]!;
        return (place(i) - place(at)) * spacingMm[axis]!;
      });
      expect(Math.hypot(...far)).toBeCloseTo(inMm[i]!, 10);
    });
  });

  test('components and their properties', () => {
    const { labels } = connectedComponents(of(place, 'speckles'), ...sides, 6);
    expectWhole(`${place} components`, labels, Int32Array);
    const expected = peer.cases[`${place} regions`] as {
      label: number;
      area: number;
      box: number[];
      centroid: number[];
    }[]; // as written
    const found = regionProperties(labels, sides);
    expect(found.length).toBe(expected.length);
    const axes = sides[2] > 1 ? [2, 1, 0] : [1, 0];
    found.forEach(({ label, area, first, last, centroid }, i) => {
      const other = expected[i]!;
      expect([label, area]).toEqual([other.label, other.area]);
      expect([...axes.map((axis) => first[axis]), ...axes.map((axis) => last[axis]! + 1)]).toEqual(other.box);
      axes.forEach((axis, n) => {
        expect(centroid[axis]).toBeCloseTo(other.centroid[n]!, 10);
      });
    });
  });
});

test('stretches over several words', () => {
  const element41 = structuringElement('box', [20, 0, 0]);
  expectWhole('wide closing', binaryMorphology('closing', stored('wide'), [70, 3, 1], element41), Uint8Array);
});

test('the skeleton of a solid with a tunnel', () => {
  expectWhole('solid skeleton', skeletonize(stored('solid'), [28, 24, 20]), Uint8Array);
});
