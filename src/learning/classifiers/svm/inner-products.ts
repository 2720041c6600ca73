/** A table of rows whose inner products are asked for again and again. */
export interface RowProducts {
  /** The rows; whoever changes them here changes what is multiplied. */
  readonly values: Float64Array; // [count, columns]
  /** Which rows are to be multiplied, and what comes out. */
  readonly which: Int32Array; // [count]
  readonly products: Float64Array; // [count]
  /** Inner products of row `i` with the first `wanted` of the rows `which`. */
  multiply(i: number, wanted: number): void;
}

/**
 * Inner products by WebAssembly, two columns at a time: scalar JavaScript takes more than twice as long, which is most of what
 * fitting support vectors takes. Where a place has no WebAssembly with 128-bit vectors the same sums are formed in the same
 * order in JavaScript, so that both give the same bits.
 *
 * @param values [count, columns], copied
 */
export function rowProducts(values: Float64Array, count: number, columns: number): RowProducts {
  return inWebAssembly(values, count, columns) ?? inJavaScript(values, count, columns);
}

const PAGE = 65_536;

/** The module compiled once; null where this place cannot. */
let compiled: WebAssembly.Module | null | undefined;

function moduleHere(): WebAssembly.Module | null {
  if (compiled === undefined) {
    try {
      compiled = new WebAssembly.Module(Uint8Array.from(moduleBytes()));
    } catch {
      compiled = null; // no WebAssembly, or none with vectors
    }
  }
  return compiled;
}

function inWebAssembly(given: Float64Array, count: number, columns: number): RowProducts | undefined {
  const module = moduleHere();
  if (!module) return undefined;
  const at = { values: 0, products: 8 * count * columns, which: 8 * count * (columns + 1) };
  const bytes = at.which + 4 * count;
  if (bytes > 2 ** 31) return undefined;
  let memory: WebAssembly.Memory;
  try {
    memory = new WebAssembly.Memory({ initial: Math.max(1, Math.ceil(bytes / PAGE)) });
  } catch {
    return undefined; // no room in one piece
  }
  const { dots } = new WebAssembly.Instance(module, { m: { m: memory } }).exports as {
    dots: (own: number, which: number, wanted: number, columns: number, out: number) => void;
  }; // as moduleBytes writes it
  const values = new Float64Array(memory.buffer, at.values, count * columns);
  values.set(given);
  return {
    values,
    products: new Float64Array(memory.buffer, at.products, count),
    which: new Int32Array(memory.buffer, at.which, count),
    multiply: (i, wanted) => dots(8 * i * columns, at.which, wanted, columns, at.products),
  };
}

/** The same sums in the same order: four partial sums by column modulo 4, added crosswise, then the rest one by one. */
export function inJavaScript(given: Float64Array, count: number, columns: number): RowProducts {
  const values = Float64Array.from(given);
  const products = new Float64Array(count);
  const which = new Int32Array(count);
  const whole = columns - (columns % 4);
  return {
    values,
    products,
    which,
    multiply(i, wanted) {
      const own = i * columns;
      for (let q = 0; q < wanted; q++) {
        const row = which[q]! * columns;
        let s0 = 0;
        let s1 = 0;
        let s2 = 0;
        let s3 = 0;
        for (let c = 0; c < whole; c += 4) {
          s0 += values[own + c]! * values[row + c]!;
          s1 += values[own + c + 1]! * values[row + c + 1]!;
          s2 += values[own + c + 2]! * values[row + c + 2]!;
          s3 += values[own + c + 3]! * values[row + c + 3]!;
        }
        let sum = s0 + s2 + (s1 + s3);
        for (let c = whole; c < columns; c++) sum += values[own + c]! * values[row + c]!;
        products[q] = sum;
      }
    },
  };
}

/** A number below 2^32 as WebAssembly writes it (LEB128). */
function leb(value: number): number[] {
  const low = value & 0x7f;
  const rest = value >>> 7;
  return rest === 0 ? [low] : [low | 0x80, ...leb(rest)];
}

const section = (id: number, content: readonly number[]) => [id, ...leb(content.length), ...content];
const text = (name: string) => [name.length, ...new TextEncoder().encode(name)];

/** Locals: parameters own, which, wanted, columns, out; then row, a, stop, end (i32), sum (f64), low, high (v128). */
const OWN = 0;
const WHICH = 1;
const WANTED = 2;
const COLUMNS = 3;
const OUT = 4;
const ROW = 5;
const A = 6;
const STOP = 7;
const END = 8;
const SUM = 9;
const LOW = 10;
const HIGH = 11;

const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const int = (value: number) => [0x41, value]; // i32.const, below 64
const ADD = 0x6a;
const MULTIPLY = 0x6c;
const plus = (local: number, bytes: number) => [...get(local), ...int(bytes), ADD, ...set(local)];
const vectorLoad = (local: number, offset: number) => [...get(local), 0xfd, 0x00, 3, offset];
const vectorProduct = (into: number, offset: number) => [
  ...get(into),
  ...vectorLoad(A, offset),
  ...vectorLoad(ROW, offset),
  ...[0xfd, 0xf2, 0x01], // f64x2.mul
  ...[0xfd, 0xf0, 0x01], // f64x2.add
  ...set(into),
];
const zero = (local: number) => [0xfd, 0x0c, ...new Array<number>(16).fill(0), ...set(local)]; // v128.const
const lane = (local: number, which: number) => [...get(local), 0xfd, 0x21, which]; // f64x2.extract_lane
const real = (local: number) => [...get(local), 0x2b, 3, 0]; // f64.load

/** Runs `body` while a < limit. */
const whileBelow = (limit: number, body: readonly number[]) => [
  ...[0x02, 0x40, 0x03, 0x40], // block, loop
  ...get(A),
  ...get(limit),
  ...[0x4f, 0x0d, 1], // i32.ge_u, br_if out
  ...body,
  ...[0x0c, 0, 0x0b, 0x0b], // br again, end, end
];

/** The module: import memory m.m; export dots(own, which, wanted, columns, out), addresses in bytes. */
function moduleBytes(): number[] {
  const code = [
    ...[0x02, 0x40, 0x03, 0x40], // for each row that is wanted
    ...[...get(WANTED), 0x45, 0x0d, 1], // i32.eqz, br_if out
    // row = load(which) x columns x 8; a = own; end = own + 8 columns; stop = own + 8 (columns and not 3)
    ...[...get(WHICH), 0x28, 2, 0, ...get(COLUMNS), MULTIPLY, ...int(8), MULTIPLY, ...set(ROW)],
    ...[...get(OWN), ...set(A)],
    ...[...get(OWN), ...get(COLUMNS), ...int(8), MULTIPLY, ADD, ...set(END)],
    ...[...get(OWN), ...get(COLUMNS), 0x41, 0x7c, 0x71, ...int(8), MULTIPLY, ADD, ...set(STOP)], // -4, i32.and
    ...zero(LOW),
    ...zero(HIGH),
    ...whileBelow(STOP, [
      ...vectorProduct(LOW, 0),
      ...vectorProduct(HIGH, 16),
      ...plus(A, 32),
      ...plus(ROW, 32),
    ]),
    ...[...get(LOW), ...get(HIGH), 0xfd, 0xf0, 0x01, ...set(LOW)],
    ...[...lane(LOW, 0), ...lane(LOW, 1), 0xa0, ...set(SUM)], // f64.add
    ...whileBelow(END, [
      ...[...get(SUM), ...real(A), ...real(ROW), 0xa2, 0xa0, ...set(SUM)], // f64.mul, f64.add
      ...plus(A, 8),
      ...plus(ROW, 8),
    ]),
    ...[...get(OUT), ...get(SUM), 0x39, 3, 0], // f64.store
    ...plus(OUT, 8),
    ...plus(WHICH, 4),
    ...[...get(WANTED), ...int(1), 0x6b, ...set(WANTED)], // i32.sub
    ...[0x0c, 0, 0x0b, 0x0b],
    0x0b,
  ];
  const [I32, F64, V128] = [0x7f, 0x7c, 0x7b];
  const body = [3, 4, I32, 1, F64, 2, V128, ...code];
  return [
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 5, I32, I32, I32, I32, I32, 0]),
    ...section(2, [1, ...text('m'), ...text('m'), 2, 0, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...text('dots'), 0, 0]),
    ...section(10, [1, ...leb(body.length), ...body]),
  ];
}
