/**
 * AlexNet: Krizhevsky, "One weird trick for parallelizing convolutional neural networks" (arXiv:1404.5997, 2014), the
 * single-column form of Krizhevsky, Sutskever, Hinton, "ImageNet classification with deep convolutional neural
 * networks", NeurIPS 2012. Parameter names and first weights are torchvision's.
 */
import type { Value } from '../../engine/graph/graph.ts';
import { relu } from '../layers/activation.ts';
import type { BuildContext, Network } from '../layers/build-context.ts';
import { conv } from '../layers/convolution.ts';
import { dropout } from '../layers/dropout.ts';
import { linear } from '../layers/linear.ts';
import { adaptiveAveragePool, flatten, maxPool } from '../layers/pooling.ts';

export interface AlexnetOptions {
  /** Width of the two dense layers before the last. */
  readonly hidden?: number;
}

/** It takes images of 63 pixels a side and more: six by six means stand for the last map, whatever its size. */
export function alexnet({ hidden = 4096 }: AlexnetOptions = {}): Network {
  return (context, x, { outputs }) => {
    let y = adaptiveAveragePool(features(context, x), 6); // [N, 256, 6, 6]
    y = dropout(context, 'classifier.0', flatten(y), 0.5);
    y = relu(linear(context, 'classifier.1', y, { outputs: hidden }));
    y = dropout(context, 'classifier.3', y, 0.5);
    y = relu(linear(context, 'classifier.4', y, { outputs: hidden }));
    return linear(context, 'classifier.6', y, { outputs }); // [N, outputs]
  };
}

function features(context: BuildContext, x: Value): Value {
  const layer = (
    index: number,
    input: Value,
    options: { channels: number; kernel: number; stride?: number; padding: number },
  ) => relu(conv(context, `features.${index}`, input, options));
  const pool = (input: Value) => maxPool(input, { kernel: 3, stride: 2 });
  let y = pool(layer(0, x, { channels: 64, kernel: 11, stride: 4, padding: 2 })); // [N, 64, 27, 27] of 224
  y = pool(layer(3, y, { channels: 192, kernel: 5, padding: 2 })); // [N, 192, 13, 13]
  y = layer(6, y, { channels: 384, kernel: 3, padding: 1 });
  y = layer(8, y, { channels: 256, kernel: 3, padding: 1 });
  return pool(layer(10, y, { channels: 256, kernel: 3, padding: 1 })); // [N, 256, 6, 6]
}
