import { writeOnnx } from '../../src/engine/graph/onnx-file.ts';
import { type Matrix, takeRows } from '../../src/learning/classifiers/matrix.ts';
import type { PartChoice, PipelineSettings } from '../../src/learning/classifiers/pipeline/needed-steps.ts';
import { type FittedPipeline, fitPipeline } from '../../src/learning/classifiers/pipeline/pipeline.ts';
import { pipelineGraph } from '../../src/learning/classifiers/pipeline/pipeline-graph.ts';
import { preparations } from '../../src/learning/classifiers/preparations/registry.ts';
import { splitTable } from './classifier-tables.ts';

/** Steps that are tried with other settings than their own, too. */
const others: readonly PartChoice[] = [
  { name: 'impute', settings: { by: 'mean', indicators: true } },
  { name: 'impute-neighbours', settings: { neighbours: 3, weights: 'distance', indicators: true } },
  { name: 'min-max-scale', settings: { least: -1, clip: true } },
  { name: 'quantile', settings: { quantiles: 40, output: 'normal' } },
  { name: 'log', settings: { unit: 'median' } },
  { name: 'pca', settings: { components: 4, whiten: true } },
  {
    name: 'univariate-filter',
    settings: { by: 'rank-sum', level: 0.05, correction: 'false-discovery-rate' },
  },
];

/** Less of what takes long and does not change the nodes. */
const quick: Readonly<Record<string, PartChoice['settings']>> = {
  boruta: { rounds: 8, trees: 20 },
  'recursive-elimination': { step: 0.4, folds: 2 },
  lasso: { strengths: 8, folds: 2 },
};

const steps: readonly PartChoice[] = [
  ...[...preparations.keys()].map((name) => ({ name, ...(quick[name] ? { settings: quick[name] } : {}) })),
  ...others,
];
const classifiers = ['logistic-regression', 'decision-tree', 'k-nearest-neighbours'] as const;

/** A linear model, a tree and distances behind every step; the last two of a table with missing values and categories. */
export const parityPipelines: readonly { readonly name: string; readonly settings: PipelineSettings }[] =
  steps.flatMap((step) =>
    classifiers.map((classifier) => ({
      name: `${step.name} ${step.settings ? JSON.stringify(step.settings) : ''} ${classifier}`.replace(
        '  ',
        ' ',
      ),
      settings: { steps: [step], classifier: { name: classifier } },
    })),
  );

export const PARITY_TABLE = 'made';

/** Rows that the models are asked about, float32 values. */
export const parityRows = (): Matrix =>
  takeRows(
    splitTable(PARITY_TABLE).test,
    Array.from({ length: 40 }, (_, i) => i),
  );

export async function fitParity(
  settings: PipelineSettings,
  tables?: string,
): Promise<{
  readonly fitted: FittedPipeline;
  readonly bytes: Uint8Array;
}> {
  const { train, trainY, classes, categorical } = splitTable(PARITY_TABLE, tables);
  const fitted = await fitPipeline(settings, train, trainY, classes, { seed: 4, categorical });
  const columns = Array.from({ length: train.columns }, (_, j) => `column ${j}`);
  return { fitted, bytes: writeOnnx(pipelineGraph(fitted, { columns, classes: ['a', 'b', 'c'] })) };
}
