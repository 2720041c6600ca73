import { type ByteCursor, demand, type Need } from './byte-cursor.ts';
import type { ByteRange } from './dataset.ts';
import { count, itemTag, type Parsing, sequenceEnd, undefinedLength } from './parsing.ts';

/**
 * Where the fragments of encapsulated pixel data lie (PS3.5 A.4), their bytes unread.
 * Not whole where something else than fragments stands there or the file ends.
 */
export function* parseFragments(
  parsing: Parsing,
  littleEndian: boolean,
  hardEnd: number,
): Generator<Need, { fragments: ByteRange[]; whole: boolean }> {
  const { cursor } = parsing;
  const fragments: ByteRange[] = [];
  while (cursor.position + 8 <= hardEnd) {
    yield* demand(cursor, 8);
    const at = cursor.position - cursor.start;
    const group = cursor.view.getUint16(at, littleEndian);
    const tag = ((group << 16) | cursor.view.getUint16(at + 2, littleEndian)) >>> 0;
    const length = cursor.view.getUint32(at + 4, littleEndian);
    if (tag === sequenceEnd) {
      cursor.position += 8;
      return { fragments, whole: true };
    }
    if (tag !== itemTag || length === undefinedLength) return { fragments, whole: false };
    count(parsing);
    const offset = cursor.position + 8;
    fragments.push({ offset, length: Math.min(length, hardEnd - offset) });
    cursor.position = offset + length;
  }
  return { fragments, whole: false };
}

const scanBytes = 8 * 1024;

/** Where the next sequence delimiter stands, byte by byte; undefined where there is none. */
export function* scanForDelimiter(
  cursor: ByteCursor,
  littleEndian: boolean,
  hardEnd: number,
): Generator<Need, number | undefined> {
  const pattern = littleEndian ? [0xfe, 0xff, 0xdd, 0xe0] : [0xff, 0xfe, 0xe0, 0xdd];
  while (cursor.position + 4 <= hardEnd) {
    const length = Math.min(scanBytes, hardEnd - cursor.position);
    yield* demand(cursor, length);
    const from = cursor.position - cursor.start;
    const stretch = cursor.bytes.subarray(from, from + length);
    for (let at = stretch.indexOf(pattern[0]!); at >= 0; at = stretch.indexOf(pattern[0]!, at + 1))
      if (pattern.every((byte, i) => stretch[at + i] === byte)) return cursor.position + at;
    cursor.position += Math.max(1, length - 3);
  }
  return undefined;
}
