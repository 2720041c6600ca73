/**
 * InceptionTime: Ismail Fawaz, Lucas, Forestier et al., "InceptionTime: finding AlexNet for time series classification",
 * Data Mining and Knowledge Discovery 34 (2020), section 3 and figures 1 and 2: one of the five networks that the paper
 * averages. Kernels are of odd length (39, 19, 9 for the paper's 40, 20, 10), so that padding is the same on both sides.
 */
import { add } from '../../engine/graph/build.ts';
import type { Value } from '../../engine/graph/graph.ts';
import { relu } from '../layers/activation.ts';
import type { BuildContext, Network } from '../layers/build-context.ts';
import { conv } from '../layers/convolution.ts';
import { channelsOf } from '../layers/extent.ts';
import { linear } from '../layers/linear.ts';
import { batchNorm } from '../layers/normalization.ts';
import { flatten, globalAveragePool, maxPool } from '../layers/pooling.ts';

export interface InceptionTimeOptions {
  /** Blocks of three inception modules with a shortcut round them. */
  readonly blocks?: number;
  /** Filters of each of a module's four branches. */
  readonly filters?: number;
  /** Odd lengths of a module's three convolutions, in samples. */
  readonly kernels?: readonly number[];
}

/** InceptionTime; it takes signals [N, channels, samples] of any number of channels and any length. */
export function inceptionTime(options: InceptionTimeOptions = {}): Network {
  const { blocks = 2, filters = 32, kernels = [39, 19, 9] } = options;
  return (context, x, { outputs }) => {
    const { graph } = context;
    let y = x;
    for (let i = 0; i < blocks; i++) {
      y = graph.scope(`blocks.${i}`, () => block(context, y, filters, kernels)); // [N, 4 filters, L]
    }
    return linear(context, 'fc', flatten(globalAveragePool(y)), { outputs }); // [N, outputs]
  };
}

/** Three modules and a shortcut round them. */
function block(context: BuildContext, x: Value, filters: number, kernels: readonly number[]): Value {
  const { graph } = context;
  let y = x;
  for (const i of [0, 1, 2]) {
    y = graph.scope(`inception.${i}`, () => inceptionModule(context, y, filters, kernels));
  }
  return graph.scope('shortcut', () => relu(add(y, shortcut(context, x, 4 * filters))));
}

/** Three lengths of convolution after a bottleneck, and one of a single sample after max-pooling, side by side. */
function inceptionModule(
  context: BuildContext,
  x: Value,
  filters: number,
  kernels: readonly number[],
): Value {
  const narrow =
    channelsOf(x, 'inception') > 1
      ? conv(context, 'bottleneck', x, { channels: filters, kernel: 1, bias: false })
      : x;
  const branches = kernels.map((kernel, i) =>
    conv(context, `convs.${i}`, narrow, {
      channels: filters,
      kernel,
      padding: (kernel - 1) / 2,
      bias: false,
    }),
  );
  const largest = maxPool(x, { kernel: 3, stride: 1, padding: 1 });
  branches.push(conv(context, 'maxconv', largest, { channels: filters, kernel: 1, bias: false }));
  return relu(batchNorm(context, 'bn', context.graph.op('Concat', branches, { axis: 1 })));
}

/** A convolution of one sample and its normalisation. */
function shortcut(context: BuildContext, x: Value, channels: number): Value {
  return batchNorm(context, '1', conv(context, '0', x, { channels, kernel: 1, bias: false }));
}
