import { HounsfieldError } from '../../../errors.ts';
import type { Vector3 } from '../../geometry/geometry.ts';
import type { PixelArray } from '../../image/medical-image.ts';

/** Throws IMAGE_SHAPE unless values fill one volume of width, height, depth. */
export function requireVolume(
  values: ArrayLike<number>,
  [width, height, depth]: Vector3,
  what: string,
): void {
  const whole = [width, height, depth].every((side) => Number.isInteger(side) && side >= 1);
  if (whole && values.length === width * height * depth) return;
  throw new HounsfieldError(
    'IMAGE_SHAPE',
    `${what}: ${values.length} values do not fill ${depth} x ${height} x ${width} (depth x height x width). Pass one ` +
      'volume, each side at least 1.',
  );
}

/** Throws INTENSITY_NOT_FINITE for a value that is no finite number. */
export function requireFinite(values: PixelArray, what: string): void {
  if (!(values instanceof Float32Array || values instanceof Float64Array)) return;
  let bad = 0;
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i]!)) bad++;
  if (bad === 0) return;
  throw new HounsfieldError(
    'INTENSITY_NOT_FINITE',
    `${what}: ${bad} of ${values.length} values are NaN or infinite, and their order is not known. Clip the image, or ` +
      'replace them first.',
  );
}

/** 1 where a value is not 0. */
export function nonZero(values: ArrayLike<number>): Uint8Array {
  const mask = new Uint8Array(values.length);
  for (let i = 0; i < mask.length; i++) mask[i] = values[i] ? 1 : 0;
  return mask;
}
