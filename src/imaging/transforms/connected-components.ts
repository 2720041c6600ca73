import { HounsfieldError } from '../../errors.ts';

/** Neighbours of a voxel: over faces, over faces and edges, over corners too. In one slice: 4, 8 and 8. */
export const CONNECTIVITIES = [6, 18, 26] as const;
export type Connectivity = (typeof CONNECTIVITIES)[number];

export interface Components {
  /** 0 where the mask is 0, else 1 .. count in order of first appearance, x fastest; [D, H, W]. */
  readonly labels: Uint32Array;
  readonly count: number;
  /** Voxels of each component; index 0 counts the background. */
  readonly sizes: Uint32Array;
  /** The value of each component's voxels, 1 in a mask; index 0 is 0. */
  readonly values: Float64Array;
}

/** Runs of one row: components are joined run by run, not voxel by voxel. */
interface Runs {
  first: Int32Array;
  last: Int32Array;
  parent: Int32Array;
  value: Float64Array;
  count: number;
}

/**
 * Connected components of the non-zero voxels of one volume, by runs along x and union-find with path halving (He, Chao and
 * Suzuki, "A run-based two-scan labeling algorithm", IEEE TIP 2008).
 *
 * @param of 'mask': all non-zero voxels are alike; 'labels': only voxels of equal value hang together
 */
export function connectedComponents(
  mask: ArrayLike<number>,
  width: number,
  height: number,
  depth: number,
  connectivity: Connectivity = 26,
  of: 'mask' | 'labels' = 'mask',
): Components {
  if (mask.length !== width * height * depth) {
    throw new HounsfieldError(
      'IMAGE_SHAPE',
      `${mask.length} values do not fill ${depth} x ${height} x ${width} (depth x height x width). Pass one volume.`,
    );
  }
  const runs: Runs = {
    first: new Int32Array(1024),
    last: new Int32Array(1024),
    parent: new Int32Array(1024),
    value: new Float64Array(1024),
    count: 0,
  };
  const rowStart = new Int32Array(height * depth + 1);
  for (let row = 0; row < height * depth; row++) {
    rowStart[row] = runs.count;
    findRuns(mask, row * width, width, runs, of === 'labels');
    rowStart[row + 1] = runs.count;
    const [y, z] = [row % height, Math.floor(row / height)];
    const straight = connectivity === 6 ? 0 : 1;
    if (y > 0) joinRows(runs, rowStart, row, row - 1, straight);
    if (z === 0) continue;
    joinRows(runs, rowStart, row, row - height, straight);
    if (connectivity === 6) continue;
    const diagonal = connectivity === 26 ? 1 : 0;
    if (y > 0) joinRows(runs, rowStart, row, row - height - 1, diagonal);
    if (y < height - 1) joinRows(runs, rowStart, row, row - height + 1, diagonal);
  }
  return paint(runs, rowStart, width, mask.length);
}

function findRuns(mask: ArrayLike<number>, start: number, width: number, runs: Runs, byValue: boolean): void {
  for (let x = 0; x < width; x++) {
    const value = mask[start + x]!;
    if (!value) continue;
    const first = x;
    while (x + 1 < width && mask[start + x + 1] && (!byValue || mask[start + x + 1] === value)) x++;
    if (runs.count === runs.first.length) grow(runs);
    runs.first[runs.count] = first;
    runs.last[runs.count] = x;
    runs.parent[runs.count] = runs.count;
    runs.value[runs.count] = byValue ? value : 1;
    runs.count++;
  }
}

function grow(runs: Runs): void {
  const longer = (list: Int32Array) => {
    const next = new Int32Array(list.length * 2);
    next.set(list);
    return next;
  };
  runs.first = longer(runs.first);
  runs.last = longer(runs.last);
  runs.parent = longer(runs.parent);
  const values = new Float64Array(runs.value.length * 2);
  values.set(runs.value);
  runs.value = values;
}

/** Joins the runs of two rows that are alike and overlap, or lie `reach` voxels beside each other. */
function joinRows(runs: Runs, rowStart: Int32Array, a: number, b: number, reach: number): void {
  const { first, last, parent, value } = runs;
  let [i, j] = [rowStart[a]!, rowStart[b]!];
  const [iEnd, jEnd] = [rowStart[a + 1]!, rowStart[b + 1]!];
  while (i < iEnd && j < jEnd) {
    if (last[i]! + reach < first[j]!) i++;
    else if (last[j]! + reach < first[i]!) j++;
    else {
      if (value[i] === value[j]) join(parent, i, j);
      if (last[i]! < last[j]!) i++;
      else {
        // where both end together, the next run of one row may still touch this one of the other
        const next = i + 1 < iEnd && first[i + 1]! <= last[j]! + reach && value[i + 1] === value[j];
        if (next) join(parent, i + 1, j);
        j++;
      }
    }
  }
}

function root(parent: Int32Array, run: number): number {
  let at = run;
  while (parent[at] !== at) {
    parent[at] = parent[parent[at]!]!;
    at = parent[at]!;
  }
  return at;
}

/** The smaller root stays, so that a component keeps the number of its first run. */
function join(parent: Int32Array, a: number, b: number): void {
  const [p, q] = [root(parent, a), root(parent, b)];
  if (p < q) parent[q] = p;
  else parent[p] = q;
}

function paint(runs: Runs, rowStart: Int32Array, width: number, length: number): Components {
  const labels = new Uint32Array(length);
  const number = new Uint32Array(runs.count);
  const sizes: number[] = [0];
  const values: number[] = [0];
  for (let row = 0; row + 1 < rowStart.length; row++) {
    for (let run = rowStart[row]!; run < rowStart[row + 1]!; run++) {
      const top = root(runs.parent, run);
      if (top === run) {
        number[run] = sizes.push(0) - 1;
        values.push(runs.value[run]!);
      }
      const own = number[top]!;
      const [from, to] = [row * width + runs.first[run]!, row * width + runs.last[run]! + 1];
      labels.fill(own, from, to);
      sizes[own]! += to - from;
    }
  }
  sizes[0] = length - sizes.reduce((sum, n) => sum + n, 0);
  return {
    labels,
    count: sizes.length - 1,
    sizes: Uint32Array.from(sizes),
    values: Float64Array.from(values),
  };
}
