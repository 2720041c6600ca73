import type { Vector3 } from '../geometry/geometry.ts';
import { readParameters } from './read-parameters.ts';
import type { DerivedTransform } from './transform.ts';
import { turnAxes } from './turn-axes.ts';

/**
 * Turns axes of the array round. The geometry follows, so that the patient keeps left and right; to mirror what is in
 * the picture for augmentation use move-contents.
 */
export const flipAxes: DerivedTransform<{
  /** Any of 'x', 'y', 'z', in this order. */ readonly axes: string;
}> = {
  name: 'flip-axes',
  kind: 'derived',
  oneGrid: true,
  example: { axes: 'xz' },
  check(parameters) {
    const read = readParameters('flip-axes', parameters);
    const axes = read.text('axes');
    read.require(/^x?y?z?$/.test(axes), `axes is '${axes.slice(0, 8)}', expected some of xyz in this order`);
    read.end();
    return { axes };
  },
  resolve({ axes }) {
    const sign = ['x', 'y', 'z'].map((axis) => (axes.includes(axis) ? -1 : 1)) as unknown as Vector3; // three axes
    return () => [{ transform: turnAxes, parameters: { order: [0, 1, 2], sign } }];
  },
};
