import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { writeError, writeFileAtomically } from '../../atomic-file.node.ts';
import { HounsfieldError } from '../../errors.ts';
import { isSignal, type Opened, type OpenOptions } from '../../imaging/formats/file-format.ts';
import { open, openImage } from '../../imaging/formats/open.node.ts';
import { isLabelMap, type MedicalImage } from '../../imaging/image/medical-image.ts';
import { applySteps, type NamedStep } from '../../imaging/transforms/history.ts';
import { windowIntensities } from '../../imaging/transforms/intensity-window.ts';
import { resampleTo } from '../../imaging/transforms/resample-to.ts';
import { apply } from '../../imaging/transforms/transform.ts';
import { type DicomObjectOptions, dicomObject } from './dicom-object.node.ts';
import { windowRange } from './window-range.ts';
import { filesFor } from './writers.node.ts';

export interface ConvertOptions
  extends Omit<OpenOptions, 'reference'>,
    Omit<DicomObjectOptions, 'onWarning'> {
  /** Image or series that an RT structure set is drawn on, to whose grid a segmentation is brought, and that a new .dcm belongs to. */
  readonly reference?: string;
  /** Image or series to whose grid the result is resampled, before the steps. */
  readonly like?: string;
  /** Transforms done before writing. */
  readonly steps?: readonly NamedStep[];
  /** Window whose ends become 0 and 255 of 8 bits, after the steps: see windowRange. */
  readonly window?: string;
  /** One time point of an image that has several, 0 the first. */
  readonly timePoint?: number;
  /** Replace files that are there; default false. */
  readonly overwrite?: boolean;
}

export interface Converted {
  readonly files: readonly string[];
  readonly kind: 'image' | 'labels' | 'signal';
}

/**
 * Opens a file or a folder with a DICOM series, does transforms to it, and writes it in the format of the output's extension.
 * Whole files appear or none. Throws FILE_EXISTS, CONVERT_FORMAT, CONVERT_KIND, TIME_POINT_OUTSIDE, and what open, the
 * transforms and the writer throw.
 */
export async function convertFile(
  input: string,
  out: string,
  options: ConvertOptions = {},
): Promise<Converted> {
  const { reference, overwrite = false, ...opening } = options;
  const onto =
    reference === undefined || /\.dcm$/i.test(out) ? {} : { reference: await openImage(reference) };
  const opened = await prepared(await open(input, { ...opening, ...onto }), options, input);
  const name = path.basename(out);
  const made =
    /\.dcm$/i.test(name) && !isSignal(opened)
      ? { [name]: await dicomObject(opened, reference, options) }
      : await filesFor(opened, name);
  const files = Object.entries(made).map(
    ([name, bytes]) => [path.join(path.dirname(out), name), bytes] as const,
  );
  const present: string[] = [];
  for (const [file] of files) if (await stat(file).catch(() => undefined)) present.push(file);
  if (present.length > 0 && !overwrite) {
    throw new HounsfieldError(
      'FILE_EXISTS',
      `${present.join(' and ')} ${present.length === 1 ? 'is' : 'are'} there already. Choose another name, or allow overwriting.`,
    );
  }
  await mkdir(path.dirname(out), { recursive: true }).catch((cause: unknown) => {
    throw writeError(cause, path.dirname(out));
  });
  for (const [file, bytes] of files) await writeFileAtomically(file, bytes);
  const kind = isSignal(opened) ? 'signal' : isLabelMap(opened) ? 'labels' : 'image';
  return { files: files.map(([file]) => file), kind };
}

async function prepared(opened: Opened, options: ConvertOptions, input: string): Promise<Opened> {
  const { steps = [], timePoint, like, window } = options;
  if (isSignal(opened)) {
    if (steps.length === 0 && timePoint === undefined && like === undefined && window === undefined)
      return opened;
    const message = `${input} holds a recording; transforms, windows and time points are of images. Leave them out.`;
    throw new HounsfieldError('CONVERT_KIND', message);
  }
  const one = timePoint === undefined ? opened : atTime(opened, timePoint, input);
  const image = like === undefined ? one : resampleTo(one, await openImage(like));
  const done = steps.length === 0 ? image : applySteps(steps, { images: { image } }).images['image']!;
  return window === undefined ? done : windowed(done, windowRange(window, done));
}

/** 8 bits: 0 at the window's low end, 255 at its high end. */
function windowed(image: MedicalImage, [low, high]: readonly [number, number]): MedicalImage {
  const { unit: _, ...rest } = apply(windowIntensities, image, {
    center: (low + high) / 2,
    width: high - low,
    low: 0,
    high: 255,
  });
  const pixels = Uint8Array.from(rest.pixels, (value) => Math.round(value));
  return { ...rest, pixels, bitDepth: 8, unit: 'arbitrary' };
}

/** One time point as an image of its own. Throws TIME_POINT_OUTSIDE. */
export function atTime(image: MedicalImage, timePoint: number, name: string): MedicalImage {
  if (!Number.isInteger(timePoint) || timePoint < 0 || timePoint >= image.timePoints) {
    throw new HounsfieldError(
      'TIME_POINT_OUTSIDE',
      `time point ${timePoint} of ${name} was asked for, which has 0 to ${image.timePoints - 1}. Choose one of these.`,
    );
  }
  const length = image.pixels.length / image.timePoints;
  const { timeStepS: _, ...rest } = image;
  const pixels = image.pixels.subarray(timePoint * length, (timePoint + 1) * length);
  return { ...rest, pixels, timePoints: 1 };
}
