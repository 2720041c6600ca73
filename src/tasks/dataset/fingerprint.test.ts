import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodePng } from '../../imaging/formats/write-png.node.ts';
import { medicalImage } from '../../imaging/image/medical-image.ts';
import type { Dataset } from './dataset.ts';
import { findDuplicates } from './duplicates.ts';
import { fingerprint, requireUniformImages } from './fingerprint.ts';
import { formatFingerprint } from './fingerprint-text.ts';
import { loadDataset } from './manifest.node.ts';
import { surveyDataset } from './survey.node.ts';

const png = (channels: number, height: number, width: number, bits: 8 | 16, value: (i: number) => number) => {
  const values = Array.from({ length: channels * height * width }, (_, i) => value(i));
  const pixels = bits === 8 ? Uint8Array.from(values) : Uint16Array.from(values);
  return encodePng(medicalImage(pixels, { channels, height, width }, bits));
};
const noise = (seed: number) => (i: number) => (Math.imul(i + seed, 2654435761) >>> 11) % 200;

let root = '';
let data: Dataset;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'hounsfield-print-'));
  const plane = 20 * 30;
  const files: Record<string, Uint8Array> = {
    'ill/1.png': png(1, 20, 30, 8, noise(1)),
    'ill/2.png': png(1, 20, 30, 8, noise(1)),
    'ill/a-very-long-name-of-an-image-that-does-not-fit-a-narrow-terminal-at-all.png': png(
      1,
      40,
      25,
      8,
      noise(3),
    ),
    'well/grey-in-colour.png': png(3, 20, 30, 8, (i) => noise(4)(i % plane)),
    'well/colour.png': png(3, 20, 30, 8, noise(5)),
    'well/deep.png': png(1, 20, 30, 16, (i) => 300 * noise(6)(i)),
    'well/broken.png': png(1, 20, 30, 8, noise(7)).subarray(0, 100),
    'well/empty.png': new Uint8Array(0),
  };
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await writeFile(path.join(root, name), bytes);
  }
  data = await loadDataset(root);
});
afterAll(() => rm(root, { recursive: true }));

async function print() {
  const survey = await surveyDataset(data);
  return fingerprint(data, survey, findDuplicates(survey));
}

test('counts all there is, and lists what cannot be read', async () => {
  const result = await print();
  expect(result).toMatchObject({
    images: 8,
    readable: 6,
    classes: [
      { name: 'ill', images: 3 },
      { name: 'well', images: 5 },
    ],
    grouping: 'image',
    height: { smallest: 20, median: 20, largest: 40 },
    width: { smallest: 25, median: 30, largest: 30 },
    channels: { 1: 5, 3: 1 },
    bitDepths: { 8: 5, 16: 1 },
    duplicates: { exact: 1, near: 0, conflicts: [] },
  });
  expect(result.unreadable.map(({ image, code }) => [image, code])).toEqual([
    ['well/broken.png', 'IMAGE_UNREADABLE'],
    ['well/empty.png', 'IMAGE_UNREADABLE'],
  ]);
  expect(result.intensity.low).toBe(0);
  expect(result.intensity.high).toBeGreaterThan(50000);
  expect(JSON.parse(JSON.stringify(result))).toEqual(result);
});

test('progress is told for every image', async () => {
  const seen: number[] = [];
  await surveyDataset(data, (done, total) => {
    seen.push(done);
    expect(total).toBe(8);
  });
  expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

describe('as text', () => {
  test.each([40, 60, 100])('of %i columns', async (columns) => {
    const lines = formatFingerprint(await print(), columns).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
    const text = lines.join('\n');
    expect(text).toMatch(/images +8, 6 readable/);
    expect(text).toMatch(/ill +3/);
    expect(text).toMatch(/duplicates +1 exact, 0 near/);
    expect(text).toMatch(/unreadable +2\n {2}well\/broken.png/);
  });
});

describe('images that do not go together', () => {
  const only = (...names: string[]): Dataset => ({
    ...data,
    samples: data.samples.filter((sample) => names.some((name) => sample.id.endsWith(name))),
  });
  test.each([
    [
      'DATA_UNREADABLE',
      ['1.png', 'broken.png', 'empty.png'],
      /2 of 3 images cannot be read:\n.*broken.png[^\n]*\n.*empty.png/,
    ],
    [
      'BIT_DEPTH_MIXED',
      ['1.png', 'deep.png'],
      /8 bits a value in 1 images \(ill\/1.png\) and 16 bits a value in 1 images \(well\/deep.png\)/,
    ],
    [
      'CHANNELS_MIXED',
      ['1.png', 'well/colour.png'],
      /1 channels in 1 images .* and 3 channels in 1 images \(well\/colour.png\)/,
    ],
  ])('%s', async (code, names, reason) => {
    const chosen = only(...names);
    const survey = await surveyDataset(chosen);
    expect(() => requireUniformImages(chosen, survey)).toThrow(reason);
    expect(() => requireUniformImages(chosen, survey)).toThrow(new RegExp(`^${code}: `));
  });

  test('grey stored as colour is grey, and mixed channels can be allowed', async () => {
    const grey = only('1.png', 'grey-in-colour.png');
    expect(() => requireUniformImages(grey, { images: [], unreadable: [] })).not.toThrow();
    const survey = await surveyDataset(grey);
    expect(() => requireUniformImages(grey, survey)).not.toThrow();
    const mixed = only('1.png', 'well/colour.png');
    expect(
      await surveyDataset(mixed).then((found) => requireUniformImages(mixed, found, 'allow')),
    ).toBeUndefined();
  });
});
