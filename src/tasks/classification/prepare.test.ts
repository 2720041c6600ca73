import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { encode } from 'fast-png';
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

/** Pictures of two classes, 16 x 16, values up to `largest`. */
async function pictures(name: string, depth: 8 | 16, largest: number): Promise<string> {
  const data = path.join(folder, name);
  for (const [k, label] of ['a', 'b'].entries()) {
    await mkdir(path.join(data, label), { recursive: true });
    for (let i = 0; i < 8; i++) {
      const value = (_: unknown, at: number) => ((at * (2 * i + k + 3)) % 31) * (largest / 30);
      const values = Array.from({ length: 256 }, value);
      const pixels = depth === 8 ? Uint8Array.from(values) : Uint16Array.from(values);
      await writeFile(
        path.join(data, label, `${i}.png`),
        encode({ width: 16, height: 16, channels: 1, depth, data: pixels }),
      );
    }
  }
  return data;
}

test.each([
  ['8 bits: what the bits allow', 8, 240, (value: number) => value],
  ['16 bits, of which a scanner filled 12: their own', 16, 2400, (value: number) => value / 10],
] as const)('the scale that Caffe’s way is applied to, %s', async (name, depth, largest, shown) => {
  const data = await pictures(name.slice(0, 7), depth, largest);
  const given = completeSettings({ network: 'small-cnn', normalise: 'caffe', allowDuplicates: 'near' });
  const { input } = await prepareData(data, given, () => {});
  // Half of the largest value is near the middle, and a deviation of natural pictures is 0.226 of 255.
  const grey = (value: number) => (value - shown(input.mean[0]!)) / shown(input.standardDeviation[0]!);
  expect(Math.abs(grey(120))).toBeLessThan(20);
  expect(grey(240) - grey(0)).toBeGreaterThan(150);
});
