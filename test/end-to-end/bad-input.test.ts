import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hounsfield, start, temporaryFolder, tinyPhantom, tinySettings } from './hounsfield.ts';

const folder = temporaryFolder();
const at = (...parts: string[]) => path.join(folder, ...parts);
let data = '';
let rows: readonly string[] = [];

const train = (source: string, out: string, ...more: readonly string[]) =>
  hounsfield('train', source, ...tinySettings, '--out', at(out), ...more);

/** A copy of the phantom's table under another name, in the same folder. */
function table(name: string, edit: (rows: readonly string[]) => readonly string[]): string {
  const file = at('data', `${name}.csv`);
  writeFileSync(file, `${edit(rows).join('\n')}\n`);
  return file;
}

beforeAll(async () => {
  data = await tinyPhantom(at('data'));
  rows = readFileSync(data, 'utf8').trimEnd().split('\n');
  expect((await train(data, 'run', '--epochs', '2')).code).toBe(0);
});

describe('each ends with 1, a code, the file and what to do; nothing is written', () => {
  const first = () => rows[1]!.split(',')[0]!;
  const swap = (name: string) => (all: readonly string[]) =>
    all.map((row, i) => (i === 1 ? [name, ...row.split(',').slice(1)].join(',') : row));

  test.each<
    [what: string, source: () => string, code: string, parts: readonly string[], more?: readonly string[]]
  >([
    [
      'a truncated image',
      () => {
        copyFileSync(at('data', first()), at('data', 'cut.png'));
        truncateSync(at('data', 'cut.png'), 300);
        return table('cut', swap('cut.png'));
      },
      'DATA_UNREADABLE',
      ['cut.png', 'Copy them again'],
    ],
    [
      'a file that is no image',
      () => {
        writeFileSync(at('data', 'text.png'), 'not an image');
        return table('text', swap('text.png'));
      },
      'DATA_UNREADABLE',
      ['text.png', 'IMAGE_FORMAT_UNKNOWN'],
    ],
    [
      'a file that is not there',
      () => table('gone', swap('gone.png')),
      'FILE_MISSING',
      ['gone.png', 'row 2'],
    ],
    ['no data', () => at('nothing'), 'DATA_MISSING', ['nothing', 'spelling']],
    [
      'one class only',
      () => table('one', (all) => all.filter((row, i) => i === 0 || row.includes(',clear,'))),
      'ONE_CLASS',
      ['one.csv', "'clear'"],
    ],
    [
      'a network too large for the image',
      () => data,
      'NETWORK_INPUT',
      ['resnet18-small', '8 pixels'],
      ['--network', 'resnet18', '--size', '6'],
    ],
    [
      'an unknown network',
      () => data,
      'NETWORK_UNKNOWN',
      ['resnet19', 'resnet18'],
      ['--network', 'resnet19'],
    ],
    [
      'settings out of range',
      () => data,
      'SETTINGS_INVALID',
      ['epochs is 0', 'sgd'],
      ['--epochs', '0', '--optimizer', 'magic'],
    ],
    ['a device that is not there', () => data, 'DEVICE_MISSING', ['tpu', 'cpu'], ['--device', 'tpu']],
    ['no such task', () => data, 'TASK_UNKNOWN', ['classification'], ['--task', 'folding']],
    ['no run to resume', () => data, 'CHECKPOINT_MISSING', ['without --resume'], ['--resume']],
    [
      'a config that is no JSON',
      () => data,
      'CONFIG_UNREADABLE',
      ['manifest.csv'],
      ['--config', at('data', 'manifest.csv')],
    ],
  ])('train: %s', async (what, source, code, parts, more = []) => {
    const out = what.replaceAll(' ', '-');
    const ended = await train(source(), out, ...more);
    expect([ended.code, ended.out]).toEqual([1, '']);
    expect(ended.err).toMatch(new RegExp(`^${code}: `, 'm'));
    expect(ended.err).not.toMatch(/\n {4}at /);
    for (const part of parts) expect(ended.err).toContain(part);
  });

  test.each<[what: string, args: () => readonly string[], code: string, parts: readonly string[]]>([
    [
      'evaluate: a label that the model does not have',
      () => [
        'evaluate',
        at('run', 'model.onnx'),
        table('label', (all) => all.map((row) => row.replace(',clear,', ',healthy,'))),
      ],
      'LABEL_UNKNOWN',
      ["'healthy'", 'clear, nodule'],
    ],
    [
      'predict: no model',
      () => ['predict', at('none.onnx'), at('data', first())],
      'MODEL_MISSING',
      ['none.onnx'],
    ],
    ['predict: a model that is none', () => ['predict', data, at('data', first())], 'ONNX_FILE', []],
    [
      'predict: no image',
      () => ['predict', at('run', 'model.onnx'), at('none.png')],
      'FILE_MISSING',
      ['none.png'],
    ],
    [
      'explain: a label that the model does not have',
      () => ['explain', at('run', 'model.onnx'), at('data', first()), '--out', at('maps'), '--label', 'cat'],
      'LABEL_UNKNOWN',
      ["'cat'", 'clear, nodule'],
    ],
    ['inspect: no data', () => ['inspect', at('nothing')], 'DATA_MISSING', ['nothing']],
  ])('%s', async (_, args, code, parts) => {
    const ended = await hounsfield(...args());
    expect([ended.code, ended.out]).toEqual([1, '']);
    expect(ended.err).toMatch(new RegExp(`^${code}: `, 'm'));
    for (const part of parts) expect(ended.err).toContain(part);
  });

  test('--json tells the error as JSON, HOUNSFIELD_DEBUG=1 where it came from', async () => {
    const ended = await hounsfield('inspect', at('nothing'), '--json');
    expect([ended.code, JSON.parse(ended.out).error.code]).toEqual([1, 'DATA_MISSING']);
    process.env['HOUNSFIELD_DEBUG'] = '1';
    const debugged = await hounsfield('inspect', at('nothing'));
    delete process.env['HOUNSFIELD_DEBUG'];
    expect(debugged.err).toMatch(/\n {4}at /);
  });
});

test('inspect lists what is unreadable instead of stopping', async () => {
  writeFileSync(at('data', 'broken.png'), readFileSync(at('data', rows[1]!.split(',')[0]!)).subarray(0, 99));
  const listed = table('broken', (all) => [...all, 'broken.png,clear,patient-0001']);
  const { code, out } = await hounsfield('inspect', listed, '--json');
  const found = JSON.parse(out);
  expect([code, found.images, found.readable, found.unreadable[0].image]).toEqual([0, 49, 48, 'broken.png']);
});

describe('nothing that is already written is lost', () => {
  const files = ['model.onnx', 'metrics.json', 'best.safetensors', 'checkpoint.safetensors', 'config.json'];
  const contents = () => files.map((name) => sha256(readFileSync(at('run', name))));

  test('a folder that holds a run', async () => {
    const before = contents();
    const { code, err } = await train(data, 'run');
    expect([code, err]).toEqual([1, expect.stringMatching(/^RUN_EXISTS: .*--resume/m)]);
    expect(contents()).toEqual(before);
  });

  test('other settings on resuming', async () => {
    const before = contents();
    const { code, err } = await train(data, 'run', '--resume', '--lr', '0.5');
    expect([code, err]).toEqual([1, expect.stringMatching(/^CHECKPOINT_OTHER_RUN: /m)]);
    expect(contents()).toEqual(before);
  });

  test.each([
    ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)],
    ['overwritten', (bytes: Buffer) => Buffer.from(bytes).fill(0x7b, 0, 64)],
    ['empty', () => Buffer.alloc(0)],
  ])('a checkpoint %s', async (name, damage) => {
    const out = `damaged-${name.replace(' ', '-')}`;
    mkdirSync(at(out));
    copyFileSync(at('run', 'config.json'), at(out, 'config.json'));
    const damaged = damage(readFileSync(at('run', 'checkpoint.safetensors')));
    writeFileSync(at(out, 'checkpoint.safetensors'), damaged);
    const { code, err } = await hounsfield('train', data, '--out', at(out), '--resume');
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/^CHECKPOINT_CORRUPT: .*checkpoint\.safetensors/m),
    ]);
    expect(readFileSync(at(out, 'checkpoint.safetensors')).equals(damaged)).toBe(true);
  });

  test('a loss that is not a number: the checkpoint stays', async () => {
    const { code, err } = await train(
      data,
      'diverged',
      '--optimizer',
      'sgd',
      '--lr',
      '1000',
      '--schedule',
      'constant',
    );
    expect([code, err]).toEqual([1, expect.stringMatching(/^LOSS_NOT_FINITE: .*--lr/m)]);
    expect(readFileSync(at('diverged', 'checkpoint.safetensors')).length).toBeGreaterThan(1000);
  });
});

describe('a full disk', () => {
  const disk = path.join(folder, 'small-disk');
  const mounted = mountSmallDisk(disk, 3000);
  afterAll(() => {
    if (mounted) execFileSync('umount', [disk]);
  });

  test.skipIf(!mounted)(
    `${mounted ? '' : 'skipped, mounting needs root on Linux: '}stops with DISK_FULL and what was written is whole`,
    async () => {
      const running = start('train', data, ...tinySettings, '--out', path.join(disk, 'run'));
      const { code, err } = await running.ended;
      expect([code, err]).toEqual([1, expect.stringMatching(/^DISK_FULL: .*small-disk.*free some space/m)]);
      execFileSync('mount', ['-o', 'remount,size=64m', disk]);
      const resumed = await hounsfield('train', data, '--out', path.join(disk, 'run'), '--resume');
      expect([resumed.code, resumed.err]).toEqual([0, expect.stringContaining('resumed at epoch')]);
    },
  );
});

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function mountSmallDisk(place: string, kibibytes: number): boolean {
  try {
    mkdirSync(place);
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'tmpfs', place], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
