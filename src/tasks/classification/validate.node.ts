import type { Device } from '../../engine/runtime/session.ts';
import type { Tensor } from '../../engine/tensor/tensor.ts';
import type { BatchLoader } from '../dataset/batches.node.ts';
import type { TaskSurroundings } from '../task.ts';
import { openClassifier } from './classifier.node.ts';
import { classifierGraph } from './classifier-graph.ts';
import type { PreparedData } from './prepare.node.ts';
import type { ClassificationSettings } from './settings.ts';
import { validationFigures } from './validation-figures.ts';

/** The figures of the validation set with these weights, by the graph that will be saved. */
export async function validate(
  data: PreparedData,
  weights: ReadonlyMap<string, Tensor>,
  loader: BatchLoader,
  around: TaskSurroundings,
  settings: ClassificationSettings,
): Promise<Record<string, number>> {
  const { classes } = data.dataset;
  const { graph } = classifierGraph(data.network.network, data.input, data.head, weights);
  const classifier = await openClassifier(graph, around.runtime, {
    device: settings.device as Device, // open() refuses what the machine does not have
    ...(settings.threads ? { threads: settings.threads } : {}),
  });
  try {
    const length = data.input.channels * data.input.height * data.input.width;
    const probabilities = new Float32Array(data.splits.validation.length * classes.length);
    let row = 0;
    for await (const { images, count } of loader.epoch(0)) {
      const batch = Array.from({ length: count }, (_, i) => ({
        ...data.input,
        pixels: images.subarray(i * length, (i + 1) * length),
      }));
      probabilities.set(await classifier.predict(batch), row * classes.length);
      row += count;
    }
    return validationFigures(data, probabilities);
  } finally {
    await classifier.close();
  }
}
