import {
  type CaseInput,
  constant,
  distinct,
  given,
  ints,
  type OperatorCase,
  random,
} from './operator-case.ts';

/** [name, axes, keepdims, what Python calls the axes] */
const ways = [
  ['over the last axis', [2], 1, '2'],
  ['over two axes, dropped', [0, 2], 0, '(0, 2)'],
  ['over a negative axis, dropped', [-2], 0, '-2'],
  ['over all axes', undefined, 1, '(0, 1, 2)'],
  ['to a scalar', undefined, 0, '(0, 1, 2)'],
] as const;

/** Every way of reducing; `torch` has AXES and KEEP in it. */
const reduction = (op: string, torch: string, input: (shape: number[]) => CaseInput): OperatorCase[] =>
  ways.map(([name, axes, keepdims, python]) => ({
    op,
    name,
    inputs: axes ? [input([2, 3, 4]), ints(...axes)] : [input([2, 3, 4])],
    attributes: { keepdims },
    differentiate: [0],
    torch: torch.replaceAll('AXES', python).replaceAll('KEEP', keepdims ? 'True' : 'False'),
  }));

const any = (shape: number[]): CaseInput => random(shape);
const positive = (shape: number[]): CaseInput => random(shape, 0.2, 2);
const apart = (shape: number[]): CaseInput => distinct(shape);

/** noop_with_empty_axes: without axes every element is reduced by itself. */
const noop = (op: string, torch = 'x[0]'): OperatorCase => ({
  op,
  name: 'of nothing',
  inputs: [random([2, 3], 0.2, 2), constant(given([0], [], 'int64'))],
  attributes: { noop_with_empty_axes: 1 },
  differentiate: [0],
  torch,
});

/** Products with no, one, two and three zeros in a row. */
const zeros = given([4, 3], [2, 3, 4, 0, 3, 4, 0, 3, 0, 0, 0, 0]);

const cumulative = (
  name: string,
  attributes: Record<string, number>,
  axis: number,
  torch: string,
): OperatorCase => ({
  op: 'CumSum',
  name,
  inputs: [random([2, 3, 4]), constant(given([], [axis], 'int64'))],
  attributes,
  differentiate: [0],
  torch,
});

export const reductionsCases: readonly OperatorCase[] = [
  ...reduction('ReduceSum', 'x[0].sum(AXES, keepdim=KEEP)', any),
  ...reduction('ReduceMean', 'x[0].mean(AXES, keepdim=KEEP)', any),
  ...reduction('ReduceMax', 'x[0].amax(AXES, keepdim=KEEP)', apart),
  ...reduction('ReduceMin', 'x[0].amin(AXES, keepdim=KEEP)', apart),
  ...reduction('ReduceL1', 'x[0].abs().sum(AXES, keepdim=KEEP)', apart),
  ...reduction('ReduceL2', '(x[0] ** 2).sum(AXES, keepdim=KEEP).sqrt()', any),
  ...reduction('ReduceLogSum', 'x[0].sum(AXES, keepdim=KEEP).log()', positive),
  ...reduction('ReduceLogSumExp', 'x[0].logsumexp(AXES, keepdim=KEEP)', any),
  ...reduction('ReduceSumSquare', '(x[0] ** 2).sum(AXES, keepdim=KEEP)', any),
  ...reduction('ReduceProd', 'x[0].log().sum(AXES, keepdim=KEEP).exp()', positive),
  {
    op: 'ReduceProd',
    name: 'with zeros',
    inputs: [zeros, ints(1)],
    attributes: { keepdims: 0 },
    differentiate: [0],
    torch: 'x[0].prod(1)',
  },
  {
    op: 'ReduceMax',
    name: 'with ties',
    inputs: [given([2, 4], [1, 3, 3, 2, 5, 5, 5, 5]), ints(1)],
    differentiate: [0],
    torch: 'x[0].amax(1, keepdim=True)',
    noDifferences: 'it has a kink where elements are equal',
  },
  {
    op: 'ReduceL2',
    name: 'of zeros',
    inputs: [given([2, 2], [0, 0, 3, 4]), ints(1)],
    differentiate: [0],
    torch: 'torch.linalg.vector_norm(x[0], dim=1, keepdim=True)',
    noDifferences: 'it has a kink at zero',
  },
  {
    op: 'ReduceLogSumExp',
    name: 'of large inputs',
    inputs: [random([2, 3], -200, 200), ints(1)],
    differentiate: [0],
    torch: 'x[0].logsumexp(1, keepdim=True)',
    noDifferences: 'float32 has too few digits of these sizes',
  },
  noop('ReduceSum'),
  noop('ReduceMean'),
  noop('ReduceMax'),
  noop('ReduceProd'),
  noop('ReduceL1', 'x[0].abs()'),
  noop('ReduceL2', 'x[0].abs()'),
  noop('ReduceLogSum', 'x[0].log()'),
  noop('ReduceLogSumExp'),
  noop('ReduceSumSquare', 'x[0] ** 2'),
  ...(['ArgMax', 'ArgMin'] as const).flatMap((op): OperatorCase[] => [
    {
      op,
      inputs: [distinct([2, 3, 4])],
      attributes: { axis: 1 },
      torch: `x[0].${op.toLowerCase()}(1, keepdim=True)`,
    },
    {
      op,
      name: 'dropped, negative axis',
      inputs: [distinct([2, 3, 4])],
      attributes: { axis: -1, keepdims: 0 },
      torch: `x[0].${op.toLowerCase()}(-1)`,
    },
  ]),
  {
    op: 'TopK',
    inputs: [distinct([2, 5]), ints(3)],
    outputs: 2,
    differentiate: [0],
    torch: 'torch.topk(x[0], 3)',
  },
  {
    op: 'TopK',
    name: 'smallest, first axis',
    inputs: [distinct([4, 3]), ints(2)],
    attributes: { axis: 0, largest: 0 },
    outputs: 2,
    differentiate: [0],
    torch: 'torch.topk(x[0], 2, dim=0, largest=False)',
  },
  cumulative('along the middle', {}, 1, 'x[0].cumsum(1)'),
  cumulative('exclusive', { exclusive: 1 }, -1, 'x[0].cumsum(-1) - x[0]'),
  cumulative('reverse', { reverse: 1 }, 0, 'x[0].flip(0).cumsum(0).flip(0)'),
  cumulative(
    'exclusive and reverse',
    { exclusive: 1, reverse: 1 },
    2,
    'x[0].flip(2).cumsum(2).flip(2) - x[0]',
  ),
];
