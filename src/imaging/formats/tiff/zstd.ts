import { ZSTDDecoder } from 'zstddec';

/** What a block may hold beyond what its page says: some programs fill the last strip up. */
const SPARE = 65_536;

/**
 * Decompresses Zstandard frames (RFC 8878) into no more than twice the bytes that are wanted and some to spare.
 * Undefined for what is no such frame, or holds fewer bytes than are wanted or more than are allowed.
 */
export async function unpackZstd(bytes: Uint8Array, wanted: number): Promise<Uint8Array | undefined> {
  const most = 2 * wanted + SPARE;
  const stated = zstdSize(bytes);
  // the library copies its input into a memory that does not shrink again
  if (stated === undefined || stated > most || bytes.length > most) return undefined;
  const decoder = new ZSTDDecoder();
  await decoder.init();
  const held = decoder.decode(bytes, stated === 0 ? most : Math.max(stated, wanted));
  return held.length >= wanted ? held.subarray(0, wanted) : undefined;
}

/** The content's size by a frame's header (clause 3.1.1.1), 0 where it is not given, undefined where there is no frame. */
function zstdSize(bytes: Uint8Array): number | undefined {
  if (bytes.length < 6 || ![0x28, 0xb5, 0x2f, 0xfd].every((byte, i) => bytes[i] === byte)) return undefined;
  const flags = bytes[4]!;
  const isSingle = (flags & 0x20) !== 0;
  const width = [isSingle ? 1 : 0, 2, 4, 8][flags >> 6]!;
  const at = 5 + (isSingle ? 0 : 1) + [0, 1, 2, 4][flags & 3]!;
  let size = 0;
  for (let i = width - 1; i >= 0; i--) size = size * 256 + (bytes[at + i] ?? 0);
  return width === 2 ? size + 256 : size;
}
