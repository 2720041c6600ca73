import { cast } from '../../engine/graph/build.ts';
import type { Graph, Node, Value } from '../../engine/graph/graph.ts';
import { copyGraph } from '../../engine/graph/rewrite.ts';
import { operatorFor } from '../../engine/operators/table.ts';
import { type Tensor, tensorOf } from '../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../errors.ts';

/** Below this many values there is nothing to gain. */
const FEWEST = 256;
const LARGEST_HALF = 65504;

/** A matrix or kernel of the network; statistics, biases and constants stay exact. */
function isLarge({ dtype, dims, data }: Tensor): boolean {
  if (dtype !== 'float32' || dims.length < 2 || data.length < FEWEST) return false;
  for (let i = 0; i < data.length; i++) {
    if (!(Math.abs(data[i] as number) <= LARGEST_HALF)) return false; // float32 holds numbers
  }
  return true;
}

/**
 * The graph with its large weights kept as float16, half the file, and widened to float32 when it is opened: all
 * computing stays in float32.
 */
export function withHalfWeights(graph: Graph): Graph {
  const halved = new Set([...graph.initializers.values()].filter(({ constant }) => isLarge(constant!)));
  const widened = new Map<string, Value>();
  const copy = copyGraph(graph, {
    mapNode(node, inputs, target) {
      if (!node.inputs.some((input) => input && halved.has(input))) return undefined;
      if (!operatorFor(node.domain, node.op) || holdsGraph(node)) return undefined;
      const wide = inputs.map((input, i) => {
        const original = node.inputs[i];
        if (!input || !original || !halved.has(original)) return input;
        let value = widened.get(original.name);
        if (!value) {
          const half = tensorOf('float16', original.constant!.dims, original.constant!.data as Float32Array); // isLarge says so
          value = cast(target.initializer(`${original.name}.half`, half), 'float32');
          widened.set(original.name, value);
        }
        return value;
      });
      return target.add(node.op, wide, Object.fromEntries(node.attributes), {
        domain: node.domain,
        name: node.name,
        outputNames: node.outputs.map(({ name }) => name),
      });
    },
  });
  const unused = new Set([...halved].map(({ name }) => name));
  return copyGraph(copy, { keepInitializer: ({ name }) => !unused.has(name) || isRead(copy, name) });
}

const holdsGraph = ({ attributes }: Node): boolean =>
  [...attributes.values()].some(({ kind }) => kind === 'graph');

/** Whether a node, or what lies inside of one, still reads the exact weights. */
function isRead(graph: Graph, name: string): boolean {
  return graph.nodes.some(
    (node) =>
      node.inputs.some((input) => input?.name === name) ||
      [...node.attributes.values()].some(({ kind, value }) => kind === 'graph' && isRead(value, name)),
  );
}

/** Protobuf's own limit. */
const MOST_BYTES = 2 ** 31 - 1;
/** Room for nodes and names. */
const BESIDES = 2 ** 24;

/** @throws ENSEMBLE_TOO_LARGE when the weights do not fit into one ONNX file */
export function requireWritable(graph: Graph, most: number = MOST_BYTES - BESIDES): void {
  let bytes = 0;
  for (const { constant } of graph.initializers.values()) {
    const { data } = constant!; // initializers hold data
    bytes += 'byteLength' in data ? data.byteLength : 0;
  }
  if (bytes <= most) return;
  throw new HounsfieldError(
    'ENSEMBLE_TOO_LARGE',
    `the members' weights are ${(bytes / 1e9).toFixed(2)} GB, and one ONNX file holds ${(most / 1e9).toFixed(2)} GB. ` +
      'Take fewer or smaller members, or --half.',
  );
}
