import { cropBox, padMargins } from './crop-and-pad.ts';
import { cropOrPad, cropToBox, cropToForeground, cropToMask } from './crop-to.ts';
import { flipAxes } from './flip-axes.ts';
import { orient } from './orient.ts';
import { resample } from './resample.ts';
import { resampleToGrid, resampleToImage, resampleToSize, resampleToSpacing } from './resample-to.ts';
import type { Transform } from './transform.ts';
import { turnAxes } from './turn-axes.ts';

/** Transforms of the grid, of what lies on it, and of labels. */
export const spatialTransforms: readonly Transform[] = [
  turnAxes,
  flipAxes,
  orient,
  resample,
  resampleToSpacing,
  resampleToSize,
  resampleToImage,
  resampleToGrid,
  cropBox,
  padMargins,
  cropOrPad,
  cropToBox,
  cropToForeground,
  cropToMask,
];
