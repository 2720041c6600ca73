import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { RandomStream } from '../src/random.ts';
import { createBatchLoader } from '../src/tasks/dataset/batches.node.ts';
import type { Dataset } from '../src/tasks/dataset/dataset.ts';
import { type ImageCachePlace, imagePacks } from '../src/tasks/dataset/image-cache-folder.node.ts';
import { loadDataset } from '../src/tasks/dataset/manifest.node.ts';
import { type Benchmark, type Figure, median, pause, spreadOf } from './benchmark.ts';
import { productVersions } from './machine.ts';
import { countOption } from './number-option.ts';

/** Images a second in the first epoch of a run, with and without images that an earlier run has decoded. */
export const imageCache: Benchmark = {
  name: 'image-cache',
  describe:
    'first epoch of a run without a cache, with one to fill, and with one that an earlier run has filled',
  options: [
    ['--data <folder>', 'a data set of yours; left out, JPEG files are made'],
    ['--images <n>', 'JPEG files to make', '500'],
    ['--side <n>', 'their side in pixels', '1024'],
    ['--size <n>', 'side of the network’s input', '224'],
    ['--rounds <n>', 'turns of each', '3'],
    ['--workers <n>', 'worker threads', '1'],
  ],
  async run(options, say) {
    const [size, rounds, workers] = [
      countOption(options, 'size'),
      countOption(options, 'rounds'),
      countOption(options, 'workers'),
    ];
    const root = await mkdtemp(path.join(os.tmpdir(), 'hounsfield-image-cache-'));
    try {
      const made = typeof options['data'] !== 'string';
      const folder = made ? path.join(root, 'data') : String(options['data']);
      if (made) await makeImages(folder, countOption(options, 'images'), countOption(options, 'side'));
      const dataset = await loadDataset(folder);
      await pause(2100); // files changed just now are not known by their times
      const rates = { none: [] as number[], filling: [] as number[], filled: [] as number[] };
      let bytes = 0;
      for (let round = 0; round < rounds; round++) {
        const place = { folder: path.join(root, `cache-${round}`), bytes: 20e9 };
        rates.none.push(await firstEpoch(dataset, size, workers, undefined));
        rates.filling.push(await firstEpoch(dataset, size, workers, place));
        rates.filled.push(await firstEpoch(dataset, size, workers, place));
        bytes = imagePacks(place.folder).reduce((sum, pack) => sum + pack.bytes, 0);
        say(
          `round ${round + 1}: ${[rates.none, rates.filling, rates.filled].map((all) => all.at(-1)!.toFixed(0)).join(', ')} images/s`,
        );
      }
      const rate = (what: string, values: readonly number[]): Figure => ({
        what: `${what}, images a second`,
        value: median(values),
        unit: '',
        spread: spreadOf(values),
      });
      return {
        versions: productVersions(),
        settings: { images: dataset.samples.length, size, workers, rounds, made },
        figures: [
          rate('no cache', rates.none),
          rate('first run, filling the cache', rates.filling),
          rate('second run', rates.filled),
          { what: 'second run over no cache', value: median(rates.filled) / median(rates.none), unit: 'x' },
          { what: 'room taken', value: bytes / 1e6, unit: 'MB' },
        ],
        notes: [
          'The first epoch alone: later epochs of every run are served from memory. All files are in the system’s page cache.',
        ],
      };
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  },
};

async function firstEpoch(
  dataset: Dataset,
  size: number,
  workers: number,
  place: ImageCachePlace | undefined,
): Promise<number> {
  const loader = await createBatchLoader({
    ...{ dataset, samples: dataset.samples.map((_, i) => i), batchSize: 32, seed: 1, workers },
    ...{ channels: 3, height: size, width: size },
    ...(place ? { diskCache: place } : {}),
  });
  const begun = performance.now();
  let count = 0;
  for await (const batch of loader.epoch(0)) count += batch.count;
  const seconds = (performance.now() - begun) / 1000;
  await loader.close();
  return count / seconds;
}

/** Smooth blobs with noise, as JPEG: about as large as a photograph of that size. */
async function makeImages(folder: string, count: number, side: number): Promise<void> {
  for (const name of ['a', 'b']) await mkdir(path.join(folder, name), { recursive: true });
  for (let i = 0; i < count; i++) {
    const stream = new RandomStream({ seed: i, purpose: 'bench image' });
    const small = Uint8Array.from({ length: 3 * 96 * 96 }, () => Math.floor(256 * stream.uniform()));
    await sharp(small, { raw: { width: 96, height: 96, channels: 3 } })
      .resize(side, side, { kernel: 'cubic' })
      .jpeg({ quality: 90 })
      .toFile(path.join(folder, i % 2 === 0 ? 'a' : 'b', `${i}.jpg`));
  }
}
