import { HounsfieldError } from '../../../errors.ts';
import { type BitReader, readSigned, readUnary, readUnsigned } from './bit-reader.ts';

/** Coefficients of the fixed predictors of order 0..4 (RFC 9639 clause 9.2.5). */
const FIXED: readonly (readonly number[])[] = [[], [1], [2, -1], [3, -3, 1], [4, -6, 4, -1]];

export function damagedFlac(name: string, byte: number, what: string): HounsfieldError {
  return new HounsfieldError(
    'FLAC_INVALID',
    `${name}: ${what}, near byte ${byte}. Copy it again from its source, or encode it again.`,
  );
}

/**
 * Decodes one channel of a frame into out[0..count) (RFC 9639 clause 9.2). Sums are exact: coefficients of 15 bits,
 * samples of 33 and 32 terms stay within a double's 53 bits. Throws FLAC_TRUNCATED, FLAC_INVALID.
 */
export function readSubframe(reader: BitReader, bits: number, count: number, out: Float64Array): void {
  if (readUnsigned(reader, 1) !== 0)
    throw damagedFlac(reader.name, reader.byte, 'a subframe does not begin with 0');
  const type = readUnsigned(reader, 6);
  const wasted = readUnsigned(reader, 1) === 1 ? readUnary(reader) + 1 : 0;
  const depth = bits - wasted;
  if (depth < 1) throw damagedFlac(reader.name, reader.byte, `${wasted} wasted bits of ${bits}`);
  if (type === 0) {
    out.fill(readSigned(reader, depth), 0, count);
  } else if (type === 1) {
    for (let i = 0; i < count; i++) out[i] = readSigned(reader, depth);
  } else if (type >= 8 && type <= 12) {
    readPredicted(reader, depth, count, out, FIXED[type - 8]!);
  } else if (type >= 32) {
    readPredicted(reader, depth, count, out, undefined, type - 31);
  } else {
    throw damagedFlac(reader.name, reader.byte, `subframe type ${type} is reserved`);
  }
  if (wasted > 0) {
    const scale = 2 ** wasted;
    for (let i = 0; i < count; i++) out[i] = out[i]! * scale;
  }
}

function readPredicted(
  reader: BitReader,
  depth: number,
  count: number,
  out: Float64Array,
  fixed: readonly number[] | undefined,
  order = fixed?.length ?? 0,
): void {
  if (order > count)
    throw damagedFlac(reader.name, reader.byte, `a predictor of order ${order} for ${count} samples`);
  for (let i = 0; i < order; i++) out[i] = readSigned(reader, depth);
  let coefficients = fixed;
  let divisor = 1;
  if (!coefficients) {
    const precision = readUnsigned(reader, 4) + 1;
    const shift = readSigned(reader, 5);
    if (precision === 16 || shift < 0) {
      throw damagedFlac(
        reader.name,
        reader.byte,
        `predictor precision ${precision} or shift ${shift} is not allowed`,
      );
    }
    divisor = 2 ** shift;
    coefficients = Array.from({ length: order }, () => readSigned(reader, precision));
  }
  readResidual(reader, order, count, out);
  for (let i = order; i < count; i++) {
    let sum = 0;
    for (let j = 0; j < order; j++) sum += coefficients[j]! * out[i - 1 - j]!;
    out[i] = out[i]! + Math.floor(sum / divisor);
  }
}

/** Rice-coded differences into out[order..count) (RFC 9639 clause 9.2.7). */
function readResidual(reader: BitReader, order: number, count: number, out: Float64Array): void {
  const method = readUnsigned(reader, 2);
  if (method > 1) throw damagedFlac(reader.name, reader.byte, `residual coding ${method} is reserved`);
  const parameterBits = method === 0 ? 4 : 5;
  const escapeCode = 2 ** parameterBits - 1;
  const partitions = 2 ** readUnsigned(reader, 4);
  const size = count / partitions;
  if (!Number.isInteger(size) || size < order) {
    throw damagedFlac(reader.name, reader.byte, `${partitions} partitions of ${count} samples`);
  }
  let at = order;
  for (let partition = 1; partition <= partitions; partition++) {
    const end = partition * size;
    const parameter = readUnsigned(reader, parameterBits);
    if (parameter === escapeCode) {
      const raw = readUnsigned(reader, 5);
      for (; at < end; at++) out[at] = readSigned(reader, raw);
    } else {
      const scale = 2 ** parameter;
      for (; at < end; at++) {
        const folded = readUnary(reader) * scale + readUnsigned(reader, parameter);
        out[at] = folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2;
      }
    }
  }
}
