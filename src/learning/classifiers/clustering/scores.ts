import { HounsfieldError } from '../../../errors.ts';
import type { Matrix } from '../matrix.ts';
import { checkClusterable, squaredDistance } from './distances.ts';

/** Rows of each cluster, clusters without rows left out. @throws CLUSTERING_DATA */
function clustersOf(what: string, x: Matrix, labels: Int32Array): readonly Int32Array[] {
  checkClusterable(what, x);
  const members = new Map<number, number[]>();
  for (const [i, label] of labels.entries()) {
    const known = members.get(label);
    if (known) known.push(i);
    else members.set(label, [i]);
  }
  if (labels.length !== x.rows || members.size < 2 || members.size >= x.rows) {
    throw new HounsfieldError(
      'CLUSTERING_DATA',
      `${what}: ${labels.length} labels of ${members.size} clusters for ${x.rows} rows. Give one for each row, of 2 clusters at least and rows - 1 at most.`,
    );
  }
  return [...members.values()].map((rows) => Int32Array.from(rows));
}

/**
 * How much nearer each row is to its own cluster than to the nearest other, -1 .. 1 (Rousseeuw, Silhouettes, 1987); 0
 * for the only row of a cluster. The score of a clustering is their mean.
 */
export function silhouettes(x: Matrix, labels: Int32Array): Float64Array {
  const clusters = clustersOf('silhouette', x, labels);
  const { values, rows, columns } = x;
  const place = new Map(clusters.map((members, c) => [labels[members[0]!]!, c]));
  const own = Int32Array.from(labels, (label) => place.get(label)!);
  const sums = new Float64Array(clusters.length);
  const out = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    sums.fill(0);
    for (let k = 0; k < rows; k++) {
      sums[own[k]!]! += Math.sqrt(squaredDistance(values, i * columns, values, k * columns, columns));
    }
    const mine = own[i]!;
    const size = clusters[mine]!.length;
    if (size === 1) continue;
    const within = sums[mine]! / (size - 1);
    let nearest = Infinity;
    for (let c = 0; c < clusters.length; c++) {
      if (c !== mine) nearest = Math.min(nearest, sums[c]! / clusters[c]!.length);
    }
    const larger = Math.max(within, nearest);
    out[i] = larger > 0 ? (nearest - within) / larger : 0;
  }
  return out;
}

/** Mean of `silhouettes`. */
export const silhouetteScore = (x: Matrix, labels: Int32Array): number =>
  silhouettes(x, labels).reduce((sum, value) => sum + value, 0) / x.rows;

function centreOf({ values, columns }: Matrix, members: Int32Array): Float64Array {
  const sum = new Float64Array(columns);
  for (const i of members) for (let j = 0; j < columns; j++) sum[j]! += values[i * columns + j]!;
  return sum.map((value) => value / members.length);
}

/** Likeness of each cluster to the one most like it, in the mean (Davies and Bouldin, 1979); the lower, the better. */
export function daviesBouldin(x: Matrix, labels: Int32Array): number {
  const clusters = clustersOf('Davies–Bouldin', x, labels);
  const { values, columns } = x;
  const centres = clusters.map((members) => centreOf(x, members));
  const spreads = clusters.map((members, c) => {
    let sum = 0;
    for (const i of members) sum += Math.sqrt(squaredDistance(values, i * columns, centres[c]!, 0, columns));
    return sum / members.length;
  });
  let total = 0;
  for (let a = 0; a < centres.length; a++) {
    let worst = 0;
    for (let b = 0; b < centres.length; b++) {
      if (a === b) continue;
      const apart = Math.sqrt(squaredDistance(centres[a]!, 0, centres[b]!, 0, columns));
      if (apart > 0) worst = Math.max(worst, (spreads[a]! + spreads[b]!) / apart);
    }
    total += worst;
  }
  return total / centres.length;
}

/** Variance between clusters over that within (Caliński and Harabasz, 1974); the higher, the better. */
export function calinskiHarabasz(x: Matrix, labels: Int32Array): number {
  const clusters = clustersOf('Caliński–Harabasz', x, labels);
  const { values, rows, columns } = x;
  const whole = centreOf(
    x,
    Int32Array.from({ length: rows }, (_, i) => i),
  );
  let between = 0;
  let within = 0;
  for (const members of clusters) {
    const centre = centreOf(x, members);
    between += members.length * squaredDistance(centre, 0, whole, 0, columns);
    for (const i of members) within += squaredDistance(values, i * columns, centre, 0, columns);
  }
  const k = clusters.length;
  return within === 0 ? 1 : (between * (rows - k)) / (within * (k - 1));
}

/**
 * Agreement of two clusterings beyond chance, at most 1 (Hubert and Arabie, Comparing partitions, 1985).
 *
 * @throws CLUSTERING_DATA when they are of other lengths
 */
export function adjustedRand(a: Int32Array, b: Int32Array): number {
  if (a.length !== b.length || a.length === 0) {
    throw new HounsfieldError(
      'CLUSTERING_DATA',
      `adjusted Rand index: ${a.length} and ${b.length} labels were given. Give one of each for every row.`,
    );
  }
  const pairs = (counts: Iterable<number>) => {
    let sum = 0;
    for (const count of counts) sum += (count * (count - 1)) / 2;
    return sum;
  };
  const counted = (keys: Iterable<string | number>) => {
    const counts = new Map<string | number, number>();
    for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
    return pairs(counts.values());
  };
  const joint = counted(Array.from(a, (one, i) => `${one} ${b[i]}`));
  const [ofA, ofB, all] = [counted(a), counted(b), (a.length * (a.length - 1)) / 2];
  if (joint === ofA && joint === ofB) return 1;
  const byChance = (ofA * ofB) / all;
  return (joint - byChance) / ((ofA + ofB) / 2 - byChance);
}
