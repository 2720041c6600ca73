import { HounsfieldError } from '../../errors.ts';
import { type Affine, geometry, spacingMm, type Vector3 } from '../geometry/geometry.ts';
import { type Grid, gridOf, sameGrid, scaleAndShift, voxelMap } from '../geometry/grid.ts';
import type { MedicalImage } from '../image/medical-image.ts';
import { readParameters } from './read-parameters.ts';
import { type ResampleChoice, readChoice, resampleStep } from './resample.ts';
import { imageOf } from './subject.ts';
import { apply, type DerivedTransform, type Step } from './transform.ts';

/** A size may fall short of whole voxels by this much before one more is added. */
const SIZE_TOLERANCE = 1e-3;

/** Resamples each image to voxels of one size about its own centre, with as many as cover it. Needs a geometry. */
export const resampleToSpacing: DerivedTransform<
  ResampleChoice & {
    /** mm along x, y, z of the array; one number for all. */ readonly spacingMm: Vector3 | number;
  }
> = {
  name: 'resample-to-spacing',
  kind: 'derived',
  example: { spacingMm: [1.2, 1.2, 1.2] },
  check(parameters) {
    const read = readParameters('resample-to-spacing', parameters);
    const checked = { spacingMm: read.vector('spacingMm', { min: 1e-4, max: 1e4 }), ...readChoice(read) };
    read.end();
    return checked;
  },
  resolve: ({ spacingMm: wanted, ...choice }) => {
    const target = wanted as Vector3; // check gives three
    return (name, image) => {
      const place = requireGeometry(name, image, 'resample-to-spacing');
      const scale = spacingMm(place).map((own, axis) => target[axis]! / own) as unknown as Vector3; // three axes
      const size = gridOf(image).size.map((n, axis) =>
        Math.max(1, Math.ceil(n / scale[axis]! - SIZE_TOLERANCE)),
      );
      return [aboutCentre(image, size as unknown as Vector3, scale, choice)]; // three axes
    };
  },
};

/** Resamples each image to a number of voxels over the same extent. Spacing follows; needs no geometry. */
export const resampleToSize: DerivedTransform<
  ResampleChoice & { /** Width, height, depth; 0 keeps a side. */ readonly size: Vector3 }
> = {
  name: 'resample-to-size',
  kind: 'derived',
  example: { size: [16, 0, 28], interpolation: 'bspline' },
  check(parameters) {
    const read = readParameters('resample-to-size', parameters);
    const checked = { size: read.vector('size', { min: 0, max: 65536, whole: true }), ...readChoice(read) };
    read.end();
    return checked;
  },
  resolve:
    ({ size: wanted, ...choice }) =>
    (_, image) => {
      const own = gridOf(image).size;
      const size = own.map((n, axis) => wanted[axis] || n) as unknown as Vector3; // three axes
      const scale = own.map((n, axis) => n / size[axis]!) as unknown as Vector3; // three axes
      return [aboutCentre(image, size, scale, choice)];
    },
};

/** Resamples every other image of a subject to the grid of one of them, by way of the patient's space. */
export const resampleToImage: DerivedTransform<
  ResampleChoice & { /** The subject's name of the image whose grid is taken. */ readonly reference: string }
> = {
  name: 'resample-to-image',
  kind: 'derived',
  example: { reference: 'image' },
  check(parameters) {
    const read = readParameters('resample-to-image', parameters);
    const checked = { reference: read.text('reference'), ...readChoice(read) };
    read.end();
    return checked;
  },
  resolve({ reference, ...choice }, subject) {
    const grid = gridOf(imageOf(subject, reference));
    return (name, image) => (name === reference ? [] : stepToGrid(name, image, grid, choice));
  },
};

/** Resamples each image to a grid given by its numbers. */
export const resampleToGrid: DerivedTransform<
  ResampleChoice & {
    /** Width, height, depth. */
    readonly size: Vector3;
    /** Voxel to LPS world, mm, three rows of four. */
    readonly affine: Affine;
  }
> = {
  name: 'resample-to-grid',
  kind: 'derived',
  example: { size: [26, 26, 26], affine: [1, 0, 0, -38, 0, 1, 0, 8, 0, 0, 1, 7], outside: 0 },
  check(parameters) {
    const read = readParameters('resample-to-grid', parameters);
    const size = read.vector('size', { min: 1, max: 65536, whole: true });
    const checked = { size, affine: read.affine('affine'), ...readChoice(read) };
    read.end();
    return checked;
  },
  resolve({ size, affine, ...choice }) {
    const grid = { size, geometry: geometry(affine) };
    return (name, image) => stepToGrid(name, image, grid, choice);
  },
};

/**
 * One image on another's grid: resampleTo(mask, image). Throws GEOMETRY_MISSING, FRAME_OF_REFERENCE_DIFFERS.
 *
 * @param reference the image, or any grid, whose voxels are taken
 */
export function resampleTo<T extends MedicalImage>(
  image: T,
  reference: MedicalImage | Grid,
  choice: ResampleChoice = {},
): T {
  const grid = 'size' in reference ? reference : gridOf(reference);
  const [step] = stepToGrid('image', image, grid, readChoice(readParameters('resample', { ...choice })));
  return step ? (apply(step.transform, image, step.parameters) as T) : image; // a label map stays one
}

function stepToGrid(
  name: string,
  image: MedicalImage,
  grid: Grid,
  choice: Required<ResampleChoice>,
): readonly Step[] {
  const own = gridOf(image);
  if (sameGrid(own, grid, 1e-9) && (own.geometry || !grid.geometry)) return [];
  const from = requireGeometry(name, image, 'resampling to another grid');
  if (!grid.geometry) throw missingGeometry('the reference', 'resampling to another grid');
  const [a, b] = [from.frameOfReferenceUid, grid.geometry.frameOfReferenceUid];
  if (a !== undefined && b !== undefined && a !== b) {
    throw new HounsfieldError(
      'FRAME_OF_REFERENCE_DIFFERS',
      `'${name}' and the reference were acquired in different frames of reference, so that equal mm are not equal ` +
        'places. Register them first, or give both one frame of reference.',
    );
  }
  const { affine } = grid.geometry;
  return [resampleStep(image, { size: grid.size, map: voxelMap(from, grid.geometry), affine }, choice)];
}

function aboutCentre(
  image: MedicalImage,
  size: Vector3,
  scale: Vector3,
  choice: Required<ResampleChoice>,
): Step {
  const own = gridOf(image).size;
  const shift = own.map((n, axis) => (n - 1) / 2 - (scale[axis]! * (size[axis]! - 1)) / 2);
  return resampleStep(image, { size, map: scaleAndShift(scale, shift as unknown as Vector3) }, choice); // three axes
}

function requireGeometry(name: string, { geometry: place }: MedicalImage, why: string) {
  if (place) return place;
  throw missingGeometry(`'${name}'`, why);
}

function missingGeometry(what: string, why: string): HounsfieldError {
  return new HounsfieldError(
    'GEOMETRY_MISSING',
    `${what} does not say where it lies, which ${why} needs. Give it a geometry, or resample to a size in voxels.`,
  );
}
