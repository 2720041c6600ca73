import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { HounsfieldError, isHounsfieldError } from '../../errors.ts';
import { INTERNAL_DOMAIN } from '../operators/schema.ts';
import { operatorFor } from '../operators/table.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Attribute } from './attributes.ts';
import { dtypeOfOnnx, onnxDataType } from './build.ts';
import { Graph, type Node, type Value } from './graph.ts';
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TypeProto,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from './onnx_pb.ts';
import { inlineFunctions } from './onnx-functions.ts';
import { type ReadExternal, tensorFromProto, tensorToProto } from './onnx-tensor.ts';
import type { Dim, Shape, ValueType } from './shape.ts';
import { type DraftNode, upgradeNode } from './upgrade.ts';

/** The opset of every graph in memory and of every file written. */
export const OPSET = 21;
/** ONNX IR version that goes with it. */
const IR_VERSION = 10n;
const OLDEST_OPSET = 13;

const text = new TextDecoder();
const bytes = new TextEncoder();

/**
 * Reads an ONNX model of opset 13 to 21 into a graph of opset 21: initializers, subgraphs and metadata are kept.
 *
 * @param data the file's bytes
 * @param readExternal how to read tensors that lie in files beside the model
 * @throws ONNX_FILE when the bytes are not a model, ONNX_OPSET outside of 13..21, ONNX_TENSOR, ONNX_TYPE,
 *   ONNX_EXTERNAL_DATA, ONNX_FUNCTIONS, ONNX_UPGRADE, GRAPH_SHAPE where the model contradicts itself
 */
export function readOnnx(data: Uint8Array, readExternal?: ReadExternal): Graph {
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, data);
  } catch (cause) {
    throw new HounsfieldError(
      'ONNX_FILE',
      'the bytes are not an ONNX model, or they are cut short. Get the file again.',
      { cause },
    );
  }
  if (!model.graph) {
    throw new HounsfieldError(
      'ONNX_FILE',
      'the file holds no graph. It is not an ONNX model, or it is damaged.',
    );
  }
  const standard = model.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx');
  const opset = Number(standard?.version ?? OPSET);
  if (opset < OLDEST_OPSET || opset > OPSET) {
    throw new HounsfieldError(
      'ONNX_OPSET',
      `the model is of opset ${opset}, and ${OLDEST_OPSET} to ${OPSET} can be read. Export it again with opset_version=17, or convert it with onnx.version_converter.`,
    );
  }
  const graph = new Graph();
  graph.name = model.graph.name || 'graph';
  for (const { key, value } of model.metadataProps) graph.metadata.set(key, value);
  try {
    inlineFunctions(model);
    graph.reserve(namesOf(model.graph));
    fillGraph(graph, model.graph, opset, readExternal);
  } catch (cause) {
    if (isHounsfieldError(cause)) throw cause;
    throw new HounsfieldError(
      'ONNX_FILE',
      'the model is damaged, or contradicts itself. Get the file again.',
      {
        cause,
      },
    );
  }
  return graph;
}

/** Every name that the file will add, so that what is added on the way takes others. */
function namesOf({ input, initializer, node }: GraphProto): readonly string[] {
  const inside = node.flatMap(({ attribute }) => attribute.flatMap(({ g }) => (g ? namesOf(g) : [])));
  return [
    ...[...input, ...initializer].map(({ name }) => name),
    ...node.flatMap(({ output }) => output),
    ...inside,
  ];
}

/**
 * The nodes so that each reads what nodes before it make: as they stand where they are sorted, as the standard demands,
 * else the makers put before their readers. ONNX Runtime sorts, too, and tools for it write such files.
 */
function inOrder(nodes: readonly NodeProto[]): readonly NodeProto[] {
  const makers = new Map(nodes.flatMap((node) => node.output.map((name) => [name, node] as const)));
  const needs = (node: NodeProto): NodeProto[] => namesRead(node).flatMap((name) => makers.get(name) ?? []);
  const begun = new Set<NodeProto>();
  const ordered: NodeProto[] = [];
  for (const root of nodes) {
    const path: { readonly node: NodeProto; readonly open: NodeProto[] }[] = [];
    const enter = (node: NodeProto) => {
      if (begun.has(node)) return; // done, or part of a circle, which is told where it is read
      begun.add(node);
      path.push({ node, open: needs(node).reverse() });
    };
    enter(root);
    for (let last = path.at(-1); last; last = path.at(-1)) {
      const next = last.open.pop();
      if (next) enter(next);
      else ordered.push(path.pop()!.node); // it is `last`
    }
  }
  return ordered;
}

/** Names that a node reads, its subgraphs' among them. */
function namesRead({ input, attribute }: NodeProto): readonly string[] {
  const inside = attribute.flatMap(({ g }) =>
    g ? [...g.node.flatMap(namesRead), ...g.output.map(({ name }) => name)] : [],
  );
  return [...input, ...inside];
}

function fillGraph(graph: Graph, proto: GraphProto, opset: number, readExternal?: ReadExternal): void {
  const initial = new Set(proto.initializer.map(({ name }) => name));
  for (const input of proto.input) {
    // Old exporters list initializers among the inputs; they are constants all the same.
    if (initial.has(input.name)) continue;
    const type = inputType(input);
    graph.input(input.name, type.dtype, type.shape);
  }
  for (const item of proto.initializer) graph.initializer(item.name, tensorFromProto(item, readExternal));
  if (proto.sparseInitializer.length > 0) {
    throw new HounsfieldError(
      'ONNX_TENSOR',
      'the model has sparse initializers, which are not supported. Make them dense first.',
    );
  }
  const stated = new Map<string, ValueType>();
  for (const info of [...proto.valueInfo, ...proto.output]) {
    const type = typeFromProto(info.type);
    if (type) stated.set(info.name, type);
  }
  const outputs = new Set(proto.output.map(({ name }) => name));
  for (const node of inOrder(proto.node)) readNode(graph, node, opset, stated, outputs, readExternal);
  for (const output of proto.output) graph.output(valueNamed(graph, output.name, 'the graph'));
}

function readNode(
  graph: Graph,
  proto: NodeProto,
  opset: number,
  stated: ReadonlyMap<string, ValueType>,
  outputs: ReadonlySet<string>,
  readExternal?: ReadExternal,
): void {
  const label = proto.name || proto.output[0] || proto.opType;
  const inputs = proto.input.map((name) => (name === '' ? undefined : valueNamed(graph, name, label)));
  const attributes = new Map(
    proto.attribute.map((item) => [item.name, attributeFromProto(graph, item, opset, readExternal)]),
  );
  const domain = proto.domain === 'ai.onnx' ? '' : proto.domain;
  const upgraded = upgradeNode(
    graph,
    { op: proto.opType, domain, inputs, attributes, outputs: proto.output.length },
    opset,
  );
  const constant = constantOf(upgraded);
  if (constant && proto.output.length === 1 && !outputs.has(proto.output[0]!)) {
    graph.initializer(proto.output[0]!, constant);
    return;
  }
  const known = operatorFor(domain, upgraded.op) !== undefined;
  const types = proto.output.map((name) => stated.get(name));
  graph.add(upgraded.op, upgraded.inputs, Object.fromEntries(upgraded.attributes), {
    domain,
    name: label,
    outputNames: proto.output,
    ...(known
      ? { statedTypes: types }
      : { outputTypes: types.map((type) => type ?? { dtype: 'float32', shape: undefined }) }),
  });
}

/** Inputs of subgraphs may come without a type. @throws ONNX_TYPE for sequences, maps and types without an array */
function inputType({ name, type }: ValueInfoProto): ValueType {
  const found = typeFromProto(type);
  if (found) return found;
  if (type?.value.case === undefined) return { dtype: 'float32', shape: undefined };
  const kind =
    type.value.case === 'tensorType' ? `a tensor of type ${type.value.value.elemType}` : type.value.case;
  throw new HounsfieldError(
    'ONNX_TYPE',
    `the input '${name}' is ${kind}, and only dense tensors of floats, integers, bool and strings are supported. Convert the model first.`,
  );
}

function valueNamed(graph: Graph, name: string, reader: string): Value {
  const value = graph.find(name);
  if (value) return value;
  throw new HounsfieldError(
    'ONNX_FILE',
    `'${reader}' reads the value '${name}', which nothing before it makes. The file is damaged, or its nodes go round in a circle.`,
  );
}

function attributeFromProto(
  graph: Graph,
  proto: AttributeProto,
  opset: number,
  readExternal?: ReadExternal,
): Attribute {
  const kinds = AttributeProto_AttributeType;
  switch (proto.type) {
    case kinds.INT:
      return { kind: 'int', value: Number(proto.i) };
    case kinds.FLOAT:
      return { kind: 'float', value: proto.f };
    case kinds.STRING:
      return { kind: 'string', value: text.decode(proto.s) };
    case kinds.INTS:
      return { kind: 'ints', value: proto.ints.map(Number) };
    case kinds.FLOATS:
      return { kind: 'floats', value: proto.floats };
    case kinds.STRINGS:
      return { kind: 'strings', value: proto.strings.map((item) => text.decode(item)) };
    case kinds.TENSOR:
      return { kind: 'tensor', value: tensorFromProto(proto.t ?? incomplete(proto), readExternal) };
    case kinds.GRAPH: {
      const inner = proto.g ?? incomplete(proto);
      const subgraph = new Graph(graph);
      subgraph.name = inner.name || 'subgraph';
      fillGraph(subgraph, inner, opset, readExternal);
      return { kind: 'graph', value: subgraph };
    }
    default:
      return { kind: 'opaque', value: toBinary(AttributeProtoSchema, proto) };
  }
}

function incomplete({ name }: AttributeProto): never {
  throw new HounsfieldError(
    'ONNX_FILE',
    `the attribute '${name}' has no value. The file is damaged; get it again.`,
  );
}

/** A Constant node's tensor: it is kept as an initializer, so that weights are found in one place. */
function constantOf({ op, domain, attributes }: DraftNode): Tensor | undefined {
  const value = op === 'Constant' && domain === '' ? attributes.get('value') : undefined;
  return value?.kind === 'tensor' ? value.value : undefined;
}

function typeFromProto(type: TypeProto | undefined): ValueType | undefined {
  if (type?.value.case !== 'tensorType') return undefined;
  const dtype = dtypeOfOnnx(type.value.value.elemType);
  if (!dtype) return undefined;
  const shape: Shape = type.value.value.shape?.dim.map(({ value }): Dim => {
    if (value.case === 'dimValue') return Number(value.value);
    return value.case === 'dimParam' && value.value !== '' ? value.value : undefined;
  });
  return { dtype, shape };
}

/**
 * Writes a graph as an ONNX model of opset 21.
 *
 * @throws ONNX_INTERNAL_OPERATOR when the graph still holds one of the engine's composite operators
 */
export function writeOnnx(graph: Graph): Uint8Array<ArrayBuffer> {
  const domains = new Set<string>();
  const proto = graphToProto(graph, domains);
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    producerName: 'hounsfield',
    opsetImport: [{ domain: '', version: BigInt(OPSET) }],
    metadataProps: [...graph.metadata].map(([key, value]) => ({ key, value })),
    graph: proto,
  });
  for (const domain of domains)
    model.opsetImport.push({
      $typeName: 'onnx.OperatorSetIdProto',
      domain,
      version: domain === 'ai.onnx.ml' ? machineLearningVersion(graph) : 1n,
    });
  return toBinary(ModelProtoSchema, model);
}

/** Version 5 took the older operators of trees away, which runtimes read best; version 4 gave LabelEncoder its present form. */
function machineLearningVersion({ nodes }: Graph): bigint {
  const has = (...ops: string[]) =>
    nodes.some(({ op, domain }) => domain === 'ai.onnx.ml' && ops.includes(op));
  if (!has('TreeEnsembleClassifier', 'TreeEnsembleRegressor')) return 5n;
  return has('LabelEncoder') ? 4n : 3n;
}

function graphToProto(graph: Graph, domains: Set<string>): GraphProto {
  return create(GraphProtoSchema, {
    name: graph.name,
    node: graph.nodes.map((node) => nodeToProto(node, domains)),
    initializer: [...graph.initializers.values()].map((value) => tensorToProto(value.name, value.constant!)),
    input: graph.inputs.map(valueInfo),
    output: graph.outputs.map(valueInfo),
  });
}

function valueInfo(value: Value): ValueInfoProto {
  const shape = value.shape?.map((dim) => ({
    value:
      typeof dim === 'number'
        ? { case: 'dimValue' as const, value: BigInt(dim) }
        : typeof dim === 'string'
          ? { case: 'dimParam' as const, value: dim }
          : { case: undefined },
  }));
  return create(ValueInfoProtoSchema, {
    name: value.name,
    type: {
      value: {
        case: 'tensorType',
        value: { elemType: onnxDataType[value.dtype], ...(shape ? { shape: { dim: shape } } : {}) },
      },
    },
  });
}

function nodeToProto(node: Node, domains: Set<string>): NodeProto {
  if (node.domain === INTERNAL_DOMAIN) {
    throw new HounsfieldError(
      'ONNX_INTERNAL_OPERATOR',
      `'${node.name}' is the engine's own ${node.op}, which no other program knows. Expand the graph first: expandComposites(graph).`,
    );
  }
  if (node.domain !== '') domains.add(node.domain);
  return create(NodeProtoSchema, {
    name: node.name,
    opType: node.op,
    domain: node.domain,
    input: node.inputs.slice(0, lastPresent(node) + 1).map((value) => value?.name ?? ''),
    output: node.outputs.map(({ name }) => name),
    attribute: [...node.attributes].map(([name, attribute]) => attributeToProto(name, attribute, domains)),
  });
}

/** Optional inputs left out at the end are not written. */
const lastPresent = ({ inputs }: Node): number => inputs.findLastIndex((input) => input !== undefined);

function attributeToProto(name: string, attribute: Attribute, domains: Set<string>): AttributeProto {
  const kinds = AttributeProto_AttributeType;
  const make = (fields: MessageInitShape<typeof AttributeProtoSchema>) =>
    create(AttributeProtoSchema, { ...fields, name });
  switch (attribute.kind) {
    case 'int':
      return make({ type: kinds.INT, i: toInt64(attribute.value) });
    case 'float':
      return make({ type: kinds.FLOAT, f: attribute.value });
    case 'string':
      return make({ type: kinds.STRING, s: bytes.encode(attribute.value) });
    case 'ints':
      return make({ type: kinds.INTS, ints: attribute.value.map(toInt64) });
    case 'floats':
      return make({ type: kinds.FLOATS, floats: [...attribute.value] });
    case 'strings':
      return make({ type: kinds.STRINGS, strings: attribute.value.map((item) => bytes.encode(item)) });
    case 'tensor':
      return make({ type: kinds.TENSOR, t: tensorToProto('', attribute.value) });
    case 'graph':
      return make({ type: kinds.GRAPH, g: graphToProto(attribute.value, domains) });
    case 'opaque':
      return fromBinary(AttributeProtoSchema, attribute.value);
  }
}

/** INT64_MAX stands for 'to the end' in old files, and a double cannot hold it exactly. */
function toInt64(value: number): bigint {
  return BigInt.asIntN(64, value >= 2 ** 63 ? 2n ** 63n - 1n : BigInt(value));
}
