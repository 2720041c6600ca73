import { HounsfieldError } from '../../errors.ts';
import { orientationCode, spacingMm } from '../geometry/geometry.ts';
import type { MedicalImage } from '../image/medical-image.ts';

export type PlaneName = 'axial' | 'coronal' | 'sagittal';

/**
 * A cut through an image along its own axes: which array axis runs to the right and which downwards, each with its sign,
 * as a reader of films expects: patient's left at the right of the picture, head and front upwards (radiological).
 */
export interface Plane {
  /** Array axis 0 x, 1 y, 2 z that runs to the right. */
  readonly right: number;
  readonly down: number;
  readonly through: number;
  readonly rightFlipped: boolean;
  readonly downFlipped: boolean;
  /** Voxels along the three axes right, down, through. */
  readonly columns: number;
  readonly rows: number;
  readonly slices: number;
  /** Millimetres of a voxel along right and down; 1 where the image does not say. */
  readonly columnMm: number;
  readonly rowMm: number;
  /** Letters at the picture's edges; absent where the image does not lie in a patient. */
  readonly letters?: {
    readonly left: string;
    readonly right: string;
    readonly top: string;
    readonly bottom: string;
  };
}

const OPPOSITE: Readonly<Record<string, string>> = { L: 'R', R: 'L', P: 'A', A: 'P', S: 'I', I: 'S' };

/** World axes (letters towards which they are shown) that each plane has to the right and downwards. */
const VIEWS: Readonly<Record<PlaneName, readonly [right: string, down: string]>> = {
  axial: ['L', 'P'],
  coronal: ['L', 'I'],
  sagittal: ['P', 'I'],
};

/** The cut of a name. An image that does not lie in a patient is cut along its array: rows and columns are axial. */
export function planeOf(image: MedicalImage, name: PlaneName): Plane {
  const sides = [image.width, image.height, image.depth] as const;
  const spacing = image.geometry ? spacingMm(image.geometry) : ([1, 1, 1] as const);
  const inPatient = image.geometry?.frame === 'patient' && image.depth > 1;
  const code = inPatient && image.geometry ? orientationCode(image.geometry) : 'LPI';
  const axisOf = (letter: string) => [...code].findIndex((own) => own === letter || OPPOSITE[own] === letter);
  const [towardsRight, towardsDown] = VIEWS[name];
  const [right, down] = [axisOf(towardsRight), axisOf(towardsDown)];
  const through = 3 - right - down;
  return {
    right,
    down,
    through,
    rightFlipped: code[right] !== towardsRight,
    downFlipped: code[down] !== towardsDown,
    columns: sides[right]!,
    rows: sides[down]!,
    slices: sides[through]!,
    columnMm: spacing[right]!,
    rowMm: spacing[down]!,
    ...(inPatient
      ? {
          letters: {
            left: OPPOSITE[towardsRight]!,
            right: towardsRight,
            top: OPPOSITE[towardsDown]!,
            bottom: towardsDown,
          },
        }
      : {}),
  };
}

/** Array index of a place on a plane: column and row as shown (fractions allowed), slice as stored. */
export function voxelOnPlane(
  plane: Plane,
  column: number,
  row: number,
  slice: number,
): [x: number, y: number, z: number] {
  const index: [number, number, number] = [0, 0, 0];
  index[plane.right] = plane.rightFlipped ? plane.columns - 1 - column : column;
  index[plane.down] = plane.downFlipped ? plane.rows - 1 - row : row;
  index[plane.through] = slice;
  return index;
}

/** Values of one slice as shown, [rows, columns], of one channel and time point. Throws SLICE_OUTSIDE. */
export function sliceOf(
  image: MedicalImage,
  plane: Plane,
  slice: number,
  channel = 0,
  timePoint = 0,
): Float32Array {
  const fits = (index: number, count: number) => Number.isInteger(index) && index >= 0 && index < count;
  if (!fits(slice, plane.slices) || !fits(channel, image.channels) || !fits(timePoint, image.timePoints)) {
    throw new HounsfieldError(
      'SLICE_OUTSIDE',
      `slice ${slice}, channel ${channel}, time point ${timePoint} were asked for; there are ${plane.slices}, ` +
        `${image.channels} and ${image.timePoints}, counted from 0. Choose ones that are there.`,
    );
  }
  const { width, height, depth, pixels } = image;
  const steps = [1, width, width * height] as const;
  const [x, y, z] = voxelOnPlane(plane, 0, 0, slice);
  const start =
    (timePoint * image.channels + channel) * depth * height * width + x + y * width + z * width * height;
  const across = steps[plane.right]! * (plane.rightFlipped ? -1 : 1);
  const down = steps[plane.down]! * (plane.downFlipped ? -1 : 1);
  const values = new Float32Array(plane.rows * plane.columns); // [rows, columns]
  for (let row = 0, at = 0; row < plane.rows; row++) {
    for (let column = 0, from = start + row * down; column < plane.columns; column++, from += across) {
      values[at++] = pixels[from]!;
    }
  }
  return values;
}
