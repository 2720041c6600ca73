import { HounsfieldError } from '../../../../errors.ts';
import type { ByteRange, DicomFile } from '../dataset.ts';
import { readValue } from '../read-dicom.ts';
import type { ImagePixel } from './image-pixel.ts';

/** Bits of one native frame, padding apart (PS3.5 8.1.1, 8.2). */
export function frameBits(image: ImagePixel): number {
  const values = image.rows * image.columns * image.samples;
  const stored = isSubsampled(image) ? (values * 2) / 3 : values;
  return stored * image.bitsAllocated;
}

/** Native pixels whose two colour differences are shared by two neighbours (PS3.3 C.7.6.3.1.2). */
export function isSubsampled(image: ImagePixel): boolean {
  const shared = image.photometric === 'YBR_FULL_422' || image.photometric === 'YBR_PARTIAL_422';
  return shared && image.samples === 3 && !image.encapsulated && !image.planar;
}

/** A frame of native pixels and how many bits of its first byte belong to the frame before. */
export interface NativeFrame {
  readonly bytes: Uint8Array;
  readonly bitOffset: number;
}

/** Fetches one native frame. Throws DICOM_PIXELS_SHORT when the file ends within it. */
export async function readNativeFrame(
  file: DicomFile,
  image: ImagePixel,
  index: number,
): Promise<NativeFrame> {
  const bits = frameBits(image);
  const bitStart = index * bits;
  const start = Math.floor(bitStart / 8);
  const length = Math.ceil((bitStart + bits) / 8) - start;
  const there = nativeLength(image);
  // Bytes of a big-endian OW word stand the other way round, so that whole words are fetched (PS3.5 annex A.3).
  const swapped = !file.dataset.littleEndian && image.bitsAllocated === 8 && image.element.vr === 'OW';
  const from = swapped ? start - (start % 2) : start;
  const until = swapped ? Math.min(start + length + ((start + length) % 2), there) : start + length;
  const bytes = until <= there ? await readPart(file, image, from, until - from) : new Uint8Array(0);
  if (bytes.length < until - from) throw tooShort(file, image, index);
  if (!swapped) return { bytes, bitOffset: bitStart % 8 };
  const turned = bytes.slice();
  for (let i = 0; i + 1 < turned.length; i += 2) {
    turned[i] = bytes[i + 1]!;
    turned[i + 1] = bytes[i]!;
  }
  return { bytes: turned.subarray(start - from, start - from + length), bitOffset: 0 };
}

/** Bytes of native pixel data that are there. */
export function nativeLength({ element }: ImagePixel): number {
  return element.bytes?.length ?? element.deferred?.length ?? 0;
}

async function readPart(file: DicomFile, { element }: ImagePixel, start: number, length: number) {
  if (element.bytes) return element.bytes.subarray(start, start + length);
  return file.source.read((element.deferred?.offset ?? 0) + start, length);
}

function tooShort(file: DicomFile, image: ImagePixel, index: number): HounsfieldError {
  const needed = Math.ceil((frameBits(image) * image.frames) / 8);
  return new HounsfieldError(
    'DICOM_PIXELS_SHORT',
    `${file.source.name}: frame ${index + 1} is not whole: ${nativeLength(image)} bytes of pixels are there, where ` +
      `${image.frames} frames of ${image.rows} x ${image.columns} need ${needed}. ` +
      'The file is cut or its header is wrong: copy it again from its source.',
  );
}

/** One sentence when native pixels are more than the header says; undefined when they are as many. Throws DICOM_PIXEL_ATTRIBUTE. */
export function excessOf(file: DicomFile, image: ImagePixel): string | undefined {
  if (image.encapsulated) return undefined;
  const expected = Math.ceil((frameBits(image) * image.frames) / 8);
  const there = nativeLength(image);
  if (there <= expected + (expected % 2)) return undefined;
  if (isSubsampled(image) && there >= expected * 1.5) {
    throw new HounsfieldError(
      'DICOM_PIXEL_ATTRIBUTE',
      `${file.source.name}: ${there} bytes of pixels are there where ${image.photometric} needs ${expected}: they are not ` +
        'subsampled, so that Photometric Interpretation should be RGB or YBR_FULL. Correct it.',
    );
  }
  return `${there - expected} bytes of pixel data beyond the ${expected} that the header says were left out`;
}

const EXTENDED_OFFSETS = 0x7fe00001;
const EXTENDED_LENGTHS = 0x7fe00002;

const located = new WeakMap<DicomFile, Promise<readonly (readonly ByteRange[])[]>>();

/** Fetches the bytes of one compressed frame, its fragments joined. Throws DICOM_FRAGMENTS, DICOM_PIXELS_SHORT. */
export async function readEncapsulatedFrame(
  file: DicomFile,
  image: ImagePixel,
  index: number,
): Promise<Uint8Array> {
  let frames = located.get(file);
  if (!frames) {
    frames = locateFrames(file, image);
    located.set(file, frames);
  }
  const parts: Uint8Array[] = [];
  for (const range of (await frames)[index] ?? []) {
    const bytes = await file.source.read(range.offset, range.length);
    if (bytes.length < range.length && index < image.frames - 1) throw cut(file, index);
    parts.push(bytes);
  }
  if (parts.length === 1) return parts[0]!;
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  if (joined.length === 0) throw cut(file, index);
  return joined;
}

function cut(file: DicomFile, index: number): HounsfieldError {
  return new HounsfieldError(
    'DICOM_PIXELS_SHORT',
    `${file.source.name}: the compressed frame ${index + 1} is not there or is cut off. Copy the file again from its source.`,
  );
}

/** Makes sure that all frames are there before any is decoded. Throws DICOM_PIXELS_SHORT, DICOM_FRAGMENTS. */
export async function requireAllFrames(file: DicomFile, image: ImagePixel): Promise<void> {
  if (image.encapsulated) {
    if (!located.has(file)) located.set(file, locateFrames(file, image));
    await located.get(file);
  } else if (Math.ceil((frameBits(image) * image.frames) / 8) > nativeLength(image)) {
    throw tooShort(file, image, Math.floor((nativeLength(image) * 8) / frameBits(image)));
  }
}

/** Which fragments make up each frame (PS3.5 A.4; C.7.6.3.1.8 for the extended offset table). */
async function locateFrames(file: DicomFile, image: ImagePixel): Promise<readonly (readonly ByteRange[])[]> {
  const [table, ...fragments] = image.element.fragments ?? [];
  const { frames } = image;
  if (fragments.length === 0) throw fragmentsWrong(file, image, 0);
  if (frames === 1) return [fragments];
  const extended = await extendedOffsets(file, frames);
  const offsets = extended ?? (await basicOffsets(file, table, frames));
  if (offsets) {
    const grouped = groupByOffset(fragments, offsets);
    if (grouped) return grouped;
  }
  if (fragments.length === frames) return fragments.map((fragment) => [fragment]);
  const marked = await groupByMarker(file, fragments);
  if (marked.length !== frames) throw fragmentsWrong(file, image, marked.length);
  return marked;
}

function fragmentsWrong(file: DicomFile, image: ImagePixel, found: number): HounsfieldError {
  const fragments = Math.max(0, (image.element.fragments?.length ?? 0) - 1);
  return new HounsfieldError(
    'DICOM_FRAGMENTS',
    `${file.source.name}: ${fragments} fragments without a usable offset table hold ${found} frames by their markers, ` +
      `where the header says ${image.frames}. The file is cut or its Number of Frames is wrong.`,
  );
}

/** Offsets of the first byte of each frame's first item, from the first item after the table on; absent when useless. */
async function basicOffsets(file: DicomFile, table: ByteRange | undefined, frames: number) {
  if (!table || table.length < frames * 4 || frames === 0) return undefined;
  const bytes = await file.source.read(table.offset, frames * 4);
  if (bytes.length < frames * 4) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: frames }, (_, i) => view.getUint32(i * 4, true));
}

async function extendedOffsets(file: DicomFile, frames: number) {
  const table = file.dataset.elements.get(EXTENDED_OFFSETS);
  const lengths = file.dataset.elements.get(EXTENDED_LENGTHS);
  if (!table || !lengths) return undefined;
  const bytes = await readValue(file, table);
  if (bytes.length < frames * 8) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: frames }, (_, i) =>
    Number(view.getBigUint64(i * 8, file.dataset.littleEndian)),
  );
}

function groupByOffset(
  fragments: readonly ByteRange[],
  offsets: readonly number[],
): readonly (readonly ByteRange[])[] | undefined {
  const base = fragments[0]!.offset - 8;
  const frameAt = new Map(offsets.map((offset, frame) => [offset + base + 8, frame]));
  if (frameAt.size !== offsets.length) return undefined;
  const groups: ByteRange[][] = offsets.map(() => []);
  let found = 0;
  let current: number | undefined;
  for (const fragment of fragments) {
    const frame = frameAt.get(fragment.offset);
    if (frame !== undefined) {
      current = frame;
      found++;
    }
    if (current === undefined) return undefined;
    groups[current]!.push(fragment);
  }
  return found === offsets.length ? groups : undefined;
}

/** A fragment that begins as a JPEG, JPEG 2000 or JPEG XL stream does begins a frame. */
async function groupByMarker(file: DicomFile, fragments: readonly ByteRange[]) {
  const groups: ByteRange[][] = [];
  for (const fragment of fragments) {
    const head = await file.source.read(fragment.offset, Math.min(12, fragment.length));
    const begins =
      (head[0] === 0xff && (head[1] === 0xd8 || head[1] === 0x4f || head[1] === 0x0a)) ||
      (head.length === 12 && ['jP  ', 'JXL '].includes(String.fromCharCode(...head.subarray(4, 8))));
    if (begins || groups.length === 0) groups.push([fragment]);
    else groups.at(-1)!.push(fragment);
  }
  return groups;
}
