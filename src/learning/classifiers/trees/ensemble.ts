import { addTree, type Tree } from './tree.ts';

/** Trees that are added up: base + scale x sum of the trees' leaves. */
export interface TreeEnsemble {
  readonly columns: number;
  readonly outputs: number;
  readonly trees: readonly Tree[];
  /** The output that each tree of one output adds to; absent where every tree has all outputs. */
  readonly target?: Int32Array | undefined; // [trees]
  readonly scale: number;
  readonly base: Float64Array; // [outputs]
}

/** The sums for each row of a float32 table; [rows, outputs]. */
export function sumTrees(ensemble: TreeEnsemble, x: Float32Array): Float64Array {
  const { columns, outputs, trees, target, scale, base } = ensemble;
  const rows = x.length / columns;
  const total = new Float64Array(rows * outputs);
  const one = target && outputs > 1 ? new Float64Array(rows) : total;
  for (const [t, tree] of trees.entries()) {
    if (one !== total) one.fill(0);
    addTree(tree, x, columns, one, scale);
    if (one === total) continue;
    for (let row = 0, at = target![t]!; row < rows; row++, at += outputs) total[at]! += one[row]!;
  }
  for (let i = 0; i < total.length; i++) total[i]! += base[i % outputs]!;
  return total;
}
