import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Dataset, Sample, SplitName } from './dataset.ts';
import { DEFAULT_FRACTIONS, kFold, splitDataset } from './split.ts';
import { samplesHash, splitHashes } from './split-hash.node.ts';

function dataset(rows: readonly (readonly [patient: string, label: number, split?: SplitName])[]): Dataset {
  const samples = rows.map(([patient, label, split], i): Sample => {
    const source = { kind: 'file', path: `/data/${i}.png` } as const;
    return { id: `${i}.png`, source, label, patient, ...(split ? { split } : {}) };
  });
  const classes = Array.from(
    { length: Math.max(...rows.map(([, label]) => label)) + 1 },
    (_, k) => `class ${k}`,
  );
  return { name: 'data', classes, samples, stacks: new Map(), grouping: 'patient', notes: [] };
}

/** Patients of 1..6 images, two thirds of class 0, some with both classes. */
const mixed = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 5 })), {
    minLength: 40,
    maxLength: 200,
  })
  .map((patients) =>
    dataset([
      ...patients.flatMap(([count, kind], p) =>
        Array.from({ length: count }, (_, i) => [`p${p}`, kind === 5 ? i % 2 : kind < 3 ? 0 : 1] as const),
      ),
      ...Array.from({ length: 6 }, (_, p) => [`q${p}`, p % 2] as const),
    ]),
  );

describe('a drawn split (seed 8)', () => {
  test('is whole, apart by patient, stratified and repeatable', () => {
    fc.assert(
      fc.property(mixed, fc.nat(1000), (data, seed) => {
        const splits = splitDataset(data, seed);
        const parts = [splits.train, splits.validation, splits.test];
        expect(parts.flat().sort((a, b) => a - b)).toEqual(data.samples.map((_, i) => i));
        const partOf = new Map<string, number>();
        for (const [part, indices] of parts.entries()) {
          for (const index of indices) {
            const { patient } = data.samples[index]!;
            expect(partOf.get(patient) ?? part).toBe(part);
            partOf.set(patient, part);
          }
        }
        for (const label of [0, 1]) {
          const total = data.samples.filter((sample) => sample.label === label).length;
          for (const [part, share] of [0.7, 0.15, 0.15].entries()) {
            const own = parts[part]!.filter((index) => data.samples[index]!.label === label).length;
            expect(own).toBeGreaterThan(0);
            expect(Math.abs(own - share * total)).toBeLessThanOrEqual(6);
          }
        }
        expect(splitDataset(data, seed)).toEqual(splits);
      }),
      { seed: 8, numRuns: 60 },
    );
  });

  test('single images: every class at its share to within one image, and another seed draws otherwise', () => {
    const data = dataset(Array.from({ length: 1000 }, (_, i) => [`p${i}`, i % 10 === 0 ? 1 : 0] as const));
    const splits = splitDataset(data, 1);
    const rare = (indices: readonly number[]) => indices.filter((i) => data.samples[i]!.label === 1).length;
    expect([rare(splits.train), rare(splits.validation), rare(splits.test)]).toEqual([70, 15, 15]);
    expect(splits.test.length).toBe(150);
    expect(splitDataset(data, 2).test).not.toEqual(splits.test);
  });

  test('a class of three patients is in every part', () => {
    const rows = Array.from({ length: 60 }, (_, i) => [`p${i}`, i < 3 ? 1 : 0] as const);
    const splits = splitDataset(dataset(rows), 3);
    for (const part of [splits.train, splits.validation, splits.test])
      expect(part.some((i) => i < 3)).toBe(true);
  });

  test('a fraction of zero leaves a part empty', () => {
    const data = dataset(Array.from({ length: 20 }, (_, i) => [`p${i}`, i % 2] as const));
    expect(splitDataset(data, 0, { train: 0.5, validation: 0.5, test: 0 }).test).toEqual([]);
  });
});

describe('a given split', () => {
  test('is kept', () => {
    const data = dataset([
      ['a', 0, 'train'],
      ['b', 1, 'train'],
      ['c', 0, 'validation'],
      ['d', 1, 'test'],
    ]);
    expect(splitDataset(data, 0)).toEqual({ train: [0, 1], validation: [2], test: [3], origin: 'given' });
  });

  test('without validation takes it from train', () => {
    const data = dataset(
      Array.from({ length: 100 }, (_, i) => [`p${i}`, i % 2, i < 85 ? 'train' : 'test'] as const),
    );
    const splits = splitDataset(data, 0);
    expect(splits.origin).toBe('completed');
    expect(splits.test).toEqual(Array.from({ length: 15 }, (_, i) => 85 + i));
    expect(splits.validation.length).toBe(15);
    expect(splits.train.length).toBe(70);
  });
});

describe('errors', () => {
  const enough = dataset(Array.from({ length: 20 }, (_, i) => [`p${i}`, i % 2] as const));
  test.each([
    [
      'TOO_FEW_PATIENTS',
      dataset([
        ['a', 0],
        ['a', 0],
        ['b', 0],
        ['c', 0],
        ['d', 1],
        ['d', 1],
        ['d', 1],
      ]),
      DEFAULT_FRACTIONS,
      /need at least 3 patients of each class; 'class 1' has 1/,
    ],
    [
      'SPLIT_INCOMPLETE',
      dataset([
        ['a', 0, 'train'],
        ['b', 1],
      ]),
      DEFAULT_FRACTIONS,
      /1 of 2 images of data have no split/,
    ],
    [
      'SPLIT_INCOMPLETE',
      dataset([
        ['a', 0, 'test'],
        ['b', 1, 'test'],
      ]),
      DEFAULT_FRACTIONS,
      /no image is in train/,
    ],
    [
      'SPLIT_LEAK',
      dataset([
        ['a', 0, 'train'],
        ['b', 1, 'train'],
        ['a', 0, 'test'],
      ]),
      DEFAULT_FRACTIONS,
      /0.png \(train\) and 2.png \(test\)/,
    ],
    ['SPLIT_FRACTIONS', enough, { train: 0.5, validation: 0.2, test: 0.2 }, /together they are 1/],
    ['SPLIT_FRACTIONS', enough, { train: 0, validation: 0.5, test: 0.5 }, /train above 0/],
  ])('%s', (code, data, fractions, reason) => {
    expect(() => splitDataset(data, 0, fractions)).toThrow(reason);
    expect(() => splitDataset(data, 0, fractions)).toThrow(new RegExp(`^${code}: `));
  });

  test('no patient is named', () => {
    const data = dataset([
      ['Jane Doe', 0, 'train'],
      ['b', 1, 'train'],
      ['Jane Doe', 0, 'test'],
    ]);
    expect(() => splitDataset(data, 0)).not.toThrow(/Jane/);
  });
});

test('k folds cover all once, apart by patient (seed 9)', () => {
  fc.assert(
    fc.property(mixed, fc.integer({ min: 2, max: 3 }), (data, k) => {
      const all = data.samples.map((_, i) => i);
      const folds = kFold(data, all, k, 5);
      expect(folds.flatMap((fold) => fold.validation).sort((a, b) => a - b)).toEqual(all);
      for (const { train, validation } of folds) {
        expect(train.length + validation.length).toBe(all.length);
        const patients = new Set(train.map((i) => data.samples[i]!.patient));
        expect(validation.some((i) => patients.has(data.samples[i]!.patient))).toBe(false);
      }
    }),
    { seed: 9, numRuns: 30 },
  );
  expect(() =>
    kFold(
      dataset([
        ['a', 0],
        ['b', 1],
      ]),
      [0, 1],
      1,
      0,
    ),
  ).toThrow(/^SPLIT_FRACTIONS: 1 folds/);
});

test('the hash of a part depends on which images, not on their order', () => {
  const data = dataset([
    ['a', 0],
    ['b', 1],
    ['c', 0],
  ]);
  expect(samplesHash(data, [2, 0])).toBe(samplesHash(data, [0, 2]));
  expect(samplesHash(data, [0, 2])).toBe(createHash('sha256').update('0.png\n2.png').digest('hex'));
  const hashes = splitHashes(data, { train: [0], validation: [1], test: [2], origin: 'given' });
  expect(new Set(Object.values(hashes)).size).toBe(3);
});
