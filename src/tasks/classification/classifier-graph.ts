import { add, div, ints, scalar, sub } from '../../engine/graph/build.ts';
import { Graph, type Value } from '../../engine/graph/graph.ts';
import { type Tensor, tensorOf } from '../../engine/tensor/tensor.ts';
import { createContext, type Network } from '../../learning/layers/build-context.ts';
import type { InputDescription } from '../bundle/model-card.ts';
import type { Head } from './head.ts';

/** (x - mean) / standard deviation per channel, then the channels in the network's order. */
export function normalise(x: Value, input: InputDescription): Value {
  const { graph } = x;
  const perChannel = (values: readonly number[]) =>
    graph.constant(tensorOf('float32', [1, input.channels, 1, 1], values));
  const y = div(sub(x, perChannel(input.mean)), perChannel(input.standardDeviation)); // [N, C, h, w]
  return input.channelOrder === 'bgr' ? graph.op('Gather', [y, ints(graph, [2, 1, 0])], { axis: 1 }) : y;
}

/** Raw values of any size to the network's size, as the training data were prepared: linear, anti-aliased. */
function resized(image: Value, input: InputDescription): Value {
  const { graph } = image;
  const sized = graph.op('Resize', [image, undefined, undefined, ints(graph, [input.height, input.width])], {
    mode: 'linear',
    antialias: 1,
    // At the border the filter is cut and scaled up, as the loader's is; without it ONNX repeats the border's pixel.
    exclude_outside: 1,
    axes: [2, 3],
    coordinate_transformation_mode: 'half_pixel',
  });
  // Math.round, which prepared the training images, rounds halves up; ONNX's Round does not.
  return input.integer ? graph.op('Floor', [add(sized, scalar(graph, 0.5))]) : sized;
}

/** The parts of a classifier's graph that others hold on to. */
export interface ClassifierGraph {
  readonly graph: Graph;
  readonly image: Value;
  readonly logits: Value;
  /** 'probabilities' or 'values', [N, K]. */
  readonly answer: Value;
}

/**
 * The classifier as it is used: 'image' [N, C, H, W], raw values as decoded, any N, H and W, to the head's answer
 * ('probabilities' or 'values', [N, K]) and 'logits' [N, outputs].
 *
 * @param weights parameters and running statistics by name
 */
export function classifierGraph(
  network: Network,
  input: InputDescription,
  head: Pick<Head, 'outputs' | 'answer'>,
  weights: ReadonlyMap<string, Tensor>,
): ClassifierGraph {
  const graph = new Graph();
  graph.name = 'classifier';
  const context = createContext(graph, 'infer', 0, { tensors: weights, missing: 'error' });
  const image = graph.input('image', 'float32', ['N', input.channels, 'H', 'W']);
  const x = normalise(resized(image, input), input);
  const raw = network(context, x, { outputs: head.outputs });
  const logits = graph.op('Identity', [raw], {}, { outputNames: ['logits'] });
  const answer = head.answer(logits);
  graph.output(answer, logits);
  return { graph, image, logits, answer };
}
