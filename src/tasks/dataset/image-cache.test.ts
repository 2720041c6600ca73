import { spawn } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { encodePng } from '../../imaging/formats/write-png.node.ts';
import { medicalImage } from '../../imaging/image/medical-image.ts';
import { createBatchLoader } from './batches.node.ts';
import { closeDiskCache, diskCache, lookUpImage } from './image-cache.node.ts';
import { clearImageCache, imageCachePlace, imagePacks, trimImageCache } from './image-cache-folder.node.ts';
import { sourceKeys } from './image-cache-keys.node.ts';
import { loadDataset } from './manifest.node.ts';

const root = mkdtempSync(path.join(tmpdir(), 'hounsfield-image-cache-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let place = { folder: '', bytes: 1e6 };
let data = '';
let turn = 0;
beforeEach(() => {
  place = { folder: path.join(root, `cache-${turn}`), bytes: 1e6 };
  data = path.join(root, `data-${turn++}`);
  for (const name of ['a', 'b']) mkdirSync(path.join(data, name), { recursive: true });
  for (let i = 0; i < 8; i++) writeImage(file(i), i);
});

const file = (i: number) => path.join(data, i < 5 ? 'a' : 'b', `${i}.png`);
function writeImage(name: string, seed: number, side = 20) {
  const pixels = Uint8Array.from({ length: side * side }, (_, i) => (i * (seed + 3)) % 251);
  writeFileSync(name, encodePng(medicalImage(pixels, { channels: 1, height: side, width: side }, 8)));
}
const shape = { channels: 1, height: 12, width: 12 };
const making = { preparation: undefined, shape, mode: 'stretch', width: 1 } as const;
/** Files look as if they had been there for long, so that their times are trusted. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 2100));

async function epochOf(workers = 0, options: object = {}) {
  const dataset = await loadDataset(data);
  const samples = dataset.samples.map((_, i) => i);
  const loader = await createBatchLoader({
    ...{ dataset, samples, batchSize: 3, seed: 1, workers, shuffle: false, ...shape, diskCache: place },
    ...options,
  });
  const images: number[] = [];
  for await (const batch of loader.epoch(0)) images.push(...batch.images);
  await loader.close();
  return images;
}

/** Whether each file is found, without decoding. */
async function found(): Promise<boolean[]> {
  const cache = diskCache(place, making)!;
  const answers: boolean[] = [];
  for (let i = 0; i < 8; i++) answers.push((await lookUpImage(cache, file(i)))?.image !== undefined);
  closeDiskCache(cache);
  return answers;
}
const all = new Array(8).fill(true);

describe('a second run', () => {
  test.each([0, 2])('is served the same images, and decodes none (%i workers)', async (workers) => {
    const plain = await epochOf(workers, { diskCache: undefined });
    expect(await epochOf(workers)).toEqual(plain);
    expect(await found()).toEqual(all);
    const packs = imagePacks(place.folder);
    expect(await epochOf(workers)).toEqual(plain);
    expect(imagePacks(place.folder).map(({ bytes }) => bytes)).toEqual(packs.map(({ bytes }) => bytes));
    for (const { file: pack } of packs) expect(statSync(pack).mode & 0o077).toBe(0);
  });

  test('after the files moved finds them by content', async () => {
    const before = await epochOf();
    const moved = `${data}-moved`;
    renameSync(data, moved);
    data = moved;
    expect(await found()).toEqual(all);
    expect(await epochOf()).toEqual(before);
  });

  test('knows files by size and times, without reading them, once these are old enough', async () => {
    const keyOf = async () => (await sourceKeys(file(2)))!;
    expect((await keyOf()).settled).toBe(false);
    await settle();
    expect((await keyOf()).settled).toBe(true);
    await epochOf();
    const pack = readFileSync(imagePacks(place.folder)[0]!.file);
    expect(pack.includes((await keyOf()).stat)).toBe(true);
    const { atime, mtime } = statSync(file(2));
    utimesSync(file(2), atime, mtime); // the time of this change cannot be set back
    expect(pack.includes((await keyOf()).stat)).toBe(false);
    expect(pack.includes(await (await keyOf()).content())).toBe(true);
  });

  test('sees a file that changed, even to the same size and time', async () => {
    await epochOf();
    const { atime, mtime, size } = statSync(file(2));
    const bytes = readFileSync(file(3));
    writeFileSync(
      file(2),
      Buffer.concat([bytes, Buffer.alloc(Math.max(0, size - bytes.length))]).subarray(
        0,
        Math.max(size, bytes.length),
      ),
    );
    utimesSync(file(2), atime, mtime);
    const plain = await epochOf(0, { diskCache: undefined });
    expect(await epochOf()).toEqual(plain);
  });

  test.each([
    ['another size', { height: 10 }],
    ['another fit', { resizeMode: 'crop' }],
    ['three channels', { channels: 3 }],
  ])('of %s decodes for itself', async (_, change) => {
    await epochOf();
    const plain = await epochOf(0, { ...change, diskCache: undefined });
    expect(await epochOf(0, change)).toEqual(plain);
    expect(await epochOf(0, change)).toEqual(plain);
    expect(new Set(imagePacks(place.folder).map((pack) => path.dirname(pack.file))).size).toBe(2);
  });

  test('by another preparation decodes for itself', () => {
    const one = diskCache(place, {
      ...making,
      preparation: [{ name: 'window', parameters: { center: 1 } }] as never,
    })!;
    const other = diskCache(place, {
      ...making,
      preparation: [{ name: 'window', parameters: { center: 2 } }] as never,
    })!;
    expect(new Set([one.folder, other.folder, diskCache(place, making)!.folder]).size).toBe(3);
  });
});

describe('a damaged cache', () => {
  test.each<[string, (pack: string, bytes: number) => void]>([
    ['a flipped bit', (pack, bytes) => overwrite(pack, Math.floor(bytes * 0.6), 1)],
    ['a torn end', (pack, bytes) => truncateSync(pack, bytes - 50)],
    ['zeros in the middle', (pack, bytes) => overwrite(pack, Math.floor(bytes / 3), 200)],
    ['nothing in it', (pack) => truncateSync(pack, 0)],
    ['other bytes', (pack, bytes) => writeFileSync(pack, Buffer.alloc(bytes, 7))],
  ])('%s: the images are right, and whole in the cache again', async (_, spoil) => {
    const plain = await epochOf();
    const [pack] = imagePacks(place.folder);
    spoil(pack!.file, pack!.bytes);
    expect((await found()).includes(false)).toBe(true);
    expect(await epochOf()).toEqual(plain);
    expect(await found()).toEqual(all);
  });

  test('a folder that cannot be made means no cache', async () => {
    writeFileSync(path.join(root, `file-${turn}`), '');
    place = { ...place, folder: path.join(root, `file-${turn}`, 'below') };
    expect(diskCache(place, making)).toBeUndefined();
    expect(await epochOf()).toEqual(await epochOf(0, { diskCache: undefined }));
  });
});

function overwrite(name: string, at: number, count: number) {
  const bytes = readFileSync(name);
  const handle = openSync(name, 'r+');
  writeSync(
    handle,
    bytes.subarray(at, at + count).map((byte) => byte ^ 0x55),
    0,
    count,
    at,
  );
  closeSync(handle);
}

describe('room', () => {
  const record = 128 + 144;
  test('is not exceeded, and what fits is kept', async () => {
    place = { ...place, bytes: 4 * record };
    const plain = await epochOf(0, { diskCache: undefined });
    expect(await epochOf()).toEqual(plain);
    const bytes = imagePacks(place.folder).reduce((sum, pack) => sum + pack.bytes, 0);
    expect(bytes).toBeLessThanOrEqual(4 * record);
    expect(bytes).toBeGreaterThanOrEqual(3 * record);
    expect(await epochOf()).toEqual(plain);
  });

  test('is made by removing what was not used for longest', async () => {
    await epochOf();
    await epochOf(0, { height: 10 });
    const [old, fresh] = imagePacks(place.folder).map(({ file: pack }) => pack);
    const past = Date.now() / 1000 - 86_400;
    utimesSync(old!, past, past);
    expect(trimImageCache({ ...place, bytes: 100 }, 600)).toBe(statSync(fresh!).size);
    expect(imagePacks(place.folder).map(({ file: pack }) => pack)).toEqual([fresh]);
  });

  test('can be emptied', async () => {
    await epochOf();
    const cleared = clearImageCache(place.folder);
    expect(cleared).toEqual({ packs: 1, bytes: 8 * record });
    expect(imagePacks(place.folder)).toEqual([]);
    expect(await found()).toEqual(new Array(8).fill(false));
  });
});

test('a float image is not squeezed into bytes', async () => {
  const cache = diskCache(place, making)!;
  const entry = await lookUpImage(cache, file(0));
  await entry!.store(new Float32Array(144).fill(0.5), { bitDepth: 8, unit: 'arbitrary' });
  expect((await lookUpImage(cache, file(0)))!.image).toBeUndefined();
  closeDiskCache(cache);
});

test('a file that may need another beside it is not cached', async () => {
  const header = path.join(data, 'scan.mhd');
  writeFileSync(header, 'NDims = 2\nElementDataFile = scan.raw\n');
  expect(await lookUpImage(diskCache(place, making)!, header)).toBeUndefined();
});

test('processes that fill a cache at once, one of them killed, leave no torn image', async () => {
  const dist = path.join(import.meta.dirname, '../../../dist/src/tasks/dataset');
  const script = path.join(root, `fill-${turn}.mjs`);
  writeFileSync(
    script,
    `import { diskCache, lookUpImage } from ${JSON.stringify(path.join(dist, 'image-cache.node.js'))};
     const cache = diskCache(${JSON.stringify(place)}, ${JSON.stringify(making)});
     console.log('ready');
     for (let round = 0; round < 20; round++) {
       for (const file of ${JSON.stringify([0, 1, 2, 3, 4, 5, 6, 7].map(file))}) {
         const entry = await lookUpImage(cache, file);
         if (!entry.image) await entry.store(new Float32Array(144).fill(Number(file.match(/(\\d)\\.png$/)[1])), { bitDepth: 8, unit: 'arbitrary' });
       }
     }`,
  );
  const children = [0, 1, 2].map(() =>
    spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] }),
  );
  const ends = children.map((child) => new Promise((resolve) => child.once('close', resolve)));
  await new Promise((resolve) => children[0]!.stdout.once('data', resolve));
  children[0]!.kill('SIGKILL');
  await Promise.all(ends);
  const cache = diskCache(place, making)!;
  for (let i = 0; i < 8; i++) {
    expect([...(await lookUpImage(cache, file(i)))!.image!.pixels]).toEqual(new Array(144).fill(i));
  }
  closeDiskCache(cache);
});

describe('the environment', () => {
  test.each([
    [{ HOUNSFIELD_CACHE: 'c' }, { folder: path.join('c', 'images'), bytes: 1e10 }],
    [
      { HOUNSFIELD_CACHE: 'c', HOUNSFIELD_CACHE_GB: '0.5' },
      { folder: path.join('c', 'images'), bytes: 5e8 },
    ],
    [{ XDG_CACHE_HOME: 'x' }, { folder: path.join('x', 'hounsfield', 'images'), bytes: 1e10 }],
    [{ HOUNSFIELD_CACHE: 'off' }, undefined],
  ])('%j', (environment, expected) => {
    expect(imageCachePlace(environment)).toEqual(expected);
  });

  test.each(['0', '-1', 'much'])('%j GB are refused', (size) => {
    expect(() => imageCachePlace({ HOUNSFIELD_CACHE_GB: size })).toThrow(/^CACHE_SIZE: .*above 0/);
  });
});
