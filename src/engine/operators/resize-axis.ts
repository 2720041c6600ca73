import type { SparseRows } from './along-axis.ts';

/** What Resize does along one axis, from `from` to `to` elements; names and defaults are ONNX's. */
export interface AxisResize {
  readonly from: number;
  readonly to: number;
  readonly scale: number;
  readonly mode: string;
  readonly transformation: string;
  readonly nearestMode: string;
  readonly cubicCoefficient: number;
  readonly excludeOutside: boolean;
  /** Start and end as fractions, for tf_crop_and_resize. */
  readonly roi: readonly [number, number] | undefined;
}

const round = Math.fround;

/** Where an element of the result lies in the original (ONNX, "Resize"), in float32 as the runtime has it. */
function originalCoordinate(axis: AxisResize, at: number): number {
  const { from, to, scale } = axis;
  switch (axis.transformation) {
    case 'asymmetric':
      return round(at / scale);
    case 'align_corners':
      return to === 1 ? 0 : round(round(at * (from - 1)) / (to - 1));
    case 'pytorch_half_pixel':
      return to === 1 ? 0 : round(round((at + 0.5) / scale) - 0.5);
    case 'half_pixel_symmetric': {
      const adjustment = to / (scale * from);
      return (from / 2) * (1 - adjustment) + (at + 0.5) / scale - 0.5;
    }
    case 'tf_crop_and_resize': {
      const [start, end] = axis.roi ?? [0, 1];
      if (to === 1) return 0.5 * (start + end) * (from - 1);
      return start * (from - 1) + (at * (end - start) * (from - 1)) / (to - 1);
    }
    default:
      return round(round((at + 0.5) / scale) - 0.5); // half_pixel
  }
}

const nearestIndex: Readonly<Record<string, (x: number) => number>> = {
  floor: Math.floor,
  ceil: Math.ceil,
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
};

/** Keys, "Cubic convolution interpolation", IEEE Trans. ASSP 1981, equation 4 with its free parameter a. */
function cubicWeights(t: number, a: number): readonly number[] {
  const near = (x: number) => ((a + 2) * x - (a + 3)) * x * x + 1;
  const far = (x: number) => ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return [far(t + 1), near(t), near(1 - t), far(2 - t)];
}

/** The result's elements along one axis as weighted sums of the original's. */
export function resizeRows(axis: AxisResize): SparseRows {
  const { from, to } = axis;
  const inside = (index: number) => Math.min(Math.max(index, 0), from - 1);
  return Array.from({ length: to }, (_, at) => {
    const x = originalCoordinate(axis, at);
    // Outside of the region, the result is a constant (extrapolation_value).
    if (axis.transformation === 'tf_crop_and_resize' && (x < 0 || x > from - 1)) return [];
    if (axis.mode === 'nearest') {
      const pick = nearestIndex[axis.nearestMode] ?? nearestIndex['round_prefer_floor']!;
      return [{ column: inside(pick(x)), weight: 1 }];
    }
    if (axis.mode === 'linear') {
      const clamped = Math.min(Math.max(x, 0), from - 1);
      const low = Math.floor(clamped);
      const t = clamped - low;
      return [
        { column: low, weight: 1 - t },
        { column: inside(low + 1), weight: t },
      ];
    }
    const low = Math.floor(x);
    const taps = cubicWeights(x - low, axis.cubicCoefficient).map((weight, i) => ({
      column: low - 1 + i,
      weight,
    }));
    if (!axis.excludeOutside) return taps.map(({ column, weight }) => ({ column: inside(column), weight }));
    const kept = taps.filter(({ column }) => column === inside(column));
    const total = kept.reduce((sum, { weight }) => sum + weight, 0);
    return kept.map(({ column, weight }) => ({ column, weight: weight / total }));
  });
}
