import type { Node } from './graph.ts';
import type { Dim, ValueType } from './shape.ts';

/** Not yet: every operator's elements are unknown. */
export function inferElements(_node: Node, _types: readonly ValueType[]): readonly Dim[] | undefined {
  return undefined;
}
