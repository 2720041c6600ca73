/**
 * DenseNet: Huang, Liu, van der Maaten, Weinberger, "Densely connected convolutional networks", CVPR 2017
 * (arXiv:1608.06993), DenseNet-BC, table 1. Parameter names and first weights are torchvision's.
 */
import type { Value } from '../../engine/graph/graph.ts';
import { relu } from '../layers/activation.ts';
import type { BuildContext, Network } from '../layers/build-context.ts';
import { conv } from '../layers/convolution.ts';
import { channelsOf } from '../layers/extent.ts';
import { constant, heNormal } from '../layers/initializers.ts';
import { linear } from '../layers/linear.ts';
import { batchNorm } from '../layers/normalization.ts';
import { averagePool, flatten, globalAveragePool, maxPool } from '../layers/pooling.ts';

export interface DensenetOptions {
  readonly depth: 121;
}

/** Layers of each block. */
const plans = { 121: [6, 12, 24, 16] } as const;

/** Channels that each layer adds; its bottleneck is four times as wide. */
const GROWTH = 32;

/** It takes images of 29 pixels a side and more. */
export function densenet({ depth }: DensenetOptions): Network {
  return (context, x, { outputs }) => {
    const y = context.graph.scope('features', () => {
      let z = convolve(context, 'conv0', x, { channels: 64, kernel: 7, stride: 2 }); // [N, 64, H/2, W/2]
      z = relu(batchNorm(context, 'norm0', z));
      z = maxPool(z, { kernel: 3, stride: 2, padding: 1 }); // [N, 64, H/4, W/4]
      plans[depth].forEach((count, i) => {
        if (i > 0) z = context.graph.scope(`transition${i}`, () => transition(context, z));
        z = context.graph.scope(`denseblock${i + 1}`, () => denseBlock(context, z, count));
      });
      return batchNorm(context, 'norm5', z); // [N, 1024, H/32, W/32]
    });
    const means = flatten(globalAveragePool(relu(y)));
    return linear(context, 'classifier', means, { outputs, initializeBias: constant(0) }); // [N, outputs]
  };
}

const convolve = (
  context: BuildContext,
  name: string,
  x: Value,
  options: { channels: number; kernel: number; stride?: number },
): Value =>
  conv(context, name, x, {
    ...options,
    padding: (options.kernel - 1) / 2,
    bias: false,
    initialize: heNormal(),
  });

/** Each layer sees what all before it have found (eq. 2). */
function denseBlock(context: BuildContext, x: Value, count: number): Value {
  let y = x;
  for (let i = 1; i <= count; i++) {
    const found = context.graph.scope(`denselayer${i}`, () => denseLayer(context, y));
    y = context.graph.op('Concat', [y, found], { axis: 1 }); // [N, C + 32 i, H, W]
  }
  return y;
}

function denseLayer(context: BuildContext, x: Value): Value {
  let y = relu(batchNorm(context, 'norm1', x));
  y = convolve(context, 'conv1', y, { channels: 4 * GROWTH, kernel: 1 });
  y = relu(batchNorm(context, 'norm2', y));
  return convolve(context, 'conv2', y, { channels: GROWTH, kernel: 3 }); // [N, 32, H, W]
}

/** Half the channels at half the size. */
function transition(context: BuildContext, x: Value): Value {
  const channels = Math.floor(channelsOf(x, 'transition') / 2);
  const y = convolve(context, 'conv', relu(batchNorm(context, 'norm', x)), { channels, kernel: 1 });
  return averagePool(y, { kernel: 2 });
}
