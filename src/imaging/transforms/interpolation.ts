/** How a value between voxels is made from the voxels around it. */
export const INTERPOLATIONS = [
  'nearest',
  'linear',
  'bspline',
  'sinc-lanczos',
  'sinc-hamming',
  'sinc-cosine',
  'sinc-welch',
  'sinc-blackman',
] as const;

/**
 * 'bspline': cubic, through the voxels' own values (Unser, "Splines: a perfect fit", IEEE SPM 1999). 'sinc-*': windowed
 * over five voxels each way (Meijering et al., "Quantitative comparison of sinc-approximating kernels", MICCAI 1999).
 */
export type Interpolation = (typeof INTERPOLATIONS)[number];

/** How labels are interpolated: the nearest voxel's, or the one with most weight under a Gaussian of `labelSigma` voxels. */
export const LABEL_INTERPOLATIONS = ['nearest', 'gaussian'] as const;
export type LabelInterpolation = (typeof LABEL_INTERPOLATIONS)[number];

/** What lies beyond the edge for the taps: the edge voxel again, or the mirror image about its centre. */
export type TapBorder = 'edge' | 'mirror';

export interface Kernel {
  readonly taps: number;
  /** Offset of the first tap from the voxel at or below the place. */
  readonly first: number;
  readonly border: TapBorder;
  /** Writes the taps' weights for a place `fraction` (0 .. 1) above its voxel. */
  weights(fraction: number, out: Float64Array, at: number): void;
}

/** Voxels that the windowed sincs reach each way. */
export const SINC_RADIUS = 5;

const windows: Readonly<Record<string, (x: number) => number>> = {
  'sinc-lanczos': (x) => sinc(x / SINC_RADIUS),
  'sinc-hamming': (x) => 0.54 + 0.46 * Math.cos((Math.PI * x) / SINC_RADIUS),
  'sinc-cosine': (x) => Math.cos((Math.PI * x) / (2 * SINC_RADIUS)),
  'sinc-welch': (x) => 1 - (x / SINC_RADIUS) ** 2,
  'sinc-blackman': (x) =>
    0.42 + 0.5 * Math.cos((Math.PI * x) / SINC_RADIUS) + 0.08 * Math.cos((2 * Math.PI * x) / SINC_RADIUS),
};

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

const linear: Kernel = {
  taps: 2,
  first: 0,
  border: 'edge',
  weights(t, out, at) {
    out[at] = 1 - t;
    out[at + 1] = t;
  },
};

const bspline: Kernel = {
  taps: 4,
  first: -1,
  border: 'mirror',
  weights(t, out, at) {
    const u = 1 - t;
    out[at] = (u * u * u) / 6;
    out[at + 1] = 2 / 3 - 0.5 * t * t * (2 - t);
    out[at + 2] = 2 / 3 - 0.5 * u * u * (2 - u);
    out[at + 3] = (t * t * t) / 6;
  },
};

function windowedSinc(window: (x: number) => number): Kernel {
  return {
    taps: 2 * SINC_RADIUS,
    first: 1 - SINC_RADIUS,
    border: 'edge',
    weights(t, out, at) {
      for (let k = 0; k < 2 * SINC_RADIUS; k++) {
        const x = k + 1 - SINC_RADIUS - t;
        out[at + k] = window(x) * sinc(x);
      }
    },
  };
}

/** The kernel of an interpolation that weighs voxels; nearest does not. */
export function kernelOf(interpolation: Exclude<Interpolation, 'nearest'>): Kernel {
  if (interpolation === 'linear') return linear;
  return interpolation === 'bspline' ? bspline : windowedSinc(windows[interpolation]!);
}

/** Where a tap outside 0 .. size - 1 is read. */
export function tapIndex(index: number, size: number, border: TapBorder): number {
  if (index >= 0 && index < size) return index;
  if (border === 'edge' || size === 1) return index < 0 ? 0 : size - 1;
  const period = 2 * (size - 1);
  const folded = ((index % period) + period) % period;
  return folded < size ? folded : period - folded;
}
