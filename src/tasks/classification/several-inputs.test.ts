import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toNumbers } from '../../engine/tensor/tensor.ts';
import { readSafetensors } from '../../learning/weights/safetensors.ts';
import { parseDelimited } from '../dataset/delimited-text.ts';
import { writePairsPhantom } from '../dataset/phantom-pairs.node.ts';
import { nodeSurroundings } from '../surroundings.node.ts';
import type { TaskEvent } from '../task.ts';
import { evaluateModel } from './evaluate.node.ts';
import { explainImages } from './explain.node.ts';
import { predictImages } from './predict.node.ts';
import { trainClassifier } from './train.node.ts';

const around = nodeSurroundings(() => {});
let folder: string;
const at = (...parts: string[]) => path.join(folder, ...parts);

const settings = {
  network: 'compact-cnn',
  epochs: 8,
  batch: 16,
  lr: 5e-3,
  schedule: 'cosine',
  allowDuplicates: 'near',
  augment: { shift: 0.05, brightness: 0.05 },
  threads: 1,
  split: { train: 0.6, validation: 0.2, test: 0.2 },
};

const train = async (data: string, out: string, more: Record<string, unknown> = {}) => {
  await trainClassifier({ data, out: at(out), settings: { ...settings, ...more }, resume: false }, around);
  return JSON.parse(await readFile(at(out, 'metrics.json'), 'utf8')) as {
    test: Record<string, number>;
    intervals: { test: Record<string, { low: number; high: number }> };
  }; // as finishRun writes it
};

/** The manifest beside itself under another name, its cells changed. */
async function changed(
  kind: string,
  name: string,
  change: (
    cell: string,
    title: string,
    row: number,
    rows: readonly (readonly string[])[],
  ) => string | undefined,
): Promise<string> {
  const [titles, ...rows] = parseDelimited(await readFile(at(kind, 'manifest.csv'), 'utf8'), ',');
  const cells = [titles!, ...rows].map((row, i) =>
    row.flatMap((cell, k) => change(cell, titles![k]!, i, [titles!, ...rows]) ?? []),
  );
  const file = at(kind, name);
  await writeFile(file, cells.map((row) => row.join(',')).join('\n'));
  return file;
}

/** The image of the patient before, which says nothing of this one. */
const ofAnother = (row: number, rows: readonly (readonly string[])[], column: number) =>
  row === 0 ? undefined : rows[row === 1 ? rows.length - 1 : row - 1]![column];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hounsfield-inputs-'));
  await writePairsPhantom(at('image'), { seed: 4, patients: 240, second: 'image' });
  await writePairsPhantom(at('table'), { seed: 4, patients: 240, second: 'table' });
  await writePairsPhantom(at('few'), { seed: 4, patients: 40, second: 'image' });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const kinds = [
  { kind: 'image', more: { fusion: 'late' } },
  { kind: 'image', more: { fusion: 'early' } },
  { kind: 'table', more: { epochs: 12, lr: 2e-2 } },
] as const;

describe.each(kinds)('an image and a second $kind, $more', ({ kind, more }) => {
  const out = () => `${kind}-${'fusion' in more ? more.fusion : ''}`;

  test('that both tell the label is learned from both', { timeout: 60_000 }, async () => {
    const { test: found } = await train(at(kind), out(), more);
    if (process.env['HOUNSFIELD_LOOK']) console.log(kind, more, found);
    expect(found['accuracy']).toBeGreaterThan(0.9);
  });

  test('the model file answers as in training, and says where it looked', { timeout: 60_000 }, async () => {
    const model = at(out(), 'model.onnx');
    const cases = await changed(kind, 'cases.csv', (cell, title, row) =>
      row > 4 || title === 'label' || title === 'patient' ? undefined : cell,
    );
    const text = await readFile(cases, 'utf8');
    await writeFile(cases, text.trim());
    const answers = await predictImages({ model, images: [], table: cases }, around);
    expect(answers.length).toBe(4);
    const judged = (await evaluateModel({ model, data: at(kind) }, around)) as {
      all: Record<string, number>;
    }; // plain JSON
    expect(judged.all['accuracy']).toBeGreaterThan(0.9);
    const [first] = await explainImages(
      { model, images: [], table: cases, out: at(`${out()}-maps`) },
      around,
    );
    const overlays = first!.overlays ?? { image: first!.overlay };
    expect(Object.keys(overlays)).toEqual(kind === 'image' ? ['t1', 't2'] : ['image']);
    for (const file of Object.values(overlays)) expect((await readFile(file)).length).toBeGreaterThan(100);
    const page = await readFile(at(out(), 'report.html'), 'utf8');
    const words = page.replace(/<style>[\s\S]*?<\/style>/, '').replace(/"data:[^"]*"/g, '""');
    expect(words.match(/.{0,30}(?:\{\w+\}|undefined|NaN|\bnull\b|\[object)/)).toBeNull();
  });
});

const alone: readonly [string, string, (k: typeof changed) => Promise<string>][] = [
  [
    'the first image',
    'image',
    (make) => make('image', 't1.csv', (cell, title) => (title === 'image:t2' ? undefined : cell)),
  ],
  [
    'the second image',
    'image',
    (make) => make('image', 't2.csv', (cell, title) => (title === 'image:t1' ? undefined : cell)),
  ],
  [
    'the image without the table',
    'table',
    (make) => make('table', 'image.csv', (cell, title) => (title.startsWith('table:') ? undefined : cell)),
  ],
  [
    "the table beside another's image",
    'table',
    (make) =>
      make('table', 'table.csv', (cell, title, row, rows) =>
        title === 'image' ? (ofAnother(row, rows, rows[0]!.indexOf('image')) ?? cell) : cell,
      ),
  ],
];

test.each(alone)('nothing but chance is learned from %s', { timeout: 60_000 }, async (name, _, make) => {
  const { intervals } = await train(await make(changed), name, { epochs: 4 });
  expect(intervals.test['auc']!.low).toBeLessThan(0.5);
  expect(intervals.test['auc']!.high).toBeGreaterThan(0.5);
  expect(intervals.test['accuracy']!.high).toBeLessThan(0.85);
});

test('what a model cannot be asked is refused, and unknown words are told of', {
  timeout: 60_000,
}, async () => {
  await writePairsPhantom(at('some'), { seed: 9, patients: 40, second: 'table' });
  const short = { epochs: 1, judge: 'validation', missingIndicators: 'always' };
  await trainClassifier(
    { data: at('some'), out: at('some-run'), settings: { ...settings, ...short }, resume: false },
    around,
  );
  const model = at('some-run', 'model.onnx');
  const image = at('some', 'images', 'patient-0001_t1.png');
  const predict = (request: { images: string[]; table?: string }, report = around.report) =>
    predictImages({ model, ...request }, { ...around, report });
  await expect(predict({ images: [image] })).rejects.toThrow(
    /^CASES_MISSING: .*'image', 'table:marker \(U\/l\)', 'table:sex'/,
  );
  const table = at('some', 'cases.csv');
  await writeFile(
    table,
    'image,table:marker (U/l),table:sex\nimages/patient-0001_t1.png,50,other\nimages/patient-0001_t1.png,50,\n',
  );
  await expect(predict({ images: [image], table })).rejects.toThrow(/^CASES_TWICE/);
  const notes: string[] = [];
  const answers = await predict(
    { images: [], table },
    (event) => void (event.kind === 'note' && notes.push(event.text)),
  );
  expect(notes).toEqual([
    "'sex' of 1 cases is no word that the model knows (female, male): it counts as missing there.",
  ]);
  expect(answers[0]!.probabilities).toEqual(answers[1]!.probabilities);
  await expect(evaluateModel({ model, data: at('image') }, around)).rejects.toThrow(/^INPUT_MISSING/);
  const images = await changed('table', 'plain.csv', (cell, title) =>
    title.startsWith('table:') ? undefined : cell,
  );
  await expect(evaluateModel({ model, data: images }, around)).rejects.toThrow(/^TABLE_MISSING/);
});

test('a picture that two patients share is found in the second input too', { timeout: 60_000 }, async () => {
  const shared = await changed('image', 'shared.csv', (cell, title, row, rows) =>
    title === 'image:t2' && row === 2 ? rows[1]![1] : cell,
  );
  const again = {
    data: shared,
    out: at('shared-run'),
    settings: { ...settings, allowDuplicates: 'none' },
    resume: false,
  };
  await expect(trainClassifier(again, around)).rejects.toThrow(
    /^SPLIT_LEAK: .*\(t2\).*patient-0001_t2\.png.*= .*patient-0001_t2\.png/s,
  );
});

test('weights of one image begin those of both; the joined layers are trained first, and a stopped run goes on as it was', {
  timeout: 60_000,
}, async () => {
  const one = await changed('few', 'first.csv', (cell, title) => (title === 'image:t2' ? undefined : cell));
  const short = { epochs: 1, judge: 'validation', channels: 1 };
  await train(one, 'one', short);
  const notes: string[] = [];
  const request = {
    data: at('few'),
    settings: {
      ...settings,
      ...short,
      weights: at('one', 'best.safetensors'),
      phases: [
        { name: 'head', train: 'head', epochs: 1, augment: false },
        { name: 'all', train: 'all', epochs: 1 },
      ],
    },
  };
  const listening = {
    ...around,
    report: (event: TaskEvent) => void (event.kind === 'note' && notes.push(event.text)),
  };
  await trainClassifier({ ...request, out: at('both'), resume: false }, listening);
  expect(notes.join('\n')).toMatch(/phase 'head': \d+ of \d+ parameters \(fc\)/);
  const tensorsOf = async (run: string, file: string) =>
    readSafetensors(await readFile(at(run, `${file}.safetensors`))).tensors;
  const first = await tensorsOf('one', 'best');
  const start = await tensorsOf('both', 'phase-start');
  // The second phase begins with backbones as the first image's run left them, and with a head that has learned.
  for (const input of ['image0', 'image1']) {
    expect(toNumbers(start.get(`${input}.conv1.weight`)!)).toEqual(toNumbers(first.get('conv1.weight')!));
  }
  expect(start.has('fusion.weight') && start.has('fc.weight')).toBe(true);

  const stop = new AbortController();
  const stopping = {
    ...around,
    signal: stop.signal,
    report: (event: TaskEvent) => {
      if (event.kind === 'step' && event.epoch === 1 && event.step === 0) stop.abort();
    },
  };
  const out = at('stopped');
  expect((await trainClassifier({ ...request, out, resume: false }, stopping)).outcome).toBe('interrupted');
  await trainClassifier({ ...request, settings: {}, out, resume: true }, around);
  const [whole, resumed] = [await tensorsOf('both', 'best'), await tensorsOf('stopped', 'best')];
  for (const [name, value] of whole) expect(toNumbers(resumed.get(name)!), name).toEqual(toNumbers(value));
});
