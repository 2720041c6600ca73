import { open, readFile } from 'node:fs/promises';
import { writeError } from '../../atomic-file.node.ts';
import { HounsfieldError } from '../../errors.ts';
import { leastSoFar } from '../../learning/selection/search/halving.ts';
import type { PastTrial } from '../../learning/selection/search/samplers.ts';
import type { Values } from '../../learning/selection/search/space.ts';

/** A line of trials.jsonl. */
export type JournalEntry =
  | { readonly event: 'began'; readonly trial: number; readonly values: Values; readonly at: string }
  | {
      readonly event: 'epoch';
      readonly trial: number;
      /** From 0. */
      readonly epoch: number;
      readonly validation: Readonly<Record<string, number>>;
      readonly seconds: number;
    }
  | {
      readonly event: 'ended';
      readonly trial: number;
      readonly state: 'finished' | 'stopped' | 'failed';
      readonly code?: string;
      readonly message?: string;
      readonly at: string;
    };

/** One trial, put together from its lines. */
export interface TrialRecord extends PastTrial {
  /** From 1. */
  readonly number: number;
  /** The watched figure after each epoch. */
  readonly curve: readonly number[];
  /** Best of the curve; undefined without one. */
  readonly best?: number;
  /** Epoch of the best, from 0. */
  readonly bestEpoch?: number;
  readonly seconds: number;
  readonly code?: string;
  readonly message?: string;
}

/** Adds a line, on the disk before it returns: whoever is killed afterwards has it. @throws DISK_FULL, FILE_NOT_WRITABLE */
export async function appendEntry(file: string, entry: JournalEntry): Promise<void> {
  try {
    const handle = await open(file, 'a+');
    try {
      const { size } = await handle.stat();
      const last = new Uint8Array(1);
      if (size > 0) await handle.read(last, 0, 1, size - 1);
      // A line that was cut off by a kill is left behind, and this one begins on its own.
      const gap = size > 0 && last[0] !== 0x0a ? '\n' : '';
      await handle.appendFile(`${gap}${JSON.stringify(entry)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw writeError(cause, file);
  }
}

/** The lines of a journal; none when there is no file. A line that was cut off is passed over. @throws SEARCH_DAMAGED */
export async function readJournal(file: string): Promise<JournalEntry[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw damaged(file, cause);
  }
  return text.split('\n').flatMap((line) => {
    try {
      const entry = JSON.parse(line) as JournalEntry; // its fields are checked by isEntry
      return isEntry(entry) ? [entry] : [];
    } catch {
      return [];
    }
  });
}

function isEntry(entry: unknown): boolean {
  if (typeof entry !== 'object' || entry === null || !('event' in entry) || !('trial' in entry)) return false;
  const { event, trial } = entry;
  if (typeof trial !== 'number' || !Number.isSafeInteger(trial) || trial < 1) return false;
  if (event === 'began')
    return 'values' in entry && typeof entry.values === 'object' && entry.values !== null;
  if (event === 'epoch') {
    return (
      'epoch' in entry &&
      Number.isSafeInteger(entry.epoch) &&
      'validation' in entry &&
      typeof entry.validation === 'object' &&
      entry.validation !== null
    );
  }
  return (
    event === 'ended' && 'state' in entry && ['finished', 'stopped', 'failed'].includes(String(entry.state))
  );
}

/** What the lines say of each trial, in the order in which they began. */
export function trialsOf(entries: readonly JournalEntry[], watch: Watch): TrialRecord[] {
  const began = new Map<number, Extract<JournalEntry, { event: 'began' }>>();
  const epochs = new Map<number, Map<number, Extract<JournalEntry, { event: 'epoch' }>>>();
  const ended = new Map<number, Extract<JournalEntry, { event: 'ended' }>>();
  for (const entry of entries) {
    if (entry.event === 'began') began.set(entry.trial, entry);
    else if (entry.event === 'ended') ended.set(entry.trial, entry);
    else {
      const own = epochs.get(entry.trial) ?? new Map<number, typeof entry>();
      // A trial that was resumed tells an epoch again; the last time counts.
      own.set(entry.epoch, entry);
      epochs.set(entry.trial, own);
    }
  }
  return [...began.values()].map(({ trial, values }) =>
    recordOf(trial, values, [...(epochs.get(trial)?.values() ?? [])], ended.get(trial), watch),
  );
}

/** The figure that decides, and which way. */
export interface Watch {
  readonly name: string;
  readonly mode: 'min' | 'max';
}

function recordOf(
  number: number,
  values: Values,
  epochs: readonly Extract<JournalEntry, { event: 'epoch' }>[],
  end: Extract<JournalEntry, { event: 'ended' }> | undefined,
  watch: Watch,
): TrialRecord {
  const sorted = [...epochs].sort((a, b) => a.epoch - b.epoch);
  const curve = sorted.map(({ validation }) => validation[watch.name] ?? Number.NaN);
  const sign = watch.mode === 'min' ? 1 : -1;
  const least = leastSoFar(curve.map((value) => sign * value)).at(-1);
  const loss = least === undefined || Number.isNaN(least) ? undefined : least;
  const best = loss === undefined ? undefined : sign * loss;
  return {
    number,
    values,
    state: end?.state ?? 'running',
    epochs: curve.length,
    curve,
    seconds: sorted.reduce((sum, { seconds }) => sum + (seconds ?? 0), 0),
    ...(loss === undefined ? {} : { loss }),
    ...(best === undefined
      ? {}
      : { best, bestEpoch: lowestLoss(sorted.filter((_, i) => curve[i] === best)).epoch }),
    ...(end?.code === undefined ? {} : { code: end.code }),
    ...(end?.message === undefined ? {} : { message: end.message }),
  };
}

/** Of epochs with the same figure the one that training keeps; see observe(). */
function lowestLoss(epochs: readonly Extract<JournalEntry, { event: 'epoch' }>[]) {
  const lossOf = ({ validation }: (typeof epochs)[number]) => validation['loss'] ?? Number.POSITIVE_INFINITY;
  return epochs.reduce((best, epoch) => (lossOf(epoch) < lossOf(best) ? epoch : best));
}

function damaged(file: string, cause: unknown): HounsfieldError {
  return new HounsfieldError(
    'SEARCH_DAMAGED',
    `${file} cannot be read. Start the search anew in another folder.`,
    { cause },
  );
}
