import { ints, reduceSum, reshape, transpose, unbroadcast } from '../graph/build.ts';
import type { Node, Value } from '../graph/graph.ts';
import { type Dim, type Shape, staticShape, type ValueType } from '../graph/shape.ts';
import { zeros } from './along-axis.ts';
import {
  broadcastShapes,
  type GradientRule,
  intOf,
  intsOf,
  knownInts,
  misfit,
  normalizeAxis,
  type Operator,
  type OperatorTable,
  required,
  stringOf,
} from './operator.ts';
import { pad } from './pad.ts';
import { slice } from './slice.ts';

/** The gradient of an operator that only puts the elements into another shape. */
const reshapeBack: GradientRule = ({ node, dy }) => [reshape(dy[0]!, staticShape(required(node, 0)))];

const likeFirst = (node: Node, shape: Shape): readonly ValueType[] => [
  { dtype: required(node, 0).dtype, shape },
];

/** A product of dims: one symbol among ones stays, any other product with a symbol is unknown. */
function productOf(dims: readonly Dim[]): Dim {
  const numbers = dims.filter((dim) => typeof dim === 'number').reduce((total, dim) => total * dim, 1);
  const others = dims.filter((dim) => typeof dim !== 'number');
  if (others.length === 0) return numbers;
  return others.length === 1 && numbers === 1 ? others[0] : undefined;
}

/** Total / part where equal symbols on both sides cancel; undefined where it cannot be said. */
function quotientOf(node: Node, total: readonly Dim[], part: readonly Dim[]): Dim {
  const rest = [...total];
  const unmatched: Dim[] = [];
  for (const dim of part) {
    const at = typeof dim === 'string' ? rest.indexOf(dim) : -1;
    if (at >= 0) rest.splice(at, 1);
    else unmatched.push(dim);
  }
  if (unmatched.some((dim) => typeof dim !== 'number')) return undefined;
  const divisor = unmatched.reduce<number>((value, dim) => value * Number(dim), 1);
  const numbers = rest.filter((dim) => typeof dim === 'number').reduce((value, dim) => value * dim, 1);
  const symbols = rest.filter((dim) => typeof dim !== 'number');
  if (divisor === 0) return undefined;
  if (symbols.length === 0) {
    if (numbers % divisor !== 0) misfit(node, `${numbers} elements do not divide by ${divisor}`);
    return numbers / divisor;
  }
  return symbols.length === 1 && numbers === divisor ? symbols[0] : undefined;
}

/** Dims of an unknown shape tensor: as many unknowns as it has elements. */
function unknownDims(shape: Value): Shape {
  const rank = shape.shape?.[0];
  // A damaged file may claim any rank.
  return typeof rank === 'number' && rank <= 64 ? new Array<Dim>(rank).fill(undefined) : undefined;
}

function reshapedShape(node: Node): Shape {
  const from = required(node, 0).shape;
  const target = required(node, 1).elements;
  if (!target) return unknownDims(required(node, 1));
  const keepZero = intOf(node, 'allowzero', 0) === 1;
  const dims = target.map((dim, i) => (dim === 0 && !keepZero ? from?.[i] : dim));
  const open = dims.flatMap((dim, i) => (dim === -1 ? [i] : []));
  if (open.length > 1) misfit(node, 'more than one size is -1');
  // Without a -1, a single unknown size follows from the others in the same way.
  const unknown = dims.flatMap((dim, i) => (dim === undefined ? [i] : []));
  const inferred = open[0] ?? (unknown.length === 1 ? unknown[0] : undefined);
  if (inferred === undefined) {
    if (from && isKnown(from) && isKnown(dims) && productOf(from) !== productOf(dims)) {
      misfit(node, `${productOf(from)} elements do not fit into [${dims.join(', ')}]`);
    }
    return dims;
  }
  const others = dims.filter((_, i) => i !== inferred);
  const size = from?.every((dim) => dim !== undefined) ? quotientOf(node, from, others) : undefined;
  return dims.map((dim, i) => (i === inferred ? size : dim));
}

const isKnown = (dims: readonly Dim[]): dims is readonly number[] =>
  dims.every((dim) => typeof dim === 'number');

function flattenedShape(node: Node): Shape {
  const { shape } = required(node, 0);
  if (!shape) return [undefined, undefined];
  const axis = intOf(node, 'axis', 1);
  const at = axis === shape.length ? axis : normalizeAxis(node, axis, shape.length);
  return [productOf(shape.slice(0, at)), productOf(shape.slice(at))];
}

/** Where the axes are not known, their number still gives the rank. */
function rankAlone(rank: number, axes: Value, sign: 1 | -1): Shape {
  const count = axes.shape?.[0];
  const result = typeof count === 'number' ? rank + sign * count : -1;
  return result >= 0 && result <= 64 ? new Array<Dim>(result).fill(undefined) : undefined;
}

function squeezedShape(node: Node): Shape {
  const { shape } = required(node, 0);
  if (!shape) return undefined;
  const axes = node.inputs[1] ? knownInts(node.inputs[1]) : undefined;
  if (node.inputs[1] && !axes) return rankAlone(shape.length, node.inputs[1], -1);
  if (!axes) return isKnown(shape) ? shape.filter((dim) => dim !== 1) : undefined;
  const drop = new Set(axes.map((axis) => normalizeAxis(node, axis, shape.length)));
  for (const axis of drop) {
    const dim = shape[axis];
    if (typeof dim === 'number' && dim !== 1) misfit(node, `axis ${axis} has ${dim} elements, not 1`);
  }
  return shape.filter((_, i) => !drop.has(i));
}

function unsqueezedShape(node: Node): Shape {
  const { shape } = required(node, 0);
  const axes = knownInts(required(node, 1));
  if (!shape) return undefined;
  if (!axes) return rankAlone(shape.length, required(node, 1), 1);
  const rank = shape.length + axes.length;
  const added = new Set(axes.map((axis) => normalizeAxis(node, axis, rank)));
  if (added.size !== axes.length) misfit(node, `axes [${axes.join(', ')}] name an axis twice`);
  const rest = [...shape];
  return Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : rest.shift()));
}

/** The permutation; reversed order when it is left out. */
function permutation(node: Node, rank: number): readonly number[] {
  const perm = intsOf(node, 'perm') ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
  if (perm.length !== rank || new Set(perm).size !== rank || perm.some((axis) => axis < 0 || axis >= rank)) {
    misfit(node, `perm [${perm.join(', ')}] is not an order of ${rank} axes`);
  }
  return perm;
}

const transposeOperator: Operator = {
  shape: (node) => {
    const { shape } = required(node, 0);
    return likeFirst(node, shape && permutation(node, shape.length).map((axis) => shape[axis]));
  },
  gradient: ({ node, dy }) => {
    const perm = permutation(node, staticShape(required(node, 0)).length);
    return [
      transpose(
        dy[0]!,
        perm.map((_, i) => perm.indexOf(i)),
      ),
    ];
  },
};

const expandOperator: Operator = {
  shape: (node) => {
    const [x, target] = [required(node, 0), required(node, 1)];
    if (target.elements) return likeFirst(node, broadcastShapes(node, [x.shape, target.elements]));
    const rank = unknownDims(target)?.length;
    return likeFirst(
      node,
      rank !== undefined && x.shape
        ? new Array<Dim>(Math.max(rank, x.shape.length)).fill(undefined)
        : undefined,
    );
  },
  gradient: ({ node, dy }) => [unbroadcast(dy[0]!, required(node, 0))],
};

const tile: Operator = {
  shape: (node) => {
    const { shape } = required(node, 0);
    const repeats = required(node, 1).elements;
    if (repeats && shape && repeats.length !== shape.length) {
      misfit(node, `${repeats.length} repeats are given for rank ${shape.length}`);
    }
    return likeFirst(
      node,
      shape?.map((dim, i) => (repeats ? productOf([dim, repeats[i]]) : undefined)),
    );
  },
  gradient: ({ node, dy }) => {
    const dims = staticShape(required(node, 0));
    const repeats = staticShape(node.outputs[0]!).map((size, i) => (dims[i] ? size / dims[i] : 1));
    // [r0, d0, r1, d1, …] summed over the repeats
    const apart = reshape(
      dy[0]!,
      dims.flatMap((dim, i) => [repeats[i]!, dim]),
    );
    const axes = dims.map((_, i) => 2 * i);
    return [dims.length === 0 ? dy[0] : reduceSum(apart, axes)];
  },
};

function concatenatedShape(node: Node): Shape {
  const shapes = node.inputs.map((input) => input?.shape);
  const rank = shapes.find((shape) => shape !== undefined)?.length;
  if (rank === undefined) return undefined;
  const axis = normalizeAxis(node, intOf(node, 'axis', 0), rank);
  const result = new Array<Dim>(rank).fill(undefined);
  for (const shape of shapes) {
    if (!shape) continue;
    if (shape.length !== rank) misfit(node, `rank ${shape.length} does not concatenate with rank ${rank}`);
    shape.forEach((dim, i) => {
      if (i === axis) return;
      const before = result[i];
      if (typeof before === 'number' && typeof dim === 'number' && before !== dim) {
        misfit(node, `axis ${i} has ${before} elements in one input and ${dim} in another`);
      }
      if (typeof before !== 'number' && dim !== undefined) result[i] = dim;
    });
  }
  const lengths = shapes.map((shape) => shape?.[axis]).filter((dim) => dim !== 0);
  result[axis] = lengths.length === 1 ? lengths[0] : sumOf(lengths);
  return result;
}

const sumOf = (dims: readonly Dim[]): Dim =>
  isKnown(dims) ? dims.reduce((total, dim) => total + dim, 0) : undefined;

const concat: Operator = {
  shape: (node) => likeFirst(node, concatenatedShape(node)),
  gradient: ({ graph, node, dy, wants }) => {
    const rank = staticShape(required(node, 0)).length;
    const axis = normalizeAxis(node, intOf(node, 'axis', 0), rank);
    const sizes = node.inputs.map((_, i) => staticShape(required(node, i))[axis]!);
    const [gradient] = dy;
    if (sizes.length === 1) return [gradient];
    const split = ints(graph, sizes);
    if (sizes.every((_, i) => wants(i))) {
      return graph.add('Split', [gradient, split], { axis }, { outputs: sizes.length });
    }
    let start = 0;
    return sizes.map((size, i) => {
      const from = start;
      start += size;
      return wants(i) ? slicePart(gradient!, axis, from, from + size) : undefined;
    });
  },
};

/** The part [from, to) of one axis. */
const slicePart = (x: Value, axis: number, from: number, to: number): Value =>
  x.graph.op('Slice', [x, ints(x.graph, [from]), ints(x.graph, [to]), ints(x.graph, [axis])]);

/** Sizes of Split's outputs along its axis; the last is smaller where the parts cannot be equal. */
function splitSizes(node: Node, dim: Dim, wanted: number): readonly Dim[] {
  const given = node.inputs[1];
  if (given) {
    const sizes = given.elements;
    if (!sizes) return new Array<Dim>(wanted).fill(undefined);
    if (isKnown(sizes) && typeof dim === 'number' && sumOf(sizes) !== dim) {
      misfit(node, `sizes [${sizes.join(', ')}] do not add up to ${dim}`);
    }
    return sizes;
  }
  if (wanted === 1) return [dim];
  if (typeof dim !== 'number') return new Array<Dim>(wanted).fill(undefined);
  const parts = intOf(node, 'num_outputs', wanted);
  const size = Math.ceil(dim / parts);
  return Array.from({ length: parts }, (_, i) => (i < parts - 1 ? size : dim - size * (parts - 1)));
}

const split: Operator = {
  shape: (node, wanted) => {
    const { dtype, shape } = required(node, 0);
    if (!shape) return new Array<ValueType>(wanted).fill({ dtype, shape });
    const axis = normalizeAxis(node, intOf(node, 'axis', 0), shape.length);
    const sizes = splitSizes(node, shape[axis], wanted);
    if (sizes.length < wanted)
      misfit(node, `${wanted} outputs are wanted and ${sizes.length} sizes are given`);
    return Array.from({ length: wanted }, (_, k) => ({
      dtype,
      shape: shape.map((dim, i) => (i === axis ? sizes[k] : dim)),
    }));
  },
  gradient: ({ graph, node, dy }) => {
    const { dtype, shape } = required(node, 0);
    const axis = normalizeAxis(node, intOf(node, 'axis', 0), shape!.length);
    const parts = node.outputs.map((output, k) => dy[k] ?? zeros(graph, dtype, staticShape(output)));
    return [graph.op('Concat', parts, { axis })];
  },
};

/** Spatial sizes times (or over) the block, channels over (or times) its square. */
function blockShape(node: Node, toSpace: boolean): Shape {
  const { shape } = required(node, 0);
  const block = intOf(node, 'blocksize', 1);
  if (!shape) return undefined;
  if (shape.length !== 4) misfit(node, `rank ${shape.length} is given, and 4 is expected`);
  const [batch, channels, height, width] = shape;
  const times = (dim: Dim, factor: number): Dim => (typeof dim === 'number' ? dim * factor : undefined);
  const over = (dim: Dim, divisor: number): Dim => {
    if (typeof dim !== 'number') return undefined;
    if (dim % divisor !== 0) misfit(node, `${dim} does not divide by ${divisor}`);
    return dim / divisor;
  };
  return toSpace
    ? [batch, over(channels, block * block), times(height, block), times(width, block)]
    : [batch, times(channels, block * block), over(height, block), over(width, block)];
}

const depthToSpace: Operator = {
  shape: (node) => likeFirst(node, blockShape(node, true)),
  gradient: ({ graph, node, dy }) => {
    const blocksize = intOf(node, 'blocksize', 1);
    if (stringOf(node, 'mode', 'DCR') === 'DCR') return [graph.op('SpaceToDepth', [dy[0]], { blocksize })];
    const dims = staticShape(required(node, 0));
    const [batch, channels, height, width] = [dims[0]!, dims[1]!, dims[2]!, dims[3]!];
    const apart = reshape(dy[0]!, [batch, channels / blocksize ** 2, height, blocksize, width, blocksize]);
    return [reshape(transpose(apart, [0, 1, 3, 5, 2, 4]), dims)]; // [N, C, b, b, H, W]
  },
};

const spaceToDepth: Operator = {
  shape: (node) => likeFirst(node, blockShape(node, false)),
  gradient: ({ graph, node, dy }) => [
    graph.op('DepthToSpace', [dy[0]], { blocksize: intOf(node, 'blocksize', 1), mode: 'DCR' }),
  ],
};

/** Operators that move, repeat, join and cut, and compute nothing. */
export const shapeOperators: OperatorTable = {
  Reshape: { shape: (node) => likeFirst(node, reshapedShape(node)), gradient: reshapeBack },
  Flatten: { shape: (node) => likeFirst(node, flattenedShape(node)), gradient: reshapeBack },
  Squeeze: { shape: (node) => likeFirst(node, squeezedShape(node)), gradient: reshapeBack },
  Unsqueeze: { shape: (node) => likeFirst(node, unsqueezedShape(node)), gradient: reshapeBack },
  Transpose: transposeOperator,
  Expand: expandOperator,
  Tile: tile,
  Concat: concat,
  Split: split,
  Slice: slice,
  Pad: pad,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
};
