import { constant, given, ints, type OperatorCase, random } from './operator-case.ts';

const x23 = random([2, 3]);
const x234 = random([2, 3, 4]);
const END = 2 ** 62;

const reshapes: readonly OperatorCase[] = [
  { op: 'Reshape', inputs: [x234, ints(6, 4)], differentiate: [0], torch: 'x[0].reshape(6, 4)' },
  {
    op: 'Reshape',
    name: 'zero and minus one',
    inputs: [x234, ints(0, -1)],
    differentiate: [0],
    torch: 'x[0].reshape(2, -1)',
  },
  {
    op: 'Reshape',
    name: 'to a scalar',
    inputs: [random([1, 1]), ints()],
    differentiate: [0],
    torch: 'x[0].reshape(())',
  },
  {
    op: 'Reshape',
    name: 'allowzero',
    inputs: [random([0, 3]), ints(3, 0)],
    attributes: { allowzero: 1 },
    torch: 'x[0].reshape(3, 0)',
  },
  { op: 'Flatten', inputs: [x234], differentiate: [0], torch: 'x[0].reshape(2, 12)' },
  {
    op: 'Flatten',
    name: 'axis 0',
    inputs: [x234],
    attributes: { axis: 0 },
    differentiate: [0],
    torch: 'x[0].reshape(1, 24)',
  },
  {
    op: 'Flatten',
    name: 'axis rank',
    inputs: [x234],
    attributes: { axis: 3 },
    differentiate: [0],
    torch: 'x[0].reshape(24, 1)',
  },
  {
    op: 'Flatten',
    name: 'negative axis',
    inputs: [x234],
    attributes: { axis: -1 },
    differentiate: [0],
    torch: 'x[0].reshape(6, 4)',
  },
  {
    op: 'Squeeze',
    inputs: [random([1, 3, 1, 2]), ints(0, -2)],
    differentiate: [0],
    torch: 'x[0].reshape(3, 2)',
  },
  { op: 'Squeeze', name: 'all', inputs: [random([1, 3, 1, 2])], differentiate: [0], torch: 'x[0].squeeze()' },
  { op: 'Unsqueeze', inputs: [x23, ints(0, -1)], differentiate: [0], torch: 'x[0].reshape(1, 2, 3, 1)' },
  { op: 'Transpose', inputs: [x234], differentiate: [0], torch: 'x[0].permute(2, 1, 0)' },
  {
    op: 'Transpose',
    name: 'perm',
    inputs: [x234],
    attributes: { perm: [1, 2, 0] },
    differentiate: [0],
    torch: 'x[0].permute(1, 2, 0)',
  },
];

const repeats: readonly OperatorCase[] = [
  {
    op: 'Expand',
    inputs: [random([3, 1]), ints(2, 3, 4)],
    differentiate: [0],
    torch: 'x[0].expand(2, 3, 4)',
  },
  { op: 'Expand', name: 'smaller target', inputs: [x23, ints(1)], differentiate: [0], torch: 'x[0] * 1' },
  { op: 'Tile', inputs: [x23, ints(2, 3)], differentiate: [0], torch: 'x[0].tile(2, 3)' },
  { op: 'Tile', name: 'once', inputs: [x23, ints(1, 1)], differentiate: [0], torch: 'x[0] * 1' },
];

const joins: readonly OperatorCase[] = [
  {
    op: 'Concat',
    inputs: [x23, random([2, 1]), random([2, 2])],
    attributes: { axis: 1 },
    differentiate: [0, 1, 2],
    torch: 'torch.cat(x, 1)',
  },
  {
    op: 'Concat',
    name: 'some, negative axis',
    inputs: [x234, random([2, 1, 4]), x234],
    attributes: { axis: -2 },
    differentiate: [0, 2],
    torch: 'torch.cat(x, -2)',
  },
  {
    op: 'Concat',
    name: 'one',
    inputs: [x23],
    attributes: { axis: 0 },
    differentiate: [0],
    torch: 'x[0] * 1',
  },
  {
    op: 'Split',
    inputs: [random([5, 2]), ints(2, 3)],
    outputs: 2,
    differentiate: [0],
    torch: 'x[0].split([2, 3])',
  },
  {
    op: 'Split',
    name: 'uneven',
    inputs: [random([2, 7])],
    attributes: { axis: 1, num_outputs: 3 },
    outputs: 3,
    differentiate: [0],
    torch: 'x[0].split([3, 3, 1], 1)',
  },
  {
    op: 'Split',
    name: 'one used',
    inputs: [random([2, 6])],
    attributes: { axis: -1, num_outputs: 3 },
    outputs: 3,
    lossOutputs: [1],
    differentiate: [0],
    torch: 'x[0].split(2, 1)',
  },
];

const slices: readonly OperatorCase[] = [
  {
    op: 'Slice',
    inputs: [x234, ints(0, 1), ints(1, 3), ints(1, 2)],
    differentiate: [0],
    torch: 'x[0][:, 0:1, 1:3]',
  },
  {
    op: 'Slice',
    name: 'no axes',
    inputs: [x234, ints(1, -2), ints(END, END)],
    differentiate: [0],
    torch: 'x[0][1:, -2:]',
  },
  {
    op: 'Slice',
    name: 'steps',
    inputs: [random([7, 5]), ints(1, 0), ints(END, END), ints(0, -1), ints(2, 3)],
    differentiate: [0],
    torch: 'x[0][1::2, ::3]',
  },
  {
    op: 'Slice',
    name: 'negative steps',
    inputs: [random([7, 5]), ints(-1, 3), ints(-END, 0), ints(0, 1), ints(-3, -1)],
    differentiate: [0],
    torch: 'x[0].flip(0)[::3][:, 1:4].flip(1)',
  },
  {
    op: 'Slice',
    name: 'out of bounds',
    inputs: [random([4]), ints(-100), ints(100)],
    differentiate: [0],
    torch: 'x[0] * 1',
  },
  { op: 'Slice', name: 'empty', inputs: [random([4]), ints(3), ints(1)], torch: 'x[0][3:3]' },
];

const padOf = (mode: string) => ({ mode });
const pads: readonly OperatorCase[] = [
  { op: 'Pad', inputs: [x23, ints(1, 0, 0, 2)], differentiate: [0], torch: 'F.pad(x[0], (0, 2, 1, 0))' },
  {
    op: 'Pad',
    name: 'constant value',
    inputs: [x23, ints(1, 0, 0, 2), random([])],
    differentiate: [0, 2],
    torch: 'torch.cat([x[2].expand(1, 5), torch.cat([x[0], x[2].expand(2, 2)], 1)], 0)',
  },
  {
    op: 'Pad',
    name: 'axes',
    inputs: [x234, ints(1, 2, 0, 1), null, ints(-1, 0)],
    differentiate: [0],
    torch: 'F.pad(x[0], (1, 0, 0, 0, 2, 1))',
  },
  {
    op: 'Pad',
    name: 'negative',
    inputs: [random([4, 5]), ints(-1, 2, 0, -2)],
    differentiate: [0],
    torch: 'F.pad(x[0], (2, -2, -1, 0))',
  },
  {
    op: 'Pad',
    name: 'reflect',
    inputs: [random([1, 2, 4, 5]), ints(0, 0, 2, 3, 0, 0, 1, 4)],
    attributes: padOf('reflect'),
    differentiate: [0],
    torch: "F.pad(x[0], (3, 4, 2, 1), mode='reflect')",
  },
  {
    op: 'Pad',
    name: 'edge',
    inputs: [random([1, 2, 3, 2]), ints(0, 0, 2, 1, 0, 0, 0, 3)],
    attributes: padOf('edge'),
    differentiate: [0],
    torch: "F.pad(x[0], (1, 3, 2, 0), mode='replicate')",
  },
  {
    op: 'Pad',
    name: 'wrap',
    inputs: [random([1, 2, 4, 3]), ints(0, 0, 2, 1, 0, 0, 1, 2)],
    attributes: padOf('wrap'),
    differentiate: [0],
    torch: "F.pad(x[0], (1, 2, 2, 1), mode='circular')",
  },
];

const blocks: readonly OperatorCase[] = [
  {
    op: 'DepthToSpace',
    inputs: [random([1, 8, 2, 3])],
    attributes: { blocksize: 2 },
    differentiate: [0],
    torch: 'x[0].reshape(1, 2, 2, 2, 2, 3).permute(0, 3, 4, 1, 5, 2).reshape(1, 2, 4, 6)',
  },
  {
    op: 'DepthToSpace',
    name: 'CRD',
    inputs: [random([1, 8, 2, 3])],
    attributes: { blocksize: 2, mode: 'CRD' },
    differentiate: [0],
    torch: 'F.pixel_shuffle(x[0], 2)',
  },
  {
    op: 'SpaceToDepth',
    inputs: [random([1, 2, 4, 6])],
    attributes: { blocksize: 2 },
    differentiate: [0],
    torch: 'x[0].reshape(1, 2, 2, 2, 3, 2).permute(0, 3, 5, 1, 2, 4).reshape(1, 8, 2, 3)',
  },
];

const typed: readonly OperatorCase[] = [
  {
    op: 'Concat',
    name: 'int64',
    inputs: [given([2], [1, 2], 'int64'), constant(given([1], [3], 'int64'))],
    attributes: { axis: 0 },
    torch: 'torch.cat(x, 0)',
  },
];

export const shapeOperatorsCases: readonly OperatorCase[] = [
  ...reshapes,
  ...repeats,
  ...joins,
  ...slices,
  ...pads,
  ...blocks,
  ...typed,
];
