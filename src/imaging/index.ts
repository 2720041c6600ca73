/** Pictures, volumes and signals, from file to array and back; the parts that run in a browser as they are. */
export { applyAugmentation, drawAugmentation } from './augmentation/augmentation.ts';
export type { AugmentationRecipe } from './augmentation/recipe.ts';
export {
  applySignalAugmentation,
  drawSignalAugmentation,
  signalSize,
} from './augmentation/signal-augmentation.ts';
export { signalRecipe } from './augmentation/signal-recipe.ts';
export { applyVolumeAugmentation, drawVolumeAugmentation } from './augmentation/volume-augmentation.ts';
export { VOLUME_RECIPE_LIMITS, type VolumeRecipe, volumeRecipeFaults } from './augmentation/volume-recipe.ts';
export { type ViewOptions, viewPlanes } from './display/three-planes.ts';
export { readAnalyze } from './formats/analyze/read-analyze.ts';
export { imageFromArray } from './formats/array-volume.ts';
export { decodeBmp } from './formats/bmp.ts';
export { type ByteSource, blobSource, bytesSource } from './formats/byte-source.ts';
export { readCsvSignal } from './formats/csv-signal/read-csv-signal.ts';
export { encodeCsvSignal } from './formats/csv-signal/write-csv-signal.ts';
export { buildElement, dataset, datasetFrom } from './formats/dicom/build-dataset.ts';
export type { DataElement, Dataset, DicomFile, Tag, Vr } from './formats/dicom/dataset.ts';
export type { LogEntry } from './formats/dicom/deidentification/deidentify-dataset.ts';
export {
  createDeidentifier,
  type Deidentified,
  type Deidentifier,
  type DeidentifierSettings,
  deidentifiedBytes,
  deidentifyDicom,
  writeDeidentified,
} from './formats/dicom/deidentification/deidentify-dicom.ts';
export { findStrings, searchFor } from './formats/dicom/deidentification/find-strings.ts';
export { type ProfileOption, profileOptions } from './formats/dicom/deidentification/profile.ts';
export { parseRegionRules, type RegionRule } from './formats/dicom/deidentification/region-rules.ts';
export { openDicom } from './formats/dicom/dicom-format.ts';
export { isDirectory, readDirectory, recordsWithFiles } from './formats/dicom/dicomdir.ts';
export { formatTag, keywordOf, tagOf, vrOf } from './formats/dicom/dictionary.ts';
export { buildElementFor } from './formats/dicom/encode-text.ts';
export { datasetToJson } from './formats/dicom/json-model.ts';
export { contentText } from './formats/dicom/objects/content-text.ts';
export {
  type ContentItem,
  type InstanceReference,
  readContentTree,
} from './formats/dicom/objects/content-tree.ts';
export { contourVolumeMl } from './formats/dicom/objects/contour-planes.ts';
export type { DerivedObjectOptions } from './formats/dicom/objects/derived-object.ts';
export {
  type EncapsulatedDocument,
  readEncapsulatedDocument,
  type WriteEncapsulatedPdfOptions,
  writeEncapsulatedPdf,
} from './formats/dicom/objects/encapsulated-document.ts';
export {
  type Measurement,
  type MeasurementGroup,
  type MeasurementReport,
  readMeasurementReport,
} from './formats/dicom/objects/measurement-report.ts';
export {
  type PresentationState,
  readPresentationState,
  stateWindow,
} from './formats/dicom/objects/presentation-state.ts';
export {
  type MappedQuantity,
  type ParametricMap,
  readParametricMap,
} from './formats/dicom/objects/read-parametric-map.ts';
export {
  readSegmentation,
  type Segmentation,
  segmentationLabels,
} from './formats/dicom/objects/read-segmentation.ts';
export { readStructureSet } from './formats/dicom/objects/read-structure-set.ts';
export {
  type WriteSecondaryCaptureOptions,
  writeSecondaryCapture,
} from './formats/dicom/objects/secondary-capture.ts';
export type { Segment } from './formats/dicom/objects/segment-table.ts';
export { type SourceSeries, sourceSeries } from './formats/dicom/objects/source-series.ts';
export {
  type GridLike,
  pointsAndLines,
  structureCoverage,
  structureMask,
} from './formats/dicom/objects/structure-mask.ts';
export type { Contour, Roi, StructureSet } from './formats/dicom/objects/structure-set.ts';
export { readWaveform, type Waveform } from './formats/dicom/objects/waveform.ts';
export {
  type NewMeasurementGroup,
  type WriteReportOptions,
  writeMeasurementReport,
} from './formats/dicom/objects/write-measurement-report.ts';
export {
  type WriteParametricMapOptions,
  writeParametricMap,
} from './formats/dicom/objects/write-parametric-map.ts';
export {
  type WriteSegmentationOptions,
  writeSegmentation,
} from './formats/dicom/objects/write-segmentation.ts';
export {
  type WriteStructureSetOptions,
  writeStructureSet,
} from './formats/dicom/objects/write-structure-set.ts';
export { parsePersonName } from './formats/dicom/person-name.ts';
export { useDicomCodecs } from './formats/dicom/pixels/codec-module.ts';
export { decodeFrame } from './formats/dicom/pixels/decode-frame.ts';
export { colourForDisplay, greyForDisplay } from './formats/dicom/pixels/display.ts';
export { frameAttributes } from './formats/dicom/pixels/frame-attributes.ts';
export {
  applyModality,
  applyRealWorld,
  modalityTransform,
  realWorldMappings,
} from './formats/dicom/pixels/modality.ts';
export { overlaysOf } from './formats/dicom/pixels/overlays.ts';
export { pixelPadding } from './formats/dicom/pixels/padding.ts';
export { applyPalette, paletteOf } from './formats/dicom/pixels/palette.ts';
export { suvScale } from './formats/dicom/pixels/suv.ts';
export { voiLutsOf, windowOf, windowsOf } from './formats/dicom/pixels/voi.ts';
export { applyWindow } from './formats/dicom/pixels/voi-window.ts';
export { privateCreatorOf, privateElement } from './formats/dicom/private-elements.ts';
export { readDicom, readDicomBytes, readValue } from './formats/dicom/read-dicom.ts';
export {
  changeElements,
  changeItems,
  rewriteDicom,
  rewriteDicomToBytes,
} from './formats/dicom/rewrite-dicom.ts';
export { openDicomImage } from './formats/dicom/series/open-dicom-image.ts';
export { openDicomSeries } from './formats/dicom/series/open-dicom-series.ts';
export type { StackOptions } from './formats/dicom/series/stack-geometry.ts';
export { isUid, newUid, uidFromBytes } from './formats/dicom/uid.ts';
export { uidName } from './formats/dicom/uid-names.ts';
export { element, has, number, numbers, personName, sequence, text, texts } from './formats/dicom/values.ts';
export { writeDicom } from './formats/dicom/write-dicom.ts';
export { readEdf } from './formats/edf/read-edf.ts';
export { writeEdf } from './formats/edf/write-edf.ts';
export {
  type FileDescription,
  type FileFormat,
  isSignal,
  type Opened,
  type OpenOptions,
} from './formats/file-format.ts';
export { decodeFlac } from './formats/flac/decode-flac.ts';
export { readGipl } from './formats/gipl/gipl.ts';
export { listHdf5, readHdf5 } from './formats/hdf5/hdf5.ts';
export { readMetaImage } from './formats/metaimage/read-metaimage.ts';
export { writeMetaImage } from './formats/metaimage/write-metaimage.ts';
export { readMgh } from './formats/mgh/read-mgh.ts';
export { writeMgh } from './formats/mgh/write-mgh.ts';
export { readNifti, readNiftiHeader } from './formats/nifti/read-nifti.ts';
export { writeNifti, writeNiftiPair } from './formats/nifti/write-nifti.ts';
export { decodeNpy, encodeNpy } from './formats/npy.ts';
export { readNumpyImage } from './formats/npy-volume.ts';
export { decodeNpz, encodeNpz } from './formats/npz.ts';
export { readNrrd } from './formats/nrrd/read-nrrd.ts';
export { writeNrrd } from './formats/nrrd/write-nrrd.ts';
export { describeSource, openSource, portableFormats } from './formats/open-source.ts';
export { surfaceOf } from './formats/surface/marching-cubes.ts';
export { type Mesh, meshArea, meshVolume, openEdges } from './formats/surface/mesh.ts';
export { readObj, writeObj } from './formats/surface/obj.ts';
export { readStl, writeStl } from './formats/surface/stl.ts';
export { maskOf } from './formats/surface/voxelise.ts';
export { openSlide, type Slide, type SlideLevel } from './formats/tiff/open-slide.ts';
export { readTiff } from './formats/tiff/read-tiff.ts';
export { readVti } from './formats/vtk/vti.ts';
export { readVtkLegacy, writeVtkLegacy } from './formats/vtk/vtk-legacy.ts';
export { ANNOTATION_CODES } from './formats/wfdb/annotation-codes.ts';
export { parseWfdbAnnotations } from './formats/wfdb/annotations.ts';
export { readWfdb } from './formats/wfdb/read-wfdb.ts';
export { writeWfdb } from './formats/wfdb/write-wfdb.ts';
export {
  type Affine,
  applyAffine,
  composeAffines,
  direction,
  flipRasLps,
  type Geometry,
  geometry,
  geometryFrom,
  invertAffine,
  orientationCode,
  origin,
  spacingMm,
  type Vector3,
  type VoxelIndex,
  voxelIndex,
  voxelToWorld,
  type WorldPointMm,
  worldPointMm,
  worldToVoxel,
} from './geometry/geometry.ts';
export { type Grid, gridOf, sameGrid } from './geometry/grid.ts';
export {
  type CodedConcept,
  type FloatImage,
  type HistoryEntry,
  type IntensityUnit,
  isLabelMap,
  type Label,
  type LabelMap,
  labelMap,
  type MedicalImage,
  medicalImage,
  type PixelArray,
  toFloatImage,
} from './image/medical-image.ts';
export { type Signal, type SignalAnnotation, type SignalChannel, signal } from './signal/signal.ts';
export { applySignalSteps, SIGNAL_TRANSFORMS, undoSignal } from './signal/transforms/registry.ts';
export { applySignal } from './signal/transforms/signal-transform.ts';
export { connectedComponents } from './transforms/connected-components.ts';
export type { PadMode } from './transforms/crop-and-pad.ts';
export type { BorderMode } from './transforms/filters/border.ts';
export { histogramDensity, kernelDensity } from './transforms/filters/density.ts';
export { gaussianFilter } from './transforms/filters/gaussian-filter.ts';
export { histogramOf } from './transforms/filters/histogram.ts';
export { type Distribution, distributionOf } from './transforms/filters/histogram-matching.ts';
export { medianFilter } from './transforms/filters/median.ts';
export { fourier, fourierAlong } from './transforms/fourier.ts';
export { applySteps, invertHistory, type NamedStep, replay, undo } from './transforms/history.ts';
export {
  type HistogramLandmarks,
  learnHistogramLandmarks,
} from './transforms/intensity-histogram-standardization.ts';
export { CT_PRESETS, PET_PRESETS } from './transforms/intensity-presets.ts';
export { extremes, moments, otsuThreshold, percentiles } from './transforms/intensity-statistics.ts';
export type { Interpolation, LabelInterpolation } from './transforms/interpolation.ts';
export { type BinaryOperation, binaryMorphology } from './transforms/morphology/binary-morphology.ts';
export {
  type DistanceOptions,
  distanceTransform,
  nearestBackground,
  signedDistanceTransform,
} from './transforms/morphology/distance-transform.ts';
export { type GreyOperation, greyMorphology } from './transforms/morphology/grey-morphology.ts';
export { fillMaskHoles, reconstruct } from './transforms/morphology/reconstruction.ts';
export { type RegionProperties, regionProperties } from './transforms/morphology/region-properties.ts';
export { skeletonize } from './transforms/morphology/skeleton.ts';
export { removeSmallHoles, removeSmallObjects } from './transforms/morphology/small-objects.ts';
export { stepDistanceTransform } from './transforms/morphology/step-distance.ts';
export {
  footprintElement,
  type StructuringElement,
  structuringElement,
} from './transforms/morphology/structuring-element.ts';
export { orientedTo } from './transforms/orient.ts';
export { transformNamed, transforms } from './transforms/registry.ts';
export type { ResampleChoice } from './transforms/resample.ts';
export { resampleTo } from './transforms/resample-to.ts';
export { resize } from './transforms/resize.ts';
export {
  type ChanVeseOptions,
  chanVese,
  type GeodesicOptions,
  geodesicContour,
} from './transforms/segmentation/active-contour.ts';
export { inverseGradient } from './transforms/segmentation/inverse-gradient.ts';
export { localMaxima, type PeakOptions } from './transforms/segmentation/peaks.ts';
export {
  type RandomWalk,
  type RandomWalkerOptions,
  randomWalker,
} from './transforms/segmentation/random-walker.ts';
export {
  type ConfidenceOptions,
  confidenceConnected,
  connectedThreshold,
} from './transforms/segmentation/region-growing.ts';
export { type SuperpixelOptions, superpixels } from './transforms/segmentation/superpixels.ts';
export { type WatershedOptions, watershed } from './transforms/segmentation/watershed.ts';
export { type Box, clipBox, type Subject, withWorldPoints, worldPoints } from './transforms/subject.ts';
export { THRESHOLD_METHODS, thresholdsOf } from './transforms/thresholds/histogram-thresholds.ts';
export { apply, type Step, type Transform } from './transforms/transform.ts';
export { warpAffine } from './transforms/warp-affine.ts';
export {
  type Decomposition,
  decompose,
  mostLevels,
  recompose,
} from './transforms/wavelets/decimated-wavelet.ts';
export { stationaryBands } from './transforms/wavelets/stationary-wavelet.ts';
export { WAVELET_NAMES, type Wavelet, waveletNamed } from './transforms/wavelets/wavelet.ts';
export { pyradiomicsBands } from './transforms/wavelets/wavelet-band.ts';
