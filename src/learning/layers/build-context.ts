import type { Graph, Value } from '../../engine/graph/graph.ts';
import { describeShape } from '../../engine/graph/shape.ts';
import { type Tensor, tensor } from '../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../errors.ts';
import { RandomStream } from '../../random.ts';
import type { Initializer } from './initializers.ts';

/** A graph input that the loop fills each step with values 0 or 1/keepProbability (a dropout mask). */
export interface RandomInput {
  readonly name: string;
  readonly shape: readonly number[];
  readonly keepProbability: number;
}

/** Weights to start from, by parameter and buffer name. */
export interface GivenWeights {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** What to do for a parameter that is not among them, such as a new head. */
  readonly missing: 'error' | 'initialize';
}

/** What layers add to and read from while a network is built. */
export interface BuildContext {
  readonly graph: Graph;
  /** 'train' normalises by the batch and drops out; 'infer' uses running statistics, and the batch may be dynamic. */
  readonly mode: 'train' | 'infer';
  /** Initialisers draw from the stream 'initialize/<parameter name>' of this seed. */
  readonly seed: number;
  /** Trainable initializers, in the order in which they were made. */
  readonly parameters: Value[];
  /** Running statistics: state that the optimizer does not touch. */
  readonly buffers: Value[];
  readonly randomInputs: RandomInput[];
  /** Logits of side branches that a network has while it is trained; the loss adds them by their weight. */
  readonly auxiliary: AuxiliaryLogits[];
  /** Attention maps by name, for whoever asks for them: probabilities [N, heads, queries, keys]. */
  readonly attention: Map<string, Value>;
  readonly weights?: GivenWeights | undefined;
  /** Layers of normalisation, by name, that keep their running statistics and use them in 'train' too. */
  readonly keepsStatistics?: ((name: string) => boolean) | undefined;
}

/** What a side branch says (GoogLeNet's auxiliary classifiers), and its share in the loss. */
export interface AuxiliaryLogits {
  readonly logits: Value;
  readonly weight: number;
}

/** A network adds its nodes and parameters and returns the logits, [N, outputs]. */
export type Network = (context: BuildContext, x: Value, options: { readonly outputs: number }) => Value;

/**
 * A context in which a network's parameters are made.
 *
 * @param seed 0..2^32-1; the same seed gives the same parameters
 * @param weights values to take by name instead of drawing them
 * @param keepsStatistics names layers of normalisation whose statistics stay as they are
 */
export function createContext(
  graph: Graph,
  mode: BuildContext['mode'],
  seed: number,
  weights?: GivenWeights,
  keepsStatistics?: (name: string) => boolean,
): BuildContext {
  return {
    graph,
    mode,
    seed,
    parameters: [],
    buffers: [],
    randomInputs: [],
    auxiliary: [],
    attention: new Map(),
    weights,
    keepsStatistics,
  };
}

/** Adds a trainable float32 initializer, named in the current scope. @throws WEIGHTS_MISSING, WEIGHTS_MISFIT */
export function parameter(
  context: BuildContext,
  name: string,
  shape: readonly number[],
  initialize: Initializer,
): Value {
  const fullName = context.graph.scopedName(name);
  const first =
    givenTensor(context, fullName, 'float32', shape) ?? draw(context, fullName, shape, initialize);
  const value = context.graph.initializer(fullName, first);
  context.parameters.push(value);
  return value;
}

/** Adds state that is saved with the parameters and not trained. @throws WEIGHTS_MISSING, WEIGHTS_MISFIT */
export function buffer(context: BuildContext, name: string, first: Tensor): Value {
  const fullName = context.graph.scopedName(name);
  const value = context.graph.initializer(
    fullName,
    givenTensor(context, fullName, first.dtype, first.dims) ?? first,
  );
  context.buffers.push(value);
  return value;
}

function draw(
  context: BuildContext,
  name: string,
  shape: readonly number[],
  initialize: Initializer,
): Tensor {
  const stream = new RandomStream({ seed: context.seed, purpose: `initialize/${name}` });
  return tensor('float32', shape, initialize(shape, stream));
}

function givenTensor(
  { weights }: BuildContext,
  name: string,
  dtype: Tensor['dtype'],
  shape: readonly number[],
): Tensor | undefined {
  if (!weights) return undefined;
  const given = weights.tensors.get(name);
  if (!given) {
    if (weights.missing === 'initialize') return undefined;
    throw new HounsfieldError(
      'WEIGHTS_MISSING',
      `the weights hold no '${name}' ${describeShape(shape)}, which the network has. ` +
        "Use the weights of this network, or pass missing: 'initialize' to draw what they lack.",
    );
  }
  if (given.dtype !== dtype || `${given.dims}` !== `${shape}`) {
    throw new HounsfieldError(
      'WEIGHTS_MISFIT',
      `the weights' '${name}' is ${given.dtype}${describeShape(given.dims)}, the network's ${dtype}${describeShape(shape)}. ` +
        'Use the weights of this network, or leave this one out of them.',
    );
  }
  return given;
}
