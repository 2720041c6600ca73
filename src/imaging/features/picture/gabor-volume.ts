import { HounsfieldError } from '../../../errors.ts';
import { type Border, withBorders } from './borders.ts';
import type { ComplexKernel } from './gabor-kernel.ts';
import { kernelSpectrum, spectralConvolution } from './spectral-convolution.ts';

/** A Gabor filter as the IBSI's second chapter gives it, in millimetres. */
export interface GaborMmFilter {
  /** Deviation of the Gaussian along the wave. */
  readonly sigmaMm: number;
  readonly wavelengthMm: number;
  /** gamma: deviation along the wave over that across it. */
  readonly aspect: number;
  /** Direction of the wave from the columns' axis x. */
  readonly thetaDegrees: number;
  /** Step of theta over a full turn; one theta only where absent. */
  readonly stepDegrees?: number;
  /** Slices that the filter is applied in: across z, or across z, y and x with all answers pooled. */
  readonly planes?: 'axial' | 'orthogonal';
  readonly pool?: 'mean' | 'max';
  readonly border?: Border;
}

/** Axes of the plane across each axis; the kernel's x is the faster of them in memory. */
const PLANES = { z: [0, 1, 2], y: [0, 2, 1], x: [1, 2, 0] } as const; // columns, rows, across

/** e^(-(x'^2 + gamma^2 y'^2) / 2 sigma^2 + 2 pi i x' / lambda) on a square of an odd side, not divided by its sum. */
function kernelOf(filter: GaborMmFilter, degrees: number, spacing: number, reach: number): ComplexKernel {
  const side = 2 * reach + 1;
  const real = new Float64Array(side * side);
  const imaginary = new Float64Array(side * side);
  const [cosine, sine] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const sigma = filter.sigmaMm / spacing;
  for (let y = -reach, i = 0; y <= reach; y++) {
    for (let x = -reach; x <= reach; x++, i++) {
      const along = x * cosine + y * sine;
      const across = filter.aspect * (x * sine - y * cosine);
      const height = Math.exp(-(along * along + across * across) / (2 * sigma * sigma));
      const phase = (2 * Math.PI * along * spacing) / filter.wavelengthMm;
      real[i] = height * Math.cos(phase);
      imaginary[i] = height * Math.sin(phase);
    }
  }
  return { real, imaginary, rows: side, columns: side };
}

/**
 * Magnitude of the response to a Gabor filter, slice by slice, pooled over directions and planes (IBSI 2 reference manual,
 * section 3.5). The kernel reaches half of the slice's longer side. Voxels of a plane must be square.
 *
 * @param volume [D, H, W]
 * @returns [D, H, W]
 * @throws PICTURE_FEATURE_SETTINGS
 */
export function gaborVolume(
  volume: ArrayLike<number>,
  size: readonly [width: number, height: number, depth: number],
  spacingMm: readonly [x: number, y: number, z: number],
  filter: GaborMmFilter,
): Float64Array {
  const { sigmaMm, wavelengthMm, aspect, planes = 'axial', pool = 'mean', border = 'mirror' } = filter;
  if (![sigmaMm, wavelengthMm, aspect, ...spacingMm].every((value) => value > 0 && value < 1e6)) {
    throw new HounsfieldError(
      'PICTURE_FEATURE_SETTINGS',
      `a Gabor filter of sigma ${sigmaMm} mm, wavelength ${wavelengthMm} mm and aspect ${aspect} is not possible. Give numbers above 0.`,
    );
  }
  const answers = planes === 'axial' ? [PLANES.z] : [PLANES.z, PLANES.y, PLANES.x];
  const directions = directionsOf(filter);
  const out = new Float64Array(volume.length);
  for (const plane of answers) {
    for (const degrees of directions)
      addResponses(out, volume, size, plane, spacingMm, degrees, filter, border);
  }
  if (pool === 'mean') {
    const share = 1 / (answers.length * directions.length);
    for (let i = 0; i < out.length; i++) out[i]! *= share;
  }
  return out;
}

function directionsOf({ thetaDegrees, stepDegrees }: GaborMmFilter): readonly number[] {
  if (stepDegrees === undefined) return [thetaDegrees];
  const count = Math.round(360 / stepDegrees);
  if (!(stepDegrees > 0) || count > 720) {
    throw new HounsfieldError(
      'PICTURE_FEATURE_SETTINGS',
      `a step of ${stepDegrees} degrees is not possible. Give one from 0.5 to 360.`,
    );
  }
  return Array.from({ length: count }, (_, i) => thetaDegrees + i * stepDegrees);
}

function addResponses(
  out: Float64Array,
  volume: ArrayLike<number>,
  size: readonly [number, number, number],
  [columns, rows, across]: readonly [0 | 1 | 2, 0 | 1 | 2, 0 | 1 | 2],
  spacingMm: readonly [number, number, number],
  degrees: number,
  filter: GaborMmFilter,
  border: Border,
): void {
  const spacing = Math.max(spacingMm[columns], spacingMm[rows]);
  if (Math.abs(spacingMm[columns] - spacingMm[rows]) > 1e-3 * spacing) {
    throw new HounsfieldError(
      'PICTURE_FEATURE_SETTINGS',
      `pixels of a plane measure ${spacingMm[columns]} by ${spacingMm[rows]} mm, and a Gabor filter needs square ones. Resample the image first.`,
    );
  }
  const [width, height] = [size[columns], size[rows]];
  const reach = Math.floor(Math.max(width, height) / 2);
  const spectrum = kernelSpectrum(kernelOf(filter, degrees, spacing, reach), width, height);
  const steps = [1, size[0], size[0] * size[1]] as const;
  const plane = new Float64Array(width * height);
  const takeGreatest = filter.pool === 'max';
  for (let slice = 0; slice < size[across]; slice++) {
    for (let y = 0, i = 0; y < height; y++) {
      let at = slice * steps[across] + y * steps[rows];
      for (let x = 0; x < width; x++, i++, at += steps[columns]) plane[i] = volume[at]!;
    }
    const padded = withBorders(plane, [width, height], [reach, reach], border);
    const { real, imaginary } = spectralConvolution(padded, width, height, spectrum);
    for (let y = 0, i = 0; y < height; y++) {
      let at = slice * steps[across] + y * steps[rows];
      for (let x = 0; x < width; x++, i++, at += steps[columns]) {
        const size = Math.sqrt(real[i]! * real[i]! + imaginary[i]! * imaginary[i]!);
        out[at] = takeGreatest ? Math.max(out[at]!, size) : out[at]! + size;
      }
    }
  }
}
