import { add, apply, mul, scalarLike } from '../graph/build.ts';
import type { Node, Value } from '../graph/graph.ts';
import { floatsOf, misfit, stringsOf } from './operator.ts';

/** What an activation of a recurrent operator takes besides x, with the values that hold when they are not given. */
interface Kind {
  readonly alpha?: number;
  readonly beta?: number;
  readonly apply: (x: Value, alpha: number, beta: number) => Value;
}

const scaled = (x: Value, by: number): Value => (by === 1 ? x : mul(x, scalarLike(x, by)));
const shifted = (x: Value, by: number): Value => (by === 0 ? x : add(x, scalarLike(x, by)));

/** By the name in lower case (ONNX, "LSTM", activations). */
const kinds: Readonly<Record<string, Kind>> = {
  affine: { alpha: 1, beta: 0, apply: (x, alpha, beta) => shifted(scaled(x, alpha), beta) },
  relu: { apply: (x) => apply('Relu', x) },
  leakyrelu: { alpha: 0.01, apply: (x, alpha) => x.graph.op('LeakyRelu', [x], { alpha }) },
  thresholdedrelu: { alpha: 1, apply: (x, alpha) => x.graph.op('ThresholdedRelu', [x], { alpha }) },
  tanh: { apply: (x) => apply('Tanh', x) },
  scaledtanh: { alpha: 1, beta: 1, apply: (x, alpha, beta) => scaled(apply('Tanh', scaled(x, beta)), alpha) },
  sigmoid: { apply: (x) => apply('Sigmoid', x) },
  hardsigmoid: {
    alpha: 0.2,
    beta: 0.5,
    apply: (x, alpha, beta) => x.graph.op('HardSigmoid', [x], { alpha, beta }),
  },
  elu: { alpha: 1, apply: (x, alpha) => x.graph.op('Elu', [x], { alpha }) },
  softsign: { apply: (x) => apply('Softsign', x) },
  softplus: { apply: (x) => apply('Softplus', x) },
};

export type Activation = (x: Value) => Value;

/**
 * The activations of each direction, in the operator's order (f, g, h). Values of activation_alpha and
 * activation_beta go, in that order, to the functions that take one. @throws GRAPH_SHAPE
 */
export function activationsOf(
  node: Node,
  directions: number,
  defaults: readonly string[],
): readonly (readonly Activation[])[] {
  const given = stringsOf(node, 'activations');
  const names = given ?? Array.from({ length: directions }, () => defaults).flat();
  const count = defaults.length * directions;
  if (names.length !== count) misfit(node, `${names.length} activations are given, and ${count} are needed`);
  const alphas = [...(floatsOf(node, 'activation_alpha') ?? [])];
  const betas = [...(floatsOf(node, 'activation_beta') ?? [])];
  const all = names.map((name): Activation => {
    const kind = kinds[name.toLowerCase()] ?? misfit(node, `the activation '${name}' is unknown`);
    const alpha = kind.alpha === undefined ? 0 : (alphas.shift() ?? kind.alpha);
    const beta = kind.beta === undefined ? 0 : (betas.shift() ?? kind.beta);
    return (x) => kind.apply(x, alpha, beta);
  });
  return Array.from({ length: directions }, (_, d) =>
    all.slice(d * defaults.length, (d + 1) * defaults.length),
  );
}
