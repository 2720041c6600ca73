import { add, ints, matMul, mul, reshape, scalarLike, sub, transpose, where } from '../graph/build.ts';
import type { Graph, Node, Value } from '../graph/graph.ts';
import { staticShape } from '../graph/shape.ts';
import { zeros } from './along-axis.ts';
import { floatOf, intOf, required } from './operator.ts';
import { type Activation, activationsOf } from './recurrent-activations.ts';
import { directionsOf, type RecurrentKind, recurrentKinds } from './recurrent-shape.ts';

/** One product of a state with rows of R, kept so that the gradients of all steps become one product. */
export interface RecurrentProduct {
  readonly direction: number;
  /** First of the rows of R that it is made with. */
  readonly row: number;
  readonly left: Value;
  readonly product: Value;
}

export interface Unrolled {
  /** Y, Y_h and, of an LSTM, Y_c. */
  readonly outputs: readonly Value[];
  readonly products: readonly RecurrentProduct[];
}

/** What the steps of one direction have in common. */
interface Cell {
  readonly node: Node;
  readonly hidden: number;
  readonly activations: readonly Activation[];
  /** Bound of the activations' inputs; none when infinite. */
  readonly clip: number;
  /** h W[rows]^T, noted for the gradient. */
  readonly recur: (left: Value, rows: 'all' | readonly [number, number]) => Value;
  /** Rbh [H] of a GRU with linear_before_reset. */
  readonly resetBias: Value | undefined;
  /** Peepholes of an LSTM for i, o and f, each [H]. */
  readonly peepholes: readonly Value[] | undefined;
}

interface State {
  readonly h: Value;
  readonly c: Value | undefined;
}

type Step = (cell: Cell, x: Value, state: State) => State;

/** The part [from, to) of the last axis, or of another one. */
const part = (x: Value, from: number, to: number, axis: number): Value =>
  x.graph.op('Slice', [x, ints(x.graph, [from]), ints(x.graph, [to]), ints(x.graph, [axis])]);

const parts = (x: Value, sizes: readonly number[], axis: number): readonly Value[] =>
  sizes.length === 1
    ? [x]
    : x.graph.add('Split', [x, ints(x.graph, sizes)], { axis }, { outputs: sizes.length });

const equalParts = (x: Value, count: number, size: number, axis: number): readonly Value[] =>
  parts(x, Array<number>(count).fill(size), axis);

function clipped(x: Value, { clip }: Cell): Value {
  return Number.isFinite(clip) ? x.graph.op('Clip', [x, scalarLike(x, -clip), scalarLike(x, clip)]) : x;
}

const oneMinus = (x: Value): Value => sub(scalarLike(x, 1), x);

/** i, o, f, c (ONNX's order): C_t = f C_{t-1} + i c, H_t = o h(C_t). `x` is X W^T + Wb + Rb, [N, 4H].
 * As in ONNX Runtime, C_t is not clipped on its way into h, and a coupled forget gate is 1 - i. */
const lstmStep: Step = (cell, x, { h, c }) => {
  const { hidden, activations, peepholes, node } = cell;
  const [f, g, last] = activations as [Activation, Activation, Activation]; // counted by activationsOf
  const before = c!; // an LSTM has a cell from its first step on
  const gates = add(x, cell.recur(h, 'all')); // [N, 4H]
  const coupled = intOf(node, 'input_forget', 0) === 1;
  if (!peepholes) {
    const [three, candidate] = parts(gates, [3 * hidden, hidden], 1) as [Value, Value]; // one per size
    const [i, o, forget] = equalParts(f(clipped(three, cell)), 3, hidden, 1) as [Value, Value, Value]; // three of them
    const next = add(mul(coupled ? oneMinus(i) : forget, before), mul(i, g(clipped(candidate, cell))));
    return { h: mul(o, last(next)), c: next };
  }
  const [pi, po, pf] = peepholes as [Value, Value, Value]; // split into three
  const [xi, xo, xf, xc] = equalParts(gates, 4, hidden, 1) as [Value, Value, Value, Value]; // four of them
  const i = f(clipped(add(xi, mul(pi, before)), cell));
  const forget = coupled ? oneMinus(i) : f(clipped(add(xf, mul(pf, before)), cell));
  const next = add(mul(forget, before), mul(i, g(clipped(xc, cell))));
  const o = f(clipped(add(xo, mul(po, next)), cell));
  return { h: mul(o, last(next)), c: next };
};

/** z, r, h (ONNX's order): H_t = (1 - z) h + z H_{t-1}. `x` is X W^T with all biases, Rbh apart where it is reset too. */
const gruStep: Step = (cell, x, { h, c }) => {
  const { hidden, activations, node } = cell;
  const [f, g] = activations as [Activation, Activation]; // counted by activationsOf
  const [xzr, xh] = parts(x, [2 * hidden, hidden], 1) as [Value, Value]; // one per size
  const linear = intOf(node, 'linear_before_reset', 0) === 1;
  const [hzr, hh] = linear ? parts(cell.recur(h, 'all'), [2 * hidden, hidden], 1) : [];
  const zr = f(clipped(add(xzr, hzr ?? cell.recur(h, [0, 2 * hidden])), cell));
  const [z, r] = equalParts(zr, 2, hidden, 1) as [Value, Value]; // two of them
  const reset = hh
    ? mul(r, cell.resetBias ? add(hh, cell.resetBias) : hh)
    : cell.recur(mul(r, h), [2 * hidden, 3 * hidden]);
  const candidate = g(clipped(add(xh, reset), cell));
  return { h: add(candidate, mul(z, sub(h, candidate))), c };
};

/** H_t = f(X W^T + H_{t-1} R^T + Wb + Rb). */
const rnnStep: Step = (cell, x, { h, c }) => ({
  h: cell.activations[0]!(clipped(add(x, cell.recur(h, 'all')), cell)),
  c,
});

const steps: Readonly<Record<RecurrentKind, Step>> = { LSTM: lstmStep, GRU: gruStep, RNN: rnnStep };

/** One direction of a value whose first axis is directions: [D, ...] -> [...]. */
function ofDirection(value: Value, direction: number): Value {
  const [count, ...rest] = staticShape(value);
  return reshape(count === 1 ? value : part(value, direction, direction + 1, 0), rest);
}

/**
 * The same computation as an LSTM, GRU or RNN node in operators that have gradients, step by step: all its
 * attributes and optional inputs. Sizes must be fixed. @throws SHAPE_NOT_STATIC, GRAPH_SHAPE
 */
export function unrolled(node: Node): Unrolled {
  const kind = node.op as RecurrentKind; // the table has these three
  const batchFirst = intOf(node, 'layout', 0) === 1;
  const given = required(node, 0);
  const x = batchFirst ? transpose(given, [1, 0, 2]) : given; // [T, N, I]
  const products: RecurrentProduct[] = [];
  const directions = directionsOf(node);
  const activations = activationsOf(node, directions.length, recurrentKinds[kind].activations);
  const found = directions.map((way, direction) =>
    oneDirection(node, kind, x, {
      direction,
      reverse: way === 'reverse',
      activations: activations[direction]!,
      products,
    }),
  );
  const { graph } = x;
  const joined = (values: readonly Value[], axis: number) =>
    values.length === 1 ? values[0]! : graph.op('Concat', values, { axis });
  const y = joined(
    found.map(({ y }) => y),
    1,
  ); // [T, D, N, H]
  const last = joined(
    found.map(({ h }) => h),
    0,
  ); // [D, N, H]
  const cells = found.flatMap(({ c }) => (c ? [c] : []));
  const outputs = [y, last, ...(cells.length > 0 ? [joined(cells, 0)] : [])];
  const turned = ([all, ...states]: readonly Value[]) => [
    transpose(all!, [2, 0, 1, 3]), // [N, T, D, H]
    ...states.map((state) => transpose(state, [1, 0, 2])),
  ];
  return { outputs: batchFirst ? turned(outputs) : outputs, products };
}

interface Direction {
  readonly direction: number;
  readonly reverse: boolean;
  readonly activations: readonly Activation[];
  readonly products: RecurrentProduct[];
}

function oneDirection(node: Node, kind: RecurrentKind, x: Value, options: Direction) {
  const { graph } = x;
  const { direction, reverse } = options;
  const [length, batch] = staticShape(x) as [number, number, number]; // checked by the shape rule
  const { cell, projected } = prepare(node, kind, x, options);
  const { hidden } = cell;
  const inputs = equalParts(projected, length, batch, 0); // length times [N, gH]
  const lengths = node.inputs[4] && reshape(node.inputs[4], [batch, 1]);
  const first = (index: number): Value => {
    const value = node.inputs[index];
    if (!value) return zeros(graph, x.dtype, [batch, hidden]);
    const turned = intOf(node, 'layout', 0) === 1 ? transpose(value, [1, 0, 2]) : value; // [D, N, H]
    const own = ofDirection(turned, direction);
    // The runtime gives zeros, and not the first state, for a sequence of no steps.
    return lengths
      ? where(graph.op('Greater', [lengths, scalarLike(lengths, 0)]), own, scalarLike(own, 0))
      : own;
  };
  let state: State = { h: first(5), c: kind === 'LSTM' ? first(6) : undefined };
  const shown = new Array<Value>(length);
  for (let step = 0; step < length; step++) {
    const t = reverse ? length - 1 - step : step;
    const next = steps[kind](cell, inputs[t]!, state);
    const lives = lengths && graph.op('Less', [scalarLike(lengths, t), lengths]); // [N, 1]
    shown[t] = lives ? where(lives, next.h, scalarLike(next.h, 0)) : next.h;
    state = lives ? kept(lives, next, state) : next;
  }
  const y = length === 1 ? shown[0]! : graph.op('Concat', shown, { axis: 0 });
  return {
    y: reshape(y, [length, 1, batch, hidden]),
    h: reshape(state.h, [1, batch, hidden]),
    c: state.c && reshape(state.c, [1, batch, hidden]),
  };
}

/** Where a sequence has ended its state stays as it was. */
const kept = (lives: Value, next: State, before: State): State => ({
  h: where(lives, next.h, before.h),
  c: next.c && before.c && where(lives, next.c, before.c),
});

/** Weights of one direction, and the inputs of all steps multiplied by them at once: X W^T + biases, [T N, gH]. */
function prepare(node: Node, kind: RecurrentKind, x: Value, { direction, activations, products }: Direction) {
  const { gates } = recurrentKinds[kind];
  const [length, batch, size] = staticShape(x) as [number, number, number]; // checked by the shape rule
  const hidden = staticShape(required(node, 2))[2]!;
  const w = ofDirection(required(node, 1), direction); // [gH, I]
  const r = ofDirection(required(node, 2), direction); // [gH, H]
  const turned = transpose(r, [1, 0]); // [H, gH]
  const columns = new Map<string, Value>();
  const recur: Cell['recur'] = (left, rows) => {
    const key = `${rows}`;
    const matrix = columns.get(key) ?? (rows === 'all' ? turned : part(turned, rows[0], rows[1], 1));
    columns.set(key, matrix);
    const product = matMul(left, matrix);
    products.push({ direction, row: rows === 'all' ? 0 : rows[0], left, product });
    return product;
  };
  const bias = node.inputs[3] && ofDirection(node.inputs[3], direction); // [2 gH]
  const resets = kind === 'GRU' && intOf(node, 'linear_before_reset', 0) === 1;
  const product = matMul(reshape(x, [length * batch, size]), transpose(w, [1, 0]));
  const peepholes = kind === 'LSTM' && node.inputs[7] && ofDirection(node.inputs[7], direction);
  const cell: Cell = {
    node,
    hidden,
    activations,
    clip: floatOf(node, 'clip', Number.POSITIVE_INFINITY),
    recur,
    resetBias: bias && resets ? part(bias, 5 * hidden, 6 * hidden, 0) : undefined,
    peepholes: peepholes ? equalParts(peepholes, 3, hidden, 0) : undefined,
  };
  return {
    cell,
    projected: bias ? add(product, inputBias(bias, gates * hidden, resets ? hidden : 0)) : product,
  };
}

/** Wb + Rb, [gH]; the last `apart` elements of Rb, which are added elsewhere, count as zero. */
function inputBias(bias: Value, size: number, apart: number): Value {
  const ofInput = part(bias, 0, size, 0);
  const ofState = part(bias, size, 2 * size - apart, 0);
  if (apart === 0) return add(ofInput, ofState);
  const { graph } = bias;
  return add(ofInput, graph.op('Concat', [ofState, zeros(graph, bias.dtype, [apart])], { axis: 0 }));
}

/** Gradient of R [D, gH, H] from those of the products: one matrix product a direction and block of rows. */
export function stateWeightGradient(
  graph: Graph,
  directions: number,
  products: readonly RecurrentProduct[],
  gradients: readonly (Value | undefined)[],
  shape: readonly number[],
): Value {
  const dtype = products[0]!.product.dtype;
  const all = Array.from({ length: directions }, (_, direction) => {
    const rows = [...new Set(products.filter((item) => item.direction === direction).map(({ row }) => row))];
    const blocks = rows
      .sort((a, b) => a - b)
      .map((row) => {
        const used = products.flatMap(({ left, product, ...item }, i) => {
          const gradient = gradients[i];
          return item.direction === direction && item.row === row && gradient ? [{ left, gradient }] : [];
        });
        const width = staticShape(
          products.find((item) => item.direction === direction && item.row === row)!.product,
        )[1]!;
        return used.length === 0
          ? zeros(graph, dtype, [width, shape[2]!])
          : matMul(
              transpose(
                stacked(
                  graph,
                  used.map(({ gradient }) => gradient),
                ),
                [1, 0],
              ), // [kH, steps N]
              stacked(
                graph,
                used.map(({ left }) => left),
              ), // [steps N, H]
            );
      });
    return stacked(graph, blocks); // [gH, H]
  });
  return reshape(stacked(graph, all), shape);
}

const stacked = (graph: Graph, values: readonly Value[]): Value =>
  values.length === 1 ? values[0]! : graph.op('Concat', values, { axis: 0 });
