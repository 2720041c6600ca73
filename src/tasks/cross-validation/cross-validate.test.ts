import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeRuntime } from '../../engine/runtime/runtime.node.ts';
import { RandomStream } from '../../random.ts';
import { evidenceOf, figuresWithIntervals, operatingPointsOf } from '../classification/evidence.ts';
import { writePredictions } from '../classification/prediction-file.ts';
import type { Dataset, TargetKind } from '../dataset/dataset.ts';
import { parseDelimited } from '../dataset/delimited-text.ts';
import { loadDataset } from '../dataset/manifest.node.ts';
import { takeParts } from '../dataset/parts.ts';
import { readParts } from '../dataset/parts-file.node.ts';
import { writePhantomDataset } from '../dataset/phantom-files.node.ts';
import { writeFindingsPhantom } from '../dataset/phantom-findings.node.ts';
import type { TaskSurroundings } from '../task.ts';
import type { StartTraining, TrainingEnd } from '../training-process/start-training.node.ts';
import { compareCrossValidations } from './compare.node.ts';
import { crossValidate } from './cross-validate.node.ts';
import type { CrossValidationMetrics, CrossValidationRequest } from './plan.ts';
import { comparisonText, crossValidationText } from './terminal-text.ts';

let folder: string;
const data: Partial<Record<TargetKind, string>> = {};
const at = (...parts: string[]) => path.join(folder, ...parts);

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hounsfield-cross-'));
  data.class = await writePhantomDataset(at('class'), {
    seed: 3,
    patients: 20,
    slicesPerPatient: 2,
    size: 24,
  });
  for (const target of ['labels', 'grade', 'value'] as const)
    data[target] = await writeFindingsPhantom(at(target), { seed: 5, patients: 24, target, size: 16 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const around: TaskSurroundings = { runtime: nodeRuntime, report: () => {} };

/** An answer that leans to the truth the more, the nearer the learning rate is to 0.1. */
function madeUp(dataset: Dataset, index: number, lr: number, seed: number): number[] {
  const { id, label, targets } = dataset.samples[index]!;
  const stream = new RandomStream({ seed, purpose: `answer ${id}` });
  const lean = 2 - Math.abs(Math.log10(lr) + 1);
  if (dataset.target === 'value') return targets!.map((value) => value + stream.normal(0, 6 - lean));
  if (dataset.target === 'labels')
    return targets!.map((value) => 1 / (1 + Math.exp(-lean * (2 * value - 1) - stream.normal())));
  const raised = dataset.classes.map((_, k) => Math.exp(stream.normal() + (k === label ? lean : 0)));
  const sum = raised.reduce((a, b) => a + b, 0);
  return raised.map((value) => value / sum);
}

interface Made {
  readonly started: string[];
  readonly start: StartTraining;
}

/** A training that only writes what a training would: quick, and to be told apart by its settings. */
function madeUpTraining(
  on: (out: string, settings: Readonly<Record<string, unknown>>) => void = () => {},
): Made {
  const started: string[] = [];
  const start: StartTraining = (_, { data: place, out, settings }, onEpoch) => {
    let stopped = false;
    const work = async (): Promise<TrainingEnd> => {
      started.push(path.relative(folder, out));
      try {
        on(out, settings);
      } catch (error) {
        return { kind: 'failed', code: 'MADE_UP', message: String((error as Error).message) };
      }
      const judge = settings['judge'] === 'validation' ? 'validation' : 'test';
      const parts = await readParts(String(settings['parts']), judge);
      const { dataset, splits } = takeParts(await loadDataset(place), parts, 'parts');
      const [lr, seed] = [Number(settings['lr'] ?? 0.001), Number(settings['seed'] ?? 1)];
      const predicted = (indices: readonly number[]) => ({
        dataset,
        indices,
        seed,
        probabilities: Float32Array.from(indices.flatMap((index) => madeUp(dataset, index, lr, seed))),
      });
      const validated = predicted(splits.validation);
      const points = operatingPointsOf(validated);
      const validation = evidenceOf(validated, dataset.classes, points);
      const figures = Object.fromEntries(
        Object.entries(validation.figures).map(([name, { value }]) => [name, value]),
      );
      const row = { epoch: 0, trainLoss: 1, validation: figures, seconds: 0 };
      await writeFile(path.join(out, 'history.jsonl'), `${JSON.stringify(row)}\n`);
      await writeFile(path.join(out, 'config.json'), JSON.stringify(settings));
      onEpoch({ kind: 'epoch', epoch: 0, validation: {}, seconds: 0 });
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (stopped) return { kind: 'done', outcome: 'interrupted', test: {}, files: {} };
      if (judge === 'test') {
        const tested = predicted(splits.test);
        const evidence = evidenceOf(tested, dataset.classes, points);
        const metrics = { intervals: { test: figuresWithIntervals(evidence) }, evidence: { test: evidence } };
        await writeFile(path.join(out, 'metrics.json'), JSON.stringify(metrics));
        await writeFile(path.join(out, 'predictions.json'), writePredictions(tested, points));
      }
      return { kind: 'done', outcome: 'finished', test: {}, files: {} };
    };
    const stop = () => {
      stopped = true;
    };
    return { ended: work(), stop, kill: stop };
  };
  return { started, start };
}

function request(
  target: TargetKind,
  out: string,
  more: Partial<CrossValidationRequest> = {},
): CrossValidationRequest {
  const settings = { network: 'small-cnn', allowDuplicates: 'near', lr: 0.01, ...more.settings };
  return {
    task: 'classification',
    data: data[target]!,
    out: at(out),
    folds: 3,
    resume: false,
    ...more,
    settings,
  };
}

async function csv(out: string): Promise<Record<string, string>[]> {
  const [head, ...rows] = parseDelimited(await readFile(at(out, 'predictions.csv'), 'utf8'), ',');
  return rows.map((row) => Object.fromEntries(head!.map((name, i) => [name, row[i]!])));
}

describe.each(['class', 'labels', 'grade', 'value'] as const)('%s', (target) => {
  test('repeated folds: every image once a repeat, figures of folds and of all answers', async () => {
    const out = `repeated ${target}`;
    const { started, start } = madeUpTraining();
    const result = await crossValidate(request(target, out, { repeats: 2, parallel: 2 }), around, start);
    const metrics = result.metrics!;
    const dataset = await loadDataset(data[target]!);
    expect([started.length, result.outcome, metrics.target]).toEqual([6, 'finished', target]);
    expect(metrics.pooled.answers).toBe(2 * dataset.samples.length);
    const rows = await csv(out);
    for (const repeat of ['1', '2']) {
      const ids = rows.filter((row) => row['repeat'] === repeat).map(({ id }) => id);
      expect(ids.sort()).toEqual(dataset.samples.map(({ id }) => id).sort());
    }
    const [name, figure] = Object.entries(metrics.figures)[0]!;
    const values = metrics.folds.map(({ figures }) => figures[name]!.value!);
    expect(figure.mean).toBeCloseTo(values.reduce((a, b) => a + b, 0) / 6, 12);
    expect([figure.folds, figure.of]).toEqual([6, 6]);
    const indices = rows.map(({ id }) => dataset.samples.findIndex((sample) => sample.id === id));
    const probabilities = Float32Array.from(indices.flatMap((index) => madeUp(dataset, index, 0.01, 1)));
    const whole = evidenceOf({ dataset, indices, probabilities, seed: 1 }, dataset.classes);
    const figures: Readonly<Record<string, { readonly value: number | null }>> = whole.figures;
    expect(figure.pooled!.value).toBeCloseTo(figures[name]!.value!, 12);
    const page = await readFile(at(out, 'report.html'), 'utf8');
    expect(page).toContain('Fold by fold');
    expect(page).not.toMatch(wrongInPages);
    for (const columns of [40, 80, 120]) {
      const text = crossValidationText(metrics, columns);
      expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(columns);
      expect(text).not.toMatch(/undefined|NaN/);
    }
  });
});

const wrongInPages = /undefined|NaN|\[object|\{\w+\}<|href="http|src="http/;

test('the page in Chinese', async () => {
  await crossValidate(
    request('class', 'zh', { settings: { language: 'zh' } }),
    around,
    madeUpTraining().start,
  );
  const page = await readFile(at('zh', 'report.html'), 'utf8');
  expect(page).toContain('逐折结果');
  expect(page).not.toMatch(wrongInPages);
});

test('labels are counted by the thresholds of their own folds', async () => {
  const rows = await csv('repeated labels');
  const metrics = JSON.parse(
    await readFile(at('repeated labels', 'metrics.json'), 'utf8'),
  ) as CrossValidationMetrics;
  const { evidence } = metrics.pooled;
  if (evidence.kind !== 'labels') throw new Error('it is of labels');
  for (const { name, counts, figures } of evidence.perLabel) {
    const truly = rows.filter((row) => row[`truth:${name}`] === '1');
    const found = truly.filter(
      (row) => Number(row[`probability:${name}`]) >= Number(row[`threshold:${name}`]),
    );
    expect([counts.truePositives, counts.falseNegatives]).toEqual([
      found.length,
      truly.length - found.length,
    ]);
    expect(figures.sensitivity.value).toBeCloseTo(found.length / truly.length, 12);
  }
});

test('numbers lose nothing on their way into the table', async () => {
  const [row] = await csv('repeated value');
  const dataset = await loadDataset(data.value!);
  const sample = dataset.samples.find(({ id }) => id === row!['id'])!;
  expect(Number(row!['truth:diameter'])).toBe(sample.targets![0]);
});

test('the better candidate wins in each fold; figures stand beside the outer ones', async () => {
  const candidates = [
    { name: 'far', lr: 1e-6 },
    { name: 'near', lr: 0.1 },
  ];
  const { started, start } = madeUpTraining();
  const wanted = request('class', 'nested', { candidates, inner: 2, folds: 2 });
  const { metrics } = await crossValidate(wanted, around, start);
  expect(started).toHaveLength(2 * 2 * 2 + 2);
  for (const { winner, inner, outer, optimism, scores, fold } of metrics!.choices!) {
    expect([winner.name, scores.length]).toEqual(['near', 2]);
    expect(inner).toBe(scores[1]!.mean);
    expect(optimism).toBe(inner! - outer!);
    expect(JSON.parse(await readFile(at('nested', fold, 'config.json'), 'utf8')).lr).toBe(0.1);
    expect(metrics!.folds.find(({ name }) => name === fold)!.figures['auc']!.value).toBe(outer);
  }
  expect(crossValidationText(metrics!, 60)).toContain('fold-01 near');
});

test('points of a space: the same with and without an interruption', async () => {
  const space = { lr: { type: 'float', low: 1e-6, high: 1, scale: 'log' } };
  const wanted = (out: string) => request('class', out, { space, trials: 7, inner: 2, folds: 2 });
  const whole = await crossValidate(wanted('space'), around, madeUpTraining().start);
  const stop = new AbortController();
  const first = madeUpTraining(() => {
    if (first.started.length === 5) stop.abort();
  });
  const cut = await crossValidate(wanted('cut'), { ...around, signal: stop.signal }, first.start);
  expect([cut.outcome, first.started.length]).toEqual(['interrupted', 5]);
  const second = madeUpTraining();
  const resumed = await crossValidate({ ...wanted('cut'), resume: true }, around, second.start);
  expect(second.started).toHaveLength(2 * 7 * 2 + 2 - 4);
  expect(resumed.metrics!.choices).toEqual(whole.metrics!.choices);
  expect(resumed.metrics!.figures).toEqual(whole.metrics!.figures);
  const scores = whole.metrics!.choices![0]!.scores;
  expect(new Set(scores.map(({ settings }) => settings['lr'])).size).toBe(7);
});

test('a fold that fails ends the run, and what was finished is kept', async () => {
  const failing = madeUpTraining((out) => {
    if (out.endsWith('fold-02')) throw new Error('MADE_UP: no reason.');
  });
  const wanted = request('class', 'failing');
  await expect(crossValidate(wanted, around, failing.start)).rejects.toThrow(
    /^FOLD_FAILED: fold-02 .*MADE_UP: no reason\..*--resume/,
  );
  const second = madeUpTraining();
  const { outcome } = await crossValidate({ ...wanted, resume: true }, around, second.start);
  expect([outcome, second.started]).toEqual([
    'finished',
    [path.join('failing', 'fold-02'), path.join('failing', 'fold-03')],
  ]);
  await writeFile(
    at('failing', 'fold-01', 'predictions.json'),
    '{"ids": [], "answers": [], "thresholds": []}',
  );
  await expect(crossValidate({ ...wanted, resume: true }, around, second.start)).rejects.toThrow(
    /^FOLD_DAMAGED: fold-01/,
  );
  await writeFile(at('failing', 'fold-01', 'predictions.json'), '{');
  await expect(crossValidate({ ...wanted, resume: true }, around, second.start)).rejects.toThrow(
    /^FOLD_DAMAGED/,
  );
});

test('when no candidate can be trained', async () => {
  const { start } = madeUpTraining(() => {
    throw new Error('MADE_UP: none.');
  });
  const candidates = [{ lr: 0.1 }, { lr: 0.2 }];
  await expect(crossValidate(request('class', 'none', { candidates }), around, start)).rejects.toThrow(
    /^NESTED_NO_CANDIDATE: fold-01: none of 2 candidates .*MADE_UP: none/,
  );
});

test('folds of a file are used, and two runs on them compared', async () => {
  const { folds: _folds, ...wanted } = request('class', 'again', {
    foldsFile: at('repeated class', 'folds.json'),
    settings: { lr: 1e-4, seed: 2 },
  });
  const { metrics } = await crossValidate(wanted, around, madeUpTraining().start);
  const found = await compareCrossValidations(at('repeated class'), at('again'));
  expect([metrics!.repeats, found.folds, found.images, found.patients]).toEqual([2, 6, 40, 20]);
  expect(found.rows[0]!.name).toBe('auc');
  expect(found.rows[0]!.mean).toBeGreaterThan(0);
  expect(found.areas[0]!.first).toBeGreaterThan(found.areas[0]!.second);
  expect(comparisonText(found, 60)).toContain('McNemar');
  const [balanced] = found.pooled;
  expect([balanced!.name, balanced!.difference.value]).toEqual([
    'balancedAccuracy',
    balanced!.first! - balanced!.second!,
  ]);
  expect(balanced!.difference.low!).toBeLessThanOrEqual(balanced!.difference.value!);
  for (const kind of ['labels', 'grade', 'value'] as const) {
    const same = await compareCrossValidations(at(`repeated ${kind}`), at(`repeated ${kind}`));
    expect([same.rows[0]!.mean, same.rows[0]!.p]).toEqual([0, 1]);
    expect(same.areas).toHaveLength(kind === 'labels' ? 2 : 0);
    expect(same.answers === null).toBe(kind !== 'grade');
    const names = { labels: [], grade: ['kappaQuadratic'], value: ['mae'] };
    expect(same.pooled.map(({ name }) => name)).toEqual(names[kind]);
    for (const { difference } of same.pooled) expect(difference).toMatchObject({ value: 0, low: 0, high: 0 });
    expect(comparisonText(same, 40)).not.toMatch(/undefined|NaN/);
  }
  await expect(compareCrossValidations(at('repeated class'), at('nested'))).rejects.toThrow(/^FOLDS_DIFFER/);
  await expect(compareCrossValidations(at('repeated class'), at('class'))).rejects.toThrow(
    /^CROSS_VALIDATION_UNFINISHED/,
  );
});

describe('refused', () => {
  const wrongSpace = { lr: { type: 'float', low: 1, high: 0.1 } };
  test.each<[string, Partial<CrossValidationRequest>, RegExp]>([
    [
      'options that contradict',
      { candidates: [], space: {}, inner: 2, parallel: 0, settings: { judge: 'validation' } },
      /^CROSS_VALIDATION_OPTIONS: judge: .*candidates and a space.*0 trainings/,
    ],
    [
      'inner folds for nothing',
      { inner: 3, trials: 5 },
      /^CROSS_VALIDATION_OPTIONS: inner folds, but neither.*number of trials/,
    ],
    ['a file and a number of folds', { foldsFile: 'x' }, /^CROSS_VALIDATION_OPTIONS: a file of folds says/],
    ['one candidate', { candidates: [{}] }, /^CANDIDATES_INVALID: .*2 to 200/],
    [
      'candidates that are wrong',
      { candidates: [3, { name: 'a', lr: 'x' }, { name: 'a', split: {}, seed: -1 }] },
      /^CANDIDATES_INVALID: .*\[0\] is no object.*\[1\]: lr is "x".*\[2\]: 'a' is another's name.*'split' is the same for all.*seed is -1/,
    ],
    ['a space that is wrong', { space: wrongSpace }, /^SEARCH_SPACE/],
    ['settings that are wrong', { settings: { epochs: 0 } }, /^SETTINGS_INVALID: epochs/],
    [
      'settings of another kind',
      { settings: { watch: 'mae' } },
      /^SETTINGS_INVALID: the data ask for classes/,
    ],
    ['more folds than patients', { folds: 21 }, /^TOO_FEW_PATIENTS/],
    ['folds with one class', { folds: 20 }, /^FOLD_ONE_CLASS/],
    [
      'no part for validation',
      { settings: { split: { train: 1, validation: 0, test: 0 } } },
      /^FOLDS_INVALID: .*validation share/,
    ],
    ['sites that nobody named', { scheme: 'leave-site-out' }, /^FOLD_SITES: 40 of 40/],
    ['nothing to resume', { resume: true }, /^CROSS_VALIDATION_MISSING/],
  ])('%s', async (name, more, message) => {
    const { started, start } = madeUpTraining();
    await expect(crossValidate(request('class', `refused ${name}`, more), around, start)).rejects.toThrow(
      message,
    );
    expect(started).toEqual([]);
  });

  test('a folder in use, and one that is taken', async () => {
    const wanted = request('class', 'repeated class');
    await expect(crossValidate(wanted, around, madeUpTraining().start)).rejects.toThrow(
      /^CROSS_VALIDATION_EXISTS/,
    );
    await mkdir(at('busy'), { recursive: true });
    await writeFile(at('busy', 'cross-validation.lock'), String(process.ppid));
    const busy = request('class', 'busy');
    await expect(crossValidate(busy, around, madeUpTraining().start)).rejects.toThrow(
      /^CROSS_VALIDATION_RUNNING/,
    );
  });

  test('copies on two sides of folds from a file', async () => {
    const text = await readFile(data.class!, 'utf8');
    const [head, first, ...rest] = text.trim().split('\n');
    const images = [head, first, ...rest].map((line) => line!.split(',').slice(0, 2).join(','));
    await writeFile(at('class', 'first.png'), await readFile(at('class', first!.split(',')[0]!)));
    images.push(`first.png,${first!.split(',')[1]}`);
    const table = at('class', 'copies.csv');
    await writeFile(table, images.join('\n'));
    const ids = images.slice(1).map((line) => line.split(',')[0]!);
    const third = (k: number) => ids.filter((_, i) => i % 3 === k);
    const folds = [0, 1, 2].map((k) => ({
      name: `fold-${k}`,
      train: third((k + 1) % 3),
      validation: third((k + 2) % 3),
      test: third(k),
    }));
    await writeFile(at('copies.json'), JSON.stringify({ folds }));
    const { folds: _folds, ...wanted } = request('class', 'copies', {
      foldsFile: at('copies.json'),
      settings: { allowDuplicates: 'none' },
    });
    await expect(crossValidate({ ...wanted, data: table }, around, madeUpTraining().start)).rejects.toThrow(
      /^SPLIT_LEAK/,
    );
    // Drawn, they stay together.
    const drawn = request('class', 'copies drawn', { settings: { allowDuplicates: 'none' } });
    const { metrics } = await crossValidate({ ...drawn, data: table }, around, madeUpTraining().start);
    const stored = JSON.parse(await readFile(at('copies drawn', 'folds.json'), 'utf8')) as {
      folds: { test: string[] }[];
    };
    const [one] = stored.folds.filter((fold) => fold.test.includes('first.png'));
    expect(one!.test).toContain(first!.split(',')[0]);
    expect(metrics!.data.grouping).toBe('image');
  });
});
