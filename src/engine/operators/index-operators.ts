import { HounsfieldError } from '../../errors.ts';
import { expand, ints, mul, reduceSum, reshape } from '../graph/build.ts';
import type { Node, Value } from '../graph/graph.ts';
import { type Dim, type Shape, staticShape, type ValueType } from '../graph/shape.ts';
import { product, zeros } from './along-axis.ts';
import {
  type GradientContext,
  intOf,
  misfit,
  normalizeAxis,
  notDifferentiable,
  type Operator,
  type OperatorTable,
  required,
  sameAsInput,
  stringOf,
} from './operator.ts';

/** Adds rows of `updates` [B, K, S] to zeros [B, M, S] at the places `indices` [B, K]; equal places add up. */
function scatterAdd(indices: Value, updates: Value, places: number): Value {
  const { graph } = updates;
  const [batch, count, size] = staticShape(updates) as [number, number, number]; // made so by every caller
  const spread = expand(reshape(indices, [batch, count, 1]), [batch, count, size]);
  return graph.op('ScatterElements', [zeros(graph, updates.dtype, [batch, places, size]), spread, updates], {
    axis: 1,
    reduction: 'add',
  });
}

function gatheredShape(node: Node): Shape {
  const [data, indices] = [required(node, 0).shape, required(node, 1).shape];
  if (!data || !indices) return undefined;
  const axis = normalizeAxis(node, intOf(node, 'axis', 0), data.length);
  return [...data.slice(0, axis), ...indices, ...data.slice(axis + 1)];
}

const gather: Operator = {
  shape: (node) => [{ dtype: required(node, 0).dtype, shape: gatheredShape(node) }],
  gradient: ({ node, dy }) => {
    const [data, indices] = [required(node, 0), required(node, 1)];
    const dims = staticShape(data);
    const axis = normalizeAxis(node, intOf(node, 'axis', 0), dims.length);
    const [before, size, after] = [product(dims.slice(0, axis)), dims[axis]!, product(dims.slice(axis + 1))];
    const count = product(staticShape(indices));
    const places = expand(reshape(indices, [1, count]), [before, count]);
    return [reshape(scatterAdd(places, reshape(dy[0]!, [before, count, after]), size), dims)];
  },
};

const gatherElements: Operator = {
  shape: (node) => [{ dtype: required(node, 0).dtype, shape: required(node, 1).shape }],
  gradient: ({ graph, node, dy }) => {
    const data = required(node, 0);
    const base = zeros(graph, data.dtype, staticShape(data));
    const attributes = { axis: intOf(node, 'axis', 0), reduction: 'add' };
    return [graph.op('ScatterElements', [base, node.inputs[1], dy[0]], attributes)];
  },
};

function gatheredShapeND(node: Node): Shape {
  const [data, indices] = [required(node, 0).shape, required(node, 1).shape];
  const depth = indices?.at(-1);
  if (!data || !indices || typeof depth !== 'number') return undefined;
  const batch = intOf(node, 'batch_dims', 0);
  if (batch + depth > data.length) {
    misfit(node, `tuples of ${depth} after ${batch} batch axes do not index rank ${data.length}`);
  }
  return [...indices.slice(0, -1), ...data.slice(batch + depth)];
}

/** The gradient goes back through row-major places: tuples times strides. */
function gradientOfGatherND({ graph, node, dy }: GradientContext): readonly Value[] {
  const dims = staticShape(required(node, 0));
  const indices = required(node, 1);
  const tuples = staticShape(indices);
  const batchAxes = intOf(node, 'batch_dims', 0);
  const depth = tuples.at(-1) ?? 0;
  const indexed = dims.slice(batchAxes, batchAxes + depth);
  const batch = product(dims.slice(0, batchAxes));
  const rest = product(dims.slice(batchAxes + depth));
  const count = product(tuples.slice(batchAxes, -1));
  const strides = indexed.map((_, i) => product(indexed.slice(i + 1)));
  // Mod turns indices counted from the end into indices counted from the start.
  const positive = graph.op('Mod', [reshape(indices, [batch, count, depth]), ints(graph, indexed)]);
  const places = reduceSum(mul(positive, ints(graph, strides)), [2]); // [B, K]
  const updates = reshape(dy[0]!, [batch, count, rest]);
  return [reshape(scatterAdd(places, updates, product(indexed)), dims)];
}

/** What stands where updates were written passes nothing back, and each update gets the gradient of its place. */
function gradientOfScatter(
  { graph, node, dy, wants }: GradientContext,
  read: 'GatherElements' | 'GatherND',
  attributes: Readonly<Record<string, number>>,
): readonly (Value | undefined)[] {
  const reduction = stringOf(node, 'reduction', 'none');
  if (reduction !== 'none' && reduction !== 'add') {
    throw new HounsfieldError(
      'OPERATOR_NOT_DIFFERENTIABLE',
      `${node.op} '${node.name}' has reduction '${reduction}', and only 'none' and 'add' have a gradient. ` +
        'Freeze what lies before it, or write it with another operator.',
    );
  }
  const [indices, updates] = [required(node, 1), required(node, 2)];
  const gradient = dy[0]!;
  const cleared = () =>
    graph.op(
      node.op,
      [gradient, indices, zeros(graph, updates.dtype, staticShape(updates))],
      node.op === 'ScatterND' ? {} : attributes,
    );
  return [
    wants(0) ? (reduction === 'add' ? gradient : cleared()) : undefined,
    undefined,
    wants(2) ? graph.op(read, [gradient, indices], attributes) : undefined,
  ];
}

/** Outputs of which only the element type is known before running. */
const dynamic = (node: Node, rank: number | undefined): ValueType => ({
  dtype: required(node, 0).dtype,
  shape: rank === undefined ? undefined : new Array<Dim>(rank).fill(undefined),
});

function compressedShape(node: Node): Shape {
  const { shape } = required(node, 0);
  const axis = node.attributes.get('axis');
  if (!axis) return [undefined];
  const along = shape && normalizeAxis(node, intOf(node, 'axis', 0), shape.length);
  return shape?.map((dim, i) => (i === along ? undefined : dim));
}

const valueDependent = 'the number of its elements depends on their values';

/** Operators that read and write by index. */
export const indexOperators: OperatorTable = {
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: {
    shape: (node) => [{ dtype: required(node, 0).dtype, shape: gatheredShapeND(node) }],
    gradient: gradientOfGatherND,
  },
  ScatterElements: {
    shape: sameAsInput,
    gradient: (context) =>
      gradientOfScatter(context, 'GatherElements', { axis: intOf(context.node, 'axis', 0) }),
  },
  ScatterND: {
    shape: sameAsInput,
    gradient: (context) => gradientOfScatter(context, 'GatherND', {}),
  },
  Compress: {
    shape: (node) => [{ dtype: required(node, 0).dtype, shape: compressedShape(node) }],
    gradient: notDifferentiable(valueDependent),
  },
  Unique: {
    shape: (node) => [
      dynamic(node, node.attributes.has('axis') ? required(node, 0).shape?.length : 1),
      ...['indices', 'inverse', 'counts'].map((): ValueType => ({ dtype: 'int64', shape: [undefined] })),
    ],
    gradient: notDifferentiable(valueDependent),
  },
  Trilu: {
    shape: sameAsInput,
    gradient: ({ graph, node, dy }) => [
      graph.op('Trilu', [dy[0], node.inputs[1]], { upper: intOf(node, 'upper', 1) }),
    ],
  },
  ReverseSequence: {
    shape: sameAsInput,
    gradient: ({ graph, node, dy }) => [
      graph.op('ReverseSequence', [dy[0], node.inputs[1]], {
        batch_axis: intOf(node, 'batch_axis', 1),
        time_axis: intOf(node, 'time_axis', 0),
      }),
    ],
  },
};
