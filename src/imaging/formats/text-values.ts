import { HounsfieldError } from '../../errors.ts';
import type { PixelArray } from '../image/medical-image.ts';
import { newArray, type StoredType } from './stored-values.ts';
import { cutFault } from './volume-file.ts';

const WORD = /^[+-]?(nan|inf|infinity)$/i;

/**
 * `count` numbers written as text from byte `at` on, between white space or commas. 64-bit integers become float64.
 * Throws VOLUME_CUT when there are fewer, VOLUME_VALUES when something is no number.
 */
export function parseTextValues(
  bytes: Uint8Array,
  at: number,
  count: number,
  type: StoredType,
  name: string,
): { readonly pixels: PixelArray; readonly next: number } {
  if (count * 2 - 1 > bytes.length - at) throw cutFault(name, count * 2 - 1, bytes.length - at);
  const pixels = newArray(type === 'int64' || type === 'uint64' ? 'float64' : type, count);
  let next = at;
  for (let i = 0; i < count; i++) {
    while (next < bytes.length && isGap(bytes[next]!)) next++;
    const start = next;
    while (next < bytes.length && !isGap(bytes[next]!) && next - start < 64) next++;
    if (next === start) throw cutFault(name, count, i);
    pixels[i] = numberOf(bytes, start, next, name);
  }
  return { pixels, next };
}

function isGap(byte: number): boolean {
  return byte <= 32 || byte === 44;
}

function numberOf(bytes: Uint8Array, start: number, end: number, name: string): number {
  let whole = 0;
  let isPlain = end - start <= 9;
  for (let i = start; i < end && isPlain; i++) {
    const digit = bytes[i]! - 48;
    isPlain = digit >= 0 && digit <= 9;
    whole = whole * 10 + digit;
  }
  if (isPlain) return whole;
  const text = String.fromCharCode(...bytes.subarray(start, end));
  const value = Number(text);
  if (!Number.isNaN(value)) return value;
  if (!WORD.test(text)) {
    throw new HounsfieldError(
      'VOLUME_VALUES',
      `${name} holds something that is no number among its values, at byte ${start}. Write it again as numbers.`,
    );
  }
  return /nan/i.test(text) ? Number.NaN : text.startsWith('-') ? -Infinity : Infinity;
}
