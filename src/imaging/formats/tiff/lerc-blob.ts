import { inflate } from '../inflate.ts';
import { mostBlockBytes, zstdContent } from './zstd.ts';

const SAMPLE_BYTES = [1, 1, 2, 2, 4, 4, 4, 8];
/** LERC cuts an image into squares of 8 to 32 pixels; larger ones are not written. */
const LARGEST_SQUARE = 256;
const FIRST_WITH_CHECKSUM = 3;
const LAST_READ = 5;

/**
 * The one LERC blob of a block, out of the second compression that TIFF's LercParameters name (0 none, 1 deflate,
 * 2 Zstandard): the decoder believes sizes, so they are checked here. Undefined where it is none, or would hold more
 * than a block may. Blobs without a checksum, older than those that TIFF has, are not taken.
 */
export async function lercBlob(
  bytes: Uint8Array,
  compression: number,
  wanted: number,
): Promise<Uint8Array | undefined> {
  const most = mostBlockBytes(wanted);
  const blob = await unpacked(bytes, compression, most);
  if (blob === undefined || blob.length < 70 || blob.length > most) return undefined;
  if (!Array.from('Lerc2 ').every((letter, i) => blob[i] === letter.charCodeAt(0))) return undefined;
  const view = new DataView(blob.buffer, blob.byteOffset, blob.length);
  const version = view.getInt32(6, true);
  if (version < FIRST_WITH_CHECKSUM || version > LAST_READ) return undefined;
  const [height, width] = [view.getUint32(14, true), view.getUint32(18, true)];
  const dimensions = version >= 4 ? view.getUint32(22, true) : 1;
  const rest = version >= 4 ? 26 : 22;
  const [square, length] = [view.getInt32(rest + 4, true), view.getInt32(rest + 8, true)];
  const sampleBytes = SAMPLE_BYTES[view.getInt32(rest + 12, true)] ?? Number.NaN;
  const maskBytes = view.getUint32(rest + 40, true);
  const fits =
    width * height * dimensions * sampleBytes <= most &&
    maskBytes <= (width * height) / 4 + 64 &&
    square >= 1 &&
    square <= LARGEST_SQUARE &&
    length >= rest + 40 &&
    length <= blob.length;
  return fits ? blob.slice(0, length) : undefined;
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
