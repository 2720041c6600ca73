/** How one deflate stream went: whole, out of room, out of input, or not deflate. */
export interface InflateResult {
  readonly status: 'whole' | 'full' | 'cut' | 'damaged';
  /** First byte of the input after what was used. */
  readonly next: number;
  /** Bytes of `out` that are filled. */
  readonly written: number;
}

const MAX_BITS = 15;
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

function rising(first: number, extra: readonly number[]): Uint16Array {
  const base = new Uint16Array(extra.length);
  let value = first;
  for (let i = 0; i < extra.length; i++) {
    base[i] = value;
    value += 1 << extra[i]!;
  }
  return base;
}

const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const LENGTH_BASE = rising(3, LENGTH_EXTRA);
LENGTH_BASE[28] = 258;
const DISTANCE_EXTRA = Array.from({ length: 30 }, (_, i) => Math.max(0, (i >> 1) - 1));
const DISTANCE_BASE = rising(1, DISTANCE_EXTRA);

interface Codes {
  /** By the next `bits` bits of input: symbol << 4 | length of its code; 0 where no code begins so. */
  readonly table: Uint16Array;
  readonly bits: number;
}

/** Canonical codes of the given lengths (RFC 1951, 3.2.2); undefined when more codes are claimed than fit. */
function codesOf(lengths: Uint8Array): Codes | undefined {
  const count = new Uint16Array(MAX_BITS + 1);
  for (const length of lengths) count[length]!++;
  count[0] = 0;
  let bits = MAX_BITS;
  while (bits > 1 && count[bits] === 0) bits--;
  const next = new Uint16Array(MAX_BITS + 2);
  let code = 0;
  for (let length = 1; length <= bits; length++) {
    code = (code + count[length - 1]!) << 1;
    next[length] = code;
    if (code + count[length]! > 1 << length) return undefined;
  }
  const table = new Uint16Array(1 << bits);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol]!;
    if (length === 0) continue;
    let reversed = 0;
    for (let i = 0, c = next[length]!++; i < length; i++, c >>= 1) reversed = (reversed << 1) | (c & 1);
    const entry = (symbol << 4) | length;
    for (let i = reversed; i < table.length; i += 1 << length) table[i] = entry;
  }
  return { table, bits };
}

let fixed: readonly [Codes, Codes] | undefined;

function fixedCodes(): readonly [Codes, Codes] {
  fixed ??= [
    codesOf(new Uint8Array(288).fill(8).fill(9, 144, 256).fill(7, 256, 280))!,
    codesOf(new Uint8Array(30).fill(5))!,
  ];
  return fixed;
}

/** The bits of the input, least significant first. `at` runs past the end when the input is cut. */
interface BitReader {
  readonly input: Uint8Array;
  at: number;
  hold: number;
  held: number;
  /** Bytes given out so far. */
  to: number;
}

function need(reader: BitReader, bits: number): void {
  while (reader.held < bits) {
    reader.hold |= (reader.input[reader.at++] ?? 0) << reader.held;
    reader.held += 8;
  }
}

function take(reader: BitReader, bits: number): number {
  need(reader, bits);
  const value = reader.hold & ((1 << bits) - 1);
  reader.hold >>>= bits;
  reader.held -= bits;
  return value;
}

/** -1 when no code begins with the bits that follow. */
function symbolOf(reader: BitReader, { table, bits }: Codes): number {
  need(reader, bits);
  const entry = table[reader.hold & (table.length - 1)]!;
  const length = entry & 15;
  reader.hold >>>= length;
  reader.held -= length;
  return entry === 0 ? -1 : entry >> 4;
}

function dynamicCodes(reader: BitReader): readonly [Codes, Codes] | undefined {
  const literals = take(reader, 5) + 257;
  const distances = take(reader, 5) + 1;
  const given = take(reader, 4) + 4;
  const lengths = new Uint8Array(19);
  for (let i = 0; i < given; i++) lengths[CODE_LENGTH_ORDER[i]!] = take(reader, 3);
  const codes = codesOf(lengths);
  if (!codes || literals > 286) return undefined;
  const all = new Uint8Array(literals + distances);
  for (let i = 0; i < all.length; ) {
    const symbol = symbolOf(reader, codes);
    if (symbol < 0 || (symbol === 16 && i === 0)) return undefined;
    if (symbol < 16) {
      all[i++] = symbol;
      continue;
    }
    const repeat =
      symbol === 16 ? 3 + take(reader, 2) : symbol === 17 ? 3 + take(reader, 3) : 11 + take(reader, 7);
    if (i + repeat > all.length) return undefined;
    all.fill(symbol === 16 ? all[i - 1]! : 0, i, i + repeat);
    i += repeat;
  }
  const pair = [codesOf(all.subarray(0, literals)), codesOf(all.subarray(literals))] as const;
  return pair[0] && pair[1] ? [pair[0], pair[1]] : undefined;
}

/** Gives out one block of codes and says how it ended. */
function inflateCodes(
  reader: BitReader,
  [literals, distances]: readonly [Codes, Codes],
  out: Uint8Array,
): InflateResult['status'] {
  const last = reader.input.length + 8;
  let to = reader.to;
  let status: InflateResult['status'] = 'damaged';
  while (reader.at <= last) {
    const symbol = symbolOf(reader, literals);
    if (symbol < 0 || symbol > 285) break;
    if (symbol === 256) {
      status = 'whole';
      break;
    }
    if (symbol < 256) {
      if (to === out.length) {
        status = 'full';
        break;
      }
      out[to++] = symbol;
      continue;
    }
    const length = LENGTH_BASE[symbol - 257]! + take(reader, LENGTH_EXTRA[symbol - 257]!);
    const code = symbolOf(reader, distances);
    if (code < 0 || code > 29) break;
    const distance = DISTANCE_BASE[code]! + take(reader, DISTANCE_EXTRA[code]!);
    if (distance > to) break;
    const isFull = to + length > out.length;
    const end = isFull ? out.length : to + length;
    for (; to < end; to++) out[to] = out[to - distance]!;
    if (isFull) {
      status = 'full';
      break;
    }
  }
  reader.to = to;
  return status;
}

/** Gives out one stored block (RFC 1951, 3.2.4). */
function inflateStored(reader: BitReader, out: Uint8Array): InflateResult['status'] {
  const { input } = reader;
  const from = reader.at - (reader.held >> 3);
  reader.hold = 0;
  reader.held = 0;
  reader.at = Math.min(from + 4, input.length);
  if (from + 4 > input.length) return 'cut';
  const length = input[from]! | (input[from + 1]! << 8);
  if ((input[from + 2]! | (input[from + 3]! << 8)) !== (length ^ 0xffff)) return 'damaged';
  const room = Math.min(length, out.length - reader.to);
  const piece = input.subarray(reader.at, reader.at + room);
  out.set(piece, reader.to);
  reader.to += piece.length;
  reader.at += piece.length;
  if (piece.length < room) return 'cut';
  return room < length ? 'full' : 'whole';
}

/**
 * Decodes one raw deflate stream (RFC 1951) that begins at `start`, into `out` and never past it. Unlike a streaming
 * decoder it says where the stream ends, so that what follows (a checksum, another member, a tail) can be looked at.
 */
export function inflate(input: Uint8Array, start: number, out: Uint8Array): InflateResult {
  const reader: BitReader = { input, at: start, hold: 0, held: 0, to: 0 };
  let status: InflateResult['status'] = 'whole';
  for (let isLast = false; !isLast && status === 'whole'; ) {
    isLast = take(reader, 1) === 1;
    const kind = take(reader, 2);
    if (kind === 0) {
      status = inflateStored(reader, out);
      continue;
    }
    const codes = kind === 1 ? fixedCodes() : kind === 2 ? dynamicCodes(reader) : undefined;
    status = codes ? inflateCodes(reader, codes, out) : 'damaged';
  }
  const next = reader.at - (reader.held >> 3);
  return {
    status: next > input.length ? 'cut' : status,
    next: Math.min(next, input.length),
    written: reader.to,
  };
}
