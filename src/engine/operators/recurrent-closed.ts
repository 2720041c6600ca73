import {
  add,
  apply,
  ints,
  matMul,
  mul,
  reduceSum,
  reshape,
  scalarLike,
  sub,
  transpose,
} from '../graph/build.ts';
import type { Graph, Node, Value } from '../graph/graph.ts';
import { staticShape } from '../graph/shape.ts';
import { zeros } from './along-axis.ts';
import { type GradientContext, intOf, required, stringsOf } from './operator.ts';
import { directionsOf, type RecurrentKind, recurrentKinds } from './recurrent-shape.ts';

/*
 * Backpropagation through time of the LSTM and GRU that PyTorch and Keras write. The node's own Y holds the state before
 * every step, so that the gates of all steps, and what their gradients are to be multiplied by, are computed at once;
 * left for one step after the other are the cell (two nodes a step) and the way back (six or seven).
 */

/** Whether the node is of the form that this file knows: no lengths, peepholes, clip, other activations; Y is there. */
export function hasClosedForm(node: Node): boolean {
  const kind = node.op as RecurrentKind; // the table has three
  const named = stringsOf(node, 'activations')?.map((name) => name.toLowerCase());
  const usual = directionsOf(node).flatMap(() => recurrentKinds[kind].activations);
  return (
    kind !== 'RNN' &&
    (kind === 'LSTM' || intOf(node, 'linear_before_reset', 0) === 1) &&
    !node.attributes.has('clip') &&
    intOf(node, 'input_forget', 0) === 0 &&
    intOf(node, 'layout', 0) === 0 &&
    (!named || `${named}` === `${usual.map((name) => name.toLowerCase())}`) &&
    !node.inputs[4] &&
    !node.inputs[7] &&
    node.outputs[0]?.name !== ''
  );
}

/** One direction of the node, with its steps laid under one another: [T N, …]. */
interface Pass {
  readonly graph: Graph;
  readonly length: number;
  readonly batch: number;
  readonly hidden: number;
  /** The steps in the order in which the states follow one another. */
  readonly order: readonly number[];
  readonly x: Value;
  /** The state before each step. */
  readonly before: Value;
  readonly cell: Value;
  readonly w: Value;
  readonly r: Value;
  readonly b: Value | undefined;
  /** Gradients of Y by step, of the last state and of the last cell. */
  readonly dy: readonly (Value | undefined)[];
  readonly dh: Value;
  readonly dc: Value;
}

/** Gradients of one direction; those of what multiplies x, and of what multiplies the state. */
interface Found {
  readonly ofInput: Value;
  readonly ofState: Value;
  readonly first: Value;
  readonly firstCell: Value | undefined;
}

const joined = (values: readonly Value[], axis: number): Value =>
  values.length === 1 ? values[0]! : values[0]!.graph.op('Concat', values, { axis });

const cut = (x: Value, from: number, to: number, axis: number): Value =>
  x.graph.op('Slice', [x, ints(x.graph, [from]), ints(x.graph, [to]), ints(x.graph, [axis])]);

const parts = (x: Value, count: number, axis: number): readonly Value[] => {
  const size = staticShape(x)[axis]! / count;
  if (count === 1) return [x];
  const sizes = ints(x.graph, Array<number>(count).fill(size));
  return x.graph.add('Split', [x, sizes], { axis }, { outputs: count });
};

/** y (1 - y) */
const sigmoidSlope = (y: Value): Value => mul(y, sub(scalarLike(y, 1), y));
/** 1 - y² */
const tanhSlope = (y: Value): Value => sub(scalarLike(y, 1), mul(y, y));

/** Gradients of the node's inputs, where it has a closed form. */
export function closedGradients(context: GradientContext): readonly (Value | undefined)[] {
  const { node, wants } = context;
  const directions = directionsOf(node);
  const passes = directions.map((way, direction) => passOf(context, direction, way === 'reverse'));
  const back = node.op === 'LSTM' ? lstmBack : gruBack;
  const found = passes.map((pass) => back(pass));
  const shapeOf = (index: number) => staticShape(required(node, index));
  const stacked = (index: number, of: (pass: Pass, found: Found) => Value): Value | undefined =>
    wants(index)
      ? reshape(
          joined(
            passes.map((pass, i) => of(pass, found[i]!)),
            0,
          ),
          shapeOf(index),
        )
      : undefined;
  const turned = (value: Value) => transpose(value, [1, 0]);
  const dx = wants(0)
    ? reshape(
        passes.map(({ w }, i) => matMul(found[i]!.ofInput, w)).reduce((sum, value) => add(sum, value)),
        shapeOf(0),
      )
    : undefined;
  return [
    dx,
    stacked(1, ({ x }, { ofInput }) => matMul(turned(ofInput), x)),
    stacked(2, ({ before }, { ofState }) => matMul(turned(ofState), before)),
    stacked(3, (_, { ofInput, ofState }) => joined([reduceSum(ofInput, [0]), reduceSum(ofState, [0])], 0)),
    undefined,
    stacked(5, (_, { first }) => first),
    stacked(6, (_, { first, firstCell }) => firstCell ?? first),
  ];
}

function passOf({ graph, node, dy }: GradientContext, direction: number, reverse: boolean): Pass {
  const [length, batch, size] = staticShape(required(node, 0)) as [number, number, number]; // checked by the shape rule
  const hidden = staticShape(required(node, 2))[2]!;
  const own = (value: Value, axis = 0): Value => {
    const dims = staticShape(value);
    const one = dims[axis] === 1 ? value : cut(value, direction, direction + 1, axis);
    return reshape(
      one,
      dims.filter((_, i) => i !== axis),
    );
  };
  const state = (value: Value | undefined) =>
    value ? own(value) : zeros(graph, required(node, 0).dtype, [batch, hidden]);
  const y = reshape(own(node.outputs[0]!, 1), [length * batch, hidden]); // [T N, H]
  const first = state(node.inputs[5]);
  const rows = (length - 1) * batch;
  const shifted = reverse ? [cut(y, batch, batch + rows, 0), first] : [first, cut(y, 0, rows, 0)];
  const steps = Array.from({ length }, (_, t) => t);
  return {
    graph,
    length,
    batch,
    hidden,
    order: reverse ? steps.reverse() : steps,
    x: reshape(required(node, 0), [length * batch, size]),
    before: length === 1 ? first : joined(shifted, 0),
    cell: state(node.inputs[6]),
    w: own(required(node, 1)),
    r: own(required(node, 2)),
    b: node.inputs[3] && own(node.inputs[3]),
    dy: dy[0] ? parts(reshape(own(dy[0], 1), [length * batch, hidden]), length, 0) : [],
    dh: state(dy[1]),
    dc: state(dy[2]),
  };
}

/** x W^T + Wb and h R^T + Rb of all steps, [T N, gH] each. */
function products({ x, before, w, r, b }: Pass): readonly [Value, Value] {
  const [a, q] = [matMul(x, transpose(w, [1, 0])), matMul(before, transpose(r, [1, 0]))];
  if (!b) return [a, q];
  const [ofInput, ofState] = parts(b, 2, 0) as [Value, Value]; // cut in two
  return [add(a, ofInput), add(q, ofState)];
}

const total = (a: Value, b: Value | undefined): Value => (b ? add(a, b) : a);

/** With i, o, f, g of all steps: dC = dH o (1 - tanh² C) + f' dC', and the gates' gradients by what each is made of. */
function lstmBack(pass: Pass): Found {
  const { length, order, r } = pass;
  const gates = parts(add(...products(pass)), 4, 1) as [Value, Value, Value, Value]; // i, o, f, c
  const [i, o, f] = gates.slice(0, 3).map((gate) => apply('Sigmoid', gate)) as [Value, Value, Value]; // three of them
  const g = apply('Tanh', gates[3]);
  const forget = parts(f, length, 0);
  const added = parts(mul(i, g), length, 0);
  const [cells, cellsBefore] = [new Array<Value>(length), new Array<Value>(length)];
  let cell = pass.cell;
  for (const t of order) {
    cellsBefore[t] = cell;
    cell = add(mul(forget[t]!, cell), added[t]!);
    cells[t] = cell;
  }
  const seen = apply('Tanh', joined(cells, 0)); // [T N, H]
  const toCell = parts(mul(o, tanhSlope(seen)), length, 0);
  const factors = joined(
    [
      mul(g, sigmoidSlope(i)),
      mul(seen, sigmoidSlope(o)),
      mul(joined(cellsBefore, 0), sigmoidSlope(f)),
      mul(i, tanhSlope(g)),
    ],
    1,
  ); // [T N, 4H]
  const factor = parts(factors, length, 0);
  const found = new Array<Value>(length);
  let { dh, dc } = pass;
  for (const t of [...order].reverse()) {
    dh = total(dh, pass.dy[t]);
    dc = add(dc, mul(dh, toCell[t]!));
    found[t] = mul(joined([dc, dh, dc, dc], 1), factor[t]!);
    dh = matMul(found[t]!, r);
    dc = mul(dc, forget[t]!);
  }
  const all = joined(found, 0);
  return { ofInput: all, ofState: all, first: dh, firstCell: dc };
}

/** With z, r, n of all steps, H = (1 - z) n + z H': each gate's gradient is dH by a factor known beforehand. */
function gruBack(pass: Pass): Found {
  const { length, order, hidden } = pass;
  const [a, q] = products(pass);
  const [az, ar, an] = parts(a, 3, 1) as [Value, Value, Value]; // z, r, h
  const [qz, qr, qn] = parts(q, 3, 1) as [Value, Value, Value]; // z, r, h
  const [z, reset] = [apply('Sigmoid', add(az, qz)), apply('Sigmoid', add(ar, qr))];
  const n = apply('Tanh', add(an, mul(reset, qn)));
  const toCandidate = mul(sub(scalarLike(z, 1), z), tanhSlope(n));
  const factors = joined(
    [
      mul(sub(pass.before, n), sigmoidSlope(z)),
      mul(mul(toCandidate, qn), sigmoidSlope(reset)),
      mul(toCandidate, reset),
    ],
    1,
  ); // [T N, 3H]
  const [factor, kept] = [parts(factors, length, 0), parts(z, length, 0)];
  const [found, states] = [new Array<Value>(length), new Array<Value>(length)];
  let { dh } = pass;
  for (const t of [...order].reverse()) {
    dh = total(dh, pass.dy[t]);
    states[t] = dh;
    found[t] = mul(joined([dh, dh, dh], 1), factor[t]!);
    dh = add(matMul(found[t]!, pass.r), mul(dh, kept[t]!));
  }
  const ofState = joined(found, 0);
  const ofCandidate = mul(joined(states, 0), toCandidate);
  return {
    ofInput: joined([cut(ofState, 0, 2 * hidden, 1), ofCandidate], 1),
    ofState,
    first: dh,
    firstCell: undefined,
  };
}
