import { describe, expect, test } from 'vitest';
import { formats } from './formats.ts';
import { fuzz } from './fuzz.ts';
import { type Case, makeCase, type Seed } from './mutate.ts';
import { dataSeeds } from './seed-files.ts';

const CASES = 80;
const needsData = new Set(['dicomdir', 'dicom-malformed']);

describe.concurrent.each(Object.keys(formats))('%s', (format) => {
  const present =
    !needsData.has(format) || dataSeeds('pydicom_dicom', { most: 1, largestBytes: 1e6 }).length > 0;
  const skipped = present ? '' : ' (skipped: no pydicom_dicom in HOUNSFIELD_DATA)';
  test.skipIf(!present)(
    `${CASES} spoiled files (seed 1) end in values or coded errors${skipped}`,
    async () => {
      const result = await fuzz({ format, seed: 1, count: CASES });
      expect(result.violations).toEqual([]);
      expect(result.cases).toBe(CASES);
      expect(result.outcomes['values']).toBeGreaterThan(0);
    },
  );
});

describe.concurrent('what may not happen is found', () => {
  test.each([
    ['trap-uncoded', 'uncoded', /RangeError: Invalid typed array length/],
    ['trap-slow', 'slow', /stopped/],
    ['trap-memory', 'memory', /600 MB asked for at once/],
    ['trap-crash', 'crash', /ended/],
    ['trap-waiting', 'crash', /ended/],
  ])('%s', async (format, kind, detail) => {
    const { violations, cases } = await fuzz({ format, seed: 1, count: 5 });
    expect(violations.map(({ index, kind: found }) => [index, found])).toEqual([[2, kind]]);
    expect(violations[0]!.detail).toMatch(detail);
    expect(cases).toBe(5);
  });
});

describe('cases', () => {
  const seeds: readonly Seed[] = [
    { name: 'a', files: [{ name: 'a', bytes: Uint8Array.from({ length: 600 }, (_, i) => i % 256) }] },
    {
      name: 'b',
      files: [
        { name: 'b', bytes: new Uint8Array(0) },
        { name: 'c', bytes: new Uint8Array(3) },
      ],
    },
  ];
  const text = ({ done, files }: Case) => `${done} ${files.map(({ bytes }) => bytes.join())}`;

  test('are made again by format, seed and index', () => {
    const made = (seed: number) => Array.from({ length: 300 }, (_, i) => text(makeCase('x', seeds, seed, i)));
    expect(made(1)).toEqual(made(1));
    expect(made(1)).not.toEqual(made(2));
    expect(new Set(made(1)).size).toBeGreaterThan(200);
  });

  test('are spoiled within the places of a seed, most of them within one alone', () => {
    const [a] = seeds;
    const placed: Seed = { ...a!, places: [[300, 310]] };
    const original = a!.files[0]!.bytes;
    const within = Array.from({ length: 300 }, (_, i) => makeCase('x', [placed], 1, i + 1)).filter(
      ({ files }) => {
        const { bytes } = files[0]!;
        const same = (from: number, to: number) =>
          bytes.subarray(from, to).join() === original.subarray(from, to).join();
        return bytes.length === original.length && same(0, 300) && same(310, 600) && !same(300, 310);
      },
    );
    expect(within.length).toBeGreaterThan(150);
    expect(within.length).toBeLessThan(240);
  });

  test('leave the seeds as they are', () => {
    const before = seeds.map(({ files }) => files.map(({ bytes }) => bytes.join()));
    for (let i = 0; i < 300; i++) makeCase('x', seeds, 1, i);
    expect(seeds.map(({ files }) => files.map(({ bytes }) => bytes.join()))).toEqual(before);
  });
});
