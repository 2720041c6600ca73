import { constantTensor } from '../operators/cast-constant.ts';
import { intOf, intsOf, knownInts, tensorOfNode } from '../operators/operator.ts';
import { cutOf } from '../operators/slice.ts';
import { type DType, isFloat, toNumbers } from '../tensor/tensor.ts';
import { arithmetic, single } from './elements-arithmetic.ts';
import type { Node, Value } from './graph.ts';
import type { Dim, ValueType } from './shape.ts';

/** Elements of a small tensor, row-major; entries may be symbols ('N') or unknown. bool is 0 and 1. */
export type Elements = readonly Dim[] | undefined;

/** A small tensor whose size is known, though not all of its elements need be. */
interface Small {
  readonly dims: readonly number[];
  readonly data: readonly Dim[];
}

type Rule = (node: Node, types: readonly ValueType[]) => readonly Elements[];

/** Shapes and what is computed from them are small; larger tensors are data. */
const LARGEST = 1024;

/**
 * What is known before running of the elements of a node's outputs: the sizes that exporters compute from shapes
 * (Shape, Gather, Concat, arithmetic) and then hand to Reshape, Expand, Slice or Resize.
 */
export function inferElements(node: Node, types: readonly ValueType[]): readonly Elements[] {
  if (node.domain !== '') return [];
  const rule = rules[node.op];
  return rule ? rule(node, types).map((data) => (data && data.length <= LARGEST ? data : undefined)) : [];
}

/** The i-th input's elements and dims, where its size is known. */
function small(value: Value | undefined): Small | undefined {
  const data = value?.elements;
  if (!value || !data || data.length > LARGEST) return undefined;
  const dims = staticDims(value.shape);
  return dims && count(dims) === data.length ? { dims, data } : undefined;
}

function staticDims(shape: ValueType['shape']): readonly number[] | undefined {
  return shape?.every((dim): dim is number => typeof dim === 'number') ? shape : undefined;
}

const count = (dims: readonly number[]): number => dims.reduce((total, dim) => total * dim, 1);

/** Elements `indices` of one axis, in that order. */
function take({ dims, data }: Small, axis: number, indices: readonly number[]): Small {
  const [before, size, after] = [count(dims.slice(0, axis)), dims[axis]!, count(dims.slice(axis + 1))];
  const taken: Dim[] = [];
  for (let b = 0; b < before; b++) {
    for (const index of indices) {
      for (let a = 0; a < after; a++) taken.push(data[(b * size + index) * after + a]);
    }
  }
  return { dims: dims.toSpliced(axis, 1, indices.length), data: taken };
}

/** Row-major indices of every element of a shape. */
function* places(dims: readonly number[]): Generator<readonly number[]> {
  const place = dims.map(() => 0);
  for (let i = count(dims); i > 0; i--) {
    yield place;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      if (++place[axis]! < dims[axis]!) break;
      place[axis] = 0;
    }
  }
}

/** The element at a place of a larger shape to which the tensor broadcasts. */
function broadcastAt({ dims, data }: Small, place: readonly number[]): Dim {
  let at = 0;
  const lead = place.length - dims.length;
  dims.forEach((dim, axis) => {
    at = at * dim + (dim === 1 ? 0 : place[lead + axis]!);
  });
  return data[at];
}

const fromStart = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

const sameData: Rule = (node) => [small(node.inputs[0])?.data];

const dimsOf: Rule = (node) => {
  const shape = node.inputs[0]?.shape;
  if (!shape) return [];
  return [shape.slice(intOf(node, 'start', 0), intOf(node, 'end', shape.length))];
};

const size: Rule = (node) => {
  const dims = staticDims(node.inputs[0]?.shape);
  return [dims ? [count(dims)] : undefined];
};

const gather: Rule = (node) => {
  const [data, indices] = [small(node.inputs[0]), knownInts(node.inputs[1])];
  if (!data || !indices) return [];
  const axis = fromStart(intOf(node, 'axis', 0), data.dims.length);
  const length = data.dims[axis]!;
  const wanted = indices.map((index) => fromStart(index, length));
  return wanted.every((index) => index >= 0 && index < length) ? [take(data, axis, wanted).data] : [];
};

const concat: Rule = (node, types) => {
  const parts = node.inputs.map(small);
  const dims = staticDims(types[0]?.shape);
  if (!dims || count(dims) > LARGEST) return [];
  const axis = fromStart(intOf(node, 'axis', 0), dims.length);
  const before = count(dims.slice(0, axis));
  const result: Dim[] = [];
  for (let b = 0; b < before; b++) {
    for (const [i, part] of parts.entries()) {
      // Dims are known even where the elements are not: the other parts keep their places.
      const total = count(staticDims(node.inputs[i]?.shape) ?? []);
      const block = total / before;
      for (let a = 0; a < block; a++) result.push(part?.data[b * block + a]);
    }
  }
  return parts.some((part) => part !== undefined) ? [result] : [];
};

const slice: Rule = (node) => {
  const data = small(node.inputs[0]);
  const [starts, ends] = [knownInts(node.inputs[1]), knownInts(node.inputs[2])];
  if (!data || !starts || !ends) return [];
  const axes = node.inputs[3] ? knownInts(node.inputs[3]) : starts.map((_, i) => i);
  const steps = node.inputs[4] ? knownInts(node.inputs[4]) : starts.map(() => 1);
  if (!axes || !steps) return [];
  let result = data;
  axes.forEach((given, i) => {
    const axis = fromStart(given, data.dims.length);
    const cut = cutOf(node, data.dims[axis]!, starts[i]!, ends[i]!, steps[i]!);
    const indices = Array.from({ length: cut.count }, (_, k) => cut.start + k * cut.step);
    result = take(result, axis, indices);
  });
  return [result.data];
};

const split: Rule = (node, types) => {
  const data = small(node.inputs[0]);
  if (!data) return [];
  const axis = fromStart(intOf(node, 'axis', 0), data.dims.length);
  let start = 0;
  return types.map(({ shape }) => {
    const length = shape?.[axis];
    if (typeof length !== 'number') return undefined;
    const from = start;
    start += length;
    return take(
      data,
      axis,
      Array.from({ length }, (_, i) => from + i),
    ).data;
  });
};

const transpose: Rule = (node, types) => {
  const data = small(node.inputs[0]);
  const dims = staticDims(types[0]?.shape);
  if (!data || !dims) return [];
  const rank = dims.length;
  const perm = intsOf(node, 'perm') ?? dims.map((_, i) => rank - 1 - i);
  const result = Array.from(places(dims), (place) => {
    const source = data.dims.map((_, axis) => place[perm.indexOf(axis)]!);
    return broadcastAt({ dims: data.dims, data: data.data }, source);
  });
  return [result];
};

const expand: Rule = (node, types) => {
  const data = small(node.inputs[0]);
  const dims = staticDims(types[0]?.shape);
  if (!data || !dims || count(dims) > LARGEST) return [];
  return [Array.from(places(dims), (place) => broadcastAt(data, place))];
};

const tile: Rule = (node, types) => {
  const data = small(node.inputs[0]);
  const dims = staticDims(types[0]?.shape);
  if (!data || !dims || count(dims) > LARGEST) return [];
  const wrapped = (place: readonly number[]) => place.map((at, axis) => at % data.dims[axis]!);
  return [Array.from(places(dims), (place) => broadcastAt(data, wrapped(place)))];
};

const constantOfShape: Rule = (node, types) => {
  const dims = staticDims(types[0]?.shape);
  if (!dims || count(dims) > LARGEST) return [];
  const value = tensorOfNode(node, 'value');
  return [new Array<Dim>(count(dims)).fill(value ? toNumbers(value)[0] : 0)];
};

const constant: Rule = (node) => {
  const value = constantTensor(node);
  return value.dtype === 'string' || value.data.length > LARGEST ? [] : [toNumbers(value)];
};

const range: Rule = (node) => {
  const [start, limit, delta] = [0, 1, 2].map((i) => knownInts(node.inputs[i])?.[0]);
  if (start === undefined || limit === undefined || !delta) return [];
  const length = Math.max(Math.ceil((limit - start) / delta), 0);
  if (length > LARGEST) return [];
  return [Array.from({ length }, (_, i) => start + i * delta)];
};

const nonZero: Rule = (node) => {
  const data = small(node.inputs[0]);
  if (!data || data.data.some((item) => typeof item !== 'number')) return [];
  const found = Array.from(places(data.dims), (place) => [...place]).filter((_, i) => data.data[i] !== 0);
  return [data.dims.flatMap((_, axis) => found.map((place) => place[axis]))];
};

const cast: Rule = (node, types) => {
  const data = small(node.inputs[0])?.data;
  const to = types[0]?.dtype;
  if (!data || !to || to === 'string') return [];
  return [data.map((item) => (typeof item === 'number' ? converted(item, to) : castSymbol(item, to)))];
};

const castSymbol = (item: Dim, to: DType): Dim => (to === 'bool' ? undefined : item);

function converted(item: number, to: DType): number {
  if (to === 'bool') return item === 0 ? 0 : 1;
  if (to === 'float32') return Math.fround(item);
  return isFloat(to) ? item : Math.trunc(item);
}

const where: Rule = (node, types) => {
  const [condition, yes, no] = [0, 1, 2].map((i) => small(node.inputs[i]));
  const dims = staticDims(types[0]?.shape);
  if (!condition || !dims || count(dims) > LARGEST) return [];
  const picked = Array.from(places(dims), (place) => {
    const [a, b] = [yes && broadcastAt(yes, place), no && broadcastAt(no, place)];
    const choice = broadcastAt(condition, place);
    if (typeof choice !== 'number') return a === b ? a : undefined;
    return choice ? a : b;
  });
  return [picked];
};

/** A rule for one operator on two tensors or, folded from the left, on more (Min, Max, Sum). */
function elementwise(op: string): Rule {
  return (node, types) => {
    const inputs = node.inputs.map(small);
    const dims = staticDims(types[0]?.shape);
    const dtype = node.inputs[0]?.dtype;
    if (!dims || !dtype || count(dims) > LARGEST || inputs.some((input) => !input)) return [];
    const result = Array.from(places(dims), (place) =>
      inputs
        .map((input) => (input ? broadcastAt(input, place) : undefined))
        .reduce((a, b) => arithmetic(op, a, b, dtype, intOf(node, 'fmod', 0) === 1)),
    );
    return [result];
  };
}

const clip: Rule = (node) => {
  const [data, low, high] = [0, 1, 2].map((i) => small(node.inputs[i]));
  const dtype = node.inputs[0]?.dtype;
  // A bound that is given and not known leaves nothing known.
  if (!data || !dtype || [low, high].some((bound, i) => node.inputs[i + 1] && !bound)) return [];
  const within = (item: Dim): Dim => {
    const raised = low ? arithmetic('Max', item, low.data[0], dtype, false) : item;
    return high ? arithmetic('Min', raised, high.data[0], dtype, false) : raised;
  };
  return [data.data.map(within)];
};

const unary =
  (op: string): Rule =>
  (node) => {
    const input = small(node.inputs[0]);
    const dtype = node.inputs[0]?.dtype;
    return input && dtype ? [input.data.map((item) => single(op, item, dtype))] : [];
  };

function reduce(op: string): Rule {
  return (node) => {
    const data = small(node.inputs[0]);
    const dtype = node.inputs[0]?.dtype;
    const given = node.inputs[1] ? knownInts(node.inputs[1]) : [];
    if (!data || !dtype || !given) return [];
    if (given.length === 0 && intOf(node, 'noop_with_empty_axes', 0) === 1) return [data.data];
    const rank = data.dims.length;
    const axes = new Set(given.length > 0 ? given.map((axis) => fromStart(axis, rank)) : data.dims.keys());
    const kept = data.dims.map((dim, axis) => (axes.has(axis) ? 1 : dim));
    const groups: Dim[][] = Array.from({ length: count(kept) }, () => []);
    let i = 0;
    for (const place of places(data.dims)) {
      const at = kept.reduce((sum, dim, axis) => sum * dim + (dim === 1 ? 0 : place[axis]!), 0);
      groups[at]!.push(data.data[i++]);
    }
    if (groups.some((group) => group.length === 0)) return [];
    return [groups.map((group) => group.reduce((a, b) => arithmetic(op, a, b, dtype, false)))];
  };
}

const rules: Readonly<Record<string, Rule>> = {
  Shape: dimsOf,
  Size: size,
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Range: range,
  NonZero: nonZero,
  Identity: sameData,
  Reshape: sameData,
  Flatten: sameData,
  Squeeze: sameData,
  Unsqueeze: sameData,
  Cast: cast,
  Clip: clip,
  CastLike: cast,
  Gather: gather,
  Concat: concat,
  Slice: slice,
  Split: split,
  Transpose: transpose,
  Expand: expand,
  Tile: tile,
  Where: where,
  ReduceSum: reduce('Add'),
  ReduceProd: reduce('Mul'),
  ReduceMax: reduce('Max'),
  ReduceMin: reduce('Min'),
  ...Object.fromEntries(
    ['Add', 'Sub', 'Mul', 'Div', 'Mod', 'Pow', 'Min', 'Max', 'And', 'Or']
      .concat(['Equal', 'Greater', 'Less', 'GreaterOrEqual', 'LessOrEqual'])
      .map((op) => [op, elementwise(op)]),
  ),
  ...Object.fromEntries(['Neg', 'Abs', 'Floor', 'Ceil', 'Sqrt', 'Not', 'Sign'].map((op) => [op, unary(op)])),
};
