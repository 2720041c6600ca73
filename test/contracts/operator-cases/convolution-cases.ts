import { type OperatorCase, random } from './operator-case.ts';

interface Convolution {
  readonly name: string;
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly bias?: boolean;
  readonly attributes?: Readonly<Record<string, readonly number[] | number | string>>;
  /** Padding that auto_pad comes to by the standard's formula, begins then ends; for the peer. */
  readonly resolved?: readonly number[];
}

/** PyTorch's order of padding: last axis first, begin then end. */
export function torchPads(pads: readonly number[]): string {
  const axes = pads.length / 2;
  const pairs = Array.from({ length: axes }, (_, i) => axes - 1 - i).map(
    (axis) => `${pads[axis]}, ${pads[axis + axes]}`,
  );
  return `(${pairs.join(', ')})`;
}

/** One entry per spatial axis as a Python tuple. */
export const tuple = (values: readonly number[]): string => `(${values.join(', ')},)`;

function settings({ x, attributes = {}, resolved }: Convolution) {
  const axes = x.length - 2;
  const ones = Array.from({ length: axes }, () => 1);
  const zeros = Array.from({ length: axes * 2 }, () => 0);
  const list = (name: string, fallback: readonly number[]) =>
    (attributes[name] as readonly number[] | undefined) ?? fallback; // the cases below keep to the standard's kinds
  return {
    axes,
    pads: resolved ?? list('pads', zeros),
    common: `stride=${tuple(list('strides', ones))}, dilation=${tuple(list('dilations', ones))}, groups=${attributes['group'] ?? 1}`,
    outputPadding: list(
      'output_padding',
      ones.map(() => 0),
    ),
  };
}

function convolution(item: Convolution): OperatorCase {
  const { axes, pads, common } = settings(item);
  return {
    op: 'Conv',
    name: item.name,
    inputs: [random(item.x), random(item.w), ...(item.bias ? [random([item.w[0]!])] : [])],
    ...(item.attributes ? { attributes: item.attributes } : {}),
    differentiate: item.bias ? [0, 1, 2] : [0, 1],
    torch: `F.conv${axes}d(F.pad(x[0], ${torchPads(pads)}), x[1], ${item.bias ? 'x[2]' : 'None'}, ${common})`,
  };
}

function transposed(item: Convolution): OperatorCase {
  const { axes, pads, common, outputPadding } = settings(item);
  const filters = item.w[1]! * Number(item.attributes?.['group'] ?? 1);
  const cropped = torchPads(pads.map((pad) => (pad === 0 ? 0 : -pad)));
  return {
    op: 'ConvTranspose',
    name: item.name,
    inputs: [random(item.x), random(item.w), ...(item.bias ? [random([filters])] : [])],
    ...(item.attributes ? { attributes: item.attributes } : {}),
    differentiate: item.bias ? [0, 1, 2] : [0, 1],
    torch: `F.pad(F.conv_transpose${axes}d(x[0], x[1], ${item.bias ? 'x[2]' : 'None'}, ${common}, output_padding=${tuple(outputPadding)}), ${cropped})`,
  };
}

const internal = { domain: 'hounsfield' } as const;

/** The composites that a convolution's gradient is made of, with their own gradients. */
const composites: readonly OperatorCase[] = [
  {
    ...internal,
    op: 'ConvInputGradient',
    inputs: [random([1, 2, 3, 3]), random([2, 2, 3, 2])],
    attributes: {
      kernel_shape: [3, 2],
      strides: [2, 1],
      pads: [1, 0, 1, 0],
      dilations: [1, 1],
      group: 1,
      input_shape: [1, 2, 6, 4],
    },
    differentiate: [0, 1],
    torch: 'F.conv_transpose2d(x[0], x[1], stride=(2, 1), padding=(1, 0), output_padding=(1, 0))',
  },
  {
    ...internal,
    op: 'ConvWeightGradient',
    inputs: [random([2, 2, 5, 4]), random([2, 3, 3, 4])],
    attributes: { kernel_shape: [3, 3], strides: [2, 1], pads: [1, 1, 1, 1], dilations: [1, 1], group: 1 },
    differentiate: [0, 1],
    torch:
      'F.conv2d(x[0].transpose(0, 1), x[1].transpose(0, 1), padding=(1, 1), dilation=(2, 1)).transpose(0, 1)[:, :, :3, :3]',
  },
];

export const convolutionCases: readonly OperatorCase[] = [
  convolution({ name: '1-D', x: [2, 3, 7], w: [4, 3, 3], bias: true }),
  convolution({
    name: '1-D strides that do not divide, asymmetric pads',
    x: [2, 2, 8],
    w: [3, 2, 3],
    attributes: { strides: [3], pads: [2, 1] },
  }),
  convolution({
    name: '1-D dilated',
    x: [1, 2, 9],
    w: [2, 2, 3],
    attributes: { dilations: [2], pads: [1, 3] },
  }),
  convolution({
    name: '2-D 3x3 padded',
    x: [2, 3, 5, 4],
    w: [4, 3, 3, 3],
    bias: true,
    attributes: { pads: [1, 1, 1, 1], kernel_shape: [3, 3] },
  }),
  convolution({ name: '2-D one image, no pads', x: [1, 2, 5, 6], w: [3, 2, 2, 3] }),
  convolution({ name: '2-D pointwise', x: [2, 4, 3, 3], w: [3, 4, 1, 1], bias: true }),
  convolution({
    name: '2-D pointwise strided',
    x: [2, 3, 5, 6],
    w: [2, 3, 1, 1],
    attributes: { strides: [2, 2] },
  }),
  convolution({
    name: '2-D stride 2',
    x: [2, 2, 6, 7],
    w: [3, 2, 3, 3],
    bias: true,
    attributes: { strides: [2, 2], pads: [1, 1, 1, 1] },
  }),
  convolution({
    name: '2-D stride beyond the kernel',
    x: [1, 2, 8, 7],
    w: [2, 2, 2, 2],
    attributes: { strides: [3, 4], pads: [0, 1, 0, 0] },
  }),
  convolution({
    name: '2-D 7x7 stride 2',
    x: [1, 1, 9, 8],
    w: [2, 1, 7, 7],
    attributes: { strides: [2, 2], pads: [3, 3, 3, 3] },
  }),
  convolution({
    name: '2-D strided along one axis, dilated along the other',
    x: [1, 2, 7, 8],
    w: [2, 2, 3, 2],
    attributes: { strides: [2, 1], dilations: [1, 3], pads: [1, 0, 0, 2] },
  }),
  convolution({
    name: '2-D strided and dilated',
    x: [1, 2, 8, 9],
    w: [2, 2, 3, 2],
    attributes: { strides: [2, 3], dilations: [2, 3], pads: [2, 1, 1, 3] },
  }),
  convolution({
    name: '2-D pads larger than the kernel',
    x: [1, 2, 3, 4],
    w: [2, 2, 2, 3],
    attributes: { pads: [3, 0, 2, 4] },
  }),
  convolution({
    name: '2-D pads larger than the kernel, strided',
    x: [1, 2, 4, 4],
    w: [2, 2, 2, 2],
    attributes: { pads: [3, 2, 4, 3], strides: [2, 2] },
  }),
  convolution({
    name: '2-D grouped',
    x: [2, 4, 4, 5],
    w: [6, 2, 3, 3],
    bias: true,
    attributes: { group: 2, pads: [1, 0, 1, 2] },
  }),
  convolution({
    name: '2-D grouped, strided',
    x: [1, 4, 5, 6],
    w: [4, 2, 3, 3],
    attributes: { group: 2, strides: [2, 2], pads: [1, 1, 1, 1] },
  }),
  convolution({
    name: '2-D depthwise',
    x: [2, 3, 4, 4],
    w: [3, 1, 3, 3],
    attributes: { group: 3, pads: [1, 1, 1, 1] },
  }),
  convolution({
    name: '2-D depthwise with multiplier, strided',
    x: [1, 3, 5, 5],
    w: [6, 1, 3, 3],
    attributes: { group: 3, strides: [2, 2], pads: [0, 1, 1, 0] },
  }),
  convolution({
    name: '2-D many channels at few positions',
    x: [2, 6, 2, 2],
    w: [6, 6, 3, 3],
    attributes: { pads: [1, 1, 1, 1] },
  }),
  convolution({
    name: '2-D SAME_UPPER stride 1',
    x: [1, 2, 4, 5],
    w: [2, 2, 2, 4],
    attributes: { auto_pad: 'SAME_UPPER' },
    resolved: [0, 1, 1, 2],
  }),
  convolution({
    name: '2-D SAME_UPPER stride 2',
    x: [1, 2, 6, 5],
    w: [2, 2, 3, 3],
    attributes: { auto_pad: 'SAME_UPPER', strides: [2, 2] },
    resolved: [0, 1, 1, 1],
  }),
  convolution({
    name: '2-D SAME_LOWER stride 2',
    x: [1, 2, 6, 5],
    w: [2, 2, 3, 3],
    attributes: { auto_pad: 'SAME_LOWER', strides: [2, 2] },
    resolved: [1, 1, 0, 1],
  }),
  convolution({
    name: '2-D SAME_UPPER dilated',
    x: [1, 1, 5, 6],
    w: [2, 1, 3, 2],
    attributes: { auto_pad: 'SAME_UPPER', dilations: [2, 3] },
    resolved: [2, 1, 2, 2],
  }),
  convolution({
    name: '2-D SAME_UPPER stride beyond the kernel',
    x: [1, 1, 6, 7],
    w: [2, 1, 1, 1],
    attributes: { auto_pad: 'SAME_UPPER', strides: [3, 3] },
    resolved: [0, 0, 0, 0],
  }),
  convolution({ name: '2-D VALID', x: [1, 2, 4, 4], w: [2, 2, 3, 3], attributes: { auto_pad: 'VALID' } }),
  convolution({
    name: '3-D',
    x: [1, 2, 3, 4, 4],
    w: [2, 2, 2, 3, 3],
    bias: true,
    attributes: { pads: [0, 1, 1, 1, 1, 0] },
  }),
  convolution({
    name: '3-D 3x3x3',
    x: [2, 2, 3, 3, 3],
    w: [2, 2, 3, 3, 3],
    attributes: { pads: [1, 1, 1, 1, 1, 1] },
  }),
  convolution({
    name: '3-D strided, dilated, grouped',
    x: [1, 2, 5, 4, 5],
    w: [2, 1, 2, 2, 3],
    attributes: { group: 2, strides: [2, 1, 2], dilations: [1, 2, 1], pads: [1, 0, 1, 0, 1, 1] },
  }),
  transposed({ name: '1-D', x: [2, 3, 4], w: [3, 2, 3], bias: true }),
  transposed({
    name: '1-D stride 3, output_padding',
    x: [1, 2, 4],
    w: [2, 3, 2],
    attributes: { strides: [3], output_padding: [2] },
  }),
  transposed({
    name: '2-D doubling',
    x: [2, 3, 3, 2],
    w: [3, 2, 2, 2],
    bias: true,
    attributes: { strides: [2, 2] },
  }),
  transposed({
    name: '2-D pads, output_padding',
    x: [1, 2, 3, 4],
    w: [2, 2, 3, 3],
    bias: true,
    attributes: { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1], kernel_shape: [3, 3] },
  }),
  transposed({
    name: '2-D asymmetric pads',
    x: [1, 2, 4, 3],
    w: [2, 3, 3, 4],
    attributes: { strides: [1, 2], pads: [2, 0, 1, 3] },
  }),
  transposed({
    name: '2-D grouped, dilated',
    x: [2, 4, 3, 3],
    w: [4, 1, 2, 3],
    bias: true,
    attributes: { group: 2, dilations: [2, 1], pads: [1, 1, 0, 1] },
  }),
  transposed({
    name: '2-D output_shape',
    x: [1, 2, 3, 3],
    w: [2, 2, 3, 3],
    attributes: { strides: [2, 2], output_shape: [6, 5] },
    resolved: [1, 1, 0, 1],
  }),
  transposed({
    name: '2-D SAME_UPPER',
    x: [1, 2, 3, 3],
    w: [2, 2, 3, 4],
    attributes: { strides: [2, 2], auto_pad: 'SAME_UPPER' },
    resolved: [0, 1, 1, 1],
  }),
  transposed({
    name: '2-D SAME_LOWER',
    x: [1, 2, 3, 3],
    w: [2, 2, 3, 4],
    attributes: { strides: [2, 2], auto_pad: 'SAME_LOWER' },
    resolved: [1, 1, 0, 1],
  }),
  transposed({
    name: '2-D stride 1',
    x: [1, 2, 4, 4],
    w: [2, 3, 3, 3],
    attributes: { pads: [1, 1, 1, 1] },
  }),
  transposed({
    name: '3-D',
    x: [1, 2, 2, 3, 2],
    w: [2, 2, 2, 2, 3],
    bias: true,
    attributes: { strides: [2, 1, 2], pads: [0, 1, 1, 0, 0, 1], output_padding: [1, 0, 1] },
  }),
  ...[undefined, 'Relu'].map(
    (activation): OperatorCase => ({
      op: 'FusedConv',
      domain: 'com.microsoft',
      name: activation ? `with ${activation}` : 'plain',
      inputs: [random([1, 2, 4, 4]), random([3, 2, 3, 3]), random([3])],
      attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1], ...(activation ? { activation } : {}) },
      torch: `F.conv2d(x[0], x[1], x[2], padding=1)${activation ? '.relu()' : ''}`,
    }),
  ),
  ...composites,
];
