import { HounsfieldError } from '../../../errors.ts';
import type { Matrix } from '../matrix.ts';
import { checkClusterable, pairDistances, pairPlace, settingsError } from './distances.ts';

/** How far apart two clusters are: by their farthest, mean or nearest rows, or by what joining costs in squares. */
export type Linkage = 'ward' | 'complete' | 'average' | 'single';

/** Which clusters are joined, from the nearest on. */
export interface Hierarchy {
  readonly leaves: number;
  /**
   * One row for each joining: the two clusters (leaves are 0 .. leaves - 1, the cluster of row k is leaves + k; the
   * smaller number first), their distance, and how many leaves are in it. As SciPy's linkage matrix; [leaves - 1, 4].
   */
  readonly joins: Matrix;
}

/** As many distances as this are kept in memory at once: 1.6 GB. */
const MOST_PAIRS = 2e8;

/**
 * A hierarchy of clusters of rows by Euclidean distance.
 *
 * @throws CLUSTERING_DATA, CLUSTERING_SETTINGS for more rows than distances can be kept of (20,000)
 */
export function clusterHierarchy(x: Matrix, linkage: Linkage = 'ward'): Hierarchy {
  checkClusterable('hierarchy', x);
  if ((x.rows * (x.rows - 1)) / 2 > MOST_PAIRS) {
    throw settingsError('hierarchy', `${x.rows} rows have too many pairs; at most 20000 can be joined.`);
  }
  return joined(pairDistances(x), x.rows, linkage);
}

/**
 * A hierarchy from the distances of pairs, row by row above the diagonal, by the chain of nearest neighbours (Müllner,
 * Modern hierarchical, agglomerative clustering algorithms, 2011, figure 3; updates after Lance and Williams, 1967).
 *
 * @param distances at least 0; [n (n - 1) / 2], not changed
 */
export function hierarchyOfDistances(distances: Float64Array, n: number, linkage: Linkage): Hierarchy {
  if (distances.length !== (n * (n - 1)) / 2 || !distances.every((d) => d >= 0 && d < Infinity)) {
    throw new HounsfieldError(
      'CLUSTERING_DATA',
      `${distances.length} distances were given for ${n} leaves. Give n (n - 1) / 2 finite numbers of at least 0.`,
    );
  }
  return joined(distances.slice(), n, linkage);
}

/** Overwrites the distances. */
function joined(distances: Float64Array, n: number, linkage: Linkage): Hierarchy {
  const joins = linkage === 'single' ? spanningTree(distances, n) : chain(distances, n, linkage);
  const order = Array.from(joins.keys()).sort((a, b) => joins[a]!.distance - joins[b]!.distance || a - b);
  return {
    leaves: n,
    joins: labelled(
      order.map((at) => joins[at]!),
      n,
    ),
  };
}

interface Join {
  readonly a: number;
  readonly b: number;
  readonly distance: number;
}

function chain(distances: Float64Array, n: number, linkage: Exclude<Linkage, 'single'>): readonly Join[] {
  const size = new Int32Array(n).fill(1); // 0: joined into another
  const path: number[] = [];
  const joins: Join[] = [];
  while (joins.length < n - 1) {
    if (path.length === 0) path.push(size.findIndex((one) => one > 0));
    const at = path.at(-1)!;
    const before = path.at(-2);
    let next = before ?? -1;
    let least = before === undefined ? Infinity : distances[pairPlace(n, at, before)]!;
    for (let i = 0; i < n; i++) {
      if (size[i] === 0 || i === at) continue;
      const distance = distances[pairPlace(n, at, i)]!;
      if (distance < least) {
        least = distance;
        next = i;
      }
    }
    if (next !== before) {
      path.push(next);
      continue;
    }
    path.length -= 2;
    const [a, b] = at < next ? [at, next] : [next, at];
    joins.push({ a, b, distance: least });
    join(distances, size, n, a, b, least, linkage);
  }
  return joins;
}

/** Puts a into b. */
function join(
  distances: Float64Array,
  size: Int32Array,
  n: number,
  a: number,
  b: number,
  apart: number,
  linkage: Exclude<Linkage, 'single'>,
): void {
  const [na, nb] = [size[a]!, size[b]!];
  size[a] = 0;
  size[b] = na + nb;
  for (let i = 0; i < n; i++) {
    const ni = size[i]!;
    if (ni === 0 || i === b) continue;
    const place = pairPlace(n, i, b);
    const [da, db] = [distances[pairPlace(n, i, a)]!, distances[place]!];
    if (linkage === 'complete') distances[place] = Math.max(da, db);
    else if (linkage === 'average') distances[place] = (na * da + nb * db) / (na + nb);
    else {
      const t = 1 / (na + nb + ni);
      const squares = (ni + na) * t * da * da + (ni + nb) * t * db * db - ni * t * apart * apart;
      distances[place] = Math.sqrt(Math.max(0, squares));
    }
  }
}

/** Joins of 'single' are the edges of the least spanning tree (Gower and Ross, 1969; Prim, 1957). */
function spanningTree(distances: Float64Array, n: number): readonly Join[] {
  const least = new Float64Array(n).fill(Infinity);
  const done = new Uint8Array(n);
  const joins: Join[] = [];
  let at = 0;
  while (joins.length < n - 1) {
    done[at] = 1;
    let nearest = -1;
    for (let i = 0; i < n; i++) {
      if (done[i] === 1) continue;
      least[i] = Math.min(least[i]!, distances[pairPlace(n, at, i)]!);
      if (nearest < 0 || least[i]! < least[nearest]!) nearest = i;
    }
    joins.push({ a: at, b: nearest, distance: least[nearest]! });
    at = nearest;
  }
  return joins;
}

/** Numbers the clusters in the order of joining. */
function labelled(joins: readonly Join[], n: number): Matrix {
  const parent = Int32Array.from({ length: 2 * n - 1 }, (_, i) => i);
  const size = new Int32Array(2 * n - 1).fill(1);
  const rootOf = (leaf: number): number => {
    let root = leaf;
    while (parent[root] !== root) root = parent[root]!;
    for (let i = leaf; parent[i] !== root && i !== root; ) {
      const up = parent[i]!;
      parent[i] = root;
      i = up;
    }
    return root;
  };
  const values = new Float64Array(4 * joins.length);
  for (const [k, { a, b, distance }] of joins.entries()) {
    const [u, v] = [rootOf(a), rootOf(b)];
    const made = n + k;
    parent[u] = made;
    parent[v] = made;
    size[made] = size[u]! + size[v]!;
    values.set([Math.min(u, v), Math.max(u, v), distance, size[made]!], 4 * k);
  }
  return { values, rows: joins.length, columns: 4 };
}

/** Where a hierarchy is cut: into so many clusters, or where joining goes farther than a distance. */
export type Cut = { readonly clusters: number } | { readonly distance: number };

/** Cluster of each leaf, 0 .. clusters - 1 in the order of their first leaves. */
export function cutHierarchy({ leaves, joins }: Hierarchy, cut: Cut): Int32Array {
  const parent = Int32Array.from({ length: leaves + joins.rows }, (_, i) => i);
  for (let k = 0; k < joins.rows; k++) {
    const joined = 'clusters' in cut ? k < leaves - cut.clusters : joins.values[4 * k + 2]! <= cut.distance;
    if (!joined) continue;
    parent[joins.values[4 * k]!] = leaves + k;
    parent[joins.values[4 * k + 1]!] = leaves + k;
  }
  const numbers = new Map<number, number>();
  return Int32Array.from({ length: leaves }, (_, leaf) => {
    let root = leaf;
    while (parent[root] !== root) root = parent[root]!;
    const known = numbers.get(root) ?? numbers.size;
    numbers.set(root, known);
    return known;
  });
}

/** Leaves from one end of the dendrogram to the other, the cluster named first to the left. */
export function leafOrder({ leaves, joins }: Hierarchy): Int32Array {
  const order = new Int32Array(leaves);
  let count = 0;
  const open = [leaves + joins.rows - 1];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at < leaves) order[count++] = at;
    else open.push(joins.values[4 * (at - leaves) + 1]!, joins.values[4 * (at - leaves)]!);
  }
  return order;
}

/** Columns that say nearly the same, in groups. */
export interface CorrelationClusters {
  /** Group of each column. */
  readonly labels: Int32Array;
  /** Columns with those alike side by side: the order of a correlation chart. */
  readonly order: Int32Array;
  readonly hierarchy: Hierarchy;
}

/**
 * Groups columns whose correlations are in the mean at least `threshold` in size: distance 1 - |r|, average linkage.
 *
 * @param correlation [columns, columns], symmetric
 * @param threshold 0 .. 1
 */
export function correlationClusters(correlation: Matrix, threshold: number): CorrelationClusters {
  const n = correlation.rows;
  const distances = new Float64Array((n * (n - 1)) / 2);
  for (let i = 0, at = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++, at++) {
      distances[at] = Math.max(0, 1 - Math.abs(correlation.values[i * n + j]!));
    }
  }
  const hierarchy = hierarchyOfDistances(distances, n, 'average');
  return {
    labels: cutHierarchy(hierarchy, { distance: 1 - threshold }),
    order: n > 0 ? leafOrder(hierarchy) : new Int32Array(0),
    hierarchy,
  };
}
