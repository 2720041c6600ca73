import type { Vector3 } from '../../geometry/geometry.ts';
import { percentiles } from '../intensity-statistics.ts';
import { readParameters } from '../read-parameters.ts';
import { classMap } from '../thresholds/threshold.ts';
import type { IntensityTransform } from '../transform.ts';
import { type Border, REFLECT } from './border.ts';
import { another, type FloatArray } from './correlate-axis.ts';
import { type BorderParameters, borderOf, floatsOf, readBorder, requireFinite } from './filter-volumes.ts';
import { gaussianFilter } from './gaussian-filter.ts';
import { sobelAlong } from './gradient.ts';

export interface CannyParameters extends BorderParameters {
  /** Standard deviation of the smoothing before, in pixels; 0 for none. Default 1. */
  readonly sigma?: number;
  /** Edges weaker than this are none; those that hang together with one of at least `high` stay. */
  readonly low: number;
  readonly high: number;
  /**
   * What low and high are: lengths of Sobel's gradient with weights 1 2 1 (default), eight times the change per pixel; or
   * the parts 0..1 of the slice's pixels whose gradient is shorter.
   */
  readonly as?: 'gradient' | 'quantile';
  /** Of edges; default 1. */
  readonly label?: number;
}

/**
 * Edges of each slice (J. Canny, "A computational approach to edge detection", IEEE PAMI 8, 1986) as a label map: those of
 * scikit-image. Throws INTENSITY_NOT_FINITE.
 */
export const canny: IntensityTransform<CannyParameters> = {
  name: 'canny',
  kind: 'intensity',
  example: { low: 5, high: 15, label: 2 },
  check(parameters) {
    const read = readParameters('canny', parameters);
    const checked = {
      sigma: read.number('sigma', { min: 0, max: 1000, fallback: 1 }),
      low: read.number('low', { min: 0 }),
      high: read.number('high', { min: 0 }),
      as: read.oneOf('as', ['gradient', 'quantile'], 'gradient'),
      label: read.number('label', { min: 1, max: 255, whole: true, fallback: 1 }),
      ...readBorder(read),
    };
    read.require(checked.high >= checked.low, `high (${checked.high}) is below low (${checked.low})`);
    read.require(
      checked.as === 'gradient' || checked.high <= 1,
      `high is ${checked.high}, expected a part 0..1`,
    );
    read.end();
    return checked;
  },
  change(image, { sigma, low, high, as, label, ...rest }) {
    const values = floatsOf(image);
    requireFinite(values);
    const size: Vector3 = [image.width, image.height, 1];
    const length = image.width * image.height;
    const pixels = new Uint8Array(values.length);
    for (let start = 0; start < values.length; start += length) {
      const slice = values.subarray(start, start + length);
      const edges = cannyEdges(slice, size, sigma, { low, high, as }, borderOf(rest));
      for (let i = 0; i < length; i++) if (edges[i] !== 0) pixels[start + i] = label;
    }
    return classMap(image, pixels, [label]);
  },
  inverse: { none: 'only where the edges are is kept' },
};

type Limits = Required<Pick<CannyParameters, 'low' | 'high' | 'as'>>;

/** 1 on the edges of one slice [H, W]; none on its outermost pixels. */
function cannyEdges(
  values: FloatArray,
  size: Vector3,
  sigma: number,
  limits: Limits,
  border: Border,
): Uint8Array {
  const smooth = smoothed(values, size, sigma, border);
  const across = sobelAlong(smooth, size, 0, REFLECT, 4);
  const down = sobelAlong(smooth, size, 1, REFLECT, 4);
  const strength = another(values);
  for (let i = 0; i < strength.length; i++) {
    strength[i] = Math.sqrt(across[i]! * across[i]! + down[i]! * down[i]!);
  }
  const [low, high] =
    limits.as === 'gradient'
      ? [limits.low, limits.high]
      : percentiles(strength, [100 * limits.low, 100 * limits.high]);
  return traced(thinned(strength, across, down, size, low!), strength, size[0], high!);
}

/** With a constant border, what it adds is divided out. */
function smoothed(values: FloatArray, size: Vector3, sigma: number, border: Border): FloatArray {
  const smooth = gaussianFilter(values, size, [sigma, sigma, 0], border);
  if (border.mode !== 'constant') return smooth;
  const share = gaussianFilter(another(values).fill(1), size, [sigma, sigma, 0], border);
  for (let i = 0; i < smooth.length; i++) smooth[i] = smooth[i]! / (share[i]! + 2 ** -23);
  return smooth;
}

/** 1 where the gradient is no shorter than on both sides of it, between the neighbours that it points at. */
function thinned(
  strength: FloatArray,
  across: FloatArray,
  down: FloatArray,
  [width, height]: Vector3,
  low: number,
): Uint8Array {
  const out = new Uint8Array(strength.length);
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1, i = y * width + 1; x < width - 1; x++, i++) {
      const own = strength[i]!;
      if (!(own >= low)) continue;
      const dx = across[i]!;
      const dy = down[i]!;
      const flat = Math.abs(dx);
      const steep = Math.abs(dy);
      if (flat === 0 && steep === 0) continue;
      const same = (dx >= 0 && dy >= 0) || (dx <= 0 && dy <= 0);
      const sideways = same ? 1 : -1;
      // straight: the neighbour along the longer part; diagonal: beside it along the shorter
      const alongY = same ? steep > flat : steep >= flat;
      const straight = alongY ? width : sideways;
      const diagonal = width + sideways;
      const part = alongY ? flat / steep : steep / flat;
      const ahead = strength[i + diagonal]! * part + strength[i + straight]! * (1 - part);
      if (ahead > own) continue;
      const behind = strength[i - diagonal]! * part + strength[i - straight]! * (1 - part);
      if (behind <= own) out[i] = 1;
    }
  }
  return out;
}

/** Of the candidates, those that hang together (8 neighbours) with one of at least `high`. */
function traced(candidates: Uint8Array, strength: FloatArray, width: number, high: number): Uint8Array {
  const out = new Uint8Array(candidates.length);
  const stack = new Int32Array(candidates.length);
  const neighbours = [-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1];
  for (let start = 0; start < candidates.length; start++) {
    if (candidates[start] === 0 || out[start] !== 0 || !(strength[start]! >= high)) continue;
    let count = 0;
    stack[count++] = start;
    out[start] = 1;
    while (count > 0) {
      const at = stack[--count]!;
      for (let k = 0; k < 8; k++) {
        const next = at + neighbours[k]!;
        // the outermost pixels are no candidates, so that neighbours lie within the slice
        if (candidates[next] === 0 || out[next] !== 0) continue;
        out[next] = 1;
        stack[count++] = next;
      }
    }
  }
  return out;
}
