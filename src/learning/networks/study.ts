/**
 * One answer for a study of many slices: a 2-D network says what it sees in each slice, and the slices' features are
 * pooled. By attention after Ilse, Tomczak, Welling, "Attention-based deep multiple instance learning", ICML 2018, where
 * order does not count, or by a bidirectional LSTM or GRU that reads the slices in their order.
 */
import { cast, reduceSum, reshape } from '../../engine/graph/build.ts';
import type { Value } from '../../engine/graph/graph.ts';
import { describeShape } from '../../engine/graph/shape.ts';
import { tensorOf } from '../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../errors.ts';
import {
  attentionPool,
  counting,
  largestPool,
  meanPool,
  withoutPadding,
} from '../layers/attention-pooling.ts';
import type { BuildContext } from '../layers/build-context.ts';
import { bySample } from '../layers/by-sample.ts';
import { dropout } from '../layers/dropout.ts';
import { linear } from '../layers/linear.ts';
import { gru, lstm } from '../layers/recurrent.ts';
import { type Backbone, features } from './head.ts';

/** How the features of the slices become those of the study. */
export type SlicePooling = 'attention' | 'gated-attention' | 'lstm' | 'gru' | 'mean' | 'max';

export interface StudyOptions {
  /** The network of a slice, as the registry has it. */
  readonly backbone: Backbone;
  readonly pooling: SlicePooling;
  /** Width of the attention's hidden layer (128 when left out), or of the recurrent state each way (64). */
  readonly hidden?: number;
  /** Share of the study's features dropped in training. */
  readonly dropout?: number;
}

export interface StudyNetworkOptions {
  readonly outputs: number;
  /** 1 for slices and 0 for padding, [N, S], padding last; left out, all slices count. */
  readonly mask?: Value | undefined;
}

/** Takes studies [N, S, C, H, W], S slices each, and returns one row of logits a study, [N, outputs]. */
export type StudyNetwork = (context: BuildContext, x: Value, options: StudyNetworkOptions) => Value;

/**
 * A network over the slices of a study. Parameters: the backbone's under `backbone`, `pool.*`, and `fc`. Attention
 * leaves each slice's weight in `context.attention` under 'pool', [N, 1, 1, S]. What stands in padded slices does not
 * change the answer; in 'train' a backbone with batch normalisation takes its statistics of them too, so fill them
 * with slices of the study, or keep the statistics.
 *
 * @throws LAYER_SHAPE, LAYER_OPTION, HEAD_NOT_FOUND, WEIGHTS_MISSING, WEIGHTS_MISFIT
 */
export function study({ backbone, pooling, hidden, dropout: rate = 0 }: StudyOptions): StudyNetwork {
  return (context, x, { outputs, mask }) => {
    const { graph } = context;
    const [, slices, ...image] = studyShape(x);
    checkMask(mask, slices);
    const each = reshape(x, [-1, ...image]); // [N S, C, H, W]
    const seen = graph.scope('backbone', () => features(context, backbone, each)); // [N S, F]
    const width = seen.shape!.at(-1) as number; // features() gives rank 2, of known width
    const rows = bySample(x, seen, [slices, width]); // [N, S, F]
    const pooled = pools[pooling](context, rows, mask, hidden);
    return linear(context, 'fc', dropout(context, 'dropout', pooled, rate), { outputs });
  };
}

type Pool = (context: BuildContext, x: Value, mask: Value | undefined, hidden: number | undefined) => Value;

const attending =
  (gated: boolean): Pool =>
  (context, x, mask, hidden = 128) => {
    const { pooled, weights } = attentionPool(context, 'pool', x, { hidden, gated, mask });
    const axes = context.graph.constant(tensorOf('int64', [2], [1, 2]));
    context.attention.set('pool', context.graph.op('Unsqueeze', [weights, axes])); // [N, 1, 1, S]
    return pooled;
  };

const reading =
  (layer: typeof lstm): Pool =>
  (context, x, mask, hidden = 64) => {
    const lengths = mask && cast(reduceSum(cast(counting(mask), 'int64'), [1]), 'int32'); // [N]
    const kept = mask ? withoutPadding(x, mask) : x;
    return layer(context, 'pool', kept, { hidden, bidirectional: true, ...(lengths ? { lengths } : {}) })
      .last;
  };

const pools: Readonly<Record<SlicePooling, Pool>> = {
  attention: attending(false),
  'gated-attention': attending(true),
  lstm: reading(lstm),
  gru: reading(gru),
  mean: (_, x, mask) => meanPool(x, mask),
  max: (_, x, mask) => largestPool(x, mask),
};

function studyShape(x: Value): readonly [unknown, number, number, number, number] {
  const { shape } = x;
  const [batch, ...rest] = shape ?? [];
  if (shape?.length === 5 && rest.every((dim) => typeof dim === 'number')) {
    return [batch, ...(rest as [number, number, number, number])]; // four numbers, checked just above
  }
  throw new HounsfieldError(
    'LAYER_SHAPE',
    `study was given '${x.name}' ${describeShape(shape)}, expected [N, slices, channels, height, width] with all but N known.`,
  );
}

function checkMask(mask: Value | undefined, slices: number): void {
  if (!mask || (mask.shape?.length === 2 && mask.shape[1] === slices)) return;
  throw new HounsfieldError(
    'LAYER_SHAPE',
    `study was given the mask '${mask.name}' ${describeShape(mask.shape)}, expected [N, ${slices}]: 1 for a slice, 0 for padding.`,
  );
}
