import { HounsfieldError } from '../../../errors.ts';
import type { Dataset, DicomFile } from './dataset.ts';
import { element, number, sequence, text, texts } from './values.ts';

/** A record of a DICOMDIR with those below it (PS3.3 F.3): PATIENT, STUDY, SERIES, IMAGE and others. */
export interface DirectoryRecord {
  readonly type: string;
  readonly record: Dataset;
  /** Components of the path of the file meant, below the DICOMDIR's folder; absent for a record without a file. */
  readonly fileId?: readonly string[];
  readonly children: readonly DirectoryRecord[];
}

export interface DicomDirectory {
  readonly fileSetId: string | undefined;
  readonly records: readonly DirectoryRecord[];
  /** What was wrong and could be read all the same. */
  readonly warnings: readonly string[];
}

interface Entry {
  readonly record: Dataset;
  readonly type: string;
  readonly offset: number | undefined;
  readonly next: number;
  readonly lower: number;
}

/** Media Storage Directory Storage. */
export const directorySopClassUid = '1.2.840.10008.1.3.10';

/** True for a DICOMDIR, by its SOP class or its records. */
export const isDirectory = (file: DicomFile): boolean =>
  text(file.meta, 'MediaStorageSOPClassUID') === directorySopClassUid ||
  element(file.dataset, 'DirectoryRecordSequence') !== undefined;

/**
 * The records of a DICOMDIR as a tree, by their offsets; where these lead nowhere or in a circle, by the records' order.
 * Records out of use are left out. Throws DICOMDIR_MISSING_RECORDS, DICOMDIR_PATH_OUTSIDE.
 */
export function readDirectory(file: DicomFile): DicomDirectory {
  if (!isDirectory(file)) {
    const message = `${file.source.name} is no DICOMDIR: it has no directory records. Name a DICOMDIR, or read the folder's files.`;
    throw new HounsfieldError('DICOMDIR_MISSING_RECORDS', message);
  }
  const entries = sequence(file.dataset, 'DirectoryRecordSequence').map(entryOf);
  const root = number(file.dataset, 'OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity') ?? 0;
  const fileSetId = text(file.dataset, 'FileSetID');
  const linked = treeByOffsets(entries, [root]);
  if (linked !== undefined) return { fileSetId, records: linked, warnings: [] };
  const isLinked = entries.some(({ next, lower }) => next !== 0 || lower !== 0);
  const byHeads = isLinked ? treeByOffsets(entries, unreferenced(entries)) : undefined;
  if (byHeads !== undefined)
    return { fileSetId, records: byHeads, warnings: ['The first record is not where the directory says.'] };
  const warnings = ["The records' offsets lead nowhere; the tree was made from their order."];
  return { fileSetId, records: treeByOrder(entries), warnings };
}

/** Offsets of records that no other one leads to. */
function unreferenced(entries: readonly Entry[]): number[] {
  const meant = new Set(entries.flatMap(({ next, lower }) => [next, lower]));
  return entries.flatMap(({ offset }) => (offset === undefined || meant.has(offset) ? [] : [offset]));
}

function entryOf(record: Dataset): Entry {
  return {
    record,
    type: text(record, 'DirectoryRecordType') ?? '',
    offset: record.place?.offset,
    next: number(record, 'OffsetOfTheNextDirectoryRecord') ?? 0,
    lower: number(record, 'OffsetOfReferencedLowerLevelDirectoryEntity') ?? 0,
  };
}

const isInUse = ({ record }: Entry): boolean => (number(record, 'RecordInUseFlag') ?? 0xffff) !== 0;

/** Deeper than any hierarchy of PS3.3 table F.4-1. */
const deepest = 32;

function treeByOffsets(entries: readonly Entry[], firsts: readonly number[]): DirectoryRecord[] | undefined {
  const byOffset = new Map(entries.map((entry) => [entry.offset, entry]));
  const seen = new Set<number>();
  let sound = true;
  const level = (first: number, depth: number): DirectoryRecord[] => {
    const records: DirectoryRecord[] = [];
    for (let offset = first; offset !== 0 && sound; ) {
      const entry = byOffset.get(offset);
      if (entry === undefined || seen.has(offset) || depth > deepest) {
        sound = false;
        break;
      }
      seen.add(offset);
      const children = entry.lower === 0 ? [] : level(entry.lower, depth + 1);
      if (isInUse(entry)) records.push(recordOf(entry, children));
      offset = entry.next;
    }
    return records;
  };
  const records = firsts.flatMap((first) => level(first, 0));
  const all = entries.filter(isInUse).every(({ offset }) => offset !== undefined && seen.has(offset));
  return sound && all ? records : undefined;
}

const ranks: Readonly<Record<string, number>> = { PATIENT: 0, STUDY: 1, SERIES: 2 };

interface Growing {
  readonly rank: number;
  readonly entry: Entry;
  readonly children: Growing[];
}

function treeByOrder(entries: readonly Entry[]): DirectoryRecord[] {
  const roots: Growing[] = [];
  let path: Growing[] = [];
  for (const entry of entries.filter(isInUse)) {
    const grown: Growing = { rank: ranks[entry.type] ?? 3, entry, children: [] };
    path = path.filter(({ rank }) => rank < grown.rank);
    const holder = path.at(-1);
    if (holder === undefined) roots.push(grown);
    else holder.children.push(grown);
    path.push(grown);
  }
  const finish = ({ entry, children }: Growing): DirectoryRecord => recordOf(entry, children.map(finish));
  return roots.map(finish);
}

function recordOf({ record, type }: Entry, children: readonly DirectoryRecord[]): DirectoryRecord {
  const fileId = texts(record, 'ReferencedFileID');
  if (fileId.length === 0) return { type, record, children };
  return { type, record, fileId: checkedFileId(fileId), children };
}

/** A file ID whose path stays below its folder. Throws DICOMDIR_PATH_OUTSIDE. */
export function checkedFileId(fileId: readonly string[]): readonly string[] {
  const isSafe = (part: string) => part !== '' && part !== '.' && part !== '..' && !/[/\\:\0]/.test(part);
  if (fileId.every(isSafe)) return fileId;
  const message =
    'a record of the DICOMDIR names a file outside of its folder. Do not trust the medium; read the files of its folder instead.';
  throw new HounsfieldError('DICOMDIR_PATH_OUTSIDE', message);
}

/** Every record with a file, in the tree's order. */
export function recordsWithFiles(records: readonly DirectoryRecord[]): DirectoryRecord[] {
  return records.flatMap((record) => [
    ...(record.fileId === undefined ? [] : [record]),
    ...recordsWithFiles(record.children),
  ]);
}
