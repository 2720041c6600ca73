import { transpose } from '../../engine/graph/build.ts';
import type { Graph, Node, Value } from '../../engine/graph/graph.ts';
import { copyGraph } from '../../engine/graph/rewrite.ts';
import { describeShape } from '../../engine/graph/shape.ts';
import type { Tensor } from '../../engine/tensor/tensor.ts';
import { elementCount } from '../../engine/tensor/tensor.ts';
import { HounsfieldError, isHounsfieldError } from '../../errors.ts';
import type { Network } from '../layers/build-context.ts';
import { batchAxes, type Mending } from './imported-batch.ts';
import { blocksOf } from './imported-blocks.ts';
import { refuseQuantised, trainedType } from './imported-constants.ts';
import { copyInto, type ImportedFile, unfoldedLayers } from './imported-copy.ts';
import { describeInput, type ImportedInput, imageInput, nodesBefore, simplified } from './imported-file.ts';
import { addImportedHead, type ImportedHead, importedHead } from './imported-head.ts';
import { importedRoles } from './imported-parameters.ts';
import { fileWeights } from './imported-weights.ts';

export interface ImportOptions {
  /** The layer to replace, by its node's, its output's or its parameters' name; 'none' takes the output for features. */
  readonly headNode?: string;
  /**
   * 'train' (when left out) normalises by the batch while training and moves the running statistics; 'keep' uses the
   * file's statistics as they are; 'unfold' trains what the file has and puts normalisation behind every convolution
   * with a bias too, into which an exporter has folded it. Measure its statistics first: measureUnfolded.
   */
  readonly batchNorm?: 'train' | 'keep' | 'unfold';
}

/** A file as a network with a new head. */
export interface ImportedNetwork {
  /** x is [N, C, ...space], whatever the file's own layout and batch. Parameters start from the file's values. */
  readonly network: Network;
  readonly describe: string;
  /** Name of the new layer, as its parameters begin: 'fc', 'classifier.6', 'head'. */
  readonly head: string;
  readonly input: ImportedInput;
  /** The file's parameters and running statistics by name, float32; without its head. */
  readonly weights: ReadonlyMap<string, Tensor>;
  /** Values that the head is given of each image. */
  readonly features: number;
  /** Names of parameters in groups by depth, first used first; the head is none of them. */
  readonly blocks: readonly (readonly string[])[];
  /** Layers of normalisation that 'unfold' has put in. */
  readonly unfolded: readonly string[];
  /** What was changed on the way in, in sentences. */
  readonly notes: readonly string[];
}

/**
 * Makes an ONNX model a network that can be trained: its classifier is replaced, its weights become parameters under
 * the names that they have in the file (importedRoles says which constants are weights), a fixed batch is freed.
 *
 * @param graph as openModel reads it; opset 13 to 21
 * @throws IMPORTED_INPUT, IMPORTED_HEAD_NOT_FOUND, IMPORTED_QUANTISED, IMPORTED_CONTROL_FLOW, IMPORTED_NO_WEIGHTS; while
 *   the network is built IMPORTED_INPUT_SIZE and IMPORTED_BATCH
 *
 * @example const { network } = importedNetwork(openModel('resnet18.onnx'));
 */
export function importedNetwork(graph: Graph, options: ImportOptions = {}): ImportedNetwork {
  const file = readFile(graph, options);
  const { head, input, notes } = file;
  const references = new Map<string, Mending['reference'] | undefined>();
  const network: Network = (context, x, { outputs }) => {
    requireImage(x, input);
    const key = `${x.shape?.slice(1)}`;
    if (!references.has(key)) references.set(key, fixedReference(file, x));
    const reference = references.get(key);
    const image = input.layout === 'NHWC' ? transpose(x, toLast(x)) : x;
    const mending = reference && mendingOf(reference, file, image);
    return addImportedHead(context, copyInto(context, file, image, mending), head, outputs);
  };
  const weights = fileWeights(file.image, file.nodes, file.parameters);
  const count = [...weights.values()].reduce((total, { dims }) => total + elementCount(dims), 0);
  const classes = head.kind === 'new' ? '' : ` in place of the file's ${head.classes ?? ''} classes`;
  return {
    network,
    describe:
      `${graph.name}: ${file.nodes.length} nodes, ${(count / 1e6).toFixed(1)} million weights in ${weights.size} tensors, ` +
      `image '${input.name}' ${input.layout} ${describeShape([input.channels, ...input.space])}, ` +
      `head '${head.name}' on ${head.features} features${classes}.`,
    head: head.name,
    input,
    weights,
    features: head.features,
    blocks: blocksOf(file.image, file.nodes, file.varying, namesByNode(file)),
    unfolded: file.batchNorm === 'unfold' ? unfoldedLayers(file) : [],
    notes,
  };
}

function readFile(given: Graph, { headNode, batchNorm = 'train' }: ImportOptions): ImportedFile {
  refuseQuantised(given.nodes);
  const graph = simplified(given);
  const image = imageInput(graph);
  const found = importedHead(graph, headNode);
  const nodes = nodesBefore(graph, found.input);
  const { varying, parameters } = importedRoles(image, nodes);
  if (!varying.has(found.input) || parameters.size === 0) {
    throw new HounsfieldError(
      'IMPORTED_NO_WEIGHTS',
      `nothing between the image '${image.name}' and '${found.input.name}' has weights to train. ` +
        'Name a later layer with --head-node, or use another model.',
    );
  }
  const head = { ...found, name: freeName(found, [...parameters.keys()]) };
  return {
    graph,
    image,
    nodes,
    varying,
    parameters,
    head,
    input: describeInput(image, nodes),
    batchNorm,
    notes: notesOf(image, nodes, given),
  };
}

/** The head keeps the name of the file's, unless a part of the file that stays has it. */
function freeName({ name }: ImportedHead, parameters: readonly Value[]): string {
  const names = new Set(parameters.map((value) => value.name));
  const free = (candidate: string) => !names.has(`${candidate}.weight`) && !names.has(`${candidate}.bias`);
  for (const candidate of [name, 'head', 'new_head']) if (free(candidate)) return candidate;
  let count = 1;
  while (!free(`head_${count}`)) count++;
  return `head_${count}`;
}

function notesOf(image: Value, nodes: readonly Node[], given: Graph): readonly string[] {
  const values = nodes.flatMap((node) => [...node.inputs, ...node.outputs]);
  const half = values.some((value) => value && trainedType(value.dtype, image.dtype) !== value.dtype);
  const notes: string[] = [];
  if (half) notes.push('The file computes in half or double precision; here it is float32.');
  if (given.nodes.some(({ op }) => op === 'DequantizeLinear'))
    notes.push('Weights kept in 8 bits are float32 parameters here.');
  if (image.dtype !== 'float32' && trainedType(image.dtype, image.dtype) !== 'float32')
    notes.push(
      `The file takes ${image.dtype} images, most likely 0 to 255; here they are float32 of the same range.`,
    );
  if (typeof image.shape?.[0] === 'number')
    notes.push(`The file's batch of ${image.shape[0]} has been freed.`);
  return notes;
}

function namesByNode({ parameters }: ImportedFile): ReadonlyMap<Node, readonly string[]> {
  const names = new Map<Node, string[]>();
  for (const [value, node] of parameters) names.set(node, [...(names.get(node) ?? []), value.name]);
  return names;
}

const toLast = (x: Value): readonly number[] => {
  const rank = x.shape?.length ?? 4;
  return [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1];
};

/** @throws IMPORTED_INPUT_SIZE */
function requireImage(x: Value, { name, channels, space }: ImportedInput): void {
  const wanted = [channels, ...space];
  const given = x.shape?.slice(1) ?? [];
  const known = given.every((size) => typeof size === 'number');
  const fits =
    given.length === wanted.length && wanted.every((size, i) => size === undefined || size === given[i]);
  if (fits && known) return;
  throw new HounsfieldError(
    'IMPORTED_INPUT_SIZE',
    `the file's image '${name}' is ${describeShape(['N', ...wanted])} as [N, C, ...space], and was given ${describeShape(x.shape)}. ` +
      'Resize the images and choose their channels to fit (? takes any size), or export the model for other sizes.',
  );
}

/** The file with the sizes of x and one known batch, where it has to be mended; undefined where its batch is free. */
function fixedReference(file: ImportedFile, x: Value): Graph | undefined {
  const { graph, image, input } = file;
  const sizes = (x.shape ?? []).slice(1);
  const space = input.layout === 'NHWC' ? [...sizes.slice(1), sizes[0]] : sizes;
  const withBatch = (batch: number) => copyGraph(graph, { inputShapes: { [image.name]: [batch, ...space] } });
  if (input.batch !== undefined) return withBatch(input.batch);
  try {
    withBatch(TRIED_BATCH);
    return undefined;
  } catch (cause) {
    // A dynamic batch that the exporter only states: sizes inside are those of one image.
    if (!isHounsfieldError(cause, 'GRAPH_SHAPE')) throw cause;
    return withBatch(1);
  }
}

/** A batch that no size inside of a network is likely to equal. */
const TRIED_BATCH = 7;

function mendingOf(reference: Graph, { image }: ImportedFile, copy: Value): Mending {
  const own = reference.find(image.name)!;
  // The reference was given its batch as a number.
  const batch = Number(own.shape![0]);
  return { reference, axes: batchAxes(reference, own, batch), batch, image: copy };
}
