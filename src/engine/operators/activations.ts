import { add, apply, div, mul, reduceSum, scalarLike, sub, unbroadcast, where } from '../graph/build.ts';
import type { Value } from '../graph/graph.ts';
import { unary } from './elementwise.ts';
import {
  floatOf,
  type GradientContext,
  intOf,
  normalizeAxis,
  type OperatorTable,
  sameAsInput,
  stringOf,
  zeroGradient,
} from './operator.ts';
import { INTERNAL_DOMAIN } from './schema.ts';

const above = (x: Value, threshold: number): Value => apply('Greater', x, scalarLike(x, threshold));
const below = (x: Value, threshold: number): Value => apply('Less', x, scalarLike(x, threshold));
const shifted = (x: Value, by: number): Value => add(x, scalarLike(x, by));
const scaled = (x: Value, by: number): Value => mul(x, scalarLike(x, by));
const zeroOf = (x: Value): Value => scalarLike(x, 0);

/** ONNX's defaults of Selu: alpha and gamma as float32 has them. */
const SELU_ALPHA = 1.6732631921768188;
const SELU_GAMMA = 1.0507010221481323;

/** Activations. At a kink the gradient is that of PyTorch: the left side's for Relu and its kind. */
export const activations: OperatorTable = {
  Relu: unary((_x, dy, y) => y.graph.op('ReluGradient', [dy, y], {}, { domain: INTERNAL_DOMAIN })),
  LeakyRelu: unary((x, dy, _y, node) => where(above(x, 0), dy, scaled(dy, floatOf(node, 'alpha', 0.01)))),
  PRelu: { shape: sameAsInput, gradient: pReluGradient },
  // For x <= 0: y = alpha (e^x - 1), y' = y + alpha
  Elu: unary((x, dy, y, node) => where(above(x, 0), dy, mul(dy, shifted(y, floatOf(node, 'alpha', 1))))),
  // For x <= 0: y = gamma alpha (e^x - 1), y' = y + gamma alpha
  Selu: unary((x, dy, y, node) => {
    const gamma = floatOf(node, 'gamma', SELU_GAMMA);
    const alpha = floatOf(node, 'alpha', SELU_ALPHA);
    return where(above(x, 0), scaled(dy, gamma), mul(dy, shifted(y, gamma * alpha)));
  }),
  // For x <= 0: y = alpha (e^(x / alpha) - 1), y' = y / alpha + 1
  Celu: unary((x, dy, y, node) =>
    where(above(x, 0), dy, mul(dy, shifted(scaled(y, 1 / floatOf(node, 'alpha', 1)), 1))),
  ),
  ThresholdedRelu: unary((x, dy, _y, node) => where(above(x, floatOf(node, 'alpha', 1)), dy, zeroOf(dy))),
  Shrink: unary((x, dy, _y, node) =>
    where(above(apply('Abs', x), floatOf(node, 'lambd', 0.5)), dy, zeroOf(dy)),
  ),
  // y' = y (1 - y)
  Sigmoid: unary((_x, dy, y) => mul(dy, mul(y, sub(scalarLike(y, 1), y)))),
  HardSigmoid: unary((_x, dy, y, node) =>
    where(apply('And', above(y, 0), below(y, 1)), scaled(dy, floatOf(node, 'alpha', 0.2)), zeroOf(dy)),
  ),
  // y = x clip(x / 6 + 1/2, 0, 1)
  HardSwish: unary((x, dy) => {
    const inside = mul(dy, shifted(scaled(x, 1 / 3), 0.5));
    return where(above(x, 3), dy, where(below(x, -3), zeroOf(dy), inside));
  }),
  // y' = 1 - y²
  Tanh: unary((_x, dy, y) => mul(dy, sub(scalarLike(y, 1), mul(y, y)))),
  Softplus: unary((x, dy) => mul(dy, apply('Sigmoid', x))),
  // y' = 1 / (1 + |x|)²
  Softsign: unary((x, dy) => {
    const size = shifted(apply('Abs', x), 1);
    return div(dy, mul(size, size));
  }),
  Gelu: unary((x, dy, _y, node) =>
    mul(dy, stringOf(node, 'approximate', 'none') === 'tanh' ? geluTanhSlope(x) : geluSlope(x)),
  ),
  // y = x tanh(softplus(x)); with t = tanh(softplus(x)): y' = t + x (1 - t²) sigmoid(x)
  Mish: unary((x, dy) => {
    const t = apply('Tanh', apply('Softplus', x));
    return mul(dy, add(t, mul(mul(x, sub(scalarLike(x, 1), mul(t, t))), apply('Sigmoid', x))));
  }),
  // dx = y (dy - sum(dy y))
  Softmax: {
    shape: sameAsInput,
    gradient: (context) => {
      const { y, dy, axis } = alongAxis(context);
      return [mul(y, sub(dy, reduceSum(mul(dy, y), [axis], true)))];
    },
  },
  // dx = dy - e^y sum(dy)
  LogSoftmax: {
    shape: sameAsInput,
    gradient: (context) => {
      const { y, dy, axis } = alongAxis(context);
      return [sub(dy, mul(apply('Exp', y), reduceSum(dy, [axis], true)))];
    },
  },
  Hardmax: { shape: sameAsInput, gradient: zeroGradient('it is constant while the largest input stays so') },
};

function alongAxis({ node, dy }: GradientContext) {
  const y = node.outputs[0]!;
  return { y, dy: dy[0]!, axis: normalizeAxis(node, intOf(node, 'axis', -1), y.shape?.length ?? 1) };
}

function pReluGradient({ node, dy, wants }: GradientContext): readonly (Value | undefined)[] {
  const [x, slope] = [node.inputs[0]!, node.inputs[1]!];
  const positive = above(x, 0);
  return [
    wants(0) ? where(positive, dy[0]!, mul(dy[0]!, slope)) : undefined,
    wants(1) ? unbroadcast(where(positive, zeroOf(x), mul(dy[0]!, x)), slope) : undefined,
  ];
}

/** Φ(x) + x φ(x), for y = x Φ(x) (Hendrycks and Gimpel, 2016). */
function geluSlope(x: Value): Value {
  const cumulative = scaled(shifted(apply('Erf', scaled(x, Math.SQRT1_2)), 1), 0.5);
  const density = scaled(apply('Exp', scaled(mul(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
  return add(cumulative, mul(x, density));
}

/** For y = x (1 + t) / 2 with t = tanh(u), u = √(2/π) (x + .044715 x³): (1 + t + x (1 - t²) u') / 2. */
function geluTanhSlope(x: Value): Value {
  const root = Math.sqrt(2 / Math.PI);
  const square = mul(x, x);
  const t = apply('Tanh', mul(x, shifted(scaled(square, 0.044715 * root), root)));
  const du = shifted(scaled(square, 3 * 0.044715 * root), root);
  return scaled(shifted(add(t, mul(mul(x, sub(scalarLike(x, 1), mul(t, t))), du)), 1), 0.5);
}
