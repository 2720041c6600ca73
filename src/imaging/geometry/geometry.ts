import { HounsfieldError } from '../../errors.ts';

/** A place in an image's array, counted in voxels: x across columns, y down rows, z through slices; 0 is a voxel's centre. */
export type VoxelIndex = readonly [x: number, y: number, z: number] & { readonly space: 'voxel' };

/** A place in the patient, mm, LPS: x grows to the patient's left, y to the back (posterior), z to the head (superior). */
export type WorldPointMm = readonly [x: number, y: number, z: number] & { readonly space: 'LPS mm' };

export function voxelIndex(x: number, y: number, z: number): VoxelIndex {
  return [x, y, z] as unknown as VoxelIndex; // the brand exists in types only
}

export function worldPointMm(x: number, y: number, z: number): WorldPointMm {
  return [x, y, z] as unknown as WorldPointMm; // the brand exists in types only
}

export type Vector3 = readonly [number, number, number];

/** Three rows of four, row-major: a 3 x 3 matrix and, in the last column, a shift. */
export type Affine = readonly [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];

/** Where an image lies. Oblique and sheared grids are allowed; a singular or non-finite affine is not. */
export interface Geometry {
  /** Voxel index (x, y, z) to LPS world, mm. */
  readonly affine: Affine;
  /**
   * 'patient': the world is the patient's. 'image': lengths are true but place and direction are the image's own, as in
   * a radiograph with a pixel spacing or a PNG with a resolution tag.
   */
  readonly frame: 'patient' | 'image';
  /** Images of one frame of reference share their world (DICOM PS3.3 C.7.4.1). */
  readonly frameOfReferenceUid?: string;
}

/** Checks an affine and makes it a Geometry. Throws GEOMETRY_INVALID when it is not finite or has no inverse. */
export function geometry(
  affine: Affine,
  frame: Geometry['frame'] = 'patient',
  frameOfReferenceUid?: string,
): Geometry {
  invertAffine(affine);
  return frameOfReferenceUid === undefined ? { affine, frame } : { affine, frame, frameOfReferenceUid };
}

/**
 * A geometry from spacing (mm), direction (row-major 3 x 3 whose columns are the axes' unit vectors in LPS; default
 * identity) and origin (mm, centre of voxel 0). Throws GEOMETRY_INVALID.
 */
export function geometryFrom(parts: {
  readonly spacingMm: Vector3;
  readonly direction?: readonly number[];
  readonly originMm?: Vector3;
  readonly frame?: Geometry['frame'];
  readonly frameOfReferenceUid?: string;
}): Geometry {
  const { spacingMm: s, direction: d = [1, 0, 0, 0, 1, 0, 0, 0, 1], originMm: o = [0, 0, 0] } = parts;
  const row = (r: number) => [d[r * 3]! * s[0], d[r * 3 + 1]! * s[1], d[r * 3 + 2]! * s[2], o[r]!];
  const affine = [...row(0), ...row(1), ...row(2)] as unknown as Affine; // three rows of four
  return geometry(affine, parts.frame, parts.frameOfReferenceUid);
}

/** Lengths of a voxel's three edges, mm. */
export function spacingMm({ affine: a }: Geometry): Vector3 {
  return [Math.hypot(a[0], a[4], a[8]), Math.hypot(a[1], a[5], a[9]), Math.hypot(a[2], a[6], a[10])];
}

/** Row-major 3 x 3; its columns are unit vectors along the axes x, y and z of the array, in LPS. */
export function direction(space: Geometry): readonly number[] {
  const { affine: a } = space;
  const [x, y, z] = spacingMm(space);
  return [a[0] / x, a[1] / y, a[2] / z, a[4] / x, a[5] / y, a[6] / z, a[8] / x, a[9] / y, a[10] / z];
}

/** Where the centre of voxel (0, 0, 0) lies. */
export function origin({ affine: a }: Geometry): WorldPointMm {
  return worldPointMm(a[3], a[7], a[11]);
}

export function voxelToWorld({ affine }: Geometry, index: VoxelIndex): WorldPointMm {
  return applyAffine(affine, index) as unknown as WorldPointMm; // an affine of a Geometry leads into the world
}

export function worldToVoxel({ affine }: Geometry, point: WorldPointMm): VoxelIndex {
  return applyAffine(invertAffine(affine), point) as unknown as VoxelIndex; // the inverse leads back
}

/** The affine's image of a point. */
export function applyAffine(a: Affine, [x, y, z]: Vector3): Vector3 {
  return [
    a[0] * x + a[1] * y + a[2] * z + a[3],
    a[4] * x + a[5] * y + a[6] * z + a[7],
    a[8] * x + a[9] * y + a[10] * z + a[11],
  ];
}

/** `outer` after `inner`. */
export function composeAffines(outer: Affine, inner: Affine): Affine {
  const out: number[] = [];
  for (let r = 0; r < 3; r++) {
    const [p, q, s, t] = outer.slice(r * 4, r * 4 + 4) as [number, number, number, number];
    for (let c = 0; c < 4; c++) {
      out.push(p * inner[c]! + q * inner[4 + c]! + s * inner[8 + c]! + (c === 3 ? t : 0));
    }
  }
  return out as unknown as Affine; // three rows of four
}

/** The inverse map. Throws GEOMETRY_INVALID when a number is not finite or the matrix is singular. */
export function invertAffine(affine: Affine): Affine {
  const [a, b, c, tx, d, e, f, ty, g, h, i, tz] = affine;
  const minor = [
    e * i - f * h,
    c * h - b * i,
    b * f - c * e,
    f * g - d * i,
    a * i - c * g,
    c * d - a * f,
    d * h - e * g,
    b * g - a * h,
    a * e - b * d,
  ] as const;
  const determinant = a * minor[0] + b * minor[3] + c * minor[6];
  const size = Math.hypot(a, d, g) * Math.hypot(b, e, h) * Math.hypot(c, f, i);
  if (affine.length !== 12 || !affine.every(Number.isFinite) || !(Math.abs(determinant) > 1e-10 * size)) {
    throw new HounsfieldError(
      'GEOMETRY_INVALID',
      `the affine [${affine.map((value) => Number(value.toPrecision(6))).join(', ')}] is not finite or maps space onto ` +
        'a plane. Give three independent axes and a finite origin.',
    );
  }
  const m = minor.map((value) => value / determinant);
  const row = (r: number) => {
    const [p, q, s] = m.slice(r * 3, r * 3 + 3) as [number, number, number];
    return [p, q, s, -(p * tx + q * ty + s * tz)];
  };
  return [...row(0), ...row(1), ...row(2)] as unknown as Affine; // three rows of four
}

/** An affine to RAS world (NIfTI, MGH) as one to LPS, and back: both are this flip of x and y. */
export function flipRasLps(affine: Affine): Affine {
  return affine.map((value, i) => (i < 8 ? 0 - value : value)) as unknown as Affine; // map keeps the length
}

/**
 * Which way the array's axes run, as three letters: towards Left/Right, Posterior/Anterior, Superior/Inferior, each axis
 * by the world axis nearest to it (nibabel's aff2axcodes convention). 'LPS': x grows to the left, y to the back, z up.
 */
export function orientationCode(space: Geometry): string {
  const d = direction(space);
  const order = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ] as const;
  const agreement = (world: readonly [number, number, number]) =>
    world.reduce<number>((sum, w, axis) => sum + Math.abs(d[w * 3 + axis]!) ** 2, 0);
  const best = order.reduce((a, b) => (agreement(b) > agreement(a) + 1e-12 ? b : a));
  return best.map((w, axis) => ['LR', 'PA', 'SI'][w]![d[w * 3 + axis]! >= 0 ? 0 : 1]!).join('');
}
