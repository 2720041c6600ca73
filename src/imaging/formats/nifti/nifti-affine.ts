import type { Affine } from '../../geometry/geometry.ts';
import { headerFault } from '../volume-file.ts';
import type { NiftiHeader } from './nifti-header.ts';

type Nine = readonly [number, number, number, number, number, number, number, number, number];
type Three = [number, number, number];

/** Where a NIfTI's affine comes from; 'base' is made of the voxel sizes alone, with the image's centre as origin. */
export type AffineSource = 'sform' | 'qform' | 'base';

/** Codes that nifti1.h gives a meaning to; others count as 0, as in nibabel. */
const TRANSFORM_CODES = new Set([1, 2, 3, 4, 5]);

export function affineSource(header: NiftiHeader): AffineSource {
  if (TRANSFORM_CODES.has(header.sformCode)) return 'sform';
  return TRANSFORM_CODES.has(header.qformCode) ? 'qform' : 'base';
}

/**
 * Voxel to RAS in the file's own unit, by nibabel's rules: sform when its code is above 0, else qform when its code is,
 * else the voxel sizes with x towards the left and the centre as origin. A voxel size below 0 counts without its sign,
 * of 0 as 1. Throws VOLUME_HEADER when the quaternion is none.
 */
export function rasAffine(header: NiftiHeader, sides: readonly number[], name: string): Affine {
  const source = affineSource(header);
  if (source === 'sform') return header.srow as unknown as Affine; // twelve numbers
  return source === 'qform'
    ? qform(header, name)
    : baseAffine(header.pixdim.slice(1, 4), header.dim[0]!, sides);
}

function voxelSize(pixdim: number): number {
  return pixdim === 0 ? 1 : Math.abs(pixdim);
}

/** x flipped, centre of the image as origin (nibabel's shape_zoom_affine). */
export function baseAffine(pixdim: readonly number[], rank: number, sides: readonly number[]): Affine {
  const [x, y, z] = [0, 1, 2].map((axis) => (axis < rank ? voxelSize(pixdim[axis]!) : 1)) as Three; // three axes
  const [cx, cy, cz] = sides.map((side) => (side - 1) / 2) as Three; // three axes
  return [-x, 0, 0, cx * x, 0, y, 0, -cy * y, 0, 0, z, -cz * z];
}

/** nifti1.h, "METHOD 2": a rotation from the quaternion's b, c, d, voxel sizes, and qfac on the third axis. */
function qform(header: NiftiHeader, name: string): Affine {
  const [b, c, d] = header.quatern;
  const w2 = exactSum([1, -b * b, -c * c, -d * d]);
  const tolerance = 3 * (header.version === 1 ? 2 ** -23 : 2 ** -52);
  if (!(w2 > -tolerance)) {
    throw headerFault(name, `NIfTI-${header.version}`, 'holds a quaternion longer than 1 in its qform');
  }
  const a = w2 < tolerance ? 0 : Math.sqrt(w2);
  const [vx, vy, vz] = header.pixdim.slice(1, 4).map(voxelSize) as Three; // three axes
  const z = header.pixdim[0] === -1 ? -vz : vz;
  const s = 2 / (a * a + b * b + c * c + d * d);
  const [x, y, t] = header.qoffset;
  return [
    (1 - s * (c * c + d * d)) * vx,
    s * (b * c - a * d) * vy,
    s * (b * d + a * c) * z,
    x,
    s * (b * c + a * d) * vx,
    (1 - s * (b * b + d * d)) * vy,
    s * (c * d - a * b) * z,
    y,
    s * (b * d - a * c) * vx,
    s * (c * d + a * b) * vy,
    (1 - s * (b * b + c * c)) * z,
    t,
  ];
}

/** A sum with its rounding errors added back (Neumaier 1974): the square root that follows needs the small rest. */
function exactSum(terms: readonly number[]): number {
  let sum = 0;
  let rest = 0;
  for (const term of terms) {
    const next = sum + term;
    rest += Math.abs(sum) >= Math.abs(term) ? sum - next + term : term - next + sum;
    sum = next;
  }
  return sum + rest;
}

/** A qform that comes nearest to an affine, and whether it is the same within 1e-5 (no shear). */
export function qformOf(ras: Affine): {
  readonly pixdim: readonly [number, number, number];
  readonly qfac: 1 | -1;
  readonly quatern: readonly [number, number, number];
  readonly isExact: boolean;
} {
  const column = (c: number) => [ras[c]!, ras[4 + c]!, ras[8 + c]!] as const;
  const pixdim = [0, 1, 2].map((c) => Math.hypot(...column(c))) as Three; // three axes
  const unit = [0, 1, 2].flatMap((r) => [0, 1, 2].map((c) => ras[r * 4 + c]! / pixdim[c]!));
  const qfac = determinant(unit) > 0 ? 1 : -1;
  const right = unit.map((value, i) => (i % 3 === 2 ? value * qfac : value));
  const rotation = nearestRotation(right);
  const isExact = rotation.every((value, i) => Math.abs(value - right[i]!) < 1e-5);
  return { pixdim, qfac, quatern: quaternion(rotation), isExact };
}

function determinant(m: readonly number[]): number {
  const [a, b, c, d, e, f, g, h, i] = m as Nine; // three rows of three
  return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
}

function inverseTransposed(m: readonly number[]): number[] {
  const [a, b, c, d, e, f, g, h, i] = m as Nine; // three rows of three
  const det = determinant(m);
  return [
    e * i - f * h,
    f * g - d * i,
    d * h - e * g,
    c * h - b * i,
    a * i - c * g,
    b * g - a * h,
    b * f - c * e,
    c * d - a * f,
    a * e - b * d,
  ].map((value) => value / det);
}

/** The orthogonal factor of the polar decomposition, by Newton's iteration (Higham 1986, eq. 3.1). */
function nearestRotation(matrix: readonly number[]): number[] {
  let m = [...matrix];
  for (let i = 0; i < 100; i++) {
    const other = inverseTransposed(m);
    const next = m.map((value, k) => (value + other[k]!) / 2);
    const change = Math.max(...next.map((value, k) => Math.abs(value - m[k]!)));
    m = next;
    if (change < 1e-15) break;
  }
  return m;
}

/** b, c, d of a rotation, a taken as 0 or above (nifti1.h, "QUATERNION REPRESENTATION"). */
function quaternion(m: readonly number[]): [number, number, number] {
  const [r11, r12, r13, r21, r22, r23, r31, r32, r33] = m as Nine; // three rows of three
  const a2 = 1 + r11 + r22 + r33;
  if (a2 > 0.5) {
    const a = Math.sqrt(a2) / 2;
    return [(r32 - r23) / (4 * a), (r13 - r31) / (4 * a), (r21 - r12) / (4 * a)];
  }
  const xd = 1 + r11 - r22 - r33;
  const yd = 1 + r22 - r11 - r33;
  const zd = 1 + r33 - r11 - r22;
  let parts: [number, number, number];
  let a: number;
  if (xd >= yd && xd >= zd) {
    const b = Math.sqrt(xd) / 2;
    parts = [b, (r12 + r21) / (4 * b), (r13 + r31) / (4 * b)];
    a = (r32 - r23) / (4 * b);
  } else if (yd >= zd) {
    const c = Math.sqrt(yd) / 2;
    parts = [(r12 + r21) / (4 * c), c, (r23 + r32) / (4 * c)];
    a = (r13 - r31) / (4 * c);
  } else {
    const d = Math.sqrt(zd) / 2;
    parts = [(r13 + r31) / (4 * d), (r23 + r32) / (4 * d), d];
    a = (r21 - r12) / (4 * d);
  }
  return a < 0 ? [-parts[0], -parts[1], -parts[2]] : parts;
}
