import type { Node } from './graph.ts';
import type { Dim, ValueType } from './shape.ts';

/** Elements of a small tensor, row-major; entries may be symbolic or unknown. */
export type Elements = readonly Dim[] | undefined;

/** Not yet: every operator's elements are unknown. */
export function inferElements(_node: Node, _types: readonly ValueType[]): readonly Elements[] {
  return [];
}
