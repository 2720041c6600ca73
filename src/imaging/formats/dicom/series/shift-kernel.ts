/**
 * A WebAssembly program for the one loop that every CT slice goes through: unused bits cut off, a whole number added,
 * eight 16-bit values at a time. Where it finds a sum beyond 16 signed bits it says so.
 */
export interface ShiftKernel {
  /** Where values are put and results lie, room for as many bytes as asked for. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** @returns false when a result did not fit; what lies in `bytes` then is of no use */
  run(count: number, stored: { bitsStored: number; highBit: number; signed: boolean }, add: number): boolean;
}

const I32 = 0x7f;
const V128 = 0x7b;
const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const tee = (local: number) => [0x22, local];
const i32 = (value: number) => [0x41, value];
const simd = (code: number) => (code < 0x80 ? [0xfd, code] : [0xfd, (code & 0x7f) | 0x80, code >> 7]);
const splat = simd(0x10);
const shiftLeft = simd(0x8b);
const shiftRightSigned = simd(0x8c);
const shiftRightUnsigned = simd(0x8d);
const addLanes = simd(0x8e);
const addSaturating = simd(0x8f);
const or = simd(0x50);
const xor = simd(0x51);
const anyTrue = simd(0x53);
const load = [...simd(0x00), 4, 0];
const store = [...simd(0x0b), 4, 0];

/** Parameters: place, vectors, shift up, shift down, bits to flip, number to add; then the locals. */
const [place, vectors, up, down, flip, add, flips, adds, value, sum, over] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
];

function body(shiftRight: readonly number[]): number[] {
  const code = [
    ...[...get(flip), ...splat, ...set(flips), ...get(add), ...splat, ...set(adds)],
    ...[0x03, 0x40], // loop
    ...[...get(place), ...get(place), ...load, ...get(up), ...shiftLeft, ...get(down), ...shiftRight],
    ...[...get(flips), ...xor, ...tee(value), ...get(adds), ...addLanes, ...tee(sum), ...store],
    ...[
      ...get(over),
      ...get(sum),
      ...get(value),
      ...get(adds),
      ...addSaturating,
      ...xor,
      ...or,
      ...set(over),
    ],
    ...[...get(place), ...i32(16), 0x6a, ...set(place)],
    ...[...get(vectors), ...i32(1), 0x6b, ...tee(vectors), 0x0d, 0x00], // until none is left
    ...[0x0b, ...get(over), ...anyTrue, 0x0b],
  ];
  const whole = [1, 5, V128, ...code];
  return [...leb(whole.length), ...whole];
}

const leb = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >> 7)];
const section = (id: number, content: readonly number[]) => [id, ...leb(content.length), ...content];
const name = (text: string) => [text.length, ...[...text].map((letter) => letter.charCodeAt(0))];

function program(): Uint8Array<ArrayBuffer> {
  const functions = [body(shiftRightUnsigned), body(shiftRightSigned)];
  return new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 6, I32, I32, I32, I32, I32, I32, 1, I32]),
    ...section(2, [1, ...name('m'), ...name('m'), 0x02, 0x00, 1]),
    ...section(3, [2, 0, 0]),
    ...section(7, [2, ...name('u'), 0, 0, ...name('s'), 0, 1]),
    ...section(10, [2, ...functions.flat()]),
  ]);
}

let compiled: WebAssembly.Module | undefined;

/** Slices beyond this are few, and go the general way. */
const MOST_BYTES = 2 ** 26;

/** A kernel with room for `size` bytes; undefined where the machine has no such vectors. */
export function shiftKernel(size: number): ShiftKernel | undefined {
  if (size > MOST_BYTES) return undefined;
  let instance: WebAssembly.Instance;
  let memory: WebAssembly.Memory;
  try {
    memory = new WebAssembly.Memory({ initial: Math.ceil(size / 65536) + 1 });
    compiled ??= new WebAssembly.Module(program());
    instance = new WebAssembly.Instance(compiled, { m: { m: memory } });
  } catch {
    return undefined;
  }
  type Run = (...values: number[]) => number;
  const unsigned = instance.exports['u'] as Run; // program exports the two
  const signed = instance.exports['s'] as Run; // program exports the two
  return {
    bytes: new Uint8Array(memory.buffer as ArrayBuffer, 0, size), // a memory that is not shared has a plain buffer
    run: (count, stored, shift) => {
      const [left, right] = [15 - stored.highBit, 16 - stored.bitsStored];
      if (stored.signed) return signed(0, Math.ceil(count / 8), left, right, 0, shift) === 0;
      return unsigned(0, Math.ceil(count / 8), left, right, 0x8000, shift + 0x8000) === 0;
    },
  };
}

/** Whether the kernel's 16-bit lanes can take the number. */
export function kernelTakes(shift: number, signed: boolean): boolean {
  const least = -32768;
  return Number.isInteger(shift) && shift >= least && shift <= (signed ? 32767 : -1);
}
