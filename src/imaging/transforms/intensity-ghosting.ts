import { perVolume } from './intensity-image.ts';
import { AXIS_INDEX, composeSpectra } from './k-space.ts';
import { readParameters } from './read-parameters.ts';
import type { IntensityTransform } from './transform.ts';

export interface GhostingParameters {
  /** The phase-encoding axis, along which ghosts appear. */
  readonly axis: 'x' | 'y' | 'z';
  /** Every `ghosts`-th plane of the k-space is weakened, so many ghosts appear. */
  readonly ghosts: number;
  /** How much: 0 nothing, 1 the planes are gone. Above 1 they change their sign. */
  readonly strength: number;
  /** Part of the k-space about its centre that is kept whole, 0..1; 0 keeps the central plane. */
  readonly keepCentre?: number;
}

/** Ghosts of periodic motion, as of breathing or blood in MR: planes of the k-space weakened at regular intervals. */
export const ghosting: IntensityTransform<GhostingParameters> = {
  name: 'ghosting',
  kind: 'intensity',
  example: { axis: 'y', ghosts: 4, strength: 0.5 },
  check(parameters) {
    const read = readParameters('ghosting', parameters);
    const axis = read.oneOf('axis', ['x', 'y', 'z']);
    const ghosts = read.number('ghosts', { min: 1, max: 10000, whole: true });
    const strength = read.number('strength', { min: 0, max: 2 });
    const keepCentre = read.number('keepCentre', { min: 0, max: 1, fallback: 0 });
    read.end();
    return { axis, ghosts, strength, keepCentre };
  },
  change(image, { axis, ghosts, strength, keepCentre }) {
    const shape = [image.depth, image.height, image.width] as const;
    const size = shape[AXIS_INDEX[axis]];
    if (strength === 0 || size === 1) return perVolume(image, (volume) => volume);
    const share = Float64Array.from({ length: size }, (_, i) => (i % ghosts === 0 ? 1 - strength : 1));
    const half = Math.floor(size / 2);
    const kept = Math.floor(Math.round(keepCentre * size) / 2);
    if (kept === 0) share[half] = 1;
    else share.fill(1, half - kept, half + kept);
    return perVolume(image, (volume) => composeSpectra([{ volume, share }], shape, AXIS_INDEX[axis]));
  },
  inverse: { none: 'planes of the k-space may be gone' },
};
