import { ints } from '../../engine/graph/build.ts';
import type { Graph, Node, Value } from '../../engine/graph/graph.ts';
import { staticShape } from '../../engine/graph/shape.ts';
import { intOf, intsOf, knownInts, stringOf } from '../../engine/operators/operator.ts';
import { HounsfieldError } from '../../errors.ts';

/** Where the batch is in a file's values: the axis whose outermost factor it is. */
export type BatchAxes = ReadonlyMap<Value, number>;

const fromStart = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);
const productOf = (sizes: readonly number[]): number => sizes.reduce((product, size) => product * size, 1);
const isKnown = (value: Value | undefined): value is Value =>
  value?.shape?.every((size) => typeof size === 'number') === true;

/** Follows the batch from the image through a graph of fixed shapes. */
export function batchAxes(reference: Graph, image: Value, batch: number): BatchAxes {
  const axes = new Map<Value, number>([[image, 0]]);
  for (const node of reference.nodes) {
    const at = node.inputs.findIndex((input) => input && axes.has(input));
    const input = node.inputs[at];
    if (!input || node.op === 'Shape' || node.op === 'Size') continue;
    node.outputs.forEach((output, i) => {
      const axis = axisAfter(node, at, axes.get(input)!, i, batch);
      const size = axis === undefined ? undefined : output.shape?.[axis];
      if (axis !== undefined && typeof size === 'number' && size % batch === 0) axes.set(output, axis);
    });
  }
  return axes;
}

type Rule = (node: Node, axis: number, at: number, output: number) => number | undefined;

const rankOf = (value: Value | undefined): number => value?.shape?.length ?? 0;

const reduced: Rule = (node, axis) => {
  const rank = rankOf(node.inputs[0]);
  const given = node.op.startsWith('Arg')
    ? [intOf(node, 'axis', 0)]
    : node.inputs[1]
      ? knownInts(node.inputs[1])
      : [];
  if (!given || given.length === 0) return undefined;
  const gone = given.map((item) => fromStart(item, rank));
  if (gone.includes(axis)) return undefined;
  return intOf(node, 'keepdims', 1) === 1 ? axis : axis - gone.filter((item) => item < axis).length;
};

const rules: Readonly<Record<string, Rule>> = {
  Transpose: (node, axis) => {
    const rank = rankOf(node.inputs[0]);
    return intsOf(node, 'perm')?.indexOf(axis) ?? rank - 1 - axis;
  },
  Flatten: (node, axis) => (fromStart(intOf(node, 'axis', 1), rankOf(node.inputs[0])) > axis ? 0 : 1),
  Unsqueeze: (node, axis) => {
    const rank = rankOf(node.outputs[0]);
    const added = new Set((knownInts(node.inputs[1]) ?? []).map((item) => fromStart(item, rank)));
    return Array.from({ length: rank }, (_, i) => i).filter((i) => !added.has(i))[axis];
  },
  Squeeze: (node, axis) => {
    const shape = node.inputs[0]?.shape ?? [];
    const given = node.inputs[1]
      ? knownInts(node.inputs[1])
      : shape.flatMap((size, i) => (size === 1 ? [i] : []));
    const gone = (given ?? []).map((item) => fromStart(item, shape.length)).filter((item) => item !== axis);
    return axis - gone.filter((item) => item < axis).length;
  },
  Gather: (node, axis, at) => {
    if (at === 1) return fromStart(intOf(node, 'axis', 0), rankOf(node.inputs[0])) + axis;
    const along = fromStart(intOf(node, 'axis', 0), rankOf(node.inputs[0]));
    if (along === axis) return undefined;
    return along > axis ? axis : axis - 1 + rankOf(node.inputs[1]);
  },
  Gemm: (node, axis, at) => (at === 0 && intOf(node, 'transA', 0) === axis ? 0 : undefined),
  Einsum: (node, axis, at) => {
    const [from = '', to = ''] = stringOf(node, 'equation', '').replaceAll(' ', '').split('->');
    const letter = from.split(',')[at]?.[axis];
    const found = letter ? to.indexOf(letter) : -1;
    return found >= 0 ? found : undefined;
  },
  LSTM: (_, axis, at, output) => (at === 0 ? axis + (output === 0 ? 1 : 0) : undefined),
  GRU: (_, axis, at, output) => (at === 0 ? axis + (output === 0 ? 1 : 0) : undefined),
};

/** Where the batch is in an output, given where it is in input `at`. */
function axisAfter(node: Node, at: number, axis: number, output: number, batch: number): number | undefined {
  if (node.op === 'Reshape') return reshapedAxis(node, axis, batch);
  if (/^(Reduce|Arg(Max|Min))/.test(node.op)) return reduced(node, axis, at, output);
  const rule = rules[node.op];
  if (rule) return rule(node, axis, at, output);
  // What broadcasts is aligned from the right; all else keeps its axes.
  return axis + rankOf(node.outputs[output]) - rankOf(node.inputs[at]);
}

function reshapedAxis(node: Node, axis: number, batch: number): number | undefined {
  const [from, to] = [node.inputs[0], node.outputs[0]];
  if (!isKnown(from) || !isKnown(to)) return undefined;
  const before = productOf(staticShape(from).slice(0, axis));
  const sizes = staticShape(to);
  const found = sizes.findIndex((size, i) => productOf(sizes.slice(0, i)) === before && size % batch === 0);
  return found >= 0 ? found : undefined;
}

/** A node's inputs without the fixed batch that the file was exported with. */
export interface Mending {
  readonly reference: Graph;
  readonly axes: BatchAxes;
  /** The batch that the file has fixed. */
  readonly batch: number;
  /** The image as the new graph has it. */
  readonly image: Value;
}

/**
 * The node's inputs, mended where the file counts on its own batch: targets of Reshape and Expand, axes of Squeeze,
 * and constants that are joined to every image.
 *
 * @param inputs as the new graph has them
 * @throws IMPORTED_BATCH where the batch cannot be followed
 */
export function mendedInputs(
  node: Node,
  inputs: readonly (Value | undefined)[],
  { reference, axes, batch, image }: Mending,
): readonly (Value | undefined)[] {
  const own = node.inputs.map((input) => input && reference.find(input.name));
  const axisOf = (value: Value | undefined): number | undefined => value && axes.get(value);
  const { graph } = image;
  const output = reference.find(node.outputs[0]!.name);
  const to = axisOf(output);
  if (node.op === 'Reshape' && axisOf(own[0]) !== undefined) {
    if (to === undefined || !isKnown(output)) return lost(node);
    return [inputs[0], ints(graph, staticShape(output).with(to, -1))];
  }
  if (node.op === 'Expand' && axisOf(own[0]) !== undefined && isKnown(output)) {
    if (to === undefined) return lost(node);
    return [inputs[0], ints(graph, staticShape(output).with(to, 1))];
  }
  if (node.op === 'Squeeze' && axisOf(own[0]) !== undefined) {
    const shape = own[0]?.shape ?? [];
    const given = own[1] ? knownInts(own[1]) : shape.flatMap((size, i) => (size === 1 ? [i] : []));
    const gone = (given ?? []).map((item) => fromStart(item, shape.length));
    if (own[1] && gone.includes(axisOf(own[0])!)) return lost(node);
    return [
      inputs[0],
      ints(
        graph,
        gone.filter((item) => item !== axisOf(own[0])),
      ),
    ];
  }
  if (to === undefined) {
    return own.some((input) => axisOf(input) !== undefined) && losesBatch(node) ? lost(node) : inputs;
  }
  const rank = rankOf(output);
  const joined = node.op === 'Concat';
  if (!joined && (batch === 1 || !broadcasts.has(node.op))) return inputs;
  return inputs.map((input, i) => {
    const side = own[i];
    if (!input || !side || axisOf(side) !== undefined) return input;
    const axis = to - (rank - rankOf(side));
    if (axis < 0 || side.shape?.[axis] !== batch) return input;
    const one =
      batch === 1
        ? input
        : graph.op('Slice', [input, ints(graph, [0]), ints(graph, [1]), ints(graph, [axis])]);
    return joined ? repeated(one, axis, image) : one;
  });
}

const broadcasts: ReadonlySet<string> = new Set(['Add', 'Sub', 'Mul', 'Div', 'Where', 'Pow', 'MatMul']);
/** Operators whose result, without a batch to follow, is certainly not what was meant. */
const losesBatch = ({ op }: Node): boolean => op === 'Gather' || op === 'Gemm';

/** Once for every image of the batch. */
function repeated(value: Value, axis: number, image: Value): Value {
  const { graph } = image;
  const sizes = staticShape(value);
  const batch = graph.op('Shape', [image], { start: 0, end: 1 }); // [N]
  const parts = [ints(graph, sizes.slice(0, axis)), batch, ints(graph, sizes.slice(axis + 1))];
  return graph.op('Expand', [value, graph.op('Concat', parts, { axis: 0 })]);
}

function lost(node: Node): never {
  throw new HounsfieldError(
    'IMPORTED_BATCH',
    `the file has its batch fixed, and ${node.op} '${node.name}' mixes it with other axes, so that it cannot be freed. ` +
      'Export the model again with a dynamic batch (dynamic_axes or dynamic_shapes).',
  );
}
