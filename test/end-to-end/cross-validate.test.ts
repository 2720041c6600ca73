import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { parseDelimited } from '../../src/tasks/dataset/delimited-text.ts';
import { hounsfield, readJson, start, temporaryFolder, tinyPhantom, tinySettings } from './hounsfield.ts';

const folder = temporaryFolder();
const at = (...parts: string[]) => path.join(folder, ...parts);
let data: string;

beforeAll(async () => {
  data = await tinyPhantom(at('phantom'));
});

/** The rows of a CSV as objects. */
function readCsv(file: string): Record<string, string>[] {
  const [head, ...rows] = parseDelimited(readFileSync(file, 'utf8'), ',');
  return rows.map((row) => Object.fromEntries(head!.map((name, i) => [name, row[i]!])));
}

interface StoredFold {
  readonly name: string;
  readonly site?: string;
  readonly test: readonly string[];
  readonly train: readonly string[];
  readonly validation: readonly string[];
}

test('a killed cross-validation goes on, keeps what was finished, and tests every image once', {
  timeout: 240_000,
}, async () => {
  const options = ['--out', at('cv'), '--folds', '3', ...tinySettings];
  const killed = start('cross-validate', data, ...options);
  await killed.says(/fold-01 done[\s\S]*epoch 1\/3/);
  killed.kill('SIGKILL');
  await killed.ended;
  const first = statSync(at('cv', 'fold-01', 'fold.json')).mtimeMs;
  const folds = readFileSync(at('cv', 'folds.json'), 'utf8');

  const twice = await hounsfield('cross-validate', data, ...options);
  expect(twice.err).toContain('CROSS_VALIDATION_EXISTS');

  const resumed = await hounsfield('cross-validate', data, '--out', at('cv'), '--resume');
  expect(resumed.err).not.toMatch(/[A-Z]_[A-Z]+: /);
  expect(resumed.code).toBe(0);
  expect(resumed.out).toMatch(/ROC AUC/);
  expect(Math.max(...resumed.out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  expect(statSync(at('cv', 'fold-01', 'fold.json')).mtimeMs).toBe(first);
  expect(readFileSync(at('cv', 'folds.json'), 'utf8')).toBe(folds);

  const rows = readCsv(at('cv', 'predictions.csv'));
  const ids = readCsv(data).map(({ image }) => image);
  expect(rows.map(({ id }) => id).sort()).toEqual([...ids].sort());
  const stored = JSON.parse(folds) as { folds: StoredFold[] }; // as foldsText writes it
  for (const { id, fold } of rows) expect(stored.folds.find(({ name }) => name === fold)!.test).toContain(id);
  const truths = new Map(readCsv(data).map(({ image, label }) => [image, label]));
  for (const { id, truth } of rows) expect(truth).toBe(truths.get(id!));

  const metrics = readJson(at('cv', 'metrics.json'));
  const aucs = ['fold-01', 'fold-02', 'fold-03'].map(
    (name) => readJson(at('cv', name, 'metrics.json')).test.auc,
  );
  expect(metrics.figures.auc.mean).toBeCloseTo((aucs[0] + aucs[1] + aucs[2]) / 3, 12);
  expect(metrics.figures.auc.pooled.value).toBeGreaterThan(0);
  const right = rows.filter((row) => row['truth'] === row['predicted']).length / rows.length;
  expect(metrics.figures.accuracy.pooled.value).toBeCloseTo(right, 12);
  const called = rows.filter((row) => row['truth'] === 'nodule');
  const found = called.filter((row) => Number(row['probability:nodule']) >= Number(row['threshold']));
  expect(metrics.figures.sensitivity.pooled.value).toBeCloseTo(found.length / called.length, 12);
  const page = readFileSync(at('cv', 'report.html'), 'utf8');
  expect(page).toContain('Mean over folds');
  expect(page).not.toMatch(/undefined|NaN|\[object|src="http|href="http/);
});

test('the same folds with other settings, two processes at a time, and what the difference is', {
  timeout: 240_000,
}, async () => {
  const other = await hounsfield(
    ...['cross-validate', data, '--out', at('other'), '--folds-file', at('cv', 'folds.json')],
    ...['--parallel', '2', ...tinySettings, '--seed', '9', '--language', 'zh'],
  );
  expect(other.err).not.toMatch(/[A-Z]_[A-Z]+: /);
  expect(other.code).toBe(0);
  expect(readFileSync(at('other', 'report.html'), 'utf8')).toContain('交叉验证');
  const compared = await hounsfield('compare-folds', at('cv'), at('other'), '--json');
  const found = JSON.parse(compared.out); // what --json prints
  const [first, second] = [at('cv'), at('other')].map((out) => readJson(path.join(out, 'metrics.json')));
  const auc = found.rows.find(({ name }: { name: string }) => name === 'auc');
  expect(auc.mean).toBeCloseTo(first.figures.auc.mean - second.figures.auc.mean, 12);
  expect(auc.p).toBeGreaterThanOrEqual(0);
  expect(auc.p).toBeLessThanOrEqual(1);
  expect(found.areas[0].first).toBeCloseTo(first.figures.auc.pooled.value, 12);
  expect(found.answers.first).toBeCloseTo(first.figures.accuracy.pooled.value, 12);
  const same = JSON.parse((await hounsfield('compare-folds', at('cv'), at('cv'), '--json')).out);
  expect([same.rows[0].mean, same.rows[0].p, same.areas[0].p, same.answers.p]).toEqual([0, 1, 1, 1]);
});

/** The phantom's patients at three sites; the third has no nodule. */
function withSites(): string {
  const [head, ...rows] = readFileSync(data, 'utf8').trim().split('\n');
  const affected = new Set(rows.filter((row) => row.includes(',nodule,')).map((row) => row.split(',')[2]));
  let sound = 0;
  const sites = new Map<string, string>();
  for (const patient of new Set(rows.map((row) => row.split(',')[2]!)))
    sites.set(patient, !affected.has(patient) && sound++ < 2 ? 'gamma' : sites.size % 2 ? 'alpha' : 'beta');
  const table = path.join(path.dirname(data), 'sites.csv');
  const lines = rows.map((row) => `${row},${sites.get(row.split(',')[2]!)}`);
  writeFileSync(table, [`${head},site`, ...lines].join('\n'));
  return table;
}

test('each is left out in turn; where one has a single class its AUC is not defined', {
  timeout: 240_000,
}, async () => {
  const run = await hounsfield(
    ...[
      'cross-validate',
      withSites(),
      '--out',
      at('sites'),
      '--leave-site-out',
      ...tinySettings,
      '--epochs',
      '1',
    ],
  );
  expect(run.err).toContain('All images of site gamma have the same answer');
  expect(run.code).toBe(0);
  const metrics = readJson(at('sites', 'metrics.json'));
  expect(metrics.folds.map(({ site }: StoredFold) => site)).toEqual(['alpha', 'beta', 'gamma']);
  expect(metrics.folds[2].figures.auc.value).toBeNull();
  expect(metrics.folds[2].figures.accuracy.value).not.toBeNull();
  expect([metrics.figures.auc.folds, metrics.figures.auc.of]).toEqual([2, 3]);
  expect(metrics.pooled.evidence.sites.map(({ site }: StoredFold) => site)).toEqual([
    'alpha',
    'beta',
    'gamma',
  ]);
  const sites = new Map(readCsv(withSites()).map(({ image, site }) => [image, site]));
  for (const { site, train, validation } of readJson(at('sites', 'folds.json')).folds)
    for (const id of [...train, ...validation]) expect(sites.get(id)).not.toBe(site);
  expect(readFileSync(at('sites', 'report.html'), 'utf8')).toContain('id="sites"');
});

test('wrong options end before anything is written', async () => {
  const { code, err } = await hounsfield(
    'cross-validate',
    data,
    '--out',
    at('no'),
    '--folds',
    '16',
    ...tinySettings,
  );
  expect([code, /^([A-Z_]+): /m.exec(err)?.[1]]).toEqual([1, 'FOLD_ONE_CLASS']);
  expect(existsSync(at('no'))).toBe(false);
  const other = await hounsfield('cross-validate', data, '--out', at('no'), '--nested');
  expect(other.err).toMatch(/^CROSS_VALIDATION_OPTIONS: --nested needs --candidates or --space/);
});
