import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { predictionsText } from '../../cli/predictions-text.ts';
import { writeFindingsPhantom } from '../dataset/phantom-findings.node.ts';
import { nodeSurroundings } from '../surroundings.node.ts';
import { evaluateModel } from './evaluate.node.ts';
import { explainImages } from './explain.node.ts';
import { predictImages } from './predict.node.ts';
import { trainClassifier } from './train.node.ts';

const around = nodeSurroundings(() => {});
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hounsfield-kinds-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const kinds = [
  { target: 'labels', figure: 'auc', atLeast: 0.9, network: 'small-cnn', epochs: 4 },
  { target: 'grade', figure: 'kappaQuadratic', atLeast: 0.7, network: 'compact-cnn', epochs: 4 },
  { target: 'value', figure: 'ccc', atLeast: 0.7, network: 'compact-cnn', epochs: 6 },
] as const;

const settings = (epochs: number, network = 'small-cnn') => ({
  network,
  epochs,
  batch: 16,
  lr: 5e-3,
  schedule: 'cosine',
  allowDuplicates: 'near',
  augment: {},
  threads: 1,
  split: { train: 0.6, validation: 0.2, test: 0.2 },
});

describe.each(kinds)('$target', ({ target, figure, atLeast, network, epochs }) => {
  const at = (...parts: string[]) => path.join(folder, target, ...parts);
  const run = (out: string) =>
    trainClassifier(
      { data: at('data'), out: at(out), settings: settings(epochs, network), resume: false },
      around,
    );
  let found: Readonly<Record<string, number | null>>;

  beforeAll(async () => {
    await writeFindingsPhantom(at('data'), { seed: 3, patients: 80, target });
    found = (await run('run')).test;
  }, 60_000);

  test('is learned from its manifest', () => {
    if (process.env['HOUNSFIELD_LOOK']) console.log(target, found);
    expect(found[figure]).toBeGreaterThan(atLeast);
  });

  test('the model file judges, predicts and explains by itself', async () => {
    const model = at('run', 'model.onnx');
    const judged = (await evaluateModel({ model, data: at('data'), out: at('judged') }, around)) as {
      all: Record<string, number>;
      sites: { site: string }[];
    }; // as evaluate returns it
    expect(judged.all[figure]).toBeGreaterThan(atLeast);
    expect(judged.sites.map(({ site }) => site)).toEqual(['north', 'south']);
    const images = ['patient-0001_1.png', 'patient-0002_1.png'].map((name) => at('data', 'images', name));
    const answers = await predictImages({ model, images }, around);
    if (target === 'value') expect(Object.keys(answers[0]!.values!)).toEqual(['diameter']);
    else expect(Object.values(answers[0]!.probabilities).every((p) => p >= 0 && p <= 1)).toBe(true);
    if (target === 'labels') expect(Object.keys(answers[0]!.thresholds!)).toEqual(['nodule', 'effusion']);
    for (const columns of [40, 200]) {
      const text = predictionsText(
        answers.map((answer) => ({ ...answer, image: path.basename(answer.image) })),
        columns,
      );
      if (process.env['HOUNSFIELD_LOOK']) console.log(text);
      expect(text.split('\n').every((line) => line.length <= columns)).toBe(true);
    }
    const [explained] = await explainImages({ model, images: [images[0]!], out: at('maps') }, around);
    expect((await readFile(explained!.overlay)).length).toBeGreaterThan(100);
    const page = await readFile(at('run', 'report.html'), 'utf8');
    const words = page.replace(/<style>[\s\S]*?<\/style>/, '').replace(/"data:[^"]*"/g, '""');
    expect(words.match(/.{0,30}(?:\{\w+\}|undefined|NaN|\bnull\b|\[object)/)).toBeNull();
  }, 30_000);
});

test('a run is the same again', { timeout: 30_000 }, async () => {
  const at = (...parts: string[]) => path.join(folder, 'labels', ...parts);
  const again = await trainClassifier(
    { data: at('data'), out: at('again'), settings: settings(1), resume: false },
    around,
  );
  const once = await trainClassifier(
    { data: at('data'), out: at('once'), settings: settings(1), resume: false },
    around,
  );
  expect(again.test).toEqual(once.test);
});

test.each([
  ['value', { loss: 'focal' }, /SETTINGS_INVALID: the data ask for numbers: loss is focal/],
  ['value', { imbalance: 'oversample' }, /numbers have no classes to balance/],
  ['grade', { watch: 'r2' }, /watch is r2, of grades there are kappa/],
  ['grade', { augment: { mixup: 0.2 } }, /picture/],
  ['labels', { loss: 'logit-adjusted' }, /for several labels there are auto, cross-entropy, focal/],
])('%s refuses %o', async (target, wrong, message) => {
  const request = {
    data: path.join(folder, target, 'data'),
    out: path.join(folder, 'refused'),
    settings: { ...settings(1), ...wrong },
    resume: false,
  };
  await expect(trainClassifier(request, around)).rejects.toThrow(message);
});
