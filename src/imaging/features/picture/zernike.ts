import { HounsfieldError } from '../../../errors.ts';
import { centroid } from './moments.ts';

export interface ZernikeSettings {
  /** Of the disc in pixels, above 0. */
  readonly radius: number;
  /** Greatest degree, 0 to 40. */
  readonly degree: number;
  /** Row and column of the disc's centre; the centre of mass where absent. */
  readonly centre?: readonly [row: number, column: number];
}

/** Degree n and repetition l of each moment, in their order. */
export function zernikeOrders(degree: number): readonly (readonly [n: number, l: number])[] {
  const orders: [number, number][] = [];
  for (let n = 0; n <= degree; n++) for (let l = n % 2; l <= n; l += 2) orders.push([n, l]);
  return orders;
}

/** Coefficients of the radial polynomial R_nl, by falling powers n, n - 2 … l. */
function radialCoefficients(n: number, l: number): Float64Array {
  const factorial = (k: number): number => (k < 2 ? 1 : k * factorial(k - 1));
  return Float64Array.from({ length: (n - l) / 2 + 1 }, (_, m) => {
    const divisor = factorial(m) * factorial((n - 2 * m + l) / 2) * factorial((n - 2 * m - l) / 2);
    return ((m % 2 === 0 ? 1 : -1) * factorial(n - m)) / divisor;
  });
}

/** The disc's pixels above 0: place as parts of the radius, and share of the sum. */
interface Disc {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly share: Float64Array;
}

function discOf(
  plane: ArrayLike<number>,
  width: number,
  height: number,
  { radius, centre = centroid(plane, width, height) }: ZernikeSettings,
): Disc {
  const room = [
    new Float64Array(plane.length),
    new Float64Array(plane.length),
    new Float64Array(plane.length),
  ];
  const [xs, ys, shares] = room as [Float64Array, Float64Array, Float64Array]; // three
  let count = 0;
  let sum = 0;
  for (let y = 0, i = 0; y < height; y++) {
    const dy = (y - centre[0]) / radius;
    for (let x = 0; x < width; x++, i++) {
      const dx = (x - centre[1]) / radius;
      const value = plane[i]!;
      if (!(Math.sqrt(dx * dx + dy * dy) <= 1) || !(value > 0)) continue;
      xs[count] = dx;
      ys[count] = dy;
      shares[count] = value;
      sum += value;
      count++;
    }
  }
  for (let i = 0; i < count; i++) shares[i]! /= sum;
  return { x: xs.subarray(0, count), y: ys.subarray(0, count), share: shares.subarray(0, count) };
}

/** Degree up to which the sums of powers are made first and multiplied by the coefficients after: these are small there. */
const SMALL_DEGREE = 12;

/**
 * Sums over the disc of share times (x + iy)^l times the radial polynomial without its factor r^l, for n = l, l + 2 …
 *
 * @param real, imaginary share times (x + iy)^l
 */
function radialSums(
  { x, y }: Disc,
  real: Float64Array,
  imaginary: Float64Array,
  l: number,
  degree: number,
): readonly (readonly [real: number, imaginary: number])[] {
  const terms = Math.floor((degree - l) / 2) + 1;
  const sums: [number, number][] = [];
  if (degree > SMALL_DEGREE) {
    for (let n = l; n <= degree; n += 2) {
      const coefficients = radialCoefficients(n, l);
      let [sumReal, sumImaginary] = [0, 0];
      for (let i = 0; i < x.length; i++) {
        const square = x[i]! * x[i]! + y[i]! * y[i]!;
        let radial = coefficients[0]!;
        for (let m = 1; m < coefficients.length; m++) radial = radial * square + coefficients[m]!;
        sumReal += radial * real[i]!;
        sumImaginary += radial * imaginary[i]!;
      }
      sums.push([sumReal, sumImaginary]);
    }
    return sums;
  }
  const powersReal = new Float64Array(terms);
  const powersImaginary = new Float64Array(terms);
  for (let i = 0; i < x.length; i++) {
    const square = x[i]! * x[i]! + y[i]! * y[i]!;
    let re = real[i]!;
    let im = imaginary[i]!;
    for (let k = 0; k < terms; k++, re *= square, im *= square) {
      powersReal[k]! += re;
      powersImaginary[k]! += im;
    }
  }
  for (let n = l; n <= degree; n += 2) {
    const coefficients = radialCoefficients(n, l);
    const highest = coefficients.length - 1;
    let [sumReal, sumImaginary] = [0, 0];
    for (let m = 0; m <= highest; m++) {
      sumReal += coefficients[m]! * powersReal[highest - m]!;
      sumImaginary += coefficients[m]! * powersImaginary[highest - m]!;
    }
    sums.push([sumReal, sumImaginary]);
  }
  return sums;
}

/**
 * Magnitudes of the Zernike moments (Teague, J. Opt. Soc. Am. 70, 1980) on a disc about the centre of mass, of the pixels
 * above 0, whose sum is taken as 1; unchanged by rotation.
 *
 * @param plane [H, W]
 * @returns in the order of zernikeOrders; NaN where no pixel of the disc is above 0
 * @throws PICTURE_FEATURE_SETTINGS
 */
export function zernikeMoments(
  plane: ArrayLike<number>,
  width: number,
  height: number,
  settings: ZernikeSettings,
): Float64Array {
  const { radius, degree } = settings;
  if (!(radius > 0) || !Number.isInteger(degree) || degree < 0 || degree > 40) {
    throw new HounsfieldError(
      'PICTURE_FEATURE_SETTINGS',
      `Zernike moments of degree ${degree} on a radius of ${radius} are not possible. Give a radius above 0 and a whole degree of 0 to 40.`,
    );
  }
  const disc = discOf(plane, width, height, settings);
  const { x, y, share } = disc;
  const orders = zernikeOrders(degree);
  const out = new Float64Array(orders.length).fill(Number.NaN);
  if (share.length === 0) return out;
  const [real, imaginary] = [share.slice(), new Float64Array(share.length)];
  for (let l = 0; l <= degree; l++) {
    for (const [k, [re, im]] of radialSums(disc, real, imaginary, l, degree).entries()) {
      const n = l + 2 * k;
      const place = Math.floor(((n + 1) * (n + 1)) / 4) + Math.floor(l / 2); // in zernikeOrders
      out[place] = (Math.sqrt(re * re + im * im) * (n + 1)) / Math.PI;
    }
    for (let i = 0; i < real.length; i++) {
      const next = real[i]! * x[i]! - imaginary[i]! * y[i]!;
      imaginary[i] = real[i]! * y[i]! + imaginary[i]! * x[i]!;
      real[i] = next;
    }
  }
  return out;
}
