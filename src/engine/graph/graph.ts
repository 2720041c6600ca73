import { HounsfieldError } from '../../errors.ts';
import { attributeOf, schemaFor } from '../operators/schema.ts';
import { operatorFor } from '../operators/table.ts';
import type { DType, Tensor } from '../tensor/tensor.ts';
import { toNumbers } from '../tensor/tensor.ts';
import type { Attribute, Attributes, PlainAttributes } from './attributes.ts';
import { type Elements, inferElements } from './elements.ts';
import { type Dim, describeShape, type Shape, type ValueType } from './shape.ts';

/** An edge of the graph: a graph input, an initializer, or the output of a node. */
export class Value {
  readonly graph: Graph;
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
  /** The node that makes this value; undefined for inputs and initializers. */
  readonly producer: Node | undefined;
  /** The initializer's data. */
  readonly constant: Tensor | undefined;
  readonly #elements: readonly Dim[] | undefined;

  constructor(
    graph: Graph,
    name: string,
    type: ValueType,
    origin: { producer?: Node; constant?: Tensor; elements?: readonly Dim[] | undefined } = {},
  ) {
    this.graph = graph;
    this.name = name;
    this.dtype = type.dtype;
    this.shape = type.shape;
    this.producer = origin.producer;
    this.constant = origin.constant;
    this.#elements = origin.elements;
  }

  /** The elements of a small tensor as far as they are known before running (shapes, axes, sizes); else undefined. */
  get elements(): readonly Dim[] | undefined {
    if (this.#elements) return this.#elements;
    const { constant } = this;
    if (constant && constant.dtype !== 'string' && constant.data.length <= 4096) return toNumbers(constant);
    return undefined;
  }
}

/** One operation. `inputs` may have holes (undefined) where an optional input is left out. */
export interface Node {
  readonly op: string;
  /** '' is ONNX's own domain. */
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
}

export interface NodeOptions {
  /** Number of outputs wanted; 1 if left out. */
  readonly outputs?: number;
  readonly domain?: string;
  /** Name of the node; outputs are named after it. */
  readonly name?: string;
  /** Exact names of the outputs (used when reading a file); '' leaves an output out. */
  readonly outputNames?: readonly string[];
  /** Types of the outputs of an operator that the table does not know. */
  readonly outputTypes?: readonly ValueType[];
  /** What a file states of the outputs; used for sizes that cannot be inferred. */
  readonly statedTypes?: readonly (ValueType | undefined)[];
}

/**
 * An ONNX graph under construction. Nodes are added in an order in which they can run; each addition infers the
 * shapes of its outputs at once, so that a mistake is reported where it is made.
 */
export class Graph {
  name = 'graph';
  readonly nodes: Node[] = [];
  readonly inputs: Value[] = [];
  readonly outputs: Value[] = [];
  /** Constants and parameters, by name. */
  readonly initializers = new Map<string, Value>();
  /** State: initializers that a step replaces by a computed value (parameters, optimizer moments, running statistics). */
  readonly updates = new Map<Value, Value>();
  readonly metadata = new Map<string, string>();
  /** Values of the enclosing graph that a subgraph may use by name. */
  readonly outer: Graph | undefined;
  readonly #values = new Map<string, Value>();
  readonly #constants = new Map<string, Value>();
  readonly #counters = new Map<string, number>();
  readonly #nodeNames = new Set<string>();
  readonly #nodeCounters = new Map<string, number>();
  readonly #reserved = new Set<string>();
  #scopes: string[] = [];

  constructor(outer?: Graph) {
    this.outer = outer;
  }

  /** The value of that name, also one of an enclosing graph. */
  find(name: string): Value | undefined {
    return this.#values.get(name) ?? this.outer?.find(name);
  }

  /** Runs `build` with `name` put before the names of all that it adds: 'layer1.0.conv1'. */
  scope<T>(name: string, build: () => T): T {
    this.#scopes.push(name);
    try {
      return build();
    } finally {
      this.#scopes.pop();
    }
  }

  /** A name in the current scope: 'conv1.weight' -> 'layer1.0.conv1.weight'. */
  scopedName(name: string): string {
    return [...this.#scopes, name].join('.');
  }

  /** A name that no value has yet. */
  uniqueName(base: string): string {
    return countedName(
      base,
      this.#counters,
      (name) => this.#reserved.has(name) || this.find(name) !== undefined,
    );
  }

  /** Keeps `uniqueName` from giving these names: values of that name are still to be added. */
  reserve(names: Iterable<string>): void {
    for (const name of names) this.#reserved.add(name);
  }

  /** Names that a new value of this graph cannot have: its values' and those in its subgraphs. */
  takenNames(): readonly string[] {
    return [...this.#values.keys(), ...this.#reserved];
  }

  /** Adds a graph input. @throws GRAPH_NAME_TAKEN */
  input(name: string, dtype: DType, shape: Shape): Value {
    const value = this.#register(new Value(this, name, { dtype, shape }));
    this.inputs.push(value);
    return value;
  }

  /** Adds an initializer: a parameter, a buffer or a constant that keeps its name in the file. @throws GRAPH_NAME_TAKEN */
  initializer(name: string, data: Tensor): Value {
    const value = this.#register(
      new Value(this, name, { dtype: data.dtype, shape: data.dims }, { constant: data }),
    );
    this.initializers.set(name, value);
    return value;
  }

  /** A constant; equal small constants share one initializer. */
  constant(data: Tensor): Value {
    const small = data.data.length <= 64 && data.dtype !== 'string';
    const key = small ? `${data.dtype}[${data.dims.join()}]${toNumbers(data).map(plainKey).join()}` : '';
    const known = small ? this.#constants.get(key) : undefined;
    if (known) return known;
    const value = this.initializer(this.uniqueName('constant'), data);
    if (small) this.#constants.set(key, value);
    return value;
  }

  /** Marks values as the graph's outputs, in this order. */
  output(...values: readonly Value[]): void {
    this.outputs.push(...values);
  }

  /** States what an initializer becomes after a step. @throws GRAPH_UPDATE when the shapes differ or it is updated twice. */
  update(target: Value, value: Value): void {
    if (!target.constant || this.updates.has(target) || `${target.shape}` !== `${value.shape}`) {
      throw new HounsfieldError(
        'GRAPH_UPDATE',
        `'${target.name}' ${describeShape(target.shape)} cannot be updated by '${value.name}' ${describeShape(value.shape)}: ` +
          'an update needs an initializer that has none yet, and equal shapes.',
      );
    }
    this.updates.set(target, value);
  }

  /**
   * Adds a node and returns its outputs.
   *
   * @throws GRAPH_SHAPE naming the node, when the inputs do not fit the operator
   * @throws OPERATOR_UNKNOWN when neither ONNX nor the engine has such an operator and its output types are not given
   * @throws OPERATOR_ATTRIBUTE when an attribute is unknown or of the wrong kind
   */
  add(
    op: string,
    inputs: readonly (Value | undefined)[],
    attributes: PlainAttributes = {},
    options: NodeOptions = {},
  ): Value[] {
    const domain = options.domain ?? '';
    const name = countedName(options.name ?? this.scopedName(op), this.#nodeCounters, (taken) =>
      this.#nodeNames.has(taken),
    );
    this.#nodeNames.add(name);
    const attributeMap = new Map<string, Attribute>();
    for (const [key, value] of Object.entries(attributes)) {
      if (value !== undefined) attributeMap.set(key, attributeOf(op, domain, key, value, name));
    }
    const outputs: Value[] = [];
    const node: Node = { op, domain, name, inputs, outputs, attributes: attributeMap };
    const wanted = options.outputNames?.length ?? options.outputs ?? 1;
    checkArity(node, wanted, options.outputTypes !== undefined);
    const rule = operatorFor(domain, op);
    const types = rule && !options.outputTypes ? rule.shape(node, wanted) : (options.outputTypes ?? []);
    const elements = inferElements(node, types);
    for (let i = 0; i < wanted; i++) {
      const inferred = withCount(types[i] ?? { dtype: 'float32', shape: undefined }, elements[i]);
      const type = withStated(inferred, options.statedTypes?.[i]);
      const given = options.outputNames?.[i];
      const outputName = given ?? this.uniqueName(wanted === 1 ? `${name}.out` : `${name}.out${i}`);
      const value = new Value(this, outputName, type, {
        producer: node,
        elements: elements[i],
      });
      outputs.push(outputName === '' ? value : this.#register(value));
    }
    this.nodes.push(node);
    return outputs;
  }

  /** Adds a node with one output and returns it. */
  op(
    op: string,
    inputs: readonly (Value | undefined)[],
    attributes: PlainAttributes = {},
    options: NodeOptions = {},
  ): Value {
    return this.add(op, inputs, attributes, options)[0]!;
  }

  #register(value: Value): Value {
    if (this.#values.has(value.name)) {
      throw new HounsfieldError(
        'GRAPH_NAME_TAKEN',
        `the graph already has a value named '${value.name}'. Give the new one another name or a scope of its own.`,
      );
    }
    this.#values.set(value.name, value);
    // A name inside of a subgraph must not come again outside of it.
    for (let { outer } = this as Graph; outer; { outer } = outer) outer.reserve([value.name]);
    return value;
  }
}

/** @throws OPERATOR_UNKNOWN, GRAPH_SHAPE for more or fewer inputs or outputs than the operator has */
function checkArity({ op, domain, name, inputs }: Node, outputs: number, typed: boolean): void {
  const schema = schemaFor(domain, op);
  if (!schema) {
    if (typed) return;
    throw new HounsfieldError(
      'OPERATOR_UNKNOWN',
      `'${name}': there is no operator '${domain ? `${domain}:` : ''}${op}'. Check its spelling, or state the types of its outputs (outputTypes).`,
    );
  }
  const given = inputs.findLastIndex((input) => input !== undefined) + 1;
  const [fewest, most] = schema.inputs;
  const problems = [
    given < fewest && `input ${given} is missing, ${fewest} are needed`,
    most >= 0 && given > most && `${given} inputs were given, it takes ${most}`,
    schema.outputs[1] >= 0 &&
      outputs > schema.outputs[1] &&
      `${outputs} outputs are wanted, it has ${schema.outputs[1]}`,
  ].filter((problem) => problem !== false);
  if (problems.length > 0) {
    throw new HounsfieldError(
      'GRAPH_SHAPE',
      `${op} '${name}': ${problems.join('; ')}. Check this node's inputs.`,
    );
  }
}

/** `base`, or with the first number after it that makes it free: 'Conv', 'Conv_1', 'Conv_2'. */
function countedName(base: string, counters: Map<string, number>, taken: (name: string) => boolean): string {
  let count = counters.get(base) ?? 0;
  let name = count === 0 ? base : `${base}_${count}`;
  while (taken(name)) name = `${base}_${++count}`;
  counters.set(base, count);
  return name;
}

/** The type with the one size that was not known (NonZero's), where the elements say it. */
function withCount(type: ValueType, elements: Elements): ValueType {
  const { dtype, shape } = type;
  if (!elements || !shape) return type;
  const known = shape.filter((dim) => typeof dim === 'number');
  const size = known.reduce((total, dim) => total * dim, 1);
  if (known.length !== shape.length - 1 || size === 0) return type;
  return { dtype, shape: shape.map((dim) => (typeof dim === 'number' ? dim : elements.length / size)) };
}

/** The type with sizes that only the file knows; where the two contradict each other, the file is not believed. */
function withStated(type: ValueType, stated: ValueType | undefined): ValueType {
  const { dtype, shape } = type;
  if (!stated?.shape || stated.dtype !== dtype) return type;
  if (!shape) return { dtype, shape: stated.shape };
  if (shape.length !== stated.shape.length) return type;
  return { dtype, shape: shape.map((dim, i) => dim ?? stated.shape?.[i]) };
}

/** Keeps -0 and 0 apart in a constant's key. */
const plainKey = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));
