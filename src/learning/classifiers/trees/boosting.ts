import { HounsfieldError } from '../../../errors.ts';
import { RandomStream } from '../../../random.ts';
import type { Matrix } from '../matrix.ts';
import { type BinnedTable, binTable } from './bins.ts';
import { type BoostGrowth, boostedTreeGrower } from './boosted-tree.ts';
import type { BoostLoss } from './boosting-loss.ts';
import type { TreeEnsemble } from './ensemble.ts';
import { shares } from './grow.ts';
import { asFloat32, leafOf, type Tree } from './tree.ts';

export interface BoostPlan extends BoostGrowth {
  readonly rounds: number;
  readonly bins: number;
  /** Rows and columns drawn for each tree, without replacement, as a part of those there are. */
  readonly rowFraction: number;
  readonly columnFraction: number;
  /** Part of the rows held back to see when to stop; 0 never stops early. */
  readonly validationFraction: number;
  /** Rounds without a better validation loss before it stops. */
  readonly patience: number;
  readonly categorical: Uint8Array;
  readonly seed: number;
  /** Rows that must not be parted by the validation split, by number. */
  readonly groups?: Int32Array | undefined;
  /** Class of each row, so that the validation part has its share of each. */
  readonly strata?: Int32Array | undefined;
}

export interface Boosted {
  readonly ensemble: TreeEnsemble;
  readonly importance: Float64Array;
  readonly notes: readonly string[];
}

interface State {
  readonly loss: BoostLoss;
  readonly plan: BoostPlan;
  readonly weights: Float64Array;
  readonly table: BinnedTable;
  /** The table as float32, where some rows of a round are not in its tree. */
  readonly x: Float32Array | undefined;
  readonly scores: Float64Array; // [rows, outputs]
  readonly trees: Tree[];
}

/** Trees one after another, each by the derivatives of the loss at what those before it say (Friedman, 2001). */
export function boostTrees(x: Matrix, weights: Float64Array, loss: BoostLoss, plan: BoostPlan): Boosted {
  const { learning, held } = splitRows(x.rows, weights, plan);
  const own = Float64Array.from(weights);
  for (const row of held) own[row] = 0;
  const table = binTable(x, plan.bins, plan.categorical, own);
  const base = loss.start(own).map(Math.fround);
  const scores = new Float64Array(x.rows * loss.outputs);
  for (let i = 0; i < scores.length; i++) scores[i] = base[i % loss.outputs]!;
  const gains = new Float64Array(x.columns);
  const seesAll = learning.length === x.rows && plan.rowFraction >= 1;
  const state: State = {
    loss,
    plan,
    weights: own,
    table,
    x: seesAll ? undefined : asFloat32(x),
    scores,
    trees: [],
  };
  const grow = boostedTreeGrower(table, plan, gains);
  const watch = { best: Number.POSITIVE_INFINITY, round: 0, stopped: false };
  const gradients = new Float64Array(x.rows);
  const hessians = new Float64Array(x.rows);
  const allColumns = numbersUpTo(x.columns);
  let round = 0;
  for (; round < plan.rounds && !watch.stopped; round++) {
    const { rows, columns } = drawn(learning, allColumns, plan, round);
    loss.prepare?.(scores);
    for (let output = 0; output < loss.outputs; output++) {
      loss.derive(scores, output, own, gradients, hessians);
      const { tree, leaves } = grow({ gradients, hessians, rows, columns });
      state.trees.push(tree);

      if (seesAll)
        for (const { node, start, end } of leaves) raise(state, output, tree.values[node]!, rows, start, end);
      else raiseAll(state, output, tree);
    }
    if (held.length > 0) watchLoss(watch, loss.mean(scores, held, weights), round, plan);
  }
  const kept = held.length > 0 ? watch.round + 1 : round;
  const trees = state.trees.slice(0, kept * loss.outputs);
  const target = Int32Array.from(trees, (_, t) => t % loss.outputs);
  const notes = [
    `${kept} rounds`,
    ...(watch.stopped ? [`stopped after ${plan.patience} rounds without a better validation loss`] : []),
  ];
  const ensemble = { columns: x.columns, outputs: loss.outputs, trees, target, scale: 1, base };
  return { ensemble, importance: shares(gains), notes };
}

function raise(
  { scores, loss }: State,
  output: number,
  value: number,
  rows: Int32Array,
  start: number,
  end: number,
): void {
  const { outputs } = loss;
  for (let i = start; i < end; i++) scores[rows[i]! * outputs + output]! += value;
}

function raiseAll({ scores, loss, x, table }: State, output: number, tree: Tree): void {
  const known = x!; // rows that are not in the tree are there

  for (let row = 0; row < table.rows; row++) {
    scores[row * loss.outputs + output]! += tree.values[leafOf(tree, known, row * table.columns)]!;
  }
}

function numbersUpTo(count: number): Int32Array {
  const numbers = new Int32Array(count);
  for (let i = 0; i < count; i++) numbers[i] = i;
  return numbers;
}

/** The rows and columns of a round, in order. */
function drawn(learning: Int32Array, columns: Int32Array, plan: BoostPlan, round: number) {
  const stream = new RandomStream({ seed: plan.seed, purpose: 'gradient-boosting', epoch: round });
  const part = (of: Int32Array, fraction: number): Int32Array => {
    if (fraction >= 1) return of.slice();
    const taken = stream.permutation(of.length).subarray(0, Math.max(1, Math.ceil(fraction * of.length)));
    taken.sort();
    return Int32Array.from(taken, (i) => of[i]!);
  };
  return { rows: part(learning, plan.rowFraction), columns: part(columns, plan.columnFraction) };
}

function watchLoss(
  watch: { best: number; round: number; stopped: boolean },
  value: number,
  round: number,
  { patience }: BoostPlan,
): void {
  if (value < watch.best - 1e-7) {
    watch.best = value;
    watch.round = round;
  } else if (round - watch.round >= patience) watch.stopped = true;
}

/** Rows to learn from and rows to watch: whole groups of a patient, and each class by its share. */
function splitRows(rows: number, weights: Float64Array, plan: BoostPlan) {
  const all = numbersUpTo(rows).filter((i) => weights[i]! > 0);
  if (plan.validationFraction <= 0) return { learning: all, held: new Int32Array(0) };
  const stream = new RandomStream({ seed: plan.seed, purpose: 'gradient-boosting-validation' });
  const isHeld = new Uint8Array(rows);
  const wanted = new Map<number, number>();
  for (const row of all)
    wanted.set(strataOf(plan, row), (wanted.get(strataOf(plan, row)) ?? 0) + plan.validationFraction);
  const members = new Map<number, number[]>();
  for (const row of all) {
    const group = plan.groups ? plan.groups[row]! : row;
    const known = members.get(group);
    if (known) known.push(row);
    else members.set(group, [row]);
  }
  const groups = [...members.values()];
  for (const g of stream.permutation(groups.length)) {
    const group = groups[g]!;
    const stratum = strataOf(plan, group[0]!);
    if (wanted.get(stratum)! < 0.5) continue;
    for (const row of group) {
      isHeld[row] = 1;
      wanted.set(strataOf(plan, row), wanted.get(strataOf(plan, row))! - 1);
    }
  }
  const held = all.filter((row) => isHeld[row] === 1);
  const learning = all.filter((row) => isHeld[row] === 0);
  const seen = (of: Int32Array) => new Set(Array.from(of, (row) => strataOf(plan, row))).size;
  if (held.length === 0 || learning.length === 0 || seen(learning) < seen(all)) {
    throw new HounsfieldError(
      'CLASSIFIER_DATA',
      `no validation part of ${plan.validationFraction} leaves every class rows to learn from. Give more rows, or validationFraction 0.`,
    );
  }
  return { learning, held };
}

const strataOf = ({ strata }: BoostPlan, row: number): number => (strata ? strata[row]! : 0);
