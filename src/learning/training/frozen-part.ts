import type { Graph, Node, Value } from '../../engine/graph/graph.ts';
import { copyGraph, pruneGraph, valuesRead } from '../../engine/graph/rewrite.ts';

/** A graph in two: what never changes while some parameters are trained, and the rest. */
export interface FrozenSplit {
  /** From the samples to the features. */
  readonly frozen: Graph;
  /** The original without the frozen part; the features are graph inputs of the same names. */
  readonly trained: Graph;
  /** Names of the features, outputs of the one and inputs of the other. */
  readonly features: readonly string[];
}

/**
 * Cuts a graph where what depends on the samples alone meets what depends on trained parameters, so that the former can
 * be computed once per sample. Batch normalisation that uses the batch, and whatever follows a random input, counts as
 * changing.
 *
 * @param samples names of the graph inputs that hold the samples
 * @param changing names of initializers and inputs that change from step to step: trained parameters, dropout masks
 * @returns undefined where nothing is to be gained: a sample itself meets something that changes
 */
export function splitFrozen(
  graph: Graph,
  samples: readonly string[],
  changing: ReadonlySet<string>,
): FrozenSplit | undefined {
  const needed = pruneGraph(graph);
  const roots = (names: Iterable<string>) => [...names].flatMap((name) => needed.find(name) ?? []);
  const ofSamples = reached(needed, roots(samples), () => false);
  const moving = reached(needed, roots(changing), usesTheBatch);
  const features = new Set<Value>();
  for (const node of needed.nodes) {
    for (const input of valuesRead(node)) {
      if (moving.has(input) || !ofSamples.has(input)) continue;
      if (node.outputs.some((output) => moving.has(output))) features.add(input);
    }
  }
  for (const output of needed.outputs) if (ofSamples.has(output) && !moving.has(output)) features.add(output);
  if (features.size === 0 || [...features].some(({ producer }) => !producer)) return undefined;
  return {
    frozen: cutAfter(needed, features),
    trained: cutBefore(needed, features, samples),
    features: [...features].map(({ name }) => name),
  };
}

const usesTheBatch = (node: Node): boolean =>
  node.op === 'BatchNormalization' && node.attributes.get('training_mode')?.value === 1;

/** Values that depend on the roots, or on a node that counts as one. */
function reached(graph: Graph, roots: readonly Value[], isRoot: (node: Node) => boolean): Set<Value> {
  const found = new Set(roots);
  for (const node of graph.nodes) {
    if (isRoot(node) || valuesRead(node).some((input) => found.has(input))) {
      for (const output of node.outputs) found.add(output);
    }
  }
  return found;
}

function cutAfter(graph: Graph, features: ReadonlySet<Value>): Graph {
  const copy = copyGraph(graph);
  copy.outputs.length = 0;
  copy.updates.clear();
  copy.output(...[...features].map(({ name }) => copy.find(name)!)); // a copy keeps its values' names
  return withoutUnusedInputs(pruneGraph(copy));
}

function cutBefore(graph: Graph, features: ReadonlySet<Value>, samples: readonly string[]): Graph {
  const copy = copyGraph(graph, {
    mapNode: (node, inputs, target) => {
      if (!node.outputs.some((output) => features.has(output))) return undefined;
      if (node.outputs.length === 1) {
        const { name, dtype, shape } = node.outputs[0]!;
        return [target.input(name, dtype, shape)];
      }
      const computed = target.add(node.op, inputs, Object.fromEntries(node.attributes), {
        domain: node.domain,
        outputs: node.outputs.length,
      });
      return node.outputs.map((output, i) =>
        features.has(output) ? target.input(output.name, output.dtype, output.shape) : computed[i],
      );
    },
  });
  return withoutUnusedInputs(pruneGraph(copy), samples);
}

/** Drops graph inputs (of these names, if any are given) that no node reads. */
function withoutUnusedInputs(graph: Graph, names?: readonly string[]): Graph {
  const read = new Set<Value>([...graph.nodes.flatMap(valuesRead), ...graph.outputs]);
  const kept = graph.inputs.filter(
    (input) => read.has(input) || (names !== undefined && !names.includes(input.name)),
  );
  graph.inputs.splice(0, graph.inputs.length, ...kept);
  return graph;
}
