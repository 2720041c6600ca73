import { loadModel } from '../bundle/load-model.node.ts';
import type { Prediction, PredictRequest, TaskSurroundings } from '../task.ts';
import { readAnswer } from './answers.ts';
import { casesFor } from './cases-to-judge.node.ts';
import { openClassifier, readInputs } from './classifier.node.ts';

/**
 * See Task.predict.
 *
 * @throws what loadModel, casesFor and openImage throw; CHANNELS_MISMATCH, BIT_DEPTH_MIXED, UNIT_MIXED, POLARITY_MIXED
 */
export async function predictImages(
  request: PredictRequest,
  around: TaskSurroundings,
): Promise<readonly Prediction[]> {
  const { graph, card } = await loadModel(request.model);
  const dataset = await casesFor(request, card);
  const classifier = await openClassifier(
    graph,
    around.runtime,
    request.threads ? { threads: request.threads } : {},
  );
  const answers: Prediction[] = [];
  try {
    for (const [i, { id }] of dataset.samples.entries()) {
      const inputs = await readInputs(dataset, i, card);
      const { index: _, ...answer } = readAnswer(card, await classifier.predict([inputs]));
      answers.push({ image: id, ...answer });
      around.report({ kind: 'count', text: 'predicting', done: i + 1, of: dataset.samples.length });
    }
  } finally {
    await classifier.close();
  }
  return answers;
}
