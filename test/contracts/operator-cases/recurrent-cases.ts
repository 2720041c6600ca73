import type { PlainAttributes } from '../../../src/engine/graph/attributes.ts';
import { type CaseInput, given, type OperatorCase, random } from './operator-case.ts';

const gates = { LSTM: 4, GRU: 3, RNN: 1 } as const;
type Op = keyof typeof gates;

interface Options {
  readonly attributes?: PlainAttributes;
  /** Optional inputs that are given. */
  readonly with?: readonly ('B' | 'lengths' | 'h' | 'c' | 'P')[];
  readonly torch?: string;
  readonly outputs?: number;
  readonly lossOutputs?: readonly number[];
  readonly length?: number;
  readonly lengths?: readonly number[];
}

const [BATCH, SIZE, HIDDEN] = [3, 4, 2];

/** A node of that operator; all its float inputs are differentiated. */
function recurrent(op: Op, name: string, options: Options = {}): OperatorCase {
  const { attributes = {}, with: has = [], length = 4, lengths = [4, 2, 1] } = options;
  const directions = attributes.direction === 'bidirectional' ? 2 : 1;
  const batchFirst = attributes.layout === 1;
  const rows = gates[op] * HIDDEN;
  const state = batchFirst ? [BATCH, directions, HIDDEN] : [directions, BATCH, HIDDEN];
  const optional = (key: 'B' | 'lengths' | 'h' | 'c' | 'P', input: CaseInput) =>
    has.includes(key) ? input : null;
  const inputs = [
    random(batchFirst ? [BATCH, length, SIZE] : [length, BATCH, SIZE], -1, 1),
    random([directions, rows, SIZE], -0.7, 0.7),
    random([directions, rows, HIDDEN], -0.7, 0.7),
    optional('B', random([directions, 2 * rows], -0.5, 0.5)),
    optional('lengths', given([BATCH], lengths, 'int32')),
    optional('h', random(state, -1, 1)),
    ...(op === 'LSTM'
      ? [optional('c', random(state, -1, 1)), optional('P', random([directions, 3 * HIDDEN], -0.7, 0.7))]
      : []),
  ];
  return {
    op,
    name,
    inputs,
    attributes: { hidden_size: HIDDEN, ...attributes },
    outputs: options.outputs ?? (op === 'LSTM' ? 3 : 2),
    differentiate: inputs.flatMap((input, i) => (input?.dtype === 'float32' ? [i] : [])),
    ...(options.lossOutputs ? { lossOutputs: options.lossOutputs } : {}),
    singlePrecision: 'the runtime has no recurrent kernels in double precision',
    ...(options.torch ? { torch: options.torch } : {}),
  };
}

/** The peer's call with these of the node's inputs. */
const peer = (kind: string, rest = ''): string => `recurrent('${kind}', *x[:7], ${rest})`;

/** What all three share: PyTorch's forms of them. */
const shared = (op: Op, kind: string, attributes: PlainAttributes = {}): readonly OperatorCase[] => {
  const start = op === 'LSTM' ? (['h', 'c'] as const) : (['h'] as const);
  const all = ['B', 'lengths', ...start] as const;
  const make = (name: string, options: Options, rest?: string) =>
    recurrent(op, `${kind} ${name}`, {
      ...options,
      attributes: { ...attributes, ...options.attributes },
      torch: `${peer(kind, rest)}${options.outputs === 1 ? '[:1]' : ''}`,
    });
  return [
    make('plain', {}),
    make('with bias', { with: ['B'] }),
    make('of one step', { with: ['B'], length: 1, lengths: [1, 1, 1] }),
    make('with first states', { with: ['B', ...start] }),
    make('with lengths', { with: all }),
    make('without bias, with lengths', { with: ['lengths'] }),
    make('bidirectional', { with: ['B', ...start], attributes: { direction: 'bidirectional' } }),
    make('bidirectional with lengths', { with: all, attributes: { direction: 'bidirectional' } }),
    make('reverse', { with: ['B', ...start], attributes: { direction: 'reverse' } }, 'reverse=True'),
    make('batch first', { with: ['B', ...start], attributes: { layout: 1 } }, 'batch_first=True'),
    make(
      'batch first, bidirectional, with lengths',
      { with: all, attributes: { layout: 1, direction: 'bidirectional' } },
      'batch_first=True',
    ),
    make('last state alone in the loss', { with: ['B'], lossOutputs: [1] }),
    make('sequence alone', { with: ['B'], outputs: 1 }),
  ];
};

/**
 * What PyTorch has no form of: held against the runtime's own operator by central differences. Clips are such that no
 * input of an activation lies within their reach of a kink.
 */
const others: readonly OperatorCase[] = [
  recurrent('LSTM', 'with peepholes', { with: ['B', 'h', 'c', 'P'] }),
  recurrent('LSTM', 'with peepholes, bidirectional, with lengths', {
    with: ['B', 'lengths', 'h', 'c', 'P'],
    attributes: { direction: 'bidirectional' },
  }),
  recurrent('LSTM', 'input and forget coupled', { with: ['B', 'c'], attributes: { input_forget: 1 } }),
  recurrent('LSTM', 'input and forget coupled, with peepholes', {
    with: ['B', 'c', 'P'],
    attributes: { input_forget: 1 },
  }),
  recurrent('LSTM', 'clipped at 0.375', { length: 2, with: ['B', 'h', 'c'], attributes: { clip: 0.375 } }),
  recurrent('LSTM', 'clipped at 0.375, with peepholes', {
    length: 2,
    with: ['B', 'h', 'c', 'P'],
    attributes: { clip: 0.375 },
  }),
  recurrent('LSTM', 'other activations', {
    with: ['B', 'c'],
    attributes: {
      activations: ['HardSigmoid', 'Softsign', 'ScaledTanh'],
      activation_alpha: [0.25, 1.5],
      activation_beta: [0.5, 0.75],
    },
  }),
  recurrent('LSTM', 'activations of its own for each direction', {
    with: ['B', 'h', 'lengths'],
    attributes: {
      direction: 'bidirectional',
      activations: ['Sigmoid', 'Softplus', 'Tanh', 'Sigmoid', 'LeakyRelu', 'Elu'],
      activation_alpha: [0.25, 0.5],
    },
  }),
  recurrent('LSTM', 'reverse with lengths', { with: ['B', 'lengths'], attributes: { direction: 'reverse' } }),
  recurrent('GRU', 'reset before the product', { with: ['B', 'h'] }),
  recurrent('GRU', 'reset before the product, bidirectional, with lengths', {
    with: ['B', 'h', 'lengths'],
    attributes: { direction: 'bidirectional' },
  }),
  recurrent('GRU', 'batch first, reset before the product', { with: ['B', 'h'], attributes: { layout: 1 } }),
  recurrent('GRU', 'clipped at 0.375', { length: 2, with: ['B', 'h'], attributes: { clip: 0.375 } }),
  recurrent('GRU', 'clipped at 0.625, reset after the product', {
    with: ['B', 'h'],
    attributes: { clip: 0.625, linear_before_reset: 1 },
  }),
  recurrent('GRU', 'other activations', {
    with: ['B'],
    attributes: {
      activations: ['HardSigmoid', 'Affine'],
      activation_alpha: [0.3, 0.5],
      activation_beta: [0.4, 0.1],
    },
  }),
  recurrent('GRU', 'reverse with lengths', {
    with: ['B', 'lengths', 'h'],
    attributes: { direction: 'reverse' },
  }),
  recurrent('RNN', 'clipped at 0.25', { length: 2, with: ['B', 'h'], attributes: { clip: 0.25 } }),
  recurrent('RNN', 'other activations by direction', {
    with: ['B'],
    attributes: {
      direction: 'bidirectional',
      activations: ['Affine', 'ScaledTanh'],
      activation_alpha: [0.5, 1.25],
      activation_beta: [0.25, 0.5],
    },
  }),
  recurrent('RNN', 'reverse with lengths', {
    with: ['B', 'lengths', 'h'],
    attributes: { direction: 'reverse' },
  }),
];

/** A sequence of no steps, which PyTorch refuses. */
const empty: readonly OperatorCase[] = (['LSTM', 'GRU', 'RNN'] as const).map((op) =>
  recurrent(op, 'with a sequence of no steps', {
    with: op === 'LSTM' ? ['B', 'lengths', 'h', 'c'] : ['B', 'lengths', 'h'],
    lengths: [4, 0, 2],
    attributes: { direction: 'bidirectional' },
  }),
);

export const recurrentCases: readonly OperatorCase[] = [
  ...shared('LSTM', 'lstm'),
  ...shared('GRU', 'gru', { linear_before_reset: 1 }),
  ...shared('RNN', 'rnn_tanh'),
  ...others,
  ...empty,
];
