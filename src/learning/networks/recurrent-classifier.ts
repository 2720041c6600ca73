/**
 * A recurrent network over a signal: LSTM (Hochreiter and Schmidhuber, Neural Computation 1997) or GRU (Cho et al., EMNLP
 * 2014), bidirectional as Graves and Schmidhuber (Neural Networks 2005), and a linear layer on its last state. Its cost
 * grows with the number of samples, one after the other: thin out long signals first, or take inception-time.
 */
import { transpose } from '../../engine/graph/build.ts';
import type { Network } from '../layers/build-context.ts';
import { dropout } from '../layers/dropout.ts';
import { linear } from '../layers/linear.ts';
import { gru, lstm } from '../layers/recurrent.ts';

export interface RecurrentClassifierOptions {
  readonly kind: 'lstm' | 'gru';
  /** Size of the hidden state, each way. */
  readonly hidden?: number;
  readonly layers?: number;
  readonly bidirectional?: boolean;
  /** Share dropped between the layers and before the last. */
  readonly dropout?: number;
}

/** It takes signals [N, channels, samples] of any number of channels; parameters `rnn.weight_ih_l0` … and `fc`. */
export function recurrentClassifier(options: RecurrentClassifierOptions): Network {
  const { kind, hidden = 64, layers = 2, bidirectional = true, dropout: rate = 0 } = options;
  const layer = kind === 'lstm' ? lstm : gru;
  return (context, x, { outputs }) => {
    const samples = transpose(x, [0, 2, 1]); // [N, L, C]
    const { last } = layer(context, 'rnn', samples, { hidden, layers, bidirectional, dropout: rate });
    return linear(context, 'fc', dropout(context, 'dropout', last, rate), { outputs }); // [N, outputs]
  };
}
