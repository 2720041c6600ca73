import { HounsfieldError } from '../../../../errors.ts';
import { type MedicalImage, medicalImage, type PixelArray } from '../../../image/medical-image.ts';
import type { DecodedFrame } from '../pixels/decode-frame.ts';
import type { VoiWindow } from '../pixels/voi-window.ts';
import { unfoldMosaic } from './siemens-mosaic.ts';
import type { SliceFacts } from './slice-facts.ts';
import type { PlannedSlice } from './slice-plan.ts';
import { type OutputKind, outputArray, outputKind, writeFrame } from './slice-values.ts';
import { named, type SliceStack } from './stack-geometry.ts';

/** Slices of a stack with their plans, in the stack's order. */
export interface PlannedStack {
  readonly stack: SliceStack;
  readonly planned: readonly (readonly PlannedSlice[])[]; // [T][D]
  readonly window?: VoiWindow;
  /** Where the file says it; else it follows from the slices' times. */
  readonly timeStepS?: number;
  /** What was read, for MedicalImage.reading. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** Puts one slice's frame in its place. False: it did not fit, and reading may stop. */
export type PutSlice = (time: number, slice: number, frame: DecodedFrame) => boolean;

/** Where a slice goes, for those who write it themselves. */
export interface SliceTarget {
  readonly out: PixelArray;
  readonly at: number;
  readonly channelStep: number;
}

/**
 * Makes the image of a stack. `readAll` reads every slice and gives each frame to `put`; it is called a second time, with
 * an array of floating point, when whole numbers did not fit 16 bits. Throws IMAGE_SHAPE, DICOM_PIXEL_LIMIT, DICOM_UNITS_MIXED.
 */
export async function assembleImage(
  work: PlannedStack,
  readAll: (put: PutSlice, target: (time: number, slice: number) => SliceTarget) => Promise<boolean>,
): Promise<MedicalImage> {
  const { stack, planned } = work;
  const plans = planned.flat();
  const first = plans[0]!;
  requireOneUnit(stack.slices.flat(), plans);
  const { rows: height, columns: width } = first.plan.image;
  const channels = first.plan.palette ? 3 : first.plan.image.samples;
  const [timePoints, depth] = [stack.slices.length, stack.slices[0]!.length];
  const plane = height * width;
  const length = timePoints * channels * depth * plane;
  const fill = async (kind: OutputKind): Promise<PixelArray | undefined> => {
    const out = outputArray(kind, length);
    const target = (t: number, d: number) => ({
      out,
      at: (t * channels * depth + d) * plane,
      channelStep: depth * plane,
    });
    const put: PutSlice = (t, d, frame) => {
      const { at, channelStep } = target(t, d);
      return writeFrame(out, at, channelStep, frame, planned[t]![d]!.plan);
    };
    return (await readAll(put, target)) ? out : undefined;
  };
  const pixels = (await fill(outputKind(plans.map(({ plan }) => plan)))) ?? (await fill('float32'));
  const parameters = { ...work.parameters, ...stack.notes, ...recordOf(plans), ...timeOf(stack) };
  const bits = first.plan.palette?.bits ?? first.plan.image.bitsStored;
  const made = medicalImage(pixels!, { timePoints, channels, depth, height, width }, bits, first.unit, {
    ...(stack.geometry ? { geometry: stack.geometry } : {}),
    ...(work.timeStepS === undefined ? timeStep(stack) : { timeStepS: work.timeStepS }),
    ...displayOf(work, channels),
    reading: { format: 'DICOM', ...parameters },
  });
  return stack.mosaic ? unfoldMosaic(made, stack.mosaic) : made;
}

/** What was done to all slices; numbers that differ from slice to slice are told as such. */
function recordOf(plans: readonly PlannedSlice[]): Readonly<Record<string, unknown>> {
  const { record } = plans[0]!;
  const names = [...new Set(plans.flatMap((plan) => Object.keys(plan.record)))];
  const differs = (name: string) =>
    plans.some((plan) => JSON.stringify(plan.record[name]) !== JSON.stringify(record[name]));
  return Object.fromEntries(
    names.map((name) => [name, differs(name) ? 'of each slice its own' : record[name]]),
  );
}

/** Seconds from one time point to the next, where they are even and the mark is a time in ms. */
function timeStep({ timeAxis, slices }: SliceStack): { timeStepS?: number } {
  if (slices.length < 2 || (timeAxis !== 'triggerTime' && timeAxis !== 'frameReferenceTime')) return {};
  const times = slices.map(([slice]) => Number(slice!.marks[timeAxis]));
  const step = (times.at(-1)! - times[0]!) / (times.length - 1);
  const even = times.every((time, i) => Math.abs(time - times[0]! - i * step) <= 0.01 * Math.abs(step));
  return even && step > 0 ? { timeStepS: step / 1000 } : {};
}

function timeOf({ timeAxis, slices }: SliceStack): Record<string, unknown> {
  if (timeAxis === undefined || slices.length < 2) return {};
  const marks = slices.map(([slice]) => slice!.marks[timeAxis] ?? null);
  const numeric = marks.every((mark) => typeof mark === 'number');
  return numeric ? { timeAxis, timePoints: marks } : { timeAxis };
}

function displayOf(
  { window, planned }: PlannedStack,
  channels: number,
): Pick<MedicalImage, 'displayRange'> | object {
  const { plan, record } = planned[0]![0]!;
  if (!window || channels !== 1 || 'suv' in record || record['values'] === 'stored') return {};
  // PS3.3 C.11.2.1.2.1: LINEAR lies half a value lower and is one narrower.
  const [middle, half] =
    window.function === 'LINEAR'
      ? [window.center - 0.5, (window.width - 1) / 2]
      : [window.center, window.width / 2];
  const range: [number, number] = [middle - half, middle + half];
  return { displayRange: plan.image.photometric === 'MONOCHROME1' ? [range[1], range[0]] : range };
}

function requireOneUnit(slices: readonly SliceFacts[], plans: readonly PlannedSlice[]): void {
  const first = plans[0]!;
  const channels = ({ plan }: PlannedSlice) => (plan.palette ? 3 : plan.image.samples);
  const odd = slices.filter(
    (_, i) => plans[i]!.unit !== first.unit || channels(plans[i]!) !== channels(first),
  );
  if (odd.length === 0) return;
  throw new HounsfieldError(
    'DICOM_UNITS_MIXED',
    `${odd.length} of ${slices.length} slices have values of another unit or colour than the first: ${named(odd)}. ` +
      "Pass the files of one kind alone, or values: 'stored' (--stored).",
  );
}
