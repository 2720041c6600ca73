import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writePhantomDataset } from '../dataset/phantom-files.node.ts';
import { prepareData } from './prepare.node.ts';
import { completeSettings } from './settings.ts';

let folder: string;
let table: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hounsfield-prepare-'));
  const manifest = await writePhantomDataset(folder, {
    seed: 5,
    patients: 12,
    slicesPerPatient: 2,
    size: 24,
  });
  const [head, ...rows] = (await readFile(manifest, 'utf8')).trim().split('\n');
  // Validation gets the images of one class only, each of a patient of its own.
  const split = rows.map(
    (row, i) =>
      `${row}-${i},${row.includes(',clear,') && i % 3 === 0 ? 'validation' : i % 3 === 1 ? 'test' : 'train'}`,
  );
  table = path.join(folder, 'given.csv');
  await writeFile(table, [`${head},split`, ...split].join('\n'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const settings = (watch: string) =>
  completeSettings({ network: 'small-cnn', watch, allowDuplicates: 'near', patientPattern: undefined });

test('AUC that cannot choose an epoch is refused before training', async () => {
  await expect(prepareData(table, settings('auc'), () => {})).rejects.toThrow(
    /WATCH_UNDEFINED: no validation image is of class 'nodule'/,
  );
});

test('another figure can', async () => {
  const data = await prepareData(table, settings('loss'), () => {});
  expect(data.splits.validation.length).toBeGreaterThan(0);
  expect(data.trainCounts.every((count) => count > 0)).toBe(true);
});
