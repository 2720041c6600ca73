import { HounsfieldError, isHounsfieldError } from '../errors.ts';
import { add, scalarLike } from './graph/build.ts';
import type { Graph, Node, Value } from './graph/graph.ts';
import type { GradientContext } from './operators/operator.ts';
import { operatorFor } from './operators/table.ts';
import { isFloat } from './tensor/tensor.ts';

/**
 * Reverse-mode differentiation: adds to the same graph the nodes that compute the gradient of `loss` with respect
 * to each of `values` (Griewank and Walther, "Evaluating Derivatives", 2008, chapter 3).
 *
 * @param loss a value with one element
 * @param values inputs, initializers or intermediate values of the same graph, with fixed shapes
 * @returns one gradient per value, of the value's shape; undefined where the loss does not depend on it
 * @throws OPERATOR_NOT_DIFFERENTIABLE naming the node that stands between a value and the loss
 * @throws SHAPE_NOT_STATIC naming the value, where a rule needs a size that is not fixed
 * @throws GRADIENT_LOSS_NOT_SCALAR
 *
 * @example const [dw] = gradients(loss, [w]);
 */
export function gradients(loss: Value, values: readonly Value[]): (Value | undefined)[] {
  if (!loss.shape?.every((dim) => dim === 1)) {
    throw new HounsfieldError(
      'GRADIENT_LOSS_NOT_SCALAR',
      `'${loss.name}' has shape [${loss.shape?.join(', ') ?? 'unknown'}], a loss has one element. Reduce it first, e.g. with ReduceMean.`,
    );
  }
  const { graph } = loss;
  const nodes = [...graph.nodes];
  const total = new Map<Value, Value>();
  total.set(loss, graph.op('Expand', [scalarLike(loss, 1), shapeOf(graph, loss)]));
  walkBack(nodes, total, values);
  return values.map((value) => total.get(value));
}

/** Adds to `total`, which holds the gradients of the last values, those of all that lie between them and `values`. */
function walkBack(nodes: readonly Node[], total: Map<Value, Value>, values: readonly Value[]): void {
  const dependent = dependents(nodes, values);
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i]!;
    const dy = node.outputs.map((output) => total.get(output));
    if (dy.every((gradient) => gradient === undefined)) continue;
    if (!node.inputs.some((input) => input && dependent.has(input))) continue;
    const { graph } = node.outputs[0]!;
    const contributions = graph.scope('gradient', () =>
      graph.scope(node.name, () => advised(node, values, () => inputGradients(node, dy, dependent))),
    );
    node.inputs.forEach((input, index) => {
      const contribution = contributions[index];
      if (!input || !contribution || !dependent.has(input)) return;
      const sum = total.get(input);
      total.set(input, sum ? add(sum, contribution) : contribution);
    });
  }
}

/** Values through which a change of one of `roots` can be felt. */
function dependents(nodes: readonly Node[], roots: readonly Value[]): Set<Value> {
  const reached = new Set(roots);
  for (const node of nodes) {
    if (!node.inputs.some((input) => input && reached.has(input))) continue;
    for (const output of node.outputs) if (isFloat(output.dtype)) reached.add(output);
  }
  return reached;
}

function inputGradients(
  node: Node,
  dy: readonly (Value | undefined)[],
  dependent: ReadonlySet<Value>,
): readonly (Value | undefined)[] {
  const rule = operatorFor(node.domain, node.op)?.gradient;
  if (typeof rule === 'function') {
    const { graph } = node.outputs[0]!;
    const wants = (index: number): boolean => {
      const input = node.inputs[index];
      return input !== undefined && dependent.has(input);
    };
    const start = graph.nodes.length;
    const backThrough: GradientContext['backThrough'] = (outputs, values) => {
      const total = new Map<Value, Value>();
      outputs.forEach((output, i) => {
        if (dy[i]) total.set(output, dy[i]);
      });
      walkBack(graph.nodes.slice(start), total, values);
      return values.map((value) => total.get(value));
    };
    return rule({ graph, node, dy, wants, backThrough });
  }
  if (rule?.kind === 'zero') return [];
  const reason = rule ? rule.reason : 'the engine does not know this operator';
  throw new HounsfieldError(
    'OPERATOR_NOT_DIFFERENTIABLE',
    `${node.op} '${node.name}' stands between the loss and a value to differentiate by, and ${reason}. ` +
      'Freeze what lies before it, or replace it by an operator that has a gradient (docs/reference/operators.md).',
  );
}

function shapeOf(graph: Graph, value: Value): Value {
  return graph.op('Shape', [value]);
}

/** Adds to the refusal of a node which of the parameters to freeze, as patterns, to do without its gradient. */
function advised<T>(node: Node, values: readonly Value[], differentiate: () => T): T {
  try {
    return differentiate();
  } catch (cause) {
    if (!isHounsfieldError(cause, 'OPERATOR_NOT_DIFFERENTIABLE')) throw cause;
    const patterns = freezingPatterns(node, values);
    if (patterns.length === 0) throw cause;
    const said = cause.message.slice(cause.code.length + 2);
    const listed = patterns.map((pattern) => `'${pattern}'`).join(', ');
    throw new HounsfieldError(cause.code, `${said} Patterns that freeze it: ${listed}.`, { cause });
  }
}

/** Patterns that hold for every parameter among `values` that the node depends on, and for no other of them. */
function freezingPatterns(node: Node, values: readonly Value[]): readonly string[] {
  const before = valuesBefore(node);
  const parameters = values.filter(({ constant }) => constant);
  const names = parameters.filter((value) => before.has(value)).map(({ name }) => name);
  const others = parameters.filter((value) => !before.has(value)).map(({ name }) => name);
  const patterns = names.map((name) => {
    const parts = name.split('.');
    const starts = parts.slice(1).map((_, i) => `${parts.slice(0, i + 1).join('.')}.`);
    const start = starts.find((candidate) => others.every((other) => !other.startsWith(candidate)));
    return start ? `${start}*` : name;
  });
  return [...new Set(patterns)];
}

function valuesBefore(node: Node): ReadonlySet<Value> {
  const found = new Set<Value>();
  const pending = [...node.inputs];
  while (pending.length > 0) {
    const value = pending.pop();
    if (!value || found.has(value)) continue;
    found.add(value);
    pending.push(...(value.producer?.inputs ?? []));
  }
  return found;
}
