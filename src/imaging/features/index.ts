/** Features of regions (IBSI, pyradiomics), pictures and recordings; they run in a browser as they are. */
export { discretise } from './chain/discretise.ts';
export { type PreparedImage, prepareImage, regionOf } from './chain/prepare-image.ts';
export { computeFeatures } from './compute-features.ts';
export {
  AGGREGATIONS,
  type Aggregation,
  type DiscretizedRegion,
  FEATURE_FAMILIES,
  type FeatureDefinition,
  type FeatureFamily,
  type FeatureValue,
  type Region,
} from './feature.ts';
export { FEATURE_DEFINITIONS } from './feature-definitions.ts';
export { IMAGE_FILTER_NAMES } from './image-filters.ts';
export { intensityHistogram } from './intensity-histogram.ts';
export { intensityVolumeHistogram } from './intensity-volume-histogram.ts';
export { localIntensity } from './local-intensity.ts';
export { morphology } from './morphology/morphology.ts';
export { cooccurrenceMatrices, cooccurrenceProbabilities, greyLevels } from './picture/cooccurrence.ts';
export { cooccurrenceProperties } from './picture/cooccurrence-properties.ts';
export { type GaborResponse, gabor } from './picture/gabor.ts';
export { type GaborFilter, gaborKernel } from './picture/gabor-kernel.ts';
export { type GaborMmFilter, gaborVolume } from './picture/gabor-volume.ts';
export { HOG_DEFAULTS, type HogSettings, hog, hogCells } from './picture/hog.ts';
export { hogPicture } from './picture/hog-picture.ts';
export { type LbpSettings, localBinaryPattern } from './picture/lbp.ts';
export { lbpHistogram, lbpTop } from './picture/lbp-histogram.ts';
export { lbpVolume } from './picture/lbp-volume.ts';
export { centralMoments, huMoments, moments, normalizedMoments } from './picture/moments.ts';
export { blockStatistics, integralPlane, multiblockPattern } from './picture/multiblock.ts';
export { type Picture, type PictureFeature, picture, pictureOf } from './picture/picture.ts';
export {
  type PictureFeatureExtractor,
  pictureFeatureExtractor,
  pictureFeatures,
} from './picture/picture-features.ts';
export { checkPictureFeatureSettings, type PictureFeatureSettings } from './picture/picture-settings.ts';
export { zernikeMoments, zernikeOrders } from './picture/zernike.ts';
export { FEATURE_PRESETS, type FeaturePreset, PRESET_NAMES } from './presets.ts';
export { readPyradiomicsParameters } from './pyradiomics/parameter-file.ts';
export {
  PYRADIOMICS_DEFAULTS,
  type PyradiomicsParameters,
  type PyradiomicsSettings,
} from './pyradiomics/parameters.ts';
export { PYRADIOMICS_FEATURES, pyradiomicsFeatures } from './pyradiomics/pyradiomics-features.ts';
export {
  canonicalSettings,
  DEFAULT_FEATURE_SETTINGS,
  type DiscretisationSettings,
  type FeatureSettings,
  featureSettingsHash,
  type ImageSettings,
  type InterpolationSettings,
  type IvhSettings,
  type ResegmentationSettings,
  readFeatureSettings,
} from './settings.ts';
export { detectBeats } from './signal/beats.ts';
export { detectBreaths } from './signal/breaths.ts';
export {
  approximateEntropy,
  multiscaleEntropy,
  permutationEntropy,
  sampleEntropy,
} from './signal/entropy.ts';
export {
  detrendedFluctuation,
  higuchiDimension,
  hurstExponent,
  katzDimension,
  lempelZivComplexity,
} from './signal/fractal.ts';
export { intervalSpectrumStatistics } from './signal/interval-spectrum.ts';
export { intervalNonlinearStatistics, intervalTimeStatistics } from './signal/interval-variability.ts';
export { type Intervals, intervalsOf } from './signal/intervals.ts';
export { lombScargle } from './signal/lomb-scargle.ts';
export { detectPulses } from './signal/pulses.ts';
export { channelKind } from './signal/rate-statistics.ts';
export type { SignalFeature } from './signal/signal-feature.ts';
export { type SignalFeatureRow, type SignalFeatureTable, signalFeatures } from './signal/signal-features.ts';
export { checkSignalFeatureSettings, type SignalFeatureSettings } from './signal/signal-settings.ts';
export { EEG_BANDS } from './signal/spectral-statistics.ts';
export { welch } from './signal/welch.ts';
export { statistics } from './statistics.ts';
export { TEXTURE_DEFINITIONS } from './texture/texture-definitions.ts';
export { TEXTURE_FAMILIES, type TextureOptions, textureFeatures } from './texture/texture-features.ts';
