import { HounsfieldError } from '../../errors.ts';
import { type Geometry, orientationCode, type Vector3 } from '../geometry/geometry.ts';
import type { MedicalImage } from '../image/medical-image.ts';
import { readParameters } from './read-parameters.ts';
import { apply, type DerivedTransform, type Step } from './transform.ts';
import { turnAxes } from './turn-axes.ts';

const AXES = ['LR', 'PA', 'SI'] as const;
const axisOf = (letter: string): number => AXES.findIndex((pair) => pair.includes(letter));

/** Whether three letters name one direction for each of the patient's axes: one of 48. */
export const isOrientation = (code: string): boolean =>
  /^[LRPASI]{3}$/.test(code) && new Set([...code].map(axisOf)).size === 3;

/**
 * Brings the array's axes to run towards the named sides of the patient, each by the axis nearest to it: 'LPS' for x to
 * the left, y to the back, z up (DICOM's own), 'RAS' for NIfTI's. Voxels only change their order; an oblique grid stays
 * oblique. Throws GEOMETRY_MISSING for an image that does not lie in the patient.
 */
export const orient: DerivedTransform<{ /** Three letters of L/R, P/A, S/I. */ readonly to: string }> = {
  name: 'orient',
  kind: 'derived',
  example: { to: 'PIR' },
  check(parameters) {
    const read = readParameters('orient', parameters);
    const to = read.text('to');
    read.require(
      isOrientation(to),
      `to is '${to.slice(0, 8)}', expected a letter of each of L/R, P/A, S/I, such as LPS`,
    );
    read.end();
    return { to };
  },
  resolve:
    ({ to }) =>
    (name, image) => {
      const code = orientationCode(requirePatient(name, image));
      return code === to ? [] : [turnStep(code, to)];
    },
};

/** One image brought to an orientation. Throws GEOMETRY_MISSING, TRANSFORM_PARAMETERS. */
export function orientedTo<T extends MedicalImage>(image: T, to: string): T {
  return apply(orient, image, { to }) as T; // a label map stays one
}

function turnStep(code: string, to: string): Step {
  const order = [...to].map((letter) => [...code].findIndex((own) => axisOf(own) === axisOf(letter)));
  const sign = [...to].map((letter, axis) => (code[order[axis]!] === letter ? 1 : -1));
  const parameters = { order: order as unknown as Vector3, sign: sign as unknown as Vector3 }; // three axes
  return { transform: turnAxes, parameters };
}

function requirePatient(name: string, { geometry }: MedicalImage): Geometry {
  if (geometry?.frame === 'patient') return geometry;
  throw new HounsfieldError(
    'GEOMETRY_MISSING',
    `'${name}' does not say how it lies in the patient, so that no side can be named. Give it a geometry, or turn its ` +
      'axes by turn-axes.',
  );
}
