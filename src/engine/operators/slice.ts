import { ints, reshape } from '../graph/build.ts';
import type { Node, Value } from '../graph/graph.ts';
import { type Dim, staticShape } from '../graph/shape.ts';
import { zeros } from './along-axis.ts';
import { knownInts, misfit, normalizeAxis, type Operator, required } from './operator.ts';
import { padConstant } from './pad.ts';

/** What is taken of one axis: `count` elements from `start`, `step` apart. */
export interface Cut {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

/** Bounds of one axis as the node has them. */
interface Bounds {
  readonly axis: number;
  readonly start: Dim;
  readonly end: Dim;
  readonly step: Dim;
}

/** Bounds per axis; undefined when it is not known which axes are cut. */
function boundsOf(node: Node, rank: number): readonly Bounds[] | undefined {
  const starts = required(node, 1).elements;
  const ends = required(node, 2).elements;
  const count = starts?.length ?? ends?.length ?? required(node, 1).shape?.[0];
  if (typeof count !== 'number' || count > rank) return undefined;
  const axes = node.inputs[3] ? knownInts(node.inputs[3]) : Array.from({ length: count }, (_, i) => i);
  if (!axes) return undefined;
  const steps = node.inputs[4] ? node.inputs[4].elements : new Array<Dim>(count).fill(1);
  return axes.map((axis, i) => ({
    axis: normalizeAxis(node, axis, rank),
    start: starts?.[i],
    end: ends?.[i],
    step: steps?.[i],
  }));
}

/** Numpy's rule for bounds out of range (ONNX, "Slice"). */
export function cutOf(node: Node, dim: number, start: number, end: number, step: number): Cut {
  if (step === 0) misfit(node, 'a step is 0');
  const clamp = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);
  const from = start < 0 ? start + dim : start;
  const to = end < 0 ? end + dim : end;
  if (step > 0) {
    const [low, high] = [clamp(from, 0, dim), clamp(to, 0, dim)];
    return { start: low, step, count: Math.max(0, Math.ceil((high - low) / step)) };
  }
  const [high, low] = [clamp(from, 0, dim - 1), clamp(to, -1, dim - 1)];
  return { start: high, step, count: Math.max(0, Math.ceil((high - low) / -step)) };
}

/** The size that a cut leaves of a dim; symbols stay where everything is taken. */
function sizeAfter(node: Node, dim: Dim, { start, end, step }: Bounds): Dim {
  if (typeof start !== 'number' || typeof step !== 'number') return undefined;
  if (typeof dim === 'number') {
    return typeof end === 'number' ? cutOf(node, dim, start, end, step).count : undefined;
  }
  const whole = start === 0 && step === 1 && (end === dim || (typeof end === 'number' && end >= 2 ** 31 - 1));
  return whole ? dim : undefined;
}

/** The reverse of a cut along one axis: elements back to their places, zeros between and around them. */
function spread(x: Value, axis: number, dim: number, { start, step, count }: Cut): Value {
  const { graph } = x;
  const stride = Math.abs(step);
  const first = step > 0 ? start : start + step * (count - 1);
  let result = x;
  if (step < 0) {
    const [from, to, by] = [[-1], [-(2 ** 31)], [-1]].map((values) => ints(graph, values));
    result = graph.op('Slice', [result, from, to, ints(graph, [axis]), by]);
  }
  const dims = staticShape(x);
  if (stride > 1) {
    const apart = reshape(result, [...dims.slice(0, axis + 1), 1, ...dims.slice(axis + 1)]);
    const pads = new Array<number>(2 * (dims.length + 1)).fill(0);
    pads[dims.length + 1 + axis + 1] = stride - 1;
    result = reshape(padConstant(apart, pads), [
      ...dims.slice(0, axis),
      count * stride,
      ...dims.slice(axis + 1),
    ]);
  }
  const pads = new Array<number>(2 * dims.length).fill(0);
  pads[axis] = first;
  pads[dims.length + axis] = dim - first - count * stride; // negative: the zeros after the last element
  return pads.every((value) => value === 0) ? result : padConstant(result, pads);
}

export const slice: Operator = {
  shape: (node) => {
    const { dtype, shape } = required(node, 0);
    if (!shape) return [{ dtype, shape }];
    const bounds = boundsOf(node, shape.length);
    if (!bounds) return [{ dtype, shape: shape.map(() => undefined) }];
    const result = [...shape];
    for (const bound of bounds) result[bound.axis] = sizeAfter(node, shape[bound.axis], bound);
    return [{ dtype, shape: result }];
  },
  gradient: ({ graph, node, dy }) => {
    const x = required(node, 0);
    const dims = staticShape(x);
    if (staticShape(node.outputs[0]!).includes(0)) return [zeros(graph, x.dtype, dims)];
    const bounds = boundsOf(node, dims.length) ?? misfit(node, 'the gradient needs known axes');
    let gradient = dy[0]!;
    for (const { axis, start, end, step } of bounds) {
      if (typeof start !== 'number' || typeof end !== 'number' || typeof step !== 'number') {
        misfit(node, 'the gradient needs known starts, ends and steps');
      }
      const cut = cutOf(node, dims[axis]!, start, end, step);
      if (cut.step !== 1 || cut.count !== dims[axis]) gradient = spread(gradient, axis, dims[axis]!, cut);
    }
    return [gradient];
  },
};
