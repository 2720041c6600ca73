import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { classCounts, stackImage } from './dataset.ts';
import { loadDataset } from './manifest.node.ts';
import { makePhantomDataset } from './phantom.ts';
import { PHANTOM_OFFSET_HU, writePhantomDataset } from './phantom-files.node.ts';
import { readSample } from './read-sample.node.ts';
import { splitDataset } from './split.ts';

const OPTIONS = { seed: 3, patients: 24, slicesPerPatient: 4, size: 64 };
const phantom = makePhantomDataset(OPTIONS);
const stack = phantom.stacks.get('phantom')!;

function meanAround(index: number, x: number, y: number): number {
  const { pixels } = stackImage(stack, index);
  let sum = 0;
  for (let dy = -2; dy <= 2; dy++) for (let dx = -2; dx <= 2; dx++) sum += pixels[(y + dy) * 64 + x + dx]!;
  return sum / 25;
}

const average = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe('the phantom', () => {
  test('the same seed gives the same pixels, another other ones', () => {
    expect(makePhantomDataset(OPTIONS)).toEqual(phantom);
    const other = makePhantomDataset({ ...OPTIONS, seed: 4 });
    expect(other.stacks.get('phantom')!.pixels).not.toEqual(stack.pixels);
  });

  test('one patient more leaves the others as they were', () => {
    const more = makePhantomDataset({ ...OPTIONS, patients: 25 }).stacks.get('phantom')!;
    expect(more.pixels.slice(0, stack.pixels.length)).toEqual(stack.pixels.slice());
  });

  test('both classes are common, patients hold several slices, and a split can be drawn', () => {
    const counts = classCounts(phantom, phantom.samples.keys());
    expect(Math.min(...counts)).toBeGreaterThan(0.3 * phantom.samples.length);
    expect(new Set(phantom.samples.map((sample) => sample.patient)).size).toBe(24);
    expect(phantom.grouping).toBe('patient');
    const { train, validation, test: held } = splitDataset(phantom, 0);
    expect(train.length + validation.length + held.length).toBe(96);
  });

  test('air, lung, soft tissue and bone have their Hounsfield units', () => {
    const all = phantom.samples.map((_, i) => i);
    const air = average(all.map((i) => meanAround(i, 5, 3)));
    const tissue = average(all.map((i) => meanAround(i, 32, 20)));
    expect(air).toBeGreaterThan(-1010);
    expect(air).toBeLessThan(-960);
    expect(tissue).toBeGreaterThan(20);
    expect(tissue).toBeLessThan(80);
    for (const index of all.slice(0, 20)) {
      const sorted = stackImage(stack, index).pixels.slice().sort();
      expect(sorted.at(-1)).toBeGreaterThan(350);
      const lung = sorted.filter((value) => value > -930 && value < -760).length;
      expect(lung / sorted.length).toBeGreaterThan(0.06);
    }
  });

  test('noise is that of a scanner: tens of HU, shared by neighbours', () => {
    const deviations = phantom.samples.slice(0, 30).map((_, i) => {
      const { pixels } = stackImage(stack, i);
      const patch = [0, 1, 2, 3, 4].flatMap((y) =>
        [0, 1, 2, 3, 4].map((x) => pixels[(18 + y) * 64 + 30 + x]!),
      );
      const mean = average(patch);
      return Math.sqrt(average(patch.map((value) => (value - mean) ** 2)));
    });
    expect(average(deviations)).toBeGreaterThan(15);
    expect(average(deviations)).toBeLessThan(60);
  });
});

test('written as PNG and read by its manifest it is the same, offset by 1024', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'hounsfield-phantom-'));
  try {
    const options = { ...OPTIONS, patients: 4 };
    const manifest = await writePhantomDataset(folder, options);
    expect(await readFile(path.join(folder, 'README.txt'), 'utf8')).toContain('Hounsfield units + 1024');
    const [read, made] = [await loadDataset(folder), makePhantomDataset(options)];
    expect(path.dirname(manifest)).toBe(folder);
    expect(read.samples.map(({ label, patient }) => [label, patient])).toEqual(
      made.samples.map(({ label, patient }) => [label, patient]),
    );
    for (const index of [0, 7, 15]) {
      const image = await readSample(read.samples[index]!.source, read);
      expect(image.bitDepth).toBe(16);
      const hu = stackImage(made.stacks.get('phantom')!, index).pixels;
      expect(Array.from(image.pixels, (value) => value - PHANTOM_OFFSET_HU)).toEqual(Array.from(hu));
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
