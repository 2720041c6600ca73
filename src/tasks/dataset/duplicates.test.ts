import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { FloatImage } from '../../imaging/image/medical-image.ts';
import { resize } from '../../imaging/transforms/resize.ts';
import { RandomStream } from '../../random.ts';
import type { Dataset, Sample, SplitName } from './dataset.ts';
import {
  duplicateConflicts,
  findDuplicates,
  joinDuplicates,
  NEAR_DUPLICATE,
  requireNoLeak,
} from './duplicates.ts';
import { loadDataset } from './manifest.node.ts';
import { hashDistance, likeness, thumbnailCorrelation } from './perceptual-hash.ts';
import { makePhantomDataset } from './phantom.ts';
import { splitDataset } from './split.ts';
import { surveyDataset } from './survey.node.ts';
import type { Survey, SurveyedImage } from './survey.ts';

const hashes = JSON.parse(
  readFileSync(new URL('../../../fixtures/imaging/perceptual-hash.json', import.meta.url), 'utf8'),
).payload as { pixels: number[]; height: number; width: number; bits: number[] }[]; // written by scripts/peers/imaging.py

test.each(hashes.map((value, i) => [i, value] as const))(
  'perceptual hash %i equals one made with scipy',
  (_, peer) => {
    const { hash } = likeness({ ...peer, pixels: Float32Array.from(peer.pixels), channels: 1 });
    const bits = Array.from({ length: 64 }, (_, i) =>
      i < 32 ? (hash[0] >>> i) & 1 : (hash[1] >>> (i - 32)) & 1,
    );
    expect(bits).toEqual(peer.bits);
  },
);

test('distance and correlation', () => {
  expect(hashDistance([0, 0xffffffff], [1, 0])).toBe(33);
  expect(thumbnailCorrelation(Uint8Array.of(0, 1, 2), Uint8Array.of(5, 7, 9))).toBeCloseTo(1, 12);
  expect(thumbnailCorrelation(Uint8Array.of(0, 1, 2), Uint8Array.of(9, 7, 5))).toBeCloseTo(-1, 12);
  expect(thumbnailCorrelation(Uint8Array.of(3, 3, 3), Uint8Array.of(9, 7, 5))).toBe(0);
});

const SIDE = 48;

/** A smooth random picture of 0..255. */
function picture(seed: number): FloatImage {
  const stream = new RandomStream({ seed, purpose: 'picture' });
  const coarse: FloatImage = {
    pixels: new Float32Array(64).map(() => stream.uniform(20, 235)),
    channels: 1,
    height: 8,
    width: 8,
  };
  return resize(coarse, SIDE, SIDE);
}

/** A data set in memory; rows are [picture, patient, label, split]. */
function dataset(
  rows: readonly (readonly [FloatImage, string, number, SplitName])[],
  grouping: Dataset['grouping'],
): Dataset {
  const pixels = new Uint8Array(rows.length * SIDE * SIDE);
  const samples = rows.map(([image, patient, label, split], index): Sample => {
    pixels.set(image.pixels.map(Math.round), index * SIDE * SIDE);
    return { id: `image-${index}`, source: { kind: 'stack', stack: 's', index }, label, patient, split };
  });
  const stack = {
    pixels,
    count: rows.length,
    height: SIDE,
    width: SIDE,
    channels: 1,
    bitDepth: 8,
    unit: 'arbitrary' as const,
  };
  return {
    name: 'pictures',
    classes: ['a', 'b'],
    samples,
    stacks: new Map([['s', stack]]),
    grouping,
    notes: [],
  };
}

const brighter = (image: FloatImage): FloatImage => ({
  ...image,
  pixels: image.pixels.map((v) => 10 + 0.9 * v),
});
const smaller = (image: FloatImage) => resize(resize(image, 24, 24), SIDE, SIDE);

describe('duplicates', () => {
  const [one, two, three] = [picture(1), picture(2), picture(3)];
  const data = dataset(
    [
      [one, 'p0', 0, 'train'],
      [two, 'p1', 1, 'train'],
      [one, 'p2', 0, 'test'],
      [brighter(two), 'p3', 1, 'validation'],
      [three, 'p4', 0, 'validation'],
      [smaller(three), 'p4', 0, 'validation'],
      [picture(4), 'p5', 1, 'test'],
      [one, 'p6', 1, 'train'],
    ],
    'image',
  );

  test('exact by pixels, near by likeness, nothing else', async () => {
    const pairs = findDuplicates(await surveyDataset(data));
    expect(pairs.map(({ first, second, kind }) => [first, second, kind])).toEqual([
      [0, 2, 'exact'],
      [0, 7, 'exact'],
      [1, 3, 'near'],
      [4, 5, 'near'],
    ]);
    expect(pairs[2]!.correlation).toBeGreaterThan(NEAR_DUPLICATE.correlation);
  });

  test('what they cross', async () => {
    const pairs = findDuplicates(await surveyDataset(data));
    const splits = splitDataset(data, 0);
    const crossed = duplicateConflicts(data, pairs, splits).map(({ first, second, crosses }) => [
      first,
      second,
      crosses.join(),
    ]);
    expect(crossed).toEqual([
      [0, 2, 'split'],
      [0, 7, 'label'],
      [1, 3, 'split'],
    ]);
    const grouped = { ...data, grouping: 'patient' as const };
    expect(duplicateConflicts(grouped, pairs).map(({ crosses }) => crosses.join())).toEqual([
      'patient',
      'patient,label',
      'patient',
    ]);
  });

  test('a leak is an error that names the pairs, unless allowed by name', async () => {
    const pairs = findDuplicates(await surveyDataset(data));
    const splits = splitDataset(data, 0);
    expect(() => requireNoLeak(data, pairs, splits)).toThrow(
      /^SPLIT_LEAK: pictures has 3 pairs .*\n {2}image-0 \(train\) = image-2 \(test\): exact, different split\n.*\n.*near, different split\n.*allow duplicates 'near'/,
    );
    expect(() => requireNoLeak(data, pairs, splits, 'exact')).toThrow(/has 1 pairs/);
    expect(() => requireNoLeak(data, pairs, splits, 'near')).not.toThrow();
  });

  test('joined into one patient they stay on one side of a drawn split', async () => {
    const rows = Array.from(
      { length: 30 },
      (_, i) => [picture(100 + (i % 15)), `p${i}`, i % 15 < 7 ? 0 : 1, 'train'] as const,
    );
    const open = dataset(rows, 'image');
    const unsplit = { ...open, samples: open.samples.map(({ split: _, ...sample }) => sample) };
    const pairs = findDuplicates(await surveyDataset(unsplit));
    expect(pairs.length).toBe(15);
    const joined = joinDuplicates(unsplit, pairs);
    expect(new Set(joined.samples.map((sample) => sample.patient)).size).toBe(15);
    expect(() => requireNoLeak(joined, pairs, splitDataset(joined, 4))).not.toThrow();
    expect(() => requireNoLeak(unsplit, pairs, splitDataset(unsplit, 4))).toThrow('SPLIT_LEAK');
    const grouped = { ...unsplit, grouping: 'patient' as const };
    expect(joinDuplicates(grouped, pairs)).toBe(grouped);
  });

  test('slices of a phantom patient are alike, but no two are taken for one', async () => {
    const phantom = makePhantomDataset({ seed: 2, patients: 12, slicesPerPatient: 5, size: 48 });
    expect(findDuplicates(await surveyDataset(phantom))).toEqual([]);
  });

  test('the index for many images finds what comparing all finds', () => {
    const stream = new RandomStream({ seed: 6, purpose: 'hashes' });
    const thumbnail = Uint8Array.from({ length: 1024 }, () => stream.integer(256));
    const images: SurveyedImage[] = [];
    for (let index = 0; index < 8200; index++) {
      let hash: [number, number] = [stream.uint32(), stream.uint32()];
      if (index % 100 === 99) {
        const flips = stream.integer(16);
        const [high, low] = images[index - 1]!.likeness.hash;
        hash = [high, low];
        for (let k = 0; k < flips; k++) hash[stream.integer(2)]! ^= 1 << stream.integer(32);
        hash = [hash[0] >>> 0, hash[1] >>> 0];
      }
      const rest = {
        height: 1,
        width: 1,
        channels: 1,
        storedChannels: 1,
        bitDepth: 8,
        unit: 'arbitrary' as const,
        inverted: false,
        whole: true,
        low: 0,
        high: 0,
        mean: 0,
      };
      images.push({
        index,
        ...rest,
        spread: new Float32Array(0),
        pixelHash: String(index),
        likeness: { hash, thumbnail },
      });
    }
    const survey: Survey = { images, unreadable: [] };
    const expected: string[] = [];
    for (const [first, a] of images.entries()) {
      for (let second = first + 1; second < images.length; second++) {
        const near = hashDistance(a.likeness.hash, images[second]!.likeness.hash) <= NEAR_DUPLICATE.bits;
        if (near) expected.push(`${first} ${second}`);
      }
    }
    expect(expected.length).toBeGreaterThan(20);
    const found = findDuplicates(survey).map(({ first, second }) => `${first} ${second}`);
    expect(found).toEqual(expected);
  });
});

const shared =
  process.env['HOUNSFIELD_DATA'] ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url));
const pneumonia = path.join(shared, 'pneumoniamnist', 'pneumoniamnist_28_reconstructed.npz');

test.skipIf(!existsSync(pneumonia))(
  'PneumoniaMNIST (shared data; skipped where there is none): 29 exact pairs, 8 across splits, no false alarm',
  async () => {
    const data = await loadDataset(pneumonia);
    const pairs = findDuplicates(await surveyDataset(data));
    expect(pairs.filter(({ kind }) => kind === 'exact').length).toBe(29);
    expect(pairs.filter(({ kind }) => kind === 'near').length).toBe(0);
    const across = duplicateConflicts(data, pairs, splitDataset(data, 0));
    expect(across.map(({ crosses }) => crosses.join())).toEqual(new Array(8).fill('split'));
  },
);
