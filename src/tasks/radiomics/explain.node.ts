import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { writeError, writeFileAtomically } from '../../atomic-file.node.ts';
import { HounsfieldError } from '../../errors.ts';
import { type ShapleyValues, shapleySampling } from '../../evidence/explanation/shapley-sampling.ts';
import { rowOf } from '../../learning/classifiers/matrix.ts';
import { loadFeatureModel } from '../bundle/load-model.node.ts';
import type { FeatureModelCard } from '../bundle/model-card.ts';
import { drawChart } from '../report/charts.ts';
import type { ExplainRequest, Explanation, TaskSurroundings } from '../task.ts';
import { answerOf } from './answers.ts';
import { contributionChart } from './feature-charts.ts';
import { nameOf } from './feature-table.ts';
import { tableToJudge } from './judged-table.node.ts';
import { columnsFor, openRowPredictor } from './predict-rows.ts';
import { standaloneSvg } from './standalone-svg.ts';

/** Features drawn; the rest is one bar. */
const DRAWN = 12;

/**
 * Shapley values of each case's probability: how far each feature moves it from that of a usual case (every feature at the
 * median of the training cases). One SVG and one JSON a case. See Task.explain.
 *
 * @throws LABEL_UNKNOWN, what loadFeatureModel, tableToJudge and columnsFor throw
 */
export async function explainRegions(
  request: ExplainRequest,
  around: TaskSurroundings,
): Promise<readonly Explanation[]> {
  const model = await loadFeatureModel(request.model);
  const { card } = model;
  const { features } = card;
  const asked = request.label === undefined ? undefined : labelIndex(card, request.label);
  const table = await tableToJudge(request, card, around);
  const x = columnsFor(card, table);
  await mkdir(request.out, { recursive: true }).catch((cause: unknown) => {
    throw writeError(cause, request.out);
  });
  const predictor = await openRowPredictor(model, around.runtime, request.threads);
  const width = card.labels.length;
  const explanations: Explanation[] = [];
  const taken = new Set<string>();
  try {
    const probabilities = await predictor.predict(x);
    for (const [i, one] of table.rows.entries()) {
      const row = probabilities.subarray(i * width, (i + 1) * width);
      const label = asked ?? answerOf(card, row).index;
      const shapley = await shapleySampling({
        row: rowOf(x, i),
        baseline: features.baseline.map((value) => value ?? Number.NaN),
        of: features.used.map((name) => features.names.indexOf(name)),
        seed: card.seed,
        async answer(values, rows) {
          const answers = await predictor.predict({ values, rows, columns: x.columns });
          return Float64Array.from({ length: rows }, (_, r) => answers[r * width + label]!);
        },
      });
      const parts = contributionsOf(card, rowOf(x, i), shapley);
      const base = path.join(request.out, fileName(nameOf(one), taken));
      const chart = contributionChart(parts, {
        shown: DRAWN,
        base: shapley.base,
        answer: shapley.answer,
        label: card.labels[label]!,
      });
      const svg = await drawChart(chart.spec, chart.description);
      await writeFileAtomically(`${base}.svg`, standaloneSvg(svg.markup, chart.title));
      const stored = {
        case: nameOf(one),
        label: card.labels[label],
        probability: shapley.answer,
        usualCase: shapley.base,
        features: parts,
      };
      await writeFileAtomically(`${base}.json`, `${JSON.stringify(stored, null, 2)}\n`);
      explanations.push({
        image: nameOf(one),
        label: card.labels[label]!,
        probability: row[label]!,
        overlay: `${base}.svg`,
      });
      around.report({ kind: 'count', text: 'explaining', done: i + 1, of: table.rows.length });
    }
  } finally {
    await predictor.close();
  }
  return explanations;
}

/** What a feature did in one case. */
export interface Contribution {
  readonly feature: string;
  /** null where it has none. */
  readonly value: number | null;
  readonly usual: number | null;
  /** Change of the probability, and its standard error. */
  readonly shapley: number;
  readonly error: number | null;
}

/** Largest first. */
function contributionsOf(
  { features }: FeatureModelCard,
  row: Float64Array,
  { values, errors }: ShapleyValues,
): readonly Contribution[] {
  const plain = (value: number) => (Number.isFinite(value) ? value : null);
  return features.used
    .map((feature): Contribution => {
      const j = features.names.indexOf(feature);
      return {
        feature,
        value: plain(row[j]!),
        usual: features.baseline[j] ?? null,
        shapley: values[j]!,
        error: plain(errors[j]!),
      };
    })
    .sort((a, b) => Math.abs(b.shapley) - Math.abs(a.shapley));
}

function labelIndex({ labels }: FeatureModelCard, label: string): number {
  const index = labels.indexOf(label);
  if (index >= 0) return index;
  throw new HounsfieldError(
    'LABEL_UNKNOWN',
    `the model knows no label '${label}'. Choose one of: ${labels.join(', ')}.`,
  );
}

/** A case's name as a file's: what is not a letter, a digit, a dot or a dash becomes '-'. */
function fileName(name: string, taken: Set<string>): string {
  const plain = name.replace(/[^\p{L}\p{N}.-]+/gu, '-').replace(/^[-.]+|[-.]+$/g, '') || 'case';
  let candidate = plain;
  for (let k = 2; taken.has(candidate); k++) candidate = `${plain}-${k}`;
  taken.add(candidate);
  return candidate;
}
