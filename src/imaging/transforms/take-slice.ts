import { gridOf } from '../geometry/grid.ts';
import { cropBox } from './crop-and-pad.ts';
import { orient } from './orient.ts';
import { readParameters } from './read-parameters.ts';
import type { DerivedTransform, Step } from './transform.ts';
import { turnAxes } from './turn-axes.ts';

/** Orientation whose columns and rows show the plane as a reader of films expects it. */
const ORIENTATIONS = { axial: 'LPS', coronal: 'LIP', sagittal: 'PIL' } as const;

export interface TakeSliceParameters {
  /** Of the patient; 'stored': rows and columns as the file has them, for images without a place in a patient. */
  readonly plane: keyof typeof ORIENTATIONS | 'stored';
  /** Where along the remaining axis, 0 its first slice, 1 its last; default 0.5, the middle. */
  readonly at?: number;
}

/**
 * One slice of a volume as a two-dimensional image. Recorded as turned axes and a crop, which lead back.
 * Throws GEOMETRY_MISSING for a plane of the patient in an image that does not lie in one.
 */
export const takeSlice: DerivedTransform<TakeSliceParameters> = {
  name: 'take-slice',
  kind: 'derived',
  oneGrid: true,
  example: { plane: 'coronal', at: 0.3 },
  check(parameters) {
    const read = readParameters('take-slice', parameters);
    const plane = read.oneOf('plane', ['axial', 'coronal', 'sagittal', 'stored']);
    const at = read.number('at', { min: 0, max: 1, fallback: 0.5 });
    read.end();
    return { plane, at };
  },
  resolve:
    ({ plane, at }, subject) =>
    (name, image) => {
      const turned =
        plane === 'stored' ? [] : orient.resolve({ to: ORIENTATIONS[plane] }, subject)(name, image);
      const grid = gridOf(image);
      const [width, height, depth] = turned.reduce(
        (size, { parameters }) => turnAxes.regrid(turnAxes.check({ ...parameters }), { size }).size,
        grid.size,
      );
      const slice: Step = {
        transform: cropBox,
        parameters: { first: [0, 0, Math.round(at * (depth - 1))], size: [width, height, 1] },
      };
      return [...turned, slice];
    },
};
