import type { Attribute } from '../../engine/graph/attributes.ts';
import { Graph, type Node, type Value } from '../../engine/graph/graph.ts';
import type { ValueType } from '../../engine/graph/shape.ts';
import { operatorFor } from '../../engine/operators/table.ts';
import type { Tensor } from '../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../errors.ts';

/** Adds an initializer, or gives the one that holds the same. */
export type AddConstant = (name: string, data: Tensor) => Value;

/** Initializers of a graph, those of equal contents only once: frozen layers that models have in common. */
export function sharedConstants(target: Graph): AddConstant {
  const known = new Map<string, Value[]>();
  return (name, data) => {
    const { length } = data.data;
    const probes = [0, length >> 1, length - 1].map((i) => String(data.data[i]));
    const key = `${data.dtype}[${data.dims}]${probes}`;
    const equals = known.get(key) ?? [];
    const equal = equals.find(({ constant }) => sameData(constant!, data)); // initializers hold data
    if (equal) return equal;
    const value = target.initializer(target.uniqueName(name), data);
    known.set(key, [...equals, value]);
    return value;
  };
}

function sameData({ data: a }: Tensor, { data: b }: Tensor): boolean {
  if (a === b) return true;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}

interface Grafting {
  readonly prefix: string;
  readonly values: Map<Value, Value>;
  readonly addConstant: AddConstant;
}

/**
 * Adds another graph's nodes to this one, every name after `prefix`, fed by values of this graph.
 *
 * @param feeds for each input of the source, by name
 * @returns the source's outputs in the target, by the names they had
 * @throws GRAPH_INPUT_UNKNOWN when an input is not fed
 */
export function graft(
  target: Graph,
  source: Graph,
  feeds: Readonly<Record<string, Value>>,
  { prefix, addConstant }: { readonly prefix: string; readonly addConstant: AddConstant },
): ReadonlyMap<string, Value> {
  const grafting: Grafting = { prefix, values: new Map(), addConstant };
  for (const input of source.inputs) {
    const fed = feeds[input.name];
    if (!fed) {
      throw new HounsfieldError(
        'GRAPH_INPUT_UNKNOWN',
        `the graph takes '${input.name}', and only ${Object.keys(feeds).join(', ')} is given. Use models of one image input.`,
      );
    }
    grafting.values.set(input, fed);
  }
  fill(target, source, grafting);
  return new Map(source.outputs.map((output) => [output.name, grafting.values.get(output)!]));
}

function fill(target: Graph, source: Graph, grafting: Grafting): void {
  const { prefix, values, addConstant } = grafting;
  for (const value of source.initializers.values()) {
    const name = `${prefix}${value.name}`;
    const data = value.constant!; // initializers hold data
    values.set(value, target.outer ? target.initializer(name, data) : addConstant(name, data));
  }
  for (const node of source.nodes) {
    const copies = target.add(
      node.op,
      node.inputs.map((input) => input && (values.get(input) ?? input)),
      graftedAttributes(target, node, grafting),
      {
        domain: node.domain,
        name: `${prefix}${node.name}`,
        outputNames: node.outputs.map(({ name }) => (name === '' ? '' : `${prefix}${name}`)),
        ...(operatorFor(node.domain, node.op)
          ? { statedTypes: node.outputs.map(sizesAlone) }
          : { outputTypes: node.outputs.map(sizesAlone) }),
      },
    );
    node.outputs.forEach((output, i) => {
      values.set(output, copies[i]!);
    });
  }
}

/** The type without names of sizes, which mean something else here. */
const sizesAlone = ({ dtype, shape }: Value): ValueType => ({
  dtype,
  shape: shape?.map((dim) => (typeof dim === 'number' ? dim : undefined)),
});

function graftedAttributes(target: Graph, node: Node, grafting: Grafting): Record<string, Attribute> {
  return Object.fromEntries(
    [...node.attributes].map(([name, attribute]): [string, Attribute] => {
      if (attribute.kind !== 'graph') return [name, attribute];
      const subgraph = new Graph(target);
      const { value: source } = attribute;
      subgraph.name = source.name;
      for (const input of source.inputs) {
        const { dtype, shape } = sizesAlone(input);
        grafting.values.set(input, subgraph.input(`${grafting.prefix}${input.name}`, dtype, shape));
      }
      fill(subgraph, source, grafting);
      subgraph.output(...source.outputs.map((output) => grafting.values.get(output) ?? output));
      return [name, { kind: 'graph', value: subgraph }];
    }),
  );
}
