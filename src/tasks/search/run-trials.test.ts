import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { StartTraining, TrainingEnd } from '../training-process/start-training.node.ts';
import { appendEntry, readJournal, type TrialRecord, trialsOf } from './journal.node.ts';
import { bestTrial, type SearchPlan, type SearchResult } from './plan.ts';
import { journalFile, runTrials } from './run-trials.node.ts';
import { searchPage } from './search-page.ts';
import { trialTable } from './trial-table.ts';

let out: string;
beforeEach(async () => {
  out = await mkdtemp(path.join(tmpdir(), 'hounsfield-search-'));
});
afterEach(() => rm(out, { recursive: true, force: true }));

const plan: SearchPlan = {
  task: 'classification',
  data: 'data',
  space: {
    x: { type: 'float', low: 0, high: 1 },
    kind: { choices: ['a', 'b'] },
    y: { type: 'float', low: 1e-3, high: 1, scale: 'log', when: { kind: 'a' } },
  },
  settings: { epochs: 9 },
  sampler: 'tpe',
  pruner: 'asha',
  seed: 1,
  trials: 12,
  parallel: 3,
  epochs: 9,
  watch: { name: 'auc', mode: 'max' },
  retrain: true,
};

interface Machine {
  readonly start: StartTraining;
  readonly started: Record<string, unknown>[];
  most: number;
}

/** Trials without processes: the AUC rises to 1 - |x - 0.3| in nine epochs. */
function machine(fate: (count: number) => TrainingEnd | undefined = () => undefined): Machine {
  let now = 0;
  const self: Machine = {
    started: [],
    most: 0,
    start(_task, { settings }, onEpoch) {
      self.started.push({ ...settings });
      const count = self.started.length;
      self.most = Math.max(self.most, ++now);
      let stopped = false;
      const run = async (): Promise<TrainingEnd> => {
        const bad = fate(count);
        for (let epoch = 0; epoch < 9 && !bad; epoch++) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          if (stopped) return { kind: 'done', outcome: 'interrupted', test: {}, files: {} };
          const auc = 1 - Math.abs(Number(settings['x']) - 0.3) - 0.05 * (8 - epoch);
          onEpoch({ kind: 'epoch', epoch, validation: { auc }, seconds: 1 });
        }
        return bad ?? { kind: 'done', outcome: 'finished', test: {}, files: {} };
      };
      const ended = run().finally(() => now--);
      return { ended, stop: () => (stopped = true), kill: () => {} };
    },
  };
  return self;
}

const place = (start: StartTraining, more: object = {}) => ({
  out,
  start,
  report: () => {},
  secondsBefore: 0,
  onTrial: async () => {},
  ...more,
});
const records = async (): Promise<TrialRecord[]> => trialsOf(await readJournal(journalFile(out)), plan.watch);

describe('trials', () => {
  test('run side by side; the worse are stopped at the rungs, the validation set alone judges', async () => {
    const own = machine();
    expect(await runTrials(plan, place(own.start))).toBe('finished');
    const trials = await records();
    expect(own.most).toBe(3);
    expect(trials).toHaveLength(12);
    expect(
      own.started.every((settings) => settings['judge'] === 'validation' && settings['refit'] === false),
    ).toBe(true);
    const states = trials.map(({ state }) => state);
    expect(states.filter((state) => state === 'stopped').length).toBeGreaterThan(3);
    for (const { state, epochs } of trials) {
      if (state === 'stopped') expect(epochs).toBeLessThan(9);
      else expect(epochs).toBe(9);
    }
    const best = bestTrial(trials)!;
    expect(best.state).toBe('finished');
    expect(best.bestEpoch).toBe(8);
    expect(best.best).toBeCloseTo(1 - Math.abs(Number(best.values['x']) - 0.3), 12);
  });

  test('without a pruner all come to their end', async () => {
    await runTrials({ ...plan, pruner: 'none' }, place(machine().start));
    expect((await records()).map(({ state }) => state)).toEqual(new Array(12).fill('finished'));
  });

  test('one at a time, the same seed proposes the same', async () => {
    const first = machine();
    await runTrials({ ...plan, parallel: 1 }, place(first.start));
    const second = machine();
    const other = path.join(out, 'other');
    await mkdir(other);
    await runTrials({ ...plan, parallel: 1 }, place(second.start, { out: other }));
    expect(second.started).toEqual(first.started);
  });

  test('one that fails is written down with its code, and the others go on', async () => {
    const failing = machine((count) =>
      count % 3 === 0
        ? { kind: 'failed', code: 'LOSS_NOT_FINITE', message: 'LOSS_NOT_FINITE: …' }
        : undefined,
    );
    await runTrials(plan, place(failing.start));
    const failed = (await records()).filter(({ state }) => state === 'failed');
    expect(failed.map(({ code }) => code)).toEqual(new Array(4).fill('LOSS_NOT_FINITE'));
  });

  test('five that fail alike end it', async () => {
    const hopeless = machine(() => ({
      kind: 'failed',
      code: 'DEVICE_MISSING',
      message: 'DEVICE_MISSING: none.',
    }));
    await expect(runTrials({ ...plan, parallel: 1 }, place(hopeless.start))).rejects.toThrow(
      /^SEARCH_HOPELESS: the first 5 trials all failed alike: DEVICE_MISSING: none\. /,
    );
    expect(await records()).toHaveLength(5);
  });

  test('interrupted, it goes on with the trials that ran and loses none that ended', async () => {
    const controller = new AbortController();
    let ended = 0;
    const onTrial = async () => {
      if (++ended === 4) controller.abort();
    };
    expect(await runTrials(plan, place(machine().start, { signal: controller.signal, onTrial }))).toBe(
      'interrupted',
    );
    const before = await records();
    const over = before.filter(({ state }) => state !== 'running');
    expect(over.length).toBeGreaterThanOrEqual(4);
    expect(before.length).toBeLessThan(12);
    expect(await runTrials(plan, place(machine().start))).toBe('finished');
    const after = await records();
    expect(after).toHaveLength(12);
    for (const trial of over) expect(after).toContainEqual(trial);
    for (const { number, values } of before)
      expect(after.find((one) => one.number === number)!.values).toEqual(values);
  });

  test('when time is over what runs is stopped, and counts', async () => {
    const { trials: _, ...endless } = plan;
    await runTrials({ ...endless, pruner: 'none', minutes: 0.5 / 60 }, place(machine().start));
    const trials = await records();
    expect(trials.length).toBeGreaterThan(0);
    expect(trials.every(({ state }) => state !== 'running')).toBe(true);
    expect(await runTrials({ ...endless, minutes: 1 }, place(machine().start, { secondsBefore: 60 }))).toBe(
      'finished',
    );
    expect(await records()).toHaveLength(trials.length);
  });

  test('a finite space ends when it has been tried', async () => {
    await runTrials({ ...plan, space: { kind: { choices: ['a', 'b', 'c'] } } }, place(machine().start));
    expect(await records()).toHaveLength(3);
  });
});

test('a line that was cut off is passed over, and the next begins on its own', async () => {
  const file = journalFile(out);
  const began = { event: 'began', trial: 1, values: { x: 0.5 }, at: '2026-01-01' } as const;
  await appendEntry(file, began);
  await appendFile(file, '{"event":"ended","tri');
  await appendEntry(file, { event: 'ended', trial: 1, state: 'failed', code: 'X', at: '2026-01-01' });
  expect((await readJournal(file)).map(({ event }) => event)).toEqual(['began', 'ended']);
  expect((await readFile(file, 'utf8')).split('\n')).toHaveLength(4);
  await writeFile(file, 'null\n3\n{"event":"began","trial":-1,"values":{}}\n{"event":"epoch","trial":1}\n');
  expect(await readJournal(file)).toEqual([]);
});

describe('what is shown', () => {
  const shown = async (): Promise<SearchResult> => {
    await runTrials(
      plan,
      place(machine((n) => (n === 5 ? { kind: 'failed', code: 'A', message: '<b>A</b>' } : undefined)).start),
    );
    const trials = await records();
    const best = bestTrial(trials)!;
    return {
      outcome: 'finished',
      plan,
      seconds: 3,
      trials,
      best: { trial: best.number, value: best.best!, values: best.values },
      importance: [{ name: 'x', share: 0.9, trials: 11 }],
      files: {},
    };
  };

  test.each([40, 60, 120])('a table for %i columns', async (columns) => {
    const result = await shown();
    const lines = trialTable(result, columns).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(columns);
    expect(lines.filter((line) => line.includes('*'))).toHaveLength(1);
    expect(lines.join(' ').match(/kind|[ab]/g)!.length).toBeGreaterThanOrEqual(12);
  });

  test('a page without requests, in which nothing is unescaped or missing', async () => {
    const result = await shown();
    const page = searchPage(result);
    expect(page.match(/class="trial"/g)).toHaveLength(11);
    expect(page).not.toMatch(/https?:|<b>|undefined|NaN|Infinity/);
    expect(searchPage({ ...result, trials: [], importance: [] })).toContain('No trial has given a figure');
    const one = result.trials.filter(({ loss }) => loss !== undefined).slice(0, 1);
    expect(searchPage({ ...result, trials: one })).not.toMatch(/NaN|Infinity/);
  });
});
