import { add, div, mul, scalarLike, sqrt } from '../../engine/graph/build.ts';
import type { Graph, Value } from '../../engine/graph/graph.ts';
import { checkRange } from './optimizer.ts';

/**
 * Scales all gradients by one factor so that their common norm is at most `maximum` (Pascanu et al., ICML 2013,
 * algorithm 1).
 *
 * @returns the gradients, and their norm before clipping, a scalar
 * @throws OPTIMIZER_OPTION
 */
export function clipByGlobalNorm(
  graph: Graph,
  gradients: readonly Value[],
  maximum: number,
): { readonly gradients: readonly Value[]; readonly norm: Value } {
  checkRange('maximum', maximum, Number.MIN_VALUE);
  const norm = globalNorm(graph, gradients);
  const ratio = div(scalarLike(norm, maximum), add(norm, scalarLike(norm, 1e-6)));
  const factor = graph.op('Min', [ratio, scalarLike(norm, 1)]);
  return { gradients: gradients.map((gradient) => mul(gradient, factor)), norm };
}

/** Euclidean norm of all gradients taken as one vector, a scalar. */
export function globalNorm(graph: Graph, gradients: readonly Value[]): Value {
  const squares = gradients.map((gradient) => graph.op('ReduceSumSquare', [gradient], { keepdims: 0 }));
  return sqrt(squares.length === 1 ? squares[0]! : graph.op('Sum', squares));
}
