/** The four uniform cubic B-splines at `t`, 0..1 between the second and the third knot, into out[at..at + 3]; they sum to 1. */
export function cubicWeights(t: number, out: Float64Array, at: number): void {
  const s = 1 - t;
  out[at] = (s * s * s) / 6;
  out[at + 1] = (3 * t * t * t - 6 * t * t + 4) / 6;
  out[at + 2] = (3 * s * s * s - 6 * s * s + 4) / 6;
  out[at + 3] = (t * t * t) / 6;
}

/**
 * Of a coarse grid of `points` control points, whose points - 3 equal cells lie over `side` voxels from edge to edge: the
 * first of the four points that a place in voxels depends on; their weights go into `weights` from `at` on. Beyond the
 * image as at its edge.
 */
export function basisAt(
  place: number,
  side: number,
  points: number,
  weights: Float64Array,
  at: number,
): number {
  const cells = points - 3;
  const position = Math.min(cells, Math.max(0, ((place + 0.5) / side) * cells));
  const cell = Math.min(cells - 1, Math.floor(position));
  cubicWeights(position - cell, weights, at);
  return cell;
}

/** For each place along an axis the first of its four control points, and their weights. */
export interface AxisBasis {
  readonly points: number;
  readonly first: Int32Array; // [places]
  readonly weights: Float64Array; // [places, 4]
}

/** The basis at places of an axis, counted in voxels of an image of `side` voxels. */
export function axisBasis(points: number, side: number, places: ArrayLike<number>): AxisBasis {
  const first = new Int32Array(places.length);
  const weights = new Float64Array(4 * places.length);
  for (let i = 0; i < places.length; i++) first[i] = basisAt(places[i]!, side, points, weights, 4 * i);
  return { points, first, weights };
}
