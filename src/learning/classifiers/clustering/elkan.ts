import type { Matrix } from '../matrix.ts';
import { squaredDistance } from './distances.ts';

/** What is known of distances without measuring them. */
export interface Bounds {
  /** At least the distance of each row to its own centre. */
  readonly upper: Float64Array;
  /** At most the distance of each row to each centre; [rows, clusters]. */
  readonly lower: Float64Array;
  /** Widens the bounds after centres have moved. */
  moved(shift: Float64Array, labels: Int32Array): void;
}

/** Bounds that know nothing. */
export function makeBounds(rows: number, clusters: number): Bounds {
  const upper = new Float64Array(rows).fill(Infinity);
  const lower = new Float64Array(rows * clusters);
  return {
    upper,
    lower,
    moved(shift, labels) {
      for (let i = 0; i < rows; i++) {
        upper[i]! += shift[labels[i]!]!;
        for (let c = 0, at = i * clusters; c < clusters; c++, at++) {
          lower[at] = Math.max(0, lower[at]! - shift[c]!);
        }
      }
    },
  };
}

/** Bounds are not trusted beyond rounding. */
const ROUNDING = 1 + 1e-12;

/** Assigns rows to their nearest centres, measuring only where the bounds do not decide; gives how many rows changed. */
export function elkanPass(
  x: Matrix,
  centres: Float64Array,
  clusters: number,
  labels: Int32Array,
  { upper, lower }: Bounds,
): number {
  const { values, rows, columns } = x;
  const { between, half } = centreDistances(centres, clusters, columns);
  let changed = 0;
  for (let i = 0; i < rows; i++) {
    const before = labels[i]!;
    let own = before;
    let distance = upper[i]!;
    let exact = false;
    if (own < 0) {
      own = 0;
      distance = Math.sqrt(squaredDistance(values, i * columns, centres, 0, columns));
      lower[i * clusters] = distance;
      exact = true;
    } else if (distance * ROUNDING < half[own]!) continue;
    for (let c = 0; c < clusters; c++) {
      if (c === own) continue;
      const least = Math.max(lower[i * clusters + c]!, between[own * clusters + c]! / 2);
      if (distance * ROUNDING < least) continue;
      if (!exact) {
        distance = Math.sqrt(squaredDistance(values, i * columns, centres, own * columns, columns));
        lower[i * clusters + own] = distance;
        exact = true;
        if (distance * ROUNDING < least) continue;
      }
      const other = Math.sqrt(squaredDistance(values, i * columns, centres, c * columns, columns));
      lower[i * clusters + c] = other;
      if (other < distance || (other === distance && c < own)) {
        own = c;
        distance = other;
      }
    }
    upper[i] = distance;
    labels[i] = own;
    if (own !== before) changed++;
  }
  return changed;
}

/** Distances between centres, and half of each one's to its nearest. */
function centreDistances(centres: Float64Array, clusters: number, columns: number) {
  const between = new Float64Array(clusters * clusters);
  const half = new Float64Array(clusters).fill(Infinity);
  for (let a = 0; a < clusters; a++) {
    for (let b = a + 1; b < clusters; b++) {
      const distance = Math.sqrt(squaredDistance(centres, a * columns, centres, b * columns, columns));
      between[a * clusters + b] = distance;
      between[b * clusters + a] = distance;
      half[a] = Math.min(half[a]!, distance / 2);
      half[b] = Math.min(half[b]!, distance / 2);
    }
  }
  return { between, half };
}
