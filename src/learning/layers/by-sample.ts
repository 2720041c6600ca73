import { reshape } from '../../engine/graph/build.ts';
import type { Value } from '../../engine/graph/graph.ts';
import { tensorOf } from '../../engine/tensor/tensor.ts';

/** `y` as [N, ...dims] with the batch size N of `like`, which stays what it is called where it is not fixed. */
export function bySample(like: Value, y: Value, dims: readonly number[]): Value {
  const batch = like.shape?.[0];
  if (typeof batch === 'number') return reshape(y, [batch, ...dims]);
  const { graph } = y;
  const first = graph.op('Shape', [like], { start: 0, end: 1 });
  const rest = graph.constant(tensorOf('int64', [dims.length], dims));
  return graph.op('Reshape', [y, graph.op('Concat', [first, rest], { axis: 0 })]);
}
