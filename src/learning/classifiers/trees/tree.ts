import type { Matrix } from '../matrix.ts';

/**
 * A binary tree over rows of numbers, node 0 its root. A row goes left where its value, as float32, is at most the
 * threshold, or where its category is in the node's set; a missing value (NaN) goes where `missingLeft` says.
 */
export interface Tree {
  /** Column that a node asks for; -1 at a leaf. */
  readonly feature: Int32Array; // [nodes]
  /** Exactly representable as float32. */
  readonly threshold: Float32Array; // [nodes]
  readonly left: Int32Array; // [nodes]
  readonly right: Int32Array; // [nodes]
  readonly missingLeft: Uint8Array; // [nodes]
  /** Where a node's set of categories begins in `sets`, 8 words of 32 categories each; -1 for a threshold. */
  readonly set: Int32Array; // [nodes]
  readonly sets: Uint32Array;
  /** Weight of the training rows that came through. */
  readonly cover: Float64Array; // [nodes]
  /** What a leaf says; what a node would say if it were a leaf. */
  readonly values: Float64Array; // [nodes, outputs]
  readonly outputs: number;
}

/** Words of one set of categories: 256 of them. */
export const SET_WORDS = 8;
/** Categories are 0 .. 254. */
export const MOST_CATEGORIES = 255;

/** The table as float32, as ONNX Runtime sees it; [rows, columns]. */
export function asFloat32({ values }: Matrix): Float32Array {
  return Float32Array.from(values);
}

/** The leaf that a row of a float32 table comes to. @param at where the row begins */
export function leafOf(tree: Tree, x: Float32Array, at: number): number {
  const { feature, threshold, left, right, missingLeft, set, sets } = tree;
  let node = 0;
  let column = feature[0]!;
  while (column >= 0) {
    const value = x[at + column]!;
    let goesLeft: boolean;
    if (Number.isNaN(value)) goesLeft = missingLeft[node] === 1;
    else if (set[node]! < 0) goesLeft = value <= threshold[node]!;
    else goesLeft = inSet(sets, set[node]!, value);
    node = goesLeft ? left[node]! : right[node]!;
    column = feature[node]!;
  }
  return node;
}

/** Whether a value is one of the set's categories. */
export function inSet(sets: Uint32Array, start: number, value: number): boolean {
  if (!(value >= 0 && value < MOST_CATEGORIES) || value !== Math.floor(value)) return false;
  return ((sets[start + (value >>> 5)]! >>> (value & 31)) & 1) === 1;
}

/** The categories of a node's set, ascending. */
export function categoriesOf(tree: Tree, node: number): number[] {
  const start = tree.set[node]!;
  return Array.from({ length: MOST_CATEGORIES }, (_, i) => i).filter((i) => inSet(tree.sets, start, i));
}

/** Adds each row's leaf, times `factor`, to `total` [rows, outputs]. */
export function addTree(tree: Tree, x: Float32Array, columns: number, total: Float64Array, factor = 1): void {
  const { outputs, values } = tree;
  for (let row = 0, at = 0; at < x.length; row++, at += columns) {
    const leaf = leafOf(tree, x, at);
    for (let k = 0; k < outputs; k++) total[row * outputs + k]! += factor * values[leaf * outputs + k]!;
  }
}

/** How deep the deepest leaf is; 0 for a lone root. */
export function depthOf({ feature, left, right }: Tree): number {
  const depth = new Int32Array(feature.length);
  let deepest = 0;
  const stack = [0];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    deepest = Math.max(deepest, depth[node]!);
    if (feature[node]! < 0) continue;
    for (const child of [left[node]!, right[node]!]) {
      depth[child] = depth[node]! + 1;
      stack.push(child);
    }
  }
  return deepest;
}

/** Adds up what grows node by node. */
export interface TreeDraft {
  readonly feature: number[];
  readonly threshold: number[];
  readonly left: number[];
  readonly right: number[];
  readonly missingLeft: number[];
  readonly set: number[];
  readonly sets: number[];
  readonly cover: number[];
  readonly values: number[];
  readonly outputs: number;
}

export const treeDraft = (outputs: number): TreeDraft => ({
  feature: [],
  threshold: [],
  left: [],
  right: [],
  missingLeft: [],
  set: [],
  sets: [],
  cover: [],
  values: [],
  outputs,
});

/** A new leaf; its values are pushed by the caller. Returns its number. */
export function addLeaf(draft: TreeDraft, cover: number): number {
  draft.feature.push(-1);
  draft.threshold.push(0);
  draft.left.push(-1);
  draft.right.push(-1);
  draft.missingLeft.push(0);
  draft.set.push(-1);
  draft.cover.push(cover);
  return draft.feature.length - 1;
}

/** The words of a set of categories. */
export function setOf(categories: Iterable<number>): Uint32Array {
  const words = new Uint32Array(SET_WORDS);
  for (const category of categories) words[category >>> 5]! |= 1 << (category & 31);
  return words;
}

export function finishTree(draft: TreeDraft): Tree {
  return {
    feature: Int32Array.from(draft.feature),
    threshold: Float32Array.from(draft.threshold),
    left: Int32Array.from(draft.left),
    right: Int32Array.from(draft.right),
    missingLeft: Uint8Array.from(draft.missingLeft),
    set: Int32Array.from(draft.set),
    sets: Uint32Array.from(draft.sets),
    cover: Float64Array.from(draft.cover),
    values: Float64Array.from(draft.values),
    outputs: draft.outputs,
  };
}

/** Largest float32 that is at most the middle of two float32, `low` < `high`: below `high`, so that it parts them. */
export function thresholdBetween(low: number, high: number): number {
  const middle = low / 2 + high / 2;
  const rounded = Math.fround(middle);
  if (rounded <= middle && rounded >= low && rounded < high) return rounded;
  return Math.max(low, floatBelow(rounded));
}

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/** The float32 next below. */
export function floatBelow(value: number): number {
  if (value === 0) return -(2 ** -149);
  float[0] = value;
  bits[0]! += value > 0 ? -1 : 1;
  return float[0]!;
}
