import { HounsfieldError } from '../../../errors.ts';
import type { ByteSource } from '../byte-source.ts';

/** A field of a directory; its values lie in the directory (inline) or elsewhere. */
export interface TiffEntry {
  readonly type: number;
  readonly count: number;
  /** Where the values begin. */
  readonly offset: number;
}

/** One image file directory: tags and their fields. */
export interface TiffDirectory {
  readonly entries: ReadonlyMap<number, TiffEntry>;
  readonly offset: number;
}

/** An opened TIFF: classic or BigTIFF, either byte order. */
export interface TiffFile {
  readonly source: ByteSource;
  readonly littleEndian: boolean;
  readonly isBig: boolean;
  /** The chain of directories, the first page first. */
  readonly directories: readonly TiffDirectory[];
}

/** Bytes of one value of each field type; 0 for types that are not known. */
const TYPE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8];
const MOST_PAGES = 65536;
const MOST_ENTRIES = 4096;
/** Most numbers of one field: places of the tiles of the largest slides are some hundred thousand. */
const MOST_VALUES = 2 ** 23;

/** True when the bytes begin as a TIFF or BigTIFF does. */
export function isTiff(head: Uint8Array): boolean {
  const [a, b, c, d] = head;
  const little = a === 0x49 && b === 0x49 && d === 0 && (c === 42 || c === 43);
  const big = a === 0x4d && b === 0x4d && c === 0 && (d === 42 || d === 43);
  return little || big;
}

export function invalidTiff(name: string, what: string): HounsfieldError {
  return new HounsfieldError(
    'TIFF_INVALID',
    `${name}: ${what}. Copy it again from its source, or write it anew.`,
  );
}

export function truncatedTiff(name: string, end: number, size: number): HounsfieldError {
  return new HounsfieldError(
    'TIFF_TRUNCATED',
    `${name} points to byte ${end} and has ${size}. Copy it again from its source.`,
  );
}

/** Reads the header and the chain of directories. Throws TIFF_INVALID, TIFF_TRUNCATED. */
export async function openTiff(source: ByteSource): Promise<TiffFile> {
  const head = await source.read(0, 16);
  if (!isTiff(head)) throw invalidTiff(source.name, 'it does not begin as a TIFF does');
  const littleEndian = head[0] === 0x49;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const isBig = view.getUint16(2, littleEndian) === 43;
  if (head.length < (isBig ? 16 : 8)) throw truncatedTiff(source.name, isBig ? 16 : 8, source.size);
  if (isBig && view.getUint16(4, littleEndian) !== 8)
    throw invalidTiff(source.name, 'its offsets are not of 8 bytes');
  const file = { source, littleEndian, isBig };
  const directories: TiffDirectory[] = [];
  const seen = new Set<number>();
  let next = isBig ? safeUint64(view, 8, littleEndian) : view.getUint32(4, littleEndian);
  while (next !== 0) {
    if (seen.has(next)) throw invalidTiff(source.name, 'its chain of pages runs in a circle');
    if (seen.size >= MOST_PAGES) throw invalidTiff(source.name, `it has more than ${MOST_PAGES} pages`);
    seen.add(next);
    const read = await readDirectory(file, next);
    directories.push(read.directory);
    next = read.next;
  }
  if (directories.length === 0) throw invalidTiff(source.name, 'it has no page');
  return { ...file, directories };
}

function safeUint64(view: DataView, at: number, littleEndian: boolean): number {
  const [low, high] = littleEndian ? [at, at + 4] : [at + 4, at];
  return view.getUint32(high, littleEndian) * 4294967296 + view.getUint32(low, littleEndian);
}

/** One directory and the place of the next in its chain, 0 at the end. */
export async function readDirectory(
  file: Omit<TiffFile, 'directories'>,
  offset: number,
): Promise<{ readonly directory: TiffDirectory; readonly next: number }> {
  const { source, littleEndian, isBig } = file;
  const [countBytes, entryBytes, offsetBytes] = isBig ? [8, 20, 8] : [2, 12, 4];
  const head = await source.read(offset, countBytes);
  if (offset + countBytes > source.size || head.length < countBytes)
    throw truncatedTiff(source.name, offset + countBytes, source.size);
  const headView = new DataView(head.buffer, head.byteOffset, head.length);
  const count = isBig ? safeUint64(headView, 0, littleEndian) : headView.getUint16(0, littleEndian);
  if (count > MOST_ENTRIES) throw invalidTiff(source.name, `a page has ${count} fields`);
  const length = count * entryBytes + offsetBytes;
  const bytes = await source.read(offset + countBytes, length);
  if (bytes.length < count * entryBytes)
    throw truncatedTiff(source.name, offset + countBytes + length, source.size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries = new Map<number, TiffEntry>();
  for (let i = 0; i < count; i++) {
    const at = i * entryBytes;
    const type = view.getUint16(at + 2, littleEndian);
    const values = isBig ? safeUint64(view, at + 4, littleEndian) : view.getUint32(at + 4, littleEndian);
    const place = at + (isBig ? 12 : 8);
    const isInline = values * (TYPE_BYTES[type] ?? 0) <= offsetBytes;
    const elsewhere = isBig ? safeUint64(view, place, littleEndian) : view.getUint32(place, littleEndian);
    entries.set(view.getUint16(at, littleEndian), {
      type,
      count: values,
      offset: isInline ? offset + countBytes + place : elsewhere,
    });
  }
  const end = count * entryBytes;
  // some writers leave the last pointer out at the end of the file
  const hasNext = bytes.length >= end + offsetBytes;
  const next = !hasNext ? 0 : isBig ? safeUint64(view, end, littleEndian) : view.getUint32(end, littleEndian);
  return { directory: { entries, offset }, next };
}

/** A field's bytes; undefined where the page has none. Throws TIFF_TRUNCATED, TIFF_INVALID. */
export async function fieldBytes(
  file: Omit<TiffFile, 'directories'>,
  directory: TiffDirectory,
  tag: number,
): Promise<Uint8Array | undefined> {
  const entry = directory.entries.get(tag);
  if (!entry) return undefined;
  const width = TYPE_BYTES[entry.type] ?? 0;
  if (width === 0) throw invalidTiff(file.source.name, `field ${tag} is of the unknown type ${entry.type}`);
  const length = entry.count * width;
  if (entry.offset + length > file.source.size)
    throw truncatedTiff(file.source.name, entry.offset + length, file.source.size);
  return file.source.read(entry.offset, length);
}

/** A field's numbers, fractions divided out; undefined where the page has none. Throws TIFF_TRUNCATED, TIFF_INVALID. */
export async function fieldNumbers(
  file: Omit<TiffFile, 'directories'>,
  directory: TiffDirectory,
  tag: number,
): Promise<readonly number[] | undefined> {
  const entry = directory.entries.get(tag);
  if (entry && entry.count > MOST_VALUES)
    throw invalidTiff(file.source.name, `field ${tag} has ${entry.count} values`);
  const bytes = await fieldBytes(file, directory, tag);
  if (!bytes || !entry) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const width = TYPE_BYTES[entry.type]!;
  const read = (at: number): number => numberAt(view, at, entry.type, file.littleEndian);
  return Array.from({ length: entry.count }, (_, i) => read(i * width));
}

function numberAt(view: DataView, at: number, type: number, little: boolean): number {
  switch (type) {
    case 3:
      return view.getUint16(at, little);
    case 4:
    case 13:
      return view.getUint32(at, little);
    case 5:
      return view.getUint32(at, little) / view.getUint32(at + 4, little);
    case 6:
      return view.getInt8(at);
    case 8:
      return view.getInt16(at, little);
    case 9:
      return view.getInt32(at, little);
    case 10:
      return view.getInt32(at, little) / view.getInt32(at + 4, little);
    case 11:
      return view.getFloat32(at, little);
    case 12:
      return view.getFloat64(at, little);
    case 16:
    case 18:
      return safeUint64(view, at, little);
    case 17:
      return Number(view.getBigInt64(at, little));
    default:
      return view.getUint8(at);
  }
}

/** A field's text, to its first NUL; '' where the page has none. */
export async function fieldText(
  file: Omit<TiffFile, 'directories'>,
  directory: TiffDirectory,
  tag: number,
): Promise<string> {
  const bytes = await fieldBytes(file, directory, tag);
  if (!bytes) return '';
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}
