import { loadModel } from '../bundle/load-model.node.ts';
import { askedGraph } from '../ensemble/asked-graph.ts';
import { cardForViews, pointsNote } from '../ensemble/viewed-model.ts';
import type { Prediction, PredictRequest, TaskSurroundings } from '../task.ts';
import { readAnswer } from './answers.ts';
import { casesFor, unknownWords } from './cases-to-judge.node.ts';
import { openClassifier, readInputs } from './classifier.node.ts';

/**
 * See Task.predict.
 *
 * @throws what loadModel, askedGraph, casesFor and openImage throw; CHANNELS_MISMATCH, BIT_DEPTH_MIXED, UNIT_MIXED, POLARITY_MIXED
 */
export async function predictImages(
  request: PredictRequest,
  around: TaskSurroundings,
): Promise<readonly Prediction[]> {
  const model = await loadModel(request.model);
  const card = cardForViews(model.card, request.tta);
  if (card !== model.card) around.report({ kind: 'note', text: pointsNote });
  const { graph, read } = askedGraph(model, request);
  const dataset = await casesFor(request, card);
  for (const text of unknownWords(dataset, card)) around.report({ kind: 'note', text });
  const classifier = await openClassifier(
    graph,
    around.runtime,
    request.threads ? { threads: request.threads } : {},
  );
  const answers: Prediction[] = [];
  try {
    for (const [i, { id }] of dataset.samples.entries()) {
      const inputs = await readInputs(dataset, i, card);
      const { answer: row, ...members } = read(await classifier.predict([inputs]));
      const { index: _, ...answer } = readAnswer(card, row);
      answers.push({ image: id, ...answer, ...members });
      around.report({ kind: 'count', text: 'predicting', done: i + 1, of: dataset.samples.length });
    }
  } finally {
    await classifier.close();
  }
  return answers;
}
