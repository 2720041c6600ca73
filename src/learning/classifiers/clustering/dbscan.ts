import { type Matrix, rowOf } from '../matrix.ts';
import { checkClusterable, settingsError } from './distances.ts';
import { kdTree } from './k-d-tree.ts';

/** What is dense. */
export interface DbscanSettings {
  /** How near a neighbour is, above 0. */
  readonly radius: number;
  /** Rows within the radius, itself included, that make a row a core of a cluster; 5 by default. */
  readonly neighbours?: number;
}

/** Clusters of any shape. */
export interface Dbscan {
  /** Cluster of each row, 0 .. clusters - 1; -1 for noise. */
  readonly labels: Int32Array;
  readonly clusters: number;
  /** 1 for rows that are cores. */
  readonly core: Uint8Array;
}

/**
 * Clusters of rows that are dense, and noise between them (Ester et al., A density-based algorithm for discovering
 * clusters in large spatial databases with noise, 1996).
 *
 * @throws CLUSTERING_SETTINGS, CLUSTERING_DATA
 */
export function dbscan(x: Matrix, { radius, neighbours = 5 }: DbscanSettings): Dbscan {
  checkClusterable('dbscan', x);
  if (!(radius > 0 && radius < Infinity) || !(Number.isInteger(neighbours) && neighbours >= 1)) {
    throw settingsError('dbscan', `the radius must be above 0 and 'neighbours' at least 1.`);
  }
  const tree = kdTree(x);
  // Asked for again where they are needed: all neighbours of all rows may not fit into memory.
  const near = (row: number) => tree.within(rowOf(x, row), radius);
  const core = Uint8Array.from({ length: x.rows }, (_, i) => (near(i).length >= neighbours ? 1 : 0));
  const labels = new Int32Array(x.rows).fill(-1);
  let clusters = 0;
  for (let i = 0; i < x.rows; i++) {
    if (labels[i] !== -1 || core[i] === 0) continue;
    const open = [i];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (labels[at] !== -1) continue;
      labels[at] = clusters;
      if (core[at] === 0) continue;
      for (const other of near(at)) if (labels[other] === -1) open.push(other);
    }
    clusters++;
  }
  return { labels, clusters, core };
}
