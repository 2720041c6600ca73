import { type CompiledStep, compileStep, type State } from '../../engine/compile.ts';
import { gradients } from '../../engine/differentiate.ts';
import { add, mul, scalar } from '../../engine/graph/build.ts';
import { Graph, type Value } from '../../engine/graph/graph.ts';
import { staticShape } from '../../engine/graph/shape.ts';
import type { Runtime, SessionSettings } from '../../engine/runtime/session.ts';
import { elementCount, type Tensor, tensor, tensorOf } from '../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../errors.ts';
import { RandomStream } from '../../random.ts';
import {
  type BuildContext,
  createContext,
  type GivenWeights,
  type RandomInput,
} from '../layers/build-context.ts';
import { averageWeights } from '../optimizers/average.ts';
import { clipByGlobalNorm } from '../optimizers/clipping.ts';
import { decaysByRank, type Optimizer, type TrainedParameter } from '../optimizers/optimizer.ts';
import { type FrozenSplit, splitFrozen } from './frozen-part.ts';

/** What is learned: a loss as a function of graph inputs, and how its gradients become updates. */
export interface Learning {
  /** Adds the inputs, the network and the loss to the graph, and returns the loss (one element). */
  readonly build: (context: BuildContext) => Value;
  readonly optimizer: Optimizer;
  readonly seed: number;
  /** Weights to start from instead of drawing them. */
  readonly weights?: GivenWeights;
  /** Parameters, by name, that stay as they are; their gradients are not computed. */
  readonly frozen?: (name: string) => boolean;
  /** Layers of normalisation, by name, whose running statistics stay as they are and are used in training. */
  readonly keepsStatistics?: (name: string) => boolean;
  /** Factor on the learning rate of a parameter; 1 for all when left out. */
  readonly rateFactor?: (name: string) => number;
  /**
   * Graph inputs that hold samples which are the same each time they are shown: what frozen layers make of them is then
   * computed apart, once, and fed instead (TrainingStep.features).
   */
  readonly unchangingSamples?: readonly string[];
  /** Weight decay on every parameter; left out, biases and the scales of normalisation are spared. */
  readonly decayAll?: boolean;
  /** Steps whose gradients are averaged into one update; 1 when left out. */
  readonly accumulate?: number;
  /** Largest common norm of the gradients; 0 or left out leaves them alone. */
  readonly clip?: number;
  /** Decay of the moving average of the weights; 0 or left out keeps none. */
  readonly average?: number;
}

/** A step that learns: feeds in, loss out, the state replaced. */
export interface TrainingStep {
  readonly state: State;
  /** Where samples do not change and layers are frozen: makes what is fed in place of the samples. */
  readonly features?: FeatureExtractor;
  /** Parameters and running statistics as they are now: the moving average of the weights where one is kept. */
  weights(): ReadonlyMap<string, Tensor>;
  /**
   * @param feeds the graph inputs that `build` added
   * @param rate learning rate of this step
   * @param moment names the random numbers of this step (dropout)
   * @returns the loss
   */
  run(feeds: Readonly<Record<string, Tensor>>, rate: number, moment: Moment): Promise<number>;
  close(): Promise<void>;
}

/** The frozen layers of a training step. It is closed with the step. */
export interface FeatureExtractor {
  /** Names and shapes of the features, [B, ...] as the step takes them. */
  readonly features: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** @param samples what the step would be fed of samples */
  run(samples: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>>;
  close(): Promise<void>;
}

export interface Moment {
  readonly epoch: number;
  readonly step: number;
  /** The epoch's last step: gradients accumulated so far are applied even if there are fewer than planned. */
  readonly last: boolean;
}

export interface StepRuntime extends SessionSettings {
  readonly runtime: Runtime;
  readonly state?: State;
}

/**
 * Builds, differentiates and compiles a training step: one run forward, backward and update.
 *
 * @throws NOTHING_TO_TRAIN, WEIGHTS_MISSING, WEIGHTS_MISFIT, OPERATOR_NOT_DIFFERENTIABLE, MODEL_REJECTED
 */
export async function compileTrainingStep(learning: Learning, settings: StepRuntime): Promise<TrainingStep> {
  const { context, graph, loss, trainable, frozen } = buildLearning(learning);
  const found = gradients(loss, trainable);
  const pairs: Pair[] = trainable.flatMap((value, i) => {
    const gradient = found[i];
    if (!gradient) return [];
    const rateFactor = learning.rateFactor?.(value.name) ?? 1;
    return [{ value, gradient, rateFactor, decay: learning.decayAll === true || decaysByRank(value) }];
  });
  const compile = (part: Graph, state: State | undefined) =>
    compileStep(part, { ...settings, ...(state ? { state } : {}) });
  const features = frozen && (await openFeatures(frozen, settings));

  const accumulate = learning.accumulate ?? 1;
  if (accumulate > 1) {
    const step = await accumulating(learning, graph, context, pairs, accumulate, compile, settings.state);
    return withFeatures(step, features);
  }
  const statistics = context.buffers.flatMap(({ name, dtype }) =>
    dtype === 'float32' ? (graph.initializers.get(name) ?? []) : [],
  );
  addUpdate(learning, graph, pairs, graph.input('rate', 'float32', []), statistics);
  const step = await compile(graph, settings.state);
  return withFeatures(
    {
      state: step.state,
      weights: () => currentWeights(context, step.state),
      async run(feeds, rate, moment) {
        const random = drawMasks(context.randomInputs, learning.seed, moment);
        const outputs = await step.run({ ...feeds, ...random, rate: tensorOf('float32', [], [rate]) });
        return Number(outputs[loss.name]!.data[0]);
      },
      close: () => step.close(),
    },
    features,
  );
}

type Pair = TrainedParameter & { readonly decay: boolean };

/** The loss and what it is to be differentiated by; the frozen part apart where that was asked for and is possible. */
function buildLearning(learning: Learning) {
  const whole = new Graph();
  const { weights, keepsStatistics, seed } = learning;
  const context = createContext(whole, 'train', seed, weights, keepsStatistics);
  const loss = learning.build(context);
  whole.output(loss);
  const names = context.parameters.map(({ name }) => name).filter((name) => !learning.frozen?.(name));
  if (names.length === 0) {
    throw new HounsfieldError(
      'NOTHING_TO_TRAIN',
      'every parameter is frozen. Leave at least one free to learn.',
    );
  }
  const changing = new Set([...names, ...context.randomInputs.map(({ name }) => name)]);
  const frozen = learning.unchangingSamples && splitFrozen(whole, learning.unchangingSamples, changing);
  const graph = frozen ? frozen.trained : whole;
  return {
    context,
    graph,
    loss: graph.outputs[0]!, // stated above
    trainable: names.flatMap((name) => graph.initializers.get(name) ?? []),
    frozen,
  };
}

async function openFeatures(
  { frozen, features }: FrozenSplit,
  settings: StepRuntime,
): Promise<FeatureExtractor> {
  const { runtime, device, threads } = settings;
  const step = await compileStep(frozen, {
    runtime,
    ...(device ? { device } : {}),
    ...(threads ? { threads } : {}),
  });
  return {
    features: features.map((name) => ({ name, shape: staticShape(frozen.find(name)!) })), // its outputs
    run: (samples) => step.run(samples),
    close: () => step.close(),
  };
}

function withFeatures(step: TrainingStep, features: FeatureExtractor | undefined): TrainingStep {
  if (!features) return step;
  return {
    ...step,
    features,
    async close() {
      await features.close();
      await step.close();
    },
  };
}

/** Clipping, the optimizer's update and the moving average of the weights and of `statistics`. */
function addUpdate(
  learning: Learning,
  graph: Graph,
  pairs: readonly TrainedParameter[],
  rate: Value,
  statistics: readonly Value[] = [],
): void {
  const { clip = 0, average = 0 } = learning;
  const clipped =
    clip > 0
      ? clipByGlobalNorm(
          graph,
          pairs.map(({ gradient }) => gradient),
          clip,
        ).gradients
      : [];
  learning.optimizer.update(
    graph,
    pairs.map((pair, i) => ({ ...pair, gradient: clipped[i] ?? pair.gradient })),
    rate,
  );
  if (average > 0) {
    const averaged = [...pairs.map(({ value }) => value), ...statistics];
    averageWeights(graph, averaged, { decay: average, warmUp: true });
  }
}

/** A frozen parameter is not part of the state: it is as it was built. */
function currentWeights(context: BuildContext, state: State): Map<string, Tensor> {
  return new Map(
    [...context.parameters, ...context.buffers].map((value) => {
      const name = [`average/${value.name}`, value.name].find((candidate) => state.has(candidate));
      // Parameters and buffers are initializers, which hold data.
      return [value.name, name ? state.get(name) : value.constant!];
    }),
  );
}

/** Gradients and update compiled apart around one state: sums of gradients in between. */
async function accumulating(
  learning: Learning,
  graph: Graph,
  context: BuildContext,
  pairs: readonly Pair[],
  accumulate: number,
  compile: (part: Graph, state: State | undefined) => Promise<CompiledStep>,
  shared: State | undefined,
): Promise<TrainingStep> {
  const updateGraph = new Graph();
  const rate = updateGraph.input('rate', 'float32', []);
  const share = updateGraph.input('share', 'float32', []);
  const applied = pairs.map(({ value, gradient, ...rest }) => {
    const zeros = tensor('float32', staticShape(value), new Float32Array(elementCount(staticShape(value))));
    const sum = graph.initializer(`accumulated/${value.name}`, zeros);
    graph.update(sum, add(sum, gradient));
    const total = updateGraph.initializer(sum.name, zeros);
    updateGraph.update(total, mul(total, scalar(updateGraph, 0)));
    // Parameters are initializers, which hold data.
    const parameter = updateGraph.initializer(value.name, value.constant!);
    return { value: parameter, gradient: mul(total, share), ...rest };
  });
  addUpdate(learning, updateGraph, applied, rate);
  const update = await compile(updateGraph, shared);
  // The state already holds the parameters, so that the gradient step is fed them instead of keeping a copy.
  const gradient = await compile(graph, update.state);
  const lossName = graph.outputs[0]!.name;
  return {
    state: update.state,
    weights: () => currentWeights(context, update.state),
    async run(feeds, rateNow, moment) {
      const outputs = await gradient.run({
        ...feeds,
        ...drawMasks(context.randomInputs, learning.seed, moment),
      });
      const gathered = (moment.step % accumulate) + 1;
      if (gathered === accumulate || moment.last) {
        await update.run({
          rate: tensorOf('float32', [], [rateNow]),
          share: tensorOf('float32', [], [1 / gathered]),
        });
      }
      return Number(outputs[lossName]!.data[0]);
    },
    async close() {
      await gradient.close();
      await update.close();
    },
  };
}

/** Dropout masks: 0 with probability 1 - keep, else 1/keep, from a stream of this step's own. */
export function drawMasks(
  inputs: readonly RandomInput[],
  seed: number,
  moment: Moment,
): Record<string, Tensor> {
  const masks: Record<string, Tensor> = {};
  for (const { name, shape, keepProbability } of inputs) {
    const random = new RandomStream({
      seed,
      purpose: `dropout/${name}`,
      epoch: moment.epoch,
      step: moment.step,
    });
    const data = new Float32Array(elementCount(shape));
    for (let i = 0; i < data.length; i++) data[i] = random.chance(keepProbability) ? 1 / keepProbability : 0;
    masks[name] = tensor('float32', shape, data);
  }
  return masks;
}
