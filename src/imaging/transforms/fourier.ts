import { HounsfieldError } from '../../errors.ts';

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

interface Pass {
  readonly radix: number;
  /** Length that is left before this pass. */
  readonly length: number;
  /** Elements between neighbours of the sequences that are left, in lines. */
  readonly stride: number;
  readonly cosine: Float64Array; // [length / radix, radix - 1]: of the twiddle factors
  readonly sine: Float64Array;
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

function passOf4(
  { length, stride, cosine, sine }: Pass,
  lines: number,
  xr: Float64Array,
  xi: Float64Array,
  yr: Float64Array,
  yi: Float64Array,
): void {
  const count = length / 4;
  const run = stride * lines;
  const step = count * run;
  for (let p = 0; p < count; p++) {
    const [c1, c2, c3] = [cosine[3 * p]!, cosine[3 * p + 1]!, cosine[3 * p + 2]!];
    const [s1, s2, s3] = [sine[3 * p]!, sine[3 * p + 1]!, sine[3 * p + 2]!];
    let i = p * run;
    let o = 4 * p * run;
    for (const end = i + run; i < end; i++, o++) {
      const ar = xr[i]!;
      const ai = xi[i]!;
      const br = xr[i + step]!;
      const bi = xi[i + step]!;
      const cr = xr[i + 2 * step]!;
      const ci = xi[i + 2 * step]!;
      const dr = xr[i + 3 * step]!;
      const di = xi[i + 3 * step]!;
      const sumR = ar + cr;
      const sumI = ai + ci;
      const lessR = ar - cr;
      const lessI = ai - ci;
      const otherR = br + dr;
      const otherI = bi + di;
      const turnR = bi - di; // -i (b - d)
      const turnI = dr - br;
      yr[o] = sumR + otherR;
      yi[o] = sumI + otherI;
      const pr = lessR + turnR;
      const pi = lessI + turnI;
      yr[o + run] = c1 * pr - s1 * pi;
      yi[o + run] = c1 * pi + s1 * pr;
      const qr = sumR - otherR;
      const qi = sumI - otherI;
      yr[o + 2 * run] = c2 * qr - s2 * qi;
      yi[o + 2 * run] = c2 * qi + s2 * qr;
      const tr = lessR - turnR;
      const ti = lessI - turnI;
      yr[o + 3 * run] = c3 * tr - s3 * ti;
      yi[o + 3 * run] = c3 * ti + s3 * tr;
    }
  }
}

function passOf2(
  { length, stride, cosine, sine }: Pass,
  lines: number,
  xr: Float64Array,
  xi: Float64Array,
  yr: Float64Array,
  yi: Float64Array,
): void {
  const count = length / 2;
  const run = stride * lines;
  const step = count * run;
  for (let p = 0; p < count; p++) {
    const c = cosine[p]!;
    const s = sine[p]!;
    let i = p * run;
    let o = 2 * p * run;
    for (const end = i + run; i < end; i++, o++) {
      const lessR = xr[i]! - xr[i + step]!;
      const lessI = xi[i]! - xi[i + step]!;
      yr[o] = xr[i]! + xr[i + step]!;
      yi[o] = xi[i]! + xi[i + step]!;
      yr[o + run] = c * lessR - s * lessI;
      yi[o + run] = c * lessI + s * lessR;
    }
  }
}

const HALF_ROOT_3 = Math.sqrt(3) / 2;

function passOf3(
  { length, stride, cosine, sine }: Pass,
  lines: number,
  xr: Float64Array,
  xi: Float64Array,
  yr: Float64Array,
  yi: Float64Array,
): void {
  const count = length / 3;
  const run = stride * lines;
  const step = count * run;
  for (let p = 0; p < count; p++) {
    const [c1, c2, s1, s2] = [cosine[2 * p]!, cosine[2 * p + 1]!, sine[2 * p]!, sine[2 * p + 1]!];
    let i = p * run;
    let o = 3 * p * run;
    for (const end = i + run; i < end; i++, o++) {
      const sumR = xr[i + step]! + xr[i + 2 * step]!;
      const sumI = xi[i + step]! + xi[i + 2 * step]!;
      const midR = xr[i]! - 0.5 * sumR;
      const midI = xi[i]! - 0.5 * sumI;
      const sideR = HALF_ROOT_3 * (xi[i + step]! - xi[i + 2 * step]!);
      const sideI = HALF_ROOT_3 * (xr[i + 2 * step]! - xr[i + step]!);
      yr[o] = xr[i]! + sumR;
      yi[o] = xi[i]! + sumI;
      const pr = midR + sideR;
      const pi = midI + sideI;
      yr[o + run] = c1 * pr - s1 * pi;
      yi[o + run] = c1 * pi + s1 * pr;
      const qr = midR - sideR;
      const qi = midI - sideI;
      yr[o + 2 * run] = c2 * qr - s2 * qi;
      yi[o + 2 * run] = c2 * qi + s2 * qr;
    }
  }
}

function passOfPrime(
  { radix, length, stride, cosine, sine }: Pass,
  lines: number,
  xr: Float64Array,
  xi: Float64Array,
  yr: Float64Array,
  yi: Float64Array,
): void {
  const count = length / radix;
  const run = stride * lines;
  const step = count * run;
  const rootC = Float64Array.from({ length: radix }, (_, k) => Math.cos((2 * Math.PI * k) / radix));
  const rootS = Float64Array.from({ length: radix }, (_, k) => -Math.sin((2 * Math.PI * k) / radix));
  for (let p = 0; p < count; p++) {
    for (let j = 0; j < radix; j++) {
      const c = j === 0 ? 1 : cosine[p * (radix - 1) + j - 1]!;
      const s = j === 0 ? 0 : sine[p * (radix - 1) + j - 1]!;
      const from = p * run;
      const o = (radix * p + j) * run;
      for (let q = 0; q < run; q++) {
        let sumR = 0;
        let sumI = 0;
        for (let k = 0, root = 0, i = from + q; k < radix; k++, i += step) {
          sumR += rootC[root]! * xr[i]! - rootS[root]! * xi[i]!;
          sumI += rootC[root]! * xi[i]! + rootS[root]! * xr[i]!;
          root += j;
          if (root >= radix) root -= radix;
        }
        yr[o + q] = c * sumR - s * sumI;
        yi[o + q] = c * sumI + s * sumR;
      }
    }
  }
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
