import type { Attribute } from './attributes.ts';
import type { Graph, Value } from './graph.ts';

/** A node as the file has it, before it is added. */
export interface DraftNode {
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly (Value | undefined)[];
  readonly attributes: ReadonlyMap<string, Attribute>;
  readonly outputs: number;
}

/** Turns a node of an older opset into its equal of the engine's opset. */
export function upgradeNode(_graph: Graph, draft: DraftNode, _opset: number): DraftNode {
  return draft;
}
