import { HounsfieldError } from '../../../../errors.ts';
import type { MedicalImage } from '../../../image/medical-image.ts';
import type { DicomFile } from '../dataset.ts';
import { decodeFrame } from '../pixels/decode-frame.ts';
import { requireAllFrames } from '../pixels/frame-bytes.ts';
import { imagePixel } from '../pixels/image-pixel.ts';
import { optionalNumber, optionalNumbers, optionalText } from '../pixels/optional-values.ts';
import { windowOf } from '../pixels/voi.ts';
import { assembleImage } from './assemble-image.ts';
import { instanceFacts, MOST_FRAMES, type SliceFacts } from './slice-facts.ts';
import { type PlannedSlice, planSlice, type ValueOptions } from './slice-plan.ts';
import { requireOneGroup } from './stack-choice.ts';
import { type SliceStack, type StackOptions, stackSlices } from './stack-geometry.ts';
import { splitIntoGroups } from './stack-split.ts';
import { pixelWarnings } from './warning-tally.ts';

export interface OpenDicomOptions extends StackOptions, ValueOptions {
  /** Only this frame, 0 the first; a two-dimensional image comes out. */
  readonly frame?: number;
  /** Which of several stacks of frames, 0 the first. */
  readonly stack?: number;
  readonly signal?: AbortSignal;
  /** What was wrong with the pixels and could be mended, a sentence each. */
  readonly onWarning?: (sentence: string) => void;
}

/**
 * The image of one DICOM file: of one frame a picture, of several a volume, ordered by position, with time points where
 * frames share their places; frames without a place follow one another in time. Values after the modality's lookup table
 * or rescale (Int16Array where whole numbers fit, else Float32Array), colours as RGB.
 * Throws what decodeFrame, planSlice and stackSlices throw, DICOM_STACKS, DICOM_TILED, DICOM_FRAME_INDEX.
 */
export async function openDicomImage(file: DicomFile, options: OpenDicomOptions = {}): Promise<MedicalImage> {
  const image = imagePixel(file);
  if (options.frame === undefined) {
    if (image.frames > MOST_FRAMES) {
      throw new HounsfieldError(
        'DICOM_PIXEL_LIMIT',
        `${file.source.name} has ${image.frames} frames; ${MOST_FRAMES} are read at once. Read it frame by frame with decodeFrame.`,
      );
    }
    await requireAllFrames(file, image);
  }
  const stack = chooseFrames(file, options);
  const planned: PlannedSlice[][] = [];
  for (const slices of stack.slices) {
    const row: PlannedSlice[] = [];
    for (const { frame } of slices) row.push(await planSlice(file, frame, options));
    planned.push(row);
  }
  const firstFrame = stack.slices[0]![0]!.frame;
  const window = windowOf(file, firstFrame);
  const timeStepS = stack.slices.length > 1 ? frameTimeS(file) : undefined;
  const warnings = new Set(pixelWarnings(file));
  const made = await assembleImage(
    {
      stack,
      planned,
      parameters: { transferSyntax: file.transferSyntaxUid, bitsStored: image.bitsStored },
      ...(window ? { window } : {}),
      ...(timeStepS === undefined ? {} : { timeStepS }),
    },
    async (put) => {
      for (const [t, slices] of stack.slices.entries()) {
        for (const [d, { frame }] of slices.entries()) {
          options.signal?.throwIfAborted();
          const decoded = await decodeFrame(file, frame);
          for (const warning of decoded.warnings) warnings.add(warning);
          if (!put(t, d, decoded)) return false;
        }
      }
      return true;
    },
  );
  for (const warning of warnings) options.onWarning?.(`${file.source.name}: ${warning}.`);
  return made;
}

function chooseFrames(file: DicomFile, options: OpenDicomOptions): SliceStack {
  const { frames } = imagePixel(file);
  const facts = instanceFacts(file).slices;
  if (options.frame !== undefined) {
    const wanted = facts[options.frame];
    if (!wanted) {
      throw new HounsfieldError(
        'DICOM_FRAME_INDEX',
        `frame ${options.frame} of ${file.source.name} was asked for, which has frames 0 to ${frames - 1}.`,
      );
    }
    const { mosaic, position, ...picture } = wanted;
    const slice = mosaic ? picture : wanted;
    return stackSlices({ timePoints: [[slice]], distinction: [] }, options);
  }
  if (frames === 1) return stackSlices({ timePoints: [facts], distinction: [] }, options);
  if (optionalNumber(file.dataset, 'TotalPixelMatrixColumns') !== undefined && !facts[0]?.orientation) {
    throw new HounsfieldError(
      'DICOM_TILED',
      `${file.source.name} is a slide in ${frames} tiles, not a stack of slices. Read a tile with the option frame.`,
    );
  }
  if (facts.every(({ position }) => !position) && isFilm(file)) return inTime(facts);
  return stackSlices(requireOneGroup(splitIntoGroups(facts), options.stack), options);
}

/** Frames of a scanner are slices; those of other devices follow one another in time, as do all with a frame time. */
function isFilm(file: DicomFile): boolean {
  const scanner = ['CT', 'MR', 'PT'].includes(optionalText(file.dataset, 'Modality') ?? '');
  return !scanner || frameTimeS(file) !== undefined;
}

/** Frames of a film: no places, one after another in time. */
function inTime(facts: readonly SliceFacts[]): SliceStack {
  const { geometry, notes } = stackSlices({ timePoints: [[facts[0]!]], distinction: [] });
  return {
    slices: facts.map((slice) => [slice]),
    timeAxis: 'frame',
    notes,
    ...(geometry ? { geometry } : {}),
  };
}

/** Frame Time or the mean of Frame Time Vector, s (PS3.3 C.7.6.5). */
function frameTimeS(file: DicomFile): number | undefined {
  const steps = optionalNumbers(file.dataset, 'FrameTimeVector').slice(1);
  const mean = steps.length > 0 ? steps.reduce((sum, ms) => sum + ms, 0) / steps.length : undefined;
  const ms = optionalNumber(file.dataset, 'FrameTime') ?? mean;
  return ms !== undefined && ms > 0 ? ms / 1000 : undefined;
}
