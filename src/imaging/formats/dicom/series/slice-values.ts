import { HounsfieldError } from '../../../../errors.ts';
import type { PixelArray } from '../../../image/medical-image.ts';
import { isYbr, ybrToRgb } from '../pixels/colour.ts';
import type { DecodedFrame } from '../pixels/decode-frame.ts';
import type { ImagePixel } from '../pixels/image-pixel.ts';
import { applyLookupTable } from '../pixels/lookup-table.ts';
import { isIdentity, type ModalityTransform } from '../pixels/modality.ts';
import type { PixelPadding } from '../pixels/padding.ts';
import { applyPalette, type Palette } from '../pixels/palette.ts';

/** How the stored values of one slice become the image's. */
export interface SlicePlan {
  readonly image: Omit<ImagePixel, 'element'>;
  readonly transform: ModalityTransform;
  readonly palette?: Palette;
  /** What padding becomes, where it is to be replaced. */
  readonly padding?: PixelPadding & { readonly by: number };
}

/** What array an image's values are kept in. */
export type OutputKind = 'int8' | 'uint8' | 'int16' | 'uint16' | 'int32' | 'uint32' | 'float32' | 'float64';

const arrays = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

/** Values that an image may have; 2^31 of 16 bits are 4 GB. */
export const IMAGE_VALUES = 2 ** 31;

/** An array for an image. Throws DICOM_PIXEL_LIMIT when it is too large for this reader or for the machine. */
export function outputArray(kind: OutputKind, length: number): PixelArray {
  if (length <= IMAGE_VALUES) {
    try {
      return new arrays[kind](length);
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
    }
  }
  throw new HounsfieldError(
    'DICOM_PIXEL_LIMIT',
    `the image has ${length} values, more than can be held at once. Read it frame by frame with decodeFrame.`,
  );
}

function storedKind({ kind, bitsAllocated, signed }: SlicePlan['image']): OutputKind {
  if (kind !== 'integer') return kind === 'float' ? 'float32' : 'float64';
  if (bitsAllocated > 32) return 'float64';
  const bits = bitsAllocated <= 8 ? 8 : bitsAllocated <= 16 ? 16 : 32;
  return bitsAllocated === 1 ? 'uint8' : (`${signed ? 'int' : 'uint'}${bits}` as OutputKind); // all six are there
}

function kindOf(plan: SlicePlan): OutputKind {
  const { image, transform, palette } = plan;
  if (palette) return palette.bits <= 8 ? 'uint8' : 'uint16';
  if (image.samples > 1 || isIdentity(transform)) return storedKind(image);
  if (transform.kind === 'table') return transform.table.bits <= 8 ? 'uint8' : 'uint16';
  const { slope, intercept } = transform as { slope: number; intercept: number }; // identity and tables were taken out
  const whole = Number.isInteger(slope) && Number.isInteger(intercept) && image.kind === 'integer';
  return whole && image.bitsAllocated <= 32 ? 'int16' : 'float32';
}

/** The array that holds all slices: of their own kind where they agree, else of float32. */
export function outputKind(plans: readonly SlicePlan[]): OutputKind {
  const kinds = new Set(plans.map(kindOf));
  const [only] = kinds;
  return kinds.size === 1 ? only! : kinds.has('float64') ? 'float64' : 'float32';
}

/** One frame's values by its plan, still [C, H, W]; of whole numbers by a linear transform the plain numbers. */
export function frameValues(frame: DecodedFrame, { image, transform, palette }: SlicePlan): PixelArray {
  if (palette) return applyPalette(frame.values, palette);
  if (frame.channels === 3 && isYbr(frame.photometric)) {
    return ybrToRgb(frame.values, frame.photometric, Math.min(image.bitsStored, 16));
  }
  if (transform.kind === 'table' && frame.channels === 1)
    return applyLookupTable(frame.values, transform.table);
  return frame.values;
}

/**
 * Writes a frame into an image's array. @param at where its first channel's first value goes
 * @param channelStep from channel to channel. @returns false when a value did not fit 16 bits
 */
export function writeFrame(
  out: PixelArray,
  at: number,
  channelStep: number,
  frame: DecodedFrame,
  plan: SlicePlan,
): boolean {
  const values = frameValues(frame, plan);
  const { transform } = plan;
  const plane = frame.height * frame.width;
  const channels = values.length / plane;
  let fits = true;
  if (channels === 1 && transform.kind === 'linear' && !isIdentity(transform)) {
    fits = writeLinear(out, at, values, transform.slope, transform.intercept);
  } else {
    for (let c = 0; c < channels; c++) {
      const to = at + c * channelStep;
      out.set(values.subarray(c * plane, (c + 1) * plane), to);
    }
  }
  if (plan.padding) replacePadding(out, at, frame.values, plan.padding);
  return fits;
}

/** stored x slope + intercept into the array; false when it is of 16 bits and a result is beyond them. */
export function writeLinear(
  out: PixelArray,
  at: number,
  values: PixelArray,
  slope: number,
  intercept: number,
): boolean {
  if (slope === 1 && out instanceof Int16Array && addPairs(out, at, values, intercept)) return true;
  if (!(out instanceof Int16Array)) {
    for (let i = 0, to = at; i < values.length; i++, to++) out[to] = values[i]! * slope + intercept;
    return true;
  }
  let least = 0;
  let most = 0;
  for (let i = 0, to = at; i < values.length; i++, to++) {
    const value = values[i]! * slope + intercept;
    if (value < least) least = value;
    else if (value > most) most = value;
    out[to] = value;
  }
  return least >= -32768 && most <= 32767;
}

/**
 * values + shift for 16-bit values, two in one 32-bit addition whose carry is kept out of the upper one.
 * False when that is not possible here, or when a sum is beyond 16 signed bits: what was written is to be written again.
 */
function addPairs(out: Int16Array, at: number, values: PixelArray, shift: number): boolean {
  const signed = values instanceof Int16Array;
  const pairs = values.length >> 1;
  const aligned =
    at % 2 === 0 && out.byteOffset % 4 === 0 && values.byteOffset % 4 === 0 && values.length % 2 === 0;
  if (!aligned || shift < -32768 || shift > 32767) return false;
  if (!signed && !(values instanceof Uint16Array)) return false;
  const from = new Int32Array(values.buffer, values.byteOffset, pairs);
  const to = new Int32Array(out.buffer, out.byteOffset + at * 2, pairs);
  const both = (shift & 0xffff) | (shift << 16);
  const low = both & 0x7fff7fff;
  let over = 0;
  for (let i = 0; i < pairs; i++) {
    const pair = from[i]!;
    const sum = ((pair & 0x7fff7fff) + low) ^ ((pair ^ both) & 0x80008000);
    over |= signed ? (pair ^ sum) & (both ^ sum) : shift < 0 ? pair & sum : pair | sum;
    to[i] = sum;
  }
  return (over & 0x80008000) === 0;
}

function replacePadding(
  out: PixelArray,
  at: number,
  stored: PixelArray,
  { from, to, by }: NonNullable<SlicePlan['padding']>,
): void {
  for (let i = 0; i < stored.length; i++) if (stored[i]! >= from && stored[i]! <= to) out[at + i] = by;
}
