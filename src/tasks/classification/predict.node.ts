import { loadModel } from '../bundle/load-model.node.ts';
import { openPicture } from '../dataset/read-sample.node.ts';
import type { Prediction, TaskSurroundings } from '../task.ts';
import { conformToModel, openClassifier } from './classifier.node.ts';

/** See Task.predict. @throws what loadModel and openImage throw; CHANNELS_MISMATCH, BIT_DEPTH_MIXED, UNIT_MIXED */
export async function predictImages(
  request: { readonly model: string; readonly images: readonly string[]; readonly threads?: number },
  around: TaskSurroundings,
): Promise<readonly Prediction[]> {
  const { graph, card } = await loadModel(request.model);
  const classifier = await openClassifier(
    graph,
    around.runtime,
    request.threads ? { threads: request.threads } : {},
  );
  const answers: Prediction[] = [];
  try {
    for (const [i, file] of request.images.entries()) {
      const image = conformToModel(await openPicture(file, card.input.preparation), card, file);
      const probabilities = await classifier.predict([image]);
      const best = probabilities.indexOf(Math.max(...probabilities));
      answers.push({
        image: file,
        label: card.labels[best]!,
        probabilities: Object.fromEntries(card.labels.map((label, k) => [label, probabilities[k]!])),
        ...(card.operatingPoint
          ? {
              positive: probabilities[1]! >= card.operatingPoint.threshold,
              threshold: card.operatingPoint.threshold,
            }
          : {}),
      });
      around.report({ kind: 'count', text: 'predicting', done: i + 1, of: request.images.length });
    }
  } finally {
    await classifier.close();
  }
  return answers;
}
