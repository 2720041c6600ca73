import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { hounsfield, readJson, start, temporaryFolder, tinyPhantom, tinySettings } from './hounsfield.ts';

const folder = temporaryFolder();
const out = path.join(folder, 'search');
const space = path.join(folder, 'space.ts');
let data: string;

beforeAll(async () => {
  data = await tinyPhantom(path.join(folder, 'phantom'));
  writeFileSync(
    space,
    `import type { SearchSpace } from 'hounsfield/learning';
export default {
  lr: { type: 'float', low: 1e-4, high: 1e-2, scale: 'log' },
  optimizer: { choices: ['sgd', 'adamw'] },
  momentum: { type: 'float', low: 0.5, high: 0.95, when: { optimizer: 'sgd' } },
  'augment.rotateDegrees': { type: 'float', low: 0, high: 30 },
} satisfies SearchSpace;`,
  );
});

interface Stored {
  readonly outcome: string;
  readonly trials: readonly { readonly number: number; readonly state: string; readonly best?: number }[];
  readonly winner: { readonly trial: number; readonly test: Readonly<Record<string, number>> };
}

const journal = () => readFileSync(path.join(out, 'trials.jsonl'), 'utf8').split('\n');
const ended = () => journal().filter((line) => line.includes('"event":"ended"'));

test('a search that is killed goes on, loses no trial, and tests the winner once', {
  timeout: 240_000,
}, async () => {
  const options = ['--out', out, '--trials', '5', '--parallel', '2', ...tinySettings];
  const killed = start('search', data, '--space', space, ...options);
  await killed.says(/trial \d+: auc/);
  killed.kill('SIGKILL');
  await killed.ended;
  const before = ended();
  expect(before.length).toBeGreaterThanOrEqual(1);

  const twice = await hounsfield('search', data, '--space', space, ...options);
  expect(twice.err).toContain('SEARCH_EXISTS');

  const resumed = await hounsfield('search', data, '--out', out, '--resume', '--json');
  expect(resumed.err).not.toMatch(/[A-Z]_[A-Z]+: /);
  expect(resumed.code).toBe(0);
  const result = JSON.parse(resumed.out) as Stored; // what --json prints
  expect(result.trials.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5]);
  expect(result.trials.filter(({ state }) => state === 'failed')).toEqual([]);
  for (const line of before) expect(ended()).toContain(line);
  for (const { number } of result.trials) {
    const config = readJson(path.join(out, 'trials', String(number).padStart(4, '0'), 'config.json'));
    expect(config.judge).toBe('validation');
  }
  const winner = readJson(path.join(out, 'winner', 'config.json'));
  expect([winner.judge, winner.refit]).toEqual(['test', true]);
  expect(result.winner.test['auc']).toBeGreaterThanOrEqual(0);
  expect(readJson(path.join(out, 'search.json')).outcome).toBe('finished');
});

test('what is wrong with a space is told at once, before any image is opened', async () => {
  const wrong = path.join(folder, 'wrong.json');
  writeFileSync(
    wrong,
    JSON.stringify({
      lr: { type: 'float', low: 0.1, high: 0.01 },
      momentum: { type: 'float', low: 0, high: 2 },
      weightDecay: { type: 'float', low: 0, high: 1, scale: 'log' },
      optimizer: { choices: [] },
      rate: { choices: [1] },
    }),
  );
  const { code, err } = await hounsfield(
    'search',
    data,
    '--space',
    wrong,
    '--out',
    path.join(folder, 'none'),
  );
  expect(code).toBe(1);
  expect(err).toMatch(/^SEARCH_SPACE: /);
  for (const part of [
    'low 0.1 is above high 0.01',
    'momentum is 2',
    'has no logarithm',
    'choices is empty',
    "'rate' is not a setting",
  ]) {
    expect(err).toContain(part);
  }
});

test('nothing to resume', async () => {
  const empty = path.join(folder, 'empty');
  mkdirSync(empty);
  const { code, err } = await hounsfield('search', data, '--out', empty, '--resume');
  expect([code, err.split(':')[0]]).toEqual([1, 'SEARCH_MISSING']);
});
