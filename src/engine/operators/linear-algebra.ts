import { mul, reshape, scalarLike, transpose, unbroadcast } from '../graph/build.ts';
import type { Node, Value } from '../graph/graph.ts';
import { type Dim, type Shape, staticShape } from '../graph/shape.ts';
import { einsum } from './einsum.ts';
import {
  broadcastShapes,
  floatOf,
  type GradientContext,
  intOf,
  misfit,
  type OperatorTable,
  required,
} from './operator.ts';

/** Matrix products: of ONNX's own domain. */
export const linearAlgebra: OperatorTable = {
  MatMul: {
    shape: (node) => {
      const [a, b] = [required(node, 0), required(node, 1)];
      return [{ dtype: a.dtype, shape: productShape(node, a.shape, b.shape) }];
    },
    gradient: ({ node, dy, wants }) => productGradients(node.inputs[0]!, node.inputs[1]!, dy[0]!, wants),
  },
  Gemm: { shape: gemmShape, gradient: gemmGradient },
  Einsum: einsum,
};

/** ONNX Runtime's own matrix product, by 'domain:name'. */
export const runtimeLinearAlgebra: OperatorTable = {
  'com.microsoft:FusedMatMul': {
    shape: (node) => {
      const [a, b] = [required(node, 0), required(node, 1)];
      const turned = (shape: Shape, perm: readonly number[] | undefined): Shape =>
        shape && perm ? perm.map((axis) => shape[axis]) : shape;
      const shapes = [turned(a.shape, fusedPerm(node, a, 'A')), turned(b.shape, fusedPerm(node, b, 'B'))];
      return [{ dtype: a.dtype, shape: productShape(node, shapes[0], shapes[1]) }];
    },
    gradient: fusedGradient,
  },
};

function sameInner(node: Node, a: Dim, b: Dim): void {
  if (typeof a === 'number' && typeof b === 'number' && a !== b) {
    misfit(node, `the inner sizes ${a} and ${b} differ`);
  }
}

/** Shape of numpy's matmul: vectors are rows on the left and columns on the right, batch axes broadcast. */
function productShape(node: Node, a: Shape, b: Shape): Shape {
  if (!a || !b) return undefined;
  if (a.length === 0 || b.length === 0) misfit(node, 'a scalar is not a matrix');
  sameInner(node, a.at(-1), b.length > 1 ? b.at(-2) : b[0]);
  const batch = broadcastShapes(node, [a.slice(0, -2), b.slice(0, -2)]);
  return batch && [...batch, ...(a.length > 1 ? [a.at(-2)] : []), ...(b.length > 1 ? [b.at(-1)] : [])];
}

const swapLast = (value: Value): Value => {
  const rank = staticShape(value).length;
  const perm = Array.from({ length: rank }, (_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i));
  return transpose(value, perm);
};

/** dA = dY Bᵀ and dB = Aᵀ dY, summed over the axes that were broadcast. */
function productGradients(
  a: Value,
  b: Value,
  dy: Value,
  wants: (index: number) => boolean,
): (Value | undefined)[] {
  const [aDims, bDims] = [staticShape(a), staticShape(b)];
  if (bDims.length <= 2 && aDims.length >= 2) return denseGradients(a, b, dy, wants);
  // Vectors become matrices.
  const [aMatrix, bMatrix] = [
    aDims.length === 1 ? reshape(a, [1, aDims[0]!]) : a,
    bDims.length === 1 ? reshape(b, [bDims[0]!, 1]) : b,
  ];
  const [m, n] = [staticShape(aMatrix).at(-2)!, staticShape(bMatrix).at(-1)!];
  const lost = (aDims.length === 1 ? 1 : 0) + (bDims.length === 1 ? 1 : 0);
  const dyDims = staticShape(dy);
  const batch = dyDims.slice(0, dyDims.length - 2 + lost);
  const dyMatrix = lost > 0 ? reshape(dy, [...batch, m, n]) : dy;
  const back = (gradient: Value, matrix: Value, dims: readonly number[]): Value => {
    const summed = unbroadcast(gradient, matrix);
    return dims.length === 1 ? reshape(summed, dims) : summed;
  };
  const { graph } = a;
  return [
    wants(0) ? back(graph.op('MatMul', [dyMatrix, swapLast(bMatrix)]), aMatrix, aDims) : undefined,
    wants(1) ? back(graph.op('MatMul', [swapLast(aMatrix), dyMatrix]), bMatrix, bDims) : undefined,
  ];
}

/** One matrix (or vector) on the right for all rows of the left: two plain matrix products. */
function denseGradients(
  a: Value,
  b: Value,
  dy: Value,
  wants: (index: number) => boolean,
): (Value | undefined)[] {
  const [aDims, bDims] = [staticShape(a), staticShape(b)];
  const inner = bDims[0]!;
  const columns = bDims[1] ?? 1;
  const rows = aDims.slice(0, -1).reduce((product, dim) => product * dim, 1);
  const flat = (value: Value, dims: readonly number[]): Value =>
    `${value.shape}` === `${dims}` ? value : reshape(value, dims);
  const dyRows = flat(dy, [rows, columns]);
  const { graph } = a;
  return [
    wants(0) ? flat(graph.op('Gemm', [dyRows, flat(b, [inner, columns])], { transB: 1 }), aDims) : undefined,
    wants(1) ? flat(graph.op('Gemm', [flat(a, [rows, inner]), dyRows], { transA: 1 }), bDims) : undefined,
  ];
}

function gemmShape(node: Node) {
  const [a, b] = [required(node, 0), required(node, 1)];
  const { dtype } = a;
  if (!a.shape || !b.shape) return [{ dtype, shape: [undefined, undefined] }];
  if (a.shape.length !== 2 || b.shape.length !== 2) misfit(node, 'A and B are matrices');
  const [m, inner] = intOf(node, 'transA', 0) ? [a.shape[1], a.shape[0]] : a.shape;
  const [innerB, n] = intOf(node, 'transB', 0) ? [b.shape[1], b.shape[0]] : b.shape;
  sameInner(node, inner, innerB);
  return [{ dtype, shape: [m, n] }];
}

/** Y = alpha A' B' + beta C, where A' and B' may be transposed. */
function gemmGradient({ graph, node, dy, wants }: GradientContext): readonly (Value | undefined)[] {
  const [a, b, c] = node.inputs;
  const [transA, transB] = [intOf(node, 'transA', 0), intOf(node, 'transB', 0)];
  const alpha = floatOf(node, 'alpha', 1);
  const beta = floatOf(node, 'beta', 1);
  const gemm = (left: Value, right: Value, turnLeft: number, turnRight: number): Value =>
    graph.op('Gemm', [left, right], { alpha, transA: turnLeft, transB: turnRight });
  const dyC = (): Value => (beta === 1 ? dy[0]! : mul(dy[0]!, scalarLike(dy[0]!, beta)));
  return [
    wants(0) ? (transA ? gemm(b!, dy[0]!, transB, 1) : gemm(dy[0]!, b!, 0, 1 - transB)) : undefined,
    wants(1) ? (transB ? gemm(dy[0]!, a!, 1, transA) : gemm(a!, dy[0]!, 1 - transA, 0)) : undefined,
    c && wants(2) ? unbroadcast(dyC(), c) : undefined,
  ];
}

/** The order of axes that FusedMatMul's flags stand for; undefined where it is the plain one. */
function fusedPerm(node: Node, value: Value, side: 'A' | 'B'): readonly number[] | undefined {
  const rank = value.shape?.length ?? 0;
  if (rank < 2) return undefined;
  let perm = Array.from({ length: rank }, (_, i) => i);
  // transBatch: the first axis goes to the place before the last one.
  if (intOf(node, `transBatch${side}`, 0)) perm = [...perm.slice(1, -1), 0, rank - 1];
  if (intOf(node, `trans${side}`, 0)) perm = [...perm.slice(0, -2), perm.at(-1)!, perm.at(-2)!];
  return perm.some((axis, i) => axis !== i) ? perm : undefined;
}

/** Turns the operands as the flags say, differentiates the plain product, and turns the gradients back. */
function fusedGradient({ node, dy, wants }: GradientContext): readonly (Value | undefined)[] {
  const alpha = floatOf(node, 'alpha', 1);
  const dyScaled = alpha === 1 ? dy[0]! : mul(dy[0]!, scalarLike(dy[0]!, alpha));
  const perms = [fusedPerm(node, node.inputs[0]!, 'A'), fusedPerm(node, node.inputs[1]!, 'B')];
  const turned = perms.map((perm, i) => (perm ? transpose(node.inputs[i]!, perm) : node.inputs[i]!));
  return productGradients(turned[0]!, turned[1]!, dyScaled, wants).map((gradient, i) => {
    const perm = perms[i];
    return gradient && perm
      ? transpose(
          gradient,
          perm.map((_, axis) => perm.indexOf(axis)),
        )
      : gradient;
  });
}
