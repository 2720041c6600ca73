import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type MadeMember, madeImages, madeMember } from '../../../test/peers/ensemble-members.ts';
import { predictionsText } from '../../cli/predictions-text.ts';
import { writeOnnx } from '../../engine/graph/onnx-file.ts';
import { loadModel } from '../bundle/load-model.node.ts';
import { evaluateModel } from '../classification/evaluate.node.ts';
import { explainImages, openExplainer } from '../classification/explain.node.ts';
import { predictImages } from '../classification/predict.node.ts';
import { trainClassifier } from '../classification/train.node.ts';
import { writeFindingsPhantom } from '../dataset/phantom-findings.node.ts';
import { nodeSurroundings } from '../surroundings.node.ts';
import { type EnsembleRequest, makeEnsemble } from './ensemble.node.ts';
import { meanHeatMap } from './explained-members.ts';

const said: string[] = [];
const around = nodeSurroundings((event) => {
  if (event.kind === 'note') said.push(event.text);
});
let folder: string;
const at = (...parts: string[]) => path.join(folder, ...parts);

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hounsfield-ensemble-'));
  await writeFindingsPhantom(at('labels'), { seed: 5, patients: 12, target: 'labels' });
  await writeFindingsPhantom(at('grade'), { seed: 5, patients: 12, target: 'grade' });
  await writeFindingsPhantom(at('value'), { seed: 5, patients: 12, target: 'value' });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Writes made-up models and returns their files. */
async function written(name: string, members: readonly MadeMember[]): Promise<string[]> {
  await mkdir(at('models'), { recursive: true });
  return Promise.all(
    members.map(async (member, m) => {
      const file = at('models', `${name}-${m + 1}.onnx`);
      await writeFile(file, writeOnnx(madeMember(member).graph));
      return file;
    }),
  );
}

const ensemble = (models: readonly string[], options: Partial<EnsembleRequest> = {}) =>
  makeEnsemble({ models, out: at('models', 'ensemble.onnx'), threads: 1, ...options }, around);

const kinds = [
  ['labels', ['nodule', 'effusion'], ['effusion', 'nodule']],
  ['grade', ['0', '1', '2', '3'], ['0', '1', '2', '3']],
  ['value', ['diameter'], ['diameter']],
] as const;

describe.each(kinds)('%s', (target, labels, others) => {
  const images = () => ['patient-0001_1.png', 'patient-0002_1.png'].map((name) => at(target, 'images', name));
  const members: readonly MadeMember[] = [
    { seed: 1, target, labels },
    {
      seed: 2,
      target,
      labels: others,
      network: 'with-statistics',
      input: { channels: 3, height: 26, width: 26 },
    },
  ];

  test('the file predicts the mean of its members, judges, explains, and tells how far they are apart', async () => {
    const files = await written(target, members);
    const { card, bytes, out } = await ensemble(files, { weights: [3, 1] });
    expect((await readFile(out)).length).toBe(bytes);
    const alone = await Promise.all(
      files.map((model) => predictImages({ model, images: images(), threads: 1 }, around)),
    );
    const together = await predictImages({ model: out, images: images(), members: true, threads: 1 }, around);
    for (const [i, answer] of together.entries()) {
      const own = target === 'value' ? answer.values! : answer.probabilities;
      const [a, b] = alone.map((answers) => answers[i]![target === 'value' ? 'values' : 'probabilities']!);
      for (const label of labels) {
        expect(own[label]).toBeCloseTo(0.75 * a![label]! + 0.25 * b![label]!, 6);
        const spread = Math.sqrt(3 / 16) * Math.abs(a![label]! - b![label]!);
        expect(answer.disagreement!.deviation[label]).toBeCloseTo(spread, 6);
      }
      expect(answer.members!.map((member) => Object.keys(member))).toEqual([[...labels], [...labels]]);
      const { mutualInformation = 0, entropy = 0 } = answer.disagreement!;
      if (target === 'value') expect(answer.disagreement).not.toHaveProperty('entropy');
      else expect(mutualInformation).toBeGreaterThan(0);
      expect(mutualInformation).toBeLessThanOrEqual(entropy);
    }
    const text = predictionsText(together, 200);
    expect(text).toMatch(target === 'value' ? /spread/ : /entropy.*disagreement/);
    const judged = await evaluateModel(
      { model: out, data: at(target), out: at(target, 'judged'), threads: 1 },
      around,
    );
    expect(judged['images']).toBe(24);
    const page = await readFile(at(target, 'judged', 'report.html'), 'utf8');
    expect(page).toContain('ensemble of small-cnn, with-statistics');
    const [map] = await explainImages({ model: out, images: [images()[0]!], out: at('maps') }, around);
    expect((await readFile(map!.overlay)).length).toBeGreaterThan(100);
    expect(card.metrics).toEqual({});
    expect(card.ensemble!.members.map(({ sha256 }) => sha256)).toEqual(
      await Promise.all(
        files.map(async (file) =>
          createHash('sha256')
            .update(await readFile(file))
            .digest('hex'),
        ),
      ),
    );
    expect((await loadModel(out)).card).toEqual(JSON.parse(JSON.stringify(card)));
    const elsewhere = { out: at('models', 'nested.onnx') };
    await expect(ensemble([out, files[0]!], elsewhere)).rejects.toThrow(
      /^ENSEMBLE_NESTED: .*ensemble\.onnx hold/,
    );
    await expect(
      explainImages({ model: out, images: images(), out: at('maps'), layer: 'conv' }, around),
    ).rejects.toThrow(/^EXPLAIN_LAYER: .*each member/);
  });

  test('views on the fly answer as a file with views, and a file with views takes no more', async () => {
    const files = await written(`${target}-views`, members);
    const viewed = at('models', 'viewed.onnx');
    await ensemble([files[0]!], { tta: 'flip,shift=0.1', out: viewed });
    const ask = (model: string, tta?: string) =>
      predictImages({ model, images: images(), ...(tta ? { tta } : {}), threads: 1 }, around);
    const read = (answers: Awaited<ReturnType<typeof ask>>) =>
      answers.flatMap(({ values, probabilities }) => Object.values(values ?? probabilities));
    const [inside, onTheFly, plain] = [
      read(await ask(viewed)),
      read(await ask(files[0]!, 'flip,shift=0.1')),
      read(await ask(files[0]!)),
    ];
    for (const [i, value] of inside.entries()) expect(onTheFly[i]).toBeCloseTo(value, 6);
    expect(onTheFly).not.toEqual(plain);
    await expect(ask(viewed, 'flip')).rejects.toThrow(/^ENSEMBLE_NESTED: .*flip-horizontal.*already/);
    await expect(
      predictImages({ model: files[0]!, images: images(), members: true }, around),
    ).rejects.toThrow(/^MEMBERS_MISSING/);
    const judged = await evaluateModel(
      { model: files[0]!, data: at(target), tta: 'flip', threads: 1 },
      around,
    );
    expect(judged['images']).toBe(24);
  });
});

test("the heat map of an ensemble is the mean of its members' own, label by label", async () => {
  const files = await written('maps', [
    { seed: 1 },
    {
      seed: 2,
      labels: ['c', 'a', 'b'],
      network: 'with-statistics',
      input: { channels: 3, height: 40, width: 30 },
    },
  ]);
  const { out, card } = await ensemble(files, {
    weights: [1, 3],
    tta: 'flip',
    out: at('models', 'maps.onnx'),
  });
  const { data } = madeImages(1, 1, 28, 24);
  const mapOf = async (file: string, label: string) => {
    const model = await loadModel(file);
    const { channels } = model.card.input;
    const pixels = Float32Array.from({ length: channels * data.length }, (_, i) => data[i % data.length]!);
    const explainer = openExplainer(model.graph, around.runtime, { threads: 1 });
    try {
      const image = { pixels, channels, height: 28, width: 24 };
      return (await explainer.heatMaps({ images: [image] }, model.card.labels.indexOf(label)))[0]!;
    } finally {
      await explainer.close();
    }
  };
  const highest: number[] = [];
  for (const label of card.labels) {
    const found = await mapOf(out, label);
    const own = await Promise.all(files.map((file) => mapOf(file, label)));
    const expected = meanHeatMap(own, [0.25, 0.75]);
    expect(found.size).toEqual(expected.size);
    for (const [i, value] of expected.values.entries()) expect(found.values[i]).toBeCloseTo(value, 5);
    highest.push(Math.max(...found.values));
  }
  expect(highest).toContain(1);
});

test('auto are the views of the training, and the operating points are chosen anew', {
  timeout: 60_000,
}, async () => {
  const settings = {
    network: 'small-cnn',
    epochs: 1,
    allowDuplicates: 'near',
    augment: { flipHorizontal: 0.5, shift: 0.1, brightness: 0.2, rotateDegrees: 15 },
    threads: 1,
    split: { train: 0.5, validation: 0.25, test: 0.25 },
  };
  const models: string[] = [];
  for (const seed of [1, 2]) {
    const out = at(`run-${seed}`);
    await trainClassifier(
      { data: at('labels'), out, settings: { ...settings, seed }, resume: false },
      around,
    );
    models.push(path.join(out, 'model.onnx'));
  }
  const { card, notes } = await ensemble(models, { tta: 'auto', validate: at('labels') });
  expect(card.augmentation).toEqual(settings.augment);
  expect(card.ensemble!.members[0]!.views).toEqual([
    'flip-horizontal',
    'window 100 % × 100 % from 0 %, -5 %',
    'window 100 % × 100 % from 0 %, 5 %',
    'window 100 % × 100 % from -5 %, 0 %',
    'window 100 % × 100 % from 5 %, 0 %',
    'brightness × 0.9',
    'brightness × 1.1',
  ]);
  expect(card.operatingPoints!.map((point) => point!.chosenOn)).toEqual(
    Array(2).fill('all images of labels'),
  );
  expect(notes.join('\n')).toMatch(/different parts of the same data/);
  expect(notes.join('\n')).toMatch(/not the images that every member was validated on/);
  said.length = 0;
  await evaluateModel({ model: at('models', 'ensemble.onnx'), data: at('labels'), threads: 1 }, around);
  expect(said.join('\n')).toMatch(/test images of one taught another/);
  const [answer] = await predictImages(
    {
      model: at('models', 'ensemble.onnx'),
      images: [at('labels', 'images', 'patient-0001_1.png')],
      threads: 1,
    },
    around,
  );
  expect(Object.values(answer!.thresholds!)).toEqual(card.operatingPoints!.map((point) => point!.threshold));
  const file = at('models', 'ensemble.onnx');
  const [map] = await explainImages(
    { model: file, images: [at('labels', 'images', 'patient-0001_1.png')], out: at('maps') },
    around,
  );
  expect((await readFile(map!.overlay)).length).toBeGreaterThan(100);
  // Those of a single model were chosen without views.
  said.length = 0;
  const request = { model: models[0]!, images: [at('labels', 'images', 'patient-0001_1.png')], tta: 'auto' };
  const [viewed] = await predictImages({ ...request, threads: 1 }, around);
  expect(Object.values(viewed!.thresholds!)).toEqual([0.5, 0.5]);
  expect(said.join('\n')).toMatch(/chosen without the views and are left out/);
});

test('a member is not written over', async () => {
  const [one, other] = await written('over', [{ seed: 1 }, { seed: 2 }]);
  const before = await readFile(one!);
  await expect(
    ensemble([one!, other!], { out: path.join(path.dirname(one!), '.', path.basename(one!)) }),
  ).rejects.toThrow(/^ENSEMBLE_MEMBERS: .*over-1\.onnx is one of the models/);
  expect(await readFile(one!)).toEqual(before);
  await expect(ensemble([one!, at('models', 'none.onnx')])).rejects.toThrow(/^MODEL_MISSING/);
});

const value: Pick<MadeMember, 'target' | 'labels'> = { target: 'value', labels: ['diameter'] };

test.each<[string, readonly MadeMember[], Partial<EnsembleRequest>, RegExp]>([
  ['one model', [{ seed: 1 }], {}, /^ENSEMBLE_MEMBERS: 1 model is named/],
  [
    'the same model twice',
    [{ seed: 1 }, { seed: 1 }],
    {},
    /^ENSEMBLE_MEMBERS: .*named twice: give it a weight/,
  ],
  [
    'other labels',
    [{ seed: 1 }, { seed: 2, labels: ['a', 'b', 'd'] }],
    {},
    /^ENSEMBLE_LABELS: .*a, b, c .* against a, b, d/,
  ],
  [
    'grades in another order',
    [
      { seed: 1, target: 'grade' },
      { seed: 2, target: 'grade', labels: ['c', 'b', 'a'] },
    ],
    {},
    /^ENSEMBLE_LABELS: .*grades from low to high/,
  ],
  [
    'other units',
    [
      { seed: 1, ...value },
      { seed: 2, ...value, card: { units: ['cm'] } },
    ],
    {},
    /^ENSEMBLE_LABELS: .*units: diameter in mm .* against diameter in cm/,
  ],
  [
    'all that differs',
    [{ seed: 1 }, { seed: 2, target: 'labels', input: { bitDepth: 16, inverted: true, unit: 'HU' } }],
    {},
    /^ENSEMBLE_MEMBERS: .*target: class .* against labels .*bits a value: 8 .* against 16 .*unit of values: .*low values are white: no/,
  ],
  [
    'weights for others',
    [{ seed: 1 }, { seed: 2 }],
    { weights: [1] },
    /^ENSEMBLE_WEIGHTS: the weights are 1 for 2 models/,
  ],
  ['weights below zero', [{ seed: 1 }, { seed: 2 }], { weights: [1, -1] }, /^ENSEMBLE_WEIGHTS/],
  [
    'weights that are no numbers',
    [{ seed: 1 }, { seed: 2 }],
    { weights: [1, Number.NaN] },
    /^ENSEMBLE_WEIGHTS/,
  ],
  ['weighted without weights', [{ seed: 1 }, { seed: 2 }], { how: 'weighted' }, /^ENSEMBLE_HOW: .*--weights/],
  [
    'a median of classes',
    [{ seed: 1 }, { seed: 2 }],
    { how: 'median' },
    /^ENSEMBLE_HOW: the median is for numbers/,
  ],
  [
    'votes of numbers',
    [
      { seed: 1, ...value },
      { seed: 2, ...value },
    ],
    { how: 'vote' },
    /^ENSEMBLE_HOW: numbers have no votes/,
  ],
  [
    'views nobody knows',
    [{ seed: 1 }, { seed: 2 }],
    { tta: 'flip,mirror' },
    /^TTA_VIEW: 'mirror' is no view/,
  ],
  ['too large a shift', [{ seed: 1 }, { seed: 2 }], { tta: 'shift=0.9' }, /^TTA_VIEW: 'shift=0.9'/],
  ['auto of older files', [{ seed: 1 }, { seed: 2 }], { tta: 'auto' }, /^TTA_NOT_TRAINED: .*does not say/],
  [
    'brightness never trained',
    [{ seed: 1 }, { seed: 2 }],
    { tta: 'brightness=0.1' },
    /^TTA_NOT_TRAINED: brightness=0.1/,
  ],
  [
    'quarter turns of no squares',
    [{ seed: 1, input: { height: 12 } }, { seed: 2 }],
    { tta: 'rotations' },
    /^TTA_VIEW: rotate-90 .*12 × 20/,
  ],
])('%s are refused', async (name, members, options, message) => {
  const files = await written(name.replaceAll(' ', '-'), members);
  await expect(ensemble(files, options)).rejects.toThrow(message);
});
