import { float } from '../../../src/engine/graph/attributes.ts';
import { constant, given, type OperatorCase, random } from './operator-case.ts';

const small = { value: 1e-3, reason: 'means and variances are subtracted in float32' };

const batch = (shape: readonly number[], name: string): OperatorCase => {
  const channels = [shape[1]!];
  return {
    op: 'BatchNormalization',
    name,
    inputs: [
      random(shape),
      random(channels),
      random(channels),
      random(channels, -0.5, 0.5),
      random(channels, 0.5, 2),
    ],
    differentiate: [0, 1, 2, 3, 4],
    torch:
      '(lambda c: c(x[1]) * (x[0] - c(x[3])) / (c(x[4]) + 1e-5).sqrt() + c(x[2]))' +
      '(lambda v: v.reshape([-1 if i == 1 else 1 for i in range(x[0].dim())]))',
    tolerance: small,
  };
};

const training = (shape: readonly number[], name: string): OperatorCase => ({
  ...batch(shape, name),
  attributes: { training_mode: 1, momentum: float(0.75), epsilon: float(1e-3) },
  outputs: 3,
  differentiate: [0, 1, 2],
  lossOutputs: [0],
  torch:
    '(lambda d: (F.batch_norm(x[0], None, None, x[1], x[2], True, 0.1, 1e-3), 0.75 * x[3] + 0.25 * x[0].mean(d), ' +
    '0.75 * x[4] + 0.25 * x[0].var(d, unbiased=False)))([i for i in range(x[0].dim()) if i != 1])',
});

const layer = (
  name: string,
  axis: number,
  normalized: readonly number[],
  outputs = 1,
  withBias = true,
): OperatorCase => ({
  op: 'LayerNormalization',
  name,
  inputs: [random([2, 3, 4]), random(normalized), ...(withBias ? [random(normalized)] : [])],
  attributes: { axis },
  outputs,
  differentiate: withBias ? [0, 1, 2] : [0, 1],
  torch:
    outputs === 1
      ? `F.layer_norm(x[0], [${normalized}], x[1], ${withBias ? 'x[2]' : 'None'}, 1e-5)`
      : `(F.layer_norm(x[0], [${normalized}], x[1], x[2], 1e-5), x[0].mean(${axis}, keepdim=True), ` +
        `(x[0].var(${axis}, unbiased=False, keepdim=True) + 1e-5) ** -0.5)`,
  tolerance: small,
});

const group = (shape: readonly number[], groups: number): OperatorCase => ({
  op: 'GroupNormalization',
  name: `${groups} groups of [${shape}]`,
  inputs: [random(shape), random([shape[1]!]), random([shape[1]!])],
  attributes: { num_groups: groups },
  differentiate: [0, 1, 2],
  torch: `F.group_norm(x[0], ${groups}, x[1], x[2], 1e-5)`,
  tolerance: small,
});

const dropout = (name: string, trainingMode: number): OperatorCase => ({
  op: 'Dropout',
  name,
  inputs: [random([2, 3]), constant(given([], [0.5])), constant(given([], [trainingMode], 'bool'))],
  outputs: 2,
  differentiate: [0],
  torch: '(x[0], torch.ones_like(x[0], dtype=torch.bool))',
});

export const normalizationCases: readonly OperatorCase[] = [
  batch([2, 3, 4], 'inference of signals'),
  batch([2, 3, 2, 3], 'inference of images'),
  batch([4, 3], 'inference without space'),
  training([3, 2, 4], 'training on signals'),
  training([2, 3, 2, 3], 'training on images'),
  training([2, 2, 2, 2, 2], 'training on volumes'),
  training([5, 3], 'training without space'),
  ...[
    [2, 3, 4],
    [2, 3, 2, 3],
  ].map(
    (shape): OperatorCase => ({
      op: 'InstanceNormalization',
      name: `of [${shape}]`,
      inputs: [random(shape), random([3]), random([3])],
      differentiate: [0, 1, 2],
      torch: 'F.instance_norm(x[0], weight=x[1], bias=x[2], eps=1e-5)',
      tolerance: small,
    }),
  ),
  group([2, 4, 3], 2),
  group([2, 4, 2, 2], 1),
  group([2, 4, 2, 2], 4),
  layer('last axis', -1, [4]),
  layer('last two axes', 1, [3, 4]),
  layer('without bias', -1, [4], 1, false),
  layer('with mean and inverse deviation', -1, [4], 3),
  {
    op: 'LpNormalization',
    name: 'p 2, last axis',
    inputs: [random([2, 3, 4], 0.3, 2)],
    differentiate: [0],
    torch: 'F.normalize(x[0], dim=-1)',
  },
  {
    op: 'LpNormalization',
    name: 'p 1, middle axis',
    inputs: [random([2, 3, 4], 0.3, 2)],
    attributes: { p: 1, axis: 1 },
    differentiate: [0],
    torch: 'F.normalize(x[0], p=1, dim=1)',
  },
  ...[3, 5].map(
    (size): OperatorCase => ({
      op: 'LRN',
      name: `over ${size} channels`,
      inputs: [random([2, 6, 2, 2])],
      attributes: { size, alpha: float(0.5), beta: 0.75, bias: float(2) },
      differentiate: [0],
      torch: `F.local_response_norm(x[0], ${size}, 0.5, 0.75, 2.0)`,
    }),
  ),
  {
    op: 'MeanVarianceNormalization',
    inputs: [random([2, 3, 2, 3])],
    differentiate: [0],
    torch:
      '(x[0] - x[0].mean((0, 2, 3), keepdim=True)) / x[0].var((0, 2, 3), unbiased=False, keepdim=True).sqrt()',
    tolerance: small,
  },
  dropout('in inference', 0),
  { op: 'Dropout', name: 'of one input', inputs: [random([2, 3])], differentiate: [0], torch: 'x[0]' },
];
