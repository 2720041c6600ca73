/** Is it true, and why? Arrays in, numbers and pictures out. */
export { compileGradCam, type GradCam, type HeatMap } from './explanation/grad-cam.ts';
export {
  accuracy,
  balancedAccuracy,
  cohenKappa,
  confusionMatrix,
  matthews,
  mostProbable,
} from './metrics/confusion.ts';
export { brierScore, expectedCalibrationError, logLoss, reliabilityCurve } from './metrics/probability.ts';
export { averagePrecisionMacro, rocAuc, rocAucMacro } from './metrics/ranking.ts';
export { type ClassificationEvidence, classificationEvidence } from './statistics/classification-evidence.ts';
export { chooseOperatingPoint } from './statistics/operating-point.ts';
