import { open } from 'node:fs/promises';
import { HounsfieldError } from '../../../../errors.ts';
import type { DicomFile } from '../dataset.ts';
import type { DecodedFrame } from '../pixels/decode-frame.ts';
import { excessOf, nativeLength } from '../pixels/frame-bytes.ts';
import { type ImagePixel, imagePixel } from '../pixels/image-pixel.ts';
import { trimToStored } from '../pixels/stored-values.ts';

/** A grey slice of 16 bits that lies uncompressed in its file: enough to read it without its header again. */
export interface NativeSlice {
  readonly image: Omit<ImagePixel, 'element'>;
  readonly offset: number;
  readonly length: number;
}

const littleEndianMachine = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
const plain = new Set(['1.2.840.10008.1.2', '1.2.840.10008.1.2.1']);

/** Where a file's only slice lies, if it is of the plain kind; undefined sends it the general way. */
export function nativeSlice(file: DicomFile): NativeSlice | undefined {
  const { element, ...image } = imagePixel(file);
  const range = element.deferred;
  const simple =
    image.kind === 'integer' && image.bitsAllocated === 16 && image.samples === 1 && image.frames === 1;
  if (!simple || !range || !littleEndianMachine || !plain.has(file.transferSyntaxUid)) return undefined;
  const length = image.rows * image.columns * 2;
  if (nativeLength({ ...image, element }) < length) return undefined;
  excessOf(file, { ...image, element });
  return { image, offset: range.offset, length };
}

/** Reads a slice into a buffer that may be used again once the frame has been copied out of it. */
export async function readNativeSlice(
  name: string,
  { image, offset, length }: NativeSlice,
  spare?: ArrayBuffer,
): Promise<{ frame: DecodedFrame; buffer: ArrayBuffer }> {
  const buffer = spare !== undefined && spare.byteLength === length ? spare : new ArrayBuffer(length);
  await readInto(name, new Uint8Array(buffer), offset);
  const values = image.signed ? new Int16Array(buffer) : new Uint16Array(buffer);
  trimToStored(values, image);
  const { rows: height, columns: width, photometric, bitsStored, signed, warnings } = image;
  return { buffer, frame: { values, channels: 1, height, width, photometric, bitsStored, signed, warnings } };
}

async function readInto(name: string, bytes: Uint8Array, offset: number): Promise<void> {
  const changed = (cause?: unknown) =>
    new HounsfieldError(
      'FILE_UNREADABLE',
      `${name} was changed or removed while it was read. Read the series again.`,
      {
        cause,
      },
    );
  const handle = await open(name, 'r').catch((cause: unknown) => {
    throw changed(cause);
  });
  try {
    let got = 0;
    while (got < bytes.length) {
      const { bytesRead } = await handle.read(bytes, got, bytes.length - got, offset + got);
      if (bytesRead === 0) throw changed();
      got += bytesRead;
    }
  } finally {
    await handle.close();
  }
}
