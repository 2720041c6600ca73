import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { RandomStream } from '../../src/random.ts';
import { hounsfield, start, temporaryFolder, tinyPhantom, tinySettings } from './hounsfield.ts';

const folder = temporaryFolder();
const at = (...parts: string[]) => path.join(folder, ...parts);
/** With dropout, momentum and augmentation, so that all that is random or remembered takes part. */
const settings = [
  ...tinySettings,
  '--epochs',
  '12',
  '--optimizer',
  'adamw',
  '--ema',
  '0.9',
  '--mixup',
  '0.2',
];
let data = '';

const train = (out: string, ...more: readonly string[]) =>
  start('train', data, ...settings, '--out', at(out), ...more);
const sameBytes = (out: string, file: string): boolean =>
  readFileSync(at(out, file)).equals(readFileSync(at('whole', file)));

function expectSame(out: string): void {
  expect([sameBytes(out, 'best.safetensors'), weightsOf(out)]).toEqual([true, weightsOf('whole')]);
  const figures = (name: string) => JSON.parse(readFileSync(at(name, 'metrics.json'), 'utf8')).test;
  expect(figures(out)).toEqual(figures('whole'));
}

/** The checkpoint's tensors; its header holds seconds, which differ. */
function weightsOf(out: string): string {
  const bytes = readFileSync(at(out, 'checkpoint.safetensors'));
  return createHash('sha256')
    .update(bytes.subarray(8 + Number(bytes.readBigUInt64LE())))
    .digest('hex');
}

let secondsOfWhole = 0;
beforeAll(async () => {
  data = await tinyPhantom(at('data'));
  const begun = performance.now();
  const { code, err } = await train('whole').ended;
  secondsOfWhole = (performance.now() - begun) / 1000;
  expect([code, err.includes('epoch 12/12')]).toEqual([0, true]);
});

describe('killed at any moment and resumed', () => {
  const moments = new RandomStream({ seed: 11, purpose: 'kill' });

  test.each([1, 2])('kill -9, several times in run %d, ends with the same weights', async (run) => {
    const out = `killed-${run}`;
    for (let kills = 0; kills < 3; kills++) {
      const resume = existsSync(at(out, 'config.json')) && existsSync(at(out, 'checkpoint.safetensors'));
      const running = train(out, ...(resume ? ['--resume'] : []));
      await Promise.race([running.ended, setTimeout(secondsOfWhole * 1000 * moments.uniform(0.2, 0.8))]);
      running.kill('SIGKILL');
      await running.ended;
    }
    const resume = existsSync(at(out, 'checkpoint.safetensors')) ? ['--resume'] : [];
    const { code, err } = await train(out, ...resume).ended;
    expect([code, err.includes('LOSS')]).toEqual([0, false]);
    expectSame(out);
  });
});

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s leaves a checkpoint, says how to go on, ends with 130',
  async (signal) => {
    const running = train(signal);
    await running.says(/epoch 2\/12/);
    running.kill(signal);
    const { code, err, out } = await running.ended;
    expect([code, err]).toEqual([130, expect.stringMatching(/Go on with: hounsfield train .* --resume/)]);
    expect(out).toContain('interrupted; checkpoint: ');
    expect(existsSync(at(signal, 'model.onnx'))).toBe(false);
    // The settings are the run's own: they need not be given again.
    const resumed = await hounsfield('train', data, '--out', at(signal), '--resume');
    expect([resumed.code, resumed.err.includes('resumed at epoch')]).toEqual([0, true]);
    expectSame(signal);
  },
);
