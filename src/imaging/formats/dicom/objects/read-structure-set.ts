import { HounsfieldError } from '../../../../errors.ts';
import type { Dataset } from '../dataset.ts';
import { number, numbers, sequence, text } from '../values.ts';
import { codeIn } from './codes.ts';
import { present } from './present.ts';
import type { Contour, ContourKind, Roi, StructureSet } from './structure-set.ts';

const RT_STRUCTURE_SET = '1.2.840.10008.5.1.4.1.1.481.3';
const KINDS: readonly string[] = [
  'POINT',
  'OPEN_PLANAR',
  'OPEN_NONPLANAR',
  'CLOSED_PLANAR',
  'CLOSEDPLANAR_XOR',
];

/**
 * Reads an RT Structure Set (PS3.3 A.19): every region with its name, colour, observation and contours.
 * Throws STRUCTURE_KIND, STRUCTURE_CONTOUR.
 */
export function readStructureSet(data: Dataset): StructureSet {
  if (text(data, 'SOPClassUID') !== RT_STRUCTURE_SET) {
    throw new HounsfieldError(
      'STRUCTURE_KIND',
      'the object is no RT Structure Set by its SOP Class UID. Read it as what it is.',
    );
  }
  const warnings: string[] = [];
  const contours = byNumber(sequence(data, 'ROIContourSequence'));
  const observations = byNumber(sequence(data, 'RTROIObservationsSequence'));
  const frames = sequence(data, 'ReferencedFrameOfReferenceSequence');
  const series = frames
    .flatMap((item) => sequence(item, 'RTReferencedStudySequence'))
    .flatMap((item) => sequence(item, 'RTReferencedSeriesSequence'));
  const optional = present({
    name: text(data, 'StructureSetName'),
    description: text(data, 'StructureSetDescription'),
  });
  return {
    label: text(data, 'StructureSetLabel') ?? '',
    ...optional,
    frameOfReferenceUids: frames.flatMap((item) => text(item, 'FrameOfReferenceUID') ?? []),
    seriesUids: series.flatMap((item) => text(item, 'SeriesInstanceUID') ?? []),
    imageUids: series
      .flatMap((item) => sequence(item, 'ContourImageSequence'))
      .flatMap((item) => text(item, 'ReferencedSOPInstanceUID') ?? []),
    rois: sequence(data, 'StructureSetROISequence').map((item, i) => {
      const roiNumber = number(item, 'ROINumber') ?? i + 1;
      return readRoi(item, roiNumber, contours.get(roiNumber), observations.get(roiNumber), warnings);
    }),
    warnings,
  };
}

function byNumber(items: readonly Dataset[]): Map<number, Dataset> {
  return new Map(items.map((item) => [number(item, 'ReferencedROINumber') ?? Number.NaN, item]));
}

function readRoi(
  item: Dataset,
  roiNumber: number,
  drawn: Dataset | undefined,
  observed: Dataset | undefined,
  warnings: string[],
): Roi {
  const colour = drawn ? numbers(drawn, 'ROIDisplayColor') : [];
  const contours = drawn ? sequence(drawn, 'ContourSequence') : [];
  return {
    number: roiNumber,
    name: text(item, 'ROIName') ?? '',
    ...present({
      description: text(item, 'ROIDescription'),
      frameOfReferenceUid: text(item, 'ReferencedFrameOfReferenceUID'),
      observationLabel: observed && text(observed, 'ROIObservationLabel'),
      colour: isColour(colour) ? colour : undefined,
      statedVolumeMl: number(item, 'ROIVolume'),
      code: observed && codeIn(observed, 'RTROIIdentificationCodeSequence'),
    }),
    generation: text(item, 'ROIGenerationAlgorithm') ?? '',
    interpretedType: (observed && text(observed, 'RTROIInterpretedType')) ?? '',
    contours: contours.flatMap((contour) => readContour(contour, roiNumber, warnings) ?? []),
  };
}

function isColour(values: readonly number[]): values is readonly [number, number, number] {
  return values.length === 3 && values.every((value) => value >= 0 && value <= 255);
}

function readContour(item: Dataset, roiNumber: number, warnings: string[]): Contour | undefined {
  const kind = text(item, 'ContourGeometricType') ?? '';
  const points = Float64Array.from(numbers(item, 'ContourData'));
  if (points.length === 0 || !KINDS.includes(kind)) {
    warnings.push(
      `region ${roiNumber} has a contour ${points.length === 0 ? 'without points' : 'of an unknown type'}, which was left out`,
    );
    return undefined;
  }
  if (points.length % 3 !== 0 || !points.every(Number.isFinite)) {
    throw new HounsfieldError(
      'STRUCTURE_CONTOUR',
      `a contour of region ${roiNumber} holds ${points.length} coordinates, which are no points of three finite numbers. ` +
        'The object is damaged: export it again.',
    );
  }
  const stated = number(item, 'NumberOfContourPoints');
  if (stated !== undefined && stated !== points.length / 3) {
    warnings.push(`region ${roiNumber} has a contour of ${points.length / 3} points that states ${stated}`);
  }
  return {
    kind: kind as ContourKind, // one of KINDS, as checked
    points,
    imageUids: sequence(item, 'ContourImageSequence').flatMap(
      (one) => text(one, 'ReferencedSOPInstanceUID') ?? [],
    ),
  };
}
