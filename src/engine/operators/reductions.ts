import { apply, cast, div, expand, mul, reduceSum, reshape, scalarLike, sub, where } from '../graph/build.ts';
import type { Node, Value } from '../graph/graph.ts';
import { type Dim, type Shape, staticShape } from '../graph/shape.ts';
import {
  intOf,
  knownInts,
  misfit,
  normalizeAxis,
  type Operator,
  type OperatorTable,
  required,
  sameAsInput,
  zeroGradient,
} from './operator.ts';

/** Axes that a reduction sums over; undefined when they are not known before running. */
function reducedAxes(node: Node, rank: number): readonly number[] | undefined {
  const input = node.inputs[1];
  const axes = input ? knownInts(input) : [];
  if (!axes) return undefined;
  if (axes.length > 0) return axes.map((axis) => normalizeAxis(node, axis, rank));
  return intOf(node, 'noop_with_empty_axes', 0) === 1 ? [] : Array.from({ length: rank }, (_, i) => i);
}

function reducedShape(node: Node): Shape {
  const { shape } = required(node, 0);
  const keep = intOf(node, 'keepdims', 1) === 1;
  const axes = shape && reducedAxes(node, shape.length);
  if (!axes) return shape && keep ? shape.map(() => undefined) : undefined;
  return withoutAxes(shape, axes, keep);
}

const withoutAxes = (shape: readonly Dim[], axes: readonly number[], keep: boolean): readonly Dim[] =>
  keep ? shape.map((dim, i) => (axes.includes(i) ? 1 : dim)) : shape.filter((_, i) => !axes.includes(i));

interface Reduced {
  readonly x: Value;
  /** Output and its gradient with the reduced axes kept as ones, so that they broadcast against x. */
  readonly y: Value;
  readonly dy: Value;
  /** Sums over the reduced axes, which are kept as ones. */
  readonly sum: (value: Value) => Value;
  readonly dims: readonly number[];
  /** Elements of x per element of y. */
  readonly count: number;
}

/** A reduction; the rule gives the gradient in any shape that broadcasts to the input's. */
const reduction = (gradient: (reduced: Reduced, node: Node) => Value): Operator => ({
  shape: (node) => [{ dtype: required(node, 0).dtype, shape: reducedShape(node) }],
  gradient: ({ node, dy }) => {
    const x = node.inputs[0]!;
    const dims = staticShape(x);
    const axes = reducedAxes(node, dims.length);
    if (!axes) misfit(node, 'the axes are computed by the graph, and the gradient needs to know them');
    const kept = axes.reduce<number[]>((shape, axis) => shape.with(axis, 1), [...dims]);
    const widen = (value: Value): Value => (intOf(node, 'keepdims', 1) === 1 ? value : reshape(value, kept));
    const sum = (value: Value): Value => (axes.length === 0 ? value : reduceSum(value, axes, true));
    const count = axes.reduce((product, axis) => product * dims[axis]!, 1);
    const dx = gradient({ x, y: widen(node.outputs[0]!), dy: widen(dy[0]!), sum, dims, count }, node);
    return [`${dx.shape}` === `${dims}` ? dx : expand(dx, dims)];
  },
});

/** Elements equal to the extreme share its gradient evenly (as PyTorch's amax has it). */
const extreme = reduction(({ x, y, dy, sum }) => {
  const hits = cast(apply('Equal', x, y), x.dtype);
  return mul(hits, div(dy, sum(hits)));
});

const indexOfExtreme: Operator = {
  shape: (node) => {
    const { shape } = required(node, 0);
    const keep = intOf(node, 'keepdims', 1) === 1;
    const axis = shape && normalizeAxis(node, intOf(node, 'axis', 0), shape.length);
    return [{ dtype: 'int64', shape: axis === undefined ? undefined : withoutAxes(shape!, [axis], keep) }];
  },
  gradient: zeroGradient('its output is an index'),
};

/** Operators that run along axes. */
export const reductions: OperatorTable = {
  ReduceSum: reduction(({ dy }) => dy),
  ReduceMean: reduction(({ dy, count }) => div(dy, scalarLike(dy, count))),
  ReduceSumSquare: reduction(({ x, dy }) => mul(mul(x, scalarLike(x, 2)), dy)),
  ReduceL1: reduction(({ x, dy }) => mul(apply('Sign', x), dy)),
  // x / y, and zero where the norm is zero
  ReduceL2: reduction(({ x, y, dy }) => {
    const zero = scalarLike(y, 0);
    return mul(x, where(apply('Equal', y, zero), zero, div(dy, y)));
  }),
  ReduceLogSum: reduction(({ x, dy, sum }) => div(dy, sum(x))),
  ReduceLogSumExp: reduction(({ x, y, dy }) => mul(apply('Exp', sub(x, y)), dy)),
  // The product of the others: with zeros taken out, and nothing left where another element is zero.
  ReduceProd: reduction(({ x, dy, sum }, node) => {
    const zero = apply('Equal', x, scalarLike(x, 0));
    const filled = where(zero, scalarLike(x, 1), x);
    const axes = node.inputs[1];
    const product = x.graph.op('ReduceProd', [filled, axes], {
      keepdims: 1,
      noop_with_empty_axes: intOf(node, 'noop_with_empty_axes', 0),
    });
    const zeros = cast(zero, x.dtype);
    const alone = apply('Less', sub(sum(zeros), zeros), scalarLike(x, 0.5));
    return mul(dy, where(alone, div(product, filled), scalarLike(x, 0)));
  }),
  ReduceMax: extreme,
  ReduceMin: extreme,
  ArgMax: indexOfExtreme,
  ArgMin: indexOfExtreme,
  TopK: {
    shape: (node) => {
      const { dtype, shape } = required(node, 0);
      const k = knownInts(required(node, 1))?.[0];
      const axis = shape && normalizeAxis(node, intOf(node, 'axis', -1), shape.length);
      const picked = axis === undefined ? undefined : shape!.map((dim, i) => (i === axis ? k : dim));
      return [
        { dtype, shape: picked },
        { dtype: 'int64', shape: picked },
      ];
    },
    gradient: ({ graph, node, dy }) => {
      const x = node.inputs[0]!;
      const indices = node.outputs[1];
      if (!indices) misfit(node, 'the gradient needs the second output, the indices; ask for both outputs');
      const zeros = expand(scalarLike(x, 0), staticShape(x));
      return [graph.op('ScatterElements', [zeros, indices, dy[0]], { axis: intOf(node, 'axis', -1) })];
    },
  },
  // Each element counts in all sums after it: sum the gradient from the other end.
  CumSum: {
    shape: sameAsInput,
    gradient: ({ graph, node, dy }) => [
      graph.op('CumSum', [dy[0], node.inputs[1]], {
        exclusive: intOf(node, 'exclusive', 0),
        reverse: 1 - intOf(node, 'reverse', 0),
      }),
    ],
  },
};
