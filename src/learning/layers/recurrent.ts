import { cast, transpose } from '../../engine/graph/build.ts';
import type { Value } from '../../engine/graph/graph.ts';
import { tensorOf } from '../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../errors.ts';
import { type BuildContext, parameter } from './build-context.ts';
import { dropout } from './dropout.ts';
import { knownSize } from './extent.ts';
import { uniform } from './initializers.ts';

export interface RecurrentOptions {
  /** Size of the hidden state. */
  readonly hidden: number;
  /** Layers on top of one another; 1 when left out. */
  readonly layers?: number;
  /** Goes over the sequence both ways; the outputs are twice as wide. */
  readonly bidirectional?: boolean;
  /** Share of the values dropped between layers, not after the last. */
  readonly dropout?: number;
  /** Steps of each sequence that count, int32 [N]; all when left out. Steps after them give zeros. */
  readonly lengths?: Value;
}

/** What a recurrent layer says of a sequence. */
export interface RecurrentOutput {
  /** The last layer's state at each step, [N, L, directions * hidden]. */
  readonly sequence: Value;
  /** The last layer's state at the end: after the last step, and after the first for the way back: [N, directions * hidden]. */
  readonly last: Value;
}

/** Operator, attributes, and the order in which ONNX has PyTorch's gates. */
const kinds = {
  /** PyTorch: i, f, g, o; ONNX: i, o, f, c. */
  lstm: { op: 'LSTM', order: [0, 3, 1, 2], attributes: {} },
  /** PyTorch: r, z, n; ONNX: z, r, h. PyTorch resets after the product. */
  gru: { op: 'GRU', order: [1, 0, 2], attributes: { linear_before_reset: 1 } },
} as const;

/**
 * Long short-term memory (Hochreiter and Schmidhuber, Neural Computation 1997, with the forget gate of Gers et al.,
 * 2000), with PyTorch's parameters: `weight_ih_l0` [4 hidden, inputs], `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0`,
 * each again with `_reverse`, and so on for the further layers.
 *
 * @param x [N, L, inputs]; of fixed length in 'train', where the steps are written out to be differentiated
 * @throws LAYER_SHAPE, LAYER_OPTION, SHAPE_NOT_STATIC
 */
export const lstm = (
  context: BuildContext,
  name: string,
  x: Value,
  options: RecurrentOptions,
): RecurrentOutput => recurrent(context, name, x, 'lstm', options);

/** Gated recurrent unit (Cho et al., EMNLP 2014), in the form and with the parameters of PyTorch. See lstm. */
export const gru = (
  context: BuildContext,
  name: string,
  x: Value,
  options: RecurrentOptions,
): RecurrentOutput => recurrent(context, name, x, 'gru', options);

function recurrent(
  context: BuildContext,
  name: string,
  x: Value,
  kind: keyof typeof kinds,
  options: RecurrentOptions,
): RecurrentOutput {
  const { hidden, layers = 1, bidirectional = false, dropout: rate = 0 } = options;
  checkOptions(kind, name, x, options);
  const directions = bidirectional ? 2 : 1;
  const { graph } = context;
  const width = graph.constant(tensorOf('int64', [3], [0, 0, directions * hidden]));
  let sequence = transpose(x, [1, 0, 2]); // [L, N, inputs]
  let state: Value | undefined;
  for (let layer = 0; layer < layers; layer++) {
    if (layer > 0) sequence = dropout(context, `${name}.dropout${layer - 1}`, sequence, rate);
    const weights = weightsOf(context, name, layer, kind, {
      inputs: knownSize(sequence, 2, `${kind} '${name}'`),
      hidden,
      directions,
    });
    const { op, attributes } = kinds[kind];
    const [y, last] = graph.add(
      op,
      [sequence, ...weights, ...(options.lengths ? [cast(options.lengths, 'int32')] : [])],
      { ...attributes, hidden_size: hidden, direction: bidirectional ? 'bidirectional' : 'forward' },
      { outputs: 2, name: graph.scopedName(`${name}.l${layer}`) },
    );
    sequence = graph.op('Reshape', [transpose(y!, [0, 2, 1, 3]), width]); // [L, N, D H]
    state = last;
  }
  const flat = graph.constant(tensorOf('int64', [2], [0, directions * hidden]));
  return {
    sequence: transpose(sequence, [1, 0, 2]),
    // There is at least one layer.
    last: graph.op('Reshape', [transpose(state!, [1, 0, 2]), flat]),
  };
}

function checkOptions(kind: string, name: string, x: Value, { hidden, layers = 1 }: RecurrentOptions): void {
  if (x.shape?.length !== 3) {
    throw new HounsfieldError(
      'LAYER_SHAPE',
      `${kind} '${name}' was given a value of rank ${x.shape?.length ?? 'unknown'}, expected [N, L, inputs]. ` +
        'For a signal [N, channels, L] exchange the last two axes first.',
    );
  }
  if (![hidden, layers].every((value) => Number.isInteger(value) && value >= 1)) {
    throw new HounsfieldError(
      'LAYER_OPTION',
      `${kind} '${name}' was given hidden ${hidden} and layers ${layers}, expected whole numbers from 1 on.`,
    );
  }
}

interface Sizes {
  readonly inputs: number;
  readonly hidden: number;
  readonly directions: number;
}

/** W [D, gH, I], R [D, gH, H] and B [D, 2 gH] from the parameters, whose gates are in PyTorch's order. */
function weightsOf(
  context: BuildContext,
  name: string,
  layer: number,
  kind: keyof typeof kinds,
  { inputs, hidden, directions }: Sizes,
): readonly Value[] {
  const { order } = kinds[kind];
  const rows = order.length * hidden;
  const draw = uniform(1 / Math.sqrt(hidden));
  const made = Array.from({ length: directions }, (_, direction) =>
    context.graph.scope(name, () => {
      const suffix = `l${layer}${direction === 1 ? '_reverse' : ''}`;
      return [
        parameter(context, `weight_ih_${suffix}`, [rows, inputs], draw),
        parameter(context, `weight_hh_${suffix}`, [rows, hidden], draw),
        parameter(context, `bias_ih_${suffix}`, [rows], draw),
        parameter(context, `bias_hh_${suffix}`, [rows], draw),
      ].map((value) => turned(value, order, hidden));
    }),
  );
  const { graph } = context;
  const stack = (values: readonly Value[], axis: number) =>
    values.length === 1 ? values[0]! : graph.op('Concat', values, { axis });
  const front = graph.constant(tensorOf('int64', [1], [0]));
  const byDirection = (pick: (weights: readonly Value[]) => Value) =>
    stack(
      made.map((weights) => graph.op('Unsqueeze', [pick(weights), front])),
      0,
    );
  return [
    byDirection(([w]) => w!),
    byDirection(([, r]) => r!),
    byDirection(([, , ofInput, ofState]) => stack([ofInput!, ofState!], 0)),
  ];
}

/** The gates' rows in ONNX's order. */
function turned(value: Value, order: readonly number[], hidden: number): Value {
  const { graph } = value;
  const sizes = graph.constant(
    tensorOf(
      'int64',
      [order.length],
      order.map(() => hidden),
    ),
  );
  const gates = graph.add('Split', [value, sizes], { axis: 0 }, { outputs: order.length });
  return graph.op(
    'Concat',
    order.map((gate) => gates[gate]),
    { axis: 0 },
  );
}
