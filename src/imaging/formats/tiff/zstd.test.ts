import { expect, test } from 'vitest';
import { unpackZstd } from './zstd.ts';

const BLOCK = 2 ** 17;

/** A frame of blocks that each say one byte so many times (RFC 8878 clause 3.1.1.2), its content's size left out. */
function frame(blocks: number, size = BLOCK, kind = 1): Uint8Array {
  const bytes = [0x28, 0xb5, 0x2f, 0xfd, 0, 0x50];
  for (let i = 0; i < blocks; i++) {
    const header = (i === blocks - 1 ? 1 : 0) | (kind << 1) | (size << 3);
    bytes.push(header & 0xff, (header >> 8) & 0xff, header >> 16, 7);
  }
  return Uint8Array.from(bytes);
}
/** The same with a size of eight bytes in its header. */
function stating(size: bigint, bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length + 8);
  out.set(bytes.subarray(0, 6));
  out[4] = 0xc0;
  new DataView(out.buffer).setBigUint64(6, size, true);
  out.set(bytes.subarray(6), 14);
  return out;
}

test.each([
  ['as many as are wanted', frame(2), 2 * BLOCK],
  ['and its size in the header', stating(BigInt(2 * BLOCK), frame(2)), 2 * BLOCK],
  ['some more', frame(2), 2 * BLOCK - 60_000],
])('a frame of %s is read', async (_, bytes, wanted) => {
  expect(await unpackZstd(bytes, wanted)).toEqual(new Uint8Array(wanted).fill(7));
});

test.each([
  ['nothing', new Uint8Array(0), 100],
  ['another beginning', frame(1).fill(0, 0, 1), 100],
  ['fewer bytes than are wanted', frame(1), BLOCK + 1],
  ['a thousand times the bytes, unsaid', frame(8000), BLOCK],
  ['a thousand times the bytes, said', stating(2n ** 62n, frame(2)), BLOCK],
  ['a size that is not kept', stating(100n, frame(2)), 100],
  ['a kind of block that is not defined', frame(3, BLOCK, 3), BLOCK],
  ['no block', frame(0), 100],
])('%s: no bytes, in bounded time', async (_, bytes, wanted) => {
  expect(await unpackZstd(bytes, wanted)).toBeUndefined();
});
