import { add, cast, ints, mul, scalar, sub, transpose } from '../../engine/graph/build.ts';
import type { Graph, Value } from '../../engine/graph/graph.ts';
import { HounsfieldError } from '../../errors.ts';
import type { InputDescription } from '../bundle/model-card.ts';
import { type View, viewName } from './views.ts';

const HEIGHT = 2;
const WIDTH = 3;

/** The slice to the end of an axis, backwards. */
const INT64_LOWEST = -(2 ** 63);

const flipped = (image: Value, axis: number): Value => {
  const { graph } = image;
  const parts = [ints(graph, [-1]), ints(graph, [INT64_LOWEST]), ints(graph, [axis]), ints(graph, [-1])];
  return graph.op('Slice', [image, ...parts]);
};

const turned = (image: Value): Value => transpose(image, [0, 1, 3, 2]); // [N, C, W, H]

/**
 * A view of raw images [N, C, H, W], before they are resized, so that flips and turns are exact. Rotations are
 * anticlockwise. What a window shows beyond the image is its mirror image.
 *
 * @param input what the model takes that will look at it
 * @throws TTA_VIEW for a quarter turn of a model that takes no squares
 */
export function viewOf(image: Value, view: View, input: InputDescription): Value {
  switch (view.kind) {
    case 'flip-horizontal':
      return flipped(image, WIDTH);
    case 'flip-vertical':
      return flipped(image, HEIGHT);
    case 'rotate-180':
      return flipped(flipped(image, WIDTH), HEIGHT);
    case 'rotate-90':
      requireSquare(view, input);
      return flipped(turned(image), HEIGHT);
    case 'rotate-270':
      requireSquare(view, input);
      return flipped(turned(image), WIDTH);
    case 'window':
      return mirrored(mirrored(image, HEIGHT, view.top, view.height), WIDTH, view.left, view.width);
    case 'brightness':
      return saturated(image, factored(image, 'ReduceMin', view.factor), input);
    case 'contrast':
      return saturated(image, factored(image, 'ReduceMean', view.factor), input);
  }
}

function requireSquare(view: View, { height, width }: InputDescription): void {
  if (height === width) return;
  throw new HounsfieldError(
    'TTA_VIEW',
    `${viewName(view)} is asked for, and the model resizes images to ${height} × ${width}: turned ones would be ` +
      'stretched otherwise than those it was trained on. Use flips or rotate-180.',
  );
}

/** Part of an axis, from `start` and as long as `length`, both fractions of the axis and rounded to pixels. */
function mirrored(image: Value, axis: number, start: number, length: number): Value {
  if (start === 0 && length === 1) return image;
  const { graph } = image;
  const side = graph.op('Squeeze', [
    cast(graph.op('Shape', [image], { start: axis, end: axis + 1 }), 'float32'),
  ]); // []
  const rounded = (part: number) =>
    graph.op('Floor', [add(mul(side, scalar(graph, part)), scalar(graph, 0.5))]);
  const first = rounded(start);
  const count = graph.op('Max', [rounded(length), scalar(graph, 1)]);
  const places = graph.op('Range', [first, add(first, count), scalar(graph, 1)]);
  const last = sub(side, scalar(graph, 1));
  // Back from the far edge, then from the near one: -1 is 1, and side is side - 2.
  const inside = graph.op('Abs', [sub(last, graph.op('Abs', [sub(last, places)]))]);
  const index = cast(graph.op('Min', [inside, last]), 'int64');
  return graph.op('Gather', [image, index], { axis });
}

/** a + factor (x - a), a being each image's lowest value or mean. */
function factored(image: Value, about: 'ReduceMin' | 'ReduceMean', factor: number): Value {
  const { graph } = image;
  const centre = reduced(graph, about, image);
  return add(centre, mul(sub(image, centre), scalar(graph, factor)));
}

const reduced = (graph: Graph, op: 'ReduceMin' | 'ReduceMean', image: Value): Value =>
  graph.op(op, [image, ints(graph, [1, 2, 3])], { keepdims: 1 }); // [N, 1, 1, 1]

/** Cut off where values of the file's depth end, as in training; signed values below at the image's own lowest. */
function saturated(image: Value, changed: Value, { integer, bitDepth }: InputDescription): Value {
  if (!integer) return changed;
  const { graph } = image;
  const lowest = graph.op('Min', [reduced(graph, 'ReduceMin', image), scalar(graph, 0)]);
  return graph.op('Min', [graph.op('Max', [changed, lowest]), scalar(graph, 2 ** bitDepth - 1)]);
}
