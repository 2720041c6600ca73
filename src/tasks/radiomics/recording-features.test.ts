import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeEdf } from '../../imaging/formats/edf/write-edf.ts';
import { signal } from '../../imaging/signal/signal.ts';
import { parseDelimited } from '../dataset/delimited-text.ts';
import { isRecording, writeRecordingFeatures } from './recording-features.node.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'recording-'));
  const samples = Float64Array.from({ length: 2000 }, (_, i) => Math.sin(i / 5) + (i % 7) / 10);
  const channels = ['C3', 'C4'].map((name) => ({ name, unit: 'uV', samplingRateHz: 100, samples }));
  await writeFile(path.join(folder, 'night.edf'), writeEdf(signal(channels, 100)));
  await writeFile(path.join(folder, 'manifest.csv'), 'image,label\na.png,b\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('a recording becomes a table of channels and windows; missing values say why', async () => {
  const file = path.join(folder, 'night.edf');
  expect(await isRecording(file)).toBe(true);
  expect(await isRecording(path.join(folder, 'manifest.csv'))).toBe(false);
  expect(await isRecording(folder)).toBe(false);
  const out = path.join(folder, 'night.csv');
  const found = await writeRecordingFeatures(file, out, { windowS: 5, hopS: 2.5 });
  expect(found).toMatchObject({ channels: 2, rows: 14 });
  const [header, ...rows] = parseDelimited(await readFile(out, 'utf8'), ',');
  expect(rows).toHaveLength(14);
  expect(rows[1]!.slice(0, 4)).toEqual(['C3', 'uV', '2.5', '7.5']);
  const remarks = header!.indexOf('remarks');
  for (const row of rows) {
    for (const [k, cell] of row.entries()) {
      if (cell === '' && k < remarks) expect(row[remarks]).toContain(`${header![k]}: `);
    }
  }
});
