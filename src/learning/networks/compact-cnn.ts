/**
 * Four stages of convolution, batch normalisation, ReLU and pooling, then the mean over space: the plain stack of
 * Simonyan and Zisserman (ICLR 2015) at an eighth of its width, normalised as Ioffe and Szegedy (ICML 2015). What it
 * finds counts wherever it lies in the image, which the dense layer of small-cnn has to learn place by place.
 */
import { relu } from '../layers/activation.ts';
import type { Network } from '../layers/build-context.ts';
import { conv } from '../layers/convolution.ts';
import { heNormal } from '../layers/initializers.ts';
import { linear } from '../layers/linear.ts';
import { batchNorm } from '../layers/normalization.ts';
import { flatten, globalAveragePool, maxPool } from '../layers/pooling.ts';

const widths = [16, 32, 64, 128];

/** It takes images of any size from 16 pixels a side on. */
export function compactCnn(): Network {
  return (context, x, { outputs }) => {
    let y = x;
    for (const [i, channels] of widths.entries()) {
      const options = { channels, kernel: 3, padding: 1, bias: false, initialize: heNormal({ fan: 'out' }) };
      y = conv(context, `conv${i + 1}`, y, options);
      y = maxPool(relu(batchNorm(context, `bn${i + 1}`, y)), { kernel: 2 }); // [N, channels, H/2^(i+1), W/2^(i+1)]
    }
    return linear(context, 'fc', flatten(globalAveragePool(y)), { outputs }); // [N, outputs]
  };
}
