import { expect, test } from 'vitest';
import { type Matrix, matrix } from '../matrix.ts';
import { preparations } from '../preparations/registry.ts';
import { classifiers } from '../registry.ts';
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

test.each([-1, 2 ** 31, Number.POSITIVE_INFINITY])('a filter of columns refuses %s classes', (classes) => {
  const filter = preparations.get('univariate-filter')!; // in the registry
  expect(() => filter.fit(x, y, classes, filter.check({}), { seed: 1 })).toThrow(
    expect.objectContaining({ code: 'PREPARATION_DATA' }),
  );
});
