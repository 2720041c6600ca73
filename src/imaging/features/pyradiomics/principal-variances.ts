import type { Vector3 } from '../../geometry/geometry.ts';

/**
 * Variances of voxel centres along their principal axes, mm2, largest first; divided by the number of voxels. Of what is
 * flat the least are 0.
 */
export function principalVariances(
  inside: ArrayLike<number>,
  [width, height, depth]: Vector3,
  spacingMm: Vector3,
): Vector3 {
  const s = new Float64Array(10); // count; sums of x, y, z; of xx, xy, xz, yy, yz, zz
  for (let z = 0, at = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      let [count, sumX, sumXX] = [0, 0, 0];
      for (let x = 0; x < width; x++, at++) {
        if (inside[at] === 0) continue;
        count++;
        sumX += x;
        sumXX += x * x;
      }
      if (count === 0) continue;
      const add = [
        count,
        sumX,
        count * y,
        count * z,
        sumXX,
        sumX * y,
        sumX * z,
        count * y * y,
        count * y * z,
        count * z * z,
      ];
      for (let k = 0; k < 10; k++) s[k] = s[k]! + add[k]!;
    }
  }
  const count = s[0]!;
  const [sx, sy, sz] = spacingMm;
  // whole numbers throughout, so that what is flat has no variance at all
  const moment = (product: number, a: number, b: number) =>
    (s[product]! * count - s[a]! * s[b]!) / (count * count);
  return eigenvalues(
    moment(4, 1, 1) * sx * sx,
    moment(5, 1, 2) * sx * sy,
    moment(6, 1, 3) * sx * sz,
    moment(7, 2, 2) * sy * sy,
    moment(8, 2, 3) * sy * sz,
    moment(9, 3, 3) * sz * sz,
  );
}

/** Eigenvalues of a symmetric 3 x 3 matrix that has no negative ones, largest first, by Jacobi's rotations. */
function eigenvalues(xx: number, xy: number, xz: number, yy: number, yz: number, zz: number): Vector3 {
  const a = [
    [xx, xy, xz],
    [xy, yy, yz],
    [xz, yz, zz],
  ];
  const whole = xx + yy + zz;
  for (let sweep = 0; sweep < 64; sweep++) {
    if (Math.abs(a[0]![1]!) + Math.abs(a[0]![2]!) + Math.abs(a[1]![2]!) <= 1e-18 * whole) break;
    rotate(a, 0, 1);
    rotate(a, 0, 2);
    rotate(a, 1, 2);
  }
  const [p, q, r] = [a[0]![0]!, a[1]![1]!, a[2]![2]!]
    .sort((one, other) => other - one)
    .map((value) => (value < 1e-15 * whole ? 0 : value));
  return [p!, q!, r!];
}

function rotate(a: number[][], p: number, q: number): void {
  const off = a[p]![q]!;
  if (off === 0) return;
  const theta = (a[q]![q]! - a[p]![p]!) / (2 * off);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let k = 0; k < 3; k++) {
    const [kp, kq] = [a[k]![p]!, a[k]![q]!];
    a[k]![p] = c * kp - s * kq;
    a[k]![q] = s * kp + c * kq;
  }
  for (let k = 0; k < 3; k++) {
    const [pk, qk] = [a[p]![k]!, a[q]![k]!];
    a[p]![k] = c * pk - s * qk;
    a[q]![k] = s * pk + c * qk;
  }
}
