import { greyMorphologyTransform, shiftedReconstruction } from './morphology/grey-transforms.ts';
import {
  distanceMap,
  labelMorphology,
  numberComponents,
  removeSmall,
  skeleton,
} from './morphology/label-transforms.ts';
import { activeContour, superpixelTransform } from './segmentation/contour-transforms.ts';
import {
  confidenceConnectedTransform,
  connectedThresholdTransform,
} from './segmentation/growing-transforms.ts';
import {
  localMaximaTransform,
  randomWalkerTransform,
  reconstructTransform,
  watershedTransform,
} from './segmentation/subject-transforms.ts';
import type { Transform } from './transform.ts';

/** Morphology and classical segmentation. */
export const morphologyTransforms: readonly Transform[] = [
  greyMorphologyTransform,
  shiftedReconstruction,
  reconstructTransform,
  labelMorphology,
  skeleton,
  removeSmall,
  numberComponents,
  distanceMap,
  watershedTransform,
  localMaximaTransform,
  connectedThresholdTransform,
  confidenceConnectedTransform,
  activeContour,
  randomWalkerTransform,
  superpixelTransform,
];
