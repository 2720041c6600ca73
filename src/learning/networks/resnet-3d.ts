/**
 * ResNet-18 of 3-D convolutions, R3D-18: Tran, Wang, Torresani, Ray, LeCun, Paluri, "A closer look at spatiotemporal
 * convolutions for action recognition", CVPR 2018 (arXiv:1711.11248), table 1. Parameter names are those of
 * torchvision's video.r3d_18, so that weights learned on Kinetics load; depth stands where time did.
 */
import { add } from '../../engine/graph/build.ts';
import type { Value } from '../../engine/graph/graph.ts';
import { relu } from '../layers/activation.ts';
import type { BuildContext, Network } from '../layers/build-context.ts';
import { conv } from '../layers/convolution.ts';
import { channelsOf, type PerAxis } from '../layers/extent.ts';
import { heNormal } from '../layers/initializers.ts';
import { linear } from '../layers/linear.ts';
import { batchNorm } from '../layers/normalization.ts';
import { flatten, globalAveragePool } from '../layers/pooling.ts';

/** Channels of the four stages. */
const widths = [64, 128, 256, 512];

/** R3D-18; it takes volumes [N, C, D, H, W] of any number of channels, and of any size. */
export function resnet3d(): Network {
  return (context, x, { outputs }) => {
    const { graph } = context;
    let y = graph.scope('stem', () =>
      normalised(context, x, { channels: 64, kernel: [3, 7, 7], stride: [1, 2, 2], padding: [1, 3, 3] }),
    );
    y = relu(y); // [N, 64, D, H/2, W/2]
    for (const [stage, width] of widths.entries()) {
      for (const index of [0, 1]) {
        const stride = index === 0 && stage > 0 ? 2 : 1;
        y = graph.scope(`layer${stage + 1}.${index}`, () => block(context, y, width, stride));
      }
    }
    return linear(context, 'fc', flatten(globalAveragePool(y)), { outputs }); // [N, outputs]
  };
}

interface ConvolutionOptions {
  readonly channels: number;
  readonly kernel: PerAxis;
  readonly stride: PerAxis;
  readonly padding: PerAxis;
}

/** A convolution named 0 and its normalisation named 1. */
function normalised(context: BuildContext, x: Value, options: ConvolutionOptions): Value {
  const y = conv(context, '0', x, { ...options, bias: false, initialize: heNormal({ fan: 'out' }) });
  return batchNorm(context, '1', y);
}

function block(context: BuildContext, x: Value, channels: number, stride: number): Value {
  const { graph } = context;
  const spatial = { channels, kernel: 3, padding: 1 };
  const first = graph.scope('conv1', () => relu(normalised(context, x, { ...spatial, stride })));
  const second = graph.scope('conv2', () => normalised(context, first, { ...spatial, stride: 1 }));
  const same = stride === 1 && channelsOf(x, 'shortcut') === channels;
  const shortcut = same
    ? x
    : graph.scope('downsample', () => normalised(context, x, { channels, kernel: 1, stride, padding: 0 }));
  return relu(add(second, shortcut));
}
