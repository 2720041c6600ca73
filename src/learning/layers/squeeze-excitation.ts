import { mul } from '../../engine/graph/build.ts';
import type { Value } from '../../engine/graph/graph.ts';
import { sigmoid } from './activation.ts';
import type { BuildContext } from './build-context.ts';
import { conv } from './convolution.ts';
import { channelsOf } from './extent.ts';
import type { Initializer } from './initializers.ts';
import { globalAveragePool } from './pooling.ts';

export interface SqueezeExcitationOptions {
  /** Channels between the two 1x1 convolutions. */
  readonly squeezed: number;
  readonly activation: (x: Value) => Value;
  readonly initialize?: Initializer;
  readonly initializeBias?: Initializer;
}

/**
 * Weighs each channel by what all of them say of the image (Hu, Shen, Sun, "Squeeze-and-excitation networks", CVPR 2018,
 * eq. 2 to 4): 1x1 convolutions `<name>.fc1` and `<name>.fc2` on the means over space.
 *
 * @param x [N, C, ...space]
 * @returns the same shape
 * @throws LAYER_SHAPE
 */
export function squeezeExcitation(
  context: BuildContext,
  name: string,
  x: Value,
  { squeezed, activation, ...initializers }: SqueezeExcitationOptions,
): Value {
  const channels = channelsOf(x, `squeezeExcitation '${name}'`);
  return context.graph.scope(name, () => {
    const means = globalAveragePool(x); // [N, C, 1, ...]
    const between = activation(
      conv(context, 'fc1', means, { channels: squeezed, kernel: 1, ...initializers }),
    );
    return mul(x, sigmoid(conv(context, 'fc2', between, { channels, kernel: 1, ...initializers })));
  });
}
