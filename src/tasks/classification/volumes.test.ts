import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseDelimited } from '../dataset/delimited-text.ts';
import { writeStudiesPhantom } from '../dataset/phantom-studies.node.ts';
import { nodeSurroundings } from '../surroundings.node.ts';
import { evaluateModel } from './evaluate.node.ts';
import { explainImages } from './explain.node.ts';
import { predictImages } from './predict.node.ts';
import { trainClassifier } from './train.node.ts';

const notes: string[] = [];
const around = nodeSurroundings((event) => {
  if (event.kind === 'note') notes.push(event.text);
});
let folder: string;
const at = (...parts: string[]) => path.join(folder, ...parts);

const SLICES = 12;
const settings = {
  epochs: 6,
  batch: 8,
  lr: 3e-3,
  schedule: 'cosine',
  allowDuplicates: 'near',
  augment: { shift: 0.05, brightness: 0.05 },
  threads: 1,
  split: { train: 0.6, validation: 0.2, test: 0.2 },
};
const train = (data: string, out: string, more: Record<string, unknown>) =>
  trainClassifier({ data, out: at(out), settings: { ...settings, ...more }, resume: false }, around);

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hounsfield-volumes-'));
  await writeStudiesPhantom(at('one'), { seed: 4, patients: 120, slices: SLICES });
  await writeStudiesPhantom(at('four'), { seed: 4, patients: 120, slices: 16, thickness: 4 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Volumes and the slice that shows something, from a phantom's manifest. */
async function truths(name: string) {
  const [, ...rows] = parseDelimited(await readFile(at(name, 'manifest.csv'), 'utf8'), ',');
  return rows.map(([image, , slice]) => ({ file: at(name, image!), slice: Number(slice) }));
}

test('attention learns the one slice that matters, and points at it', { timeout: 60_000 }, async () => {
  const { test: found } = await train(at('one'), 'attention', {
    network: 'compact-cnn',
    pooling: 'attention',
  });
  expect(found['accuracy']).toBeGreaterThan(0.9);
  const model = at('attention', 'model.onnx');
  const some = (await truths('one')).slice(0, 20);
  const answers = await explainImages(
    { model, images: some.map(({ file }) => file), out: at('maps') },
    around,
  );
  const weights = answers.map(({ sliceWeights }, i) => sliceWeights![some[i]!.slice]!);
  if (process.env['HOUNSFIELD_LOOK']) console.log(found, weights);
  const right = answers.filter(({ slice }, i) => slice === some[i]!.slice).length;
  expect(right).toBeGreaterThanOrEqual(18);
  expect(weights.reduce((sum, weight) => sum + weight, 0) / weights.length).toBeGreaterThan(3 / SLICES);
  for (const { sliceWeights, overlay } of answers) {
    expect(sliceWeights!.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5);
    expect((await readFile(overlay)).length).toBeGreaterThan(100);
  }
  const judged = (await evaluateModel({ model, data: at('one') }, around)) as { all: Record<string, number> }; // plain JSON
  expect(judged.all['accuracy']).toBeGreaterThan(0.9);
});

test('a 3-D network learns what several slices show', { timeout: 60_000 }, async () => {
  const { test: found } = await train(at('four'), '3d', { network: 'compact-cnn-3d' });
  if (process.env['HOUNSFIELD_LOOK']) console.log(found);
  expect(found['accuracy']).toBeGreaterThan(0.9);
  const [first] = await truths('four');
  const model = at('3d', 'model.onnx');
  const [answer] = await explainImages({ model, images: [first!.file], out: at('maps3d') }, around);
  expect(answer!.slice).toBeGreaterThanOrEqual(0);
  expect(notes.some((text) => text.includes('volumes of 16 slices 3 mm apart'))).toBe(true);
});

test.each(['recurrent', 'mean', 'max'] as const)('%s pools slices', { timeout: 60_000 }, async (pooling) => {
  const more = { network: 'compact-cnn', pooling, epochs: 1, depth: 8, size: 16, judge: 'validation' };
  await train(at('one'), pooling, more);
  const [first] = await truths('one');
  const model = at(pooling, 'model.onnx');
  const [answer] = await predictImages({ model, images: [first!.file] }, around);
  expect(Object.keys(answer!.probabilities)).toEqual(['clear', 'finding']);
});
