import { add, cast, mul, scalarLike, sub } from '../../engine/graph/build.ts';
import type { Graph, Value } from '../../engine/graph/graph.ts';
import { staticShape } from '../../engine/graph/shape.ts';
import { elementCount, tensor, tensorOf } from '../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../errors.ts';

/** A parameter and what the optimizer is to know of it. */
export interface TrainedParameter {
  readonly value: Value;
  readonly gradient: Value;
  /** false spares it from weight decay, as is usual for normalisation and bias (see decaysByRank). */
  readonly decay?: boolean;
  /** Factor on the learning rate, e.g. below 1 for pretrained layers; 1 when left out. */
  readonly rateFactor?: number;
}

/** Adds to a graph what an update of the parameters takes; its state are initializers named 'optimizer/...'. */
export interface Optimizer {
  readonly name: string;
  /** @param rate the learning rate: a scalar float32 graph input */
  update(graph: Graph, parameters: readonly TrainedParameter[], rate: Value): void;
}

export interface DecayOptions {
  /** Strength of the weight decay; 0 is none. */
  readonly weightDecay?: number;
  /** 'l2' adds it to the gradient, 'decoupled' shrinks the weight itself (Loshchilov and Hutter, ICLR 2019). */
  readonly decayKind?: 'l2' | 'decoupled';
}

/** True for weights of convolutions and linear layers; false for biases and the scales of normalisation. */
export const decaysByRank = (parameter: Value): boolean => (parameter.shape?.length ?? 0) > 1;

/** State of the parameter's shape that begins with zeros. */
export function moment(graph: Graph, parameter: Value, name: string): Value {
  const shape = staticShape(parameter);
  return graph.initializer(
    `optimizer/${parameter.name}/${name}`,
    tensor('float32', shape, new Float32Array(elementCount(shape))),
  );
}

/** The number of this step as float64, 1 for the first: state of the graph. */
export function stepNumber(graph: Graph): Value {
  const done = graph.initializer('optimizer/step', tensorOf('int64', [], [0]));
  const now = add(done, scalarLike(done, 1));
  graph.update(done, now);
  return cast(now, 'float64');
}

/** 1 - beta^step as float64: in single precision it would lose half of its digits in the first steps. */
export const biasCorrection = (beta: number, step: Value): Value =>
  sub(scalarLike(step, 1), step.graph.op('Pow', [scalarLike(step, beta), step]));

/** Gives each distinct rate factor one scalar. */
export function ratesOf(rate: Value): (factor?: number) => Value {
  const known = new Map<number, Value>([[1, rate]]);
  return (factor = 1) => {
    const value = known.get(factor) ?? mul(rate, scalarLike(rate, factor));
    known.set(factor, value);
    return value;
  };
}

/** The two places where weight decay acts: on the gradient, or on the weight. */
export interface Decay {
  /** g + decay p, where the decay is 'l2'. */
  gradient(parameter: TrainedParameter): Value;
  /** (1 - rate decay) p, where it is 'decoupled'. */
  weight(parameter: TrainedParameter, rate: Value): Value;
}

/** @throws OPTIMIZER_OPTION */
export function decayOf({ weightDecay = 0, decayKind = 'l2' }: DecayOptions): Decay {
  checkRange('weightDecay', weightDecay, 0);
  const acts = (kind: string, { decay = true }: TrainedParameter): boolean =>
    decay && weightDecay > 0 && decayKind === kind;
  return {
    gradient: (parameter) => {
      const { value, gradient } = parameter;
      return acts('l2', parameter) ? add(gradient, mul(value, scalarLike(value, weightDecay))) : gradient;
    },
    weight: (parameter, rate) => {
      const { value } = parameter;
      if (!acts('decoupled', parameter)) return value;
      return mul(value, sub(scalarLike(rate, 1), mul(rate, scalarLike(rate, weightDecay))));
    },
  };
}

/** @throws OPTIMIZER_OPTION unless low <= value < high */
export function checkRange(name: string, value: number, low: number, high = Number.POSITIVE_INFINITY): void {
  if (value >= low && value < high) return;
  throw new HounsfieldError(
    'OPTIMIZER_OPTION',
    `${name} is ${value}, expected ${low} <= ${name}${high === Number.POSITIVE_INFINITY ? '' : ` < ${high}`}.`,
  );
}

/** A scalar float32 of a scalar float64. */
export const single = (x: Value): Value => cast(x, 'float32');
