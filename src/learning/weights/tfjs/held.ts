import type { Value } from '../../../engine/graph/graph.ts';
import type { Dim } from '../../../engine/graph/shape.ts';
import { configFault, type LayerPlace } from './faults.ts';

/**
 * A tensor of the Keras model as the graph holds it. ONNX convolves [N, C, ...] and most Keras models are
 * [N, ..., C]: what comes out of a convolution stays `moved` until somebody needs the order of Keras.
 */
export interface Held {
  readonly value: Value;
  /** Whether `value` is [N, C, ...] and stands for Keras' [N, ..., C]. */
  readonly moved: boolean;
}

/** The other order of a value, so that a transposition is neither written twice nor undone. */
const turned = new WeakMap<Value, Value>();

function turn(value: Value, perm: readonly number[]): Value {
  const known = turned.get(value);
  if (known) return known;
  const result = value.graph.op('Transpose', [value], { perm });
  turned.set(value, result);
  turned.set(result, value);
  return result;
}

export function rankOf({ value }: Held, place: LayerPlace): number {
  if (!value.shape) return configFault(place, 'the number of axes of its input is not known');
  return value.shape.length;
}

/** The tensor in the order of Keras. */
export function plain(held: Held): Value {
  if (!held.moved) return held.value;
  const rank = held.value.shape!.length; // only values of known rank are moved
  return turn(held.value, [0, ...range(2, rank), 1]);
}

/** A channels-last tensor as [N, C, ...]. */
export function channelsFirst(held: Held, place: LayerPlace): Value {
  if (held.moved) return held.value;
  const rank = rankOf(held, place);
  return rank < 3 ? held.value : turn(held.value, [0, rank - 1, ...range(1, rank - 1)]);
}

export const keep = (value: Value): Held => ({ value, moved: false });

/** The shape in the order of Keras. */
export function shapeOf(held: Held, place: LayerPlace): readonly Dim[] {
  const shape = held.value.shape ?? configFault(place, 'the shape of its input is not known');
  return held.moved ? [shape[0], ...shape.slice(2), shape[1]] : shape;
}

/** An axis counted from 0, of Keras' `axis`, which may be negative. @throws TFJS_CONFIG */
export function countedAxis(axis: number, rank: number, place: LayerPlace): number {
  const counted = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(counted) || counted < 0 || counted >= rank) {
    return configFault(place, `axis ${axis} is none of the ${rank} of its input`);
  }
  return counted;
}

/** Where an axis of Keras lies in `value`. */
export function heldAxis(held: Held, axis: number, place: LayerPlace): number {
  const rank = rankOf(held, place);
  const counted = countedAxis(axis, rank, place);
  if (!held.moved || counted === 0) return counted;
  return counted === rank - 1 ? 1 : counted + 1;
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}
