import { cast, scalarLike, where } from '../../engine/graph/build.ts';
import type { Value } from '../../engine/graph/graph.ts';

/** Targets of which some are not known (NaN): zeros in their place, and where the others are. */
export interface KnownTargets {
  readonly target: Value;
  /** 1 where the target is known, 0 where it is not; of the targets' shape. */
  readonly known: Value;
}

/** Separates what is known. @param target numbers and NaN, any shape */
export function knownTargets(target: Value): KnownTargets {
  const { graph } = target;
  const unknown = graph.op('IsNaN', [target]);
  return {
    target: where(unknown, scalarLike(target, 0), target),
    known: cast(graph.op('Not', [unknown]), target.dtype),
  };
}
