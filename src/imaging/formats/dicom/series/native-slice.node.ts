import type { PixelArray } from '../../../image/medical-image.ts';
import type { DicomFile } from '../dataset.ts';
import type { DecodedFrame } from '../pixels/decode-frame.ts';
import { excessOf, nativeLength } from '../pixels/frame-bytes.ts';
import { type ImagePixel, imagePixel } from '../pixels/image-pixel.ts';
import { isIdentity, type ModalityTransform } from '../pixels/modality.ts';
import { trimToStored } from '../pixels/stored-values.ts';
import { type Pace, readInto, readIntoNow } from './quick-source.node.ts';
import { kernelTakes, type ShiftKernel } from './shift-kernel.ts';

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
  pace: Pace,
  spare?: ArrayBuffer,
): Promise<{ frame: DecodedFrame; buffer: ArrayBuffer }> {
  const buffer = spare !== undefined && spare.byteLength === length ? spare : new ArrayBuffer(length);
  await readInto(name, new Uint8Array(buffer), offset, pace);
  const values = image.signed ? new Int16Array(buffer) : new Uint16Array(buffer);
  trimToStored(values, image);
  const { rows: height, columns: width, photometric, bitsStored, signed, warnings } = image;
  return { buffer, frame: { values, channels: 1, height, width, photometric, bitsStored, signed, warnings } };
}

/**
 * Reads a slice straight into an image of 16 bits, through the kernel where bits are to be cut off or a number added.
 * Undefined: it cannot be done so, nothing was written. False: a value did not fit.
 */
export async function readIntoImage(
  name: string,
  { image, offset, length }: NativeSlice,
  pace: Pace,
  target: { readonly out: PixelArray; readonly at: number },
  transform: ModalityTransform,
  kernel: ShiftKernel | undefined,
): Promise<boolean | undefined> {
  const { out, at } = target;
  const whole = image.bitsStored === 16;
  const sameKind = image.signed ? out instanceof Int16Array : out instanceof Uint16Array;
  if (isIdentity(transform) && whole && sameKind) {
    await readInto(name, new Uint8Array(out.buffer, out.byteOffset + at * 2, length), offset, pace);
    return true;
  }
  const shift =
    transform.kind !== 'linear' ? undefined : transform.slope === 1 ? transform.intercept : undefined;
  if (pace.slow || !kernel || shift === undefined || !(out instanceof Int16Array)) return undefined;
  if (!kernelTakes(shift, image.signed) || kernel.bytes.length < length) return undefined;
  // Nothing may come between: the kernel's room is one for all files that are being read.
  readIntoNow(name, kernel.bytes.subarray(0, length), offset, pace);
  const fits = kernel.run(length / 2, image, shift);
  if (fits) out.set(new Int16Array(kernel.bytes.buffer, 0, length / 2), at);
  return fits;
}
