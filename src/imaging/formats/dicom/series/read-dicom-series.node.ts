import { stat } from 'node:fs/promises';
import { HounsfieldError, isHounsfieldError } from '../../../../errors.ts';
import type { MedicalImage } from '../../../image/medical-image.ts';
import { fileSource } from '../../file-source.node.ts';
import type { DicomFile } from '../dataset.ts';
import { fetchFrame } from '../pixels/decode-frame.ts';
import { type FrameDecoder, frameDecoder } from '../pixels/frame-decoder.node.ts';
import { windowOf } from '../pixels/voi.ts';
import type { VoiWindow } from '../pixels/voi-window.ts';
import { readDicom } from '../read-dicom.ts';
import { assembleImage, type PutSlice } from './assemble-image.ts';
import { folderFiles, forEachAtOnce } from './folder-files.node.ts';
import { type ListOptions, readHeaders } from './list-dicom-folder.node.ts';
import { type NativeSlice, nativeSlice, readNativeSlice } from './native-slice.node.ts';
import { chooseSeries } from './series-choice.ts';
import type { InstanceFacts } from './slice-facts.ts';
import { type PlannedSlice, planSlice, type ValueOptions } from './slice-plan.ts';
import { requireOneGroup } from './stack-choice.ts';
import { type SliceStack, type StackOptions, stackSlices } from './stack-geometry.ts';
import { splitIntoGroups } from './stack-split.ts';

export interface ReadSeriesOptions
  extends StackOptions,
    ValueOptions,
    Pick<ListOptions, 'signal' | 'limits'> {
  /** Series Instance UID of the one to read, where there are several. */
  readonly series?: string;
  /** Which of the series' stacks, 0 the first, where there are several. */
  readonly stack?: number;
  /** Called for every header and for every slice. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Threads that decode compressed slices: as many as processors, at most 8, unless given; 0: in this thread. */
  readonly threads?: number;
}

/** What is kept of a file between its header and its pixels. */
interface Inspected {
  /** By frame. */
  readonly planned: readonly PlannedSlice[];
  readonly native: NativeSlice | undefined;
  readonly window: VoiWindow | undefined;
  readonly transferSyntaxUid: string;
}

/** Files that are read at once. */
const AT_ONCE = 8;

/**
 * The image of a DICOM series: a folder or its files, one stack of slices sorted by position and checked, time points
 * where they are complete. LPS geometry from positions and orientation, not from the slices' thickness; values as openDicomImage.
 * Throws DICOM_NO_SERIES, DICOM_SERIES_SEVERAL, DICOM_STUDIES_MIXED, DICOM_PATIENTS_MIXED, DICOM_STACKS and what stackSlices,
 * planSlice and decodeFrame throw.
 */
export async function readDicomSeries(
  folderOrFiles: string | readonly string[],
  options: ReadSeriesOptions = {},
): Promise<MedicalImage> {
  const files = await filesOf(folderOrFiles, options);
  const inspected = new Map<string, Inspected | HounsfieldError>();
  let total = files.length;
  let done = 0;
  const step = () => options.onProgress?.(++done, total);
  const { onProgress: _, ...quiet } = options;
  const headers = await readHeaders(files, { ...quiet, onProgress: step }, async (file, facts) => {
    inspected.set(facts.file, await inspect(file, facts, options));
  });
  const members = chooseSeries(headers, options.series);
  const group = requireOneGroup(splitIntoGroups(members.flatMap(({ slices }) => slices)), options.stack);
  const stack = stackSlices(group, options);
  const found = (name: string): Inspected => {
    const one = inspected.get(name)!; // every member was inspected
    if (one instanceof HounsfieldError) throw one;
    return one;
  };
  total += new Set(stack.slices.flat().map(({ file }) => file)).size;
  const first = found(stack.slices[0]![0]!.file);
  const decoder = frameDecoder(options.threads);
  try {
    return await assembleImage(
      {
        stack,
        planned: stack.slices.map((slices) => slices.map(({ file, frame }) => found(file).planned[frame]!)),
        transform: 'read DICOM series',
        parameters: { files: stack.slices.flat().length, transferSyntax: first.transferSyntaxUid },
        ...(first.window ? { window: first.window } : {}),
        ...timeStep(stack),
      },
      (put) => readPixels(stack, found, put, decoder, options.signal, step),
    );
  } finally {
    await decoder.close();
  }
}

async function filesOf(
  folderOrFiles: string | readonly string[],
  options: ReadSeriesOptions,
): Promise<readonly string[]> {
  if (typeof folderOrFiles !== 'string') return folderOrFiles;
  const info = await stat(folderOrFiles).catch(() => undefined);
  if (info?.isFile()) return [folderOrFiles];
  return (await folderFiles(folderOrFiles, options.limits, options.signal)).files;
}

async function inspect(
  file: DicomFile,
  facts: InstanceFacts,
  options: ValueOptions,
): Promise<Inspected | HounsfieldError> {
  try {
    const planned: PlannedSlice[] = [];
    for (const { frame } of facts.slices) planned.push(await planSlice(file, frame, options));
    return {
      planned,
      native: nativeSlice(file),
      window: windowOf(file),
      transferSyntaxUid: file.transferSyntaxUid,
    };
  } catch (cause) {
    if (isHounsfieldError(cause)) return cause;
    throw cause;
  }
}

/** Seconds from one time point to the next, where they are even and the mark is a time in ms. */
function timeStep({ timeAxis, slices }: SliceStack): { timeStepS?: number } {
  if (slices.length < 2 || (timeAxis !== 'triggerTime' && timeAxis !== 'frameReferenceTime')) return {};
  const times = slices.map(([slice]) => Number(slice!.marks[timeAxis]));
  const step = (times.at(-1)! - times[0]!) / (times.length - 1);
  const even = times.every((time, i) => Math.abs(time - times[0]! - i * step) <= 0.01 * Math.abs(step));
  return even && step > 0 ? { timeStepS: step / 1000 } : {};
}

interface Place {
  readonly time: number;
  readonly slice: number;
  readonly frame: number;
}

async function readPixels(
  stack: SliceStack,
  found: (name: string) => Inspected,
  put: PutSlice,
  decoder: FrameDecoder,
  signal: AbortSignal | undefined,
  step: () => void,
): Promise<boolean> {
  const places = new Map<string, Place[]>();
  for (const [time, slices] of stack.slices.entries()) {
    for (const [slice, { file, frame }] of slices.entries()) {
      const place = { time, slice, frame };
      const others = places.get(file);
      if (others) others.push(place);
      else places.set(file, [place]);
    }
  }
  let fits = true;
  const spare: ArrayBuffer[] = [];
  await forEachAtOnce([...places], AT_ONCE, async ([name, wanted]) => {
    if (!fits) return;
    signal?.throwIfAborted();
    const { native } = found(name);
    if (native && wanted.length === 1) {
      const one = await readNativeSlice(name, native, spare.pop());
      fits = put(wanted[0]!.time, wanted[0]!.slice, one.frame) && fits;
      spare.push(one.buffer);
    } else fits = (await readThrough(name, wanted, put, decoder)) && fits;
    step();
  });
  return fits;
}

/** Slices that are compressed, in colour, big endian or in a multi-frame file: by the general way. */
async function readThrough(
  name: string,
  wanted: readonly Place[],
  put: PutSlice,
  decoder: FrameDecoder,
): Promise<boolean> {
  const source = await fileSource(name);
  try {
    const file = await readDicom(source);
    let fits = true;
    await forEachAtOnce(wanted, AT_ONCE, async ({ time, slice, frame }) => {
      const decoded = await decoder.decode(await fetchFrame(file, frame));
      fits = put(time, slice, decoded) && fits;
    });
    return fits;
  } finally {
    await source.close();
  }
}
