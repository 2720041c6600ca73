import type { Attributes } from '../../../engine/graph/attributes.ts';
import type { Graph, Node } from '../../../engine/graph/graph.ts';
import { toNumbers } from '../../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../../errors.ts';
import type { TreeEnsemble } from './ensemble.ts';
import { addLeaf, finishTree, floatBelow, MOST_CATEGORIES, setOf, type Tree, treeDraft } from './tree.ts';

/** More nodes than this are no model that anyone reads. */
const MOST_NODES = 2 ** 26;

/**
 * The trees of an ONNX graph: what its TreeEnsembleRegressor or TreeEnsembleClassifier adds up, before any softmax or
 * logistic function. Covers are the nodes' hit rates; where a file has none, they are 0 and say nothing.
 *
 * @throws TREE_NODES when there is not exactly one such node, or its lists do not describe trees
 */
export function treesOfGraph({ nodes }: Graph): TreeEnsemble {
  const found = nodes.filter(
    ({ op, domain }) =>
      domain === 'ai.onnx.ml' && (op === 'TreeEnsembleRegressor' || op === 'TreeEnsembleClassifier'),
  );
  if (found.length !== 1) {
    refuse(
      `the graph has ${found.length} tree ensembles, one is expected. Pass a model of trees, as this library or skl2onnx writes it.`,
    );
  }
  return ensembleOf(found[0]!);
}

function refuse(message: string): never {
  throw new HounsfieldError('TREE_NODES', message);
}

/** The node's lists, of one length each. */
interface Lists {
  readonly trees: readonly number[];
  readonly ids: readonly number[];
  readonly features: readonly number[];
  readonly modes: readonly string[];
  readonly thresholds: readonly number[];
  readonly yes: readonly number[];
  readonly no: readonly number[];
  readonly missing: readonly number[];
  readonly covers: readonly number[];
}

const numbers = (attributes: Attributes, name: string): readonly number[] => {
  const tensor = attributes.get(`${name}_as_tensor`);
  if (tensor?.kind === 'tensor') return toNumbers(tensor.value);
  const attribute = attributes.get(name);
  return attribute?.kind === 'ints' || attribute?.kind === 'floats' ? attribute.value : [];
};

const words = (attributes: Attributes, name: string): readonly string[] => {
  const attribute = attributes.get(name);
  return attribute?.kind === 'strings' ? attribute.value : [];
};

const word = (attributes: Attributes, name: string, otherwise: string): string => {
  const attribute = attributes.get(name);
  return attribute?.kind === 'string' ? attribute.value : otherwise;
};

function listsOf(attributes: Attributes): Lists {
  const trees = numbers(attributes, 'nodes_treeids');
  const filled = (name: string) => {
    const given = numbers(attributes, name);
    return given.length === 0 ? trees.map(() => 0) : given;
  };
  const lists: Lists = {
    trees,
    ids: numbers(attributes, 'nodes_nodeids'),
    features: numbers(attributes, 'nodes_featureids'),
    modes: words(attributes, 'nodes_modes'),
    thresholds: numbers(attributes, 'nodes_values'),
    yes: numbers(attributes, 'nodes_truenodeids'),
    no: numbers(attributes, 'nodes_falsenodeids'),
    missing: filled('nodes_missing_value_tracks_true'),
    covers: filled('nodes_hitrates'),
  };
  if (trees.length === 0 || trees.length > MOST_NODES) refuse(`it lists ${trees.length} nodes.`);
  for (const [name, list] of Object.entries(lists)) {
    if (list.length !== trees.length) refuse(`it lists ${trees.length} nodes and ${list.length} of ${name}.`);
  }
  return lists;
}

function ensembleOf({ op, attributes, inputs }: Node): TreeEnsemble {
  const lists = listsOf(attributes);
  const kind = op === 'TreeEnsembleClassifier' ? 'class' : 'target';
  const leaves = leavesOf(attributes, kind);
  const stated = attributes.get('n_targets');
  const outputs =
    kind === 'class'
      ? Math.max(
          numbers(attributes, 'classlabels_int64s').length,
          words(attributes, 'classlabels_strings').length,
          1,
        )
      : stated?.kind === 'int'
        ? stated.value
        : 1;
  if (!(outputs >= 1 && outputs <= 1e5)) refuse(`it has ${outputs} outputs.`);
  if (leaves.some(({ output }) => !(output >= 0 && output < outputs)))
    refuse('a leaf adds to an output that is not there.');
  const aggregate = word(attributes, 'aggregate_function', 'SUM');
  if (aggregate !== 'SUM' && aggregate !== 'AVERAGE') {
    refuse(`it takes the ${aggregate} of its trees, and only SUM and AVERAGE are read.`);
  }
  const byTree = nodesByTree(lists);
  const weights = leavesByNode(leaves);
  const trees = [...byTree].map(([id, own]) => readTree(lists, own, weights, id, outputs));
  const base = numbers(attributes, 'base_values');
  const width = inputs[0]?.shape?.at(-1);
  const columns =
    typeof width === 'number' ? width : 1 + lists.features.reduce((most, i) => Math.max(most, i), 0);
  return {
    columns,
    outputs,
    trees,
    scale: aggregate === 'AVERAGE' ? 1 / trees.length : 1,
    base: Float64Array.from({ length: outputs }, (_, k) => base[k] ?? 0),
  };
}

interface LeafWeight {
  readonly key: string;
  readonly output: number;
  readonly weight: number;
}

function leavesOf(attributes: Attributes, kind: 'class' | 'target'): LeafWeight[] {
  const trees = numbers(attributes, `${kind}_treeids`);
  const nodes = numbers(attributes, `${kind}_nodeids`);
  const outputs = numbers(attributes, `${kind}_ids`);
  const weights = numbers(attributes, `${kind}_weights`);
  if (nodes.length !== trees.length || outputs.length !== trees.length || weights.length !== trees.length) {
    refuse('the lists of its leaves differ in length.');
  }
  return trees.map((tree, i) => ({
    key: `${tree}/${nodes[i]}`,
    output: outputs[i]!,
    weight: weights[i]!,
  }));
}

function nodesByTree({ trees, ids }: Lists): Map<number, Map<number, number>> {
  const result = new Map<number, Map<number, number>>();
  for (const [at, tree] of trees.entries()) {
    const own = result.get(tree) ?? new Map<number, number>();
    if (own.has(ids[at]!)) refuse(`node ${ids[at]} of tree ${tree} is listed twice.`);
    own.set(ids[at]!, at);
    result.set(tree, own);
  }
  return result;
}

function leavesByNode(leaves: readonly LeafWeight[]): Map<string, LeafWeight[]> {
  const result = new Map<string, LeafWeight[]>();
  for (const leaf of leaves) {
    const known = result.get(leaf.key);
    if (known) known.push(leaf);
    else result.set(leaf.key, [leaf]);
  }
  return result;
}

/** A node that every row takes to one side, as stands between two sets of one column. */
const passesAll = ({ modes, thresholds, missing }: Lists, at: number): boolean =>
  modes[at] === 'BRANCH_LEQ' && thresholds[at] === Number.POSITIVE_INFINITY && missing[at] === 1;

/** What a node asks, chains of categories taken together. */
interface Question {
  readonly threshold: number;
  readonly categories: readonly number[] | undefined;
  readonly left: number;
  readonly right: number;
  readonly missingLeft: boolean;
  /** Nodes of a chain after its first. */
  readonly chained?: number;
}

function readTree(
  lists: Lists,
  own: ReadonlyMap<number, number>,
  weights: ReadonlyMap<string, LeafWeight[]>,
  id: number,
  outputs: number,
): Tree {
  const draft = treeDraft(outputs);
  const place = (node: number): number => own.get(node) ?? refuse(`tree ${id} has no node ${node}.`);
  const seen = new Set<number>();
  let reached = 0;
  const root = rootOf(lists, own, id);
  const stack = [{ node: root, parent: -1, isLeft: false }];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { node, parent, isLeft } = next;
    const at = place(node);
    if (seen.has(node)) refuse(`node ${node} of tree ${id} has two parents.`);
    seen.add(node);
    reached++;
    if (passesAll(lists, at)) {
      reached++; // the leaf that no row comes to
      stack.push({ node: lists.yes[at]!, parent, isLeft });
      continue;
    }
    const index = addLeaf(draft, lists.covers[at]!);
    for (let k = 0; k < outputs; k++) draft.values.push(0);
    if (parent >= 0) (isLeft ? draft.left : draft.right)[parent] = index;
    if (lists.modes[at] === 'LEAF') {
      for (const { output, weight } of weights.get(`${id}/${node}`) ?? [])
        draft.values[index * outputs + output]! += weight;
      continue;
    }
    const question = questionOf(lists, at, place);
    reached += question.chained ?? 0;
    draft.feature[index] = lists.features[at]!;
    if (!(draft.feature[index]! >= 0))
      refuse(`node ${node} of tree ${id} asks for column ${lists.features[at]}.`);
    draft.threshold[index] = question.threshold;
    draft.missingLeft[index] = question.missingLeft ? 1 : 0;
    if (question.categories) {
      draft.set[index] = draft.sets.length;
      draft.sets.push(...setOf(question.categories));
    }
    stack.push({ node: question.right, parent: index, isLeft: false });
    stack.push({ node: question.left, parent: index, isLeft: true });
  }
  if (reached !== own.size)
    refuse(`tree ${id} has ${own.size} nodes, and ${reached} are reached from its root.`);
  const tree = finishTree(draft);
  fillInner(tree);
  return tree;
}

/** The node that is nobody's child. */
function rootOf({ ids, modes, yes, no }: Lists, own: ReadonlyMap<number, number>, id: number): number {
  const children = new Set<number>();
  for (const at of own.values()) {
    if (modes[at] === 'LEAF') continue;
    children.add(yes[at]!);
    children.add(no[at]!);
  }
  const roots = [...own.values()].filter((at) => !children.has(ids[at]!));
  if (roots.length !== 1) refuse(`tree ${id} has ${roots.length} roots.`);
  return ids[roots[0]!]!;
}

/** Every mode as "at most" or "one of". */
function questionOf(lists: Lists, at: number, place: (node: number) => number): Question {
  const { modes, thresholds, yes, no, missing } = lists;
  const threshold = Math.fround(thresholds[at]!);
  const isTrue = missing[at] === 1;
  const ahead = { threshold, categories: undefined, left: yes[at]!, right: no[at]!, missingLeft: isTrue };
  const turned = { threshold, categories: undefined, left: no[at]!, right: yes[at]!, missingLeft: !isTrue };
  const below = floatBelow(threshold);
  switch (modes[at]) {
    case 'BRANCH_LEQ':
      return ahead;
    case 'BRANCH_LT':
      return { ...ahead, threshold: below };
    case 'BRANCH_GT':
      return turned;
    case 'BRANCH_GTE':
      return { ...turned, threshold: below };
    case 'BRANCH_EQ':
      return chainOf(lists, at, place);
    case 'BRANCH_NEQ':
      return { ...turned, threshold: 0, categories: categoryOf(threshold) };
    default:
      return refuse(`a node branches by '${modes[at]}', which is not read.`);
  }
}

/** Nodes that ask one after another for categories of one column, and lead to the same child. */
function chainOf(lists: Lists, at: number, place: (node: number) => number): Question {
  const { modes, features, thresholds, yes, no, missing } = lists;
  const categories: number[] = [];
  const seen = new Set<number>();
  let last = at;
  let missingLeft = false;
  for (let next = at; ; ) {
    if (seen.has(next)) refuse('a chain of categories comes back to itself.');
    seen.add(next);
    categories.push(...categoryOf(thresholds[next]!));
    missingLeft ||= missing[next] === 1;
    last = next;
    const following = place(no[next]!);
    const belongs =
      modes[following] === 'BRANCH_EQ' && features[following] === features[at] && yes[following] === yes[at];
    if (!belongs) break;
    next = following;
  }
  return { threshold: 0, categories, left: yes[at]!, right: no[last]!, missingLeft, chained: seen.size - 1 };
}

/** A value that can be a category; others are in no set (our own way to write an empty one). */
const categoryOf = (value: number): readonly number[] =>
  Number.isInteger(value) && value >= 0 && value < MOST_CATEGORIES ? [value] : [];

/** A node's value is the mean of its children by cover, so that it can be read as a leaf. */
function fillInner({ feature, left, right, cover, values, outputs }: Tree): void {
  for (let node = feature.length - 1; node >= 0; node--) {
    if (feature[node]! < 0) continue;
    const [a, b] = [left[node]!, right[node]!];
    const share = cover[a]! + cover[b]! > 0 ? cover[a]! / (cover[a]! + cover[b]!) : 0.5;
    for (let k = 0; k < outputs; k++) {
      values[node * outputs + k] = share * values[a * outputs + k]! + (1 - share) * values[b * outputs + k]!;
    }
  }
}
