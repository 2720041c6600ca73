import { add, cast, div, ints, reshape, scalar, sub, where } from '../../engine/graph/build.ts';
import type { Graph, Value } from '../../engine/graph/graph.ts';
import { type Tensor, tensor, tensorOf } from '../../engine/tensor/tensor.ts';
import type { BuildContext, Network } from '../../learning/layers/build-context.ts';
import type { MultiInputNetwork } from '../../learning/networks/fusion.ts';
import type { InputDescription } from '../bundle/model-card.ts';
import type { Batch } from '../dataset/batches.node.ts';
import { type ClinicalInput, clinicalWidth } from '../dataset/clinical-table.ts';

/** A network, and what it takes of a sample. */
export interface SampleParts {
  readonly network: {
    readonly network: Network;
    /** Takes all inputs; `network` is a part of it then. */
    readonly joint?: MultiInputNetwork;
  };
  readonly inputs: readonly InputDescription[];
  /** Columns of clinical values. */
  readonly clinical?: readonly ClinicalInput[] | undefined;
}

/** Inputs of a sample in a graph, as a network takes them: images normalised, clinical values encoded. */
export interface SampleValues {
  readonly images: readonly Value[];
  readonly table?: Value;
}

/** Size of one image, [C, h, w], or volume, [C, d, h, w]. */
export const imageShape = ({ channels, depth, height, width }: InputDescription): readonly number[] =>
  depth === undefined ? [channels, height, width] : [channels, depth, height, width];

/** (x - mean) / standard deviation per channel, then the channels in the network's order. */
export function normalise(x: Value, input: InputDescription): Value {
  const { graph } = x;
  const ones = imageShape(input)
    .slice(1)
    .map(() => 1);
  const perChannel = (values: readonly number[]) =>
    graph.constant(tensorOf('float32', [1, input.channels, ...ones], values));
  const y = div(sub(x, perChannel(input.mean)), perChannel(input.standardDeviation)); // [N, C, h, w]
  return input.channelOrder === 'bgr' ? graph.op('Gather', [y, ints(graph, [2, 1, 0])], { axis: 1 }) : y;
}

/** Raw values of any size to the network's size, as the training data were prepared: linear, anti-aliased. */
export function resized(image: Value, input: InputDescription): Value {
  const { graph } = image;
  const sized =
    input.depth === undefined
      ? sizedAlong(image, [2, 3], [input.height, input.width])
      : sizedVolume(image, input);
  // Math.round, which prepared the training images, rounds halves up; ONNX's Round does not.
  return input.integer ? graph.op('Floor', [add(sized, scalar(graph, 0.5))]) : sized;
}

/** [N, C, H, W] of another size along some axes. */
function sizedAlong(image: Value, axes: readonly number[], sizes: readonly number[]): Value {
  return image.graph.op('Resize', [image, undefined, undefined, ints(image.graph, sizes)], {
    mode: 'linear',
    antialias: 1,
    // At the border the filter is cut and scaled up, as the loader's is; without it ONNX repeats the border's pixel.
    exclude_outside: 1,
    axes,
    coordinate_transformation_mode: 'half_pixel',
  });
}

/** [N, C, D, H, W] to [N, C, d, h, w]: each slice, then the columns along the slices, as conformVolume does. */
function sizedVolume(volume: Value, { channels, depth, height, width }: InputDescription): Value {
  const { graph } = volume;
  const sides = graph.op('Shape', [volume], { start: 3, end: 5 });
  const planes = graph.op('Concat', [ints(graph, [0, -1]), sides], { axis: 0 });
  const slices = sizedAlong(graph.op('Reshape', [volume, planes]), [2, 3], [height, width]); // [N, C D, h, w]
  const columns = reshape(slices, [0, channels, -1, height * width]); // [N, C, D, h w]
  return reshape(sizedAlong(columns, [2], [depth!]), [0, channels, depth!, height, width]); // asked for volumes alone
}

/** Raw clinical values [N, columns] as encodeClinical encodes a row, [N, width]. */
export function encodedTable(table: Value, inputs: readonly ClinicalInput[]): Value {
  const { graph } = table;
  const row = (values: readonly number[]) => graph.constant(tensorOf('float32', [1, values.length], values));
  const bound = (at: number) => graph.constant(tensorOf('int64', [1], [at]));
  const parts = inputs.flatMap((input, k): Value[] => {
    const value = graph.op('Slice', [table, bound(k), bound(k + 1), bound(1)]); // [N, 1]
    const missing = graph.op('IsNaN', [value]);
    const indicator = input.indicator ? [cast(missing, 'float32')] : [];
    if (input.kind === 'number') {
      const standard = div(sub(value, row([input.mean])), row([input.standardDeviation]));
      return [where(missing, row([0]), standard), ...indicator];
    }
    const places = row(input.values.map((_, place) => place));
    return [cast(graph.op('Equal', [value, places]), 'float32'), ...indicator]; // NaN equals none
  });
  return parts.length === 1 ? parts[0]! : graph.op('Concat', parts, { axis: 1 });
}

const imageFeed = (k: number): string => (k === 0 ? 'images' : `images${k}`);

/** Names of the graph inputs that hold samples in training: 'images', 'images1' …, and 'table'. */
export const sampleNames = ({ inputs, clinical }: SampleParts): readonly string[] => [
  ...inputs.map((_, k) => imageFeed(k)),
  ...(clinical ? ['table'] : []),
];

/** Adds graph inputs for samples as the loader serves them: images of the network's size, encoded clinical values. */
export function trainingInputs(graph: Graph, parts: SampleParts, batch: number | 'N'): SampleValues {
  const { inputs, clinical } = parts;
  const images = inputs.map((input, k) =>
    normalise(graph.input(imageFeed(k), 'float32', [batch, ...imageShape(input)]), input),
  );
  if (!clinical) return { images };
  return { images, table: graph.input('table', 'float32', [batch, clinicalWidth(clinical)]) };
}

/** What a batch feeds to these graph inputs. */
export function sampleFeeds(
  { inputs, clinical }: SampleParts,
  { images, others = [], table, weights }: Batch,
): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {};
  for (const [k, values] of [images, ...others].entries()) {
    feeds[imageFeed(k)] = tensor('float32', [weights.length, ...imageShape(inputs[k]!)], values);
  }
  if (clinical) feeds['table'] = tensor('float32', [weights.length, clinicalWidth(clinical)], table!); // served where asked
  return feeds;
}

/** The network's logits, [N, outputs]. */
export function sampleLogits(
  context: BuildContext,
  { network }: SampleParts,
  values: SampleValues,
  outputs: number,
): Value {
  if (network.joint) return network.joint(context, values, { outputs });
  return network.network(context, values.images[0]!, { outputs });
}
