import { HounsfieldError } from '../../../errors.ts';
import {
  codeOf,
  type LbpMethod,
  type LbpSettings,
  lbpCodes,
  localBinaryPattern,
  patternBits,
} from './lbp.ts';
import { circlePoints } from './lbp-samples.ts';

/** Most bins of one histogram: 'default' and 'ror' with more than 16 points are for pictures of codes only. */
const MOST_BINS = 65536;

/** Number of bins of a histogram of codes. Throws PICTURE_FEATURE_SETTINGS. */
export function lbpBins(points: number, method: LbpMethod): number {
  const bins = lbpCodes(points, method);
  if (bins !== undefined && bins <= MOST_BINS) return bins;
  throw new HounsfieldError(
    'PICTURE_FEATURE_SETTINGS',
    `${points} points by the method '${method}' make no histogram of at most ${MOST_BINS} bins. ` +
      "Use 'uniform' or 'nri_uniform', or fewer points.",
  );
}

/**
 * Histograms of local binary patterns in a grid of cells, each divided by the cell's pixels (Ahonen et al., 2004).
 *
 * @param cells rows and columns of the grid; [1, 1] is the whole plane
 * @returns [cell rows, cell columns, bins], 0 to 1
 * @throws PICTURE_FEATURE_SETTINGS
 */
export function lbpHistogram(
  plane: ArrayLike<number>,
  width: number,
  height: number,
  settings: LbpSettings,
  cells: readonly [rows: number, columns: number] = [1, 1],
): Float64Array {
  const bins = lbpBins(settings.points, settings.method);
  const codes = localBinaryPattern(plane, width, height, settings);
  const [rows, columns] = cells;
  const out = new Float64Array(rows * columns * bins);
  for (let row = 0, start = 0; row < rows; row++) {
    const [top, bottom] = part(row, rows, height);
    for (let column = 0; column < columns; column++, start += bins) {
      const [left, right] = part(column, columns, width);
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) out[start + codes[y * width + x]!]!++;
      }
      const pixels = (bottom - top) * (right - left);
      if (pixels > 0) for (let i = start; i < start + bins; i++) out[i]! /= pixels;
    }
  }
  return out;
}

/** Begin and end of part `i` of a side cut into `parts`. */
export const part = (i: number, parts: number, side: number): readonly [number, number] => [
  Math.floor((i * side) / parts),
  Math.floor(((i + 1) * side) / parts),
];

/** Settings of patterns on three orthogonal planes: radii along x, y, z (or time), points on xy, xz, yz. */
export interface LbpTopSettings {
  readonly radii: readonly [x: number, y: number, z: number];
  readonly points: readonly [xy: number, xz: number, yz: number];
  readonly method: Exclude<LbpMethod, 'var'>;
}

/**
 * Local binary patterns on three orthogonal planes (Zhao and Pietikainen, IEEE TPAMI 29, 2007): of every voxel whose
 * neighbours all lie inside, a histogram for each of the planes xy, xz and yz through it, one after the other.
 *
 * @param volume [D, H, W]
 * @returns [bins of xy + bins of xz + bins of yz], each histogram's sum is 1
 * @throws PICTURE_TOO_SMALL, PICTURE_FEATURE_SETTINGS
 */
export function lbpTop(
  volume: ArrayLike<number>,
  size: readonly [width: number, height: number, depth: number],
  { radii, points, method }: LbpTopSettings,
): Float64Array {
  const margins = radii.map(Math.ceil) as [number, number, number]; // three
  if (size.some((side, axis) => side <= 2 * margins[axis]!)) {
    throw new HounsfieldError(
      'PICTURE_TOO_SMALL',
      `a volume of ${size.join(' x ')} voxels has none whose neighbours at ${radii.join(' x ')} all lie inside. ` +
        'Use smaller radii or a larger volume.',
    );
  }
  const steps = [1, size[0], size[0] * size[1]] as const;
  const planes = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 2, 0],
  ] as const; // columns, rows, across
  const bins = points.map((count) => lbpBins(count, method));
  const out = new Float64Array(bins.reduce((sum, each) => sum + each, 0));
  let start = 0;
  planes.forEach(([columns, rows, across], which) => {
    const circle = circlePoints(points[which]!, [radii[rows], radii[columns]]);
    const [width, height] = [size[columns], size[rows]];
    const plane = new Float64Array(width * height);
    let count = 0;
    for (let slice = margins[across]; slice < size[across] - margins[across]; slice++) {
      for (let y = 0, i = 0; y < height; y++) {
        let at = slice * steps[across] + y * steps[rows];
        for (let x = 0; x < width; x++, i++, at += steps[columns]) plane[i] = volume[at]!;
      }
      const bits = patternBits(plane, width, height, circle);
      for (let y = margins[rows]; y < height - margins[rows]; y++) {
        for (let x = margins[columns]; x < width - margins[columns]; x++, count++) {
          out[start + codeOf(bits[y * width + x]!, points[which]!, method)]!++;
        }
      }
    }
    for (let i = start; i < start + bins[which]!; i++) out[i]! /= count;
    start += bins[which]!;
  });
  return out;
}
