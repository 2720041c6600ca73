import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Dataset, Sample } from './dataset.ts';
import { type NamedParts, takeParts } from './parts.ts';
import { readParts } from './parts-file.node.ts';

/** Images 0 to 11, two of each patient; every other patient has class 1. */
const samples = Array.from({ length: 12 }, (_, i): Sample => {
  const patient = Math.floor(i / 2);
  const source = { kind: 'file', path: `${i}.png` } as const;
  return { id: String(i), source, label: patient % 2, patient: `secret-${patient}` };
});
const dataset: Dataset = {
  name: 'data',
  classes: ['a', 'b'],
  samples,
  stacks: new Map(),
  grouping: 'patient',
  notes: ['before'],
};
const sound: NamedParts = { train: ['0', '1', '2'], validation: ['4', '6'], test: ['8', '11'] };

test('samples go where they are named, the others are left out', () => {
  const { dataset: taken, splits } = takeParts(dataset, sound, 'parts.json');
  const ids = (indices: readonly number[]) => indices.map((index) => taken.samples[index]!.id);
  expect(ids(splits.train)).toEqual(['0', '1', '2']);
  expect(ids(splits.validation)).toEqual(['4', '6']);
  expect(ids(splits.test)).toEqual(['8', '11']);
  expect(splits.origin).toBe('named');
  expect(taken.samples).toHaveLength(7);
  expect(taken.notes).toEqual(['before', '5 images are in no part of parts.json and left out.']);
});

test('nothing need be tested', () => {
  const { train, validation } = sound;
  expect(takeParts(dataset, { train, validation }, 'x').splits.test).toEqual([]);
});

test.each<[string, Partial<NamedParts>, RegExp]>([
  [
    'an unknown id',
    { test: ['8', '11', '99'] },
    /^PARTS_INVALID: p has 1 problem:\n {2}test names '99', which data has not/,
  ],
  [
    'an id twice',
    { test: ['8', '11', '4'] },
    /PARTS_INVALID: .*\n {2}'4' is in validation and again in test/,
  ],
  ['an empty part', { test: [] }, /PARTS_INVALID: .*\n {2}test is empty/],
  [
    'a patient on two sides',
    { test: ['8', '11', '3'] },
    /^SPLIT_LEAK: .*\n {2}'2' \(train\) and '3' \(test\) are of/,
  ],
  ['one class in a part', { test: ['8', '9'] }, /^ONE_CLASS: .*\n {2}test has 2 images with the same answer/],
  [
    'all at once',
    { validation: ['4'], test: ['99', '3', '11'] },
    /^PARTS_INVALID: p has 4 problems:[\s\S]*99[\s\S]*same patient[\s\S]*validation has 1[\s\S]*test has 2/,
  ],
])('%s', (_, change, message) => {
  expect(() => takeParts(dataset, { ...sound, ...change }, 'p')).toThrow(message);
  try {
    takeParts(dataset, { ...sound, ...change }, 'p');
  } catch (error) {
    expect(String(error)).not.toContain('secret');
  }
});

test('validation and test may have one class where the file says so, train may not', () => {
  const parts = { ...sound, test: ['8', '9'], allowOneClass: true };
  expect(takeParts(dataset, parts, 'p').splits.test).toHaveLength(2);
  expect(() => takeParts(dataset, { ...parts, train: ['0', '1'] }, 'p')).toThrow(/ONE_CLASS: .*\n {2}train/);
});

test('labels that are not known do not make two samples differ', () => {
  const rows = [
    [1, Number.NaN],
    [Number.NaN, 0],
    [1, 0],
  ];
  const several: Dataset = {
    ...dataset,
    target: 'labels',
    samples: rows.map((targets, i) => ({ ...samples[2 * i]!, id: String(i), label: 0, targets })),
  };
  expect(() => takeParts(several, { train: ['0', '1'], validation: ['2'] }, 'p')).toThrow(/train has 2/);
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hounsfield-parts-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each([
  ['no JSON', '{ "train"', /cannot be read as parts/],
  ['a list', '[1]', /it holds no object/],
  [
    'numbers',
    '{ "train": [1], "validation": ["a"], "test": "b" }',
    /'train' is no list of names; 'test' is no list/,
  ],
  ['a part missing', '{ "train": ["a"], "test": ["b"] }', /'validation' is missing/],
])('a file with %s', async (name, text, message) => {
  const file = path.join(folder, `${name}.json`);
  await writeFile(file, text);
  await expect(readParts(file, 'test')).rejects.toThrow(/^PARTS_UNREADABLE/);
  await expect(readParts(file, 'test')).rejects.toThrow(message);
});

test('a test part is needed where it is judged', async () => {
  const file = path.join(folder, 'two.json');
  await writeFile(file, JSON.stringify({ train: ['0'], validation: ['2'] }));
  await expect(readParts(file, 'test')).rejects.toThrow(/'test' is missing/);
  expect((await readParts(file, 'validation')).train).toEqual(['0']);
  await expect(readParts(path.join(folder, 'none.json'), 'test')).rejects.toThrow(/PARTS_UNREADABLE/);
});
