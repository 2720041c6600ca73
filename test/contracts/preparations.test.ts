import { describe, expect, test } from 'vitest';
import { Graph } from '../../src/engine/graph/graph.ts';
import { writeOnnx } from '../../src/engine/graph/onnx-file.ts';
import { nodeRuntime } from '../../src/engine/runtime/runtime.node.ts';
import { tensor } from '../../src/engine/tensor/tensor.ts';
import { isHounsfieldError } from '../../src/errors.ts';
import { type Matrix, matrix, takeRows } from '../../src/learning/classifiers/matrix.ts';
import { toSinglePrecision } from '../../src/learning/classifiers/pipeline/single-precision.ts';
import type { FittedPreparation, Preparation } from '../../src/learning/classifiers/preparation.ts';
import { preparations } from '../../src/learning/classifiers/preparations/registry.ts';
import { RandomStream } from '../../src/random.ts';

const COLUMNS = 8;

interface Labelled {
  readonly x: Matrix;
  readonly y: Int32Array;
}

/** Columns of different scale, a skewed one, a constant one and one of few values, of three classes. */
function table(purpose: string, rows: number, holes: boolean): Labelled {
  const random = new RandomStream({ seed: 5, purpose });
  const y = Int32Array.from({ length: rows }, (_, i) => i % 3);
  const values = new Float64Array(rows * COLUMNS);
  for (let i = 0; i < rows; i++) {
    const base = random.normal();
    const row = [
      base + y[i]!,
      1000 + 3 * random.normal() - 4 * y[i]!,
      Math.exp(random.normal()) * 1e-3,
      7.25,
      random.integer(4) + (y[i] === 2 ? 2 : 0),
      base + 0.05 * random.normal(),
      random.normal() * 1e6,
      -base * 20 + random.normal(),
    ];
    values.set(row, i * COLUMNS);
    if (holes && i > 2)
      for (let j = 0; j < COLUMNS; j++) if (random.chance(0.1)) values[i * COLUMNS + j] = Number.NaN;
  }
  return { x: toSinglePrecision(matrix(values, rows, COLUMNS)), y };
}

const every = [...preparations.values()].map((one) => [one.name, one] as const);
const options = { seed: 11, categorical: [] };

const fitDefault = (one: Preparation, { x, y }: Labelled, seed = 11) =>
  one.fit(x, y, 3, one.check({}), { ...options, seed });

async function inRuntime(fitted: FittedPreparation, x: Matrix): Promise<Float64Array> {
  const graph = new Graph();
  graph.output(fitted.addTo(graph, graph.input('x', 'float32', ['N', x.columns])));
  const session = await nodeRuntime.open(writeOnnx(graph), { threads: 1 });
  const feeds = { x: tensor('float32', [x.rows, x.columns], Float32Array.from(x.values)) };
  const [out] = Object.values(await session.run(feeds));
  await session.close();
  expect(out!.dims).toEqual([x.rows, fitted.columns[1]]);
  return Float64Array.from(out!.data as Float32Array); // the output is float32
}

/** The result, or the code that it ended with. */
function outcome<T>(make: () => T): T | string {
  try {
    return make();
  } catch (error) {
    if (isHounsfieldError(error)) return error.code;
    throw error;
  }
}

describe.each(every)('preparation %s', (_, one) => {
  const holes = one.missing === true;
  const training = table('train', 60, holes);
  const testing = table('test', 25, holes);
  const fitted = fitDefault(one, training);

  test('says what it is', () => {
    expect(one.name).toMatch(/^[a-z][a-z-]*$/);
    expect(one.describe.endsWith('.')).toBe(true);
    expect(one.source.length).toBeGreaterThan(10);
  });

  test('makes the columns that it states', () => {
    const [input, output] = fitted.columns;
    const made = fitted.transform(testing.x);
    expect(input).toBe(COLUMNS);
    expect([made.rows, made.columns, made.values.length]).toEqual([25, output, 25 * output]);
    if (fitted.kept) expect(fitted.kept).toHaveLength(output);
    const names = Array.from({ length: COLUMNS }, (__, i) => `c${i}`);
    if (fitted.names) expect(new Set(fitted.names(names)).size).toBe(output);
  });

  test('gives values of single precision and leaves its input alone', () => {
    const before = testing.x.values.slice();
    const { values } = fitted.transform(testing.x);
    expect(testing.x.values).toEqual(before);
    expect(values).toEqual(values.map(Math.fround));
    expect(values.some((value) => Math.abs(value) === Infinity)).toBe(false);
    if (!holes) expect(values.some(Number.isNaN)).toBe(false);
  });

  test('is the same in ONNX Runtime, bit for bit', async () => {
    const { values } = fitted.transform(testing.x);
    expect(await inRuntime(fitted, testing.x)).toEqual(values);
    const single = takeRows(testing.x, [4]);
    expect(await inRuntime(fitted, single)).toEqual(fitted.transform(single).values);
  });

  test('leaves categories what they are, or says that they are none any more', async () => {
    const categories = [4];
    const own = one.fit(training.x, training.y, 3, one.check({}), { seed: 11, categorical: categories });
    const made = own.transform(testing.x);
    expect(await inRuntime(own, testing.x)).toEqual(made.values);
    const still = own.categorical ?? own.kept?.flatMap((from, to) => (from === 4 ? [to] : [])) ?? [];
    const seen = new Set(training.x.values.filter((_value, at) => at % COLUMNS === 4));
    for (const j of still) {
      for (let i = 0; i < made.rows; i++) expect(seen.has(made.values[i * made.columns + j]!)).toBe(true);
    }
  });

  test('gives each row the same whatever rows are beside it', () => {
    const rows = [7, 3, 19, 3];
    const alone = fitted.transform(takeRows(testing.x, rows));
    expect(alone).toEqual(takeRows(fitted.transform(testing.x), rows));
  });

  test('is the same again with the same seed', () => {
    expect(fitDefault(one, training).transform(testing.x)).toEqual(fitted.transform(testing.x));
  });

  test('refuses settings that it does not know or that do not do', () => {
    expect(() => one.check({ nonsense: 1 })).toThrow(/^PREPARATION_SETTINGS: .*'nonsense'/);
    for (const [name, value] of Object.entries(one.check({}))) {
      const wrong = typeof value === 'string' ? 'nonsense' : { nonsense: value };
      expect(() => one.check({ [name]: wrong }), name).toThrow(/^PREPARATION_SETTINGS: /);
    }
  });

  test('works on one row, or says why not', () => {
    const single = { x: takeRows(training.x, [0]), y: Int32Array.of(0) };
    const made = outcome(() => fitDefault(one, single).transform(single.x));
    if (typeof made === 'string') expect(made).toBe('PREPARATION_DATA');
    else expect(made.values.every((value) => Math.abs(value) !== Infinity)).toBe(true);
  });

  test('works on constant columns, or says why not', () => {
    const x = matrix(new Float64Array(12 * 3).fill(0.1), 12, 3);
    const y = Int32Array.from({ length: 12 }, (__, i) => i % 3);
    const made = outcome(() =>
      fitDefault(one, { x: toSinglePrecision(x), y }).transform(toSinglePrecision(x)),
    );
    if (typeof made === 'string') expect(made).toBe('PREPARATION_DATA');
    else expect(made.values.every(Number.isFinite)).toBe(true);
  });
});
