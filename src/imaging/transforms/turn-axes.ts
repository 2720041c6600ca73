import type { Affine, Vector3 } from '../geometry/geometry.ts';
import type { MedicalImage, PixelArray } from '../image/medical-image.ts';
import { emptyLike } from './pixel-rows.ts';
import { readParameters } from './read-parameters.ts';
import type { GridTransform } from './transform.ts';

export interface TurnAxesParameters {
  /** The axis of the image before (0 x, 1 y, 2 z) that becomes x, y and z. */
  readonly order: Vector3;
  /** Which of the new axes run the other way: -1, else 1. */
  readonly sign: Vector3;
}

/** Swaps axes of the array and turns them round: the same voxels in another order, exactly. */
export const turnAxes: GridTransform<TurnAxesParameters> = {
  name: 'turn-axes',
  kind: 'grid',
  oneGrid: false,
  example: { order: [2, 0, 1], sign: [1, -1, -1] },
  check(parameters) {
    const read = readParameters('turn-axes', parameters);
    const order = read.vector('order', { min: 0, max: 2, whole: true });
    const sign = read.vector('sign', { min: -1, max: 1, whole: true });
    read.require(
      [0, 1, 2].every((axis) => order.includes(axis)),
      'order names no axis twice',
    );
    read.require(!sign.includes(0), 'sign is 1 or -1');
    read.end();
    return { order, sign };
  },
  regrid({ order, sign }, before) {
    const size = order.map((axis) => before.size[axis]!) as unknown as Vector3; // three axes
    const map = new Array<number>(12).fill(0);
    for (let to = 0; to < 3; to++) {
      const from = order[to]!;
      map[from * 4 + to] = sign[to]!;
      if (sign[to]! < 0) map[from * 4 + 3] = before.size[from]! - 1;
    }
    return { size, map: map as unknown as Affine }; // three rows of four
  },
  pixels: turnedPixels,
  inverse: {
    fidelity: 'exact',
    step: ({ order, sign }) => {
      const back = [0, 1, 2].map((axis) => order.indexOf(axis)) as unknown as Vector3; // three axes
      const signs = back.map((to) => sign[to]!) as unknown as Vector3; // three axes
      return { transform: turnAxes, parameters: { order: back, sign: signs } };
    },
  },
};

/** Side of the square pieces that are turned one by one, so that both sides stay in the cache. */
const PIECE = 32;

function turnedPixels(image: MedicalImage, { order, sign }: TurnAxesParameters): PixelArray {
  const sides = [image.width, image.height, image.depth];
  const strides = [1, image.width, image.width * image.height];
  const size = order.map((axis) => sides[axis]!) as unknown as Vector3; // three axes
  const step = order.map((axis, to) => strides[axis]! * sign[to]!) as unknown as Vector3; // three axes
  const first = order.reduce(
    (sum, axis, to) => sum + (sign[to]! < 0 ? (sides[axis]! - 1) * strides[axis]! : 0),
    0,
  );
  const out = emptyLike(image.pixels, image.pixels.length);
  const [source, target] = [sameBits(image.pixels), sameBits(out)];
  const volume = sides[0]! * sides[1]! * sides[2]!;
  for (let start = 0; start < source.length; start += volume) {
    if (step[0] === 1) copyRows(source, target, start, start + first, size, step);
    else turnPieces(source, target, start, start + first, size, step);
  }
  return out;
}

type Bits = Uint8Array | Uint16Array | Uint32Array | Float64Array;

/** The same memory as one of four types by its elements' size: loops then meet few types. */
function sameBits({ buffer, byteOffset, length, BYTES_PER_ELEMENT }: PixelArray): Bits {
  if (BYTES_PER_ELEMENT === 1) return new Uint8Array(buffer, byteOffset, length);
  if (BYTES_PER_ELEMENT === 2) return new Uint16Array(buffer, byteOffset, length);
  if (BYTES_PER_ELEMENT === 4) return new Uint32Array(buffer, byteOffset, length);
  return new Float64Array(buffer, byteOffset, length);
}

function copyRows(source: Bits, target: Bits, to: number, from: number, size: Vector3, step: Vector3): void {
  for (let z = 0, at = to; z < size[2]; z++) {
    for (let y = 0; y < size[1]; y++, at += size[0]) {
      const start = from + z * step[2] + y * step[1];
      target.set(source.subarray(start, start + size[0]), at);
    }
  }
}

/** In pieces along x and the axis whose neighbours lie closest together in the source. */
function turnPieces(
  source: Bits,
  target: Bits,
  to: number,
  from: number,
  size: Vector3,
  step: Vector3,
): void {
  const near = Math.abs(step[1]) <= Math.abs(step[2]) ? 1 : 2;
  const far = 3 - near;
  const stride = [1, size[0], size[0] * size[1]];
  for (let f = 0; f < size[far]!; f++) {
    for (let n0 = 0; n0 < size[near]!; n0 += PIECE) {
      for (let x0 = 0; x0 < size[0]; x0 += PIECE) {
        const [nEnd, xEnd] = [Math.min(size[near]!, n0 + PIECE), Math.min(size[0], x0 + PIECE)];
        for (let n = n0; n < nEnd; n++) {
          const at = to + f * stride[far]! + n * stride[near]!;
          const start = from + f * step[far]! + n * step[near]!;
          for (let x = x0; x < xEnd; x++) target[at + x] = source[start + x * step[0]]!;
        }
      }
    }
  }
}
