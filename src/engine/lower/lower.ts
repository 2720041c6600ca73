import type { Graph } from '../graph/graph.ts';
import { mergeEqualNodes, pruneGraph } from '../graph/rewrite.ts';
import type { Device } from '../runtime/session.ts';
import { lowerToBlockedLayout } from './blocked-layout.ts';
import { lowerCompositesForCpu } from './cpu.ts';
import { composeOperators, expandComposites } from './expand.ts';

/** What the lowering may count on. */
export interface LoweringTarget {
  readonly device: Device;
  /** Channels per block of the CPU's blocked convolution kernels (16 with AVX-512, 8 with AVX2); 0 for none. */
  readonly block: number;
}

/**
 * Makes a graph ready to run on one device: composites become operators that the runtime has, equal nodes become
 * one, nodes that nothing needs go. The result computes the same values and is not for saving.
 */
export function lowerGraph(graph: Graph, { device, block }: LoweringTarget): Graph {
  let lowered = pruneGraph(composeOperators(mergeEqualNodes(graph)));
  if (device === 'cpu') {
    if (block > 0) lowered = lowerToBlockedLayout(lowered, block);
    lowered = lowerCompositesForCpu(lowered);
  }
  return pruneGraph(mergeEqualNodes(expandComposites(lowered)));
}
