import { clone } from '@bufbuild/protobuf';
import { HounsfieldError } from '../../errors.ts';
import {
  type AttributeProto,
  AttributeProtoSchema,
  type FunctionProto,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  NodeProtoSchema,
} from './onnx_pb.ts';

/** A chain of functions longer than this calls itself. */
const DEEPEST = 64;

interface Inlining {
  readonly functions: ReadonlyMap<string, FunctionProto>;
  calls: number;
}

const keyOf = ({ domain }: { domain: string }, name: string): string =>
  `${domain === 'ai.onnx' ? '' : domain}:${name}`;

/**
 * Replaces each call of one of the model's local functions by the function's nodes, in place (ONNX IR, "Functions").
 *
 * @throws ONNX_FUNCTIONS when a function calls itself, or is written in another opset than the model
 */
export function inlineFunctions(model: ModelProto): void {
  if (!model.graph || model.functions.length === 0) return;
  const standard = (imports: ModelProto['opsetImport']) =>
    imports.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version;
  const opset = standard(model.opsetImport);
  for (const item of model.functions) {
    const own = standard(item.opsetImport);
    if (own === undefined || opset === undefined || own === opset) continue;
    throw new HounsfieldError(
      'ONNX_FUNCTIONS',
      `the function '${item.name}' is of opset ${own} and the model of ${opset}. Inline it first: onnx.inliner.inline_local_functions(model, convert_version=True).`,
    );
  }
  const functions = new Map(model.functions.map((item) => [keyOf(item, item.name), item]));
  inlineIn(model.graph, { functions, calls: 0 }, 0);
  model.functions = [];
}

function inlineIn(graph: GraphProto, inlining: Inlining, depth: number): void {
  graph.node = graph.node.flatMap((node) => inlinedNode(node, inlining, depth));
}

function inlinedNode(node: NodeProto, inlining: Inlining, depth: number): readonly NodeProto[] {
  for (const subgraph of subgraphsOf(node)) inlineIn(subgraph, inlining, depth);
  const called = inlining.functions.get(keyOf(node, node.opType));
  if (!called) return [node];
  if (depth >= DEEPEST) {
    throw new HounsfieldError(
      'ONNX_FUNCTIONS',
      `the function '${called.name}' calls itself. The file is damaged; export it again.`,
    );
  }
  const body = called.node.map((item) => clone(NodeProtoSchema, item));
  const names = namesInside(node, called, `${node.name || called.name}_${inlining.calls++}/`);
  for (const item of body) {
    item.name = item.name === '' ? '' : `${names.prefix}${item.name}`;
    bindAttributes(item, node, called);
    rename(item, names);
  }
  return body.flatMap((item) => inlinedNode(item, inlining, depth + 1));
}

const subgraphsOf = (node: NodeProto): readonly GraphProto[] =>
  node.attribute.flatMap(({ g, graphs }) => (g ? [g, ...graphs] : graphs));

interface Names {
  readonly prefix: string;
  /** Names of the function's inputs and outputs, as the caller has them. */
  readonly bound: ReadonlyMap<string, string>;
}

function namesInside(node: NodeProto, called: FunctionProto, prefix: string): Names {
  const bound = new Map<string, string>();
  // An input that the caller leaves out is left out inside too.
  called.input.forEach((name, i) => {
    bound.set(name, node.input[i] ?? '');
  });
  called.output.forEach((name, i) => {
    bound.set(name, node.output[i] || `${prefix}${name}`);
  });
  return { prefix, bound };
}

function rename(node: NodeProto, names: Names): void {
  const renamed = (name: string): string =>
    name === '' ? '' : (names.bound.get(name) ?? `${names.prefix}${name}`);
  node.input = node.input.map(renamed);
  node.output = node.output.map(renamed);
  for (const graph of subgraphsOf(node)) {
    for (const value of [...graph.input, ...graph.output, ...graph.valueInfo, ...graph.initializer]) {
      value.name = renamed(value.name);
    }
    for (const inner of graph.node) rename(inner, names);
  }
}

/** Attributes that refer to the caller's take its value, the function's default, or go. */
function bindAttributes(node: NodeProto, caller: NodeProto, called: FunctionProto): void {
  node.attribute = node.attribute.flatMap((attribute): AttributeProto[] => {
    for (const graph of attribute.g ? [attribute.g, ...attribute.graphs] : attribute.graphs) {
      for (const inner of graph.node) bindAttributes(inner, caller, called);
    }
    if (attribute.refAttrName === '') return [attribute];
    const named = ({ name }: AttributeProto) => name === attribute.refAttrName;
    const value = caller.attribute.find(named) ?? called.attributeProto.find(named);
    if (!value) return [];
    const bound = clone(AttributeProtoSchema, value);
    bound.name = attribute.name;
    return [bound];
  });
}
