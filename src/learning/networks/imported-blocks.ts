import type { Node, Value } from '../../engine/graph/graph.ts';

/**
 * Parameters in groups by depth: a group ends where a single value holds all that follows from the image, so that a
 * residual block, its shortcut included, is one group.
 *
 * @param nodes in the order in which they run
 * @param named names of the parameters that each node is the first to use
 */
export function blocksOf(
  image: Value,
  nodes: readonly Node[],
  varying: ReadonlySet<Value>,
  named: ReadonlyMap<Node, readonly string[]>,
): readonly (readonly string[])[] {
  const lastUse = new Map<Value, number>();
  nodes.forEach((node, i) => {
    if (node.op === 'Shape' || node.op === 'Size') return;
    for (const input of node.inputs) if (input && varying.has(input)) lastUse.set(input, i);
  });
  const live = new Set<Value>([image]);
  const blocks: string[][] = [[]];
  nodes.forEach((node, i) => {
    blocks.at(-1)!.push(...(named.get(node) ?? []));
    for (const output of node.outputs)
      if (varying.has(output) && (lastUse.get(output) ?? -1) > i) live.add(output);
    for (const value of live) if ((lastUse.get(value) ?? -1) <= i) live.delete(value);
    const moving = node.outputs.some((output) => varying.has(output));
    if (moving && live.size === 1 && blocks.at(-1)!.length > 0 && !continues(node, nodes[i + 1]))
      blocks.push([]);
  });
  return blocks.filter((names) => names.length > 0);
}

const layers: ReadonlySet<string> = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul']);
const finishes: ReadonlySet<string> = new Set(['BatchNormalization', 'Add', 'Mul', 'PRelu', 'Reshape']);

/** Whether the next node is the normalisation or bias of this one's layer. */
const continues = (node: Node, next: Node | undefined): boolean =>
  layers.has(node.op) && next !== undefined && finishes.has(next.op);
