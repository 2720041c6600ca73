import { describe, expect, test } from 'vitest';
import { writeOnnx } from '../../../engine/graph/onnx-file.ts';
import { nodeRuntime } from '../../../engine/runtime/runtime.node.ts';
import { tensor } from '../../../engine/tensor/tensor.ts';
import { RandomStream } from '../../../random.ts';
import { type Matrix, matrix, takeRows } from '../matrix.ts';
import { classifiers } from '../registry.ts';
import { undersample } from '../resampling/random-resampling.ts';
import { checkPipeline, type PartChoice, type PipelineSettings } from './needed-steps.ts';
import { fitPipeline, likeliest } from './pipeline.ts';
import { pipelineGraph } from './pipeline-graph.ts';
import { createSharedSteps } from './shared-steps.ts';
import { toSinglePrecision } from './single-precision.ts';

const ROWS = 120;

/** Two numbers that tell, noise, categories in column 4, and holes. */
function table(holes: boolean): { readonly x: Matrix; readonly y: Int32Array } {
  const random = new RandomStream({ seed: 8, purpose: 'pipeline-test' });
  const y = Int32Array.from({ length: ROWS }, (_, i) => (i % 4 === 0 ? 1 : 0));
  const values = new Float64Array(ROWS * 5);
  for (let i = 0; i < ROWS; i++) {
    values.set(
      [y[i]! + random.normal(), 500 * y[i]! + 400 * random.normal(), random.normal(), 3, random.integer(3)],
      i * 5,
    );
    if (holes && i > 5 && random.chance(0.2)) values[i * 5 + random.integer(5)] = Number.NaN;
  }
  return { x: matrix(values, ROWS, 5), y };
}

const names = (pipeline: PipelineSettings, categories = false) =>
  checkPipeline(pipeline, categories).steps.map(({ part }) => part.name);
const part = (name: string): PartChoice => ({ name });

describe('what a pipeline puts in by itself', () => {
  test.each([
    ['logistic-regression', [], ['impute', 'standardize']],
    ['logistic-regression', ['robust-scale'], ['impute', 'robust-scale']],
    ['logistic-regression', ['standardize', 'impute'], ['standardize', 'impute']],
    ['logistic-regression', ['log', 'pca'], ['impute', 'log', 'standardize', 'pca']],
    ['gaussian-naive-bayes', [], ['impute']],
    ['gaussian-naive-bayes', ['variance-filter', 'mrmr'], ['impute', 'variance-filter', 'mrmr']],
    ['random-forest', [], []],
    ['random-forest', ['variance-filter'], ['variance-filter']],
    ['random-forest', ['mrmr'], ['impute', 'mrmr']],
    ['random-forest', ['lasso'], ['impute', 'standardize', 'lasso']],
  ] as const)('%s behind %j', (classifier, steps, expected) => {
    expect(names({ steps: steps.map(part), classifier: part(classifier) })).toEqual(expected);
  });

  test.each([
    ['random-forest', 'smote', ['impute', 'standardize']],
    ['random-forest', 'oversample', []],
    ['gaussian-naive-bayes', 'smote', ['impute', 'standardize']],
  ] as const)('%s with %s', (classifier, resampling, expected) => {
    const pipeline = { steps: [], resampling: part(resampling), classifier: part(classifier) };
    expect(names(pipeline)).toEqual(expected);
  });

  test.each([
    ['logistic-regression', [], ['impute', 'one-hot', 'standardize']],
    ['logistic-regression', ['impute', 'mrmr'], ['impute', 'one-hot', 'standardize', 'mrmr']],
    ['random-forest', [], []],
  ] as const)('%s behind %j, with categories', (classifier, steps, expected) => {
    const found = names({ steps: steps.map(part), classifier: part(classifier) }, true);
    expect([...found].sort()).toEqual([...expected].sort());
    expect(found.slice(0, 2)).toEqual(expected.slice(0, 2));
  });
});

const resamplings = ['smote', 'smote-nc', 'adasyn', 'smote-edited', 'undersample'] as const;

describe('fitted pipelines', () => {
  const { x, y } = table(true);

  test.each([
    ...[...classifiers.keys()].map((name) => [name, undefined] as const),
    ...resamplings.map((name) => ['random-forest', name] as const),
    ...resamplings
      .filter((name) => name !== 'smote-nc')
      .map((name) => ['logistic-regression', name] as const),
  ] as const)('%s with %s is the same in ONNX Runtime', async (classifier, name) => {
    const resampling = name ? { resampling: { name } } : {};
    const pipeline = {
      steps: [],
      classifier: { name: classifier },
      classWeights: 'balanced',
      ...resampling,
    } as const;
    const fitted = await fitPipeline(pipeline, x, y, 2, { seed: 3, categorical: [4], runtime: nodeRuntime });
    const own = fitted.predict(x);
    const session = await nodeRuntime.open(
      writeOnnx(pipelineGraph(fitted, { columns: ['a', 'b', 'c', 'd', 'e'] })),
    );
    const features = tensor('float32', [ROWS, 5], Float32Array.from(x.values));
    const { probabilities, label } = await session.run({ features });
    await session.close();
    const told = probabilities!.data as Float32Array; // the output is float32
    expect(own.reduce((most, p, i) => Math.max(most, Math.abs(p - told[i]!)), 0)).toBeLessThan(1e-5);
    expect(Array.from(label!.data as BigInt64Array, Number)).toEqual([...likeliest(own, 2)]); // int64
  });

  test('says what it did, what it kept and how columns are called', async () => {
    const steps = [{ name: 'impute', settings: { indicators: true } }, part('variance-filter')];
    const fitted = await fitPipeline({ steps, classifier: part('logistic-regression') }, x, y, 2, {
      seed: 1,
      categorical: [4],
    });
    const columns = ['a', 'b', 'c', 'd', 'e'];
    expect(fitted.kept).toEqual(
      [0, 1, 2, 0, 1, 2, 3, 4, 4, 4, 4].filter((_, i) => i < fitted.classifier.columns),
    );
    expect(fitted.names(columns)).toEqual([
      ...['a', 'b', 'c'],
      ...columns.map((name) => `${name} missing`),
      ...['e = 0', 'e = 1', 'e = 2'],
    ]);
    expect(fitted.prepare(x).columns).toBe(fitted.classifier.columns);
    expect(fitted.notes.join('\n')).toMatch(
      /standardize: put in, since 'logistic-regression' needs columns of one scale/,
    );
    expect(fitted.importance).toHaveLength(5);
    expect(fitted.importance!.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 12);
  });

  test('behind a projection no column is an original one', async () => {
    const fitted = await fitPipeline(
      { steps: [part('pca')], classifier: part('logistic-regression') },
      x,
      y,
      2,
      { seed: 1 },
    );
    expect([fitted.kept, fitted.importance]).toEqual([undefined, undefined]);
    expect(fitted.names(['a', 'b', 'c', 'd', 'e'])[0]).toBe('component 1');
  });

  test('equal seeds give equal models', async () => {
    const pipeline = { steps: [part('mrmr')], resampling: part('smote'), classifier: part('random-forest') };
    const [a, b] = await Promise.all([7, 7].map((seed) => fitPipeline(pipeline, x, y, 2, { seed })));
    expect(a!.predict(x)).toEqual(b!.predict(x));
  });

  test('steps shared between pipelines are fitted once, and the models are the same', async () => {
    const steps = [part('mrmr'), part('lasso')];
    const shared = createSharedSteps();
    const names_ = ['logistic-regression', 'gaussian-naive-bayes', 'random-forest'];
    const pipelines = names_.map((name) => ({ steps, classifier: part(name) }));
    const fitted = [];
    for (const pipeline of pipelines) {
      const own = { seed: 1, shared };
      fitted.push(await fitPipeline(pipeline, matrix(x.values.slice(), ROWS, 5), y.slice(), 2, own));
    }
    for (const [at, one] of fitted.entries()) {
      expect(one.preparations.at(-1)!.fitted).toBe(fitted[0]!.preparations.at(-1)!.fitted);
      const alone = await fitPipeline(pipelines[at]!, x, y, 2, { seed: 1 });
      expect(one.predict(x)).toEqual(alone.predict(x));
    }
    const others = fitPipeline(pipelines[0]!, table(false).x, y, 2, { seed: 1, shared });
    await expect(others).rejects.toThrow(/^PIPELINE_DATA: steps shared .* other rows/);
  });

  test('weights of rows go with rows through a resampling', async () => {
    const whole = table(false);
    const x32 = toSinglePrecision(whole.x);
    const weights = Float64Array.from(y, (_, i) => 1 + (i % 7));
    const pipeline = { steps: [], resampling: part('undersample'), classifier: part('gaussian-naive-bayes') };
    const weighed = await fitPipeline({ ...pipeline, steps: [part('impute')] }, x32, whole.y, 2, {
      seed: 2,
      weights,
    });
    const { rows } = undersample.resample(x32, whole.y, 2, undersample.check({}), { seed: 2 });
    const classifier = classifiers.get('gaussian-naive-bayes')!;
    const classes = Int32Array.from(rows, (row) => whole.y[row]!);
    const own = { seed: 2, weights: Float64Array.from(rows, (row) => weights[row]!) };
    const alone = await classifier.fit(takeRows(x32, rows), classes, 2, classifier.check({}), own);
    expect(weighed.predict(x32)).toEqual(alone.predict(x32));
  });

  test('classes that a resampling has made alike are not weighed against it', async () => {
    const pipeline = { steps: [], resampling: part('smote'), classifier: part('logistic-regression') };
    const plain = await fitPipeline(pipeline, x, y, 2, { seed: 2 });
    const balanced = await fitPipeline({ ...pipeline, classWeights: 'balanced' }, x, y, 2, { seed: 2 });
    expect(balanced.predict(x)).toEqual(plain.predict(x));
    const bare = { steps: [], classifier: part('logistic-regression') };
    const [without, with_] = [
      await fitPipeline(bare, x, y, 2, { seed: 2 }),
      await fitPipeline({ ...bare, classWeights: 'balanced' }, x, y, 2, { seed: 2 }),
    ];
    const listed = await fitPipeline({ ...bare, classWeights: [120 / 180, 120 / 60] }, x, y, 2, { seed: 2 });
    expect(with_.predict(x)).not.toEqual(without.predict(x));
    expect(with_.predict(x)).toEqual(listed.predict(x));
  });

  test('is the graph of one row, too', async () => {
    const fitted = await fitPipeline({ steps: [], classifier: part('logistic-regression') }, x, y, 2, {
      seed: 1,
    });
    const graph = pipelineGraph(fitted, { columns: ['a', 'b', 'c', 'd', 'e'], classes: ['no', 'yes'] });
    expect(graph.metadata.get('columns')).toBe('["a","b","c","d","e"]');
    expect(graph.metadata.get('classes')).toBe('["no","yes"]');
    const session = await nodeRuntime.open(writeOnnx(graph));
    const features = tensor('float32', [1, 5], new Float32Array(5).fill(Number.NaN));
    const { probabilities, label } = await session.run({ features });
    await session.close();
    expect([probabilities!.dims, label!.dims]).toEqual([[1, 2], [1]]);
    const own = fitted.predict(matrix(new Float64Array(5).fill(Number.NaN), 1, 5));
    expect(Math.abs((probabilities!.data as Float32Array)[1]! - own[1]!)).toBeLessThan(1e-6); // float32
  });
});

describe('refusals', () => {
  const { x, y } = table(false);
  const pipeline: PipelineSettings = { steps: [], classifier: part('logistic-regression') };
  const with_ = (at: number, value: number): Matrix => {
    const values = x.values.slice();
    values[at] = value;
    return { ...x, values };
  };
  const made = (own: PipelineSettings, table_ = x, classes = 2, labels = y) =>
    fitPipeline(own, table_, labels, classes, { seed: 1 });

  test.each([
    [
      'an unknown step',
      { ...pipeline, steps: [part('nonsense')] },
      x,
      2,
      /^PIPELINE_STEP: there is no preparation 'nonsense'/,
    ],
    [
      'an unknown classifier',
      { ...pipeline, classifier: part('oracle') },
      x,
      2,
      /^PIPELINE_STEP: .*classifier 'oracle'/,
    ],
    [
      'an unknown resampling',
      { ...pipeline, resampling: part('luck') },
      x,
      2,
      /^PIPELINE_STEP: .*resampling 'luck'/,
    ],
    [
      'an infinite value',
      pipeline,
      with_(7, Infinity),
      2,
      /^PIPELINE_DATA: column 2 holds an infinite value/,
    ],
    ['a value beyond float32', pipeline, with_(7, 1e39), 2, /^PIPELINE_RANGE: column 2/],
    ['a class without rows', pipeline, x, 3, /^PIPELINE_DATA: 1 of 3 classes have no row/],
    ['one class', pipeline, x, 1, /^PIPELINE_DATA: 1 classes were stated/],
    [
      'too few labels',
      pipeline,
      takeRows(x, [0, 1, 2]),
      2,
      /^PIPELINE_DATA: 120 classes were given for 3 rows/,
    ],
  ] as const)('%s', async (_, own, rows, classes, message) => {
    await expect(made(own, rows, classes)).rejects.toThrow(message);
  });

  test('smote-nc where categories have become columns', async () => {
    const own = { ...pipeline, resampling: part('smote-nc') };
    const asked = fitPipeline(own, x, y, 2, { seed: 1, categorical: [4] });
    await expect(asked).rejects.toThrow(/^PREPARATION_DATA: smote-nc: 0 of 7 columns are categories/);
  });

  test('other columns, and values that a step takes beyond float32', async () => {
    const fitted = await made({ ...pipeline, steps: [{ name: 'power' }] });
    expect(() => fitted.predict(matrix(new Float64Array(4), 1, 4))).toThrow(
      /^PIPELINE_DATA: the table has 4 columns/,
    );
    const tiny = matrix(
      Float64Array.from({ length: 40 }, (_, i) => i * 1e-40),
      40,
      1,
    );
    const labels = Int32Array.from({ length: 40 }, (_, i) => i % 2);
    const small = await made(pipeline, tiny, 2, labels);
    expect(() => small.predict(matrix(Float64Array.of(1e30), 1, 1))).toThrow(
      /^PIPELINE_RANGE: 'standardize'/,
    );
  });
});
