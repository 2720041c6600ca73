import type { Vector3 } from '../geometry/geometry.ts';

/**
 * Length of the gradient by central differences, per mm where spacing is given in mm; at the border the nearest value is
 * taken to go on, as ITK's GradientMagnitudeImageFilter does.
 */
export function gradientMagnitude(
  values: Float64Array, // [D, H, W]
  [width, height, depth]: Vector3,
  spacing: Vector3,
): Float64Array {
  const out = new Float64Array(values.length);
  const plane = width * height;
  const [perX, perY, perZ] = [0.5 / spacing[0], 0.5 / spacing[1], 0.5 / spacing[2]];
  for (let z = 0, at = 0; z < depth; z++) {
    const below = z > 0 ? plane : 0;
    const above = z < depth - 1 ? plane : 0;
    for (let y = 0; y < height; y++) {
      const before = y > 0 ? width : 0;
      const after = y < height - 1 ? width : 0;
      for (let x = 0; x < width; x++, at++) {
        const dx = (values[x < width - 1 ? at + 1 : at]! - values[x > 0 ? at - 1 : at]!) * perX;
        const dy = (values[at + after]! - values[at - before]!) * perY;
        const dz = (values[at + above]! - values[at - below]!) * perZ;
        out[at] = Math.sqrt(dx * dx + dy * dy + dz * dz);
      }
    }
  }
  return out;
}
