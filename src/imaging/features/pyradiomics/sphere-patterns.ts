import type { Vector3 } from '../../geometry/geometry.ts';
import { limitsOf, spline, splineCoefficients } from './itk-sampling.ts';
import type { PyradiomicsSettings } from './parameters.ts';
import type { RegionMask } from './region-mask.ts';
import { type Point, sphereVertices } from './sphere-vertices.ts';
import type { Volume } from './volume.ts';

/** A complex number for each vertex of the sphere. */
interface Harmonic {
  readonly real: Float64Array;
  readonly imaginary: Float64Array;
}

type PatternSettings = Pick<
  PyradiomicsSettings,
  'lbp3DLevels' | 'lbp3DIcosphereRadius' | 'lbp3DIcosphereSubdivision'
>;

/**
 * Local binary patterns on a sphere around each voxel of the region (Banerjee et al., ACCV 2012), as pyradiomics makes them:
 * which samples on the sphere are not less than the voxel, by the length of that pattern's part of each degree of spherical
 * harmonics; and the kurtosis of the samples. Polar angle and azimuth stand in each other's place, as they do there.
 * @returns an image for each degree, 0 outside the region, and that of the kurtosis
 */
export function spherePatterns(
  image: Volume,
  { low, size, inside }: RegionMask,
  {
    lbp3DLevels: degrees,
    lbp3DIcosphereRadius: radius,
    lbp3DIcosphereSubdivision: subdivisions,
  }: PatternSettings,
): { readonly degrees: readonly Float64Array[]; readonly kurtosis: Float64Array } {
  const vertices = sphereVertices(subdivisions).map(
    (one) => one.map((part) => part * radius) as unknown as Point,
  ); // three
  const harmonics = Array.from({ length: degrees }, (_, degree) => harmonicsOf(degree, vertices, radius));
  const [width, height] = image.size;
  const coefficients = Float64Array.from(image.pixels);
  splineCoefficients(coefficients, image.size);
  const round = rounderOf(image);
  const out = {
    degrees: harmonics.map(() => new Float64Array(image.pixels.length)),
    kurtosis: new Float64Array(image.pixels.length),
  };
  const [samples, bits] = [new Float64Array(vertices.length), new Uint8Array(vertices.length)];
  for (let z = 0, n = 0; z < size[2]; z++) {
    for (let y = 0; y < size[1]; y++) {
      for (let x = 0; x < size[0]; x++, n++) {
        if (inside[n] === 0) continue;
        const [u, v, w] = [low[0] + x, low[1] + y, low[2] + z];
        const at = (w * height + v) * width + u;
        for (const [k, [first, second, third]] of vertices.entries()) {
          // a vertex's first part is along z, as in an array [D, H, W]
          samples[k] = round(sampleAt(coefficients, image.size, u + third, v + second, w + first));
          bits[k] = samples[k]! >= image.pixels[at]! ? 1 : 0;
        }
        harmonics.forEach((degree, index) => {
          out.degrees[index]![at] = lengthOfPart(bits, degree);
        });
        out.kurtosis[at] = excessKurtosis(samples);
      }
    }
  }
  return out;
}

/** 0 outside the outermost voxels' centres. */
function sampleAt(coefficients: Float64Array, size: Vector3, u: number, v: number, w: number): number {
  const outside = u < 0 || v < 0 || w < 0 || u > size[0] - 1 || v > size[1] - 1 || w > size[2] - 1;
  return outside ? 0 : spline(coefficients, size, u, v, w);
}

/** Samples are numbers of the image's kind. */
function rounderOf({ pixels }: Volume): (value: number) => number {
  const limits = limitsOf(pixels);
  if (!limits) return pixels instanceof Float32Array ? Math.fround : (value) => value;
  const [low, high] = limits;
  return (value) => Math.min(high, Math.max(low, Math.trunc(value + (value > 0 ? 0.5 : -0.5))));
}

/** Spherical harmonics of one degree, of orders -degree .. degree, at the vertices. */
function harmonicsOf(degree: number, vertices: readonly Point[], radius: number): readonly Harmonic[] {
  return Array.from({ length: 2 * degree + 1 }, (_, index) => {
    const order = index - degree;
    const size = Math.abs(order);
    let ratio = 1; // (degree - size)! / (degree + size)!
    for (let k = degree - size + 1; k <= degree + size; k++) ratio /= k;
    const scale =
      Math.sqrt(((2 * degree + 1) / (4 * Math.PI)) * ratio) * (order < 0 && size % 2 === 1 ? -1 : 1);
    const values = vertices.map(([x, y, z]) => {
      const azimuth = Math.acos(Math.min(1, Math.max(-1, z / radius)));
      const value = scale * legendre(degree, size, Math.cos(Math.atan2(y, x)));
      return [value * Math.cos(order * azimuth), value * Math.sin(order * azimuth)] as const;
    });
    return {
      real: Float64Array.from(values, ([real]) => real),
      imaginary: Float64Array.from(values, ([, imaginary]) => imaginary),
    };
  });
}

/** Associated Legendre function with the sign of Condon and Shortley, by its recurrence in the degree. */
function legendre(degree: number, order: number, x: number): number {
  const sine = Math.sqrt(Math.max(0, 1 - x * x));
  let last = 1;
  for (let k = 1; k <= order; k++) last *= -(2 * k - 1) * sine;
  if (degree === order) return last;
  let current = x * (2 * order + 1) * last;
  for (let n = order + 2; n <= degree; n++) {
    [last, current] = [current, ((2 * n - 1) * x * current - (n + order - 1) * last) / (n - order)];
  }
  return current;
}

/** Real part of the root of the sum of squares, over the vertices, of what harmonics of one degree make of a pattern. */
function lengthOfPart(bits: Uint8Array, harmonics: readonly Harmonic[]): number {
  const parts = harmonics.map(({ real, imaginary }) => {
    let [a, b] = [0, 0];
    for (let k = 0; k < bits.length; k++) {
      if (bits[k] === 0) continue;
      a += real[k]!;
      b += imaginary[k]!;
    }
    return [a, b] as const;
  });
  let [sumReal, sumImaginary] = [0, 0];
  for (let k = 0; k < bits.length; k++) {
    let [real, imaginary] = [0, 0];
    for (let m = 0; m < parts.length; m++) {
      const [a, b] = parts[m]!;
      const [c, d] = [harmonics[m]!.real[k]!, harmonics[m]!.imaginary[k]!];
      real += a * c - b * d;
      imaginary += a * d + b * c;
    }
    sumReal += real * real - imaginary * imaginary;
    sumImaginary += 2 * real * imaginary;
  }
  return Math.sqrt(Math.max(0, (Math.hypot(sumReal, sumImaginary) + sumReal) / 2));
}

/** Fourth moment over the squared second, less 3; NaN of samples that are all equal. */
function excessKurtosis(samples: Float64Array): number {
  let mean = 0;
  for (let k = 0; k < samples.length; k++) mean += samples[k]! / samples.length;
  let [second, fourth] = [0, 0];
  for (let k = 0; k < samples.length; k++) {
    const squared = (samples[k]! - mean) ** 2;
    second += squared;
    fourth += squared * squared;
  }
  return (fourth * samples.length) / (second * second) - 3;
}
