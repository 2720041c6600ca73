import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Graph } from '../../engine/graph/graph.ts';
import { nodeRuntime } from '../../engine/runtime/runtime.node.ts';
import { toNumbers } from '../../engine/tensor/tensor.ts';
import { createContext } from '../../learning/layers/build-context.ts';
import { networkNamed } from '../../learning/networks/registry.ts';
import { readSafetensors } from '../../learning/weights/safetensors.ts';
import { writePhantomDataset } from '../dataset/phantom-files.node.ts';
import type { TaskEvent } from '../task.ts';
import { trainClassifier } from './train.node.ts';

let folder: string;
let data: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hounsfield-phases-'));
  data = await writePhantomDataset(path.join(folder, 'data'), {
    seed: 5,
    patients: 24,
    slicesPerPatient: 2,
    size: 24,
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const settings = {
  network: 'compact-cnn',
  size: 24,
  batch: 8,
  threads: 1,
  schedule: 'constant',
  allowDuplicates: 'near',
  judge: 'validation',
  phases: [
    { name: 'head', train: 'head', epochs: 2, lr: 0.05, augment: false },
    { name: 'last', train: { lastBlocks: 1 }, epochs: 2, lr: 0.01 },
    { name: 'all', train: 'all', epochs: 2, lr: 0.005 },
  ],
};

/** Trains, and asks to stop when an event is met; returns how it ended. */
async function train(name: string, resume: boolean, stopAt?: (event: TaskEvent) => boolean) {
  const stop = new AbortController();
  const { outcome } = await trainClassifier(
    { data, out: path.join(folder, name), settings: resume ? {} : settings, resume },
    {
      runtime: nodeRuntime,
      signal: stop.signal,
      report: (event) => {
        if (stopAt?.(event)) stop.abort();
      },
    },
  );
  return outcome;
}

const weightsOf = async (name: string, file = 'best') =>
  readSafetensors(await readFile(path.join(folder, name, `${file}.safetensors`))).tensors;

const historyOf = async (name: string): Promise<{ phase: string; trainLoss: number }[]> =>
  (await readFile(path.join(folder, name, 'history.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

test('phases follow one another, each from the best weights so far, and their frozen weights stay', async () => {
  expect(await train('whole', false)).toBe('finished');
  const history = await historyOf('whole');
  expect(history.map(({ phase }) => phase)).toEqual(['head', 'head', 'last', 'last', 'all', 'all']);
  // What the last phase began with: all but the last block and the head as the seed drew it, those two not.
  const start = await weightsOf('whole', 'phase-start');
  const context = createContext(new Graph(), 'infer', 1);
  const images = context.graph.input('x', 'float32', ['N', 1, 24, 24]);
  networkNamed('compact-cnn').network(context, images, { outputs: 2 });
  for (const { name, constant } of context.parameters) {
    const same = /^(conv|bn)[123]\./.test(name);
    const values = [toNumbers(start.get(name)!), toNumbers(constant!)]; // parameters hold data
    if (same) expect(values[0], name).toEqual(values[1]);
  }
  const headNow = toNumbers(start.get('fc.weight')!);
  const headDrawn = context.parameters.find(({ name }) => name === 'fc.weight')!.constant!;
  expect(headNow).not.toEqual(toNumbers(headDrawn));
});

test.each([
  ['within the first phase', 0, 1],
  ['at the end of the first phase', 1, 99],
  ['within the last phase', 4, 0],
])('a run stopped %s ends with the same weights when it is resumed', async (where, epoch, step) => {
  const name = where.replaceAll(' ', '-');
  const stopped = await train(
    name,
    false,
    (event) =>
      event.kind === 'step' &&
      event.epoch === epoch &&
      (event.step === step || (step === 99 && event.step === event.steps - 1)),
  );
  expect(stopped).toBe('interrupted');
  expect(await train(name, true)).toBe('finished');
  const [whole, resumed] = [await weightsOf('whole'), await weightsOf(name)];
  for (const [key, value] of whole) expect(toNumbers(resumed.get(key)!), key).toEqual(toNumbers(value));
  const losses = async (run: string) => (await historyOf(run)).map(({ trainLoss }) => trainLoss);
  expect(await losses(name)).toEqual(await losses('whole'));
});
