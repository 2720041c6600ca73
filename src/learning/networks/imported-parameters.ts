import type { Node, Value } from '../../engine/graph/graph.ts';
import { intOf } from '../../engine/operators/operator.ts';
import { isFloat, type Tensor, toNumbers } from '../../engine/tensor/tensor.ts';
import { constantOf } from './imported-constants.ts';

/** Inputs of learned operators that hold weights whatever their size. */
const weightInputs: Readonly<Record<string, readonly number[]>> = {
  Conv: [1, 2],
  ConvTranspose: [1, 2],
  Gemm: [0, 1, 2],
  MatMul: [0, 1],
  Einsum: [0, 1, 2, 3],
  BatchNormalization: [1, 2],
  LayerNormalization: [1, 2],
  GroupNormalization: [1, 2],
  InstanceNormalization: [1, 2],
  PRelu: [1],
  LSTM: [1, 2, 3, 7],
  GRU: [1, 2, 3],
  RNN: [1, 2, 3],
  Gather: [0],
};
const arithmetic: ReadonlySet<string> = new Set(['Add', 'Sub', 'Mul', 'Div']);

/** What a file's constants are to training. */
export interface ImportedRoles {
  /** Values that follow from the image. */
  readonly varying: ReadonlySet<Value>;
  /** Constants that are trained, in order of first use, with the node that uses each first. */
  readonly parameters: ReadonlyMap<Value, Node>;
}

/**
 * Which constants of a file are parameters:
 * - weights, biases, scales and shifts of convolutions, products, normalisations, PRelu, recurrent layers, and tables
 *   that Gather looks up by what follows from the image, whatever their size;
 * - what is added to or multiplied with a value that a learned layer made, and what is joined to it (class tokens),
 *   where it has more than one element, or a module's name ('blocks.0.gamma');
 * - what those are computed from (Transpose, Gather of a table of positions, standardised weights).
 * Constant nodes are weights only in a file that keeps none as initializers: else they are what an exporter wrote in.
 * Not: running statistics, what comes before the first learned layer (mean and deviation of the image), masks of
 * zeros and large negative numbers, bounds, exponents, sizes.
 *
 * @param nodes in an order in which they can run
 */
export function importedRoles(image: Value, nodes: readonly Node[]): ImportedRoles {
  const varying = new Set<Value>([image]);
  const learned = new Set<Value>();
  const parameters = new Map<Value, Node>();
  const inNodes = keepsWeightsInNodes(nodes);
  for (const node of nodes) {
    const moving = node.inputs.filter((input) => input && varying.has(input));
    if (moving.length === 0) continue;
    const after = moving.some((input) => input && learned.has(input));
    const sides = sideOperands(node, varying, after);
    const layer = Boolean(weightInputs[node.op]) && sides.some(({ always }) => always);
    for (const { value, always } of sides) {
      for (const leaf of leavesOf(value)) {
        if (isConstantNode(leaf) && !inNodes) continue;
        if (node.op === 'InstanceNormalization' && isExporters(leaf)) continue;
        if (isTrained(leaf, always && leaf === value) && !parameters.has(leaf)) parameters.set(leaf, node);
      }
    }
    for (const output of node.outputs) {
      if (!isFloat(output.dtype)) continue;
      varying.add(output);
      if (after || layer) learned.add(output);
    }
  }
  return { varying, parameters };
}

/** Reading a file makes initializers of Constant nodes; exporters name them after the operator. */
const isConstantNode = ({ name, producer }: Value): boolean =>
  producer?.op === 'Constant' || /(^|\/)Constant(_\d+)?(_output_\d+)?$/.test(name);

/** Whether the weights of convolutions and products are Constant nodes, as some exporters write them. */
function keepsWeightsInNodes(nodes: readonly Node[]): boolean {
  const weights = nodes.filter(({ op }) => op === 'Conv' || op === 'Gemm' || op === 'MatMul');
  return !weights.some(({ inputs }) =>
    inputs.some(
      (input) =>
        input && leavesOf(input).some((leaf) => !isConstantNode(leaf) && (leaf.shape?.length ?? 0) > 1),
    ),
  );
}

/** The ones and zeros of an InstanceNormalization that stands for a part of a group normalisation. */
const isExporters = ({ constant, name }: Value): boolean =>
  constant !== undefined &&
  constant.dtype !== 'string' &&
  !isModuleName(name) &&
  isUniform(constant.data as ArrayLike<number | bigint>); // strings were left above

interface SideOperand {
  readonly value: Value;
  /** Weights whatever their size. */
  readonly always: boolean;
}

/** Operands that do not follow from the image and act on what does. */
function sideOperands(
  node: Node,
  varying: ReadonlySet<Value>,
  afterLearned: boolean,
): readonly SideOperand[] {
  const named = weightInputs[node.op];
  const side = (always: boolean) => (value: Value | undefined, index: number) => {
    const fits = value && isFloat(value.dtype) && !varying.has(value) && (!named || named.includes(index));
    return fits ? [{ value, always }] : [];
  };
  if (named) return node.inputs.flatMap(side(true));
  const joins = node.op === 'Concat' || (arithmetic.has(node.op) && afterLearned);
  return joins ? node.inputs.flatMap(side(false)) : [];
}

/** Constants that a value is computed from, itself if it is one. */
export function leavesOf(value: Value): readonly Value[] {
  const found = new Set<Value>();
  const seen = new Set<Value>();
  const pending = [value];
  for (let next = pending.pop(); next; next = pending.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    if (constantOf(next) || isOwnCopy(next)) found.add(next);
    else
      for (const input of next.producer?.inputs ?? []) if (input && isFloat(input.dtype)) pending.push(input);
  }
  return [...found];
}

/** A parameter's name as modules of PyTorch have it: 'layer1.0.conv1.weight'. */
export const isModuleName = (name: string): boolean => /^[A-Za-z_]\w*(\.\w+)+$/.test(name);

/**
 * An Identity by which an exporter wrote equal tensors once (the biases of fresh layers): it is a parameter of its own,
 * where its name is a parameter's. Equal matrices of unequal numbers are weights that are shared on purpose.
 */
export function isOwnCopy(value: Value): boolean {
  const { producer } = value;
  const source = producer?.op === 'Identity' ? producer.inputs[0] : undefined;
  if (!source?.constant || !isModuleName(value.name) || source.constant.dtype === 'string') return false;
  const { dims, data } = source.constant;
  return dims.filter((size) => size > 1).length <= 1 || isUniform(data as ArrayLike<number | bigint>); // not strings
}

const isUniform = (data: ArrayLike<number | bigint>): boolean => {
  for (let i = 1; i < data.length; i++) if (data[i] !== data[0]) return false;
  return true;
};

function isTrained(leaf: Value, always: boolean): boolean {
  if (always || isOwnCopy(leaf)) return true;
  const data = constantOf(leaf);
  if (!data || !isFloat(data.dtype)) return false;
  return data.data.length > 1 ? !isMask(data) : isModuleName(leaf.name);
}

/** Zeros and one large negative number: what keeps attention from some places. */
function isMask(data: Tensor): boolean {
  const values = new Set<number>();
  for (const value of toNumbers(data)) {
    if (value !== 0 && value > -10) return false;
    values.add(value);
    if (values.size > 2) return false;
  }
  return values.size === 2 && values.has(0);
}

/** Batch normalisation that the file has as a node, with statistics that are constants. */
export function isBatchNorm(node: Node): boolean {
  const [, , , mean, variance] = node.inputs;
  if (node.op !== 'BatchNormalization' || node.domain !== '' || !mean || !variance) return false;
  return statisticOf(mean) !== undefined && statisticOf(variance) !== undefined;
}

interface Statistic {
  /** As a buffer of the network. */
  readonly name: string;
  readonly value: Value;
  readonly data: Tensor;
}

/**
 * Running mean and variance of a batch normalisation (isBatchNorm). An exporter writes equal tensors once, so that the
 * zeros of a fresh layer's mean are those of its shift: what is a parameter, too, becomes the layer's own.
 */
export const statisticsOf = (node: Node, parameters: ReadonlyMap<Value, Node>): readonly Statistic[] =>
  ['running_mean', 'running_var'].flatMap((role, i) => {
    const value = node.inputs[3 + i];
    const data = value && statisticOf(value);
    if (!value || !data) return [];
    const own = `${node.name || node.outputs[0]!.name}.${role}`;
    return [{ name: parameters.has(value) ? own : value.name, value, data }];
  });

/** The running mean or variance, also through an Identity. */
function statisticOf(value: Value): Tensor | undefined {
  const source = value.producer?.op === 'Identity' ? value.producer.inputs[0] : value;
  return source && constantOf(source);
}

/** Whether the node is in training form: statistics of the batch, three outputs. */
export const inTrainingForm = (node: Node): boolean => intOf(node, 'training_mode', 0) === 1;
