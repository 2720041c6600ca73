import { HounsfieldError } from '../../../errors.ts';
import type { ByteSource } from '../byte-source.ts';

/** Bytes that a parser asks for before it can go on. */
export interface Need {
  readonly offset: number;
  readonly length: number;
}

/** A place in a file and the stretch of it that is in memory. */
export interface ByteCursor {
  bytes: Uint8Array;
  view: DataView;
  /** Where in the file bytes[0] lies. */
  start: number;
  position: number;
  readonly size: number;
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The same bytes as a plain array: a subclass such as Node's Buffer does not copy where an array would. */
export const plainBytes = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export const cursorOver = (bytes: Uint8Array): ByteCursor => ({
  bytes: plainBytes(bytes),
  view: viewOf(bytes),
  start: 0,
  position: 0,
  size: bytes.length,
});

/** A cursor with nothing in memory yet. */
export const cursorAt = (position: number, size: number): ByteCursor => {
  const bytes = new Uint8Array(0);
  return { bytes, view: viewOf(bytes), start: position, position, size };
};

/** True where the next `length` bytes lie in memory: then there is no need to demand them. */
export const holds = (cursor: ByteCursor, length: number): boolean =>
  cursor.position >= cursor.start && cursor.position + length <= cursor.start + cursor.bytes.length;

/** Makes the next `length` bytes lie in memory; false where the file ends before. */
export function* demand(cursor: ByteCursor, length: number): Generator<Need, boolean> {
  const { position } = cursor;
  if (position + length > cursor.size) return false;
  if (position < cursor.start || position + length > cursor.start + cursor.bytes.length)
    yield { offset: position, length };
  return true;
}

/** The next `length` bytes, which must lie in memory. The array is not copied. */
export function takeBytes(cursor: ByteCursor, length: number): Uint8Array {
  const from = cursor.position - cursor.start;
  cursor.position += length;
  return cursor.bytes.subarray(from, from + length);
}

const firstRead = 16 * 1024;
const smallestRead = 1024;
/** Reading on over a gap up to this costs less than another read. */
const smallGap = 8 * 1024;
const largestRead = 1024 * 1024;

/** Runs a parser whose bytes all lie in memory. */
export function parseInMemory<T>(parser: Generator<Need, T>): T {
  const step = parser.next();
  if (step.done !== true) throw new Error('a parser asked for bytes that its cursor already holds');
  return step.value;
}

/** Runs a parser over a source: more at a time while it reads on, little after a jump. Throws FILE_UNREADABLE. */
export async function parseFromSource<T>(
  parser: Generator<Need, T>,
  cursor: ByteCursor,
  source: ByteSource,
): Promise<T> {
  let chunk = firstRead / 2;
  let read = false;
  for (;;) {
    const step = parser.next();
    if (step.done === true) return step.value;
    const { offset, length } = step.value;
    const end = cursor.start + cursor.bytes.length;
    const readsOn = !read || (offset >= cursor.start && offset <= end + smallGap);
    chunk = readsOn ? Math.min(chunk * 2, largestRead) : smallestRead;
    read = true;
    const wanted = Math.min(Math.max(length, chunk), cursor.size - offset);
    const bytes = plainBytes(await source.read(offset, wanted));
    if (bytes.length < length) {
      const message = `${source.name} gave ${bytes.length} bytes at ${offset} where its size promises ${wanted}. Open it again.`;
      throw new HounsfieldError('FILE_UNREADABLE', message);
    }
    cursor.bytes = bytes;
    cursor.view = viewOf(bytes);
    cursor.start = offset;
  }
}
