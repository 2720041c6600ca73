import { ZSTDDecoder } from 'zstddec';

/** What a block may hold beyond what its page says: some programs fill the last strip up. */
export const mostBlockBytes = (wanted: number): number => 2 * wanted + 65_536;

/** A block's bytes out of Zstandard frames; undefined where those hold fewer, or more than a block may. */
export async function unpackZstd(bytes: Uint8Array, wanted: number): Promise<Uint8Array | undefined> {
  const held = await zstdContent(bytes, mostBlockBytes(wanted));
  return held !== undefined && held.length >= wanted ? held.subarray(0, wanted) : undefined;
}

/**
 * Decompresses Zstandard frames (RFC 8878) into no more than so many bytes. Undefined for what is no such frame or holds
 * more; nothing where the frames are damaged.
 */
export async function zstdContent(bytes: Uint8Array, most: number): Promise<Uint8Array | undefined> {
  const stated = zstdSize(bytes);
  // the library copies its input into a memory that does not shrink again
  if (stated === undefined || stated > most || bytes.length > most) return undefined;
  const decoder = new ZSTDDecoder();
  await decoder.init();
  return decoder.decode(bytes, most);
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
