import { torchPads, tuple } from './convolution-cases.ts';
import { distinct, given, type OperatorCase, random } from './operator-case.ts';

interface Pooling {
  readonly name: string;
  readonly x: readonly number[];
  readonly attributes: Readonly<Record<string, readonly number[] | number | string>> & {
    readonly kernel_shape: readonly number[];
  };
  /** Padding that auto_pad comes to, begins then ends; for the peer. */
  readonly resolved?: readonly number[];
}

function settings({ x, attributes, resolved }: Pooling) {
  const axes = x.length - 2;
  const ones = Array.from({ length: axes }, () => 1);
  const list = (name: string, fallback: readonly number[]) =>
    (attributes[name] as readonly number[] | undefined) ?? fallback; // the cases below keep to the standard's kinds
  const pads =
    resolved ??
    list(
      'pads',
      [...ones, ...ones].map(() => 0),
    );
  const kernel = attributes.kernel_shape;
  return { axes, pads, kernel, strides: list('strides', ones), dilations: list('dilations', ones) };
}

const ceils = ({ attributes }: Pooling): boolean => attributes['ceil_mode'] === 1;

/** PyTorch's own padding where it is symmetric, which ceil_mode needs; else padding done before. */
function padded(item: Pooling, value: string, x: string): { x: string; padding: string } {
  const { axes, pads } = settings(item);
  const symmetric = pads.slice(0, axes).every((pad, i) => pad === pads[i + axes]);
  if (symmetric) return { x, padding: tuple(pads.slice(0, axes)) };
  return {
    x: `F.pad(${x}, ${torchPads(pads)}, value=${value})`,
    padding: tuple(pads.slice(0, axes).map(() => 0)),
  };
}

function largest(item: Pooling, outputs = 1): OperatorCase {
  const { axes, kernel, strides, dilations } = settings(item);
  const { x, padding } = padded(item, "float('-inf')", 'x[0]');
  const call = `F.max_pool${axes}d(${x}, ${tuple(kernel)}, ${tuple(strides)}, ${padding}, ${tuple(dilations)}, ceil_mode=${ceils(item) ? 'True' : 'False'}, return_indices=True)`;
  const planes = item.x[0]! * item.x[1]!;
  const plane = item.x.slice(2).reduce((product, size) => product * size, 1);
  const first = `(torch.arange(${planes}) * ${plane}).reshape(${tuple([item.x[0]!, item.x[1]!, ...item.x.slice(2).map(() => 1)])})`;
  return {
    op: 'MaxPool',
    name: item.name,
    inputs: [distinct(item.x)],
    attributes: item.attributes,
    outputs,
    differentiate: [0],
    torch: outputs === 1 ? `${call}[0]` : `(lambda y: (y[0], y[1] + ${first}))(${call})`,
  };
}

/** The sum over windows, as a convolution with ones, so that dilations and any padding can be said. */
function windowSum(item: Pooling, x: string): string {
  const { axes, pads, kernel, strides, dilations } = settings(item);
  const channels = item.x[1]!;
  return `F.conv${axes}d(F.pad(${x}, ${torchPads(pads)}), torch.ones(${tuple([channels, 1, ...kernel])}), stride=${tuple(strides)}, dilation=${tuple(dilations)}, groups=${channels})`;
}

function average(item: Pooling): OperatorCase {
  const { axes, kernel, strides } = settings(item);
  const includes = item.attributes['count_include_pad'] === 1;
  const size = kernel.reduce((product, extent) => product * extent, 1);
  const { x, padding } = padded(item, '0', 'x[0]');
  const own = `F.avg_pool${axes}d(${x}, ${tuple(kernel)}, ${tuple(strides)}, ${padding}, ceil_mode=True, count_include_pad=${includes ? 'True' : 'False'})`;
  const sum = windowSum(item, 'x[0]');
  const counts = includes ? `${size}` : windowSum(item, 'torch.ones_like(x[0])');
  return {
    op: 'AveragePool',
    name: item.name,
    inputs: [random(item.x)],
    attributes: item.attributes,
    differentiate: [0],
    torch: ceils(item) ? own : `${sum} / ${counts}`,
  };
}

/** Values away from zero, where |x| has a corner. */
const awayFromZero = (shape: readonly number[]) => {
  const size = shape.reduce((product, dim) => product * dim, 1);
  return given(
    shape,
    Array.from({ length: size }, (_, i) => (i % 3 === 0 ? -1 : 1) * (0.5 + ((i * 37) % 64) / 64)),
  );
};

function norm(item: Pooling): OperatorCase {
  const { axes, kernel, strides } = settings(item);
  const p = Number(item.attributes['p'] ?? 2);
  const size = kernel.reduce((product, extent) => product * extent, 1);
  const sum = ceils(item)
    ? `F.avg_pool${axes}d(x[0].abs() ** ${p}, ${tuple(kernel)}, ${tuple(strides)}, ceil_mode=True${axes > 1 ? ', divisor_override=1' : ''})${axes > 1 ? '' : ` * ${size}`}`
    : windowSum(item, `x[0].abs() ** ${p}`);
  return {
    op: 'LpPool',
    name: item.name,
    inputs: [awayFromZero(item.x)],
    attributes: item.attributes,
    differentiate: [0],
    torch: `(${sum}) ** (1 / ${p})`,
  };
}

const spatial = (rank: number): string => tuple(Array.from({ length: rank - 2 }, (_, i) => i + 2));

function whole(op: 'GlobalAveragePool' | 'GlobalMaxPool', x: readonly number[]): OperatorCase {
  const axes = spatial(x.length);
  return {
    op,
    name: `${x.length - 2}-D`,
    inputs: [distinct(x)],
    differentiate: [0],
    torch: op === 'GlobalMaxPool' ? `x[0].amax(${axes}, keepdim=True)` : `x[0].mean(${axes}, keepdim=True)`,
  };
}

function wholeNorm(x: readonly number[], p: number): OperatorCase {
  return {
    op: 'GlobalLpPool',
    name: `${x.length - 2}-D p ${p}`,
    inputs: [awayFromZero(x)],
    attributes: { p },
    differentiate: [0],
    torch: `(x[0].abs() ** ${p}).sum(${spatial(x.length)}, keepdim=True) ** (1 / ${p})`,
  };
}

const internal = { domain: 'hounsfield' } as const;
const image = [2, 3, 4, 5];

/** The composites of channels: [N, C, *] and [C]. */
const composites: readonly OperatorCase[] = [
  {
    ...internal,
    op: 'MaxPoolGradient',
    inputs: [random([1, 2, 2, 3]), distinct([1, 2, 4, 5])],
    attributes: { kernel_shape: [3, 2], strides: [2, 2], pads: [1, 0, 0, 1] },
    torch:
      "torch.autograd.grad(F.max_pool2d(F.pad(x[1].requires_grad_(), (0, 1, 1, 0), value=float('-inf')), (3, 2), (2, 2)), x[1], x[0])[0]",
  },
  {
    ...internal,
    op: 'ReluGradient',
    inputs: [random(image), random(image)],
    differentiate: [0],
    torch: 'x[0] * (x[1] > 0)',
  },
  {
    ...internal,
    op: 'ChannelSum',
    inputs: [random(image)],
    differentiate: [0],
    torch: 'x[0].sum((0, 2, 3))',
  },
  {
    ...internal,
    op: 'ChannelSum',
    name: 'without space',
    inputs: [random([4, 3])],
    differentiate: [0],
    torch: 'x[0].sum(0)',
  },
  {
    ...internal,
    op: 'ChannelDot',
    inputs: [random(image), random(image)],
    differentiate: [0, 1],
    torch: '(x[0] * x[1]).sum((0, 2, 3))',
  },
  {
    ...internal,
    op: 'ChannelAffine',
    inputs: [random(image), random([3]), random([3])],
    differentiate: [0, 1, 2],
    torch: 'x[0] * x[1].reshape(3, 1, 1) + x[2].reshape(3, 1, 1)',
  },
  {
    ...internal,
    op: 'ChannelAffine',
    name: 'with addend and relu',
    inputs: [
      distinct([1, 2, 3], -2, 2),
      given([2], [1, 0.5]),
      given([2], [0.125, -0.25]),
      distinct([1, 2, 3], -2, 2),
    ],
    attributes: { relu: 1 },
    differentiate: [0, 1, 2, 3],
    torch: 'torch.relu(x[0] * x[1].reshape(2, 1) + x[2].reshape(2, 1) + x[3])',
  },
];

export const poolingCases: readonly OperatorCase[] = [
  largest({ name: '1-D', x: [2, 2, 7], attributes: { kernel_shape: [3], strides: [2] } }),
  largest({
    name: '1-D ceil_mode, padded',
    x: [1, 2, 8],
    attributes: { kernel_shape: [3], strides: [3], pads: [1, 1], ceil_mode: 1 },
  }),
  largest({ name: '2-D', x: [2, 2, 4, 6], attributes: { kernel_shape: [2, 2], strides: [2, 2] } }),
  largest({
    name: '2-D 3x3 stride 2 padded',
    x: [2, 2, 7, 6],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
  }),
  largest(
    {
      name: '2-D with Indices',
      x: [2, 2, 5, 6],
      attributes: { kernel_shape: [3, 2], strides: [2, 2], pads: [1, 0, 1, 0] },
    },
    2,
  ),
  largest({
    name: '2-D storage_order 1',
    x: [1, 2, 5, 4],
    attributes: { kernel_shape: [2, 2], storage_order: 1 },
  }),
  largest({
    name: '2-D asymmetric pads',
    x: [1, 2, 5, 5],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 0, 0, 2] },
  }),
  largest({
    name: '2-D overlapping, dilated',
    x: [1, 2, 6, 7],
    attributes: { kernel_shape: [3, 2], dilations: [2, 3] },
  }),
  largest({
    name: '2-D ceil_mode',
    x: [1, 2, 6, 5],
    attributes: { kernel_shape: [3, 2], strides: [2, 2], ceil_mode: 1 },
  }),
  largest({
    name: '2-D SAME_UPPER',
    x: [1, 2, 5, 6],
    attributes: { kernel_shape: [2, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' },
    resolved: [0, 0, 1, 1],
  }),
  largest({
    name: '2-D SAME_LOWER',
    x: [1, 2, 5, 6],
    attributes: { kernel_shape: [2, 3], strides: [2, 2], auto_pad: 'SAME_LOWER' },
    resolved: [1, 1, 0, 0],
  }),
  largest({
    name: '2-D SAME_UPPER dilated',
    x: [1, 1, 5, 6],
    attributes: { kernel_shape: [3, 2], dilations: [2, 1], auto_pad: 'SAME_UPPER' },
    resolved: [2, 0, 2, 1],
  }),
  largest({
    name: '2-D VALID',
    x: [1, 1, 5, 5],
    attributes: { kernel_shape: [2, 2], strides: [2, 2], auto_pad: 'VALID' },
  }),
  largest({
    name: '3-D',
    x: [1, 2, 4, 3, 5],
    attributes: { kernel_shape: [2, 2, 3], strides: [2, 1, 2], pads: [0, 1, 1, 0, 1, 1] },
  }),
  average({ name: '1-D', x: [2, 2, 7], attributes: { kernel_shape: [3], strides: [2] } }),
  average({ name: '2-D tiles', x: [2, 2, 4, 6], attributes: { kernel_shape: [2, 3], strides: [2, 3] } }),
  average({
    name: '2-D rest',
    x: [1, 2, 5, 5],
    attributes: { kernel_shape: [2, 2], strides: [2, 2] },
  }),
  average({
    name: '2-D padding not counted',
    x: [1, 2, 5, 4],
    attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1] },
  }),
  average({
    name: '2-D padding counted, asymmetric',
    x: [1, 2, 5, 4],
    attributes: { kernel_shape: [3, 3], strides: [2, 1], pads: [1, 0, 2, 1], count_include_pad: 1 },
  }),
  average({
    name: '2-D asymmetric, not counted',
    x: [1, 2, 5, 4],
    attributes: { kernel_shape: [3, 3], strides: [2, 1], pads: [1, 0, 2, 1] },
  }),
  average({
    name: '2-D dilated',
    x: [1, 2, 6, 7],
    attributes: { kernel_shape: [2, 3], dilations: [3, 2], pads: [1, 1, 1, 1] },
  }),
  average({
    name: '2-D ceil_mode',
    x: [1, 2, 6, 6],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ceil_mode: 1 },
  }),
  average({
    name: '2-D ceil_mode, padding counted',
    x: [1, 2, 6, 6],
    attributes: {
      kernel_shape: [3, 3],
      strides: [2, 2],
      pads: [1, 1, 1, 1],
      ceil_mode: 1,
      count_include_pad: 1,
    },
  }),
  average({
    name: '2-D SAME_UPPER',
    x: [1, 2, 5, 6],
    attributes: { kernel_shape: [2, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' },
    resolved: [0, 0, 1, 1],
  }),
  average({
    name: '3-D',
    x: [1, 2, 4, 3, 4],
    attributes: { kernel_shape: [2, 2, 3], strides: [2, 1, 1], pads: [0, 1, 1, 0, 1, 1] },
  }),
  norm({ name: '1-D', x: [2, 2, 7], attributes: { kernel_shape: [3], strides: [2] } }),
  norm({ name: '2-D p 1', x: [1, 2, 5, 4], attributes: { kernel_shape: [2, 2], p: 1 } }),
  norm({
    name: '2-D p 3 padded',
    x: [1, 2, 5, 4],
    attributes: { kernel_shape: [3, 2], p: 3, strides: [2, 1], pads: [1, 0, 0, 1] },
  }),
  norm({
    name: '2-D ceil_mode',
    x: [1, 2, 6, 5],
    attributes: { kernel_shape: [3, 2], strides: [2, 2], ceil_mode: 1 },
  }),
  norm({ name: '2-D dilated', x: [1, 2, 6, 5], attributes: { kernel_shape: [2, 2], dilations: [2, 3] } }),
  norm({
    name: '3-D',
    x: [1, 2, 3, 4, 3],
    attributes: { kernel_shape: [2, 2, 2], strides: [1, 2, 1], pads: [0, 0, 1, 0, 0, 0] },
  }),
  ...([[2, 2, 5], image, [1, 2, 3, 2, 4]] as const).flatMap((x) => [
    whole('GlobalAveragePool', x),
    whole('GlobalMaxPool', x),
    wholeNorm(x, x.length - 2),
  ]),
  {
    op: 'MaxUnpool',
    inputs: [random([1, 1, 2, 2]), given([1, 1, 2, 2], [5, 7, 13, 15], 'int64')],
    attributes: { kernel_shape: [2, 2], strides: [2, 2] },
    torch: 'F.max_unpool2d(x[0], x[1], (2, 2), (2, 2))',
  },
  {
    op: 'RoiAlign',
    inputs: [random([1, 2, 6, 6]), given([2, 4], [0, 0, 4, 4, 1, 1, 5, 3]), given([2], [0, 0], 'int64')],
    attributes: { output_height: 2, output_width: 3, sampling_ratio: 2 },
  },
  {
    op: 'MaxRoiPool',
    inputs: [random([1, 2, 6, 6]), given([2, 5], [0, 0, 0, 4, 4, 0, 1, 1, 5, 3])],
    attributes: { pooled_shape: [2, 2] },
  },
  ...composites,
];
