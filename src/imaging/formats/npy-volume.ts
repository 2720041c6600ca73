import { HounsfieldError } from '../../errors.ts';
import type { MedicalImage } from '../image/medical-image.ts';
import { imageFromArray } from './array-volume.ts';
import { decodeNpy, type NpyArray, npyNumbers } from './npy.ts';
import { decodeNpz } from './npz.ts';

/** One array of numpy's as an image; 64-bit integers become float64. `axes` as in imageFromArray. Throws ARRAY_AXES. */
export function imageFromNpy(array: NpyArray, axes?: string): MedicalImage {
  return imageFromArray(npyNumbers(array), array.shape, axes);
}

/** True for numpy's own file, or for a ZIP whose first entry is one. */
export function isNpy(head: Uint8Array): boolean {
  return head[0] === 0x93 && String.fromCharCode(...head.subarray(1, 6)) === 'NUMPY';
}

export function isNpz(head: Uint8Array): boolean {
  if (!(head[0] === 0x50 && head[1] === 0x4b && head[2] === 3 && head[3] === 4)) return false;
  const length = (head[26] ?? 0) | ((head[27] ?? 0) << 8);
  return String.fromCharCode(...head.subarray(30, 30 + Math.min(length, 1024))).endsWith('.npy');
}

/**
 * An .npy, or one array of an .npz by its name (needed unless there is only one), as an image.
 * Throws NPY_UNREADABLE, NPZ_UNREADABLE, ARRAY_NAME, ARRAY_AXES.
 */
export function readNumpyImage(
  bytes: Uint8Array,
  options: { readonly array?: string; readonly axes?: string; readonly name?: string } = {},
): MedicalImage {
  const { array, axes, name } = options;
  if (isNpy(bytes)) return imageFromNpy(decodeNpy(bytes, name), axes);
  const arrays = decodeNpz(bytes, name, array === undefined ? undefined : (other) => other === array);
  const chosen =
    array === undefined ? (arrays.size === 1 ? [...arrays.values()][0] : undefined) : arrays.get(array);
  if (!chosen) {
    throw new HounsfieldError(
      'ARRAY_NAME',
      `${name ?? 'the .npz data'} holds ${array === undefined ? `${arrays.size} arrays` : 'no array of the name given'}. ` +
        'Name one of its arrays.',
    );
  }
  return imageFromNpy(chosen, axes);
}
