import { type CaseInput, distinct, given, type OperatorCase, random } from './operator-case.ts';

const unary = (op: string, torch: string, input: CaseInput = random([2, 3])): OperatorCase => ({
  op,
  inputs: [input],
  differentiate: [0],
  torch,
});

/** [name, shape of a, shape of b] */
const broadcasts = [
  ['of equal shapes', [2, 3], [2, 3]],
  ['broadcasting both ways', [2, 1, 3], [4, 1]],
  ['with a scalar', [2, 3], []],
  ['with a row on the left', [3], [2, 2, 3]],
  ['with ones', [1, 1], [2, 3]],
] as const;

const arithmetic = (op: string, symbol: string, low: number): OperatorCase[] =>
  broadcasts.map(([name, a, b]) => ({
    op,
    name,
    inputs: [random(a), random(b, low)],
    differentiate: [0, 1],
    torch: `x[0] ${symbol} x[1]`,
  }));

const comparison = (op: string, torch: string, b: CaseInput = given([3], [-1, 0, 1])): OperatorCase => ({
  op,
  inputs: [given([2, 3], [-1, 0, 0.5, 1, -2, 1]), b],
  torch,
});

const bools = (...values: number[]): CaseInput => given([values.length], values, 'bool');

export const elementwiseCases: readonly OperatorCase[] = [
  ...arithmetic('Add', '+', -2),
  ...arithmetic('Sub', '-', -2),
  ...arithmetic('Mul', '*', -2),
  ...arithmetic('Div', '/', 0.5),
  {
    op: 'Pow',
    name: 'both differentiated',
    inputs: [random([2, 3], 0.2, 2), random([3])],
    differentiate: [0, 1],
    torch: 'x[0] ** x[1]',
  },
  {
    op: 'Pow',
    name: 'squared by a constant',
    inputs: [random([2, 3]), { ...given([], [2]), constant: true }],
    differentiate: [0],
    torch: 'x[0] ** 2',
  },
  {
    op: 'Pow',
    name: 'integer exponents, zero among them',
    inputs: [random([2, 4]), given([4], [0, 1, 2, 3], 'int64')],
    differentiate: [0],
    torch: 'x[0] ** x[1]',
  },
  {
    op: 'Pow',
    name: 'base zero',
    inputs: [given([4], [0, 0, 0, 2]), given([4], [0, 1, 2, 0])],
    differentiate: [0, 1],
    torch: 'x[0] ** x[1]',
    noDifferences: 'a negative base has no real power',
  },
  unary('Neg', '-x[0]'),
  unary('Sqrt', 'x[0].sqrt()', random([2, 3], 0.2, 3)),
  unary('Exp', 'x[0].exp()'),
  unary('Log', 'x[0].log()', random([2, 3], 0.2, 3)),
  unary('Abs', 'x[0].abs()'),
  unary('Reciprocal', '1 / x[0]', random([2, 3], 0.4, 2)),
  unary('Erf', 'torch.erf(x[0])'),
  unary('Sin', 'x[0].sin()'),
  unary('Cos', 'x[0].cos()'),
  unary('Tan', 'x[0].tan()', random([2, 3], -1, 1)),
  unary('Asin', 'x[0].asin()', random([2, 3], -0.8, 0.8)),
  unary('Acos', 'x[0].acos()', random([2, 3], -0.8, 0.8)),
  unary('Atan', 'x[0].atan()'),
  unary('Sinh', 'x[0].sinh()'),
  unary('Cosh', 'x[0].cosh()'),
  unary('Asinh', 'x[0].asinh()'),
  unary('Acosh', 'x[0].acosh()', random([2, 3], 1.3, 3)),
  unary('Atanh', 'x[0].atanh()', random([2, 3], -0.8, 0.8)),
  unary('Sign', 'x[0].sign()', distinct([2, 4])),
  unary('Floor', 'x[0].floor()', distinct([2, 5], -1.9, 1.9)),
  unary('Ceil', 'x[0].ceil()', distinct([2, 5], -1.9, 1.9)),
  unary('Round', 'x[0].round()', distinct([2, 5], -1.9, 1.9)),
  { op: 'Round', name: 'halves to even', inputs: [given([4], [0.5, 1.5, -0.5, 2.5])], torch: 'x[0].round()' },
  {
    op: 'Mod',
    name: 'fmod of floats',
    inputs: [given([2, 3], [5.3, -5.3, 2.6, 1.2, -7.7, 0.4]), given([3], [2, 1.5, -0.7])],
    attributes: { fmod: 1 },
    differentiate: [0, 1],
    torch: 'torch.fmod(x[0], x[1])',
  },
  {
    op: 'Mod',
    name: 'of integers',
    inputs: [given([4], [5, -5, 7, -7], 'int64'), given([4], [3, 3, -4, -4], 'int64')],
    torch: 'torch.remainder(x[0], x[1])',
  },
  ...(['Max', 'Min'] as const).flatMap((op): OperatorCase[] => {
    const peer = op === 'Max' ? 'torch.maximum' : 'torch.minimum';
    return [
      {
        op,
        name: 'of three, broadcasting',
        inputs: [random([2, 3]), random([3]), random([2, 1])],
        differentiate: [0, 1, 2],
        torch: `${peer}(${peer}(x[0], x[1]), x[2])`,
      },
      { op, name: 'of one', inputs: [random([2, 3])], differentiate: [0], torch: 'x[0]' },
      {
        op,
        name: 'with ties',
        inputs: [given([3], [1, 2, 3]), given([3], [1, 2, 0])],
        differentiate: [0, 1],
        torch: `${peer}(x[0], x[1])`,
        noDifferences: 'it has a kink where the inputs are equal',
      },
    ];
  }),
  {
    op: 'Sum',
    inputs: [random([2, 3]), random([3]), random([2, 1])],
    differentiate: [0, 1, 2],
    torch: 'x[0] + x[1] + x[2]',
  },
  {
    op: 'Mean',
    inputs: [random([2, 3]), random([3]), random([2, 1])],
    differentiate: [0, 1, 2],
    torch: '(x[0] + x[1] + x[2]) / 3',
  },
  {
    op: 'Clip',
    inputs: [distinct([3, 4]), given([], [-0.7]), given([], [0.9])],
    differentiate: [0, 1, 2],
    torch: 'torch.clamp(x[0], x[1], x[2])',
  },
  {
    op: 'Clip',
    name: 'from below alone',
    inputs: [random([3, 4]), given([], [-0.7])],
    differentiate: [0, 1],
    torch: 'torch.clamp(x[0], min=x[1])',
  },
  {
    op: 'Clip',
    name: 'from above alone',
    inputs: [random([3, 4]), null, given([], [0.9])],
    differentiate: [0, 2],
    torch: 'torch.clamp(x[0], max=x[2])',
  },
  { op: 'Clip', name: 'without bounds', inputs: [random([3, 4])], differentiate: [0], torch: 'x[0]' },
  {
    op: 'Clip',
    name: 'at the bounds',
    inputs: [given([3], [-1, 0, 1]), given([], [-1]), given([], [1])],
    differentiate: [0],
    torch: 'torch.clamp(x[0], -1, 1)',
    noDifferences: 'it has a kink at its bounds',
  },
  {
    op: 'Where',
    inputs: [given([2, 1], [1, 0], 'bool'), random([2, 3]), random([3])],
    differentiate: [1, 2],
    torch: 'torch.where(x[0], x[1], x[2])',
  },
  {
    op: 'Where',
    name: 'wide condition',
    inputs: [given([2, 3], [1, 0, 0, 1, 1, 0], 'bool'), random([]), random([2, 1])],
    differentiate: [1, 2],
    torch: 'torch.where(x[0], x[1], x[2])',
  },
  comparison('Equal', 'x[0] == x[1]'),
  comparison('Greater', 'x[0] > x[1]'),
  comparison('Less', 'x[0] < x[1]'),
  comparison('GreaterOrEqual', 'x[0] >= x[1]'),
  comparison('LessOrEqual', 'x[0] <= x[1]'),
  { op: 'And', inputs: [bools(0, 0, 1, 1), bools(0, 1, 0, 1)], torch: 'x[0] & x[1]' },
  { op: 'Or', inputs: [bools(0, 0, 1, 1), bools(0, 1, 0, 1)], torch: 'x[0] | x[1]' },
  { op: 'Xor', inputs: [bools(0, 0, 1, 1), bools(0, 1, 0, 1)], torch: 'x[0] ^ x[1]' },
  { op: 'Not', inputs: [bools(0, 1)], torch: '~x[0]' },
  { op: 'IsNaN', inputs: [random([2, 3])], torch: 'x[0].isnan()' },
  { op: 'IsInf', inputs: [random([2, 3])], torch: 'x[0].isinf()' },
  {
    op: 'BitShift',
    inputs: [given([3], [1, 5, 200], 'uint8'), given([3], [1, 2, 3], 'uint8')],
    attributes: { direction: 'RIGHT' },
    torch: 'x[0] >> x[1]',
  },
  ...(['And', 'Or', 'Xor'] as const).map(
    (name): OperatorCase => ({
      op: `Bitwise${name}`,
      inputs: [given([3], [1, 5, 12], 'int32'), given([3], [3, 4, 10], 'int32')],
      torch: `torch.bitwise_${name.toLowerCase()}(x[0], x[1])`,
    }),
  ),
  { op: 'BitwiseNot', inputs: [given([3], [1, 5, -12], 'int32')], torch: '~x[0]' },
];
