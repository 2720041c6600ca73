import type { Vector3 } from '../../../geometry/geometry.ts';
import type { Dataset, DicomFile } from '../dataset.ts';
import { frameAttributes } from '../pixels/frame-attributes.ts';
import { optionalNumber, optionalNumbers, optionalText } from '../pixels/optional-values.ts';
import { type PictureSpacing, pictureSpacing } from '../pixels/picture-spacing.ts';
import { sequence, texts } from '../values.ts';
import { type Mosaic, mosaicOf } from './siemens-mosaic.ts';

/** What stacking needs to know of one frame. Holds no name, no date of birth, no description. */
export interface SliceFacts {
  /** The file it lies in. */
  readonly file: string;
  /** 0 the first. */
  readonly frame: number;
  readonly sopInstanceUid: string;
  readonly instanceNumber?: number;
  readonly rows: number;
  readonly columns: number;
  readonly samples: number;
  readonly position?: Vector3;
  readonly orientation?: readonly [row: Vector3, column: Vector3];
  readonly pixelSpacingMm?: readonly [rows: number, columns: number];
  /** Of a picture without Pixel Spacing: what is known of its pixels' size. */
  readonly pictureSpacing?: PictureSpacing;
  /** Of a picture that holds all slices of a volume. */
  readonly mosaic?: Mosaic | 'unknown';
  readonly sliceThicknessMm?: number;
  readonly spacingBetweenSlicesMm?: number;
  readonly frameOfReferenceUid?: string;
  /** What may tell slices at one place from each other, by name. */
  readonly marks: Readonly<Record<string, string | number>>;
}

/** What one file says of itself. `patient` is for comparing alone: it never goes into a message. */
export interface InstanceFacts {
  readonly file: string;
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly patient: string;
  readonly sopClassUid: string;
  readonly modality: string;
  readonly seriesNumber?: number;
  readonly slices: readonly SliceFacts[];
}

/** Frames that one file may bring into a stack. */
export const MOST_FRAMES = 65536;

/** Reads what listing and stacking need of a file's header; the pixels themselves need not have been read. No slices without Rows and Columns. */
export function instanceFacts(file: DicomFile, name: string = file.source.name): InstanceFacts {
  const { dataset } = file;
  const seriesNumber = optionalNumber(dataset, 'SeriesNumber');
  return {
    file: name,
    studyUid: optionalText(dataset, 'StudyInstanceUID') ?? '',
    seriesUid: optionalText(dataset, 'SeriesInstanceUID') ?? '',
    patient: optionalText(dataset, 'PatientID') ?? '',
    sopClassUid: optionalText(dataset, 'SOPClassUID') ?? '',
    modality: optionalText(dataset, 'Modality') ?? '',
    ...(seriesNumber === undefined ? {} : { seriesNumber }),
    slices: slicesOf(file, name),
  };
}

function slicesOf(file: DicomFile, name: string): readonly SliceFacts[] {
  const { dataset } = file;
  const [rows, columns] = [optionalNumber(dataset, 'Rows'), optionalNumber(dataset, 'Columns')];
  if (!(rows !== undefined && rows > 0 && columns !== undefined && columns > 0)) return [];
  const frames = Math.max(1, Math.floor(optionalNumber(dataset, 'NumberOfFrames') ?? 1) || 1);
  const count = Math.min(frames, MOST_FRAMES);
  const instanceNumber = optionalNumber(dataset, 'InstanceNumber');
  const frameOfReferenceUid = optionalText(dataset, 'FrameOfReferenceUID');
  const picture = pictureSpacing(dataset);
  const mosaic = frames === 1 ? mosaicOf(dataset) : undefined;
  const shared = {
    file: name,
    sopInstanceUid: optionalText(dataset, 'SOPInstanceUID') ?? '',
    rows,
    columns,
    samples: optionalNumber(dataset, 'SamplesPerPixel') ?? 1,
    ...(instanceNumber === undefined ? {} : { instanceNumber }),
    ...(picture ? { pictureSpacing: picture } : {}),
    ...(mosaic ? { mosaic } : {}),
    ...(frameOfReferenceUid === undefined ? {} : { frameOfReferenceUid }),
  };
  const topMarks = frames === 1 ? instanceMarks(dataset) : {};
  const nuclear = nuclearMarks(dataset);
  // Frames beyond those that are described one by one are all alike.
  const described = Math.max(
    sequence(dataset, 'PerFrameFunctionalGroupsSequence').length,
    optionalNumbers(dataset, 'GridFrameOffsetVector').length,
    optionalNumbers(dataset, 'SliceVector').length,
  );
  const alike = frameAttributes(file, described);
  return Array.from({ length: count }, (_, frame) => {
    const attributes = frame < described ? frameAttributes(file, frame) : alike;
    const { position, orientation, pixelSpacingMm, sliceThicknessMm, spacingBetweenSlicesMm } = attributes;
    return {
      ...shared,
      frame,
      ...(position ? { position } : {}),
      ...(orientation ? { orientation } : {}),
      ...(pixelSpacingMm ? { pixelSpacingMm } : {}),
      ...(sliceThicknessMm === undefined ? {} : { sliceThicknessMm }),
      ...(spacingBetweenSlicesMm === undefined ? {} : { spacingBetweenSlicesMm }),
      marks: { ...topMarks, ...frameMarks(attributes), ...nuclear(frame) },
    };
  });
}

function instanceMarks(dataset: Dataset): Record<string, string | number> {
  const marks: Record<string, string | number> = {};
  const put = (name: string, value: string | number | undefined) => {
    if (value !== undefined && value !== '') marks[name] = value;
  };
  put('imageType', texts(dataset, 'ImageType').slice(2).join('/'));
  put('triggerTime', optionalNumber(dataset, 'TriggerTime'));
  put('temporalPosition', optionalNumber(dataset, 'TemporalPositionIdentifier'));
  put('phase', optionalText(dataset, 'NominalPercentageOfCardiacPhase'));
  put('acquisitionNumber', optionalNumber(dataset, 'AcquisitionNumber'));
  put('frameReferenceTime', optionalNumber(dataset, 'FrameReferenceTime'));
  put('acquisitionTime', optionalText(dataset, 'AcquisitionTime'));
  put('contentTime', optionalText(dataset, 'ContentTime'));
  return marks;
}

function frameMarks(attributes: ReturnType<typeof frameAttributes>): Record<string, string | number> {
  const marks: Record<string, string | number> = {};
  const { bValue, gradientDirection, echoTimeMs, temporalPosition, stackId, frameType, dimensionIndex } =
    attributes;
  if (bValue !== undefined) marks['bValue'] = bValue;
  if (bValue !== undefined && gradientDirection) {
    marks['diffusion'] = `${String(bValue).padStart(6, '0')} ${gradientDirection.join(' ')}`;
  }
  if (echoTimeMs !== undefined) marks['echoTime'] = echoTimeMs;
  if (temporalPosition !== undefined) marks['temporalPosition'] = temporalPosition;
  if (stackId !== undefined) marks['stackId'] = stackId;
  if (frameType.length > 0) marks['imageType'] = frameType.join('/');
  dimensionIndex.forEach((value, i) => {
    marks[`dimension ${i + 1}`] = value;
  });
  return marks;
}

/** Vectors by frame that nuclear medicine's multi-frame images have instead of functional groups (PS3.3 C.8.4.8). */
function nuclearMarks(dataset: Dataset): (frame: number) => Record<string, number> {
  if (sequence(dataset, 'PerFrameFunctionalGroupsSequence').length > 0) return () => ({});
  const vectors = [
    ['temporalPosition', 'TimeSliceVector'],
    ['phase', 'TimeSlotVector'],
    ['energyWindow', 'EnergyWindowVector'],
    ['detector', 'DetectorVector'],
  ].map(([name, keyword]) => [name!, optionalNumbers(dataset, keyword!)] as const);
  return (frame) =>
    Object.fromEntries(
      vectors.flatMap(([name, values]) => (values[frame] === undefined ? [] : [[name, values[frame]]])),
    );
}
