const CLEAR = 256;
const END = 257;

/**
 * Unpacks TIFF's LZW (TIFF 6.0 section 13: most significant bit first, codes of 9..12 bits, width raised one code early)
 * into `out` and never past it; old streams with the least significant bit first too. Returns the bytes written.
 */
export function unpackLzw(packed: Uint8Array, out: Uint8Array): number {
  // the old kind begins with a clear code of 9 bits, least significant first: 00 and a 1 in the second byte
  const isOld = packed.length > 1 && packed[0] === 0 && (packed[1]! & 1) === 1;
  const prefix = new Int16Array(4096);
  const suffix = new Uint8Array(4096);
  const length = new Uint16Array(4096);
  for (let i = 0; i < 256; i++) {
    suffix[i] = i;
    length[i] = 1;
  }
  let [bit, width, next, previous, to] = [0, 9, 258, -1, 0];
  const total = packed.length * 8;
  while (bit + width <= total && to < out.length) {
    const code = isOld ? lowFirst(packed, bit, width) : highFirst(packed, bit, width);
    bit += width;
    if (code === END) break;
    if (code === CLEAR) {
      [width, next, previous] = [9, 258, -1];
      continue;
    }
    const isKnown = code < next;
    if (previous < 0 ? code >= 256 : code > next) break;
    const source = isKnown ? code : previous;
    const count = length[source]!;
    // written back to front along the chain of prefixes
    let link = source;
    for (let at = to + count - 1; at >= to; at--) {
      if (at < out.length) out[at] = suffix[link]!;
      if (at > to) link = prefix[link]!;
    }
    const first = suffix[link]!;
    to += count;
    if (!isKnown) {
      if (to < out.length) out[to] = first;
      to++;
    }
    if (previous >= 0 && next < 4096) {
      prefix[next] = previous;
      suffix[next] = first;
      length[next] = length[previous]! + 1;
      next++;
    }
    previous = code;
    const limit = isOld ? next : next + 1;
    width = limit >= 2048 ? 12 : limit >= 1024 ? 11 : limit >= 512 ? 10 : 9;
  }
  return Math.min(to, out.length);
}

function highFirst(bytes: Uint8Array, bit: number, width: number): number {
  const at = bit >> 3;
  const word = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
  return (word >> (24 - (bit & 7) - width)) & ((1 << width) - 1);
}

function lowFirst(bytes: Uint8Array, bit: number, width: number): number {
  const at = bit >> 3;
  const word = bytes[at]! | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
  return (word >> (bit & 7)) & ((1 << width) - 1);
}
