/** The places along one axis that an interpolated image is read at (IBSI reference manual, 3WE3, 026Q, QCY4). */
export interface AxisGrid {
  /** Points of the axis before and after. */
  readonly before: number;
  readonly after: number;
  /** Point i after lies at `first + i * step`, counted in points before. */
  readonly first: number;
  readonly step: number;
  readonly spacingMm: number;
}

/** A length this part beyond a whole number of points is that many, so that the spacing's rounding adds no voxel. */
const LENGTH_TOLERANCE = 1e-6;

/** Grids whose centres are aligned; an axis without a new spacing stays as it is. */
export function axisGrid(points: number, oldMm: number, newMm: number | null): AxisGrid {
  if (newMm === null || newMm === oldMm) {
    return { before: points, after: points, first: 0, step: 1, spacingMm: oldMm };
  }
  const step = newMm / oldMm;
  const after = Math.max(1, Math.ceil((points / step) * (1 - LENGTH_TOLERANCE)));
  return { before: points, after, first: (points - 1 - step * (after - 1)) / 2, step, spacingMm: newMm };
}

/** The points after, from .. to, that lie within `reach` points of low .. high before. */
export function pointsNear(
  { first, step, after }: AxisGrid,
  low: number,
  high: number,
  reach: number,
): readonly [from: number, to: number] {
  const from = Math.ceil((low - reach - first) / step);
  const to = Math.floor((high + reach - first) / step);
  return [Math.max(0, Math.min(from, after - 1)), Math.max(0, Math.min(to, after - 1))];
}
