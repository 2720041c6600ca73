import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { Graph } from '../../../engine/graph/graph.ts';
import { writeOnnx } from '../../../engine/graph/onnx-file.ts';
import { nodeRuntime } from '../../../engine/runtime/runtime.node.ts';
import { tensor } from '../../../engine/tensor/tensor.ts';
import type { Classifier, FittedClassifier } from '../classifier.ts';
import { linearDiscriminant } from '../discriminant/linear-discriminant.ts';
import { quadraticDiscriminant } from '../discriminant/quadratic-discriminant.ts';
import { type Matrix, takeColumns, takeRows } from '../matrix.ts';
import { gaussianNaiveBayes } from '../naive-bayes/gaussian-naive-bayes.ts';
import { nearestNeighbours } from '../neighbours/k-nearest.ts';
import { multilayerPerceptron } from '../perceptron/multilayer-perceptron.ts';
import { pairProbabilities } from '../svm/pair-probabilities.ts';
import { fitSigmoid } from '../svm/platt.ts';
import { fitSupportVectorMachine, supportVectorMachine } from '../svm/support-vector-machine.ts';
import { elasticNetByFolds, elasticNetPath, fitElasticNet, fitLasso } from './elastic-net.ts';
import { fitLinearRegression, fitRidgeRegression } from './least-squares.ts';
import type { FittedLinear } from './linear-scores.ts';
import { logisticRegression } from './logistic.ts';

const byName = new Map<string, Classifier>(
  [
    logisticRegression,
    linearDiscriminant,
    quadraticDiscriminant,
    gaussianNaiveBayes,
    nearestNeighbours,
    supportVectorMachine,
    multilayerPerceptron,
  ].map((one) => [one.name, one]),
);

interface Table {
  readonly rows: number;
  readonly columns: number;
  readonly classes: number;
  readonly values: readonly (number | null)[];
  readonly y: readonly number[];
  readonly folds: readonly (readonly number[])[];
}

interface Case {
  readonly table: string;
  readonly scale: boolean;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly weights?: boolean;
  readonly step?: number;
}

interface Fixture {
  readonly exact: readonly (Case & {
    readonly classifier: string;
    readonly probabilities: readonly number[];
    readonly coefficients?: readonly number[];
    readonly intercepts?: readonly number[];
  })[];
  readonly vectors: readonly (Case & {
    readonly decisions: readonly number[];
    readonly biases: readonly number[];
    readonly support: readonly number[];
  })[];
  readonly coupling: readonly {
    readonly classes: number;
    readonly decisions: readonly number[];
    readonly slopes: readonly number[];
    readonly offsets: readonly number[];
    readonly probabilities: readonly number[];
  }[];
  readonly sigmoid: readonly {
    readonly decisions: readonly number[];
    readonly first: readonly number[];
    readonly slope: number;
    readonly offset: number;
  }[];
  readonly regression: {
    readonly models: readonly (Case & {
      readonly kind: 'linear' | 'ridge' | 'lasso' | 'elastic';
      readonly targets: readonly number[];
      readonly coefficients: readonly number[];
      readonly intercepts: readonly number[];
      readonly predicted: readonly number[];
    })[];
    readonly path: {
      readonly alphas: readonly number[];
      readonly coefficients: readonly number[];
      readonly chosen: number;
    };
  };
  readonly folds: readonly {
    readonly classifier: string;
    readonly settings: Readonly<Record<string, unknown>>;
    readonly table: string;
    readonly accuracy: number;
    readonly auc: number;
  }[];
}

const read = (name: string): unknown =>
  JSON.parse(
    gunzipSync(
      readFileSync(new URL(`../../../../fixtures/classifiers/${name}.json.gz`, import.meta.url)),
    ).toString(),
  );
const tables = (read('tables') as { cases: Record<string, Table> }).cases; // written by its maker
const peer = (read('linear') as { cases: Fixture }).cases; // written by its maker

const label = ({ table, settings, weights, step }: Case) =>
  `${table} ${JSON.stringify(settings)}${weights ? ' weighted' : ''}${step ? ` every ${step}th row` : ''}`;

function tableOf(name: string): { x: Matrix; y: Int32Array; classes: number; folds: Table['folds'] } {
  const { rows, columns, classes, values, y, folds } = tables[name]!;
  return {
    x: { values: Float64Array.from(values, (value) => value ?? 0), rows, columns },
    y: Int32Array.from(y),
    classes,
    folds,
  };
}

/** Columns around the mean of some rows, divided by their deviation; unchanged in size where that is 0. */
function scaledBy(x: Matrix, rows: readonly number[]): Matrix {
  const values = Float64Array.from(x.values);
  for (let j = 0; j < x.columns; j++) {
    const own = rows.map((i) => x.values[i * x.columns + j]!);
    const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
    const deviation = Math.sqrt(own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / own.length) || 1;
    for (let i = 0; i < x.rows; i++) {
      values[i * x.columns + j] = (values[i * x.columns + j]! - mean) / deviation;
    }
  }
  return { ...x, values };
}

/** The training part and the first rows of the tested fold, as the peer took them. */
function partsOf(one: Case) {
  const { x, y, classes, folds } = tableOf(one.table);
  const test = new Set(folds[0]);
  const train = [...y.keys()].filter((i) => !test.has(i)).filter((_, at) => at % (one.step ?? 1) === 0);
  const used = one.scale ? scaledBy(x, train) : x;
  const weights = one.weights ? Float64Array.from(train, (_, i) => 1 + ((7 * i) % 5) / 2) : undefined;
  return {
    x: takeRows(used, train),
    y: Int32Array.from(train, (i) => y[i]!),
    classes,
    tested: takeRows(used, folds[0]!.slice(0, 25)),
    options: { seed: 1, weights, runtime: nodeRuntime },
  };
}

function farthest(found: ArrayLike<number>, expected: readonly number[]): number {
  expect(found.length).toBe(expected.length);
  return expected.reduce((worst, value, at) => Math.max(worst, Math.abs(value - found[at]!)), 0);
}

const largest = (values: readonly number[]) =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);

describe('the same coefficients and probabilities as scikit-learn', () => {
  test.each(peer.exact.map((one) => [`${one.classifier} ${label(one)}`, one] as const))(
    '%s',
    async (_, one) => {
      const { x, y, classes, tested, options } = partsOf(one);
      const classifier = byName.get(one.classifier)!;
      const fitted = await classifier.fit(x, y, classes, classifier.check(one.settings), options);
      expect(farthest(fitted.predict(tested), one.probabilities)).toBeLessThan(1e-6);
      if (one.coefficients && one.intercepts) {
        const linear = fitted as FittedLinear; // logistic regression
        expect(farthest(linear.coefficients, one.coefficients)).toBeLessThan(
          1e-5 * largest(one.coefficients),
        );
        expect(farthest(linear.intercepts, one.intercepts)).toBeLessThan(1e-5 * largest(one.intercepts));
      }
    },
  );
});

describe('support vector machines decide as libsvm', () => {
  test.each(peer.vectors.map((one) => [label(one), one] as const))('%s', (_, one) => {
    const { x, y, classes, tested, options } = partsOf(one);
    const settings = supportVectorMachine.check({ ...one.settings, probability: 'votes', tolerance: 1e-6 });
    // The registry's entry forgets what settings it has.
    const full = settings as Parameters<typeof fitSupportVectorMachine>[3];
    const fitted = fitSupportVectorMachine(x, y, classes, full, options);
    expect(farthest(fitted.decide(tested), one.decisions)).toBeLessThan(1e-4);
    expect(farthest(fitted.machines.biases, one.biases)).toBeLessThan(1e-4);
    const own = new Set(fitted.machines.supportRows);
    const shared = one.support.filter((row) => own.has(row)).length;
    expect(Math.max(own.size, one.support.length) - shared).toBeLessThanOrEqual(0.01 * one.support.length);
  });

  test.each(peer.sigmoid)('Platt sigmoid %#', ({ decisions, first, slope, offset }) => {
    const found = fitSigmoid(Float64Array.from(decisions), first.map(Boolean));
    expect(Math.abs(found.slope - slope)).toBeLessThan(1e-3);
    expect(Math.abs(found.offset - offset)).toBeLessThan(1e-3);
  });

  test.each(peer.coupling)(
    'pairs of $classes classes are coupled, exactly where libsvm stops at 0.005 / classes',
    (one) => {
      const sigmoids = one.slopes.map((slope, p) => ({ slope, offset: one.offsets[p]! }));
      const rows = one.decisions.length / sigmoids.length;
      const found = pairProbabilities(Float64Array.from(one.decisions), rows, one.classes, sigmoids);
      expect(farthest(found, one.probabilities)).toBeLessThan(0.005);
    },
  );
});

describe('regression as scikit-learn', () => {
  test.each(peer.regression.models.map((one) => [`${one.kind} ${label(one)}`, one] as const))(
    '%s',
    async (_, one) => {
      const { x, tested, options } = partsOf(one);
      const kept = Array.from({ length: x.columns }, (__, j) => j).filter((j) => !one.targets.includes(j));
      const y = takeColumns(x, one.targets).values;
      const rest = takeColumns(x, kept);
      const fit = {
        linear: fitLinearRegression,
        ridge: fitRidgeRegression,
        lasso: fitLasso,
        elastic: fitElasticNet,
      };
      const fitted = fit[one.kind](rest, y, one.settings, options);
      const shown = takeColumns(tested, kept);
      expect(farthest(fitted.predict(shown), one.predicted)).toBeLessThan(1e-6 * largest(one.predicted));
      expect(farthest(fitted.coefficients, one.coefficients)).toBeLessThan(1e-5 * largest(one.coefficients));
      expect(farthest(fitted.intercepts, one.intercepts)).toBeLessThan(1e-5 * largest(one.intercepts));
      const graph = new Graph();
      graph.output(fitted.addTo(graph, graph.input('x', 'float32', ['N', rest.columns])));
      const session = await nodeRuntime.open(writeOnnx(graph));
      const single = Float32Array.from(shown.values);
      const said = await session.run({ x: tensor('float32', [shown.rows, rest.columns], single) });
      await session.close();
      const own = fitted.predict({ ...shown, values: Float64Array.from(single) });
      const [output] = Object.values(said);
      expect(farthest(Float64Array.from(output!.data as Float32Array), [...own])).toBeLessThan(
        1e-6 * largest([...own]),
      );
    },
  );

  test('the path of the LASSO, its strengths and the strength that folds choose', () => {
    const { x } = partsOf({ table: 'wine', scale: true, settings: {} });
    const rest = takeColumns(x, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    const y = takeColumns(x, [12]).values;
    const { alphas, coefficients, chosen } = peer.regression.path;
    const path = elasticNetPath(rest, y, alphas.length);
    expect(farthest(path.alphas, alphas)).toBeLessThan(1e-8 * alphas[0]!);
    const found = path.models.flatMap((model) => [...model.coefficients]);
    expect(farthest(found, coefficients)).toBeLessThan(1e-6);
    const fold = Int32Array.from({ length: rest.rows }, (_, i) => i % 5);
    const best = elasticNetByFolds(rest, y, fold, { alphas: alphas.length });
    expect(Math.abs(best.alpha - chosen)).toBeLessThan(1e-8 * alphas[0]!);
  });
});

/** Area under the curve of class k against the rest; ties count half. */
function areaOf(probabilities: Float64Array, y: Int32Array, classes: number, k: number): number {
  const order = [...y.keys()].sort(
    (a, b) => probabilities[a * classes + k]! - probabilities[b * classes + k]!,
  );
  let ranks = 0;
  let positives = 0;
  for (let from = 0; from < order.length; ) {
    let to = from;
    const value = probabilities[order[from]! * classes + k]!;
    while (to < order.length && probabilities[order[to]! * classes + k] === value) to++;
    for (let at = from; at < to; at++) {
      if (y[order[at]!] !== k) continue;
      positives++;
      ranks += (from + to + 1) / 2;
    }
    from = to;
  }
  return (ranks - (positives * (positives + 1)) / 2) / positives / (y.length - positives);
}

/** Accuracy and AUC (mean of one class against the rest) of what the folds' classifiers say. */
async function overFolds(one: Fixture['folds'][number], seed: number): Promise<readonly [number, number]> {
  const { x, y, classes, folds } = tableOf(one.table);
  const classifier = byName.get(one.classifier)!;
  const found = new Float64Array(x.rows * classes);
  for (const rows of folds) {
    const test = new Set(rows);
    const train = [...y.keys()].filter((i) => !test.has(i));
    const scaled = scaledBy(x, train);
    const fitted: FittedClassifier = await classifier.fit(
      takeRows(scaled, train),
      Int32Array.from(train, (i) => y[i]!),
      classes,
      classifier.check(one.settings),
      { seed, runtime: nodeRuntime },
    );
    const said = fitted.predict(takeRows(scaled, rows));
    for (const [at, i] of rows.entries()) {
      found.set(said.subarray(at * classes, (at + 1) * classes), i * classes);
    }
  }
  let right = 0;
  for (let i = 0; i < x.rows; i++) {
    const own = found.subarray(i * classes, (i + 1) * classes);
    if (own.indexOf(Math.max(...own)) === y[i]) right++;
  }
  const areas = Array.from({ length: classes }, (_, k) => areaOf(found, y, classes, k));
  return [right / x.rows, classes === 2 ? areas[1]! : areas.reduce((sum, area) => sum + area, 0) / classes];
}

describe('accuracy and AUC over five folds within .01 of scikit-learn', () => {
  test.each(
    peer.folds.map((one) => [`${one.classifier} ${JSON.stringify(one.settings)} ${one.table}`, one] as const),
  )(
    '%s',
    async (_, one) => {
      // The perceptron differs by seed, more so on small tables: means are compared.
      const seeds =
        one.classifier === 'multilayer-perceptron' && ['wine', 'made'].includes(one.table) ? [1, 2, 3] : [1];
      let accuracy = 0;
      let auc = 0;
      for (const seed of seeds) {
        const [right, area] = await overFolds(one, seed);
        accuracy += right / seeds.length;
        auc += area / seeds.length;
      }
      expect(Math.abs(accuracy - one.accuracy)).toBeLessThan(0.01);
      expect(Math.abs(auc - one.auc)).toBeLessThan(0.01);
    },
    30_000,
  );
});
