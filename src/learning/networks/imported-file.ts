import type { Graph, Node, Value } from '../../engine/graph/graph.ts';
import { copyGraph, valuesRead } from '../../engine/graph/rewrite.ts';
import { type Dim, describeShape } from '../../engine/graph/shape.ts';
import { intsOf, knownInts } from '../../engine/operators/operator.ts';
import { isFloat } from '../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../errors.ts';
import { dequantised } from './imported-constants.ts';
import { isOwnCopy } from './imported-parameters.ts';

/** The image as a file takes it. */
export interface ImportedInput {
  readonly name: string;
  readonly layout: 'NCHW' | 'NHWC';
  /** The batch that the file was exported with, where it is fixed. */
  readonly batch?: number;
  readonly channels?: number;
  /** Sizes of the spatial axes; undefined where any may be given. */
  readonly space: readonly (number | undefined)[];
  /** The last two of `space`. */
  readonly height?: number;
  readonly width?: number;
}

/**
 * The graph with every If whose condition is known replaced by the branch that it takes, and weights kept in 8 bits
 * by the numbers they stand for.
 */
export function simplified(graph: Graph): Graph {
  if (!graph.nodes.some(({ op }) => op === 'If' || op === 'DequantizeLinear')) return graph;
  return copyGraph(graph, {
    mapNode: (node, inputs, target) => {
      if (node.op === 'DequantizeLinear') {
        return [target.initializer(node.outputs[0]!.name, dequantised(node))];
      }
      const taken = node.op === 'If' ? knownInts(inputs[0])?.[0] : undefined;
      const branch = node.attributes.get(taken ? 'then_branch' : 'else_branch');
      if (taken === undefined || branch?.kind !== 'graph') return undefined;
      return inlined(branch.value, target);
    },
  });
}

function inlined(branch: Graph, target: Graph): readonly (Value | undefined)[] {
  const values = new Map<Value, Value>();
  // Copies keep their names, and what a branch takes from outside has been copied before it.
  const valueHere = (value: Value | undefined): Value | undefined =>
    value && (values.get(value) ?? target.find(value.name));
  for (const value of branch.initializers.values()) values.set(value, target.constant(value.constant!));
  for (const node of branch.nodes) {
    const outputs = target.add(node.op, node.inputs.map(valueHere), Object.fromEntries(node.attributes), {
      domain: node.domain,
      name: node.name,
      outputs: node.outputs.length,
    });
    node.outputs.forEach((output, i) => {
      values.set(output, outputs[i]!);
    });
  }
  return branch.outputs.map(valueHere);
}

/** Nodes that `value` is computed by, in the order in which they run. @throws IMPORTED_CONTROL_FLOW */
export function nodesBefore(graph: Graph, value: Value): readonly Node[] {
  const needed = new Set<Value>([value]);
  const kept: Node[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((output) => needed.has(output))) continue;
    kept.push(node);
    if (node.outputs.some(isOwnCopy)) continue;
    for (const read of valuesRead(node)) needed.add(read);
  }
  const nested = kept.find(({ attributes }) => [...attributes.values()].some(({ kind }) => kind === 'graph'));
  if (nested) {
    throw new HounsfieldError(
      'IMPORTED_CONTROL_FLOW',
      `${nested.op} '${nested.name}' chooses while the model runs, which a network for training cannot. ` +
        'Export the model with fixed height and width, or with the newer exporter (dynamo=True).',
    );
  }
  return kept.reverse();
}

/** The graph's image: its only float input of rank three or more. @throws IMPORTED_INPUT */
export function imageInput(graph: Graph): Value {
  const images = graph.inputs.filter(({ shape }) => (shape?.length ?? 0) >= 3);
  const [image] = images;
  if (image && images.length === 1 && graph.inputs.length === 1) return image;
  const listed = graph.inputs.map(({ name, dtype, shape }) => `'${name}' ${dtype}${describeShape(shape)}`);
  throw new HounsfieldError(
    'IMPORTED_INPUT',
    `the file takes ${listed.join(', ') || 'nothing'}, and one image [N, C, ...space] is expected. ` +
      'Export the model with the image as its only input; from Keras, without a Normalization layer, whose numbers are left out of the file.',
  );
}

/** What the file says of its image; channels also from the first convolution. @throws IMPORTED_INPUT */
export function describeInput(image: Value, nodes: readonly Node[]): ImportedInput {
  const { shape = [] } = image;
  const first = firstLayer(image, nodes);
  if (!isFloat(image.dtype) && first.cast === false) {
    throw new HounsfieldError(
      'IMPORTED_INPUT',
      `'${image.name}' is ${image.dtype}${describeShape(shape)} and is not made a float first. Export the model with a float32 image.`,
    );
  }
  const last = shape.length - 1;
  const nhwc = first.layout ? first.layout === 'NHWC' : looksChannelsLast(shape);
  const sizes = nhwc ? [shape[last], ...shape.slice(1, last)] : shape.slice(1);
  const [channels = first.channels, ...space] = sizes.map((size) =>
    typeof size === 'number' ? size : undefined,
  );
  const [height, width] = space.slice(-2);
  return {
    name: image.name,
    layout: nhwc ? 'NHWC' : 'NCHW',
    ...(typeof shape[0] === 'number' ? { batch: shape[0] } : {}),
    ...(channels === undefined ? {} : { channels }),
    space,
    ...(height === undefined || space.length < 2 ? {} : { height }),
    ...(width === undefined || space.length < 2 ? {} : { width }),
  };
}

const looksChannelsLast = (shape: readonly Dim[]): boolean => {
  const few = (size: Dim): boolean => typeof size === 'number' && size <= 4;
  return shape.length > 3 && few(shape.at(-1)) && !few(shape[1]);
};

interface FirstLayer {
  readonly layout: 'NCHW' | 'NHWC' | undefined;
  readonly channels: number | undefined;
  readonly cast: boolean;
}

/** Follows the image through preprocessing to the first convolution, and sees whether its channels are moved on the way. */
function firstLayer(image: Value, nodes: readonly Node[]): FirstLayer {
  let cast = false;
  let layout: FirstLayer['layout'];
  const same = new Set<Value>([image]);
  for (const node of nodes) {
    const [data, weight] = node.inputs;
    if (!node.inputs.some((input) => input && same.has(input)) || node.op === 'Shape') continue;
    if (node.op === 'Cast') cast = true;
    if (node.op === 'Conv') {
      const channels = weight?.shape?.[1];
      const group = node.attributes.get('group');
      const groups = group?.kind === 'int' ? group.value : 1;
      return {
        layout: layout ?? 'NCHW',
        channels: typeof channels === 'number' ? channels * groups : undefined,
        cast,
      };
    }
    if (node.op === 'Transpose' && data && same.has(data)) {
      const perm = intsOf(node, 'perm');
      const toFront = perm && perm[0] === 0 && perm[1] === perm.length - 1;
      if (!toFront) break;
      layout = 'NHWC';
    } else if (!passesImage.has(node.op)) break;
    for (const output of node.outputs) same.add(output);
  }
  return { layout, channels: undefined, cast };
}

const passesImage: ReadonlySet<string> = new Set([
  'Add',
  'BatchNormalization',
  'Cast',
  'Clip',
  'Concat',
  'Div',
  'Gather',
  'Identity',
  'Mul',
  'Pad',
  'Resize',
  'Slice',
  'Split',
  'Sub',
  'Unsqueeze',
]);
