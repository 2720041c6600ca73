import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { Graph } from '../../src/engine/graph/graph.ts';
import { readOnnx, writeOnnx } from '../../src/engine/graph/onnx-file.ts';
import { nodeRuntime } from '../../src/engine/runtime/runtime.node.ts';
import { tensor } from '../../src/engine/tensor/tensor.ts';
import { isHounsfieldError } from '../../src/errors.ts';
import { treeShap } from '../../src/evidence/explanation/tree-shap.ts';
import type { Classifier, FitOptions, FittedClassifier } from '../../src/learning/classifiers/classifier.ts';
import { type Matrix, matrix, takeRows } from '../../src/learning/classifiers/matrix.ts';
import { classifiers } from '../../src/learning/classifiers/registry.ts';
import { sumTrees } from '../../src/learning/classifiers/trees/ensemble.ts';
import type { FittedTrees } from '../../src/learning/classifiers/trees/fitted-trees.ts';
import { treesOfGraph } from '../../src/learning/classifiers/trees/read-trees.ts';
import { type FoldedTable, foldedTables } from '../peers/folded-tables.ts';

interface Labelled {
  readonly x: Matrix;
  readonly y: Int32Array;
  readonly classes: number;
  readonly categorical: readonly number[];
}

/** Every `step`th row, in single precision as ONNX Runtime has it; columns of one scale where that is asked for. */
function thinned(table: FoldedTable, step: number, scaled: boolean): Labelled {
  const rows = Int32Array.from({ length: Math.floor(table.x.rows / step) }, (_, i) => i * step);
  const { values, columns } = takeRows(table.x, rows);
  for (let column = 0; scaled && column < columns; column++) {
    const own = Array.from(rows, (_, i) => values[i * columns + column]!);
    const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
    const spread = Math.sqrt(own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / own.length) || 1;
    for (let i = 0; i < rows.length; i++) values[i * columns + column] = (own[i]! - mean) / spread;
  }
  return {
    x: matrix(values.map(Math.fround), rows.length, columns),
    y: Int32Array.from(rows, (row) => table.y[row]!),
    classes: table.classes,
    categorical: table.categorical,
  };
}

const tables = foldedTables();
const tablesFor = ({ scaled, missing }: Classifier): readonly (readonly [string, Labelled])[] => [
  ['breast-cancer', thinned(tables['breast-cancer'], 3, scaled)],
  ['wine', thinned(tables.wine, 1, scaled)],
  ...(missing ? ([['made', thinned(tables.made, 1, false)]] as const) : []),
];

/** Settings under which a weight of n is the same as n rows, or why there are none. */
const repetition: Readonly<Record<string, Readonly<Record<string, unknown>> | string>> = {
  'random-forest': 'rows are drawn by number',
  'extra-trees': { minLeaf: 1 },
  'decision-tree': { minLeaf: 1, maxDepth: 4 },
  'gradient-boosting': { minLeaf: 1, rounds: 10, maxLeaves: 6 },
  'k-nearest-neighbours': 'a row is one neighbour, whatever it weighs',
  'gaussian-naive-bayes':
    'its smoothing is a part of the largest variance of the rows, as scikit-learn has it',
  'multilayer-perceptron': 'steps are on batches of rows',
  'support-vector-machine': 'probabilities come from folds of rows',
};

const options = (data: Labelled, more: Partial<FitOptions> = {}): FitOptions => ({
  seed: 7,
  runtime: nodeRuntime,
  categorical: data.categorical,
  ...more,
});

const learn = async (
  one: Classifier,
  data: Labelled,
  more: Partial<FitOptions> = {},
  settings: object = one.candidates[0]!,
): Promise<FittedClassifier> =>
  one.fit(data.x, data.y, data.classes, one.check({ ...settings }), options(data, more));

function modelOf(fitted: FittedClassifier): Uint8Array {
  const graph = new Graph();
  graph.output(fitted.addTo(graph, graph.input('x', 'float32', ['N', fitted.columns])));
  return writeOnnx(graph);
}

async function inRuntime(model: Uint8Array, x: Matrix): Promise<Float64Array> {
  const session = await nodeRuntime.open(model, { threads: 1 });
  const feeds = { x: tensor('float32', [x.rows, x.columns], Float32Array.from(x.values)) };
  const [out] = Object.values(await session.run(feeds));
  await session.close();
  return Float64Array.from(out!.data as Float32Array); // the output is float32
}

const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce(
    (most, value, i) => Math.max(most, Math.abs(value - b[i]!)),
    a.length === b.length ? 0 : Number.POSITIVE_INFINITY,
  );

async function codeOf(make: () => unknown): Promise<string> {
  try {
    await make();
    return 'no error';
  } catch (error) {
    if (isHounsfieldError(error)) return error.code;
    throw error;
  }
}

const every = [...classifiers.values()].map((one) => [one.name, one] as const);

describe.each(every)('classifier %s', (name, one) => {
  const [[, binary], [, several]] = tablesFor(one) as [[string, Labelled], [string, Labelled]]; // the first two

  test('says what it is', () => {
    expect(one.name).toMatch(/^[a-z][a-z-]*$/);
    expect(one.describe.endsWith('.')).toBe(true);
    expect(one.source.length).toBeGreaterThan(10);
    expect(one.candidates.length).toBeGreaterThan(0);
    for (const candidate of one.candidates) {
      expect(one.check({ ...candidate })).toMatchObject(candidate);
      expect(JSON.parse(JSON.stringify(candidate))).toEqual(candidate);
    }
  });

  test('refuses settings that it does not have, or that are no sense', async () => {
    expect(await codeOf(() => one.check({ nonsense: 1 }))).toBe('CLASSIFIER_SETTINGS');
    for (const key of Object.keys(one.check({}))) {
      expect([key, await codeOf(() => one.check({ [key]: { no: 'sense' } }))]).toEqual([
        key,
        'CLASSIFIER_SETTINGS',
      ]);
    }
  });

  test('refuses what it cannot learn from', async () => {
    const { x, y } = several;
    const attempts: readonly (() => unknown)[] = [
      () => learn(one, { ...several, y: new Int32Array(x.rows), classes: 1 }),
      () => learn(one, { ...several, y: new Int32Array(x.rows) }),
      () => learn(one, { ...several, y: y.slice(1) }),
      () => learn(one, { ...several, classes: 4 }),
      () => learn(one, several, { weights: new Float64Array(x.rows).fill(-1) }),
      () => learn(one, { ...several, x: { ...x, values: x.values.map(() => Number.POSITIVE_INFINITY) } }),
    ];
    for (const attempt of attempts) expect(await codeOf(attempt)).toBe('CLASSIFIER_DATA');
  });

  test('understands missing values, or says that it does not', async () => {
    const holes = {
      ...binary,
      x: { ...binary.x, values: binary.x.values.map((v, i) => (i % 13 ? v : Number.NaN)) },
    };
    if (!one.missing) expect(await codeOf(() => learn(one, holes))).toBe('CLASSIFIER_DATA');
    else {
      const probabilities = (await learn(one, holes)).predict(holes.x);
      expect(probabilities.every((p) => p >= 0 && p <= 1)).toBe(true);
    }
  });

  test.each(tablesFor(one))(
    '%s: probabilities, twice the same, and the same in ONNX Runtime',
    async (_, data) => {
      const fitted = await learn(one, data);
      const { x, classes } = data;
      expect([fitted.classes, fitted.columns]).toEqual([classes, x.columns]);
      const probabilities = fitted.predict(x);
      expect(probabilities.length).toBe(x.rows * classes);
      let right = 0;
      for (let row = 0; row < x.rows; row++) {
        const own = probabilities.subarray(row * classes, (row + 1) * classes);
        expect(own.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 10);
        expect(Math.min(...own)).toBeGreaterThanOrEqual(0);
        if (own.indexOf(Math.max(...own)) === data.y[row]) right++;
      }
      expect(right / x.rows).toBeGreaterThan(0.7);
      expect(apart((await learn(one, data)).predict(x), probabilities)).toBe(0);
      const model = modelOf(fitted);
      expect(apart(await inRuntime(model, x), probabilities)).toBeLessThan(1e-5);
      const first = takeRows(x, [1]);
      expect(apart(await inRuntime(model, first), probabilities.subarray(classes, 2 * classes))).toBeLessThan(
        1e-5,
      );
      if (!fitted.importance) return;
      expect(fitted.importance.length).toBe(x.columns);
      expect(fitted.importance.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 9);
    },
  );

  const promise = repetition[name] ?? {};
  test.runIf(typeof promise === 'object')('a weight is as good as repeated rows', async () => {
    const weights = Float64Array.from(several.y, (_, i) => i % 3);
    const rows = Array.from(weights).flatMap((times, i) => Array<number>(times).fill(i));
    const settings = typeof promise === 'object' ? promise : {};
    const weighted = await learn(one, several, { weights }, settings);
    const repeated = await learn(
      one,
      { ...several, x: takeRows(several.x, rows), y: Int32Array.from(rows, (row) => several.y[row]!) },
      {},
      settings,
    );
    expect(apart(weighted.predict(several.x), repeated.predict(several.x))).toBeLessThan(1e-5);
  });
});

const isTrees = (fitted: FittedClassifier): fitted is FittedTrees => 'ensemble' in fitted;

test.each(every.filter(([, one]) => one.missing))(
  '%s: its trees are read back from the file, and explained',
  async (_, one) => {
    for (const [name, data] of tablesFor(one)) {
      const fitted = await learn(one, data);
      if (!isTrees(fitted)) continue;
      const read = treesOfGraph(readOnnx(modelOf(fitted)));
      const x = Float32Array.from(data.x.values);
      expect([name, read.trees.length]).toEqual([name, fitted.ensemble.trees.length]);
      expect(apart(sumTrees(read, x), sumTrees(fitted.ensemble, x))).toBeLessThan(1e-6);
      const few = takeRows(data.x, [0, 5, 11, 17]);
      const { values, expected } = treeShap(read, few.values);
      const { outputs, columns } = read;
      const whole = sumTrees(read, Float32Array.from(few.values));
      const added = whole.map((_, i) => {
        const first = Math.floor(i / outputs) * columns * outputs + (i % outputs);
        let sum = expected[i % outputs]!;
        for (let column = 0; column < columns; column++) sum += values[first + column * outputs]!;
        return sum;
      });
      expect(apart(added, whole)).toBeLessThan(1e-9);
      const covers = fitted.ensemble.trees.map(({ cover }) => cover[0]!);
      expect(
        apart(
          read.trees.map(({ cover }) => cover[0]!),
          covers,
        ),
      ).toBeLessThan(1e-2);
    }
  },
);

const python = process.env['HOUNSFIELD_PEERS_PYTHON'];

const script = `
import json, sys, numpy as np, onnxruntime as ort
for job in json.load(open(sys.argv[1])):
    x = np.fromfile(job["x"], "<f4").reshape(-1, job["columns"])
    session = ort.InferenceSession(job["model"], providers=["CPUExecutionProvider"])
    session.run(None, {"x": x})[0].astype("<f4").tofile(job["out"])
`;

test.skipIf(!python)(
  `every model says the same in Python${python ? '' : ' (skipped: no HOUNSFIELD_PEERS_PYTHON)'}`,
  async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'hounsfield-classifiers-'));
    try {
      const jobs: { model: string; x: string; out: string; columns: number }[] = [];
      const expected: Float64Array[] = [];
      for (const [name, one] of every) {
        for (const [table, data] of tablesFor(one)) {
          const fitted = await learn(one, data);
          const at = path.join(folder, `${name}-${table}`);
          await writeFile(`${at}.onnx`, modelOf(fitted));
          await writeFile(`${at}.x`, new Uint8Array(Float32Array.from(data.x.values).buffer));
          jobs.push({ model: `${at}.onnx`, x: `${at}.x`, out: `${at}.out`, columns: data.x.columns });
          expected.push(fitted.predict(data.x));
        }
      }
      await writeFile(path.join(folder, 'jobs.json'), JSON.stringify(jobs));
      await promisify(execFile)(python!, ['-c', script, path.join(folder, 'jobs.json')]);
      for (const [i, { model, out }] of jobs.entries()) {
        const said = new Float32Array(Uint8Array.from(await readFile(out)).buffer);
        expect([path.basename(model), apart(said, expected[i]!) < 1e-5]).toEqual([
          path.basename(model),
          true,
        ]);
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
);
