import type { Attribute } from '../../engine/graph/attributes.ts';
import { dtypeOfOnnx, onnxDataType } from '../../engine/graph/build.ts';
import type { Graph, Node, Value } from '../../engine/graph/graph.ts';
import { floatOf } from '../../engine/operators/operator.ts';
import { operatorFor } from '../../engine/operators/table.ts';
import { type Tensor, tensor, toNumbers } from '../../engine/tensor/tensor.ts';
import { type BuildContext, buffer, parameter } from '../layers/build-context.ts';
import { dropout } from '../layers/dropout.ts';
import { normalizeByBatch } from '../layers/normalization.ts';
import { type Mending, mendedInputs } from './imported-batch.ts';
import { constantOf, trainedTensor, trainedType } from './imported-constants.ts';
import type { ImportedInput } from './imported-file.ts';
import { type ImportedHead, layerOf } from './imported-head.ts';
import { isBatchNorm, leavesOf, statisticsOf } from './imported-parameters.ts';
import { parameterData } from './imported-weights.ts';

/** What was read of a file: the part before its head. */
export interface ImportedFile {
  readonly graph: Graph;
  readonly image: Value;
  /** What the head's input needs, in the order in which it runs. */
  readonly nodes: readonly Node[];
  readonly varying: ReadonlySet<Value>;
  readonly parameters: ReadonlyMap<Value, Node>;
  readonly head: ImportedHead;
  readonly input: ImportedInput;
  readonly batchNorm: 'train' | 'keep' | 'unfold';
  readonly notes: readonly string[];
}

interface Copying {
  readonly context: BuildContext;
  readonly file: ImportedFile;
  readonly mending: Mending | undefined;
  /** The file's values as the new graph has them. */
  readonly values: Map<Value, Value>;
  /** Convolutions behind which normalisation is put, with its name. */
  readonly unfolded: ReadonlyMap<Node, string>;
}

/** Adds the file's nodes to the context's graph, with `image` for its input, and returns what its head is given. */
export function copyInto(
  context: BuildContext,
  file: ImportedFile,
  image: Value,
  mending: Mending | undefined,
): Value {
  const values = new Map<Value, Value>([[file.image, image]]);
  const unfolded = file.batchNorm === 'unfold' ? unfoldableConvolutions(file) : new Map<Node, string>();
  const copying: Copying = { context, file, mending, values, unfolded };
  for (const node of file.nodes) {
    const outputs = node.outputs.some((output) => file.parameters.has(output)) ? [] : copyNode(node, copying);
    node.outputs.forEach((output, i) => {
      const copy = outputs[i];
      if (copy) values.set(output, copy);
    });
  }
  return valueHere(file.head.input, copying)!;
}

/** The new graph's value; constants and parameters are added where they are first used. */
function valueHere(value: Value | undefined, { context, file, values }: Copying): Value | undefined {
  if (!value) return undefined;
  const known = values.get(value);
  if (known) return known;
  const added = file.parameters.has(value)
    ? addParameter(context, value, parameterData(value, file.image))
    : context.graph.constant(trainedTensor(constantOf(value)!, file.image.dtype)); // no node has made it
  values.set(value, added);
  return added;
}

function addParameter(context: BuildContext, { name }: Value, data: Tensor): Value {
  // Parameters are float32: trainedTensor has made them so.
  return parameter(context, name, data.dims, () => data.data as Float32Array<ArrayBuffer>);
}

function copyNode(node: Node, copying: Copying): readonly (Value | undefined)[] {
  const { context, mending, file } = copying;
  const { graph } = context;
  if (node.op === 'Constant' && node.domain === '') return [];
  const isNorm = isBatchNorm(node);
  const given = node.inputs.map((input, i) => (isNorm && i > 2 ? undefined : valueHere(input, copying)));
  if (isNorm) return [copyBatchNorm(node, given, copying)];
  if (node.op === 'Dropout') return [copyDropout(node, given[0]!, context)];
  const half = node.outputs[0] && trainedType(node.outputs[0].dtype, file.image.dtype) === 'float32';
  if (node.op === 'Cast' && half && given[0]?.dtype === 'float32') return [given[0]];
  const inputs = mending ? mendedInputs(node, given, { ...mending, image: mending.image }) : given;
  const outputs = graph.add(node.op, inputs, attributesOf(node, file.image), {
    domain: node.domain,
    name: graph.scopedName(node.name),
    outputNames: node.outputs.map(({ name }) =>
      name === '' ? '' : graph.uniqueName(graph.scopedName(name)),
    ),
    ...(operatorFor(node.domain, node.op) ? {} : { outputTypes: unknownTypes(node, file.image) }),
  });
  const layer = copying.unfolded.get(node);
  return layer === undefined ? outputs : [unfold(context, layer, outputs[0]!)];
}

/** What the engine does not know of an operator is its file's word: types, and shapes as far as the batch allows. */
const unknownTypes = (node: Node, image: Value) =>
  node.outputs.map(({ dtype, shape }) => ({
    dtype: trainedType(dtype, image.dtype),
    shape: shape?.map(() => undefined),
  }));

function attributesOf(node: Node, image: Value): Record<string, Attribute> {
  const attributes: Record<string, Attribute> = {};
  for (const [name, attribute] of node.attributes) {
    attributes[name] = attribute;
    if (attribute.kind === 'tensor') {
      attributes[name] = { kind: 'tensor', value: trainedTensor(attribute.value, image.dtype) };
    } else if (attribute.kind === 'int' && (name === 'to' || name === 'dtype')) {
      const dtype = dtypeOfOnnx(attribute.value);
      if (dtype) attributes[name] = { kind: 'int', value: onnxDataType[trainedType(dtype, image.dtype)] };
    }
  }
  return attributes;
}

function copyDropout(node: Node, x: Value, context: BuildContext): Value {
  const ratio = node.inputs[1] && constantOf(node.inputs[1]);
  return dropout(context, node.name, x, ratio ? toNumbers(ratio)[0]! : 0.5);
}

function copyBatchNorm(node: Node, given: readonly (Value | undefined)[], copying: Copying): Value {
  const { context, file, values } = copying;
  const { graph } = context;
  const [mean, variance] = statisticsOf(node, file.parameters).map(({ name, value, data }) => {
    const known = name === value.name ? values.get(value) : undefined;
    if (known) return known;
    const made = buffer(context, name, trainedTensor(data, file.image.dtype));
    if (name === value.name) values.set(value, made);
    return made;
  });
  const epsilon = floatOf(node, 'epsilon', 1e-5);
  const [x, weight, bias] = given;
  const usual = normLayer(node);
  const taken = graph.find(graph.scopedName(`${usual}.num_batches_tracked`)) !== undefined;
  const layer = taken ? node.name || node.outputs[0]!.name : usual;
  if (file.batchNorm === 'keep') {
    return graph.op(
      'BatchNormalization',
      [x, weight, bias, mean, variance],
      { epsilon },
      { name: graph.scopedName(node.name) },
    );
  }
  const momentum = 1 - floatOf(node, 'momentum', 0.9);
  const scale = { weight: weight!, bias: bias!, mean: mean!, variance: variance! };
  // A layer that is used twice has moved its statistics once already.
  if (graph.updates.has(mean!))
    return graph.op('BatchNormalization', [x, weight, bias, mean, variance], { epsilon });
  return graph.scope(layer, () =>
    normalizeByBatch(context, graph.scopedName('').slice(0, -1), x!, scale, { epsilon, momentum }),
  );
}

/** 'layer1.0.bn1' by the name of its scale, else the node's. */
function normLayer(node: Node): string {
  const names = [node.inputs[1], node.inputs[2]].flatMap((value) => (value ? leavesOf(value) : []));
  return names.map(({ name }) => layerOf(name)).find((name) => name !== undefined) ?? node.name;
}

/** Convolutions with a bias, over more than one place, that no normalisation follows; with the new layer's name. */
function unfoldableConvolutions({ nodes, parameters }: ImportedFile): Map<Node, string> {
  const normalised = new Set(
    nodes.filter(({ op }) => op === 'BatchNormalization').map(({ inputs }) => inputs[0]),
  );
  const found = new Map<Node, string>();
  for (const node of nodes) {
    const [, weight, bias] = node.inputs;
    const single = node.outputs[0]!.shape?.slice(2).every((size) => size === 1);
    if (node.op !== 'Conv' || !weight || !bias || single || normalised.has(node.outputs[0])) continue;
    if (leavesOf(bias).some((leaf) => parameters.has(leaf))) {
      found.set(node, `${layerOf(weight.name) ?? node.name}.unfolded`);
    }
  }
  return found;
}

/** Names of the layers that 'unfold' puts in. */
export const unfoldedLayers = (file: ImportedFile): readonly string[] => [
  ...unfoldableConvolutions(file).values(),
];

/** Epsilon of the layers that 'unfold' puts in. */
export const UNFOLDED_EPSILON = 1e-5;

/** Normalisation that changes nothing: for mean m and variance v its scale is sqrt(v + epsilon) and its shift m. */
function unfold(context: BuildContext, layer: string, x: Value): Value {
  const { graph } = context;
  const channels = Number(x.shape?.[1]); // of a convolution's weights
  const all = (value: number): Tensor<'float32'> =>
    tensor('float32', [channels], new Float32Array(channels).fill(value));
  return graph.scope(layer, () => {
    const scale = Math.fround(Math.sqrt(1 + UNFOLDED_EPSILON));
    const weight = parameter(
      context,
      'weight',
      [channels],
      () => all(scale).data as Float32Array<ArrayBuffer>,
    );
    const bias = parameter(context, 'bias', [channels], () => all(0).data as Float32Array<ArrayBuffer>);
    const mean = buffer(context, 'running_mean', all(0));
    const variance = buffer(context, 'running_var', all(1));
    const name = graph.scopedName('').slice(0, -1);
    return normalizeByBatch(
      context,
      name,
      x,
      { weight, bias, mean, variance },
      { epsilon: UNFOLDED_EPSILON },
    );
  });
}
