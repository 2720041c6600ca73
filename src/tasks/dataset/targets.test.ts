import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeNpz } from '../../imaging/formats/npz.ts';
import { RandomStream } from '../../random.ts';
import type { Dataset, Sample } from './dataset.ts';
import { duplicateConflicts } from './duplicates.ts';
import type { LoadOptions } from './load-options.ts';
import { loadDataset } from './manifest.node.ts';
import { kFold, splitDataset } from './split.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'hounsfield-targets-'));
});
afterEach(() => rm(root, { recursive: true }));

/** A table whose first column names images, which are made. */
async function table(header: string, rows: readonly string[], options: LoadOptions = {}): Promise<Dataset> {
  await mkdir(root, { recursive: true });
  for (let i = 0; i < rows.length; i++) await writeFile(path.join(root, `${i}.png`), '');
  const lines = rows.map((row, i) => `${i}.png,${row}`);
  await writeFile(path.join(root, 'manifest.csv'), [`image,${header}`, ...lines].join('\n'));
  return loadDataset(root, options);
}

const targets = ({ samples }: Dataset) => samples.map((sample) => sample.targets);

describe('several labels', () => {
  test.each([['mass;effusion'], ['mass|effusion'], ['effusion ; mass']])('joined: %s', async (cell) => {
    const data = await table('label', [`"${cell}"`, 'mass', 'No Finding', 'none']);
    expect([data.target, data.classes]).toEqual(['labels', ['effusion', 'mass']]);
    expect(targets(data)).toEqual([
      [1, 1],
      [0, 1],
      [0, 0],
      [0, 0],
    ]);
    expect(data.notes.join(' ')).toMatch(/--target class each cell is one class/);
    expect(data.samples.map(({ label }) => label)).toEqual([1, 2, 0, 0]);
  });

  test('a column a label, unknown where empty or -1, sites told apart', async () => {
    const data = await table('site,label:Mass,label:Effusion', ['a,1,0', 'b,0,', 'a,-1,1.0', 'b,0,0']);
    expect([data.target, data.classes]).toEqual(['labels', ['Mass', 'Effusion']]);
    expect(targets(data)).toEqual([
      [1, 0],
      [0, Number.NaN],
      [Number.NaN, 1],
      [0, 0],
    ]);
    expect(data.samples.map(({ site }) => site)).toEqual(['a', 'b', 'a', 'b']);
    expect(data.notes.join(' ')).toMatch(/2 labels are not known/);
  });

  test('classes as a model has them: a column that is missing is not known', async () => {
    const data = await table('label:Mass', ['1', '0'], { target: 'labels', classes: ['Effusion', 'Mass'] });
    expect(targets(data)).toEqual([
      [Number.NaN, 1],
      [Number.NaN, 0],
    ]);
  });

  test('a label that all images have is told of', async () => {
    const data = await table('label:a,label:b', ['1,1', '0,1']);
    expect(data.notes.join(' ')).toMatch(/All images or none have 'b'/);
  });
});

describe('grades and numbers', () => {
  test.each([
    ['numbers', ['2', '0', '10'], undefined, Array.from({ length: 11 }, (_, k) => String(k)), [2, 0, 10]],
    ['a word before', ['KL 1', 'KL 0', 'KL 3'], undefined, ['KL 0', 'KL 1', 'KL 2', 'KL 3'], [1, 0, 3]],
    ['Roman', ['IV', 'I', 'II'], undefined, ['I', 'II', 'IV'], [2, 0, 1]],
    [
      'words in order',
      ['mild', 'none', 'severe'],
      ['none', 'mild', 'severe'],
      ['none', 'mild', 'severe'],
      [1, 0, 2],
    ],
  ])('grades: %s', async (_, cells, classes, grades, labels) => {
    const data = await table('grade', cells, classes ? { classes } : {});
    expect([data.target, data.classes]).toEqual(['grade', grades]);
    expect(data.samples.map(({ label }) => label)).toEqual(labels);
  });

  test('numbers with names and units', async () => {
    const data = await table('value:age (years),value:Weight [kg]', ['61,70.5', '40,', '5,12']);
    expect([data.target, data.classes, data.units]).toEqual(['value', ['age', 'Weight'], ['years', 'kg']]);
    expect(targets(data)).toEqual([
      [61, 70.5],
      [40, Number.NaN],
      [5, 12],
    ]);
  });

  test('a label column of measurements beyond doubt', async () => {
    const cells = Array.from({ length: 15 }, (_, i) => String(3.1 + 0.37 * i));
    expect((await table('label', cells)).target).toBe('value');
    expect((await table('label', cells, { target: 'class' })).target).toBeUndefined();
  });
});

const many = Array.from({ length: 25 }, (_, i) => String(i));
test.each<[string, string, readonly string[], LoadOptions, RegExp]>([
  ['TARGET_AMBIGUOUS', 'label', many, {}, /25 different numbers as labels.*--target value/],
  ['TARGET_AMBIGUOUS', 'label', ['0', '0.5', '1', '2'], {}, /4 different numbers/],
  ['TARGET_AMBIGUOUS', 'grade,value', ['1,2', '2,3'], {}, /'grade', 'value'/],
  ['TARGET_MISSING', 'grade', ['1', '2'], { target: 'value' }, /It needs a column 'value'/],
  ['GRADE_ORDER', 'grade', ['mild', 'severe'], {}, /--classes none,mild,severe/],
  ['MANIFEST_INVALID', 'label', ['"mass;none"', 'mass'], {}, /says that there is none, and names some/],
  ['MANIFEST_INVALID', 'label:a', ['2', '1'], {}, /row 2: label 'a' is '2'/],
  ['MANIFEST_INVALID', 'value', ['"1,5"', '2'], {}, /write a decimal point/],
  ['MANIFEST_INVALID', 'value', ['', '2'], {}, /leave the image out/],
  ['MANIFEST_INVALID', 'grade', ['', '2'], {}, /grade empty/],
  ['LABEL_UNKNOWN', 'label', ['"a;b"', 'a'], { classes: ['a'] }, /label 'b' is not among a/],
  ['ONE_CLASS', 'label:a', ['1', '1'], {}, /no label that some images have/],
  ['VALUE_CONSTANT', 'value', ['3', '3'], {}, /the same 'value'/],
])('%s: %s', async (code, header, rows, options, message) => {
  await expect(table(header, rows, options)).rejects.toThrow(new RegExp(`^${code}: `));
  await expect(table(header, rows, options)).rejects.toThrow(message);
});

describe('.npz', () => {
  const images = (n: number) => ({ shape: [n, 2, 2], data: new Uint8Array(4 * n) });
  const put = async (name: string, labels: { shape: number[]; data: Uint8Array | Float32Array }) => {
    const file = path.join(root, name);
    const arrays = { train_images: images(labels.shape[0]!), train_labels: labels };
    await writeFile(file, encodeNpz(arrays));
    return file;
  };

  test('several labels, as ChestMNIST', async () => {
    const data = await loadDataset(
      await put('chestmnist.npz', { shape: [3, 2], data: Uint8Array.of(1, 1, 0, 1, 0, 0) }),
    );
    expect([data.target, data.classes]).toEqual(['labels', ['0', '1']]);
    expect(targets(data)).toEqual([
      [1, 1],
      [0, 1],
      [0, 0],
    ]);
  });

  test('grades, as RetinaMNIST; classes when asked for', async () => {
    const file = await put('retinamnist_64.npz', { shape: [3, 1], data: Uint8Array.of(0, 4, 2) });
    expect((await loadDataset(file)).target).toBe('grade');
    expect((await loadDataset(file, { target: 'class' })).target).toBeUndefined();
  });

  test('numbers when asked for', async () => {
    const file = await put('ages.npz', { shape: [2], data: Float32Array.of(1.5, 2.5) });
    expect(targets(await loadDataset(file, { target: 'value' }))).toEqual([[1.5], [2.5]]);
  });
});

/** Patients of 1 to 4 images with rare and common labels. */
function labelled(count: number): Dataset {
  const random = new RandomStream({ seed: 5, purpose: 'labelled' });
  const samples: Sample[] = [];
  for (let patient = 0; patient < count; patient++) {
    for (let image = 0; image <= random.integer(4); image++) {
      const row = [0.5, 0.25, 0.08].map((prior) => Number(random.chance(prior)));
      const id = `${patient}-${image}`;
      samples.push({
        id,
        source: { kind: 'file', path: id },
        label: 0,
        targets: row,
        patient: `p${patient}`,
      });
    }
  }
  const rest = { stacks: new Map(), grouping: 'patient', notes: [] } as const;
  return { name: 'data', target: 'labels', classes: ['a', 'b', 'c'], samples, ...rest };
}

describe('splits', () => {
  test('labels keep their shares in every part, patients stay together', () => {
    const data = labelled(300);
    const parts = splitDataset(data, 3);
    const share = (indices: readonly number[], k: number) =>
      indices.filter((index) => data.samples[index]!.targets![k] === 1).length / indices.length;
    const all = data.samples.map((_, i) => i);
    for (const indices of [parts.train, parts.validation, parts.test]) {
      for (const k of [0, 1, 2]) expect(Math.abs(share(indices, k) - share(all, k))).toBeLessThan(0.02);
    }
    const sides = ['train', 'validation', 'test'] as const;
    const patients = sides.map((name) => new Set(parts[name].map((i) => data.samples[i]!.patient)));
    expect(patients.reduce((sum, set) => sum + set.size, 0)).toBe(300);
    expect(splitDataset(data, 3)).toEqual(parts);
    expect(splitDataset(data, 4).train).not.toEqual(parts.train);
    expect(kFold(data, all, 5, 1).map(({ validation }) => share(validation, 2) > 0)).toEqual(
      Array(5).fill(true),
    );
  });

  test('numbers: every part has low and high ones', async () => {
    const cells = Array.from({ length: 120 }, (_, i) => `${i},p${i % 60}`);
    const data = await table('value,patient', cells);
    const { test: tested } = splitDataset(data, 2);
    const values = tested.map((index) => data.samples[index]!.targets![0]!);
    expect(Math.min(...values)).toBeLessThan(30);
    expect(Math.max(...values)).toBeGreaterThan(90);
  });

  test('a label that too few patients have', () => {
    const data = labelled(60);
    const rare = data.samples.map((sample, i) => ({ ...sample, targets: [i % 2, Number(i === 0), 0] }));
    expect(() => splitDataset({ ...data, samples: rare }, 1)).toThrow(/^TOO_FEW_PATIENTS: .*'b' has 1/);
  });
});

test('one picture with two different numbers is a conflict, with an unknown one it is none', () => {
  const base = labelled(1).samples[0]!;
  const sample = (targets: number[]): Sample => ({ ...base, targets });
  const data = { ...labelled(1), target: 'value' as const };
  const pairs = [{ first: 0, second: 1, kind: 'exact', correlation: 1 }] as const;
  const crossed = (a: number[], b: number[]) =>
    duplicateConflicts({ ...data, samples: [sample(a), sample(b)] }, pairs).length;
  expect([crossed([1, 2], [1, 3]), crossed([1, 2], [1, Number.NaN]), crossed([1], [1])]).toEqual([1, 0, 0]);
});
