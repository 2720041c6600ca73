import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { Graph } from '../../../engine/graph/graph.ts';
import { writeOnnx } from '../../../engine/graph/onnx-file.ts';
import { nodeRuntime } from '../../../engine/runtime/runtime.node.ts';
import { tensor } from '../../../engine/tensor/tensor.ts';
import { RandomStream } from '../../../random.ts';
import type { Classifier, FitOptions, FittedClassifier } from '../classifier.ts';
import { linearDiscriminant } from '../discriminant/linear-discriminant.ts';
import { quadraticDiscriminant } from '../discriminant/quadratic-discriminant.ts';
import { type Matrix, takeRows } from '../matrix.ts';
import { gaussianNaiveBayes } from '../naive-bayes/gaussian-naive-bayes.ts';
import { nearestNeighbours } from '../neighbours/k-nearest.ts';
import { multilayerPerceptron } from '../perceptron/multilayer-perceptron.ts';
import { supportVectorMachine } from '../svm/support-vector-machine.ts';
import { fitRidgeRegression } from './least-squares.ts';
import { logisticRegression } from './logistic.ts';

const kinds: readonly Classifier[] = [
  logisticRegression,
  linearDiscriminant,
  quadraticDiscriminant,
  gaussianNaiveBayes,
  nearestNeighbours,
  supportVectorMachine,
  multilayerPerceptron,
];

interface Drawn {
  readonly x: Matrix;
  readonly y: Int32Array;
  readonly classes: number;
}

/** Values as single precision holds them; class i mod classes. */
function drawn(
  rows: number,
  columns: number,
  classes: number,
  value: (normal: number, column: number, label: number, row: number) => number,
): Drawn {
  const stream = new RandomStream({ seed: 3, purpose: 'linear-limits' });
  const values = new Float64Array(rows * columns);
  for (let at = 0; at < values.length; at++) {
    const i = Math.floor(at / columns);
    values[at] = Math.fround(value(stream.normal(), at % columns, i % classes, i));
  }
  return {
    x: { values, rows, columns },
    y: Int32Array.from({ length: rows }, (_, i) => i % classes),
    classes,
  };
}

const units = [1e-6, 1, 1e6];
const tables: Readonly<Record<string, Drawn>> = {
  'two classes apart without error': drawn(60, 3, 2, (v, j, k) => v + (j === 0 ? 20 * k : 0)),
  'three classes apart without error': drawn(60, 3, 3, (v, j, k) => v + (j === 0 ? 20 * k : 0)),
  'more columns than rows': drawn(24, 90, 2, (v, j, k) => v + (j < 5 ? k : 0)),
  'more columns than rows, three classes': drawn(24, 90, 3, (v, j, k) => v + (j < 5 ? k : 0)),
  'a constant column': drawn(60, 3, 2, (v, j, k) => (j === 1 ? 7 : v + k)),
  'a column twice': {
    ...drawn(60, 4, 2, (v, _, k) => v + k),
    x: (({ values, ...rest }: Matrix) => ({
      ...rest,
      values: values.map((value, at) => (at % 4 === 3 ? values[at - 3]! : value)),
    }))(drawn(60, 4, 2, (v, _, k) => v + k).x),
  },
  'huge values': drawn(60, 3, 2, (v, _, k) => (v + k) * 1e15),
  'tiny values': drawn(60, 3, 2, (v, _, k) => (v + k) * 1e-15),
  'columns of different units': drawn(60, 3, 3, (v, j, k) => (v + k) * units[j]!),
  'columns far from 0': drawn(60, 3, 3, (v, _, k) => v + k + 1e4),
  'a class of two rows': {
    ...drawn(42, 3, 3, (v, _, k) => v + k),
    y: Int32Array.from({ length: 42 }, (_, i) => (i < 2 ? 2 : i % 2)),
  },
};

const fitOf = (kind: Classifier, { x, y, classes }: Drawn, given = {}, options: Partial<FitOptions> = {}) =>
  kind.fit(x, y, classes, kind.check(given), { seed: 1, runtime: nodeRuntime, ...options });

function modelOf(fitted: FittedClassifier): Uint8Array {
  const graph = new Graph();
  graph.output(fitted.addTo(graph, graph.input('x', 'float32', ['N', fitted.columns])));
  return writeOnnx(graph);
}

async function inRuntime(fitted: FittedClassifier, x: Matrix): Promise<Float64Array> {
  const session = await nodeRuntime.open(modelOf(fitted));
  const outputs = await session.run({
    x: tensor('float32', [x.rows, x.columns], Float32Array.from(x.values)),
  });
  await session.close();
  return Float64Array.from(Object.values(outputs)[0]!.data as Float32Array); // probabilities are float32
}

const farthest = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((worst, value, at) => Math.max(worst, Math.abs(value - b[at]!)), 0);
};

/** Non-linear kernels, metrics and solvers besides the defaults; C small enough for unscaled columns. */
const others: Readonly<Record<string, readonly object[]>> = {
  'logistic-regression': [{}, { penalty: 'l1' }, { penalty: 'elasticnet' }, { penalty: 'none' }],
  'linear-discriminant': [{}, { shrinkage: 'auto' }, { solver: 'lsqr' }],
  'quadratic-discriminant': [{}, { regParam: 0.5 }],
  'gaussian-naive-bayes': [{}],
  'k-nearest-neighbours': [
    {},
    { voting: 'distance' },
    { metric: 'manhattan' },
    { metric: 'chebyshev', voting: 'distance' },
    { metric: 'minkowski', p: 3 },
  ],
  'support-vector-machine': [
    { maxIterations: 20_000 },
    { kernel: 'linear', maxIterations: 20_000 },
    { kernel: 'polynomial', maxIterations: 20_000 },
    { kernel: 'sigmoid', maxIterations: 20_000 },
    { probability: 'votes', maxIterations: 20_000 },
  ],
  'multilayer-perceptron': [
    { maxEpochs: 5 },
    { maxEpochs: 5, activation: 'tanh', hidden: [8, 4] },
    { maxEpochs: 5, activation: 'logistic', earlyStopping: true },
  ],
};

describe.each(kinds.map((kind) => [kind.name, kind] as const))('%s', (name, kind) => {
  test.each(Object.entries(tables))('%s: probabilities, the same in the graph', async (title, table) => {
    for (const settings of others[name]!) {
      if (name === 'multilayer-perceptron' && title === 'huge values') continue; // refused below
      const fitted = await fitOf(kind, table, settings);
      const found = fitted.predict(table.x);
      for (let i = 0; i < table.x.rows; i++) {
        const own = found.subarray(i * table.classes, (i + 1) * table.classes);
        expect(own.every((value) => value >= 0 && value <= 1)).toBe(true);
        expect(Math.abs(own.reduce((sum, value) => sum + value, 0) - 1)).toBeLessThan(1e-12);
      }
      expect(farthest(await inRuntime(fitted, table.x), found), JSON.stringify(settings)).toBeLessThan(1e-6);
      const { importance } = fitted;
      if (importance) expect(importance.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 9);
    }
  });

  const good = tables['a constant column']!;
  const changed = (at: number, value: number): Drawn => ({
    ...good,
    x: { ...good.x, values: good.x.values.map((own, i) => (i === at ? value : own)) },
  });

  test.each([
    [
      'NaN',
      () => fitOf(kind, changed(4, Number.NaN)),
      /CLASSIFIER_DATA.*NaN in column\(s\) 1: put the preparation 'impute'/,
    ],
    [
      'infinite',
      () => fitOf(kind, changed(3, Number.POSITIVE_INFINITY)),
      /CLASSIFIER_DATA.*infinite values in column\(s\) 0/,
    ],
    [
      'one class',
      () => fitOf(kind, { ...good, y: new Int32Array(60), classes: 1 }),
      /CLASSIFIER_DATA.*at least 2/,
    ],
    ['an empty class', () => fitOf(kind, { ...good, classes: 3 }), /CLASSIFIER_DATA.*class 2/],
    [
      'a class out of range',
      () => fitOf(kind, { ...good, classes: 2, y: Int32Array.from(good.y).fill(5, 0, 1) }),
      /row 0 is of class 5/,
    ],
    [
      'no rows',
      () =>
        fitOf(kind, {
          x: { values: new Float64Array(0), rows: 0, columns: 3 },
          y: new Int32Array(0),
          classes: 2,
        }),
      /CLASSIFIER_DATA.*0 rows/,
    ],
    [
      'weights',
      () => fitOf(kind, good, {}, { weights: new Float64Array(60).fill(-1) }),
      /CLASSIFIER_DATA.*negative/,
    ],
    [
      'a setting',
      async () => kind.check({ nonsense: 1 }),
      /CLASSIFIER_SETTINGS.*'nonsense' is not a setting/,
    ],
  ] as const)('%s is refused', async (_, act, words) => {
    await expect((async () => act())()).rejects.toThrow(words);
  });

  test('columns and NaN of what is to be predicted', async () => {
    const fitted = await fitOf(kind, good, others[name]![0]);
    expect(() => fitted.predict({ values: new Float64Array(4), rows: 2, columns: 2 })).toThrow(
      /CLASSIFIER_DATA.*2 columns/,
    );
    expect(() => fitted.predict(changed(0, Number.NaN).x)).toThrow(/CLASSIFIER_DATA.*NaN/);
  });

  test('equal seeds give equal models; every candidate is accepted, the first being the default', async () => {
    const [one, two] = [await fitOf(kind, good, others[name]![0]), await fitOf(kind, good, others[name]![0])];
    expect([...one.predict(good.x)]).toEqual([...two.predict(good.x)]);
    for (const candidate of kind.candidates) kind.check({ ...candidate });
    expect(kind.check({ ...kind.candidates[0] })).toEqual(kind.check({}));
  });

  test('a row of weight 0 counts as none, and of weight 2 as two', async () => {
    if (
      name === 'support-vector-machine' ||
      name === 'multilayer-perceptron' ||
      name === 'k-nearest-neighbours'
    )
      return;
    const { x, y, classes } = tables['columns far from 0']!;
    const times = [1, 0, 2, 1, 2];
    const weights = Float64Array.from(y, (_, i) => times[i % 5]!);
    const order = [...y.keys()].flatMap((i) => Array<number>(weights[i]!).fill(i));
    const heavy = await fitOf(kind, { x, y, classes }, {}, { weights });
    const repeated = { x: takeRows(x, order), y: Int32Array.from(order, (i) => y[i]!), classes };
    const twice = await fitOf(kind, repeated);
    expect(farthest(heavy.predict(x), twice.predict(x))).toBeLessThan(1e-6);
  });
});

test('what did not converge is said', async () => {
  const table = tables['columns of different units']!;
  const hurried = await fitOf(logisticRegression, table, { maxIterations: 1 });
  expect(hurried.notes?.join()).toMatch(/not converged after 1 rounds/);
  const machine = await fitOf(supportVectorMachine, table, { kernel: 'linear', maxIterations: 10 });
  expect(machine.notes?.join()).toMatch(/not converged in 10 iterations/);
  const network = await fitOf(multilayerPerceptron, table, { maxEpochs: 2 });
  expect(network.notes?.join()).toMatch(/not converged in 2 epochs/);
  const apart = await fitOf(logisticRegression, tables['two classes apart without error']!, {
    penalty: 'none',
  });
  expect(apart.notes?.join()).toMatch(/separated without error/);
  const votes = await fitOf(nearestNeighbours, table, { k: 100 });
  expect(votes.notes?.join()).toMatch(/there are 60 rows/);
});

test('what cannot be learned says why', async () => {
  const one = {
    ...tables['a class of two rows']!,
    y: Int32Array.from({ length: 42 }, (_, i) => (i < 1 ? 2 : i % 2)),
  };
  await expect((async () => fitOf(quadraticDiscriminant, one))()).rejects.toThrow(
    /CLASSIFIER_DATA.*class 2 has 1 row/,
  );
  const { x, y, classes } = tables['a constant column']!;
  const options = { seed: 1 };
  await expect(
    (async () => multilayerPerceptron.fit(x, y, classes, multilayerPerceptron.check({}), options))(),
  ).rejects.toThrow('CLASSIFIER_RUNTIME');
  await expect(
    fitOf(
      multilayerPerceptron,
      drawn(20, 2, 2, (v) => v * 1e38),
    ),
  ).rejects.toThrow(/CLASSIFIER_DATA.*not finite/);
  expect(() => fitRidgeRegression(x, Float64Array.of(1, 2))).toThrow('REGRESSION_DATA');
  expect(() => fitRidgeRegression(x, new Float64Array(60), { alpha: -1 })).toThrow('REGRESSION_SETTINGS');
  await expect(
    (async () => fitOf(gaussianNaiveBayes, tables['a constant column']!, { varSmoothing: 0 }))(),
  ).rejects.toThrow(/CLASSIFIER_DATA.*column 1 is constant in class 0/);
  await expect(
    (async () => fitOf(logisticRegression, tables['a constant column']!, { classWeight: [1] }))(),
  ).rejects.toThrow(/CLASSIFIER_SETTINGS.*1 weights for 2 classes/);
});

const python = process.env['HOUNSFIELD_PEERS_PYTHON'];
const script = [
  'import json, sys, numpy, onnx, onnxruntime',
  'folder = sys.argv[1]',
  'answers = []',
  "for case in json.load(open(folder + '/cases.json')):",
  "    onnx.checker.check_model(onnx.load(folder + '/' + case['model']), full_check=True)",
  "    x = numpy.array(case['x'], numpy.float32).reshape(-1, case['columns'])",
  "    session = onnxruntime.InferenceSession(folder + '/' + case['model'], providers=['CPUExecutionProvider'])",
  "    answers.append(session.run(None, {'x': x})[0].ravel().tolist())",
  "json.dump(answers, open(folder + '/answers.json', 'w'))",
].join('\n');

test.skipIf(!python)(
  `Python's ONNX Runtime says the same${python ? '' : ' (skipped: no HOUNSFIELD_PEERS_PYTHON)'}`,
  async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'hounsfield-classifiers-'));
    try {
      const table = tables['columns far from 0']!;
      const cases: { model: string; columns: number; x: number[] }[] = [];
      const expected: Float64Array[] = [];
      for (const kind of kinds) {
        for (const settings of others[kind.name]!) {
          const fitted = await fitOf(kind, table, settings);
          const model = `${cases.length}.onnx`;
          writeFileSync(path.join(folder, model), modelOf(fitted));
          cases.push({ model, columns: table.x.columns, x: [...table.x.values] });
          expected.push(fitted.predict(table.x));
        }
      }
      writeFileSync(path.join(folder, 'cases.json'), JSON.stringify(cases));
      execFileSync(String(python), ['-c', script, folder], { stdio: 'ignore' });
      const answers: number[][] = JSON.parse(readFileSync(path.join(folder, 'answers.json'), 'utf8'));
      for (const [at, own] of expected.entries())
        expect(farthest(answers[at]!, own), cases[at]!.model).toBeLessThan(1e-6);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  60_000,
);
