import { add, mul, scalarLike, sub } from '../../engine/graph/build.ts';
import type { Value } from '../../engine/graph/graph.ts';
import { staticShape } from '../../engine/graph/shape.ts';
import { tensorOf } from '../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../errors.ts';
import { type BuildContext, buffer, parameter } from './build-context.ts';
import { channelsOf, knownSize } from './extent.ts';
import { constant } from './initializers.ts';

export interface BatchNormOptions {
  readonly epsilon?: number;
  /** Share of the batch in the new running statistics (PyTorch's convention; ONNX's momentum is 1 minus this). */
  readonly momentum?: number;
  /** First value of the scale: 0 makes a residual block start as the identity. */
  readonly scale?: number;
}

/**
 * Batch normalisation (Ioffe and Szegedy, ICML 2015): parameters `weight`, `bias`, buffers `running_mean`,
 * `running_var` and, in 'train' alone, `num_batches_tracked`. There they become state of the graph; the running
 * variance is the unbiased one, as in PyTorch (ONNX keeps the population's). A layer for which
 * `context.keepsStatistics` holds normalises by them in 'train' as in 'infer'.
 *
 * @param x [N, C, ...]; of fixed shape, with more than one value a channel, in 'train'
 * @throws LAYER_SHAPE, SHAPE_NOT_STATIC
 */
export function batchNorm(
  context: BuildContext,
  name: string,
  x: Value,
  options: BatchNormOptions = {},
): Value {
  const { epsilon = 1e-5, momentum = 0.1, scale = 1 } = options;
  const { graph } = context;
  const channels = channelsOf(x, `batchNorm '${name}'`);
  const layer = graph.scopedName(name);
  return graph.scope(name, () => {
    const weight = parameter(context, 'weight', [channels], constant(scale));
    const bias = parameter(context, 'bias', [channels], constant(0));
    const zeros = new Float32Array(channels);
    const mean = buffer(context, 'running_mean', tensorOf('float32', [channels], zeros));
    const variance = buffer(
      context,
      'running_var',
      tensorOf(
        'float32',
        [channels],
        zeros.map(() => 1),
      ),
    );
    return normalizeByBatch(context, layer, x, { weight, bias, mean, variance }, { epsilon, momentum });
  });
}

/** Scale, shift and running statistics of one batch normalisation, [C] each. */
export interface BatchNormValues {
  readonly weight: Value;
  readonly bias: Value;
  readonly mean: Value;
  readonly variance: Value;
}

/**
 * What `batchNorm` does with values that are there already: by the statistics of the batch in 'train', which then move
 * the running ones, else by the running ones. `num_batches_tracked` is added in the current scope.
 *
 * @param layer the name that `context.keepsStatistics` is asked about
 */
export function normalizeByBatch(
  context: BuildContext,
  layer: string,
  x: Value,
  { weight, bias, mean, variance }: BatchNormValues,
  { epsilon = 1e-5, momentum = 0.1 }: Pick<BatchNormOptions, 'epsilon' | 'momentum'> = {},
): Value {
  const { graph } = context;
  const inputs = [x, weight, bias, mean, variance];
  if (context.mode === 'infer' || context.keepsStatistics?.(layer))
    return graph.op('BatchNormalization', inputs, { epsilon });

  const count = buffer(context, 'num_batches_tracked', tensorOf('int64', [], [0]));
  const kept = 1 - momentum;
  const [y, nextMean, nextPopulation] = graph.add(
    'BatchNormalization',
    inputs,
    { epsilon, momentum: kept, training_mode: 1 },
    { outputs: 3 },
  );
  graph.update(mean, nextMean!);
  graph.update(variance, unbiased(variance, nextPopulation!, kept, valuesPerChannel(x, layer)));
  graph.update(count, add(count, scalarLike(count, 1)));
  return y!;
}

/** kept v + (1-kept) p n/(n-1), from what ONNX gives: next = kept v + (1-kept) p. */
function unbiased(variance: Value, next: Value, kept: number, n: number): Value {
  const corrected = mul(next, scalarLike(next, n / (n - 1)));
  return sub(corrected, mul(variance, scalarLike(variance, kept / (n - 1))));
}

function valuesPerChannel(x: Value, name: string): number {
  const [batch = 1, , ...space] = staticShape(x);
  const count = space.reduce((product, size) => product * size, batch);
  if (count > 1) return count;
  throw new HounsfieldError(
    'LAYER_SHAPE',
    `batchNorm '${name}' was given [${staticShape(x)}]: one value a channel has no variance. Use a batch of two or more.`,
  );
}

export interface GroupNormOptions {
  readonly groups: number;
  readonly epsilon?: number;
}

/** Group normalisation (Wu and He, ECCV 2018). @param x [N, C, ...] @throws LAYER_SHAPE */
export function groupNorm(context: BuildContext, name: string, x: Value, options: GroupNormOptions): Value {
  const { groups, epsilon = 1e-5 } = options;
  const scaleAndBias = affine(context, name, [channelsOf(x, `groupNorm '${name}'`)]);
  return context.graph.op('GroupNormalization', [x, ...scaleAndBias], { num_groups: groups, epsilon });
}

/** Instance normalisation (Ulyanov et al., 2016) with scale and bias. @param x [N, C, ...] @throws LAYER_SHAPE */
export function instanceNorm(
  context: BuildContext,
  name: string,
  x: Value,
  { epsilon = 1e-5 }: { readonly epsilon?: number } = {},
): Value {
  const scaleAndBias = affine(context, name, [channelsOf(x, `instanceNorm '${name}'`)]);
  return context.graph.op('InstanceNormalization', [x, ...scaleAndBias], { epsilon });
}

export interface LayerNormOptions {
  /** First of the axes normalised over; from it to the last. */
  readonly axis?: number;
  readonly epsilon?: number;
}

/** Layer normalisation (Ba et al., 2016) over the axes from `axis` to the last. @throws LAYER_SHAPE */
export function layerNorm(
  context: BuildContext,
  name: string,
  x: Value,
  options: LayerNormOptions = {},
): Value {
  const { axis = -1, epsilon = 1e-5 } = options;
  const rank = x.shape?.length ?? 0;
  const first = axis < 0 ? axis + rank : axis;
  const sizes = Array.from({ length: rank - first }, (_, i) =>
    knownSize(x, first + i, `layerNorm '${name}'`),
  );
  return context.graph.op('LayerNormalization', [x, ...affine(context, name, sizes)], { axis, epsilon });
}

function affine(context: BuildContext, name: string, shape: readonly number[]): readonly Value[] {
  return context.graph.scope(name, () => [
    parameter(context, 'weight', shape, constant(1)),
    parameter(context, 'bias', shape, constant(0)),
  ]);
}
