import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { peerFixture } from '../../../test/peers/peer-fixture.ts';
import { HounsfieldError } from '../../errors.ts';
import type { Dataset, Sample } from './dataset.ts';
import { type FoldOptions, type Folds, makeFolds } from './folds.ts';
import { type FoldsFile, foldsText, foldsToFile, readFolds } from './folds-file.node.ts';
import { drawFolds } from './split.ts';

interface Row {
  readonly patient: string;
  readonly label: number;
  readonly site?: string;
  readonly targets?: readonly number[];
}

function dataset(rows: readonly Row[], more: Partial<Dataset> = {}): Dataset {
  const samples = rows.map((row, i): Sample => {
    const source = { kind: 'file', path: `/data/${i}.png` } as const;
    return { id: `${i}.png`, source, ...row };
  });
  const classes = Array.from(
    { length: 1 + Math.max(...rows.map(({ label }) => label)) },
    (_, k) => `class ${k}`,
  );
  return { name: 'data', classes, samples, stacks: new Map(), grouping: 'patient', notes: [], ...more };
}

const usual: FoldOptions = {
  scheme: 'k-fold',
  k: 4,
  repeats: 1,
  inner: 0,
  seed: 1,
  stratify: true,
  validation: 0.2,
};

/** Patients of 1 to 4 images at four sites, two classes, plenty of each. */
const mixed = fc
  .array(
    fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 3 })),
    {
      minLength: 40,
      maxLength: 90,
    },
  )
  .map((patients) =>
    dataset(
      [
        ...patients,
        ...Array.from({ length: 48 }, (_, i) => [1, 2 * (i % 2), Math.floor(i / 12)] as const),
      ].flatMap(([count, kind, site], p) =>
        Array.from({ length: count }, (_, i) => ({
          patient: `p${p}`,
          site: `site ${site}`,
          label: kind === 1 ? i % 2 : kind / 2,
        })),
      ),
    ),
  );

/** Parts are whole and apart by patient; each sample is tested once a repeat. */
function expectSound(data: Dataset, { folds, repeats }: Folds): void {
  const all = data.samples.map((_, i) => i);
  for (const { train, validation, test: tested, inner } of folds) {
    expect([...train, ...validation, ...tested].sort((a, b) => a - b)).toEqual(all);
    const patients = [train, validation, tested].map(
      (part) => new Set(part.map((i) => data.samples[i]!.patient)),
    );
    expect(patients[0]!.size + patients[1]!.size + patients[2]!.size).toBe(
      new Set(data.samples.map(({ patient }) => patient)).size,
    );
    const development = [...train, ...validation].sort((a, b) => a - b);
    for (const one of inner)
      expect([...one.train, ...one.validation].sort((a, b) => a - b)).toEqual(development);
    if (inner.length > 0) {
      const held = inner.flatMap((one) => one.validation);
      expect([...held].sort((a, b) => a - b)).toEqual(development);
    }
  }
  for (let repeat = 1; repeat <= repeats; repeat++) {
    const tested = folds.filter((fold) => fold.repeat === repeat).flatMap((fold) => fold.test);
    expect(tested.sort((a, b) => a - b)).toEqual(all);
  }
}

describe('folds (seed 11)', () => {
  test('every sample is tested once a repeat, no patient is on two sides, inner folds too', () => {
    fc.assert(
      fc.property(
        mixed,
        fc.record({
          scheme: fc.constantFrom('k-fold', 'site-k-fold', 'leave-site-out'),
          k: fc.integer({ min: 2, max: 4 }),
          repeats: fc.integer({ min: 1, max: 3 }),
          inner: fc.constantFrom(0, 2, 3),
          seed: fc.nat(1000),
        }),
        (data, options) => {
          const folds = makeFolds(data, { ...usual, ...options });
          expectSound(data, folds);
          expect(makeFolds(data, { ...usual, ...options })).toEqual(folds);
          if (options.scheme === 'k-fold') return;
          for (const { test: tested, train, validation } of folds.folds) {
            const sites = (part: readonly number[]) => new Set(part.map((i) => data.samples[i]!.site));
            for (const site of sites(tested))
              expect([...sites([...train, ...validation])]).not.toContain(site);
          }
        },
      ),
      { seed: 11, numRuns: 40 },
    );
  });

  test('repeats are drawn anew, and the first of several is that of one', () => {
    const data = dataset(Array.from({ length: 40 }, (_, i) => ({ patient: `p${i}`, label: i % 2 })));
    const tests = makeFolds(data, { ...usual, repeats: 3 }).folds.map((fold) => fold.test);
    expect(tests.slice(0, 4)).toEqual(makeFolds(data, usual).folds.map((fold) => fold.test));
    expect(tests.slice(4, 8)).not.toEqual(tests.slice(0, 4));
    expect(tests.slice(8)).not.toEqual(tests.slice(4, 8));
  });

  test('labels that hold together and numbers have folds, too', () => {
    const rows = Array.from({ length: 48 }, (_, i) => ({ patient: `p${i >> 1}`, label: i % 3 }));
    const several = dataset(
      rows.map((row, i) => ({ ...row, targets: [Number(i % 3 === 0), Number(i % 4 === 0)] })),
      { target: 'labels', classes: ['a', 'b'] },
    );
    const numbers = dataset(
      rows.map((row, i) => ({ ...row, targets: [i] })),
      { target: 'value', classes: ['age'] },
    );
    for (const data of [several, numbers]) {
      const folds = makeFolds(data, { ...usual, inner: 2, k: 3 });
      expectSound(data, folds);
    }
    const shares = makeFolds(several, usual).folds.map(
      (fold) => fold.test.filter((i) => several.samples[i]!.targets![0] === 1).length,
    );
    expect(shares).toEqual([4, 4, 4, 4]);
  });
});

interface PeerCase {
  readonly k: number;
  readonly labels: readonly number[];
  readonly patients: readonly number[];
  readonly shuffled: number;
  readonly best: number;
  readonly plain: number;
}

/** As in scripts/peers/folds.py. */
function deviation(labels: readonly number[], folds: readonly (readonly number[])[]): number {
  const classes = [...new Set(labels)];
  const each = classes.map((k) => {
    const all = labels.filter((label) => label === k).length;
    const shares = folds.map((fold) => fold.filter((i) => labels[i] === k).length / all);
    const mean = shares.reduce((a, b) => a + b, 0) / shares.length;
    return Math.sqrt(shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length);
  });
  return each.reduce((a, b) => a + b, 0) / each.length;
}

describe('beside scikit-learn', () => {
  const cases = peerFixture<readonly PeerCase[]>('folds/stratified.json');
  test.each(cases.map((row, i) => [i, row] as const))('case %d: shares as even as its own', (_, peer) => {
    const data = dataset(peer.labels.map((label, i) => ({ label, patient: `p${peer.patients[i]}` })));
    const folds = drawFolds(data, [...peer.labels.keys()], {
      k: peer.k,
      seed: 1,
      stratify: true,
      purpose: 'folds',
    });
    expect(folds.flat().sort((a, b) => a - b)).toEqual([...peer.labels.keys()]);
    const own = deviation(peer.labels, folds);
    expect(own).toBeLessThanOrEqual(Math.min(peer.shuffled, peer.plain) + 1e-9);
  });

  test('leaving one site out tests the same samples', () => {
    const peer = peerFixture<{ sites: string[]; test: number[][] }>('folds/sites.json');
    const data = dataset(peer.sites.map((site, i) => ({ site, label: i % 2, patient: `p${i}` })));
    const folds = makeFolds(data, { ...usual, scheme: 'leave-site-out' });
    expect(folds.folds.map((fold) => [...fold.test])).toEqual(peer.test);
    expect(folds.folds.map(({ site }) => site)).toEqual([...new Set(peer.sites)].sort());
  });
});

const plain = (count: number, site: (i: number) => string = (i) => `s${i % 3}`) =>
  Array.from({ length: count }, (_, i) => ({ patient: `secret-${i}`, label: i % 2, site: site(i) }));

describe('what cannot be', () => {
  const rareRows = Array.from({ length: 24 }, (_, i) => ({ patient: `p${i}`, label: i < 22 ? 0 : 1 }));
  test.each<[string, Dataset, Partial<FoldOptions>, RegExp]>([
    [
      'options',
      dataset(plain(12)),
      { k: 1, repeats: 0, inner: 1, seed: -1, validation: 0 },
      /^FOLDS_INVALID: 1 folds.*0 repeats.*1 inner.*seed -1.*validation share/,
    ],
    ['too many runs', dataset(plain(12)), { k: 4, repeats: 500 }, /^FOLDS_INVALID: .*more than 1000 runs/],
    ['more folds than patients', dataset(plain(6)), { k: 7 }, /^TOO_FEW_PATIENTS/],
    [
      'a fold with one class',
      dataset(rareRows),
      { k: 4 },
      /^FOLD_ONE_CLASS: [\s\S]*fold-0\d: 6 images for test[\s\S]*fewer folds/,
    ],
    [
      'no sites',
      dataset(plain(12).map(({ patient, label }) => ({ patient, label }))),
      { scheme: 'leave-site-out' },
      /^FOLD_SITES: 12 of 12 images/,
    ],
    [
      'a site missing',
      dataset(plain(12).map((row, i) => (i === 3 ? { patient: row.patient, label: 1 } : row))),
      { scheme: 'site-k-fold' },
      /^FOLD_SITES: 1 of 12/,
    ],
    [
      'fewer sites than folds',
      dataset(plain(24)),
      { scheme: 'site-k-fold', k: 4 },
      /^FOLD_SITES: data has 3 sites/,
    ],
    [
      'a patient at two sites',
      dataset(plain(24).map((row, i) => ({ ...row, patient: `secret-${i % 12}`, site: `s${i % 5}` }))),
      { scheme: 'leave-site-out' },
      /^SPLIT_LEAK: .*same patient at two sites/,
    ],
    [
      'one class left for training',
      dataset(plain(24, (i) => (i % 2 ? 'a' : 'b'))),
      { scheme: 'leave-site-out' },
      /^FOLD_ONE_CLASS: [\s\S]*fold-01 \(site a\): 10 images for training/,
    ],
  ])('%s', (_, data, change, message) => {
    const attempt = () => makeFolds(data, { ...usual, ...change });
    expect(attempt).toThrow(message);
    try {
      attempt();
    } catch (error) {
      expect(String(error)).not.toContain('secret');
    }
  });

  test('a site with one class is tested all the same, with a warning', () => {
    const data = dataset(plain(36, (i) => (i % 2 === 0 && i < 12 ? 'a' : i % 3 ? 'b' : 'c')));
    const { folds, warnings } = makeFolds(data, { ...usual, scheme: 'leave-site-out' });
    expect(folds).toHaveLength(3);
    expect(warnings[0]).toMatch(/^All images of site a have the same answer/);
  });

  test('sites that share a patient stay together, and so do copies', () => {
    const rows = plain(40, (i) => `s${(i >> 1) % 4}`).map((row, i) =>
      [0, 2].includes(i) ? { ...row, patient: 'both' } : row,
    );
    const data = dataset(rows);
    for (const { test: tested } of makeFolds(data, { ...usual, scheme: 'site-k-fold', k: 3 }).folds) {
      const sites = new Set(tested.map((i) => data.samples[i]!.site));
      expect(sites.has('s0')).toBe(sites.has('s1'));
    }
  });

  test('a rare class among others is told, not refused', () => {
    const rows = Array.from({ length: 40 }, (_, i) => ({ patient: `p${i}`, label: i < 3 ? 2 : i % 2 }));
    const { warnings } = makeFolds(dataset(rows), { ...usual, k: 5 });
    expect(warnings.join()).toMatch(/'class 2' is missing from the test part of fold-0\d/);
  });
});

describe('folds.json', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'hounsfield-folds-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const data = dataset(plain(48));
  const made = makeFolds(data, { ...usual, repeats: 2, inner: 2 });
  const store = async (name: string, file: unknown) => {
    const place = path.join(folder, `${name}.json`);
    await writeFile(place, typeof file === 'string' ? file : JSON.stringify(file));
    return place;
  };

  test('is read back as it was written, and by people', async () => {
    const text = foldsText(foldsToFile(data, made));
    const place = await store('whole', text);
    expect(await readFolds(place, data)).toEqual(made);
    expect(await readFile(place, 'utf8')).toMatch(/"test": \["\d+\.png", /);
    expect(text.split('\n').length).toBeLessThan(260);
    expect(text).not.toContain('secret');
    const sites = makeFolds(data, { ...usual, scheme: 'leave-site-out' });
    expect(await readFolds(await store('sites', foldsToFile(data, sites)), data)).toEqual(sites);
  });

  test('the least that a person has to write', async () => {
    const { folds } = foldsToFile(data, makeFolds(data, usual));
    const bare = folds.map(({ name, train, validation, test: tested }) => ({
      name,
      train,
      validation,
      test: tested,
    }));
    const read = await readFolds(await store('bare', { folds: bare }), data);
    expect(read).toMatchObject({ scheme: 'k-fold', k: 4, repeats: 1, inner: 0 });
  });

  type Change = (file: FoldsFile) => unknown;
  const first =
    (change: (fold: FoldsFile['folds'][number]) => object): Change =>
    (file) => ({
      ...file,
      folds: file.folds.map((fold, i) => (i === 0 ? { ...fold, ...change(fold) } : fold)),
    });
  test.each<[string, Change, RegExp]>([
    ['no JSON', () => '{', /^PARTS_UNREADABLE/],
    ['no folds', () => ({ folds: [] }), /^FOLDS_FILE_INVALID: .*\n.*'folds' is no list/],
    [
      'wrong form',
      first(() => ({ name: '../x', train: [1] })),
      /^FOLDS_FILE_INVALID: [\s\S]*'train' is no list of names[\s\S]*'name' is no word/,
    ],
    [
      'a name twice',
      first(() => ({ name: 'fold-02' })),
      /FOLDS_FILE_INVALID: .*\n.*'fold-02' is the name of another/,
    ],
    [
      'an id of other data',
      first(({ test: own }) => ({ test: [...own, 'x.png'] })),
      /^FOLDS_OTHER_DATA: .*1 images that data has not \(x\.png\)/,
    ],
    [
      'other labels',
      (file) => ({ ...file, data: { ...file.data, fingerprint: '00' } }),
      /^FOLDS_OTHER_DATA: .*labels/,
    ],
    [
      'a sample on two sides',
      first(({ test: own, train }) => ({ train: [...train, own[0]!] })),
      /^FOLDS_FILE_INVALID: [\s\S]*is in train and in test/,
    ],
    [
      'a sample never tested',
      first(({ test: own }) => ({ test: own.slice(1) })),
      /^FOLDS_FILE_INVALID: [\s\S]*1 images are never tested in repeat 1/,
    ],
    [
      'an empty part',
      first(() => ({ validation: [] })),
      /^FOLDS_FILE_INVALID: [\s\S]*fold-01: validation is empty/,
    ],
  ])('%s', async (name, change, message) => {
    const place = await store(`wrong ${name}`, change(foldsToFile(data, made)));
    await expect(readFolds(place, data)).rejects.toThrow(message);
  });

  test('images that are missing, and a patient on two sides', async () => {
    const place = await store('fewer', foldsToFile(data, made));
    await expect(readFolds(place, dataset([...plain(48), ...plain(2)]))).rejects.toThrow(
      /not 2 images of it/,
    );
    const one = dataset(plain(48).map((row) => ({ ...row, patient: `secret-${row.patient.endsWith('1')}` })));
    await expect(readFolds(place, one)).rejects.toThrow(/^SPLIT_LEAK: [\s\S]*fold-01: \d+\.png and/);
  });

  test('spoiled anywhere, it ends in folds or in a coded error (seed 12)', async () => {
    const small = dataset(plain(12));
    const text = foldsText(foldsToFile(small, makeFolds(small, { ...usual, k: 2, inner: 2 })));
    const spoil = fc.tuple(
      fc.nat(text.length - 1),
      fc.constantFrom('', '0', '"', '[', ']', '}', ',', '-', 'null', '1e9'),
      fc.nat(9),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(spoil, { minLength: 1, maxLength: 4 }), async (changes) => {
        let spoiled = text;
        for (const [place, put, cut] of changes)
          spoiled = spoiled.slice(0, place) + put + spoiled.slice(place + cut);
        const file = await store('spoiled', spoiled);
        const end = await readFolds(file, small).catch((error: unknown) => error);
        if (end instanceof Error) expect(end).toBeInstanceOf(HounsfieldError);
        else expectSound(small, end as Folds); // not an error
      }),
      { seed: 12, numRuns: 300 },
    );
  });
});
