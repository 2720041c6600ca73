import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { hounsfield, readJson, temporaryFolder, tinyPhantom, tinySettings } from './hounsfield.ts';

const folder = temporaryFolder();
const at = (...parts: string[]) => path.join(folder, ...parts);
const model = at('run', 'model.onnx');
let data = '';

beforeAll(async () => {
  data = await tinyPhantom(at('data'));
});

describe('train, evaluate, predict, explain', () => {
  test('train writes every file and tells its result as JSON', async () => {
    const { code, out, err } = await hounsfield('train', data, ...tinySettings, '--out', at('run'), '--json');
    expect([code, err.includes('epoch 3/3')]).toEqual([0, true]);
    const result = JSON.parse(out);
    expect(result.outcome).toBe('finished');
    expect(Object.keys(result.files).sort()).toEqual([
      'best',
      'checkpoint',
      'config',
      'history',
      'metrics',
      'model',
      'predictions',
      'report',
    ]);
    for (const file of Object.values<string>(result.files)) expect(existsSync(file)).toBe(true);
    const metrics = readJson(at('run', 'metrics.json'));
    for (const part of ['test', 'validation']) {
      expect(metrics[part].auc).toBeGreaterThanOrEqual(0);
      expect(metrics[part].accuracy).toBeLessThanOrEqual(1);
    }
    expect(result.test).toEqual(metrics.test);
    expect(readFileSync(at('run', 'history.jsonl'), 'utf8').trimEnd().split('\n')).toHaveLength(3);
    expect(readJson(at('run', 'config.json'))).toMatchObject({ network: 'small-cnn', batch: 4, size: 16 });
  });

  test('evaluate on all images agrees with predict on each', async () => {
    const images = readFileSync(data, 'utf8')
      .trimEnd()
      .split('\n')
      .slice(1, 9)
      .map((row) => row.split(','));
    const files = images.map(([name]) => at('data', name!));
    const predicted = await hounsfield('predict', model, ...files, '--json');
    expect(predicted.code).toBe(0);
    const answers = JSON.parse(predicted.out);
    expect(answers).toHaveLength(8);
    for (const { probabilities, label } of answers) {
      expect(probabilities.clear + probabilities.nodule).toBeCloseTo(1, 5);
      expect(probabilities[label]).toBe(Math.max(probabilities.clear, probabilities.nodule));
    }

    const evaluated = await hounsfield('evaluate', model, data, '--out', at('judged'), '--json');
    expect(evaluated.code).toBe(0);
    const { all, images: count } = JSON.parse(evaluated.out);
    expect(count).toBe(48);
    const everyone = readFileSync(data, 'utf8')
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((row) => row.split(','));
    const whole = JSON.parse(
      (await hounsfield('predict', model, ...everyone.map(([name]) => at('data', name!)), '--json')).out,
    );
    const right = whole.filter(({ label }: { label: string }, i: number) => label === everyone[i]![1]).length;
    expect(all.accuracy).toBeCloseTo(right / 48, 10);
    expect(existsSync(at('judged', 'report.html'))).toBe(true);

    const explained = await hounsfield('explain', model, files[0]!, '--out', at('maps'), '--json');
    expect(explained.code).toBe(0);
    const [{ overlay, label, probability }] = JSON.parse(explained.out);
    expect([label, probability]).toEqual([answers[0].label, answers[0].probabilities[answers[0].label]]);
    expect(readFileSync(overlay).subarray(1, 4).toString()).toBe('PNG');
  });

  test('for people: a table of probabilities, figures with intervals', async () => {
    const image = at('data', readFileSync(data, 'utf8').split('\n')[1]!.split(',')[0]!);
    const predicted = await hounsfield('predict', model, image);
    expect(predicted.out).toMatch(/image +clear +nodule +predicted|0\.\d{4} {2}(clear|nodule)/);
    const evaluated = await hounsfield('evaluate', model, data);
    expect(evaluated.out).toMatch(/auc +\d\.\d{3} +\d\.\d{3} to \d\.\d{3}/);
  });

  test('settings of a file, options win', async () => {
    const args = ['--config', at('run', 'config.json'), '--epochs', '1', '--seed', '7', '--out', at('other')];
    expect((await hounsfield('train', data, ...args)).code).toBe(0);
    expect(readJson(at('other', 'config.json'))).toMatchObject({
      network: 'small-cnn',
      epochs: 1,
      seed: 7,
      batch: 4,
    });
  });
});

test('inspect shows classes, patients and the split that training would draw', async () => {
  const { code, out } = await hounsfield('inspect', data);
  expect(code).toBe(0);
  for (const part of [
    'images          48',
    'patients        16',
    'train',
    'validation',
    'unreadable      none',
  ]) {
    expect(out).toContain(part);
  }
  const json = JSON.parse((await hounsfield('inspect', data, '--json')).out);
  expect([json.images, json.patients, json.bitDepths]).toEqual([48, 16, { 16: 48 }]);
});

test('doctor tells versions and devices', async () => {
  const { code, out } = await hounsfield('doctor', '--json');
  const found = JSON.parse(out);
  expect([code, found.versions.node, found.devices.includes('cpu')]).toEqual([
    0,
    process.versions.node,
    true,
  ]);
  expect((await hounsfield('doctor')).out).toMatch(/onnxruntime-node +\d+\.\d+/);
});

describe('usage', () => {
  test.each(['inspect', 'train', 'evaluate', 'predict', 'explain', 'doctor', 'demo'])(
    '%s --help has an example and --json',
    async (command) => {
      const { code, out } = await hounsfield(command, '--help');
      expect([code, /Examples?:/.test(out), out.includes('--json')]).toEqual([0, true, true]);
    },
  );

  test.each([
    ['an unknown command', ['tarin']],
    ['an unknown option', ['train', 'x', '--out', 'y', '--learning', '3']],
    ['what is not a number', ['train', 'x', '--out', 'y', '--epochs', 'many']],
    ['an option left out', ['train', 'x']],
  ])('%s ends with 2', async (_, args) => {
    const { code, out, err } = await hounsfield(...args);
    expect([code, out, err.startsWith('error: ')]).toEqual([2, '', true]);
  });
});
