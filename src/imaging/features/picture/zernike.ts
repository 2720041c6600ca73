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

/** The disc's pixels above 0: place in polar form and share of the sum. */
interface Disc {
  readonly distance: Float64Array;
  readonly cosine: Float64Array;
  readonly sine: Float64Array;
  readonly share: Float64Array;
}

function discOf(
  plane: ArrayLike<number>,
  width: number,
  height: number,
  { radius, centre = centroid(plane, width, height) }: ZernikeSettings,
): Disc {
  const list = {
    distance: [] as number[],
    cosine: [] as number[],
    sine: [] as number[],
    share: [] as number[],
  };
  let sum = 0;
  for (let y = 0, i = 0; y < height; y++) {
    const dy = (y - centre[0]) / radius;
    for (let x = 0; x < width; x++, i++) {
      const dx = (x - centre[1]) / radius;
      const distance = Math.max(1e-9, Math.sqrt(dx * dx + dy * dy));
      const value = plane[i]!;
      if (!(distance <= 1) || !(value > 0)) continue;
      list.distance.push(distance);
      list.cosine.push(dx / distance);
      list.sine.push(dy / distance);
      list.share.push(value);
      sum += value;
    }
  }
  return {
    distance: Float64Array.from(list.distance),
    cosine: Float64Array.from(list.cosine),
    sine: Float64Array.from(list.sine),
    share: Float64Array.from(list.share, (value) => value / sum),
  };
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
  const { distance, cosine, sine, share } = discOf(plane, width, height, settings);
  const count = share.length;
  const orders = zernikeOrders(degree);
  const out = new Float64Array(orders.length).fill(Number.NaN);
  if (count === 0) return out;
  // for each repetition l: e^(i l angle) times share, advanced by one turn at a time
  const [real, imaginary] = [share.slice(), new Float64Array(count)];
  for (let l = 0; l <= degree; l++) {
    for (let n = l; n <= degree; n += 2) {
      const coefficients = radialCoefficients(n, l);
      let [sumReal, sumImaginary] = [0, 0];
      for (let i = 0; i < count; i++) {
        const square = distance[i]! * distance[i]!;
        let radial = coefficients[0]!;
        for (let m = 1; m < coefficients.length; m++) radial = radial * square + coefficients[m]!;
        radial *= distance[i]! ** l;
        sumReal += radial * real[i]!;
        sumImaginary += radial * imaginary[i]!;
      }
      const place = orders.findIndex((order) => order[0] === n && order[1] === l);
      out[place] = (Math.sqrt(sumReal * sumReal + sumImaginary * sumImaginary) * (n + 1)) / Math.PI;
    }
    for (let i = 0; i < count; i++) {
      const next = real[i]! * cosine[i]! - imaginary[i]! * sine[i]!;
      imaginary[i] = real[i]! * sine[i]! + imaginary[i]! * cosine[i]!;
      real[i] = next;
    }
  }
  return out;
}
