/**
 * EfficientNet-B0: Tan, Le, "EfficientNet: rethinking model scaling for convolutional neural networks", ICML 2019
 * (arXiv:1905.11946), table 1. Parameter names and first weights are torchvision's, and so are its constants: batch
 * normalisation with epsilon 1e-5 and momentum 0.1, stochastic depth up to 0.2.
 */
import { add } from '../../engine/graph/build.ts';
import type { Value } from '../../engine/graph/graph.ts';
import { silu } from '../layers/activation.ts';
import type { BuildContext, Network } from '../layers/build-context.ts';
import { conv } from '../layers/convolution.ts';
import { dropout, stochasticDepth } from '../layers/dropout.ts';
import { channelsOf } from '../layers/extent.ts';
import { constant, heNormal, uniform } from '../layers/initializers.ts';
import { linear } from '../layers/linear.ts';
import { batchNorm } from '../layers/normalization.ts';
import { flatten, globalAveragePool } from '../layers/pooling.ts';
import { squeezeExcitation } from '../layers/squeeze-excitation.ts';

interface Stage {
  readonly expansion: number;
  readonly kernel: number;
  /** Of the first block. */
  readonly stride: number;
  readonly channels: number;
  readonly blocks: number;
}

/** Table 1, stages 2 to 8. */
const stages: readonly Stage[] = [
  { expansion: 1, kernel: 3, stride: 1, channels: 16, blocks: 1 },
  { expansion: 6, kernel: 3, stride: 2, channels: 24, blocks: 2 },
  { expansion: 6, kernel: 5, stride: 2, channels: 40, blocks: 2 },
  { expansion: 6, kernel: 3, stride: 2, channels: 80, blocks: 3 },
  { expansion: 6, kernel: 5, stride: 1, channels: 112, blocks: 3 },
  { expansion: 6, kernel: 5, stride: 2, channels: 192, blocks: 4 },
  { expansion: 6, kernel: 3, stride: 1, channels: 320, blocks: 1 },
];

/** Share of the images that the last block would be left out for; it grows in equal steps from 0 at the first. */
const STOCHASTIC_DEPTH = 0.2;

const first = { initialize: heNormal({ fan: 'out' }), initializeBias: constant(0) };

/** EfficientNet-B0. */
export function efficientnetB0(): Network {
  const total = stages.reduce((sum, { blocks }) => sum + blocks, 0);
  return (context, x, { outputs }) => {
    let y = convolve(context, 'features.0', x, { channels: 32, kernel: 3, stride: 2 }); // [N, 32, H/2, W/2]
    let number = 0;
    for (const [i, stage] of stages.entries()) {
      for (let block = 0; block < stage.blocks; block++) {
        const options = {
          ...stage,
          stride: block === 0 ? stage.stride : 1,
          depthRate: (STOCHASTIC_DEPTH * number++) / total,
        };
        y = context.graph.scope(`features.${i + 1}.${block}`, () => invertedResidual(context, y, options));
      }
    }
    y = convolve(context, `features.${stages.length + 1}`, y, { channels: 1280, kernel: 1 });
    y = dropout(context, 'classifier.0', flatten(globalAveragePool(y)), 0.2); // [N, 1280]
    const head = { outputs, initialize: uniform(1 / Math.sqrt(outputs)), initializeBias: constant(0) };
    return linear(context, 'classifier.1', y, head); // [N, outputs]
  };
}

interface ConvolveOptions {
  readonly channels: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly groups?: number;
}

const normalized = (context: BuildContext, name: string, x: Value, options: ConvolveOptions): Value =>
  context.graph.scope(name, () => {
    const padding = (options.kernel - 1) / 2;
    return batchNorm(context, '1', conv(context, '0', x, { ...options, padding, bias: false, ...first }));
  });

const convolve = (context: BuildContext, name: string, x: Value, options: ConvolveOptions): Value =>
  silu(normalized(context, name, x, options));

interface BlockOptions extends Stage {
  readonly depthRate: number;
}

/** MobileNetV2's block with squeeze-and-excitation in it (MBConv). */
function invertedResidual(
  context: BuildContext,
  x: Value,
  { expansion, kernel, stride, channels, depthRate }: BlockOptions,
): Value {
  const inputs = channelsOf(x, 'invertedResidual');
  const wide = inputs * expansion;
  const y = context.graph.scope('block', () => {
    let index = 0;
    let z = x;
    if (expansion > 1) z = convolve(context, `${index++}`, z, { channels: wide, kernel: 1 });
    z = convolve(context, `${index++}`, z, { channels: wide, kernel, stride, groups: wide });
    const squeezed = Math.max(1, Math.floor(inputs / 4));
    z = squeezeExcitation(context, `${index++}`, z, { squeezed, activation: silu, ...first });
    return normalized(context, `${index}`, z, { channels, kernel: 1 });
  });
  if (stride !== 1 || inputs !== channels) return y;
  return add(stochasticDepth(context, 'stochastic_depth', y, depthRate), x);
}
