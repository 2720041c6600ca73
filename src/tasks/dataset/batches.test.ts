import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { encodePng } from '../../imaging/formats/write-png.node.ts';
import { medicalImage } from '../../imaging/image/medical-image.ts';
import { type Batch, type BatchLoader, type BatchLoaderOptions, createBatchLoader } from './batches.node.ts';
import { conformImage } from './conform-image.ts';
import type { Dataset } from './dataset.ts';
import { loadDataset } from './manifest.node.ts';

const RECIPE = {
  rotateDegrees: 10,
  scale: 0.1,
  shift: 0.1,
  flipHorizontal: 0.5,
  brightness: 0.15,
  contrast: 0.15,
  noise: 0.02,
};
const png = (channels: number, height: number, width: number, seed: number) => {
  const pixels = Uint8Array.from(
    { length: channels * height * width },
    (_, i) => (i * seed * 7 + seed) % 256,
  );
  return encodePng(medicalImage(pixels, { channels, height, width }, 8));
};

let root = '';
let data: Dataset;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'hounsfield-batches-'));
  for (const name of ['a', 'b']) await mkdir(path.join(root, name));
  for (let i = 0; i < 11; i++)
    await writeFile(path.join(root, i < 8 ? 'a' : 'b', `${i}.png`), png(1, 10 + i, 14, i + 1));
  data = await loadDataset(root);
});
afterAll(() => rm(root, { recursive: true }));

const open: BatchLoader[] = [];
afterEach(async () => {
  for (const loader of open.splice(0)) await loader.close();
});

async function loader(options: Partial<BatchLoaderOptions> = {}): Promise<BatchLoader> {
  const samples = data.samples.map((_, i) => i);
  const shape = { channels: 1, height: 12, width: 12 };
  const made = await createBatchLoader({
    dataset: data,
    samples,
    batchSize: 4,
    seed: 3,
    workers: 0,
    ...shape,
    ...options,
  });
  open.push(made);
  return made;
}

async function collect(source: AsyncIterable<Batch>): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of source) batches.push(batch);
  return batches;
}

describe('an epoch', () => {
  test('shows every image once, the short last batch padded and weighted zero', async () => {
    const made = await loader();
    expect([made.stepsPerEpoch, made.imagesPerEpoch]).toEqual([3, 11]);
    const batches = await collect(made.epoch(0));
    expect(batches.map((batch) => batch.count)).toEqual([4, 4, 3]);
    const last = batches[2]!;
    expect(Array.from(last.weights)).toEqual([1, 1, 1, 0]);
    expect(last.indices[3]).toBe(-1);
    expect(Array.from(last.targets.subarray(6))).toEqual([0, 0]);
    expect(last.images.subarray(3 * 144)).toEqual(last.images.subarray(0, 144));
    const shown = batches.flatMap((batch) => Array.from(batch.indices)).filter((index) => index >= 0);
    expect(shown.sort((a, b) => a - b)).toEqual(data.samples.map((_, i) => i));
    for (const batch of batches) {
      for (let row = 0; row < batch.count; row++) {
        expect(batch.targets[2 * row + data.samples[batch.indices[row]!]!.label]).toBe(1);
      }
    }
  });

  test('is drawn anew each time, and is the same when repeated', async () => {
    const made = await loader({ recipe: RECIPE });
    const [first, second] = [await collect(made.epoch(0)), await collect(made.epoch(1))];
    expect(second[0]!.indices).not.toEqual(first[0]!.indices);
    expect(await collect(made.epoch(0))).toEqual(first);
  });

  test('entered in the middle goes on as the whole does', async () => {
    const made = await loader({ recipe: { ...RECIPE, mixup: 0.3 } });
    const whole = await collect(made.epoch(5));
    expect(await collect(made.epoch(5, 2))).toEqual(whole.slice(2));
    expect(await collect(made.epoch(5, 3))).toEqual([]);
  });

  test("without shuffling keeps the order given and the files' values", async () => {
    const made = await loader({ shuffle: false, samples: [9, 2], height: 12, width: 14 });
    const [batch] = await collect(made.epoch(7));
    expect(Array.from(batch!.indices)).toEqual([9, 2, -1, -1]);
    const stored = Uint8Array.from({ length: 12 * 14 }, (_, i) => (i * 3 * 7 + 3) % 256);
    expect(Array.from(batch!.images.subarray(12 * 14, 2 * 12 * 14))).toEqual(Array.from(stored));
  });

  test('can be left early', async () => {
    const made = await loader({ workers: 1, recipe: RECIPE });
    for await (const batch of made.epoch(0)) {
      expect(batch.count).toBe(4);
      break;
    }
    expect((await collect(made.epoch(1))).length).toBe(3);
  });
});

describe('the same batches', () => {
  test.each([1, 2, 3])('from %i workers as from none', async (workers) => {
    const options = { recipe: { ...RECIPE, mixup: 0.2, elastic: 0.02 }, balance: 'oversample' } as const;
    const [alone, pooled] = [await loader(options), await loader({ ...options, workers })];
    for (const epoch of [0, 1])
      expect(await collect(pooled.epoch(epoch))).toEqual(await collect(alone.epoch(epoch)));
  });

  test.each([0, 300])('with %i bytes of cache as with plenty', async (cacheBytes) => {
    const [plenty, little] = [await loader({ recipe: RECIPE }), await loader({ recipe: RECIPE, cacheBytes })];
    for (const epoch of [0, 1])
      expect(await collect(little.epoch(epoch))).toEqual(await collect(plenty.epoch(epoch)));
  });
});

test('later epochs do not read the files again', async () => {
  const folder = path.join(root, '..', `${path.basename(root)}-gone`);
  for (const name of ['a', 'b']) {
    await mkdir(path.join(folder, name), { recursive: true });
    await writeFile(path.join(folder, name, '1.png'), png(1, 12, 12, 5));
  }
  const gone = await loadDataset(folder);
  const made = await loader({ dataset: gone, samples: [0, 1], workers: 1 });
  const first = await collect(made.epoch(0));
  await rm(folder, { recursive: true });
  expect(await collect(made.epoch(0))).toEqual(first);
});

test('oversampling shows each class as often, each time augmented otherwise', async () => {
  const made = await loader({ balance: 'oversample', recipe: { noise: 0.1 }, batchSize: 16 });
  expect(made.imagesPerEpoch).toBe(16);
  const [batch] = await collect(made.epoch(0));
  const rows = new Map<number, string[]>();
  for (let row = 0; row < 16; row++) {
    const pixels = batch!.images.subarray(row * 144, (row + 1) * 144).join();
    rows.set(batch!.indices[row]!, [...(rows.get(batch!.indices[row]!) ?? []), pixels]);
  }
  expect([...rows.keys()].filter((index) => data.samples[index]!.label === 1).length).toBe(3);
  for (const list of rows.values()) expect(new Set(list).size).toBe(list.length);
});

test('mixup makes labels soft', async () => {
  const made = await loader({ recipe: { mixup: 1 }, batchSize: 11 });
  const [batch] = await collect(made.epoch(0));
  for (let row = 0; row < 11; row++)
    expect(batch!.targets[2 * row]! + batch!.targets[2 * row + 1]!).toBeCloseTo(1, 6);
  expect(batch!.targets.some((value) => value > 0.01 && value < 0.99)).toBe(true);
});

describe('errors', () => {
  test.each([
    ['BATCH_OPTIONS', { batchSize: 0, height: 2.5 }, /batchSize is 0, height is 2.5/],
    ['BATCH_OPTIONS', { samples: [] }, /there are no samples/],
    ['RECIPE_INVALID', { recipe: { scale: 5 } }, /scale is 5, outside 0..0.9/],
  ])('%s', async (code, options, reason) => {
    await expect(loader(options)).rejects.toThrow(reason);
    await expect(loader(options)).rejects.toThrow(new RegExp(`^${code}: `));
  });

  test.each([0, 1])('an unreadable image ends the epoch by its name (%i workers)', async (workers) => {
    await writeFile(path.join(root, 'a', 'z.png'), png(1, 10, 10, 3).subarray(0, 60));
    try {
      const broken = await loadDataset(root);
      const made = await loader({ dataset: broken, samples: broken.samples.map((_, i) => i), workers });
      await expect(collect(made.epoch(0))).rejects.toThrow(
        /^IMAGE_UNREADABLE: .*z.png \(60 bytes\) cannot be decoded/,
      );
    } finally {
      await rm(path.join(root, 'a', 'z.png'));
    }
  });

  test('bit depths and colour do not mix unasked', async () => {
    const deep = encodePng(medicalImage(new Uint16Array(100), { channels: 1, height: 10, width: 10 }, 16));
    for (const [bytes, code] of [
      [deep, 'BIT_DEPTH_MIXED'],
      [png(3, 10, 10, 3), 'CHANNELS_MISMATCH'],
    ] as const) {
      await writeFile(path.join(root, 'b', 'z.png'), bytes);
      const mixed = await loadDataset(root);
      const made = await loader({ dataset: mixed, samples: mixed.samples.map((_, i) => i) });
      await expect(collect(made.epoch(0))).rejects.toThrow(new RegExp(`^${code}: b/z.png has`));
      await rm(path.join(root, 'b', 'z.png'));
    }
  });

  test('a closed loader says so', async () => {
    const made = await loader({ workers: 1 });
    await made.close();
    await expect(collect(made.epoch(0))).rejects.toThrow(/^LOADER_CLOSED: /);
  });
});

describe('fitting an image to the network', () => {
  const pixels = Uint8Array.from({ length: 4 * 8 }, (_, i) => 10 + (i % 8) * 10);
  const wide = medicalImage(pixels, { channels: 1, height: 4, width: 8 }, 8);
  test.each([
    ['stretch', [15, 35, 55, 75]],
    ['crop', [30, 40, 50, 60]],
    ['pad', [13, 31, 50, 70]],
  ] as const)('%s', (mode, middle) => {
    const { pixels: out } = conformImage(wide, { channels: 1, height: 4, width: 4 }, mode, 'x');
    const row = Array.from(out.subarray(4, 8));
    if (mode === 'pad') {
      expect(out[0]).toBeLessThan(out[4]!);
      expect(row[3]!).toBeGreaterThan(row[0]!);
    } else expect(row.map((v) => Math.abs(v - middle[row.indexOf(v)]!)).every((d) => d <= 3)).toBe(true);
  });

  test('grey becomes three equal channels, grey in colour becomes one', () => {
    const three = conformImage(wide, { channels: 3, height: 4, width: 8 }, 'stretch', 'x');
    expect(Array.from(three.pixels)).toEqual([...pixels, ...pixels, ...pixels]);
    const colour = medicalImage(Uint8Array.from(three.pixels), { channels: 3, height: 4, width: 8 }, 8);
    expect(
      Array.from(conformImage(colour, { channels: 1, height: 4, width: 8 }, 'stretch', 'x').pixels),
    ).toEqual([...pixels]);
  });
});
