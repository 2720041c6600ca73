import { inflate } from '../inflate.ts';
import { decodeLerc, LERC_TYPES, type LercHeader } from './decode-lerc.ts';
import { mostBlockBytes, zstdContent } from './zstd.ts';

/** LERC cuts an image into squares of 8 to 32 pixels; larger ones are not written. */
const LARGEST_SQUARE = 256;
const FIRST_READ = 3;
const LAST_READ = 5;

/**
 * Values of the one LERC blob of a block, out of the second compression that TIFF's LercParameters name (0 none,
 * 1 deflate, 2 Zstandard). Undefined where it is damaged, or would hold more than a block may.
 */
export async function unpackLerc(
  bytes: Uint8Array,
  compression: number,
  wanted: number,
): Promise<Uint8Array | undefined> {
  const most = mostBlockBytes(wanted);
  const blob = await unpacked(bytes, compression, most);
  if (blob === undefined || blob.length > most) return undefined;
  const header = lercHeader(blob);
  if (header === undefined) return undefined;
  const { height, width, dimensions, type } = header;
  if (!(height * width * dimensions * LERC_TYPES[type]!.BYTES_PER_ELEMENT <= most)) return undefined;
  const held = decodeLerc(blob, header);
  return held !== undefined && held.length >= wanted ? held.subarray(0, wanted) : undefined;
}

/** A blob's header, undefined where it is none or says what cannot be. */
function lercHeader(blob: Uint8Array): LercHeader | undefined {
  if (blob.length < 66 || !Array.from('Lerc2 ').every((letter, i) => blob[i] === letter.charCodeAt(0)))
    return undefined;
  const view = new DataView(blob.buffer, blob.byteOffset, blob.length);
  const version = view.getInt32(6, true);
  const rest = version >= 4 ? 26 : 22;
  const header: LercHeader = {
    version,
    height: view.getUint32(14, true),
    width: view.getUint32(18, true),
    dimensions: version >= 4 ? view.getUint32(22, true) : 1,
    validPixels: view.getUint32(rest, true),
    square: view.getInt32(rest + 4, true),
    length: view.getInt32(rest + 8, true),
    type: view.getInt32(rest + 12, true),
    maxError: view.getFloat64(rest + 16, true),
    smallest: view.getFloat64(rest + 24, true),
    largest: view.getFloat64(rest + 32, true),
    end: rest + 40,
  };
  const isRead = version >= FIRST_READ && version <= LAST_READ && LERC_TYPES[header.type] !== undefined;
  const isCut = header.length < header.end + 4 || header.length > blob.length;
  const isSquare = header.square >= 1 && header.square <= LARGEST_SQUARE;
  const isEmpty = header.height === 0 || header.width === 0 || header.dimensions === 0;
  return isRead && !isCut && isSquare && !isEmpty ? header : undefined;
}

async function unpacked(
  bytes: Uint8Array,
  compression: number,
  most: number,
): Promise<Uint8Array | undefined> {
  if (compression === 0) return bytes;
  if (compression === 2) return zstdContent(bytes, most);
  if (compression !== 1) return undefined;
  const out = new Uint8Array(most);
  const { status, written } = inflate(bytes, 2, out);
  return status === 'whole' ? out.subarray(0, written) : undefined;
}
