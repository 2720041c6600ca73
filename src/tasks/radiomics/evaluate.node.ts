import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { writeError, writeFileAtomically } from '../../atomic-file.node.ts';
import { HounsfieldError } from '../../errors.ts';
import { takeRows } from '../../learning/classifiers/matrix.ts';
import { loadFeatureModel } from '../bundle/load-model.node.ts';
import { evidenceOf, figuresWithIntervals, plainFigures } from '../classification/evidence.ts';
import { renderReport } from '../report/render-report.ts';
import type { EvaluateRequest, TaskSurroundings } from '../task.ts';
import { featuresFingerprint } from './features-fingerprint.node.ts';
import { measureSettingsOfCard } from './measure-files.node.ts';
import { outsideNotes } from './outside-range.ts';
import { columnsFor, openRowPredictor } from './predict-rows.ts';
import { caseRows } from './prepare-rows.ts';
import { evaluationContent } from './report-content.node.ts';
import { tableOfData } from './run-table.node.ts';

/**
 * Judges a model on labelled cases. With `out`, metrics.json and report.html are written there. See Task.evaluate.
 *
 * @throws LABEL_UNKNOWN, SPLIT_INCOMPLETE, what loadFeatureModel, tableOfData and columnsFor throw
 */
export async function evaluateRegions(
  request: EvaluateRequest,
  around: TaskSurroundings,
): Promise<Readonly<Record<string, unknown>>> {
  const model = await loadFeatureModel(request.model);
  const { card } = model;
  const measure = measureSettingsOfCard(card);
  const options = {
    region: measure.region,
    labels: 'needed' as const,
    classes: card.labels,
    ...(request.patientPattern ? { patientPattern: request.patientPattern } : {}),
  };
  const { table, dataset } = await tableOfData(request.data, () => measure, options, around);
  const all = dataset.samples.map((_, index) => index);
  const divided = dataset.samples.some(({ split }) => split === 'test');
  const split = request.split ?? (divided ? 'test' : 'all');
  const indices = split === 'all' ? all : all.filter((index) => dataset.samples[index]!.split === split);
  if (indices.length === 0) {
    throw new HounsfieldError(
      'SPLIT_INCOMPLETE',
      `${dataset.name} has no case in its ${split} part. Leave --split out to judge on all cases.`,
    );
  }
  const x = takeRows(columnsFor(card, table), caseRows(table));
  for (const text of outsideNotes(card, x, {
    ...table,
    rows: caseRows(table).map((row) => table.rows[row]!),
  })) {
    around.report({ kind: 'note', text });
  }
  const labels = dataset.samples.map(({ label }) => label);
  const { counts, fingerprint } = card.data;
  const tested = counts.test.reduce((sum, count) => sum + count, 0);
  if (indices.length > tested && featuresFingerprint(card.features, x, labels) === fingerprint) {
    around.report({
      kind: 'note',
      text: `The model was made from these very cases, and was trained on ${all.length - tested} of the ${all.length}: figures on them flatter it. What it reached on the others is in its report.`,
    });
  }
  const predictor = await openRowPredictor(model, around.runtime, request.threads);
  let probabilities: Float64Array;
  try {
    probabilities = await predictor.predict(takeRows(x, indices));
  } finally {
    await predictor.close();
  }
  const predicted = { dataset, indices, probabilities: Float32Array.from(probabilities), seed: card.seed };
  const evidence = evidenceOf(predicted, card.labels, card);
  const figures = { [split]: plainFigures(evidence), intervals: { [split]: figuresWithIntervals(evidence) } };
  if (!request.out) return { ...figures, images: indices.length };
  const { out } = request;
  await mkdir(out, { recursive: true }).catch((cause: unknown) => {
    throw writeError(cause, out);
  });
  const files = { metrics: path.join(out, 'metrics.json'), report: path.join(out, 'report.html') };
  await writeFileAtomically(
    files.metrics,
    `${JSON.stringify({ ...figures, evidence: { [split]: evidence } }, null, 2)}\n`,
  );
  const content = evaluationContent({
    card,
    file: path.basename(request.model),
    dataset,
    indices,
    split,
    evidence,
    language: request.language ?? 'en',
  });
  await writeFileAtomically(files.report, await renderReport(content));
  return { ...figures, images: indices.length, files };
}
