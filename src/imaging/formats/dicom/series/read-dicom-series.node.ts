import { stat } from 'node:fs/promises';
import { HounsfieldError, isHounsfieldError } from '../../../../errors.ts';
import type { MedicalImage } from '../../../image/medical-image.ts';
import type { DicomFile } from '../dataset.ts';
import { fetchFrame } from '../pixels/decode-frame.ts';
import { type FrameDecoder, frameDecoder } from '../pixels/frame-decoder.node.ts';
import { windowOf } from '../pixels/voi.ts';
import type { VoiWindow } from '../pixels/voi-window.ts';
import { readDicom } from '../read-dicom.ts';
import { assembleImage, type PutSlice, type SliceTarget } from './assemble-image.ts';
import { folderFiles, forEachAtOnce } from './folder-files.node.ts';
import { type ListOptions, readHeaders } from './list-dicom-folder.node.ts';
import { type NativeSlice, nativeSlice, readIntoImage, readNativeSlice } from './native-slice.node.ts';
import { type Pace, pacedSource } from './quick-source.node.ts';
import { chooseSeries } from './series-choice.ts';
import { shiftKernel } from './shift-kernel.ts';
import type { InstanceFacts } from './slice-facts.ts';
import { type PlannedSlice, planSlice, type ValueOptions } from './slice-plan.ts';
import { requireOneGroup } from './stack-choice.ts';
import { type SliceStack, type StackOptions, stackSlices } from './stack-geometry.ts';
import { splitIntoGroups } from './stack-split.ts';
import { pixelWarnings, type WarningTally, warningTally } from './warning-tally.ts';

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
  /** What was wrong in files and could be mended, each sentence once. */
  readonly onWarning?: (sentence: string) => void;
}

/** What is kept of a file between its header and its pixels. */
interface Inspected {
  /** By frame. */
  readonly planned: readonly PlannedSlice[];
  readonly native: NativeSlice | undefined;
  readonly window: VoiWindow | undefined;
  readonly transferSyntaxUid: string;
  readonly warnings: readonly string[];
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
  const tally = warningTally();
  for (const { file } of stack.slices.flat()) tally.add(file, found(file).warnings);
  try {
    const image = await assembleImage(
      {
        stack,
        planned: stack.slices.map((slices) => slices.map(({ file, frame }) => found(file).planned[frame]!)),
        parameters: { files: stack.slices.flat().length, transferSyntax: first.transferSyntaxUid },
        ...(first.window ? { window: first.window } : {}),
      },
      (put, target) => readPixels({ stack, found, put, target, decoder, step, tally }, options.signal),
    );
    tally.tell(options.onWarning);
    return image;
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
      warnings: [...file.warnings, ...pixelWarnings(file)],
    };
  } catch (cause) {
    if (isHounsfieldError(cause)) return cause;
    throw cause;
  }
}

interface Place {
  readonly time: number;
  readonly slice: number;
  readonly frame: number;
}

interface Reading {
  readonly stack: SliceStack;
  readonly found: (name: string) => Inspected;
  readonly put: PutSlice;
  readonly target: (time: number, slice: number) => SliceTarget;
  readonly decoder: FrameDecoder;
  readonly step: () => void;
  readonly tally: WarningTally;
}

async function readPixels(reading: Reading, signal: AbortSignal | undefined): Promise<boolean> {
  const { stack, found, put, target, decoder, step, tally } = reading;
  let fits = true;
  const pace: Pace = { slow: false };
  const spare: ArrayBuffer[] = [];
  const { native: firstNative } = found(stack.slices[0]![0]!.file);
  const kernel =
    firstNative && stack.slices.flat().length > 8 ? shiftKernel(firstNative.length + 16) : undefined;
  await forEachAtOnce([...placesByFile(stack)], AT_ONCE, async ([name, wanted]) => {
    if (!fits) return;
    signal?.throwIfAborted();
    const { native, planned } = found(name);
    const { time, slice } = wanted[0]!;
    if (!native || wanted.length > 1)
      fits = (await readThrough(name, wanted, { put, decoder, pace, tally })) && fits;
    else {
      const { plan } = planned[0]!;
      const place = target(time, slice);
      const direct = plan.padding
        ? undefined
        : await readIntoImage(name, native, pace, place, plan.transform, kernel);
      if (direct === undefined) {
        const one = await readNativeSlice(name, native, pace, spare.pop());
        fits = put(time, slice, one.frame) && fits;
        spare.push(one.buffer);
      } else fits = direct && fits;
    }
    step();
  });
  return fits;
}

function placesByFile(stack: SliceStack): ReadonlyMap<string, readonly Place[]> {
  const places = new Map<string, Place[]>();
  for (const [time, slices] of stack.slices.entries()) {
    for (const [slice, { file, frame }] of slices.entries()) {
      const place = { time, slice, frame };
      const others = places.get(file);
      if (others) others.push(place);
      else places.set(file, [place]);
    }
  }
  return places;
}

/** Slices that are compressed, in colour, big endian or in a multi-frame file: by the general way. */
async function readThrough(
  name: string,
  wanted: readonly Place[],
  { put, decoder, pace, tally }: Pick<Reading, 'put' | 'decoder' | 'tally'> & { readonly pace: Pace },
): Promise<boolean> {
  const source = await pacedSource(name, pace);
  try {
    const file = await readDicom(source);
    let fits = true;
    await forEachAtOnce(wanted, AT_ONCE, async ({ time, slice, frame }) => {
      const decoded = await decoder.decode(await fetchFrame(file, frame));
      tally.add(name, decoded.warnings);
      fits = put(time, slice, decoded) && fits;
    });
    return fits;
  } finally {
    await source.close();
  }
}
