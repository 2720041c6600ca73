import { HounsfieldError } from '../../errors.ts';
import { schemaFor } from '../operators/schema.ts';
import { operatorFor } from '../operators/table.ts';
import { type NumericDType, type Tensor, tensorOf } from '../tensor/tensor.ts';
import type { Attribute } from './attributes.ts';
import { Graph, type Node, type Value } from './graph.ts';
import { type Dim, describeShape, type Shape, type ValueType } from './shape.ts';

/**
 * What stands for a node in the copy: its outputs there, in order (undefined keeps the node as it is).
 * `inputs` are the node's inputs as the copy has them; new nodes go into `target`.
 */
export type MapNode = (
  node: Node,
  inputs: readonly (Value | undefined)[],
  target: Graph,
) => readonly (Value | undefined)[] | undefined;

export interface CopyOptions {
  /** New shapes of graph inputs, by name. A symbol that they fix ('N') is fixed in the other inputs too. */
  readonly inputShapes?: Readonly<Record<string, Shape>>;
  /** Graph inputs that become constants, by name. */
  readonly inputValues?: Readonly<Record<string, Tensor>>;
  /**
   * Initializers, by name, that become graph inputs; the updates become outputs, after the graph's own. Nothing then
   * takes a parameter's first value for a constant.
   */
  readonly stateAsInputs?: ReadonlySet<string>;
  /** Replaces nodes of the graph itself (those of subgraphs are copied as they are). */
  readonly mapNode?: MapNode;
  /** Nodes and initializers for which this is false are left out; nothing that is kept may need them. */
  readonly keepNode?: (node: Node) => boolean;
  readonly keepInitializer?: (value: Value) => boolean;
}

interface Copying {
  readonly options: CopyOptions;
  readonly values: Map<Value, Value>;
  readonly symbols: ReadonlyMap<string, Dim>;
}

/**
 * A copy of the graph, node by node, with every shape inferred anew. Values keep their names, so that
 * `copy.find(value.name)` is a value's copy; outputs, updates, metadata and subgraphs are kept.
 *
 * @throws GRAPH_INPUT_UNKNOWN, GRAPH_INPUT_SHAPE for inputShapes that do not fit; GRAPH_SHAPE from inference
 */
export function copyGraph(graph: Graph, options: CopyOptions = {}): Graph {
  const given = { ...options.inputShapes };
  for (const [name, { dims }] of Object.entries(options.inputValues ?? {})) given[name] = dims;
  const copying: Copying = { options, values: new Map(), symbols: fixedSymbols(graph, given) };
  return copyInto(new Graph(graph.outer), graph, copying);
}

function copyInto(target: Graph, graph: Graph, copying: Copying): Graph {
  const { options, values } = copying;
  target.name = graph.name;
  target.reserve(graph.takenNames());
  for (const [key, value] of graph.metadata) target.metadata.set(key, value);
  for (const input of graph.inputs) {
    const fixed = options.inputValues?.[input.name];
    const shape = options.inputShapes?.[input.name] ?? substitute(input.shape, copying.symbols);
    const copy = fixed ? target.initializer(input.name, fixed) : target.input(input.name, input.dtype, shape);
    values.set(input, copy);
  }
  for (const value of graph.initializers.values()) {
    if (options.keepInitializer && !options.keepInitializer(value)) continue;
    const fed = options.stateAsInputs?.has(value.name);
    // Initializers hold their data by definition.
    const copy = fed
      ? target.input(value.name, value.dtype, value.shape)
      : target.initializer(value.name, value.constant!);
    values.set(value, copy);
  }
  for (const node of graph.nodes) {
    if (options.keepNode && !options.keepNode(node)) continue;
    const inputs = node.inputs.map((input) => input && copied(input, copying));
    const mapped = options.mapNode?.(node, inputs, target);
    const outputs = mapped ?? copyNode(target, node, inputs, copying);
    node.outputs.forEach((output, i) => {
      const copy = outputs[i];
      if (copy) values.set(output, copy);
    });
  }
  for (const output of graph.outputs) target.output(named(target, output.name, copied(output, copying)));
  for (const [state, value] of graph.updates) {
    const next = copied(value, copying);
    if (options.stateAsInputs) target.output(named(target, value.name, next));
    else target.update(copied(state, copying), next);
  }
  return target;
}

/** The copy of a value; a value of an enclosing graph that is not being copied stands for itself. */
function copied(value: Value, { values }: Copying): Value {
  return values.get(value) ?? value;
}

/** An output's name is part of the graph's interface: where a pass gave it another, an Identity gives it back. */
function named(target: Graph, name: string, value: Value): Value {
  if (value.name === name) return value;
  return target.op('Identity', [value], {}, { outputNames: [name] });
}

function copyNode(
  target: Graph,
  node: Node,
  inputs: readonly (Value | undefined)[],
  copying: Copying,
): readonly Value[] {
  const attributes: Record<string, Attribute> = {};
  for (const [name, attribute] of node.attributes) {
    attributes[name] =
      attribute.kind === 'graph'
        ? { kind: 'graph', value: copySubgraph(target, attribute.value, copying) }
        : attribute;
  }
  const outputTypes: ValueType[] = node.outputs.map(({ dtype, shape }) => ({
    dtype,
    shape: substitute(shape, copying.symbols),
  }));
  return target.add(node.op, inputs, attributes, {
    domain: node.domain,
    name: node.name,
    outputNames: node.outputs.map(({ name }) => name),
    ...(operatorFor(node.domain, node.op) ? { statedTypes: outputTypes } : { outputTypes }),
  });
}

function copySubgraph(target: Graph, subgraph: Graph, { values, symbols }: Copying): Graph {
  return copyInto(new Graph(target), subgraph, { options: {}, values, symbols });
}

function substitute(shape: Shape, symbols: ReadonlyMap<string, Dim>): Shape {
  return shape?.map((dim) => (typeof dim === 'string' && symbols.has(dim) ? symbols.get(dim) : dim));
}

/** What the symbols in the inputs' shapes become under the shapes given. */
function fixedSymbols(graph: Graph, given: Readonly<Record<string, Shape>>): Map<string, Dim> {
  const symbols = new Map<string, Dim>();
  for (const [name, shape] of Object.entries(given)) {
    const input = graph.inputs.find((candidate) => candidate.name === name);
    if (!input) {
      throw new HounsfieldError(
        'GRAPH_INPUT_UNKNOWN',
        `the graph has no input '${name}'; it has: ${graph.inputs.map((item) => item.name).join(', ') || 'none'}.`,
      );
    }
    if (!shape || !input.shape) continue;
    const fits =
      shape.length === input.shape.length &&
      input.shape.every((dim, i) => {
        const wanted = shape[i];
        if (typeof dim === 'number') return typeof wanted !== 'number' || dim === wanted;
        if (typeof dim !== 'string') return true;
        const before = symbols.get(dim);
        symbols.set(dim, wanted);
        return before === undefined || before === wanted;
      });
    if (!fits) {
      throw new HounsfieldError(
        'GRAPH_INPUT_SHAPE',
        `input '${name}' has the shape ${describeShape(input.shape)} and cannot be fixed to ${describeShape(shape)}. ` +
          'Give as many sizes as it has, equal where it is already fixed, and the same for the same symbol.',
      );
    }
  }
  return symbols;
}

/**
 * A copy of the graph with inputs fixed to sizes, every shape inferred anew, and integer values that are then known
 * (sizes computed from shapes) made constants.
 *
 * @param shapes dims of each input to fix, by name: `{ input: [8, 3, 224, 224] }`
 * @throws GRAPH_INPUT_UNKNOWN, GRAPH_INPUT_SHAPE, GRAPH_SHAPE
 */
export function withInputShapes(
  graph: Graph,
  shapes: Readonly<Record<string, readonly number[]>>,
  values: Readonly<Record<string, Tensor>> = {},
): Graph {
  return foldKnownValues(copyGraph(graph, { inputShapes: shapes, inputValues: values }));
}

const countable: ReadonlySet<string> = new Set(['int64', 'int32', 'bool', 'uint8', 'int8', 'uint32']);

/** A copy in which integer values known before running are constants, without the nodes that computed them. */
export function foldKnownValues(graph: Graph): Graph {
  const changing = dependents(graph, new Set(graph.updates.keys()));
  const folded = copyGraph(graph, {
    mapNode: (node, _inputs, target) => {
      const constants = node.outputs.map((output) => {
        const { elements, shape, dtype } = output;
        if (changing.has(output) || !countable.has(dtype) || output.name === '') return undefined;
        if (!elements?.every((item): item is number => typeof item === 'number')) return undefined;
        if (!shape?.every((dim): dim is number => typeof dim === 'number')) return undefined;
        // countable holds number types only.
        return { name: output.name, data: tensorOf(dtype as NumericDType, shape, elements) };
      });
      if (constants.some((constant) => constant === undefined)) return undefined;
      return constants.map((constant) => constant && target.initializer(constant.name, constant.data));
    },
  });
  return pruneGraph(folded);
}

/** Values that change when one of `roots` does. */
function dependents(graph: Graph, roots: ReadonlySet<Value>): Set<Value> {
  const reached = new Set(roots);
  if (reached.size === 0) return reached;
  for (const node of graph.nodes) {
    if (valuesRead(node).some((value) => reached.has(value))) {
      for (const output of node.outputs) reached.add(output);
    }
  }
  return reached;
}

/** Every value a node reads: its inputs, and what its subgraphs take from around them. */
export function valuesRead(node: Node): readonly Value[] {
  const read = node.inputs.filter((input) => input !== undefined);
  for (const attribute of node.attributes.values()) {
    if (attribute.kind === 'graph') read.push(...valuesCaptured(attribute.value));
  }
  return read;
}

/** Values of enclosing graphs that a subgraph reads. */
function valuesCaptured(subgraph: Graph): readonly Value[] {
  const read = [...subgraph.nodes.flatMap(valuesRead), ...subgraph.outputs];
  return read.filter((value) => value.graph !== subgraph);
}

/** A copy without nodes and initializers that neither an output nor an update needs. Inputs stay, order too. */
export function pruneGraph(graph: Graph): Graph {
  const needed = new Set<Value>([...graph.outputs, ...graph.updates.keys(), ...graph.updates.values()]);
  const kept = new Set<Node>();
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i]!;
    if (!node.outputs.some((output) => needed.has(output))) continue;
    kept.add(node);
    for (const value of valuesRead(node)) needed.add(value);
  }
  return copyGraph(graph, {
    keepNode: (node) => kept.has(node),
    keepInitializer: (value) => needed.has(value),
  });
}

const random: ReadonlySet<string> = new Set([
  'Bernoulli',
  'Dropout',
  'Multinomial',
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
]);

/**
 * A copy in which nodes with the same operator, attributes and inputs are one (common subexpressions). Random
 * operators, operators with subgraphs and operators that nobody knows stay as they are.
 */
export function mergeEqualNodes(graph: Graph): Graph {
  const identities = new Map<Value, string>();
  const known = new Map<string, readonly Value[]>();
  const identityOf = (value: Value | undefined): string => {
    if (!value) return '-';
    let identity = identities.get(value);
    if (identity === undefined) {
      identity = constantKey(graph, value) ?? `#${identities.size}`;
      identities.set(value, identity);
    }
    return identity;
  };
  return copyGraph(graph, {
    mapNode: (node, inputs, target) => {
      const attributes = random.has(node.op) ? undefined : attributesKey(node);
      if (attributes === undefined || !schemaFor(node.domain, node.op)) return undefined;
      const key = `${node.domain}:${node.op}(${inputs.map(identityOf).join()})${attributes}`;
      const equal = known.get(key);
      if (equal && equal.length >= node.outputs.length) return equal;
      const copy = target.add(node.op, inputs, Object.fromEntries(node.attributes), {
        domain: node.domain,
        name: node.name,
        outputNames: node.outputs.map(({ name }) => name),
      });
      // An output left out here may be wanted by the next node of the kind, so only full ones are shared.
      if (node.outputs.every(({ name }) => name !== '')) known.set(key, copy);
      return copy;
    },
  });
}

/** A small constant's contents, so that equal constants count as one; undefined for what changes or is large. */
function constantKey(graph: Graph, value: Value): string | undefined {
  const { constant } = value;
  if (!constant || constant.data.length > 64 || constant.dtype === 'string') return undefined;
  const original = graph.initializers.get(value.name);
  if (original && graph.updates.has(original)) return undefined;
  const numbers = Array.from(constant.data as ArrayLike<number | bigint>); // strings were left above
  return `${constant.dtype}[${constant.dims}]${numbers.map((item) => (Object.is(item, -0) ? '-0' : `${item}`))}`;
}

/** Attributes as text, sorted by name; undefined where they hold a subgraph or something unknown. */
function attributesKey(node: Node): string | undefined {
  const parts: string[] = [];
  for (const [name, attribute] of [...node.attributes].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (attribute.kind === 'graph' || attribute.kind === 'opaque') return undefined;
    const data =
      attribute.kind === 'tensor'
        ? `${attribute.value.dtype}[${attribute.value.dims}]${attribute.value.data.join()}`
        : `${attribute.value}`;
    parts.push(`${name}:${attribute.kind}=${data}`);
  }
  return parts.join(';');
}
