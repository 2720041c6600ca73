import { HounsfieldError } from '../../errors.ts';
import { type ByteSource, bytesSource } from './byte-source.ts';
import { inflate } from './inflate.ts';

/** deflate cannot pack tighter than 1032 to 1 (RFC 1951). */
const TIGHTEST_DEFLATE = 1032;
/** Below this many packed bytes the decoder here is used; above it the platform's, which is faster once it runs. */
const SMALL = 1 << 16;
const PIECE = 1 << 20;

/** True for gzip's magic number (RFC 1952, 2.3.1). */
export function isGzip(head: Uint8Array): boolean {
  return head.length > 2 && head[0] === 0x1f && head[1] === 0x8b && head[2] === 8;
}

/** True for a zlib header (RFC 1950, 2.2) with deflate and no dictionary. */
export function isZlib(head: Uint8Array): boolean {
  if (head.length < 2) return false;
  return (
    (head[0]! & 15) === 8 &&
    head[0]! >> 4 <= 7 &&
    (head[1]! & 32) === 0 &&
    (head[0]! * 256 + head[1]!) % 31 === 0
  );
}

/**
 * Unpacks gzip (RFC 1952; several members, bytes after the last one ignored) or zlib (RFC 1950) to at most `limit`
 * bytes, checksums checked. Throws COMPRESSED_TOO_LARGE when more comes out, COMPRESSED_CUT when the packed bytes end
 * early, COMPRESSED_DAMAGED when they are not what their header says.
 */
export async function gunzip(
  source: Uint8Array | ByteSource,
  limit: number,
  name?: string,
): Promise<Uint8Array> {
  const packed = source instanceof Uint8Array ? bytesSource(source) : source;
  const label = name ?? packed.name;
  const room = Math.min(limit, packed.size * TIGHTEST_DEFLATE) + 1;
  if (packed.size >= SMALL) {
    const fast = await gunzipByPlatform(packed, room);
    if (fast && fast.length < room) return fast;
    if (fast && room > limit) throw tooLarge(label, limit);
  }
  return gunzipSync(await packed.read(0, packed.size), limit, label);
}

/** Gzip or zlib in memory, as `gunzip`; slower on large data, and usable where nothing may be awaited. */
export function gunzipSync(packed: Uint8Array, limit: number, name = 'the compressed data'): Uint8Array {
  const out = allocate(Math.min(limit, packed.length * TIGHTEST_DEFLATE), name);
  return isGzip(packed) ? gunzipMembers(packed, out, limit, name) : unzlib(packed, out, limit, name);
}

/** At least the first `length` plain bytes of a file that may be gzipped, fewer only where it ends or is damaged. */
export async function plainHead(source: ByteSource, length: number): Promise<Uint8Array> {
  const head = await source.read(0, Math.min(source.size, length + (length >> 8) + 4096));
  if (!isGzip(head)) return head;
  const out = new Uint8Array(length);
  let filled = 0;
  let at = 0;
  while (filled < length && isGzip(head.subarray(at))) {
    const start = gzipBody(head, at);
    if (start < 0) break;
    const { status, next, written } = inflate(head, start, out.subarray(filled));
    filled += written;
    if (status !== 'whole') break;
    at = next + 8;
  }
  return out.subarray(0, filled);
}

/** Packs bytes as gzip, by the platform. */
export async function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  return packed(bytes, 'gzip');
}

/** Packs bytes as a zlib stream, by the platform. */
export async function zlib(bytes: Uint8Array): Promise<Uint8Array> {
  return packed(bytes, 'deflate');
}

async function packed(bytes: Uint8Array, format: 'gzip' | 'deflate'): Promise<Uint8Array> {
  const plain = bytes as Uint8Array<ArrayBuffer>; // a Blob takes no shared memory, none is made here
  const stream = new Blob([plain]).stream().pipeThrough(new CompressionStream(format));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Undefined when the platform finds a fault: its verdict names none, so the decoder here looks again. */
async function gunzipByPlatform(source: ByteSource, room: number): Promise<Uint8Array | undefined> {
  const head = await source.read(0, 4);
  const stream = new DecompressionStream(isGzip(head) ? 'gzip' : 'deflate');
  const writer = stream.writable.getWriter();
  const feed = async (): Promise<void> => {
    for (let at = 0; at < source.size; at += PIECE) {
      const piece = await source.read(at, Math.min(PIECE, source.size - at));
      await writer.write(piece as Uint8Array<ArrayBuffer>); // never shared memory
    }
    await writer.close();
  };
  const fed = feed().catch((cause: unknown) => writer.abort(cause).catch(() => undefined));
  const out = allocate(room, source.name);
  let filled = 0;
  const reader = stream.readable.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      out.set(value.subarray(0, room - filled), filled);
      filled += Math.min(value.length, room - filled);
      if (filled === room) break;
    }
    if (filled === room) await reader.cancel().catch(() => undefined);
    await writer.abort().catch(() => undefined);
    await fed;
    return out.subarray(0, filled);
  } catch {
    await fed;
    return undefined;
  }
}

function gunzipMembers(packed: Uint8Array, out: Uint8Array, limit: number, name: string): Uint8Array {
  let filled = 0;
  let at = 0;
  do {
    const start = gzipBody(packed, at);
    if (start < 0) throw cut(name, packed.length);
    const { status, next, written } = inflate(packed, start, out.subarray(filled));
    if (status !== 'whole') throw fault(status, name, packed.length, limit);
    if (next + 8 > packed.length) throw cut(name, packed.length);
    const view = new DataView(packed.buffer, packed.byteOffset + next, 8);
    const plain = out.subarray(filled, filled + written);
    if (view.getUint32(0, true) !== crc32(plain) || view.getUint32(4, true) !== written >>> 0) {
      throw damaged(name);
    }
    filled += written;
    at = next + 8;
  } while (at < packed.length && isGzip(packed.subarray(at)));
  return out.subarray(0, filled);
}

function unzlib(packed: Uint8Array, out: Uint8Array, limit: number, name: string): Uint8Array {
  if (!isZlib(packed)) throw damaged(name);
  const { status, next, written } = inflate(packed, 2, out);
  if (status !== 'whole') throw fault(status, name, packed.length, limit);
  if (next + 4 > packed.length) throw cut(name, packed.length);
  const plain = out.subarray(0, written);
  const stored = new DataView(packed.buffer, packed.byteOffset + next, 4).getUint32(0, false);
  if (stored !== adler32(plain)) throw damaged(name);
  return plain;
}

/** Where a member's deflate data begins; -1 when the bytes end before it does. */
function gzipBody(bytes: Uint8Array, start: number): number {
  const flags = bytes[start + 3] ?? 0;
  let at = start + 10;
  if (flags & 4) at += 2 + ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8));
  for (const flag of [8, 16]) {
    if (!(flags & flag)) continue;
    const end = bytes.indexOf(0, at);
    if (end < 0) return -1;
    at = end + 1;
  }
  if (flags & 2) at += 2;
  return at < bytes.length ? at : -1;
}

let crcTable: Uint32Array | undefined;

/** CRC-32 as of gzip (RFC 1952, 8). */
function crc32(bytes: Uint8Array): number {
  crcTable ??= Uint32Array.from({ length: 256 }, (_, value) => {
    let c = value;
    for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    return c;
  });
  const table = crcTable;
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) crc = table[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Adler-32 (RFC 1950, 9). */
function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (let i = 0; i < bytes.length; ) {
    for (const end = Math.min(bytes.length, i + 3800); i < end; i++) {
      a += bytes[i]!;
      b += a;
    }
    a %= 65521;
    b %= 65521;
  }
  return b * 65536 + a;
}

/** Memory for what a file promises. Throws VOLUME_TOO_LARGE when there is none. */
export function allocate(length: number, name: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(length);
  } catch (cause) {
    throw new HounsfieldError(
      'VOLUME_TOO_LARGE',
      `${name} needs ${length} bytes of memory, more than can be had here. Crop or resample it before reading.`,
      { cause },
    );
  }
}

function fault(
  status: 'full' | 'cut' | 'damaged',
  name: string,
  size: number,
  limit: number,
): HounsfieldError {
  return status === 'full' ? tooLarge(name, limit) : status === 'cut' ? cut(name, size) : damaged(name);
}

function tooLarge(name: string, limit: number): HounsfieldError {
  return new HounsfieldError(
    'COMPRESSED_TOO_LARGE',
    `${name} unpacks to more than the ${limit} bytes that its header allows. Do not trust it; unpack it by hand and ` +
      'compare its header with its length.',
  );
}

function cut(name: string, size: number): HounsfieldError {
  return new HounsfieldError(
    'COMPRESSED_CUT',
    `${name} ends inside its compressed data, after ${size} bytes. Copy it again from its source.`,
  );
}

function damaged(name: string): HounsfieldError {
  return new HounsfieldError(
    'COMPRESSED_DAMAGED',
    `${name} holds compressed data that does not decode, or not to its checksum. Copy it again from its source.`,
  );
}
