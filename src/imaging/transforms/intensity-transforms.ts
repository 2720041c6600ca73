import { biasField } from './intensity-bias-field.ts';
import { gaussianSmoothing } from './intensity-blur.ts';
import { brightnessContrast3d } from './intensity-brightness.ts';
import { clip, clipPercentiles } from './intensity-clip.ts';
import { cutOut } from './intensity-cut-out.ts';
import { gammaContrast, gammaCurve } from './intensity-gamma.ts';
import { ghosting } from './intensity-ghosting.ts';
import { histogramStandardization, piecewiseLinear } from './intensity-histogram-standardization.ts';
import { lowResolution } from './intensity-low-resolution.ts';
import { minMax } from './intensity-min-max.ts';
import { motion } from './intensity-motion.ts';
import { divideByField, n4 } from './intensity-n4.ts';
import { noise, relativeNoise } from './intensity-noise.ts';
import { ctPreset, petPreset, suvClip } from './intensity-presets.ts';
import { scaleIntensities } from './intensity-scale.ts';
import { spike } from './intensity-spike.ts';
import { windowIntensities } from './intensity-window.ts';
import { zScore } from './intensity-z-score.ts';
import { moveContents } from './move-contents.ts';
import type { Transform } from './transform.ts';

/** Transforms of values, and the movement of contents that augmentation uses. */
export const intensityTransforms: readonly Transform[] = [
  scaleIntensities,
  windowIntensities,
  clip,
  clipPercentiles,
  zScore,
  minMax,
  histogramStandardization,
  piecewiseLinear,
  ctPreset,
  petPreset,
  suvClip,
  gammaContrast,
  gammaCurve,
  gaussianSmoothing,
  brightnessContrast3d,
  noise,
  relativeNoise,
  biasField,
  n4,
  divideByField,
  motion,
  ghosting,
  spike,
  lowResolution,
  cutOut,
  moveContents,
];
