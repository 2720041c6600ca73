/**
 * GoogLeNet: Szegedy et al., "Going deeper with convolutions", CVPR 2015 (arXiv:1409.4842), table 1. Parameter names and
 * first weights are torchvision's, and so is what departs from the paper: batch normalisation (epsilon 0.001), a 3x3
 * convolution where the paper has 5x5, no local response normalisation, and dropout of 0.2 before the last layer.
 */
import type { Value } from '../../engine/graph/graph.ts';
import { relu } from '../layers/activation.ts';
import type { BuildContext, Network } from '../layers/build-context.ts';
import { conv } from '../layers/convolution.ts';
import { dropout } from '../layers/dropout.ts';
import { normal } from '../layers/initializers.ts';
import { linear } from '../layers/linear.ts';
import { batchNorm } from '../layers/normalization.ts';
import { adaptiveAveragePool, flatten, globalAveragePool, maxPool } from '../layers/pooling.ts';

/** Channels of an inception module, in table 1's order: 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, pool projection. */
type InceptionPlan = readonly [number, number, number, number, number, number];

const inceptions = {
  inception3a: [64, 96, 128, 16, 32, 32],
  inception3b: [128, 128, 192, 32, 96, 64],
  inception4a: [192, 96, 208, 16, 48, 64],
  inception4b: [160, 112, 224, 24, 64, 64],
  inception4c: [128, 128, 256, 24, 64, 64],
  inception4d: [112, 144, 288, 32, 64, 64],
  inception4e: [256, 160, 320, 32, 128, 128],
  inception5a: [256, 160, 320, 32, 128, 128],
  inception5b: [384, 192, 384, 48, 128, 128],
} as const satisfies Record<string, InceptionPlan>;

const initialize = normal(0.01);

/** Share of each side branch in the loss (section 5). */
const AUXILIARY_WEIGHT = 0.3;

/**
 * It takes images of 15 pixels a side and more. In 'train' its two side branches, aux1 and aux2, add their logits to
 * `context.auxiliary`; in 'infer' it has neither them nor their parameters.
 */
export function googlenet(): Network {
  return (context, x, { outputs }) => {
    const inception = (name: keyof typeof inceptions, input: Value) =>
      context.graph.scope(name, () => inceptionModule(context, input, inceptions[name]));
    const halve = (input: Value, kernel: number) => maxPool(input, { kernel, stride: 2, ceilMode: true });
    let y = halve(convolve(context, 'conv1', x, 64, { kernel: 7, stride: 2 }), 3); // [N, 64, 56, 56] of 224
    y = convolve(context, 'conv2', y, 64, { kernel: 1 });
    y = halve(convolve(context, 'conv3', y, 192, { kernel: 3 }), 3); // [N, 192, 28, 28]
    y = halve(inception('inception3b', inception('inception3a', y)), 3); // [N, 480, 14, 14]
    const after4a = inception('inception4a', y); // [N, 512, 14, 14]
    const after4d = inception('inception4d', inception('inception4c', inception('inception4b', after4a)));
    y = halve(inception('inception4e', after4d), 2); // [N, 832, 7, 7]
    y = inception('inception5b', inception('inception5a', y)); // [N, 1024, 7, 7]
    if (context.mode === 'train') {
      for (const [name, branch] of [
        ['aux1', after4a],
        ['aux2', after4d],
      ] as const) {
        const logits = context.graph.scope(name, () => auxiliaryClassifier(context, branch, outputs));
        context.auxiliary.push({ logits, weight: AUXILIARY_WEIGHT });
      }
    }
    y = dropout(context, 'dropout', flatten(globalAveragePool(y)), 0.2);
    return linear(context, 'fc', y, { outputs, initialize }); // [N, outputs]
  };
}

function convolve(
  context: BuildContext,
  name: string,
  x: Value,
  channels: number,
  { kernel, stride = 1 }: { readonly kernel: number; readonly stride?: number },
): Value {
  return context.graph.scope(name, () => {
    const options = { channels, kernel, stride, padding: (kernel - 1) / 2, bias: false, initialize };
    return relu(batchNorm(context, 'bn', conv(context, 'conv', x, options), { epsilon: 1e-3 }));
  });
}

/** Four branches side by side (figure 2b). */
function inceptionModule(context: BuildContext, x: Value, plan: InceptionPlan): Value {
  const [one, threeReduce, three, fiveReduce, five, projection] = plan;
  const by = (name: string, input: Value, channels: number, kernel: number) =>
    convolve(context, name, input, channels, { kernel });
  const branches = [
    by('branch1', x, one, 1),
    by('branch2.1', by('branch2.0', x, threeReduce, 1), three, 3),
    by('branch3.1', by('branch3.0', x, fiveReduce, 1), five, 3),
    by('branch4.1', maxPool(x, { kernel: 3, stride: 1, padding: 1, ceilMode: true }), projection, 1),
  ];
  return x.graph.op('Concat', branches, { axis: 1 });
}

function auxiliaryClassifier(context: BuildContext, x: Value, outputs: number): Value {
  const y = convolve(context, 'conv', adaptiveAveragePool(x, 4), 128, { kernel: 1 }); // [N, 128, 4, 4]
  const hidden = relu(linear(context, 'fc1', flatten(y), { outputs: 1024, initialize }));
  return linear(context, 'fc2', dropout(context, 'dropout', hidden, 0.7), { outputs, initialize });
}
