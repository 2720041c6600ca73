import type { Attribute } from '../../engine/graph/attributes.ts';
import type { Graph, Node, Value } from '../../engine/graph/graph.ts';
import { HounsfieldError } from '../../errors.ts';

/** How far beside a voxel the graph looks to compute it, in voxels, axis by axis. */
export interface Halo {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** Operators that compute an element from those at the same place (and from constants without a place). */
const pointwise: ReadonlySet<string> = new Set([
  ...[
    'Abs',
    'Add',
    'BatchNormalization',
    'Cast',
    'Celu',
    'Clip',
    'Div',
    'Dropout',
    'Elu',
    'Erf',
    'Exp',
    'Gelu',
  ],
  ...['HardSigmoid', 'HardSwish', 'Identity', 'LeakyRelu', 'Log', 'Max', 'Mean', 'Min', 'Mish', 'Mul', 'Neg'],
  ...[
    'PRelu',
    'Pow',
    'Reciprocal',
    'Relu',
    'Selu',
    'Sigmoid',
    'Softplus',
    'Softsign',
    'Sqrt',
    'Sub',
    'Sum',
    'Tanh',
  ],
  ...['ThresholdedRelu', 'Where', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual'],
]);

const windows: ReadonlySet<string> = new Set(['Conv', 'MaxPool', 'AveragePool', 'LpPool']);
const alongChannels: ReadonlySet<string> = new Set(['Softmax', 'LogSoftmax', 'Concat', 'ArgMax']);

/**
 * The receptive field of a graph that keeps the size of its input [N, C, ...] and treats all places alike: windows of
 * stride 1 whose padding keeps the size, and operators that work place by place.
 *
 * @throws INFERENCE_NOT_LOCAL naming the first node that looks further (strides, global pooling, reshaping, ...)
 */
export function receptiveField(graph: Graph): Halo {
  const [input] = graph.inputs;
  const axes = (input?.shape?.length ?? 0) - 2;
  if (!input || graph.inputs.length !== 1 || axes < 1) {
    throw new HounsfieldError(
      'INFERENCE_NOT_LOCAL',
      'the graph does not have one input [N, C, ...] of known rank. Read the model with channels first, or run it whole.',
    );
  }
  const none = Array<number>(axes).fill(0);
  const fields = new Map<Value, Halo>([[input, { before: none, after: none }]]);
  for (const node of graph.nodes) {
    const seen = node.inputs.flatMap((value) => (value ? (fields.get(value) ?? []) : []));
    if (seen.length === 0) continue;
    const field = widened(node, widest(seen), axes);
    for (const output of node.outputs) fields.set(output, field);
  }
  return widest([
    ...graph.outputs.flatMap((output) => fields.get(output) ?? []),
    { before: none, after: none },
  ]);
}

function widest(fields: readonly Halo[]): Halo {
  const most = (side: 'before' | 'after') =>
    fields[0]![side].map((_, axis) => Math.max(...fields.map((field) => field[side][axis]!)));
  return { before: most('before'), after: most('after') };
}

const numbersOf = (attribute: Attribute | undefined): readonly number[] | undefined =>
  attribute?.kind === 'ints' ? attribute.value.map(Number) : undefined;

function widened(node: Node, field: Halo, axes: number): Halo {
  if (pointwise.has(node.op))
    return flatConstants(node, axes) ? field : refuse(node, 'has a constant with places');
  if (alongChannels.has(node.op)) {
    const axis = node.attributes.get('axis');
    const isChannels = axis?.kind === 'int' && (Number(axis.value) === 1 || Number(axis.value) === -axes - 1);
    return isChannels ? field : refuse(node, 'does not work along the channels');
  }
  if (!windows.has(node.op)) return refuse(node, 'may look anywhere');
  const ones = Array<number>(axes).fill(1);
  const kernel =
    numbersOf(node.attributes.get('kernel_shape')) ??
    node.inputs[1]?.shape?.slice(2).map((size) => Number(size));
  const strides = numbersOf(node.attributes.get('strides')) ?? ones;
  const dilations = numbersOf(node.attributes.get('dilations')) ?? ones;
  const pads = numbersOf(node.attributes.get('pads')) ?? Array<number>(2 * axes).fill(0);
  if (kernel?.length !== axes || strides.some((stride) => stride !== 1) || node.attributes.has('auto_pad')) {
    return refuse(node, 'has strides or padding that depends on the size');
  }
  const extents = kernel.map((size, i) => dilations[i]! * (size - 1));
  if (extents.some((extent, i) => pads[i]! + pads[i + axes]! !== extent))
    return refuse(node, 'changes the size');
  return {
    before: field.before.map((size, i) => size + pads[i]!),
    after: field.after.map((size, i) => size + pads[i + axes]!),
  };
}

/** Whether a node's constants are the same at every place. */
function flatConstants({ op, inputs }: Node, axes: number): boolean {
  if (op === 'BatchNormalization') return true;
  return inputs.every((value) => {
    const dims = value?.constant?.dims;
    return dims?.slice(-axes).every((size) => size === 1) ?? true;
  });
}

function refuse({ op, name }: Node, problem: string): never {
  throw new HounsfieldError(
    'INFERENCE_NOT_LOCAL',
    `${op} '${name}' ${problem}, so that the volume cannot be cut into tiles without changing the result. Run the model on the whole volume.`,
  );
}
