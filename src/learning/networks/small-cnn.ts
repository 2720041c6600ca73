/**
 * A small convolutional network, conv–pool–conv–pool–dense, after LeCun, Bottou, Bengio, Haffner, "Gradient-based
 * learning applied to document recognition", Proc. IEEE 86 (1998), with ReLU and max-pooling in place of the
 * paper's tanh and subsampling. It trains in seconds: for tests and small images. It has no normalisation and starts from
 * the layers' own, small weights; with He's it ended in a constant answer on the chest phantom at a rate of 2e-3.
 */
import { relu } from '../layers/activation.ts';
import type { Network } from '../layers/build-context.ts';
import { conv } from '../layers/convolution.ts';
import { dropout } from '../layers/dropout.ts';
import { linear } from '../layers/linear.ts';
import { flatten, maxPool } from '../layers/pooling.ts';

export interface SmallCnnOptions {
  /** Channels of the two convolutions. */
  readonly widths?: readonly [number, number];
  /** Width of the dense layer before the last. */
  readonly hidden?: number;
  /** Share of the hidden values dropped in training. */
  readonly dropout?: number;
}

/** Its dense layer fixes the size of the image: one trained on 28x28 takes 28x28. */
export function smallCnn(options: SmallCnnOptions = {}): Network {
  const { widths = [32, 64], hidden = 128, dropout: rate = 0.25 } = options;
  return (context, x, { outputs }) => {
    let y = conv(context, 'conv1', x, { channels: widths[0], kernel: 3, padding: 1 }); // [N, 32, H, W]
    y = maxPool(relu(y), { kernel: 2 }); // [N, 32, H/2, W/2]
    y = conv(context, 'conv2', y, { channels: widths[1], kernel: 3, padding: 1 });
    y = flatten(maxPool(relu(y), { kernel: 2 })); // [N, 64 H/4 W/4]
    y = relu(linear(context, 'fc1', y, { outputs: hidden }));
    return linear(context, 'fc2', dropout(context, 'dropout', y, rate), { outputs }); // [N, outputs]
  };
}
