import { loadModel } from '../bundle/load-model.node.ts';
import { openPicture } from '../dataset/read-sample.node.ts';
import type { Prediction, TaskSurroundings } from '../task.ts';
import { readAnswer } from './answers.ts';
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
      const { index: _, ...answer } = readAnswer(card, await classifier.predict([image]));
      answers.push({ image: file, ...answer });
      around.report({ kind: 'count', text: 'predicting', done: i + 1, of: request.images.length });
    }
  } finally {
    await classifier.close();
  }
  return answers;
}
