/**
 * MobileNetV2: Sandler, Howard, Zhu, Zhmoginov, Chen, "MobileNetV2: inverted residuals and linear bottlenecks", CVPR 2018
 * (arXiv:1801.04381), table 2. Parameter names and first weights are torchvision's.
 */
import { add } from '../../engine/graph/build.ts';
import type { Value } from '../../engine/graph/graph.ts';
import { relu6 } from '../layers/activation.ts';
import type { BuildContext, Network } from '../layers/build-context.ts';
import { conv } from '../layers/convolution.ts';
import { dropout } from '../layers/dropout.ts';
import { channelsOf } from '../layers/extent.ts';
import { constant, heNormal, normal } from '../layers/initializers.ts';
import { linear } from '../layers/linear.ts';
import { batchNorm } from '../layers/normalization.ts';
import { flatten, globalAveragePool } from '../layers/pooling.ts';

export interface MobilenetOptions {
  /** Factor of every layer's channels, which are rounded to multiples of 8. */
  readonly width?: number;
}

/** Expansion, channels, number of blocks, stride of the first (table 2: t, c, n, s). */
const stages = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/** The nearest multiple of 8, and not less than nine tenths of the number. */
export function roundChannels(channels: number): number {
  const rounded = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return rounded < 0.9 * channels ? rounded + 8 : rounded;
}

/** MobileNetV2, or one of another width. */
export function mobilenetV2({ width = 1 }: MobilenetOptions = {}): Network {
  return (context, x, { outputs }) => {
    const first = { channels: roundChannels(32 * width), kernel: 3, stride: 2 };
    let y = convolve(context, 'features.0', x, first); // [N, 32, H/2, W/2]
    let index = 1;
    for (const [expansion, channels, count, stride] of stages) {
      for (let i = 0; i < count; i++) {
        const options = {
          expansion,
          channels: roundChannels(channels * width),
          stride: i === 0 ? stride : 1,
        };
        y = context.graph.scope(`features.${index++}.conv`, () => invertedResidual(context, y, options));
      }
    }
    const last = { channels: roundChannels(1280 * Math.max(1, width)), kernel: 1 };
    y = flatten(globalAveragePool(convolve(context, `features.${index}`, y, last))); // [N, 1280]
    const head = { outputs, initialize: normal(0.01), initializeBias: constant(0) };
    return linear(context, 'classifier.1', dropout(context, 'classifier.0', y, 0.2), head); // [N, outputs]
  };
}

interface ConvolveOptions {
  readonly channels: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly groups?: number;
}

const plain = (context: BuildContext, name: string, x: Value, options: ConvolveOptions): Value =>
  conv(context, name, x, {
    ...options,
    padding: (options.kernel - 1) / 2,
    bias: false,
    initialize: heNormal({ fan: 'out' }),
  });

const convolve = (context: BuildContext, name: string, x: Value, options: ConvolveOptions): Value =>
  context.graph.scope(name, () => relu6(batchNorm(context, '1', plain(context, '0', x, options))));

/** Wide inside, narrow and linear at both ends (figure 4d). */
function invertedResidual(
  context: BuildContext,
  x: Value,
  {
    expansion,
    channels,
    stride,
  }: { readonly expansion: number; readonly channels: number; readonly stride: number },
): Value {
  const inputs = channelsOf(x, 'invertedResidual');
  const wide = inputs * expansion;
  let index = 0;
  let y = x;
  if (expansion > 1) y = convolve(context, `${index++}`, y, { channels: wide, kernel: 1 });
  y = convolve(context, `${index++}`, y, { channels: wide, kernel: 3, stride, groups: wide });
  y = plain(context, `${index++}`, y, { channels, kernel: 1 });
  y = batchNorm(context, `${index}`, y);
  return stride === 1 && inputs === channels ? add(x, y) : y;
}
