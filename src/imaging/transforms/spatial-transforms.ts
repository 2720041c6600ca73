import { flipAxes } from './flip-axes.ts';
import { resample } from './resample.ts';
import { resampleToGrid, resampleToImage, resampleToSize, resampleToSpacing } from './resample-to.ts';
import type { Transform } from './transform.ts';

/** Transforms of the grid, of what lies on it, and of labels. */
export const spatialTransforms: readonly Transform[] = [
  flipAxes,
  resample,
  resampleToSpacing,
  resampleToSize,
  resampleToImage,
  resampleToGrid,
];
