import type { MedicalImage } from '../../../image/medical-image.ts';
import type { DicomFile } from '../dataset.ts';
import { decodeFrame } from '../pixels/decode-frame.ts';
import { windowOf } from '../pixels/voi.ts';
import { assembleImage } from './assemble-image.ts';
import { chooseSeries } from './series-choice.ts';
import { instanceFacts, type SliceFacts } from './slice-facts.ts';
import { type PlannedSlice, planSlice, type ValueOptions } from './slice-plan.ts';
import { requireOneGroup } from './stack-choice.ts';
import { type StackOptions, stackSlices } from './stack-geometry.ts';
import { splitIntoGroups } from './stack-split.ts';

export interface OpenSeriesOptions extends StackOptions, ValueOptions {
  /** Series Instance UID of the one to read, where there are several. */
  readonly series?: string;
  /** Which of the series' stacks, 0 the first, where there are several. */
  readonly stack?: number;
  readonly signal?: AbortSignal;
  /** Called for every slice. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * The image of a series whose files are open already, as in a browser; the same image and the same errors as
 * readDicomSeries, which is quicker where there is a disk.
 */
export async function openDicomSeries(
  files: readonly DicomFile[],
  options: OpenSeriesOptions = {},
): Promise<MedicalImage> {
  const owners = new Map<SliceFacts, DicomFile>();
  const instances = files.map((file) => {
    const facts = instanceFacts(file);
    for (const slice of facts.slices) owners.set(slice, file);
    return facts;
  });
  const fileOf = (slice: SliceFacts) => owners.get(slice)!; // all slices came from there
  const members = chooseSeries({ instances, passedOver: 0, unreadable: [] }, options.series);
  const group = requireOneGroup(splitIntoGroups(members.flatMap(({ slices }) => slices)), options.stack);
  const stack = stackSlices(group, options);
  const planned: PlannedSlice[][] = [];
  for (const slices of stack.slices) {
    const row: PlannedSlice[] = [];
    for (const slice of slices) row.push(await planSlice(fileOf(slice), slice.frame, options));
    planned.push(row);
  }
  const first = fileOf(stack.slices[0]![0]!);
  const window = windowOf(first);
  const total = stack.slices.flat().length;
  let done = 0;
  const parameters = { files: total, transferSyntax: first.transferSyntaxUid };
  return assembleImage({ stack, planned, parameters, ...(window ? { window } : {}) }, async (put) => {
    for (const [t, slices] of stack.slices.entries()) {
      for (const [d, slice] of slices.entries()) {
        options.signal?.throwIfAborted();
        if (!put(t, d, await decodeFrame(fileOf(slice), slice.frame))) return false;
        options.onProgress?.(++done, total);
      }
    }
    return true;
  });
}
