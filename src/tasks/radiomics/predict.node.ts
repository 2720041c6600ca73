import { loadFeatureModel } from '../bundle/load-model.node.ts';
import type { Prediction, PredictRequest, TaskSurroundings } from '../task.ts';
import { answerOf } from './answers.ts';
import { nameOf } from './feature-table.ts';
import { tableToJudge } from './judged-table.node.ts';
import { outsideNotes } from './outside-range.ts';
import { columnsFor, openRowPredictor } from './predict-rows.ts';

/**
 * Answers for images with masks, or for rows of a table of features. See Task.predict.
 *
 * @throws what loadFeatureModel, tableToJudge and columnsFor throw
 */
export async function predictRegions(
  request: PredictRequest,
  around: TaskSurroundings,
): Promise<readonly Prediction[]> {
  const model = await loadFeatureModel(request.model);
  const table = await tableToJudge(request, model.card, around);
  const x = columnsFor(model.card, table);
  for (const text of outsideNotes(model.card, x, table)) around.report({ kind: 'note', text });
  const predictor = await openRowPredictor(model, around.runtime, request.threads);
  try {
    const probabilities = await predictor.predict(x);
    const width = model.card.labels.length;
    return table.rows.map((row, i) => {
      const { index: _, ...answer } = answerOf(
        model.card,
        probabilities.subarray(i * width, (i + 1) * width),
      );
      return { image: nameOf(row), ...answer };
    });
  } finally {
    await predictor.close();
  }
}
