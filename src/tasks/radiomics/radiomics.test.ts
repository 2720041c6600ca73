import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parquetMetadataAsync } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeRuntime } from '../../engine/runtime/runtime.node.ts';
import { writeNifti } from '../../imaging/formats/nifti/write-nifti.ts';
import { geometryFrom } from '../../imaging/geometry/geometry.ts';
import { medicalImage } from '../../imaging/image/medical-image.ts';
import { writeRegionsPhantom } from '../dataset/phantom-regions.node.ts';
import type { TaskSurroundings } from '../task.ts';
import { writeFeatures } from './features.node.ts';
import { roleOf } from './mask-names.ts';
import { readCases } from './read-cases.node.ts';
import { openTable } from './table-file.node.ts';
import { radiomics } from './task.node.ts';

let folder: string;
let manifest: string;
const around: TaskSurroundings = { runtime: nodeRuntime, report: () => {} };
const at = (...parts: string[]) => path.join(folder, ...parts);
const quick = {
  classifiers: [{ name: 'logistic-regression', settings: { C: 1 } }, 'linear-discriminant'],
  features: { families: ['morph', 'stat', 'ih', 'cm'] },
  folds: 3,
  inner: 2,
};

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'radiomics-'));
  manifest = await writeRegionsPhantom(at('cohort'), {
    seed: 3,
    patients: 36,
    size: 24,
    slices: 8,
    retest: 0.4,
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('cases', () => {
  test.each([
    ['benign/p1.nii.gz', 'image', 'benign/p1'],
    ['benign/p1_mask.nii.gz', 'mask', 'benign/p1'],
    ['images/benign/p1-image.nrrd', 'image', 'benign/p1'],
    ['masks/benign/p1.nrrd', 'mask', 'benign/p1'],
    ['train/benign/p1.seg.nrrd', 'mask', 'train/benign/p1'],
    ['benign/1-label.png', 'mask', 'benign/1'],
    ['benign/labelled.png', 'image', 'benign/labelled'],
  ])('%s is an %s of %s', (id, role, key) => {
    expect(roleOf(id)).toEqual({ role, key });
  });

  const write = async (name: string, values: number, sides = [4, 6, 6], spacing = 1) => {
    const [depth, height, width] = sides as [number, number, number];
    const pixels = new Int16Array(depth * height * width).map((_, i) => (values < 0 ? i % 50 : values));
    const geometry = geometryFrom({ spacingMm: [spacing, spacing, 1] });
    const image = medicalImage(pixels, { depth, height, width }, 16, 'arbitrary', { geometry });
    await mkdir(path.dirname(at(name)), { recursive: true });
    await writeFile(at(name), await writeNifti(image, { compressed: true }));
  };

  test('folders give classes, splits and masks; what has no partner is told, all at once', async () => {
    for (const [kind, count] of [
      ['a', 2],
      ['b', 2],
    ] as const) {
      for (let i = 0; i < count; i++) {
        await write(`pairs/images/${kind}/p${i}.nii.gz`, -1);
        await write(`pairs/masks/${kind}/p${i}.nii.gz`, 1);
      }
    }
    const { cases, dataset } = await readCases(at('pairs'), { region: 'auto', labels: 'needed' });
    expect(dataset.classes).toEqual(['a', 'b']);
    expect(cases.map(({ id, maskId, sample }) => [id, maskId, sample.label])).toEqual([
      ['images/a/p0.nii.gz', 'masks/a/p0.nii.gz', 0],
      ['images/a/p1.nii.gz', 'masks/a/p1.nii.gz', 0],
      ['images/b/p0.nii.gz', 'masks/b/p0.nii.gz', 1],
      ['images/b/p1.nii.gz', 'masks/b/p1.nii.gz', 1],
    ]);
    await write('pairs/images/b/p9.nii.gz', -1);
    await write('pairs/masks/a/p8.nii.gz', 1);
    const failing = readCases(at('pairs'), { region: 'auto', labels: 'needed' });
    await expect(failing).rejects.toThrow(
      /^MASK_MISSING: .*2 problems[\s\S]*p9\.nii\.gz has no mask[\s\S]*p8\.nii\.gz is a mask without/,
    );
  });

  test('a manifest names masks, values, repeats; two rows of one region are refused', async () => {
    const { cases, repeats, dataset } = await readCases(manifest, { region: 'mask', labels: 'needed' });
    expect(cases).toHaveLength(36);
    expect(repeats.length).toBeGreaterThan(5);
    expect(repeats.every(({ by, of }) => by === 'retest' && of < 36)).toBe(true);
    expect(dataset.grouping).toBe('patient');
    const text = await readFile(manifest, 'utf8');
    const [header, first] = text.split('\n');
    await writeFile(at('cohort', 'twice.csv'), `${header}\n${first}\n${first}\n`);
    await expect(readCases(at('cohort', 'twice.csv'), { region: 'mask', labels: 'needed' })).rejects.toThrow(
      /^MANIFEST_INVALID: .*\n.*row 3: the same image and mask as in row 2/,
    );
  });

  test.each([
    ['a mask on another grid', 'MASK_GRID_MISMATCH', { mask: [1, [5, 6, 6]] as const }],
    ['an empty mask', 'FEATURE_REGION_EMPTY', { mask: [0, [4, 6, 6]] as const }],
  ])('%s ends in %s, naming the case', async (_, code, { mask: [value, sides] }) => {
    await write(`bad-${code}/a/p1.nii.gz`, -1);
    await write(`bad-${code}/a/p1_mask.nii.gz`, value, [...sides]);
    const request = { data: at(`bad-${code}`), out: at(`bad-${code}.csv`), settings: {}, workers: 0 };
    await expect(writeFeatures(request, around)).rejects.toThrow(
      new RegExp(`^${code}: [\\s\\S]*a/p1_mask.nii.gz`),
    );
  });

  test('a constant region gives values or reasons, never a silent zero', async () => {
    await write('constant/a/p1.nii.gz', 7);
    await write('constant/a/p1_mask.nii.gz', 1);
    await writeFeatures({ data: at('constant'), out: at('constant.csv'), settings: {}, workers: 0 }, around);
    const table = (await openTable(at('constant.csv')))!;
    const missing = table.names.filter((_, j) => Number.isNaN(table.matrix.values[j]!));
    expect(missing.length).toBeGreaterThan(0);
    for (const name of missing) expect(table.rows[0]!.remarks).toContain(`${name}: `);
    expect(table.matrix.values[table.names.indexOf('stat_mean')]).toBe(7);
  });
});

describe('tables', () => {
  test('CSV and Parquet hold the same numbers to the last bit, with settings and hashes in every row', async () => {
    const settings = { features: quick.features };
    await writeFeatures({ data: manifest, out: at('f.csv'), settings, workers: 0 }, around);
    const result = await writeFeatures(
      { data: manifest, out: at('f.parquet'), settings, workers: 0 },
      around,
    );
    const [csv, parquet] = [(await openTable(at('f.csv')))!, (await openTable(at('f.parquet')))!];
    expect(parquet.names).toEqual(csv.names);
    expect([...parquet.matrix.values]).toEqual([...csv.matrix.values]);
    expect(parquet.rows).toEqual(csv.rows);
    expect(csv.rows).toHaveLength(result.cases + result.repeats);
    expect(csv.settingsSha256).toBe(result.settingsSha256);
    expect(csv.rows.every((row) => /^[0-9a-f]{64}$/.test(row.imageSha256) && row.maskSha256)).toBe(true);
    const bytes = new Uint8Array(await readFile(at('f.parquet'))).buffer;
    const { key_value_metadata } = await parquetMetadataAsync(bytes);
    expect(key_value_metadata?.map(({ key }) => key)).toContain('hounsfield.settings');
  });

  test('a run that was stopped goes on from the rows that were done', async () => {
    const stop = new AbortController();
    const request = { data: manifest, out: at('j.csv'), settings: { features: quick.features }, workers: 0 };
    const stopping: TaskSurroundings = {
      ...around,
      signal: stop.signal,
      report: (event) => {
        if (event.kind === 'count' && event.done === 10) stop.abort();
      },
    };
    await expect(writeFeatures(request, stopping)).rejects.toThrow(/^INTERRUPTED/);
    const before = (await readFile(at('j.csv.journal.jsonl'), 'utf8')).trim().split('\n');
    expect(before).toHaveLength(10);
    await writeFeatures(request, around);
    await expect(readFile(at('j.csv.journal.jsonl'))).rejects.toThrow();
    expect(await readFile(at('j.csv'), 'utf8')).toBe(await readFile(at('f.csv'), 'utf8'));
  });

  test('a table that was changed is refused with the place', async () => {
    const text = await readFile(at('f.csv'), 'utf8');
    const [header, first] = text.split('\n');
    await writeFile(at('odd.csv'), `${header}\n${first!.replace(/,\d+\.\d+,/, ',many,')}\n`);
    await expect(openTable(at('odd.csv'))).rejects.toThrow(/^FEATURE_TABLE: .*row 2, morph_\w+: no number/);
  });
});

describe('the task', () => {
  const run = () => at('run');
  beforeAll(async () => {
    const request = { data: manifest, out: run(), settings: quick, resume: false };
    const { outcome } = await radiomics.train(request, around);
    expect(outcome).toBe('finished');
  }, 120_000);

  test('figures, choices and a report are written', async () => {
    const metrics = JSON.parse(await readFile(path.join(run(), 'metrics.json'), 'utf8')) as {
      test: Record<string, number>;
      nested: Record<string, number>;
      folds: { winner: { candidate: string }; families: unknown[] }[];
      choice: { winner: string; scores: unknown[] };
    };
    expect(metrics.folds).toHaveLength(3);
    expect(metrics.folds[0]!.families).toHaveLength(2);
    expect(metrics.nested['auc']!).toBeGreaterThan(0.6);
    const report = await readFile(path.join(run(), 'report.html'), 'utf8');
    expect(report).toContain(metrics.choice.winner);
    for (const id of ['choice', 'importance', 'redundancy', 'stability', 'repeats']) {
      expect(report).toContain(`id="${id}"`);
    }
  });

  test('evaluating, predicting and explaining the saved file agree with the run', async () => {
    const model = path.join(run(), 'model.onnx');
    const stored = JSON.parse(await readFile(path.join(run(), 'predictions.json'), 'utf8')) as {
      ids: string[];
      answers: number[][];
      classes: string[];
    };
    const answers = await radiomics.predict({ model, images: [], table: manifest }, around);
    for (const [i, id] of stored.ids.entries()) {
      const found = answers.find(({ image }) => image === id)!;
      for (const [k, name] of stored.classes.entries()) {
        expect(found.probabilities[name]!).toBeCloseTo(stored.answers[i]![k]!, 6);
      }
    }
    const fromTable = await radiomics.predict(
      { model, images: [], table: path.join(run(), 'features.csv') },
      around,
    );
    expect(fromTable).toEqual(answers);
    const [image] = stored.ids;
    const alone = await radiomics.predict({ model, images: [at('cohort', image!)] }, around);
    expect(alone[0]!.probabilities).toEqual(answers.find((one) => one.image === image)!.probabilities);
    const told: string[] = [];
    const listening: TaskSurroundings = {
      ...around,
      report: (event) => void (event.kind === 'note' && told.push(event.text)),
    };
    const judged = await radiomics.evaluate({ model, data: manifest, out: at('judged') }, listening);
    expect(judged['images']).toBe(36);
    expect(told.join('\n')).toContain(
      `trained on ${36 - stored.ids.length} of the 36: figures on them flatter it`,
    );
    const explained = await radiomics.explain(
      { model, images: [at('cohort', image!)], out: at('why') },
      around,
    );
    const svg = await readFile(explained[0]!.overlay, 'utf8');
    expect(svg).toMatch(/^<svg xmlns=/);
    const parts = JSON.parse(await readFile(explained[0]!.overlay.replace(/svg$/, 'json'), 'utf8')) as {
      probability: number;
      usualCase: number;
      features: { shapley: number }[];
    };
    const sum = parts.features.reduce((total, { shapley }) => total + shapley, parts.usualCase);
    expect(sum).toBeCloseTo(parts.probability, 6);
    expect(parts.probability).toBeCloseTo(explained[0]!.probability!, 6);
  });

  test('a table made by other settings, a folder in use and too many folds are refused', async () => {
    const model = path.join(run(), 'model.onnx');
    const settings = { features: { families: ['stat'] } };
    await writeFeatures({ data: manifest, out: at('other.csv'), settings, workers: 0 }, around);
    await expect(radiomics.predict({ model, images: [], table: at('other.csv') }, around)).rejects.toThrow(
      /^FEATURE_SETTINGS_DIFFER/,
    );
    const request = { data: at('f.csv'), out: run(), settings: quick, resume: false };
    await expect(radiomics.train(request, around)).rejects.toThrow(/^RUN_EXISTS/);
    const many = { ...request, out: at('many'), settings: { ...quick, folds: 60 } };
    await expect(radiomics.train(many, around)).rejects.toThrow(/^(TOO_FEW_PATIENTS|FOLD\w*)/);
    const unknown = { ...request, out: at('unknown'), settings: { classifiers: ['oracle'] } };
    await expect(radiomics.train(unknown, around)).rejects.toThrow(/^PIPELINE_STEP: .*'oracle'/);
    const wrong = { ...request, out: at('wrong'), settings: { folds: 1, colour: 'red' } };
    await expect(radiomics.train(wrong, around)).rejects.toThrow(
      /^SETTINGS_INVALID: .*folds.*colour|colour.*folds/,
    );
  });
});
