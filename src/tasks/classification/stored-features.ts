import { elementCount, type Tensor, tensor } from '../../engine/tensor/tensor.ts';
import type { TrainingBatch } from '../../learning/training/loop.ts';
import type { Batch, BatchLoader, TargetRows } from '../dataset/batches.node.ts';
import { epochLength, epochOrder, type OrderOptions } from '../dataset/epoch-order.ts';

/** A feature's name and its shape for a batch, [B, ...]. */
export interface FeatureShape {
  readonly name: string;
  readonly shape: readonly number[];
}

/** What frozen layers made of each sample, kept in memory. */
export interface StoredFeatures {
  /** Rows of each feature, by position in the samples that were stored. */
  readonly rows: ReadonlyMap<string, Float32Array>;
  readonly features: readonly FeatureShape[];
}

/** Bytes that the features of so many samples take. */
export const featureBytes = (features: readonly FeatureShape[], batch: number, samples: number): number =>
  features.reduce((sum, { shape }) => sum + (4 * elementCount(shape) * samples) / batch, 0);

/** Every feature has one row, or as many, for each sample of a batch. */
export const areBySample = (features: readonly FeatureShape[], batch: number): boolean =>
  features.every(({ shape }) => (shape[0] ?? 0) % batch === 0 && (shape[0] ?? 0) > 0);

/**
 * Runs frozen layers over every sample once.
 *
 * @param loader serves the samples in order, without augmentation, in batches of the features' size
 * @param compute the frozen layers, for one batch
 */
export async function storeFeatures(
  loader: BatchLoader,
  samples: number,
  features: readonly FeatureShape[],
  compute: (batch: Batch) => Promise<Readonly<Record<string, Tensor>>>,
): Promise<StoredFeatures> {
  const rows = new Map<string, Float32Array>();
  let position = 0;
  for await (const batch of loader.epoch(0)) {
    const found = await compute(batch);
    for (const { name, shape } of features) {
      const length = elementCount(shape) / batch.weights.length;
      const stored = rows.get(name) ?? new Float32Array(samples * length);
      rows.set(name, stored);
      const computed = found[name]!.data as Float32Array; // features are float32
      stored.set(computed.subarray(0, batch.count * length), position * length);
    }
    position += batch.count;
  }
  return { rows, features };
}

export interface FeatureBatchOptions extends OrderOptions {
  readonly batchSize: number;
  readonly targets: TargetRows;
}

/** How many steps an epoch of stored features has. */
export const featureSteps = (options: FeatureBatchOptions): number =>
  Math.ceil(epochLength(options) / options.batchSize);

/** Batches of an epoch, in the order in which the loader would serve the images; padding repeats the first row. */
export async function* featureBatches(
  { rows, features }: StoredFeatures,
  options: FeatureBatchOptions,
  epoch: number,
  fromStep = 0,
): AsyncGenerator<TrainingBatch> {
  const { samples, batchSize, targets } = options;
  const order = epochOrder(options, epoch);
  for (let start = fromStep * batchSize; start < order.length; start += batchSize) {
    const count = Math.min(batchSize, order.length - start);
    const positions = Array.from({ length: batchSize }, (_, i) => order[start + (i < count ? i : 0)]!);
    const feeds: Record<string, Tensor> = {};
    for (const { name, shape } of features) {
      const length = elementCount(shape) / batchSize;
      const stored = rows.get(name)!;
      const data = new Float32Array(batchSize * length);
      for (const [row, position] of positions.entries()) {
        data.set(stored.subarray(position * length, (position + 1) * length), row * length);
      }
      feeds[name] = tensor('float32', shape, data);
    }
    const target = new Float32Array(batchSize * targets.width);
    const weights = new Float32Array(batchSize);
    for (let row = 0; row < count; row++) {
      target.set(targets.row(samples[positions[row]!]!), row * targets.width);
      weights[row] = 1;
    }
    feeds['targets'] = tensor('float32', [batchSize, targets.width], target);
    feeds['weights'] = tensor('float32', [batchSize], weights);
    yield { feeds, count };
  }
}
