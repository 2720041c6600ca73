import { distinct, given, type OperatorCase, random } from './operator-case.ts';

const activation = (
  op: string,
  torch: string,
  attributes: Readonly<Record<string, number | string>> = {},
  name = '',
): OperatorCase => ({
  op,
  ...(name ? { name } : {}),
  // From -4.7 to 4.7, with no value near a kink.
  inputs: [distinct([3, 8], -4.7, 4.7)],
  attributes,
  differentiate: [0],
  torch,
});

const alongAxis = (op: string, torch: string): OperatorCase[] => [
  { op, name: 'last axis', inputs: [random([2, 3, 4])], differentiate: [0], torch: `${torch}, dim=-1)` },
  {
    op,
    name: 'channel axis',
    inputs: [random([2, 3, 4])],
    attributes: { axis: 1 },
    differentiate: [0],
    torch: `${torch}, dim=1)`,
  },
  {
    op,
    name: 'negative axis, large inputs',
    inputs: [random([2, 3, 4], -60, 60)],
    attributes: { axis: -3 },
    differentiate: [0],
    torch: `${torch}, dim=0)`,
  },
];

export const activationsCases: readonly OperatorCase[] = [
  activation('Relu', 'F.relu(x[0])'),
  {
    op: 'Relu',
    name: 'at zero',
    inputs: [given([3], [-1, 0, 1])],
    differentiate: [0],
    torch: 'F.relu(x[0])',
    noDifferences: 'it has a kink at zero',
  },
  activation('LeakyRelu', 'F.leaky_relu(x[0], 0.01)'),
  activation('LeakyRelu', 'F.leaky_relu(x[0], 0.3)', { alpha: 0.3 }, 'alpha .3'),
  {
    op: 'PRelu',
    name: 'slope per channel',
    inputs: [distinct([2, 3, 4]), random([3, 1], 0.1, 0.5)],
    differentiate: [0, 1],
    torch: 'torch.where(x[0] > 0, x[0], x[0] * x[1])',
  },
  {
    op: 'PRelu',
    name: 'one slope',
    inputs: [distinct([2, 3, 4]), random([1], 0.1, 0.5)],
    differentiate: [0, 1],
    torch: 'F.prelu(x[0], x[1])',
  },
  activation('Elu', 'F.elu(x[0])'),
  activation('Elu', 'F.elu(x[0], 0.4)', { alpha: 0.4 }, 'alpha .4'),
  activation('Selu', 'F.selu(x[0])'),
  activation(
    'Selu',
    'torch.where(x[0] > 0, 1.5 * x[0], 3 * (torch.exp(x[0]) - 1))',
    { alpha: 2, gamma: 1.5 },
    'own constants',
  ),
  activation('Celu', 'F.celu(x[0])'),
  activation('Celu', 'F.celu(x[0], 0.5)', { alpha: 0.5 }, 'alpha .5'),
  activation('ThresholdedRelu', 'F.threshold(x[0], 1.0, 0.0)'),
  activation('ThresholdedRelu', 'F.threshold(x[0], 2.5, 0.0)', { alpha: 2.5 }, 'alpha 2.5'),
  activation('Shrink', 'F.hardshrink(x[0], 0.5)'),
  activation('Shrink', 'F.softshrink(x[0], 1.5)', { lambd: 1.5, bias: 1.5 }, 'soft'),
  activation('Sigmoid', 'torch.sigmoid(x[0])'),
  activation('HardSigmoid', 'torch.clamp(0.2 * x[0] + 0.5, 0, 1)'),
  activation('HardSigmoid', 'F.hardsigmoid(x[0])', { alpha: 1 / 6, beta: 0.5 }, 'of PyTorch'),
  activation('HardSwish', 'F.hardswish(x[0])'),
  activation('Tanh', 'torch.tanh(x[0])'),
  activation('Softplus', 'F.softplus(x[0])'),
  activation('Softsign', 'F.softsign(x[0])'),
  activation('Gelu', 'F.gelu(x[0])'),
  activation('Gelu', "F.gelu(x[0], approximate='tanh')", { approximate: 'tanh' }, 'by tanh'),
  activation('Mish', 'F.mish(x[0])'),
  ...alongAxis('Softmax', 'F.softmax(x[0]'),
  ...alongAxis('LogSoftmax', 'F.log_softmax(x[0]'),
  {
    op: 'Hardmax',
    inputs: [distinct([2, 3, 4])],
    attributes: { axis: 1 },
    differentiate: [0],
    torch: 'F.one_hot(x[0].argmax(1), 3).permute(0, 2, 1).double()',
  },
];
