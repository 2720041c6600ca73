import { HounsfieldError } from '../../../errors.ts';
import type { Affine, Vector3 } from '../../geometry/geometry.ts';
import { IDENTITY_AFFINE } from '../../geometry/grid.ts';
import type { MedicalImage, PixelArray } from '../../image/medical-image.ts';
import { storedLength } from '../chain/stored-length.ts';

/** One channel of one time point, and where it lies. */
export interface Volume {
  readonly pixels: PixelArray; // [D, H, W]
  readonly size: Vector3;
  readonly affine: Affine;
  /** A two-dimensional image, not a volume of one slice. */
  readonly isPicture?: boolean;
}

/** Throws FEATURE_CHANNELS when the image has more than one channel or time point and none is asked for. */
export function volumeOf(image: MedicalImage, what: string, channel?: number): Volume {
  const { width, height, depth, channels, timePoints, pixels } = image;
  const voxels = width * height * depth;
  if (timePoints !== 1 || (channel === undefined ? channels !== 1 : channel >= channels)) {
    throw new HounsfieldError(
      'FEATURE_CHANNELS',
      `${what} has ${channels} channels and ${timePoints} time points, where ` +
        `${channel === undefined ? 'one of each' : `channel ${channel} of one time point`} is expected. Take out the one ` +
        'that is meant.',
    );
  }
  const start = (channel ?? 0) * voxels;
  return {
    pixels: pixels.length === voxels ? pixels : pixels.subarray(start, start + voxels),
    size: [width, height, depth],
    affine: image.geometry?.affine ?? IDENTITY_AFFINE,
    isPicture: depth === 1 && image.geometry?.frame !== 'patient',
  };
}

export function spacingOf({ affine: a }: Volume): Vector3 {
  return [
    storedLength(Math.hypot(a[0], a[4], a[8])),
    storedLength(Math.hypot(a[1], a[5], a[9])),
    storedLength(Math.hypot(a[2], a[6], a[10])),
  ];
}

/** A box of voxels, both ends inclusive. */
export interface Box {
  readonly low: Vector3;
  readonly high: Vector3;
}

/** The part of a volume inside a box. */
export function cropped(volume: Volume, { low, high }: Box): Volume {
  const [width, height] = volume.size;
  const size: Vector3 = [high[0] - low[0] + 1, high[1] - low[1] + 1, high[2] - low[2] + 1];
  if (size.every((side, axis) => side === volume.size[axis])) return volume;
  const pixels = arrayLike(volume.pixels, size[0] * size[1] * size[2]);
  for (let z = 0, to = 0; z < size[2]; z++) {
    for (let y = 0; y < size[1]; y++, to += size[0]) {
      const from = ((z + low[2]) * height + y + low[1]) * width + low[0];
      pixels.set(volume.pixels.subarray(from, from + size[0]), to);
    }
  }
  const a = volume.affine;
  const shift = (row: number) => a[row + 3]! + a[row]! * low[0] + a[row + 1]! * low[1] + a[row + 2]! * low[2];
  const affine: Affine = [
    a[0],
    a[1],
    a[2],
    shift(0),
    a[4],
    a[5],
    a[6],
    shift(4),
    a[8],
    a[9],
    a[10],
    shift(8),
  ];
  return { ...volume, pixels, size, affine };
}

/** A box made larger by some voxels on each side, inside the volume. */
export function padded({ low, high }: Box, by: number, size: Vector3): Box {
  return {
    low: [Math.max(0, low[0] - by), Math.max(0, low[1] - by), Math.max(0, low[2] - by)],
    high: [
      Math.min(size[0] - 1, high[0] + by),
      Math.min(size[1] - 1, high[1] + by),
      Math.min(size[2] - 1, high[2] + by),
    ],
  };
}

/** A new array of the same kind of numbers. */
export function arrayLike<T extends PixelArray>(pixels: T, length: number): T {
  const make = pixels.constructor as new (length: number) => T; // every typed array is made from a length
  return new make(length);
}
