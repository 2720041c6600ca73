import { HounsfieldError } from '../../errors.ts';
import { type Pass, passOf2, passOf3, passOf4, passOfPrime } from './fourier-passes.ts';

/**
 * Discrete Fourier transforms of any size, in place: Stockham's self-sorting passes of radix 4, 2, 3 and of any prime up
 * to 31 (Van Loan, "Computational Frameworks for the Fast Fourier Transform", 1992, section 1.7), and Bluestein's chirp
 * (IEEE Trans. Audio Electroacoust. 18, 1970) for sizes with a greater prime. Forward: X[k] = sum of x[n] e^(-2 pi i k n / N),
 * the inverse divided by N, as numpy.fft.
 */

/** Real and imaginary parts, of equal length. */
export interface ComplexArray {
  readonly real: Float64Array | Float32Array;
  readonly imaginary: Float64Array | Float32Array;
}

interface Chirp {
  readonly plan: Plan;
  readonly cosine: Float64Array; // [size]
  readonly sine: Float64Array;
  /** Transform of the conjugate chirp. */
  readonly real: Float64Array; // [plan.size]
  readonly imaginary: Float64Array;
}

interface Plan {
  readonly size: number;
  readonly passes: readonly Pass[];
  readonly chirp?: Chirp;
}

const GREATEST_RADIX = 31;
const plans = new Map<number, Plan>();
/** Plans kept; a plan holds a few numbers for each of its points. */
const PLANS_KEPT = 32;

function planOf(size: number): Plan {
  let plan = plans.get(size);
  if (!plan) {
    plan = makePlan(size);
    if (plans.size >= PLANS_KEPT) plans.clear();
    plans.set(size, plan);
  }
  return plan;
}

function radices(size: number): number[] {
  const factors: number[] = [];
  let left = size;
  for (const radix of [4, 2, 3]) for (; left % radix === 0; left /= radix) factors.push(radix);
  for (let radix = 5; radix * radix <= left; radix += 2) {
    for (; left % radix === 0; left /= radix) factors.push(radix);
  }
  if (left > 1) factors.push(left);
  return factors;
}

function makePlan(size: number): Plan {
  const factors = radices(size);
  if (factors.some((factor) => factor > GREATEST_RADIX)) return { size, passes: [], chirp: makeChirp(size) };
  let length = size;
  const passes = factors.map((radix): Pass => {
    const count = length / radix;
    const cosine = new Float64Array(count * (radix - 1));
    const sine = new Float64Array(count * (radix - 1));
    for (let p = 0; p < count; p++) {
      for (let j = 1; j < radix; j++) {
        const angle = (2 * Math.PI * ((p * j) % length)) / length;
        cosine[p * (radix - 1) + j - 1] = Math.cos(angle);
        sine[p * (radix - 1) + j - 1] = -Math.sin(angle);
      }
    }
    const pass = { radix, length, stride: size / length, cosine, sine };
    length = count;
    return pass;
  });
  return { size, passes };
}

function makeChirp(size: number): Chirp {
  const padded = 2 ** Math.ceil(Math.log2(2 * size - 1));
  const plan = planOf(padded);
  const cosine = new Float64Array(size);
  const sine = new Float64Array(size);
  const real = new Float64Array(padded);
  const imaginary = new Float64Array(padded);
  for (let n = 0; n < size; n++) {
    // n^2 modulo 2 size, so that the angle keeps its precision
    const angle = (Math.PI * Number((BigInt(n) * BigInt(n)) % BigInt(2 * size))) / size;
    cosine[n] = Math.cos(angle);
    sine[n] = -Math.sin(angle);
    real[n] = cosine[n]!;
    imaginary[n] = -sine[n]!;
    if (n > 0) {
      real[padded - n] = real[n]!;
      imaginary[padded - n] = imaginary[n]!;
    }
  }
  transformLines(plan, { real, imaginary, spareReal: real.slice(), spareImaginary: real.slice() }, 1);
  return { plan, cosine, sine, real, imaginary };
}

/** Work space of a block of lines, [N, lines]; the passes go to and fro between the two halves. */
export interface LineBlock {
  readonly real: Float64Array;
  readonly imaginary: Float64Array;
  readonly spareReal: Float64Array;
  readonly spareImaginary: Float64Array;
}

/** Work space for blocks of up to `lines` lines of `size` complex numbers. */
export function lineBlock(size: number, lines: number): LineBlock {
  const chirp = planOf(size).chirp;
  const length = (chirp ? chirp.plan.size : size) * lines;
  const array = () => new Float64Array(length);
  return { real: array(), imaginary: array(), spareReal: array(), spareImaginary: array() };
}

/** Transforms `lines` lines that lie in a block as [N, lines], in place. */
export function transformBlock(block: LineBlock, size: number, lines: number, inverse: boolean): void {
  const plan = planOf(size);
  // the inverse is the forward transform with real and imaginary parts exchanged
  const way: LineBlock = inverse
    ? {
        real: block.imaginary,
        imaginary: block.real,
        spareReal: block.spareImaginary,
        spareImaginary: block.spareReal,
      }
    : block;
  if (plan.chirp) transformByChirp(plan.chirp, size, way, lines);
  else transformLines(plan, way, lines);
  if (!inverse) return;
  const factor = 1 / size;
  const { real, imaginary } = block;
  for (let i = 0; i < size * lines; i++) {
    real[i]! *= factor;
    imaginary[i]! *= factor;
  }
}

function transformLines(plan: Plan, block: LineBlock, lines: number): void {
  let [ar, ai] = [block.real, block.imaginary];
  let [br, bi] = [block.spareReal, block.spareImaginary];
  for (const pass of plan.passes) {
    if (pass.radix === 4) passOf4(pass, lines, ar, ai, br, bi);
    else if (pass.radix === 2) passOf2(pass, lines, ar, ai, br, bi);
    else if (pass.radix === 3) passOf3(pass, lines, ar, ai, br, bi);
    else passOfPrime(pass, lines, ar, ai, br, bi);
    [ar, ai, br, bi] = [br, bi, ar, ai];
  }
  if (ar === block.real) return;
  block.real.set(plan.size * lines === ar.length ? ar : ar.subarray(0, plan.size * lines));
  block.imaginary.set(plan.size * lines === ai.length ? ai : ai.subarray(0, plan.size * lines));
}

/** Bluestein: a transform of any size as a convolution with a chirp, made by transforms of a power of two. */
function transformByChirp(chirp: Chirp, size: number, block: LineBlock, lines: number): void {
  const { plan, cosine, sine } = chirp;
  const { real, imaginary } = block;
  for (let n = 0, i = 0; n < size; n++) {
    for (const end = i + lines; i < end; i++) {
      const re = real[i]!;
      real[i] = re * cosine[n]! - imaginary[i]! * sine[n]!;
      imaginary[i] = re * sine[n]! + imaginary[i]! * cosine[n]!;
    }
  }
  real.fill(0, size * lines, plan.size * lines);
  imaginary.fill(0, size * lines, plan.size * lines);
  transformLines(plan, block, lines);
  // times the chirp's transform, conjugated so that the same forward transform leads back
  for (let n = 0, i = 0; n < plan.size; n++) {
    const [cr, ci] = [chirp.real[n]!, chirp.imaginary[n]!];
    for (const end = i + lines; i < end; i++) {
      const re = real[i]!;
      real[i] = re * cr - imaginary[i]! * ci;
      imaginary[i] = -(re * ci + imaginary[i]! * cr);
    }
  }
  transformLines(plan, block, lines);
  const factor = 1 / plan.size;
  for (let n = 0, i = 0; n < size; n++) {
    const c = cosine[n]! * factor;
    const s = sine[n]! * factor;
    for (const end = i + lines; i < end; i++) {
      const re = real[i]!;
      real[i] = re * c + imaginary[i]! * s;
      imaginary[i] = re * s - imaginary[i]! * c;
    }
  }
}

/** Lines that are transformed together: their block stays in a processor's own memory. */
export function linesAtOnce(size: number): number {
  return Math.max(1, Math.min(64, Math.floor(16384 / size)));
}

/**
 * Transforms an array of any number of dimensions along one axis, in place.
 * @param shape sides of the array, the last runs fastest
 * Throws FOURIER_SHAPE when the arrays do not have the product of the sides as their length.
 */
export function fourierAlong(
  array: ComplexArray,
  shape: readonly number[],
  axis: number,
  inverse = false,
): void {
  const size = shape[axis]!;
  const inner = shape.slice(axis + 1).reduce((product, side) => product * side, 1);
  const outer = shape.slice(0, axis).reduce((product, side) => product * side, 1);
  const { real, imaginary } = array;
  if (real.length !== size * inner * outer || imaginary.length !== real.length) {
    throw new HounsfieldError(
      'FOURIER_SHAPE',
      `${real.length} real and ${imaginary.length} imaginary parts do not fill ${shape.join(' x ')}. ` +
        'Pass two arrays of exactly that many values.',
    );
  }
  if (size <= 1) return;
  const chunk = linesAtOnce(size);
  const block = lineBlock(size, chunk);
  for (const tile of lineTiles(size, inner, outer, chunk)) {
    loadLines(real, block.real, size, tile, tile.lines);
    loadLines(imaginary, block.imaginary, size, tile, tile.lines);
    transformBlock(block, size, tile.lines, inverse);
    storeLines(block.real, real, size, tile, tile.lines);
    storeLines(block.imaginary, imaginary, size, tile, tile.lines);
  }
}

/** Neighbouring lines along an axis: where the first starts, how far apart two lines and two elements of a line are. */
export interface LineTile {
  readonly start: number;
  readonly lines: number;
  readonly lineStep: number;
  readonly step: number;
}

/** All lines along an axis of [outer, size, inner], up to `most` at a time. */
export function* lineTiles(size: number, inner: number, outer: number, most: number): Generator<LineTile> {
  if (inner === 1) {
    for (let line = 0; line < outer; line += most) {
      yield { start: line * size, lines: Math.min(most, outer - line), lineStep: size, step: 1 };
    }
    return;
  }
  for (let o = 0; o < outer; o++) {
    for (let line = 0; line < inner; line += most) {
      const start = o * size * inner + line;
      yield { start, lines: Math.min(most, inner - line), lineStep: 1, step: inner };
    }
  }
}

type RealArray = Float64Array | Float32Array;

/** Reads the first `lines` lines of a tile into a block [size, lines], in the order in which they lie in memory. */
export function loadLines(
  from: RealArray,
  to: Float64Array,
  size: number,
  tile: LineTile,
  lines: number,
): void {
  const { start, lineStep, step } = tile;
  if (lineStep === 1) {
    for (let k = 0, o = 0; k < size; k++) {
      for (let at = start + k * step, end = at + lines; at < end; at++, o++) to[o] = from[at]!;
    }
  } else {
    for (let l = 0; l < lines; l++) {
      for (let k = 0, o = l, at = start + l * lineStep; k < size; k++, o += lines, at += step)
        to[o] = from[at]!;
    }
  }
}

/** Writes a block back. */
export function storeLines(
  from: Float64Array,
  to: RealArray,
  size: number,
  tile: LineTile,
  lines: number,
): void {
  const { start, lineStep, step } = tile;
  if (lineStep === 1) {
    for (let k = 0, o = 0; k < size; k++) {
      for (let at = start + k * step, end = at + lines; at < end; at++, o++) to[at] = from[o]!;
    }
  } else {
    for (let l = 0; l < lines; l++) {
      for (let k = 0, o = l, at = start + l * lineStep; k < size; k++, o += lines, at += step)
        to[at] = from[o]!;
    }
  }
}

/** Transforms along all axes, in place. */
export function fourier(array: ComplexArray, shape: readonly number[], inverse = false): void {
  for (let axis = shape.length - 1; axis >= 0; axis--) fourierAlong(array, shape, axis, inverse);
}
