import { add, div, mul, neg, scalarLike } from '../../engine/graph/build.ts';
import type { Graph, Value } from '../../engine/graph/graph.ts';
import { tensorOf } from '../../engine/tensor/tensor.ts';
import {
  checkOption,
  type LossOptions,
  perClass,
  perSample,
  rankOf,
  total,
  weightedMean,
} from './reduction.ts';

export interface CrossEntropyOptions extends LossOptions {
  /** Share of each target that is spread over all classes, 0..1 (Szegedy et al., CVPR 2016, section 7). */
  readonly labelSmoothing?: number;
  /** One weight per class. */
  readonly classWeights?: readonly number[] | undefined;
}

/**
 * Cross-entropy between logits and target probabilities. With class weights the mean is taken over the sum of the
 * weights of the targets, as PyTorch does for class indices; PyTorch divides soft targets by N instead.
 *
 * @param logits [N, K, ...]
 * @param target probabilities [N, K, ...], one-hot or soft
 * @throws LOSS_OPTION, LOSS_SHAPE
 */
export function crossEntropy(logits: Value, target: Value, options: CrossEntropyOptions = {}): Value {
  const { labelSmoothing = 0, classWeights, weights } = options;
  checkOption(
    labelSmoothing >= 0 && labelSmoothing < 1,
    `labelSmoothing is ${labelSmoothing}, expected 0 <= labelSmoothing < 1.`,
  );
  const rank = rankOf(logits);
  const logProbabilities = logits.graph.op('LogSoftmax', [logits], { axis: 1 }); // [N, K, ...]
  const weigh = (x: Value): Value => {
    const byClass = classWeights ? mul(x, classConstant(logits, classWeights, rank)) : x;
    return weights ? mul(byClass, perSample(weights, rank)) : byClass;
  };
  const counted = weigh(target);
  const smoothed = labelSmoothing > 0 ? weigh(smooth(logits, target, labelSmoothing)) : counted;
  return neg(div(total(mul(smoothed, logProbabilities)), total(counted)));
}

function smooth(logits: Value, target: Value, share: number): Value {
  const classes = logits.shape?.[1];
  checkOption(
    typeof classes === 'number',
    'label smoothing needs logits with a known number of classes, axis 1.',
  );
  return add(mul(target, scalarLike(target, 1 - share)), scalarLike(target, share / Number(classes)));
}

function classConstant(logits: Value, classWeights: readonly number[], rank: number): Value {
  const classes = logits.shape?.[1];
  checkOption(
    classes === undefined || classes === classWeights.length,
    `${classWeights.length} class weights were given for ${classes} classes.`,
  );
  return perClass(vector(logits.graph, classWeights), rank);
}

const vector = (graph: Graph, values: readonly number[]): Value =>
  graph.constant(tensorOf('float32', [values.length], values));

export interface BinaryCrossEntropyOptions extends LossOptions {
  /** Weight of the positive answer of each label; 1 when left out. */
  readonly positiveWeights?: readonly number[] | undefined;
}

/**
 * Binary cross-entropy per label, for labels that may hold together: (1-y) x + (1 + (p-1) y) softplus(-x).
 *
 * @param logits [N, K, ...]
 * @param target 0..1, [N, K, ...]
 * @returns the mean over labels and samples
 * @throws LOSS_OPTION, LOSS_SHAPE
 */
export function binaryCrossEntropyWithLogits(
  logits: Value,
  target: Value,
  options: BinaryCrossEntropyOptions = {},
): Value {
  const { graph } = logits;
  const one = scalarLike(logits, 1);
  const negative = mul(graph.op('Sub', [one, target]), logits);
  const softplus = graph.op('Softplus', [neg(logits)]);
  const { positiveWeights } = options;
  if (!positiveWeights) return weightedMean(add(negative, softplus), options);
  const extra = classConstant(
    logits,
    positiveWeights.map((weight) => weight - 1),
    rankOf(logits),
  );
  return weightedMean(add(negative, mul(add(one, mul(extra, target)), softplus)), options);
}

export interface FocalOptions extends LossOptions {
  /** Focusing parameter: 0, or 1 and above. */
  readonly gamma?: number;
  /** Weight of each class (softmax) or of the positive answer of each label (sigmoid, the negative has 1 minus it). */
  readonly alpha?: readonly number[] | undefined;
}

/**
 * Focal loss over exclusive classes: -alpha_c y_c (1-p_c)^gamma log p_c (Lin et al., ICCV 2017, eq. 5), mean over samples.
 *
 * @param logits [N, K, ...]
 * @param target probabilities [N, K, ...]
 * @throws LOSS_OPTION, LOSS_SHAPE
 */
export function focal(logits: Value, target: Value, options: FocalOptions = {}): Value {
  const { gamma = 2, alpha } = options;
  checkOption(gamma === 0 || gamma >= 1, `gamma is ${gamma}, expected 0, or 1 and above.`);
  const { graph } = logits;
  const rank = rankOf(logits);
  const logProbabilities = graph.op('LogSoftmax', [logits], { axis: 1 });
  let losses = mul(target, logProbabilities);
  if (gamma > 0) {
    const missed = graph.op('Sub', [scalarLike(logits, 1), graph.op('Exp', [logProbabilities])]);
    losses = mul(losses, graph.op('Pow', [missed, scalarLike(logits, gamma)]));
  }
  if (alpha) losses = mul(losses, classConstant(logits, alpha, rank));
  const axes = graph.constant(tensorOf('int64', [1], [1]));
  return weightedMean(neg(graph.op('ReduceSum', [losses, axes], { keepdims: 0 })), options);
}

/**
 * Focal loss per label, for labels that may hold together (Lin et al., ICCV 2017, eq. 5):
 * y a s(-x)^gamma softplus(-x) + (1-y) (1-a) s(x)^gamma softplus(x). The mean over labels and samples.
 *
 * @param logits [N, K, ...]
 * @param target 0..1, [N, K, ...]
 * @throws LOSS_OPTION, LOSS_SHAPE
 */
export function binaryFocalWithLogits(logits: Value, target: Value, options: FocalOptions = {}): Value {
  const { gamma = 2, alpha } = options;
  checkOption(gamma >= 0, `gamma is ${gamma}, expected 0 or more.`);
  const { graph } = logits;
  const rank = rankOf(logits);
  const below = graph.op('Softplus', [neg(logits)]); // -log p
  const above = graph.op('Softplus', [logits]); // -log (1-p)
  const damped = (loss: Value, other: Value): Value =>
    gamma === 0 ? loss : mul(loss, graph.op('Exp', [mul(other, scalarLike(logits, -gamma))]));
  let positive = mul(target, damped(below, above));
  let negative = mul(graph.op('Sub', [scalarLike(logits, 1), target]), damped(above, below));
  if (alpha) {
    positive = mul(positive, classConstant(logits, alpha, rank));
    negative = mul(
      negative,
      classConstant(
        logits,
        alpha.map((weight) => 1 - weight),
        rank,
      ),
    );
  }
  return weightedMean(add(positive, negative), options);
}
