import { anisotropicDiffusion } from './filters/anisotropic-diffusion.ts';
import { bilateral } from './filters/bilateral.ts';
import { canny } from './filters/canny.ts';
import { clahe } from './filters/clahe.ts';
import { gabor } from './filters/gabor.ts';
import { gradientMagnitude, laplacian, sobel } from './filters/gradient.ts';
import { equalizeHistogram, valueCurve } from './filters/histogram-equalization.ts';
import { matchHistogram } from './filters/histogram-matching.ts';
import { laplacianOfGaussian } from './filters/laplacian-of-gaussian.ts';
import { laws } from './filters/laws.ts';
import { meanSmoothing } from './filters/mean-smoothing.ts';
import { medianSmoothing } from './filters/median.ts';
import { nonLocalMeans } from './filters/non-local-means.ts';
import { totalVariation } from './filters/total-variation.ts';
import { valueFunction } from './filters/value-function.ts';
import { localThreshold } from './thresholds/local-threshold.ts';
import { automaticThreshold, threshold } from './thresholds/threshold.ts';
import type { Transform } from './transform.ts';
import { waveletBand } from './wavelets/wavelet-band.ts';

/** Filters, thresholds and wavelets. */
export const filterTransforms: readonly Transform[] = [
  meanSmoothing,
  medianSmoothing,
  bilateral,
  nonLocalMeans,
  anisotropicDiffusion,
  totalVariation,
  sobel,
  laplacian,
  laplacianOfGaussian,
  laws,
  gabor,
  gradientMagnitude,
  valueFunction,
  canny,
  waveletBand,
  equalizeHistogram,
  valueCurve,
  clahe,
  matchHistogram,
  threshold,
  automaticThreshold,
  localThreshold,
];
