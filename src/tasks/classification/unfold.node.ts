import { type Tensor, tensor } from '../../engine/tensor/tensor.ts';
import { measureUnfolded } from '../../learning/networks/measure-unfolded.ts';
import { createBatchLoader } from '../dataset/batches.node.ts';
import type { TaskSurroundings } from '../task.ts';

import type { PreparedData } from './prepare.node.ts';
import { normalise } from './sample-values.ts';
import type { ClassificationSettings } from './settings.ts';

/** Training images by which unfolded normalisation is measured. */
const MEASURED = 128;

/**
 * First values of the normalisation that was put back into a file's network, measured on training images, so that
 * training begins with the function that the file computes. Nothing where nothing was unfolded.
 */
export async function unfoldedWeights(
  data: PreparedData,
  settings: ClassificationSettings,
  { runtime }: TaskSurroundings,
): Promise<ReadonlyMap<string, Tensor>> {
  const { imported } = data.network;
  if (!imported || imported.unfolded.length === 0) return new Map();
  const { channels, height, width } = data.input;
  const every = Math.max(1, Math.floor(data.splits.train.length / MEASURED));
  const samples = data.splits.train.filter((_, i) => i % every === 0).slice(0, MEASURED);
  const shape = { channels, height, width };
  const loader = await createBatchLoader({
    dataset: data.dataset,
    samples,
    batchSize: Math.min(settings.batch, samples.length),
    seed: settings.seed,
    ...shape,
    shuffle: false,
  });
  async function* images(): AsyncGenerator<Tensor> {
    for await (const { images: pixels, weights } of loader.epoch(0)) {
      yield tensor('float32', [weights.length, channels, height, width], pixels);
    }
  }
  try {
    return await measureUnfolded(
      {
        ...imported,
        network: (context, x, options) => imported.network(context, normalise(x, data.input), options),
      },
      images(),
      { runtime, ...(settings.threads ? { threads: settings.threads } : {}) },
    );
  } finally {
    await loader.close();
  }
}
