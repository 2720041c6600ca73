import { float, int } from '../../../src/engine/graph/attributes.ts';
import { tensorOf } from '../../../src/engine/tensor/tensor.ts';
import { constant, given, ints, type OperatorCase, random } from './operator-case.ts';

const cast = (name: string, to: number, torch: string, differentiate?: readonly number[]): OperatorCase => ({
  op: 'Cast',
  name,
  inputs: [given([4], [-1.5, 0, 0.75, 2.5])],
  attributes: { to },
  ...(differentiate ? { differentiate, noDifferences: 'the output has another precision' } : {}),
  torch,
});

export const castConstantCases: readonly OperatorCase[] = [
  { op: 'Identity', inputs: [random([2, 3])], differentiate: [0], torch: 'x[0]' },
  cast('to float64', 11, 'x[0].double()', [0]),
  cast('to float16', 10, 'x[0]'),
  cast('to int64', 7, 'x[0].long()'),
  cast('to bool', 9, 'x[0].bool()'),
  cast('to float32', 1, 'x[0]', [0]),
  {
    op: 'CastLike',
    inputs: [random([2, 3]), given([1], [0])],
    differentiate: [0],
    torch: 'x[0]',
  },
  { op: 'Shape', inputs: [random([2, 3, 4])], torch: 'torch.tensor([2, 3, 4])' },
  {
    op: 'Shape',
    name: 'from 1 to -1',
    inputs: [random([2, 3, 4, 5])],
    attributes: { start: 1, end: -1 },
    torch: 'torch.tensor([3, 4])',
  },
  { op: 'Size', inputs: [random([2, 3, 4])], torch: 'torch.tensor(24)' },
  {
    op: 'Constant',
    name: 'of a tensor',
    inputs: [],
    attributes: { value: tensorOf('float32', [2, 1], [1, 2.5]) },
    torch: 'torch.tensor([[1], [2.5]])',
  },
  {
    op: 'Constant',
    name: 'of a float',
    inputs: [],
    attributes: { value_float: float(2) },
    torch: 'torch.tensor(2.0)',
  },
  {
    op: 'Constant',
    name: 'of floats',
    inputs: [],
    attributes: { value_floats: [1, 2.5] },
    torch: 'torch.tensor([1, 2.5])',
  },
  {
    op: 'Constant',
    name: 'of an int',
    inputs: [],
    attributes: { value_int: int(3) },
    torch: 'torch.tensor(3)',
  },
  {
    op: 'Constant',
    name: 'of ints',
    inputs: [],
    attributes: { value_ints: [3, 4] },
    torch: 'torch.tensor([3, 4])',
  },
  {
    op: 'ConstantOfShape',
    inputs: [ints(2, 3)],
    attributes: { value: tensorOf('int64', [1], [7]) },
    torch: 'torch.full((2, 3), 7)',
  },
  { op: 'ConstantOfShape', name: 'of zeros', inputs: [ints(2, 3)], torch: 'torch.zeros(2, 3)' },
  {
    op: 'Range',
    inputs: [2, 11, 3].map((value) => constant(given([], [value], 'int64'))),
    torch: 'torch.arange(2, 11, 3)',
  },
  {
    op: 'Range',
    name: 'downwards by halves',
    inputs: [1, -1, -0.5].map((value) => constant(given([], [value]))),
    torch: 'torch.arange(1, -1, -0.5)',
  },
  {
    op: 'EyeLike',
    inputs: [random([2, 3])],
    attributes: { k: 1 },
    torch: 'torch.tensor([[0.0, 1, 0], [0, 0, 1]])',
  },
  {
    op: 'OneHot',
    inputs: [given([2, 2], [0, 2, 1, 0], 'int64'), ints(3), given([2], [-1, 4])],
    attributes: { axis: 1 },
    torch: '(F.one_hot(x[0], 3) * 5.0 - 1).permute(0, 2, 1)',
  },
  {
    op: 'NonZero',
    inputs: [given([2, 2], [1, 0, 2, 3])],
    torch: 'x[0].nonzero().T',
    dynamicShape: 'it depends on the values',
  },
];
