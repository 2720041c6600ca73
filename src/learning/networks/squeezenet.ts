/**
 * SqueezeNet: Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5 MB model size"
 * (arXiv:1602.07360, 2016), table 1; 1.1 is its authors' later form, of 2.4 times less computation. Parameter names and
 * first weights are torchvision's.
 */
import type { Value } from '../../engine/graph/graph.ts';
import { relu } from '../layers/activation.ts';
import type { BuildContext, Network } from '../layers/build-context.ts';
import { conv } from '../layers/convolution.ts';
import { dropout } from '../layers/dropout.ts';
import { constant, heUniform, normal } from '../layers/initializers.ts';
import { flatten, globalAveragePool, maxPool } from '../layers/pooling.ts';

export interface SqueezenetOptions {
  readonly version: '1.0' | '1.1';
}

interface Plan {
  readonly stem: { readonly channels: number; readonly kernel: number };
  /** Squeezed channels of the fire modules after the stem; 'pool' halves the size. */
  readonly layers: readonly (number | 'pool')[];
}

const plans: Readonly<Record<SqueezenetOptions['version'], Plan>> = {
  '1.0': {
    stem: { channels: 96, kernel: 7 },
    layers: ['pool', 16, 16, 32, 'pool', 32, 48, 48, 64, 'pool', 64],
  },
  '1.1': {
    stem: { channels: 64, kernel: 3 },
    layers: ['pool', 16, 16, 'pool', 32, 32, 'pool', 48, 48, 64, 64],
  },
};

/** It takes images of 21 pixels a side and more (1.1: 17). Its head is a 1x1 convolution: every place votes. */
export function squeezenet({ version }: SqueezenetOptions): Network {
  const { stem, layers } = plans[version];
  return (context, x, { outputs }) => {
    let y = convolve(context, 'features.0', x, { ...stem, stride: 2 });
    for (const [i, layer] of layers.entries()) {
      y =
        layer === 'pool'
          ? maxPool(y, { kernel: 3, stride: 2, ceilMode: true })
          : context.graph.scope(`features.${i + 2}`, () => fire(context, y, layer)); // [N, 8 squeezed, H, W]
    }
    y = dropout(context, 'classifier.0', y, 0.5);
    const votes = { channels: outputs, kernel: 1, initialize: normal(0.01), initializeBias: constant(0) };
    return flatten(globalAveragePool(relu(conv(context, 'classifier.1', y, votes)))); // [N, outputs]
  };
}

const convolve = (
  context: BuildContext,
  name: string,
  x: Value,
  options: { channels: number; kernel: number; stride?: number; padding?: number },
): Value =>
  relu(conv(context, name, x, { ...options, initialize: heUniform(), initializeBias: constant(0) }));

/** Few channels, then four times as many by 1x1 and by 3x3, side by side (figure 1). */
function fire(context: BuildContext, x: Value, squeezed: number): Value {
  const y = convolve(context, 'squeeze', x, { channels: squeezed, kernel: 1 });
  const channels = 4 * squeezed;
  const expanded = [
    convolve(context, 'expand1x1', y, { channels, kernel: 1 }),
    convolve(context, 'expand3x3', y, { channels, kernel: 3, padding: 1 }),
  ];
  return context.graph.op('Concat', expanded, { axis: 1 });
}
