import { compileStep, type State } from '../../engine/compile.ts';
import { Graph } from '../../engine/graph/graph.ts';
import { pruneGraph } from '../../engine/graph/rewrite.ts';
import { type Tensor, tensor } from '../../engine/tensor/tensor.ts';
import { createContext } from '../layers/build-context.ts';
import type { TrainingBatch } from './loop.ts';
import { drawMasks, type Learning, type StepRuntime } from './step.ts';

/** Recomputes running statistics for the weights as they are. Close it. */
export interface StatisticsMeasurer {
  /** Replaces every running mean and variance by those of these batches together. */
  measure(batches: AsyncIterable<TrainingBatch>): Promise<void>;
  close(): Promise<void>;
}

/**
 * Running statistics lag behind the weights in a run of few steps. This measures them anew, batch by batch, with the
 * weights standing still: means of the batches' means and of their second moments (Wu and Johnson, "Rethinking 'batch'
 * in batch normalization", 2021, section 3).
 *
 * @param state of the training step, which is read and whose statistics are replaced
 * @returns undefined where the network has no statistics that change
 */
export async function compileStatistics(
  learning: Learning,
  state: State,
  settings: Omit<StepRuntime, 'state'>,
): Promise<StatisticsMeasurer | undefined> {
  const graph = new Graph();
  const { weights, keepsStatistics, seed } = learning;
  const context = createContext(graph, 'train', seed, weights, keepsStatistics);
  learning.build(context);
  const layers = graph.nodes.flatMap((node) => {
    if (node.op !== 'BatchNormalization' || node.attributes.get('training_mode')?.value !== 1) return [];
    const [, , , mean, variance] = node.inputs;
    const nextMean = mean && graph.updates.get(mean);
    const nextVariance = variance && graph.updates.get(variance);
    if (!mean || !variance || !nextMean || !nextVariance || !state.has(mean.name)) return [];
    const kept = Number(node.attributes.get('momentum')?.value ?? 0.9); // the standard's default
    return [{ mean, variance, nextMean, nextVariance, share: 1 - kept }];
  });
  if (layers.length === 0) return undefined;
  graph.output(...layers.flatMap(({ nextMean, nextVariance }) => [nextMean, nextVariance]));
  graph.updates.clear();
  const measured = pruneGraph(graph);
  const inputs = new Set(measured.inputs.map(({ name }) => name));
  const step = await compileStep(measured, { ...settings, state });
  return {
    async measure(batches) {
      const sums = layers.map(({ mean }) => ({
        mean: new Float64Array(mean.constant!.data.length), // buffers hold data
        square: new Float64Array(mean.constant!.data.length),
      }));
      let count = 0;
      for await (const { feeds } of batches) {
        const masks = drawMasks(context.randomInputs, seed, { epoch: 0, step: count, last: false });
        const fed = Object.entries({ ...feeds, ...masks }).filter(([name]) => inputs.has(name));
        const found = await step.run(Object.fromEntries(fed));
        for (const [i, layer] of layers.entries()) {
          const { mean, variance, nextMean, nextVariance, share } = layer;
          add(
            sums[i]!,
            batchOf(found[nextMean.name]!, state.get(mean.name), share),
            batchOf(found[nextVariance.name]!, state.get(variance.name), share),
          );
        }
        count++;
      }
      if (count === 0) return;
      for (const [i, { mean, variance }] of layers.entries()) {
        const { mean: total, square } = sums[i]!;
        const means = Float32Array.from(total, (sum) => sum / count);
        const variances = Float32Array.from(square, (sum, c) =>
          Math.max(0, sum / count - (total[c]! / count) ** 2),
        );
        state.set(mean.name, tensor('float32', [means.length], means));
        state.set(variance.name, tensor('float32', [variances.length], variances));
      }
    },
    close: () => step.close(),
  };
}

/** The batch's own figure, from the running one before and after: next = (1 - share) before + share batch. */
function batchOf({ data: next }: Tensor, { data: before }: Tensor, share: number): Float64Array {
  return Float64Array.from(next as Float32Array, (value, c) => {
    const old = (before as Float32Array)[c]!; // statistics are float32
    return (value - (1 - share) * old) / share;
  });
}

function add(
  sums: { mean: Float64Array; square: Float64Array },
  mean: Float64Array,
  variance: Float64Array,
): void {
  for (const [c, value] of mean.entries()) {
    sums.mean[c]! += value;
    sums.square[c]! += variance[c]! + value * value;
  }
}
