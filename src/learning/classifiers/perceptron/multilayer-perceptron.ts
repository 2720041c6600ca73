import { add, apply, mul, neg, reduceSum, scalarLike } from '../../../engine/graph/build.ts';
import type { Value } from '../../../engine/graph/graph.ts';
import type { Runtime } from '../../../engine/runtime/session.ts';
import { type Tensor, tensor, tensorOf } from '../../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../../errors.ts';
import { RandomStream } from '../../../random.ts';
import type { BuildContext } from '../../layers/build-context.ts';
import { uniform } from '../../layers/initializers.ts';
import { linear } from '../../layers/linear.ts';
import { adam } from '../../optimizers/adam.ts';
import { compileTrainingStep, type TrainingStep } from '../../training/step.ts';
import type { Classifier, FitOptions, FittedClassifier } from '../classifier.ts';
import { type Matrix, rowOf, takeRows } from '../matrix.ts';
import {
  type ClassWeight,
  choice,
  classWeightRule,
  flag,
  numbers,
  readSettings,
  size,
  whole,
  wordOr,
} from '../settings.ts';
import { checkColumns, checkRows, rowWeights } from '../training-data.ts';
import { type Activation, activationOperator, forward, forwardNodes, type Layer } from './forward.ts';

export interface PerceptronSettings {
  /** Units of each hidden layer. */
  readonly hidden?: readonly number[];
  readonly activation?: Activation;
  /** Price of squared weights, at least 0; a batch carries its share. */
  readonly alpha?: number;
  readonly learningRate?: number;
  /** Rows of a step; 'auto' is 200, or all rows where they are fewer. */
  readonly batch?: 'auto' | number;
  readonly maxEpochs?: number;
  /** Least fall of the loss that counts. */
  readonly tolerance?: number;
  /** Epochs without such a fall that end the training. */
  readonly patience?: number;
  /** Watches the loss of a tenth of each class, kept apart, and gives back the weights of its lowest. */
  readonly earlyStopping?: boolean;
  readonly classWeight?: ClassWeight;
}

const NAME = 'multilayer-perceptron';
const rules = {
  hidden: { ...numbers(1, 65536), otherwise: [100] },
  activation: choice<Activation>('relu', 'tanh', 'logistic'),
  alpha: size(1e-4, 0, 1e6),
  learningRate: size(1e-3, 0, 10, 'open'),
  batch: wordOr(['auto'], whole(200, 1, 1e6)),
  maxEpochs: whole(200, 1, 1e6),
  tolerance: size(1e-4, 0, 1e6),
  patience: whole(10, 1, 1e6),
  earlyStopping: flag(false),
  classWeight: classWeightRule,
};

/**
 * Multilayer perceptron on the engine: layers by Glorot and Bengio's uniform draw (AISTATS 2010), Adam, cross-entropy and
 * squared weights. The same seed gives the same weights: one thread computes.
 *
 * @throws CLASSIFIER_DATA, CLASSIFIER_SETTINGS, CLASSIFIER_RUNTIME
 */
export async function fitPerceptron(
  x: Matrix,
  y: Int32Array,
  classes: number,
  settings: Required<PerceptronSettings>,
  options: FitOptions,
): Promise<FittedClassifier> {
  checkRows(NAME, x, y, classes, options);
  const { runtime } = options;
  if (!runtime) {
    throw new HounsfieldError(
      'CLASSIFIER_RUNTIME',
      `${NAME} is fitted by gradient steps and was given no runtime. Pass options.runtime, in Node nodeRuntime.`,
    );
  }
  const weights = evenWeights(rowWeights(y, classes, settings.classWeight, options.weights));
  const used = [...y.keys()].filter((i) => weights[i]! > 0);
  const held = settings.earlyStopping ? heldRows(y, used, classes, options.seed) : new Set<number>();
  const rows = used.filter((i) => !held.has(i));
  const training = { x, y, classes, weights, rows, held: [...held], settings, seed: options.seed };
  const { layers, notes } = await train(training, runtime);
  return {
    classes,
    columns: x.columns,
    notes,
    predict(table) {
      checkColumns(table, x.columns);
      return forward(layers, settings.activation, table);
    },
    addTo: (graph, input) => forwardNodes(layers, settings.activation, graph, input),
  };
}

interface Training {
  readonly x: Matrix;
  readonly y: Int32Array;
  readonly classes: number;
  readonly weights: Float64Array;
  readonly rows: readonly number[];
  readonly held: readonly number[];
  readonly settings: Required<PerceptronSettings>;
  readonly seed: number;
}

/** Weights with mean 1. */
function evenWeights(weights: Float64Array): Float64Array {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => (weight * weights.length) / sum);
}

/** A tenth of each class, where it has at least two rows. */
function heldRows(y: Int32Array, used: readonly number[], classes: number, seed: number): Set<number> {
  const held = new Set<number>();
  for (let k = 0; k < classes; k++) {
    const own = used.filter((i) => y[i] === k);
    if (own.length < 2) continue;
    const order = new RandomStream({ seed, purpose: 'perceptron/held', step: k }).permutation(own.length);
    for (let at = 0; at < Math.max(1, Math.round(own.length / 10)); at++) held.add(own[order[at]!]!);
  }
  return held;
}

async function train(training: Training, runtime: Runtime): Promise<{ layers: Layer[]; notes: string[] }> {
  const { settings, rows } = training;
  const batch = Math.min(settings.batch === 'auto' ? 200 : settings.batch, rows.length);
  const step = await compileTrainingStep(
    {
      seed: training.seed,
      optimizer: adam(),
      build: (context) => buildLoss(context, training, batch),
    },
    { runtime, device: runtime.defaultDevice, threads: 1 },
  );
  try {
    return await epochs(training, step, batch);
  } finally {
    await step.close();
  }
}

/** Sum over the batch's rows of weight x cross-entropy, and alpha / 2 of squared weights, both over the batch's rows. */
function buildLoss(context: BuildContext, { x, classes, settings }: Training, batch: number): Value {
  const { graph } = context;
  let value = graph.input('rows', 'float32', [batch, x.columns]);
  const targets = graph.input('targets', 'float32', [batch, classes]); // weight of the row at its class
  const share = graph.input('share', 'float32', []); // 1 / rows that are there
  const gain = settings.activation === 'logistic' ? 2 : 6;
  const sizes = [...settings.hidden, classes];
  let inputs = x.columns;
  for (const [l, outputs] of sizes.entries()) {
    const draw = uniform(Math.sqrt(gain / (inputs + outputs)));
    value = linear(context, `layer${l}`, value, { outputs, initialize: draw, initializeBias: draw });
    if (l < sizes.length - 1) value = apply(activationOperator[settings.activation], value);
    inputs = outputs;
  }
  const logs = graph.op('LogSoftmax', [value], { axis: 1 });
  let loss = neg(reduceSum(mul(targets, logs), [0, 1]));
  for (const weight of context.parameters) {
    if (weight.shape?.length !== 2 || settings.alpha === 0) continue;
    loss = add(loss, mul(reduceSum(mul(weight, weight), [0, 1]), scalarLike(weight, settings.alpha / 2)));
  }
  return mul(loss, share);
}

async function epochs(training: Training, step: TrainingStep, batch: number) {
  const { settings, rows, seed, held } = training;
  let best = Number.POSITIVE_INFINITY;
  let kept: Layer[] | undefined;
  let waited = 0;
  let done = 0;
  for (; done < settings.maxEpochs && waited < settings.patience; done++) {
    const order = new RandomStream({ seed, purpose: 'perceptron/order', epoch: done }).permutation(
      rows.length,
    );
    let sum = 0;
    for (let from = 0, at = 0; from < rows.length; from += batch, at++) {
      const part = Array.from(order.subarray(from, from + batch), (i) => rows[i]!);
      const moment = { epoch: done, step: at, last: from + batch >= rows.length };
      sum += part.length * (await step.run(feeds(training, part, batch), settings.learningRate, moment));
    }
    const loss = held.length > 0 ? heldLoss(training, layersOf(step)) : sum / rows.length;
    if (!Number.isFinite(loss)) {
      throw new HounsfieldError(
        'CLASSIFIER_DATA',
        `${NAME}: the loss is not finite after ${done + 1} epochs. Standardise the columns or lower learningRate.`,
      );
    }
    waited = loss > best - settings.tolerance ? waited + 1 : 0;
    if (loss < best) {
      best = loss;
      if (held.length > 0) kept = layersOf(step);
    }
  }
  const notes = [`${done} epochs, lowest loss ${best.toPrecision(4)}`];
  if (waited < settings.patience) {
    notes.push(`not converged in ${done} epochs: raise maxEpochs, or standardise the columns`);
  }
  return { layers: kept ?? layersOf(step), notes };
}

function feeds(
  { x, y, classes, weights }: Training,
  part: readonly number[],
  batch: number,
): Record<string, Tensor> {
  const values = new Float32Array(batch * x.columns);
  const targets = new Float32Array(batch * classes);
  for (const [at, i] of part.entries()) {
    values.set(rowOf(x, i), at * x.columns);
    targets[at * classes + y[i]!] = weights[i]!;
  }
  return {
    rows: tensor('float32', [batch, x.columns], values),
    targets: tensor('float32', [batch, classes], targets),
    share: tensorOf('float32', [], [1 / part.length]),
  };
}

function layersOf(step: TrainingStep): Layer[] {
  const weights = step.weights();
  const layers: Layer[] = [];
  for (let l = 0; weights.has(`layer${l}.weight`); l++) {
    const weight = weights.get(`layer${l}.weight`)!; // asked just before
    const bias = weights.get(`layer${l}.bias`)!; // made together
    const [outputs = 0, inputs = 0] = weight.dims;
    // Parameters are float32; the state's buffers change with the next steps.
    layers.push({
      inputs,
      outputs,
      weight: Float32Array.from(weight.data as Float32Array),
      bias: Float32Array.from(bias.data as Float32Array),
    });
  }
  return layers;
}

function heldLoss({ x, y, classes, weights, held, settings }: Training, layers: readonly Layer[]): number {
  const found = forward(layers, settings.activation, takeRows(x, held));
  let sum = 0;
  let total = 0;
  for (const [at, i] of held.entries()) {
    sum -= weights[i]! * Math.log(Math.max(found[at * classes + y[i]!]!, 1e-300));
    total += weights[i]!;
  }
  return sum / total;
}

export const multilayerPerceptron: Classifier<PerceptronSettings> = {
  name: NAME,
  describe:
    'Layers of bent weighted sums, learned by gradient steps on the engine; wants more rows than the others.',
  source: 'Rumelhart, Hinton and Williams, Nature 323, 1986; Kingma and Ba, ICLR 2015',
  scaled: true,
  missing: false,
  candidates: [
    { hidden: [100], alpha: 1e-4 },
    { hidden: [32], alpha: 1, earlyStopping: true },
    { hidden: [64, 32], alpha: 0.01 },
  ],
  check(given) {
    const settings = readSettings<PerceptronSettings>(NAME, rules, given);
    if (!settings.hidden.every(Number.isInteger)) {
      throw new HounsfieldError(
        'CLASSIFIER_SETTINGS',
        `${NAME}: hidden must be whole numbers of units. Correct it.`,
      );
    }
    return settings;
  },
  fit: (x, y, classes, settings, options) => fitPerceptron(x, y, classes, settings, options),
};
