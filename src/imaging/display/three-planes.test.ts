import { describe, expect, test } from 'vitest';
import { type Affine, geometry, geometryFrom } from '../geometry/geometry.ts';
import { labelMap, type MedicalImage, medicalImage } from '../image/medical-image.ts';
import { viewPlanes } from './three-planes.ts';

/** A head of 6 x 7 x 8 voxels of 3 x 2 x 1.5 mm: everything dark, one bright voxel left, front and up. */
const SIDES = [6, 7, 8] as const;
const STEPS = [3, 2, 1.5] as const;
const value = (x: number, y: number, z: number): number =>
  x === 4 && y === 1 && z === 6 ? 200 : x + 2 * y + 3 * z;

const orders = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const;
const all48 = orders.flatMap((order) =>
  Array.from({ length: 8 }, (_, bits) => ({ order, flips: [bits & 1, (bits >> 1) & 1, (bits >> 2) & 1] })),
);

/** The same head, its array axis `a` running along world axis order[a], backwards where flips[a]. */
function stored(order: readonly number[], flips: readonly number[]): MedicalImage {
  const sides = order.map((world) => SIDES[world]!) as [number, number, number];
  const pixels = new Int16Array(sides[0] * sides[1] * sides[2]);
  for (let k = 0, at = 0; k < sides[2]; k++) {
    for (let j = 0; j < sides[1]; j++) {
      for (let i = 0; i < sides[0]; i++, at++) {
        const world = [0, 0, 0];
        [i, j, k].forEach((n, axis) => {
          world[order[axis]!] = flips[axis] ? sides[axis]! - 1 - n : n;
        });
        pixels[at] = value(world[0]!, world[1]!, world[2]!);
      }
    }
  }
  const affine = new Array<number>(12).fill(0);
  order.forEach((world, axis) => {
    affine[world * 4 + axis] = STEPS[world]! * (flips[axis] ? -1 : 1);
    if (flips[axis]) affine[world * 4 + 3] = STEPS[world]! * (sides[axis]! - 1);
  });
  const shape = { width: sides[0], height: sides[1], depth: sides[2] };
  const affine12 = affine as unknown as Affine; // filled to twelve above
  return medicalImage(pixels, shape, 16, 'arbitrary', { geometry: geometry(affine12) });
}

function at(
  image: MedicalImage,
  order: readonly number[],
  flips: readonly number[],
): [number, number, number] {
  const sides = [image.width, image.height, image.depth];
  const world = [4, 1, 6];
  return order.map((axis, a) => (flips[a] ? sides[a]! - 1 - world[axis]! : world[axis]!)) as [
    number,
    number,
    number,
  ];
}

describe('three planes', () => {
  const reference = viewPlanes(stored([0, 1, 2], [0, 0, 0]), { at: [4, 1, 6], height: 100, range: [0, 200] });

  test.each(all48)('axes $order, flipped $flips, give the same picture', ({ order, flips }) => {
    const image = stored(order, flips);
    const drawn = viewPlanes(image, { at: at(image, order, flips), height: 100, range: [0, 200] });
    expect([drawn.width, drawn.height]).toEqual([reference.width, reference.height]);
    expect(Buffer.compare(drawn.pixels as Uint8Array, reference.pixels as Uint8Array)).toBe(0); // 8-bit by type
  });

  test('what lies left, front and up is shown right, up and up', () => {
    const plane = reference.width * reference.height;
    // The tallest panels are 7 x 2 = 14 mm (axial) and 12 mm: 100 pixels are 14 mm.
    const scale = 100 / 14;
    const brightest = (left: number, width: number) => {
      let best = [0, 0, -1];
      for (let y = 0; y < 100; y++) {
        for (let x = left; x < left + width; x++) {
          const grey = reference.pixels[plane + y * reference.width + x]!;
          if (grey > best[2]! && reference.pixels[2 * plane + y * reference.width + x] === grey)
            best = [x - left, y, grey];
        }
      }
      return best;
    };
    const widths = [18 * scale, 18 * scale, 14 * scale].map(Math.round);
    const [x0, y0] = brightest(0, widths[0]!);
    expect(x0! / scale / 3 - 0.5).toBeCloseTo(4, 0);
    expect(y0! / scale / 2 - 0.5).toBeCloseTo(1, 0);
    const top = Math.floor((100 - Math.round(12 * scale)) / 2);
    const [x1, y1] = brightest(widths[0]! + 4, widths[1]!);
    expect(x1! / scale / 3 - 0.5).toBeCloseTo(4, 0);
    expect((y1! - top) / scale / 1.5 - 0.5).toBeCloseTo(1, 0); // 8 slices, the 6th counted from below
    const [x2] = brightest(widths[0]! + widths[1]! + 8, widths[2]!);
    expect(x2! / scale / 2 - 0.5).toBeCloseTo(1, 0); // the front is at the left
  });

  test('an overlay on another grid lies where its world says', () => {
    const image = medicalImage(
      new Uint8Array(20 * 20 * 20),
      { width: 20, height: 20, depth: 20 },
      8,
      'arbitrary',
      {
        geometry: geometryFrom({ spacingMm: [1, 1, 1] }),
      },
    );
    const mask = labelMap(
      Uint8Array.of(1),
      { width: 1, height: 1, depth: 1 },
      [{ value: 1, name: 'a', colour: [255, 0, 0] }],
      {
        geometry: geometryFrom({ spacingMm: [4, 4, 4], originMm: [5.5, 9.5, 13.5] }),
      },
    );
    const drawn = viewPlanes(image, { overlay: mask, height: 200, range: [0, 1], opacity: 1 });
    const red = (x: number, y: number) => drawn.pixels[y * drawn.width + x] === 255;
    expect([red(60, 100), red(35, 100), red(85, 100), red(60, 75)]).toEqual([true, false, false, false]);
    expect(red(204 + 60, 200 - 140)).toBe(true); // coronal: z 13.5 of 20 lies above the middle
  });

  test('colour is shown as colour, one picture', () => {
    const pixels = Uint8Array.from([
      ...new Array(16).fill(200),
      ...new Array(16).fill(100),
      ...new Array(16).fill(50),
    ]);
    const drawn = viewPlanes(medicalImage(pixels, { channels: 3, height: 4, width: 4 }, 8), { height: 64 });
    expect([drawn.width, drawn.pixels[0], drawn.pixels[64 * 64], drawn.pixels[2 * 64 * 64]]).toEqual([
      64, 200, 100, 50,
    ]);
  });

  test('values that are not finite are black, and do not set the range', () => {
    const pixels = Float32Array.of(Number.NaN, 0, 1, Number.POSITIVE_INFINITY);
    const drawn = viewPlanes(medicalImage(pixels, { height: 2, width: 2 }), { height: 64 });
    expect(drawn.pixels[0]).toBe(0);
    expect(drawn.pixels[63]).toBe(0);
    expect(drawn.pixels[63 * 64]).toBe(255);
  });

  test.each([
    ['SLICE_OUTSIDE', () => viewPlanes(stored([0, 1, 2], [0, 0, 0]), { at: [0, 0, 9] })],
    ['SLICE_OUTSIDE', () => viewPlanes(stored([0, 1, 2], [0, 0, 0]), { timePoint: 1 })],
    ['VIEW_SIZE', () => viewPlanes(stored([0, 1, 2], [0, 0, 0]), { height: 1e9 })],
    [
      'OVERLAY_PLACE_UNKNOWN',
      () =>
        viewPlanes(stored([0, 1, 2], [0, 0, 0]), {
          overlay: labelMap(Uint8Array.of(1), { width: 1, height: 1 }, []),
        }),
    ],
  ] as const)('%s', (code, work) => {
    expect(work).toThrow(code);
  });
});
