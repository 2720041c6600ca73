import { cropBox, padMargins } from './crop-and-pad.ts';
import { cropOrPad, cropToBox, cropToForeground, cropToMask } from './crop-to.ts';
import { fillHoles } from './fill-holes.ts';
import { flipAxes } from './flip-axes.ts';
import { keepLargestComponent } from './keep-largest-component.ts';
import { channelsToLabels, labelsToChannels, oneHot } from './one-hot.ts';
import { orient } from './orient.ts';
import { projectSlices } from './project-slices.ts';
import { resample } from './resample.ts';
import { resampleToGrid, resampleToImage, resampleToSize, resampleToSpacing } from './resample-to.ts';
import { stackChannels } from './stack-channels.ts';
import { takeSlice } from './take-slice.ts';
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
  takeSlice,
  projectSlices,
  oneHot,
  labelsToChannels,
  channelsToLabels,
  stackChannels,
  keepLargestComponent,
  fillHoles,
];
