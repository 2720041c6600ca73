import { describe, expect, test } from 'vitest';
import { type Matrix, matrix } from '../matrix.ts';
import { preparations } from '../preparations/registry.ts';
import { classifiers } from '../registry.ts';
import { resamplings } from '../resampling/registry.ts';
import { fitPipeline } from './pipeline.ts';

const ROWS = 40;
const x = matrix(
  Float64Array.from({ length: ROWS * 3 }, (_, i) => (i * 37) % 101),
  ROWS,
  3,
);
const y = Int32Array.from({ length: ROWS }, (_, i) => i % 2);
const ada = { name: 'ada-boost' };

/** What may stand in a JSON file where a pipeline is expected. */
const shapes: readonly (readonly [string, unknown, string])[] = [
  ['nothing', null, 'PIPELINE_STEP'],
  ['an empty object', {}, 'PIPELINE_STEP'],
  ['steps that are no list', { steps: 'impute', classifier: ada }, 'PIPELINE_STEP'],
  ['a step that is a word', { steps: ['impute'], classifier: ada }, 'PIPELINE_STEP'],
  ['a step that is null', { steps: [null], classifier: ada }, 'PIPELINE_STEP'],
  ['no classifier', { steps: [] }, 'PIPELINE_STEP'],
  ['settings null', { steps: [], classifier: { ...ada, settings: null } }, 'PIPELINE_STEP'],
  ['a resampling null', { steps: [], classifier: ada, resampling: null }, 'PIPELINE_STEP'],
  ['an unknown part', { steps: [], classifier: ada, classWeight: 'balanced' }, 'PIPELINE_STEP'],
  ['a word for weights', { steps: [], classifier: ada, classWeights: 'even' }, 'PIPELINE_STEP'],
];

test.each(shapes)('a pipeline of %s is refused', async (_, pipeline, code) => {
  await expect(
    fitPipeline(pipeline as never, x, y, 2, { seed: 1 }), // what a file may hold
  ).rejects.toMatchObject({ code });
});

test.each([...classifiers.values()])('$name names settings that are none', ({ check }) => {
  const none = [null, undefined, [3]];
  for (const settings of none) {
    expect(() => check(settings as never), 'what a file may hold').toThrow(
      expect.objectContaining({ code: 'CLASSIFIER_SETTINGS' }),
    );
  }
  const first = Object.keys(check({}))[0]!; // each has a setting
  expect(() => check({ [first]: 1n })).toThrow(expect.objectContaining({ code: 'CLASSIFIER_SETTINGS' }));
});

test.each([...preparations.values()])('$name names settings that are none', ({ check }) => {
  expect(() => check(null as never), 'what a file may hold').toThrow(
    expect.objectContaining({ code: 'PREPARATION_SETTINGS' }),
  );
});

test('numbers of settings are finite', () => {
  for (const name of ['ada-boost', 'gradient-boosting']) {
    expect(() => classifiers.get(name)?.check({ learningRate: Number.POSITIVE_INFINITY })).toThrow(
      expect.objectContaining({ code: 'CLASSIFIER_SETTINGS' }),
    );
  }
});

test('weights that grow endless end the rounds of ada-boost with a note', async () => {
  const fitted = await fitPipeline(
    { steps: [], classifier: { name: 'ada-boost', settings: { learningRate: 1e5, rounds: 5 } } },
    x,
    y,
    2,
    { seed: 1 },
  );
  expect(fitted.predict(x).every((share) => share >= 0 && share <= 1)).toBe(true);
  expect(fitted.notes.join()).toContain('lower learningRate');
});

const LESS: Matrix = { values: new Float64Array(5), rows: ROWS, columns: 3 };

test('a table that its values do not fill is refused', async () => {
  const pipeline = { steps: [], classifier: { name: 'decision-tree' } };
  const code = 'PIPELINE_DATA';
  await expect(fitPipeline(pipeline, LESS, y, 2, { seed: 1 })).rejects.toMatchObject({ code });
  const fitted = await fitPipeline(pipeline, x, y, 2, { seed: 1 });
  expect(() => fitted.predict(LESS)).toThrow(expect.objectContaining({ code }));
  expect(() => fitted.classifier.predict(LESS)).toThrow(expect.objectContaining({ code: 'CLASSIFIER_DATA' }));
});

test.each(['decision-tree', 'gaussian-naive-bayes'])('%s counts no more classes than rows', (name) => {
  const classifier = classifiers.get(name)!; // named in the table
  expect(() => classifier.fit(x, y, 2 ** 31, classifier.check({}), { seed: 1 })).toThrow(
    expect.objectContaining({ code: 'CLASSIFIER_DATA' }),
  );
});

/** Of every preparation and resampling, classes and labels that do not go together. */
const mismatches: readonly (readonly [string, Matrix, Int32Array, number])[] = [
  ['no classes', x, y, 0],
  ['fewer than none', x, y, -1],
  ['NaN classes', x, y, Number.NaN],
  ['more classes than rows', x, y, 2 ** 31],
  ['a label outside', x, y.map((label) => 3 * label), 2],
  ['labels for other rows', x, y.subarray(1), 2],
  ['a table that is not filled', LESS, y, 2],
];

describe.each(mismatches)('%s', (_, table, labels, classes) => {
  test.each([...preparations.values()])('is refused by $name', (part) => {
    expect(() => part.fit(table, labels, classes, part.check({}), { seed: 1 })).toThrow(
      expect.objectContaining({ code: 'PREPARATION_DATA' }),
    );
  });
  test.each([...resamplings.values()])('is refused by $name', (part) => {
    expect(() => part.resample(table, labels, classes, part.check({}), { seed: 1 })).toThrow(
      expect.objectContaining({ code: 'PREPARATION_DATA' }),
    );
  });
});

test.each(['gaussian-naive-bayes', 'quadratic-discriminant', 'k-nearest-neighbours'])(
  '%s refuses what single precision cannot hold',
  async (name) => {
    const classifier = classifiers.get(name)!; // named in the table
    const fitted = await classifier.fit(x, y, 2, classifier.check({}), { seed: 1 });
    const far = matrix(Float64Array.of(1, 1e300, 2), 1, 3);
    expect(() => fitted.predict(far)).toThrow(expect.objectContaining({ code: 'CLASSIFIER_DATA' }));
  },
);
