/**
 * Deep residual networks: He, Zhang, Ren, Sun, "Deep residual learning for image recognition", CVPR 2016
 * (arXiv:1512.03385), table 1. Parameter names are torchvision's. As there, a bottleneck strides in its 3x3
 * convolution (the paper strides in the first 1x1).
 */
import { add } from '../../engine/graph/build.ts';
import type { Value } from '../../engine/graph/graph.ts';
import { relu } from '../layers/activation.ts';
import type { BuildContext, Network } from '../layers/build-context.ts';
import { conv } from '../layers/convolution.ts';
import { channelsOf } from '../layers/extent.ts';
import { heNormal } from '../layers/initializers.ts';
import { linear } from '../layers/linear.ts';
import { batchNorm } from '../layers/normalization.ts';
import { flatten, globalAveragePool, maxPool } from '../layers/pooling.ts';

export interface ResnetOptions {
  readonly depth: 18 | 34 | 50 | 101;
  /** 'imagenet': 7x7 convolution of stride 2 and max-pooling; 'small': 3x3 of stride 1, no pooling, for images up to about 64 px. */
  readonly stem?: 'imagenet' | 'small';
  /** Starts the last normalisation of each block at 0, so that the block starts as the identity (Goyal et al., 2017). */
  readonly zeroInitResidual?: boolean;
}

const plans = {
  18: { block: basicBlock, blocks: [2, 2, 2, 2] },
  34: { block: basicBlock, blocks: [3, 4, 6, 3] },
  50: { block: bottleneck, blocks: [3, 4, 6, 3] },
  101: { block: bottleneck, blocks: [3, 4, 23, 3] },
} as const;

const widths = [64, 128, 256, 512];

/** A ResNet; it takes images of any number of channels, over 1 to 3 spatial axes. */
export function resnet({ depth, stem = 'imagenet', zeroInitResidual = false }: ResnetOptions): Network {
  const { block, blocks } = plans[depth];
  const lastScale = zeroInitResidual ? 0 : 1;
  return (context, x, { outputs }) => {
    let y = stem === 'imagenet' ? imagenetStem(context, x) : smallStem(context, x);
    blocks.forEach((count, stage) => {
      for (let i = 0; i < count; i++) {
        const stride = i === 0 && stage > 0 ? 2 : 1;
        y = context.graph.scope(`layer${stage + 1}.${i}`, () =>
          block(context, y, { width: widths[stage]!, stride, lastScale }),
        );
      }
    });
    return linear(context, 'fc', flatten(globalAveragePool(y)), { outputs }); // [N, outputs]
  };
}

interface BlockOptions {
  readonly width: number;
  readonly stride: number;
  readonly lastScale: number;
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
    initialize: heNormal({ fan: 'out' }),
  });

function imagenetStem(context: BuildContext, x: Value): Value {
  const y = convolve(context, 'conv1', x, { channels: 64, kernel: 7, stride: 2 }); // [N, 64, H/2, W/2]
  return maxPool(relu(batchNorm(context, 'bn1', y)), { kernel: 3, stride: 2, padding: 1 }); // [N, 64, H/4, W/4]
}

function smallStem(context: BuildContext, x: Value): Value {
  return relu(batchNorm(context, 'bn1', convolve(context, 'conv1', x, { channels: 64, kernel: 3 }))); // [N, 64, H, W]
}

/** Two 3x3 convolutions around a shortcut (figure 5, left). */
function basicBlock(context: BuildContext, x: Value, { width, stride, lastScale }: BlockOptions): Value {
  let y = convolve(context, 'conv1', x, { channels: width, kernel: 3, stride });
  y = relu(batchNorm(context, 'bn1', y));
  y = convolve(context, 'conv2', y, { channels: width, kernel: 3 });
  y = batchNorm(context, 'bn2', y, { scale: lastScale });
  return relu(add(y, shortcut(context, x, width, stride)));
}

/** 1x1, 3x3, 1x1 around a shortcut, four times as wide at its end (figure 5, right). */
function bottleneck(context: BuildContext, x: Value, { width, stride, lastScale }: BlockOptions): Value {
  let y = convolve(context, 'conv1', x, { channels: width, kernel: 1 });
  y = relu(batchNorm(context, 'bn1', y));
  y = convolve(context, 'conv2', y, { channels: width, kernel: 3, stride });
  y = relu(batchNorm(context, 'bn2', y));
  y = convolve(context, 'conv3', y, { channels: 4 * width, kernel: 1 });
  y = batchNorm(context, 'bn3', y, { scale: lastScale });
  return relu(add(y, shortcut(context, x, 4 * width, stride)));
}

/** The identity, or a projection where size or width change (eq. 2, option B). */
function shortcut(context: BuildContext, x: Value, channels: number, stride: number): Value {
  if (stride === 1 && channelsOf(x, 'shortcut') === channels) return x;
  const y = convolve(context, 'downsample.0', x, { channels, kernel: 1, stride });
  return batchNorm(context, 'downsample.1', y);
}
