import { HounsfieldError } from '../../../errors.ts';

/** One Gabor filter as a person gives it. */
export interface GaborFilter {
  /** Of the wave, in cycles per pixel; above 0. */
  readonly frequency: number;
  /** Direction of the wave in radians; 0 is along the columns' axis x. */
  readonly theta?: number;
  /** In octaves; gives the deviations where they are absent. */
  readonly bandwidth?: number;
  /** Deviations of the Gaussian along and across the wave, in pixels. */
  readonly sigmaX?: number;
  readonly sigmaY?: number;
  /** Deviations to which the kernel reaches. */
  readonly deviations?: number;
  /** Phase in radians. */
  readonly offset?: number;
}

/** All numbers of a filter, and how far its kernel reaches from its middle. */
export interface GaborShape extends Required<Omit<GaborFilter, 'bandwidth'>> {
  readonly reach: readonly [rows: number, columns: number];
}

/** Side of a kernel beyond which it is taken for a mistake. */
const MOST_REACH = 1024;

/** Fills in what is absent (Petkov's relation of bandwidth and deviation). Throws PICTURE_FEATURE_SETTINGS. */
export function gaborShape(filter: GaborFilter): GaborShape {
  const { frequency, theta = 0, bandwidth = 1, deviations = 3, offset = 0 } = filter;
  const octave = 2 ** bandwidth;
  const factor = ((1 / Math.PI) * Math.sqrt(Math.log(2) / 2) * (octave + 1)) / (octave - 1);
  const sigmaX = filter.sigmaX ?? factor / frequency;
  const sigmaY = filter.sigmaY ?? factor / frequency;
  const cosine = Math.cos(theta);
  const sine = Math.sin(theta);
  const columns = Math.ceil(
    Math.max(Math.abs(deviations * sigmaX * cosine), Math.abs(deviations * sigmaY * sine), 1),
  );
  const rows = Math.ceil(
    Math.max(Math.abs(deviations * sigmaY * cosine), Math.abs(deviations * sigmaX * sine), 1),
  );
  if (!(frequency > 0 && sigmaX > 0 && sigmaY > 0 && rows <= MOST_REACH && columns <= MOST_REACH)) {
    throw new HounsfieldError(
      'PICTURE_FEATURE_SETTINGS',
      `a Gabor filter of frequency ${frequency} and deviations ${sigmaX} and ${sigmaY} is not possible. Give a frequency ` +
        `and deviations above 0 whose kernel reaches at most ${MOST_REACH} pixels.`,
    );
  }
  return { frequency, theta, sigmaX, sigmaY, deviations, offset, reach: [rows, columns] };
}

/** A complex kernel; [rows, columns], both odd. */
export interface ComplexKernel {
  readonly real: Float64Array;
  readonly imaginary: Float64Array;
  readonly rows: number;
  readonly columns: number;
}

/** A Gaussian times a complex wave, the Gaussian's sum about 1 (as scikit-image's gabor_kernel). */
export function gaborKernel(filter: GaborFilter): ComplexKernel {
  const { frequency, theta, sigmaX, sigmaY, offset, reach } = gaborShape(filter);
  const [rows, columns] = [2 * reach[0] + 1, 2 * reach[1] + 1];
  const real = new Float64Array(rows * columns);
  const imaginary = new Float64Array(rows * columns);
  const [cosine, sine] = [Math.cos(theta), Math.sin(theta)];
  for (let y = -reach[0], i = 0; y <= reach[0]; y++) {
    for (let x = -reach[1]; x <= reach[1]; x++, i++) {
      const along = x * cosine + y * sine;
      const across = -x * sine + y * cosine;
      const height =
        Math.exp(-0.5 * ((along / sigmaX) ** 2 + (across / sigmaY) ** 2)) / (2 * Math.PI * sigmaX * sigmaY);
      const phase = 2 * Math.PI * frequency * along + offset;
      real[i] = height * Math.cos(phase);
      imaginary[i] = height * Math.sin(phase);
    }
  }
  return { real, imaginary, rows, columns };
}

/** The two halves of a kernel that is a product of one along the rows' axis and one along the columns'. */
export interface SeparableKernel {
  /** From the middle outwards: real parts are even, imaginary odd. */
  readonly columnReal: Float64Array; // [reach of columns + 1]
  readonly columnImaginary: Float64Array;
  readonly rowReal: Float64Array; // [reach of rows + 1]
  readonly rowImaginary: Float64Array;
  /** What the phase and the height come to: multiplied at the end. */
  readonly factor: readonly [real: number, imaginary: number];
}

/** The halves where the Gaussian is round; undefined otherwise. */
export function separableKernel(shape: GaborShape): SeparableKernel | undefined {
  const { frequency, theta, sigmaX, sigmaY, offset, reach } = shape;
  if (sigmaX !== sigmaY) return undefined;
  const half = (length: number, share: number, wave: (phase: number) => number) =>
    Float64Array.from(
      { length: length + 1 },
      (_, i) => Math.exp(-0.5 * (i / sigmaX) ** 2) * wave(2 * Math.PI * frequency * share * i),
    );
  const height = 1 / (2 * Math.PI * sigmaX * sigmaY);
  return {
    columnReal: half(reach[1], Math.cos(theta), Math.cos),
    columnImaginary: half(reach[1], Math.cos(theta), Math.sin),
    rowReal: half(reach[0], Math.sin(theta), Math.cos),
    rowImaginary: half(reach[0], Math.sin(theta), Math.sin),
    factor: [height * Math.cos(offset), height * Math.sin(offset)],
  };
}
