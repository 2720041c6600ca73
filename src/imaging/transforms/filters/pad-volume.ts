import type { Vector3 } from '../../geometry/geometry.ts';
import { type Border, borderIndices } from './border.ts';
import { another, type FloatArray } from './correlate-axis.ts';

/** A volume [D, H, W] with `reach` voxels more on both sides of each axis, filled by the border. */
export function padVolume(
  values: FloatArray,
  size: Vector3,
  reach: Vector3,
  { mode, constant }: Border,
): { readonly padded: FloatArray; readonly sides: Vector3 } {
  const [xs, ys, zs] = size.map((side, axis) => borderIndices(side, reach[axis]!, reach[axis]!, mode)) as [
    Int32Array,
    Int32Array,
    Int32Array,
  ]; // three
  const sides: Vector3 = [xs.length, ys.length, zs.length];
  const padded = another(values, sides[0] * sides[1] * sides[2]);
  const [width, height] = size;
  for (let k = 0, to = 0; k < zs.length; k++) {
    for (let j = 0; j < ys.length; j++, to += xs.length) {
      if (zs[k]! < 0 || ys[j]! < 0) {
        padded.fill(constant, to, to + xs.length);
        continue;
      }
      const row = (zs[k]! * height + ys[j]!) * width;
      padded.set(values.subarray(row, row + width), to + reach[0]);
      for (let i = 0; i < reach[0]; i++) {
        const after = reach[0] + width + i;
        padded[to + i] = xs[i]! < 0 ? constant : values[row + xs[i]!]!;
        padded[to + after] = xs[after]! < 0 ? constant : values[row + xs[after]!]!;
      }
    }
  }
  return { padded, sides };
}
