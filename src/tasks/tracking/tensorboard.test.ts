import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { encodePng } from '../../imaging/formats/write-png.node.ts';
import { medicalImage } from '../../imaging/image/medical-image.ts';
import { tensorBoardTracker } from './tensorboard.node.ts';
import type { RunDescription } from './tracker.ts';

const python = process.env['HOUNSFIELD_PEERS_PYTHON'];
const root = mkdtempSync(path.join(tmpdir(), 'hounsfield-tensorboard-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface ReadBack {
  readonly runs: Record<
    string,
    {
      scalars: Record<string, [number, number][]>;
      images: Record<string, number[][]>;
      texts: Record<string, [number, string][]>;
    }
  >;
  readonly settings: Record<string, { settings: Record<string, unknown>; status: string[] }>;
}

const script = path.join(import.meta.dirname, '../../../scripts/peers/tracking.py');
const readBack = (folder: string): ReadBack =>
  JSON.parse(
    execFileSync(String(python), [script, 'read', folder], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  );

const describeRun = (folder: string, settings: object = {}): RunDescription => ({
  folder,
  task: 'classification',
  network: 'small-cnn',
  settings: {
    data: 'patients/Doe_John',
    network: 'nets/own.onnx',
    epochs: 3,
    lr: 0.5,
    augment: { shift: 0.1 },
    ...settings,
  },
  data: { fingerprint: 'abc', counts: { train: 8 } },
  stepsPerEpoch: 4,
  versions: { hounsfield: '1' },
});
const epochRecord = (epoch: number) => ({
  epoch,
  trainLoss: 1 / (epoch + 1),
  learningRate: 0.5,
  validation: { auc: 0.5 + epoch / 10, loss: Number.NaN },
  seconds: 2,
  waitedSeconds: 0,
});
const png = encodePng(medicalImage(new Uint8Array(12), { channels: 1, height: 3, width: 4 }, 8));
const around = { note: (text: string) => expect.fail(text) };

function track(folder: string, from: number, to: number, settings: object = {}) {
  const tracker = tensorBoardTracker(around);
  const described = describeRun(folder, settings);
  tracker.start(from === 0 ? described : { ...described, resumedAtStep: from });
  for (let step = from; step < to; step++) {
    tracker.step({ step, loss: 100 * (from + 1) + step, rate: 0.5 });
    if (step % 4 === 3) tracker.epoch(epochRecord(Math.floor(step / 4)));
  }
  return tracker;
}

describe.skipIf(!python)(`TensorBoard reads${python ? '' : ' (skipped: no HOUNSFIELD_PEERS_PYTHON)'}`, () => {
  test('all that was written, and forgets what a resumed run does again', async () => {
    const one = path.join(root, 'whole', 'one');
    const first = track(one, 0, 10); // epochs 1 and 2, and two steps more
    first.image('heat map', png);
    first.finish('interrupted', {}, {});
    await first.close();
    const again = track(one, 8, 12); // from the checkpoint at the end of epoch 2
    again.text('card', '# Model\n研究');
    again.finish('finished', { auc: 0.75, brier: null }, {});
    await again.close();
    const other = track(path.join(root, 'whole', 'other'), 0, 4, { lr: 0.25 });
    other.finish('failed', {}, {});
    await other.close();

    const found = readBack(path.join(root, 'whole'));
    const { scalars, texts, images } = found.runs['one/tensorboard']!;
    expect(scalars['train/loss']!.map(([step]) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(scalars['train/loss']!.map(([, loss]) => loss)).toEqual([
      ...[100, 101, 102, 103, 104, 105, 106, 107],
      ...[908, 909, 910, 911],
    ]);
    expect(scalars['epoch/number']).toEqual([
      [4, 1],
      [8, 2],
      [12, 3],
    ]);
    expect(scalars['validation/auc']!.map(([step]) => step)).toEqual([4, 8, 12]);
    expect(scalars['validation/loss']!.length).toBe(3);
    expect(scalars['test/auc']).toEqual([[12, 0.75]]);
    expect(Object.keys(scalars)).not.toContain('test/brier');
    expect(images['heat map']).toEqual([]); // drawn at step 10, which was done again
    expect(texts['card/text_summary']).toEqual([[12, '# Model\n研究']]);
    const settings = texts['settings/text_summary']!.at(-1)![1];
    expect(settings).toContain('| lr | 0.5 |');
    expect(settings).toContain('| network | own.onnx |');
    expect(settings).not.toMatch(/Doe/);
    const table = Object.values(found.settings);
    expect(table.map(({ settings: held }) => held['lr']).sort()).toEqual([0.25, 0.5]);
    expect(table.map(({ settings: held }) => held['augment.shift'])).toEqual([0.1, 0.1]);
    expect(table.flatMap(({ status }) => status).sort()).toEqual([1, 2]);
  });

  test('a picture by its size', async () => {
    const folder = path.join(root, 'picture');
    const tracker = track(folder, 0, 4);
    tracker.image('heat map', png);
    await tracker.close();
    expect(readBack(folder).runs['tensorboard']!.images).toEqual({ 'heat map': [[4, 4, 3]] });
  });

  test('the epochs before a kill -9', async () => {
    const folder = path.join(root, 'killed');
    const module = path.join(import.meta.dirname, '../../../dist/src/tasks/tracking/tensorboard.node.js');
    const text = `
      import { tensorBoardTracker } from ${JSON.stringify(module)};
      const tracker = tensorBoardTracker({ note: console.error });
      tracker.start(${JSON.stringify(describeRun(folder))});
      for (let step = 0; step < 6; step++) {
        tracker.step({ step, loss: step, rate: 0.5 });
        if (step === 3) tracker.epoch(${JSON.stringify(epochRecord(0))});
      }
      console.log('ready');
      setInterval(() => {}, 1000);`;
    const file = path.join(root, 'killed.mjs');
    writeFileSync(file, text);
    const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    const { scalars } = readBack(folder).runs['tensorboard']!;
    expect(scalars['train/loss']!.map(([step]) => step)).toEqual([1, 2, 3, 4]);
    expect(scalars['validation/auc']).toEqual([[4, 0.5]]);
  });
});

test('many steps become at most 5000 points, each the mean of its steps', async () => {
  const folder = path.join(root, 'many');
  const tracker = tensorBoardTracker(around);
  tracker.start({ ...describeRun(folder, { epochs: 2 }), stepsPerEpoch: 10_000 });
  for (let step = 0; step < 20_000; step++) tracker.step({ step, loss: step % 4, rate: 1 });
  tracker.finish('finished', {}, {});
  await tracker.close();
  const [name] = readdirSync(path.join(folder, 'tensorboard'));
  expect(name).toMatch(/^events\.out\.tfevents\.\d{10}\.0000\.\d+\.hounsfield$/);
});

test('a folder that cannot be written is noted once, and training goes on', async () => {
  const file = path.join(root, 'a-file');
  writeFileSync(file, '');
  const notes: string[] = [];
  const tracker = tensorBoardTracker({ note: (text) => notes.push(text) });
  tracker.start(describeRun(path.join(file, 'below')));
  tracker.step({ step: 0, loss: 1, rate: 1 });
  tracker.epoch(epochRecord(0));
  tracker.finish('finished', { auc: 1 }, {});
  await tracker.close();
  expect(notes.length).toBe(1);
  expect(notes[0]).toMatch(/^TRACKING_NOT_WRITTEN: /);
});
