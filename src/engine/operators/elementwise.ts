import { add, apply, cast, div, mul, neg, scalarLike, sub, unbroadcast, where } from '../graph/build.ts';
import type { Node, Value } from '../graph/graph.ts';
import {
  broadcastShapes,
  type GradientContext,
  type GradientRule,
  type NoGradient,
  notDifferentiable,
  type Operator,
  type OperatorTable,
  required,
  sameAsInput,
  zeroGradient,
} from './operator.ts';

/** Shape rule with numpy broadcasting; the element type is that of one of the inputs. */
const broadcastLike = (typedBy: number) => (node: Node) => [
  {
    dtype: required(node, typedBy).dtype,
    shape: broadcastShapes(
      node,
      node.inputs.map((_, i) => required(node, i).shape),
    ),
  },
];

const broadcasting = (gradient: GradientRule | NoGradient): Operator => ({
  shape: broadcastLike(0),
  gradient,
});

/** One input; the rule gives the gradient from input x, output y and the output's gradient dy. */
export const unary = (gradient: (x: Value, dy: Value, y: Value, node: Node) => Value): Operator => ({
  shape: sameAsInput,
  gradient: ({ node, dy }) => [gradient(node.inputs[0]!, dy[0]!, node.outputs[0]!, node)],
});

/** Two inputs that broadcast; the rules give the gradients before they are summed back to the inputs' shapes. */
const binary = (
  first: (dy: Value, a: Value, b: Value, y: Value) => Value,
  second: (dy: Value, a: Value, b: Value, y: Value) => Value,
): Operator =>
  broadcasting(({ node, dy, wants }) => {
    const [a, b] = [node.inputs[0]!, node.inputs[1]!];
    const rules = [first, second];
    return [a, b].map((input, i) =>
      wants(i) ? unbroadcast(rules[i]!(dy[0]!, a, b, node.outputs[0]!), input) : undefined,
    );
  });

const step: Operator = { shape: sameAsInput, gradient: zeroGradient('it is constant between its steps') };
const truth = (reason: string): Operator => ({
  shape: (node) => [{ ...broadcastLike(0)(node)[0]!, dtype: 'bool' }],
  gradient: zeroGradient(reason),
});
const comparison = truth('its output is true or false');
const logic = truth('it works on truth values');
const bits = broadcasting(notDifferentiable('it works on the bits of integers'));

/** 1 + factor x² */
const onePlusSquare = (x: Value, factor: number): Value => {
  const square = mul(x, x);
  return factor > 0 ? add(scalarLike(x, 1), square) : sub(scalarLike(x, 1), square);
};

/** Arithmetic, functions of one number, comparison and logic, with numpy broadcasting. */
export const elementwise: OperatorTable = {
  Add: binary(
    (dy) => dy,
    (dy) => dy,
  ),
  Sub: binary((dy) => dy, neg),
  Mul: binary(
    (dy, _a, b) => mul(dy, b),
    (dy, a) => mul(dy, a),
  ),
  Div: binary(
    (dy, _a, b) => div(dy, b),
    (dy, _a, b, y) => neg(mul(dy, div(y, b))),
  ),
  Pow: broadcasting(powGradient),
  // y = a - b trunc(a / b), and trunc(a / b) = (a - y) / b.
  Mod: binary(
    (dy) => dy,
    (dy, a, b, y) => neg(mul(dy, apply('Round', div(sub(a, y), b)))),
  ),
  Neg: unary((_x, dy) => neg(dy)),
  Abs: unary((x, dy) => mul(dy, apply('Sign', x))),
  Reciprocal: unary((_x, dy, y) => neg(mul(dy, mul(y, y)))),
  Sqrt: unary((_x, dy, y) => div(mul(dy, scalarLike(y, 0.5)), y)),
  Exp: unary((_x, dy, y) => mul(dy, y)),
  Log: unary((x, dy) => div(dy, x)),
  Erf: unary((x, dy) => mul(dy, mul(scalarLike(x, 2 / Math.sqrt(Math.PI)), apply('Exp', neg(mul(x, x)))))),
  Sin: unary((x, dy) => mul(dy, apply('Cos', x))),
  Cos: unary((x, dy) => neg(mul(dy, apply('Sin', x)))),
  Tan: unary((_x, dy, y) => mul(dy, onePlusSquare(y, 1))),
  Asin: unary((x, dy) => div(dy, apply('Sqrt', onePlusSquare(x, -1)))),
  Acos: unary((x, dy) => neg(div(dy, apply('Sqrt', onePlusSquare(x, -1))))),
  Atan: unary((x, dy) => div(dy, onePlusSquare(x, 1))),
  Sinh: unary((x, dy) => mul(dy, apply('Cosh', x))),
  Cosh: unary((x, dy) => mul(dy, apply('Sinh', x))),
  Asinh: unary((x, dy) => div(dy, apply('Sqrt', onePlusSquare(x, 1)))),
  Acosh: unary((x, dy) => div(dy, apply('Sqrt', sub(mul(x, x), scalarLike(x, 1))))),
  Atanh: unary((x, dy) => div(dy, onePlusSquare(x, -1))),

  Sum: broadcasting(({ node, dy, wants }) =>
    node.inputs.map((input, i) => (wants(i) ? unbroadcast(dy[0]!, input!) : undefined)),
  ),
  Mean: broadcasting(({ node, dy, wants }) => {
    const share = div(dy[0]!, scalarLike(dy[0]!, node.inputs.length));
    return node.inputs.map((input, i) => (wants(i) ? unbroadcast(share, input!) : undefined));
  }),
  Min: broadcasting(extremeGradient),
  Max: broadcasting(extremeGradient),
  Clip: { shape: sameAsInput, gradient: clipGradient },
  Where: {
    shape: broadcastLike(1),
    gradient: ({ node, dy, wants }) => {
      const [condition, a, b] = [node.inputs[0]!, node.inputs[1]!, node.inputs[2]!];
      const zero = scalarLike(dy[0]!, 0);
      return [
        undefined,
        wants(1) ? unbroadcast(where(condition, dy[0]!, zero), a) : undefined,
        wants(2) ? unbroadcast(where(condition, zero, dy[0]!), b) : undefined,
      ];
    },
  },

  Sign: step,
  Floor: step,
  Ceil: step,
  Round: step,

  Equal: comparison,
  Greater: comparison,
  Less: comparison,
  GreaterOrEqual: comparison,
  LessOrEqual: comparison,
  IsNaN: comparison,
  IsInf: comparison,
  And: logic,
  Or: logic,
  Xor: logic,
  Not: logic,
  BitShift: bits,
  BitwiseAnd: bits,
  BitwiseOr: bits,
  BitwiseXor: bits,
  BitwiseNot: bits,
};

/** a^b: by a, b a^(b-1), zero for b = 0; by b, y log(a), zero where a = 0 and b >= 0 (as PyTorch has it). */
function powGradient({ node, dy, wants }: GradientContext): readonly (Value | undefined)[] {
  const a = node.inputs[0]!;
  const b = cast(node.inputs[1]!, a.dtype);
  const y = node.outputs[0]!;
  const [zero, one] = [scalarLike(a, 0), scalarLike(a, 1)];
  const byBase = (): Value => {
    const known = node.inputs[1]!.elements;
    if (known?.length === 1 && known[0] === 2) return mul(dy[0]!, mul(scalarLike(a, 2), a));
    const slope = mul(b, apply('Pow', a, sub(b, one)));
    const neverZero = known?.every((exponent) => typeof exponent === 'number' && exponent !== 0);
    return mul(dy[0]!, neverZero ? slope : where(apply('Equal', b, zero), zero, slope));
  };
  const byExponent = (): Value => {
    const none = apply('And', apply('Equal', a, zero), apply('GreaterOrEqual', b, zero));
    return mul(dy[0]!, where(none, zero, mul(y, apply('Log', a))));
  };
  return [
    wants(0) ? unbroadcast(byBase(), a) : undefined,
    wants(1) ? cast(unbroadcast(byExponent(), b), node.inputs[1]!.dtype) : undefined,
  ];
}

/** Inputs that are equal to the extreme share its gradient evenly (as PyTorch's maximum and amax have it). */
function extremeGradient({ node, dy, wants }: GradientContext): readonly (Value | undefined)[] {
  const inputs = node.inputs.map((input) => input!);
  if (inputs.length === 1) return [dy[0]];
  const y = node.outputs[0]!;
  const hits = inputs.map((input) => cast(apply('Equal', input, y), y.dtype));
  const share = div(dy[0]!, hits.reduce(add));
  return inputs.map((input, i) => (wants(i) ? unbroadcast(mul(share, hits[i]!), input) : undefined));
}

/** At a bound and outside, the gradient goes to the bound and not to x (as PyTorch's clamp by numbers has it). */
function clipGradient({ node, dy, wants }: GradientContext): readonly (Value | undefined)[] {
  const [x, low, high] = node.inputs;
  const zero = scalarLike(dy[0]!, 0);
  const below = low && apply('LessOrEqual', x!, low);
  const above = high && apply('GreaterOrEqual', x!, high);
  const outside = below && above ? apply('Or', below, above) : (below ?? above);
  return [
    wants(0) ? (outside ? where(outside, zero, dy[0]!) : dy[0]) : undefined,
    below && wants(1) ? unbroadcast(where(below, dy[0]!, zero), low) : undefined,
    above && wants(2) ? unbroadcast(where(above, dy[0]!, zero), high) : undefined,
  ];
}
