import { type Tensor, tensor } from '../../engine/tensor/tensor.ts';
import { measureUnfolded } from '../../learning/networks/measure-unfolded.ts';
import type { InputDescription } from '../bundle/model-card.ts';
import type { BatchLoader } from '../dataset/batches.node.ts';
import { createSampleLoader } from '../dataset/sample-batches.node.ts';
import type { TaskSurroundings } from '../task.ts';

import type { PreparedData } from './prepare.node.ts';
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
  const every = Math.max(1, Math.floor(data.splits.train.length / MEASURED));
  const samples = data.splits.train.filter((_, i) => i % every === 0).slice(0, MEASURED);
  const loader = await createSampleLoader({
    dataset: data.dataset,
    samples,
    inputs: data.inputs,
    batchSize: Math.min(settings.batch, samples.length),
    seed: settings.seed,
    shuffle: false,
  });
  const places = data.network.within?.prefixes ?? [''];
  const found = new Map<string, Tensor>();
  try {
    for (const [k, prefix] of places.entries()) {
      // A network each, or one for all of them stacked.
      const own = places.length === 1 ? data.inputs.map((_, i) => i) : [k];
      const measured = await measureUnfolded(imported, picturesOf(loader, data.inputs, own), {
        runtime,
        ...(settings.threads ? { threads: settings.threads } : {}),
      });
      for (const [name, value] of measured) found.set(prefix + name, value);
    }
    return found;
  } finally {
    await loader.close();
  }
}

/** What the file's network is shown: normalised images, their channels stacked, of volumes each slice by itself. */
async function* picturesOf(
  loader: BatchLoader,
  inputs: readonly InputDescription[],
  own: readonly number[],
): AsyncGenerator<Tensor> {
  const { depth = 1, height, width } = inputs[0]!; // of one size
  const plane = height * width;
  const channels = own.reduce((sum, k) => sum + inputs[k]!.channels, 0);
  for await (const batch of loader.epoch(0)) {
    const values = [batch.images, ...(batch.others ?? [])];
    const pictures = new Float32Array(batch.count * depth * channels * plane);
    let to = 0;
    for (let row = 0; row < batch.count; row++) {
      for (let z = 0; z < depth; z++) {
        for (const k of own) {
          const input = inputs[k]!;
          for (let c = 0; c < input.channels; c++) {
            const source = input.channelOrder === 'bgr' ? 2 - c : c;
            const from = ((row * input.channels + source) * depth + z) * plane;
            const [mean, deviation] = [input.mean[source]!, input.standardDeviation[source]!];
            for (let i = 0; i < plane; i++) pictures[to++] = (values[k]![from + i]! - mean) / deviation;
          }
        }
      }
    }
    yield tensor('float32', [batch.count * depth, channels, height, width], pictures);
  }
}
