import { mkdirSync, mkdtempSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareRuns, shortNames, sortRuns } from './compare-runs.ts';
import { findRuns } from './find-runs.node.ts';
import { type RunRecord, readRun } from './read-run.node.ts';
import { runsPage } from './runs-page.ts';
import { comparisonText, runRows, runsCsv, runsText } from './runs-text.ts';
import { trackersFrom } from './trackers.node.ts';

const root = mkdtempSync(path.join(tmpdir(), 'hounsfield-runs-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const place = (name: string) => path.join(root, name);

interface Made {
  readonly settings?: object;
  readonly aucs?: readonly number[];
  readonly test?: Readonly<Record<string, number>>;
}

/** A run's folder as training leaves it. */
function makeRun(name: string, { settings = {}, aucs = [0.6, 0.8, 0.7], test: figures }: Made = {}): string {
  const folder = place(name);
  mkdirSync(folder, { recursive: true });
  const config = { data: 'scans/lungs', network: 'resnet18', epochs: 3, lr: 0.01, watch: 'auc', ...settings };
  const rows = aucs.map((auc, epoch) => ({
    ...{ epoch, trainLoss: 1 / (epoch + 1), learningRate: 0.01, seconds: 30, waitedSeconds: 1 },
    validation: { auc, loss: 1 - auc },
  }));
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify(config));
  writeFileSync(path.join(folder, 'history.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  if (figures) {
    const interval = (value: number) => ({ value, low: value - 0.1, high: value + 0.05 });
    const intervals = Object.fromEntries(
      Object.entries(figures).map(([key, value]) => [key, interval(value)]),
    );
    writeFileSync(
      path.join(folder, 'metrics.json'),
      JSON.stringify({ test: figures, intervals: { test: intervals } }),
    );
    writeFileSync(path.join(folder, 'model.onnx'), 'model');
  }
  return folder;
}

const longAgo = (folder: string, ...names: readonly string[]) => {
  for (const name of names) utimesSync(path.join(folder, name), 1e9, 1e9);
};

let runs: RunRecord[] = [];
beforeAll(() => {
  makeRun('all/a', { test: { auc: 0.9, logLoss: 0.4 } });
  makeRun('all/deep/er/b', {
    settings: { lr: 0.1, augment: { shift: 0.2 } },
    test: { auc: 0.8, logLoss: 0.3 },
  });
  longAgo(makeRun('all/c', { aucs: [0.5] }), 'config.json', 'history.jsonl');
  mkdirSync(place('all/not-a-run'));
  writeFileSync(place('all/not-a-run/config.json'), '{}');
  runs = findRuns([place('all')]);
});

describe('finding and reading', () => {
  test('runs at any depth, and nothing else', () => {
    expect(runs.map(({ name, state, epochs }) => [name, state, epochs.length])).toEqual([
      ['a', 'finished', 3],
      ['c', 'interrupted', 1],
      ['b', 'finished', 3],
    ]);
    expect(findRuns([place('all/c'), place('all')]).map(({ name }) => name)).toEqual(['c', 'a', 'b']);
    expect(runs[0]!.best).toEqual({ figure: 'auc', epoch: 2, value: 0.8 });
    expect(runs[0]!.figures['test.auc']).toEqual({ value: 0.9, low: 0.8, high: 0.9500000000000001 });
    expect(runs[0]!.seconds).toBe(90);
  });

  test('a folder that is not there', () => {
    expect(() => findRuns([place('nowhere')])).toThrow(/^FILE_MISSING: .*nowhere is no folder/);
  });

  test.each<[string, (folder: string) => void, RegExp | undefined]>([
    [
      'half a history',
      (f) => truncateSync(path.join(f, 'history.jsonl'), 200),
      /history.jsonl has 1 damaged line$/,
    ],
    ['no history', (f) => rmSync(path.join(f, 'history.jsonl')), undefined],
    ['half of the figures', (f) => truncateSync(path.join(f, 'metrics.json'), 20), /metrics.json is damaged/],
    [
      'figures of another kind',
      (f) => writeFileSync(path.join(f, 'metrics.json'), '[1,2]'),
      /metrics.json is damaged/,
    ],
    ['no settings', (f) => rmSync(path.join(f, 'config.json')), /config.json is missing/],
    [
      'settings of bytes',
      (f) => writeFileSync(path.join(f, 'config.json'), Buffer.alloc(99, 200)),
      /config.json is damaged/,
    ],
    ['no model', (f) => rmSync(path.join(f, 'model.onnx')), /model.onnx is missing/],
    [
      'rows of other things',
      (f) => writeFileSync(path.join(f, 'history.jsonl'), '1\n{"epoch":"x"}\nnull\n'),
      /3 damaged lines/,
    ],
    [
      'a folder for a file',
      (f) => {
        rmSync(path.join(f, 'metrics.json'));
        mkdirSync(path.join(f, 'metrics.json'));
      },
      undefined,
    ],
    [
      'a state of odd fields',
      (f) => writeFileSync(path.join(f, 'state.json'), '{"state":"running","process":"x"}'),
      undefined,
    ],
  ])('%s is listed, with what is wrong', async (name, spoil, fault) => {
    const folder = makeRun(`odd/${name.replaceAll(' ', '-')}`, { test: { auc: 0.9 } });
    spoil(folder);
    const [run] = findRuns([folder]);
    if (fault) expect(run!.faults.join('; ')).toMatch(fault);
    expect(runsText([run!], 60)).toContain(run!.name);
    expect(await runsPage([run!], 'Runs')).toContain(run!.name);
    rmSync(folder, { recursive: true });
  });
});

describe('how a run stands', () => {
  const described = {
    ...{ task: 'classification', network: 'n', settings: {}, data: {}, stepsPerEpoch: 1, versions: {} },
  };
  test.each([
    ['interrupted', 'interrupted'],
    ['failed', 'failed'],
    ['stopped-early', 'finished'],
    ['finished', 'finished'],
  ] as const)('running, then %s', async (outcome, state) => {
    const folder = makeRun(`state-${outcome}`);
    const tracker = trackersFrom([], { note: (text) => expect.fail(text) });
    tracker.start({ ...described, folder });
    expect(readRun(folder).state).toBe('running');
    tracker.finish(outcome, {}, {});
    await tracker.close();
    expect(readRun(folder).state).toBe(state);
  });

  test('interrupted when its process is gone, or its number belongs to another', async () => {
    const folder = makeRun('state-gone');
    const tracker = trackersFrom([], { note: (text) => expect.fail(text) });
    tracker.start({ ...described, folder });
    const file = path.join(folder, 'state.json');
    const { state, ...rest } = JSON.parse(
      String(await import('node:fs').then((fs) => fs.readFileSync(file))),
    );
    expect(state).toBe('running');
    writeFileSync(file, JSON.stringify({ state, ...rest, process: 2 ** 22 + 1 }));
    expect(readRun(folder).state).toBe('interrupted');
    if (process.platform !== 'linux') return;
    writeFileSync(file, JSON.stringify({ state, ...rest, processStart: '1' }));
    expect(readRun(folder).state).toBe('interrupted');
  });

  test.each(['wandb', 'mlflow', 'mlflow:nowhere', ''])('the tracker %j is refused', (name) => {
    expect(() => trackersFrom([name], { note: () => {} })).toThrow(/^TRACKER_UNKNOWN: /);
  });
});

describe('sorting and comparing', () => {
  test.each([
    ['test.auc', ['a', 'b', 'c']],
    ['test.logLoss', ['b', 'a', 'c']],
    ['name', ['a', 'b', 'c']],
    ['best', ['a', 'b', 'c']],
    ['seconds', ['c', 'a', 'b']],
  ])('by %s', (key, names) => {
    expect(sortRuns(runs, key).map(({ name }) => name)).toEqual(names);
  });

  test('by a figure that no run has', () => {
    expect(() => sortRuns(runs, 'test.dice')).toThrow(
      /^RUNS_SORT: no run has the figure 'test.dice'.*test.logLoss/,
    );
  });

  test('shows settings that differ, and figures', () => {
    const { settings, figures } = compareRuns([runs[0]!, runs[2]!]);
    expect(settings).toEqual([
      { name: 'lr', values: ['0.01', '0.1'] },
      { name: 'augment.shift', values: [null, '0.2'] },
    ]);
    expect(figures.map(({ name, values }) => [name, values.map((figure) => figure?.value)])).toEqual([
      ['test.auc', [0.9, 0.8]],
      ['test.logLoss', [0.4, 0.3]],
    ]);
  });

  test('names are as short as they can be', () => {
    const named = (folder: string) => ({ folder, name: path.basename(folder) });
    expect(shortNames(['x/one', 'x/y/run', 'x/z/run', 'run'].map(named))).toEqual([
      'one',
      'y/run',
      'z/run',
      'run',
    ]);
  });
});

describe('as text', () => {
  test.each([30, 45, 60, 80, 100, 160])('no line of the list is wider than %i', (width) => {
    const long = {
      ...runs[0]!,
      folder: 'x/a-very-long-name-for-a-run-that-somebody-gave',
      name: 'a-very-long-name-for-a-run-that-somebody-gave',
    };
    const [table] = runsText([...runs, long], width).split('\n\n');
    for (const line of table!.split('\n')) expect(line.length).toBeLessThanOrEqual(width);
  });

  test('a wide list has it all', () => {
    const text = runsText(runs, 200);
    expect(text).toMatch(/a +finished +resnet18 +3\/3 +auc 0.8 @2 +auc 0.9 \[0.8, 0.95\] +90 s +1 kB +lungs/);
  });

  test('values for a spreadsheet, quoted, and no formulas', () => {
    const rows = runRows([{ ...runs[0]!, network: '=1+1', faults: ['a "b", c'] }]);
    expect(runsCsv(rows).split('\r\n')[1]).toContain(`'=1+1`);
    expect(runsCsv(rows)).toContain('"a ""b"", c"');
  });

  test.each([20, 60, 200])('a comparison at %i columns', (width) => {
    const text = comparisonText(compareRuns([runs[0]!, runs[2]!]), width, false);
    expect(text).toContain('augment.shift');
    expect(text).toContain('0.8 [0.7, 0.85]');
  });
});

test('the page has a curve for each run and figure, escapes what it shows, and asks for nothing from elsewhere', async () => {
  const page = await runsPage([...runs, { ...runs[0]!, folder: 'x/<b>odd', name: '<b>odd' }], 'Runs');
  for (const [i, run] of runs.entries()) {
    expect(page.match(new RegExp(`class="[^"]*run${i}_marks`, 'g'))?.length, run.name).toBe(4);
    expect(page).toContain(`id="run-${i}"`);
  }
  expect(page).not.toContain('<b>odd');
  expect(page.match(/(?:src|href)="/g)).toBeNull();
  expect(page).not.toContain('<script');
});
