/**
 * VGG: Simonyan, Zisserman, "Very deep convolutional networks for large-scale image recognition", ICLR 2015
 * (arXiv:1409.1556), table 1, columns A, B, D and E; also with batch normalisation after each convolution. Parameter names
 * and first weights are torchvision's.
 */
import type { Value } from '../../engine/graph/graph.ts';
import { relu } from '../layers/activation.ts';
import type { BuildContext, Network } from '../layers/build-context.ts';
import { conv } from '../layers/convolution.ts';
import { dropout } from '../layers/dropout.ts';
import { constant, heNormal, normal } from '../layers/initializers.ts';
import { linear } from '../layers/linear.ts';
import { batchNorm } from '../layers/normalization.ts';
import { adaptiveAveragePool, flatten, maxPool } from '../layers/pooling.ts';

export interface VggOptions {
  readonly depth: 11 | 13 | 16 | 19;
  readonly batchNormalized?: boolean;
  /** Width of the two dense layers before the last. */
  readonly hidden?: number;
}

/** Convolutions of each stage; a stage ends in pooling. */
const stages = {
  11: [1, 1, 2, 2, 2],
  13: [2, 2, 2, 2, 2],
  16: [2, 2, 3, 3, 3],
  19: [2, 2, 4, 4, 4],
} as const;

const widths = [64, 128, 256, 512, 512];

/** It takes images of 32 pixels a side and more: seven by seven means stand for the last map, whatever its size. */
export function vgg({ depth, batchNormalized = false, hidden = 4096 }: VggOptions): Network {
  const dense = { initialize: normal(0.01), initializeBias: constant(0) };
  return (context, x, { outputs }) => {
    let y = adaptiveAveragePool(features(context, x, stages[depth], batchNormalized), 7); // [N, 512, 7, 7]
    y = relu(linear(context, 'classifier.0', flatten(y), { outputs: hidden, ...dense }));
    y = dropout(context, 'classifier.2', y, 0.5);
    y = relu(linear(context, 'classifier.3', y, { outputs: hidden, ...dense }));
    y = dropout(context, 'classifier.5', y, 0.5);
    return linear(context, 'classifier.6', y, { outputs, ...dense }); // [N, outputs]
  };
}

function features(
  context: BuildContext,
  x: Value,
  counts: readonly number[],
  batchNormalized: boolean,
): Value {
  const initialize = { initialize: heNormal({ fan: 'out' }), initializeBias: constant(0) };
  let y = x;
  let index = 0;
  for (const [stage, count] of counts.entries()) {
    for (let i = 0; i < count; i++) {
      const options = { channels: widths[stage]!, kernel: 3, padding: 1, ...initialize };
      y = conv(context, `features.${index}`, y, options);
      if (batchNormalized) y = batchNorm(context, `features.${++index}`, y);
      y = relu(y);
      index += 2;
    }
    y = maxPool(y, { kernel: 2 }); // [N, width, H/2^(stage+1), W/2^(stage+1)]
    index++;
  }
  return y;
}
