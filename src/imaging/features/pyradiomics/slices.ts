import type { Vector3 } from '../../geometry/geometry.ts';
import type { PixelArray } from '../../image/medical-image.ts';
import type { PyradiomicsSettings } from './parameters.ts';
import { arrayLike } from './volume.ts';

type Forced = Pick<PyradiomicsSettings, 'force2D' | 'force2Ddimension'>;

/** Three numbers by axis with those of z and of the dimension that slices lie across exchanged; twice is as before. */
export function swapAxes([x, y, z]: Vector3, { force2D, force2Ddimension }: Forced): Vector3 {
  if (!force2D || force2Ddimension === 0) return [x, y, z];
  return force2Ddimension === 2 ? [z, y, x] : [x, z, y];
}

/** A volume with two axes exchanged so that slices lie across the dimension that is forced to be theirs. */
export function toSlices<T extends PixelArray>(
  pixels: T,
  size: Vector3,
  forced: Forced,
): { readonly pixels: T; readonly size: Vector3 } {
  if (!forced.force2D || forced.force2Ddimension === 0) return { pixels, size };
  const to = swapAxes(size, forced);
  const out = arrayLike(pixels, pixels.length);
  const strides = swapAxes([1, size[0], size[0] * size[1]], forced);
  for (let z = 0, at = 0; z < to[2]; z++) {
    for (let y = 0; y < to[1]; y++) {
      let from = z * strides[2] + y * strides[1];
      for (let x = 0; x < to[0]; x++, at++, from += strides[0]) out[at] = pixels[from]!;
    }
  }
  return { pixels: out, size: to };
}
