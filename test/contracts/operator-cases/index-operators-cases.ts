import { constant, given, type OperatorCase, random } from './operator-case.ts';

const places = (shape: readonly number[], ...values: readonly number[]) => given(shape, values, 'int64');

const reads: readonly OperatorCase[] = [
  {
    op: 'Gather',
    inputs: [random([4, 3]), places([2, 2], 0, 2, 2, -1)],
    differentiate: [0],
    torch: 'x[0][x[1]]',
  },
  {
    op: 'Gather',
    name: 'axis 1',
    inputs: [random([2, 4, 3]), places([3], 1, 1, -4)],
    attributes: { axis: 1 },
    differentiate: [0],
    torch: 'x[0][:, x[1]]',
  },
  {
    op: 'Gather',
    name: 'scalar index, last axis',
    inputs: [random([2, 4]), constant(places([], 3))],
    attributes: { axis: -1 },
    differentiate: [0],
    torch: 'x[0][:, 3]',
  },
  {
    op: 'GatherElements',
    inputs: [random([3, 3]), places([2, 3], 1, 2, 0, 2, 0, -3)],
    differentiate: [0],
    torch: 'torch.gather(x[0], 0, x[1] % 3)',
  },
  {
    op: 'GatherElements',
    name: 'axis 1',
    inputs: [random([2, 3]), places([2, 2], 1, 1, 2, -1)],
    attributes: { axis: 1 },
    differentiate: [0],
    torch: 'torch.gather(x[0], 1, x[1] % 3)',
  },
  {
    op: 'GatherND',
    inputs: [random([3, 4, 2]), places([3, 2], 0, 1, 2, -1, 0, 1)],
    differentiate: [0],
    torch: 'x[0][x[1][:, 0], x[1][:, 1]]',
  },
  {
    op: 'GatherND',
    name: 'whole tuples',
    inputs: [random([3, 4]), places([2, 2, 2], 0, 1, 2, 3, 0, 0, 1, -2)],
    differentiate: [0],
    torch: 'x[0][x[1][..., 0], x[1][..., 1]]',
  },
  {
    op: 'GatherND',
    name: 'batch_dims 1',
    inputs: [random([2, 3, 2]), places([2, 2, 1], 2, 0, 1, 1)],
    attributes: { batch_dims: 1 },
    differentiate: [0],
    torch: 'torch.stack([x[0][b][x[1][b, :, 0]] for b in range(2)])',
  },
];

const linear = [0, 2];
const writes: readonly OperatorCase[] = [
  {
    op: 'ScatterElements',
    inputs: [random([3, 3]), places([2, 3], 1, 0, 2, 0, 2, -2), random([2, 3])],
    differentiate: linear,
    torch: 'torch.scatter(x[0], 0, x[1] % 3, x[2])',
  },
  {
    op: 'ScatterElements',
    name: 'add',
    inputs: [random([2, 4]), places([2, 3], 1, 1, 2, 0, 3, 0), random([2, 3])],
    attributes: { axis: 1, reduction: 'add' },
    differentiate: linear,
    torch: 'torch.scatter_add(x[0], 1, x[1], x[2])',
  },
  ...['mul', 'max', 'min'].map(
    (reduction): OperatorCase => ({
      op: 'ScatterElements',
      name: reduction,
      inputs: [random([2, 4]), places([2, 3], 1, 1, 2, 0, 3, 0), random([2, 3])],
      attributes: { axis: 1, reduction },
      torch: `torch.scatter_reduce(x[0], 1, x[1], x[2], '${{ mul: 'prod', max: 'amax', min: 'amin' }[reduction]}')`,
    }),
  ),
  {
    op: 'ScatterND',
    inputs: [random([4, 2]), places([2, 1], 3, -4), random([2, 2])],
    differentiate: linear,
    torch: 'torch.index_put(x[0], (x[1][:, 0],), x[2])',
  },
  {
    op: 'ScatterND',
    name: 'add',
    inputs: [random([3, 2]), places([3, 2], 0, 1, 2, 0, 0, 1), random([3])],
    attributes: { reduction: 'add' },
    differentiate: linear,
    torch: 'torch.index_put(x[0], (x[1][:, 0], x[1][:, 1]), x[2], accumulate=True)',
  },
];

const others: readonly OperatorCase[] = [
  { op: 'Trilu', inputs: [random([2, 3, 4])], differentiate: [0], torch: 'torch.triu(x[0])' },
  {
    op: 'Trilu',
    name: 'lower, shifted',
    inputs: [random([3, 4]), constant(places([], -1))],
    attributes: { upper: 0 },
    differentiate: [0],
    torch: 'torch.tril(x[0], -1)',
  },
  {
    op: 'ReverseSequence',
    inputs: [random([4, 2]), places([2], 3, 2)],
    differentiate: [0],
    torch: 'torch.stack([torch.cat([x[0][:n, b].flip(0), x[0][n:, b]]) for b, n in enumerate([3, 2])], 1)',
  },
  {
    op: 'ReverseSequence',
    name: 'batch first',
    inputs: [random([2, 4]), places([2], 1, 4)],
    attributes: { batch_axis: 0, time_axis: 1 },
    differentiate: [0],
    torch: 'torch.stack([torch.cat([x[0][b, :n].flip(0), x[0][b, n:]]) for b, n in enumerate([1, 4])], 0)',
  },
  {
    op: 'Compress',
    inputs: [random([3, 2]), given([3], [1, 0, 1], 'bool')],
    attributes: { axis: 0 },
    dynamicShape: 'the condition says how many are kept',
    torch: 'x[0][[0, 2]]',
  },
  {
    op: 'Compress',
    name: 'flat',
    inputs: [random([3, 2]), given([4], [0, 1, 1, 0], 'bool')],
    dynamicShape: 'the condition says how many are kept',
    torch: 'x[0].reshape(-1)[[1, 2]]',
  },
  {
    op: 'Unique',
    inputs: [given([5], [3, 1, 3, 2, 1])],
    outputs: 4,
    dynamicShape: 'the values say how many are distinct',
    torch: '(torch.unique(x[0]), None, *torch.unique(x[0], return_inverse=True, return_counts=True)[1:])',
  },
];

export const indexOperatorsCases: readonly OperatorCase[] = [...reads, ...writes, ...others];
