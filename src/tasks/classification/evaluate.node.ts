import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { writeError, writeFileAtomically } from '../../atomic-file.node.ts';
import { elementCount } from '../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../errors.ts';
import { type LoadedModel, loadModel } from '../bundle/load-model.node.ts';
import { classCounts, type Dataset } from '../dataset/dataset.ts';
import { loadDataset } from '../dataset/manifest.node.ts';
import { samplesHash } from '../dataset/split-hash.node.ts';
import { memberNotes } from '../ensemble/check-members.ts';
import { cardForViews, pointsNote, withViews } from '../ensemble/viewed-model.ts';
import type { ReportContent } from '../report/content.ts';
import { renderReport } from '../report/render-report.ts';
import type { EvaluateRequest, TaskSurroundings } from '../task.ts';
import { titleOf } from './answers.ts';
import { reportCases } from './cases.node.ts';
import { inputsWanted, requireInputs, unknownWords } from './cases-to-judge.node.ts';
import { openClassifier, predictSamples } from './classifier.node.ts';
import { evidenceOf, figuresWithIntervals, plainFigures } from './evidence.ts';
import { openExplainer } from './explain.node.ts';

/**
 * Judges a finished model on a data set. Labels are matched by name. With `out`, metrics.json and report.html are
 * written there. See Task.evaluate.
 *
 * @throws LABEL_UNKNOWN when the data have a label that the model does not know; what loadDataset and openImage throw
 */
export async function evaluateModel(
  request: EvaluateRequest,
  around: TaskSurroundings,
): Promise<Readonly<Record<string, unknown>>> {
  const loadedModel = await loadModel(request.model);
  const card = cardForViews(loadedModel.card, request.tta);
  const model = { ...loadedModel, card };
  if (card !== loadedModel.card) around.report({ kind: 'note', text: pointsNote });
  const loaded = await loadDataset(request.data, {
    classes: card.labels,
    target: card.target ?? 'class',
    ...inputsWanted(card),
    ...(request.patientPattern ? { patientPattern: request.patientPattern } : {}),
  });
  const dataset = { ...loaded, preparation: card.input.preparation ?? [] };
  requireInputs(dataset, card);
  for (const text of unknownWords(dataset, card)) around.report({ kind: 'note', text });
  requireUnits(card, dataset);
  const { split, indices } = chosenSamples(dataset, request.split);
  const threads = request.threads ? { threads: request.threads } : {};
  const classifier = await openClassifier(withViews(model, request.tta), around.runtime, threads);
  const members = card.ensemble?.members ?? [];
  for (const text of memberNotes(members)) around.report({ kind: 'note', text });
  let probabilities: Float32Array;
  try {
    probabilities = await predictSamples(classifier, card, dataset, indices, (done, of) =>
      around.report({ kind: 'count', text: `judging on ${split}`, done, of }),
    );
  } finally {
    await classifier.close();
  }
  const evidence = evidenceOf({ dataset, indices, probabilities, seed: card.seed }, card.labels, card);
  const figures = { [split]: plainFigures(evidence), intervals: { [split]: figuresWithIntervals(evidence) } };
  const sites = evidence.sites
    ? {
        sites: evidence.sites.map((one) => ({
          site: one.site,
          samples: one.samples,
          patients: one.patients,
          figures: figuresWithIntervals(one),
        })),
      }
    : {};
  if (!request.out) return { ...figures, images: indices.length, ...sites };
  const { out } = request;
  await mkdir(out, { recursive: true }).catch((cause: unknown) => {
    throw writeError(cause, out);
  });
  await writeFileAtomically(
    path.join(out, 'metrics.json'),
    `${JSON.stringify({ ...figures, evidence: { [split]: evidence } }, null, 2)}\n`,
  );
  const explainer = openExplainer(model.graph, around.runtime, {
    ...threads,
    slices: card.input.depth,
  });
  try {
    const cases = await reportCases({ dataset, indices, probabilities, card }, explainer.heatMaps);
    const content = reportOf(model, dataset, indices, { request, split, test: evidence, cases });
    await writeFileAtomically(path.join(out, 'report.html'), await renderReport(content));
  } finally {
    await explainer.close();
  }
  return {
    ...figures,
    images: indices.length,
    ...sites,
    files: { metrics: path.join(out, 'metrics.json'), report: path.join(out, 'report.html') },
  };
}

/** @throws TARGET_UNIT_MIXED when numbers of the data and of the model are named in different units */
function requireUnits({ labels, units }: LoadedModel['card'], dataset: Dataset): void {
  const mixed = labels.flatMap((name, k) => {
    const [own, other] = [units?.[k] ?? '', dataset.units?.[k] ?? ''];
    return own !== '' && other !== '' && own !== other ? [`${name} in ${own}, the data in ${other}`] : [];
  });
  if (mixed.length === 0) return;
  throw new HounsfieldError(
    'TARGET_UNIT_MIXED',
    `the model gives ${mixed.join('; ')}. Convert the data's numbers, and name the unit in the column's title.`,
  );
}

/** The test part where the data have parts, else every image. @throws SPLIT_INCOMPLETE when the part asked for is empty */
function chosenSamples(dataset: Dataset, asked: EvaluateRequest['split']) {
  const all = dataset.samples.map((_, index) => index);
  const divided = dataset.samples.some(({ split }) => split === 'test');
  const split = asked ?? (divided ? 'test' : 'all');
  if (split === 'all') return { split, indices: all };
  const indices = all.filter((index) => dataset.samples[index]!.split === split);
  if (indices.length > 0) return { split, indices };
  throw new HounsfieldError(
    'SPLIT_INCOMPLETE',
    `${dataset.name} has no image in its ${split} part. Leave --split out to judge on all images.`,
  );
}

function reportOf(
  { card, graph }: LoadedModel,
  dataset: Dataset,
  indices: readonly number[],
  rest: { request: EvaluateRequest; split: string } & Pick<ReportContent, 'test' | 'cases'>,
): ReportContent {
  const { request, split, test, cases } = rest;
  const patients = new Set(indices.map((index) => dataset.samples[index]!.patient)).size;
  return {
    language: request.language ?? 'en',
    title: `${titleOf(card)}: ${dataset.name}`,
    createdAt: new Date().toISOString(),
    purpose: {
      summary: `${card.network}, judged on ${indices.length} images (${split}).`,
      intendedUse: card.intendedUse,
    },
    model: {
      network: card.network,
      parameters: parameterCount(graph),
      input: `${card.input.depth === undefined ? '' : `${card.input.depth} × `}${card.input.height} × ${card.input.width}, ${card.input.channels} channels`,
      file: path.basename(request.model),
    },
    classes: card.labels,
    data: {
      name: dataset.name,
      fingerprint: samplesHash(dataset, indices),
      splits: [
        {
          name: 'test',
          images: indices.length,
          patients: dataset.grouping === 'patient' ? patients : null,
          imagesPerClass: classCounts(dataset, indices),
        },
      ],
      splitMethod: split === 'all' ? 'every image' : `the ${split} part that the data prescribe`,
    },
    test,
    cases,
    heatMapMethod: 'Grad-CAM',
    settings: request.tta ? { 'test-time views': request.tta } : {},
    provenance: Object.entries(card.versions).map(([name, value]) => ({ name, value })),
  };
}

/** Trained weights: float initializers but running statistics and the input's own constants. */
function parameterCount(graph: LoadedModel['graph']): number {
  let count = 0;
  for (const [name, { constant }] of graph.initializers) {
    if (/\.(weight|bias)$/.test(name) && constant) count += elementCount(constant.dims);
  }
  return count;
}
