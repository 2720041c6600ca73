import { float } from '../../../src/engine/graph/attributes.ts';
import { type OperatorCase, random } from './operator-case.ts';

/** [shape of A, shape of B] */
const products = [
  [
    [2, 3],
    [3, 4],
  ],
  [[3], [3]],
  [[3], [3, 4]],
  [[2, 3], [3]],
  [
    [2, 5, 3],
    [3, 4],
  ],
  [[2, 5, 3], [3]],
  [[3], [2, 3, 4]],
  [
    [5, 3],
    [2, 3, 4],
  ],
  [
    [2, 5, 3],
    [2, 3, 4],
  ],
  [
    [2, 1, 5, 3],
    [3, 3, 4],
  ],
  [
    [1, 2, 3],
    [4, 3, 2],
  ],
] as const;

const fused = (
  name: string,
  a: readonly number[],
  b: readonly number[],
  attributes: Readonly<Record<string, number>>,
  torch: string,
): OperatorCase => ({
  op: 'FusedMatMul',
  domain: 'com.microsoft',
  name,
  inputs: [random(a), random(b)],
  attributes,
  differentiate: [0, 1],
  torch,
});

const einsum = (
  equation: string,
  shapes: readonly (readonly number[])[],
  torch = equation,
): OperatorCase => ({
  op: 'Einsum',
  name: `${equation} of ${shapes.map((shape) => `[${shape}]`).join(' ')}`,
  inputs: shapes.map((shape) => random(shape)),
  attributes: { equation },
  differentiate: shapes.map((_, i) => i),
  torch: `torch.einsum('${torch}', *x)`,
});

export const linearAlgebraCases: readonly OperatorCase[] = [
  ...products.map(
    ([a, b]): OperatorCase => ({
      op: 'MatMul',
      name: `[${a}] by [${b}]`,
      inputs: [random(a), random(b)],
      differentiate: [0, 1],
      torch: 'x[0] @ x[1]',
    }),
  ),
  {
    op: 'MatMul',
    name: 'by the left alone',
    inputs: [random([2, 5, 3]), random([3, 4])],
    differentiate: [0],
    torch: 'x[0] @ x[1]',
  },
  ...[0, 1].flatMap((transA) =>
    [0, 1].map(
      (transB): OperatorCase => ({
        op: 'Gemm',
        name: `transA=${transA} transB=${transB}`,
        inputs: [random(transA ? [3, 2] : [2, 3]), random(transB ? [4, 3] : [3, 4]), random([4])],
        attributes: { transA, transB, alpha: float(0.5), beta: float(1.5) },
        differentiate: [0, 1, 2],
        torch: `0.5 * (x[0]${transA ? '.T' : ''} @ x[1]${transB ? '.T' : ''}) + 1.5 * x[2]`,
      }),
    ),
  ),
  ...[[], [1], [1, 4], [2, 1], [2, 4]].map(
    (shape): OperatorCase => ({
      op: 'Gemm',
      name: `C of shape [${shape}]`,
      inputs: [random([2, 3]), random([3, 4]), random(shape)],
      differentiate: [0, 1, 2],
      torch: 'x[0] @ x[1] + x[2]',
    }),
  ),
  {
    op: 'Gemm',
    name: 'without C',
    inputs: [random([2, 3]), random([3, 4])],
    differentiate: [0, 1],
    torch: 'x[0] @ x[1]',
  },
  fused('plain with alpha', [2, 3], [3, 4], { alpha: 0.5 }, '0.5 * (x[0] @ x[1])'),
  fused('transA', [2, 3, 5], [2, 3, 4], { transA: 1 }, 'x[0].mT @ x[1]'),
  fused('transB', [2, 5, 3], [2, 4, 3], { transB: 1 }, 'x[0] @ x[1].mT'),
  fused(
    'both, broadcasting',
    [3, 5],
    [2, 4, 3],
    { transA: 1, transB: 1, alpha: 2 },
    '2 * (x[0].mT @ x[1].mT)',
  ),
  fused('transBatchA', [5, 2, 3], [2, 3, 4], { transBatchA: 1 }, 'x[0].permute(1, 0, 2) @ x[1]'),
  fused(
    'transBatchA and transA',
    [3, 2, 5],
    [2, 3, 4],
    { transBatchA: 1, transA: 1 },
    'x[0].permute(1, 2, 0) @ x[1]',
  ),
  fused(
    'transBatchB and transB',
    [2, 5, 3],
    [4, 2, 3],
    { transBatchB: 1, transB: 1 },
    'x[0] @ x[1].permute(1, 2, 0)',
  ),
  einsum('ij,jk->ik', [
    [2, 3],
    [3, 4],
  ]),
  einsum('ij,jk', [
    [2, 3],
    [3, 4],
  ]),
  einsum('bij,bjk->bik', [
    [2, 2, 3],
    [2, 3, 4],
  ]),
  einsum('ij->ji', [[2, 3]]),
  einsum('ij->i', [[2, 3]]),
  einsum('ij->', [[2, 3]]),
  einsum('ijk,jl->il', [
    [2, 3, 4],
    [3, 2],
  ]),
  einsum('i,j->ij', [[2], [3]]),
  einsum('i,i->', [[3], [3]]),
  einsum('i,i->i', [[3], [3]]),
  einsum('...ij,jk->...ik', [
    [2, 2, 3],
    [3, 4],
  ]),
  einsum(
    '...ij,...jk',
    [
      [2, 1, 2, 3],
      [2, 3, 3, 2],
    ],
    '...ij,...jk->...ik',
  ),
  einsum('b...,b->...', [[2, 3, 2], [2]]),
  einsum('ab,bc,cd->ad', [
    [2, 3],
    [3, 2],
    [2, 2],
  ]),
  einsum('bhid,bhjd->bhij', [
    [1, 2, 3, 2],
    [1, 2, 2, 2],
  ]),
  einsum('ii->i', [[3, 3]]),
  einsum('ii->', [[3, 3]]),
  einsum('iij,j->i', [[3, 3, 2], [2]]),
];
