import { createHash } from 'node:crypto';
import type { Dataset } from './dataset.ts';
import type { Splits } from './split.ts';

/** SHA-256 (hex) of the sorted ids of some samples, one a line: the same images give the same hash on any machine. */
export function samplesHash(dataset: Dataset, indices: readonly number[]): string {
  const ids = indices.map((index) => dataset.samples[index]!.id).sort();
  return createHash('sha256').update(ids.join('\n')).digest('hex');
}

/** The hash of each part, for a model's provenance. */
export function splitHashes(
  dataset: Dataset,
  splits: Splits,
): Record<'train' | 'validation' | 'test', string> {
  return {
    train: samplesHash(dataset, splits.train),
    validation: samplesHash(dataset, splits.validation),
    test: samplesHash(dataset, splits.test),
  };
}
