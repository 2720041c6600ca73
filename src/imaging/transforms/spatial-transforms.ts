import { flipAxes } from './flip-axes.ts';
import type { Transform } from './transform.ts';

/** Transforms of the grid, of what lies on it, and of labels. */
export const spatialTransforms: readonly Transform[] = [flipAxes];
