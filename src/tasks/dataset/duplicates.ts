import { HounsfieldError } from '../../errors.ts';
import { type Dataset, type SplitName, sameTarget } from './dataset.ts';
import { hashDistance, thumbnailCorrelation } from './perceptual-hash.ts';
import type { Splits } from './split.ts';
import type { Survey, SurveyedImage } from './survey.ts';

/**
 * When two images count as near-duplicates: hashes at most 10 of 64 bits apart, and thumbnails correlated .985 or more.
 * Measured: the 5,856 chest X-rays of PneumoniaMNIST have 31 pairs above .9999 and no other pair above .980; on 101 chest
 * X-rays, JPEG quality 50, half size, 64 x 64, gamma 1.5 and 20 % brightness stay above .985, while crops by 2 %
 * (median .949) and rotations by 2 degrees (.71) are not found.
 */
export const NEAR_DUPLICATE = { bits: 10, correlation: 0.985 } as const;

/** Above this many different images the pairs are found by shared parts of the hash instead of one by one. */
const INDEX_ABOVE = 8000;

/** Two images that are the same or nearly. */
export interface DuplicatePair {
  /** Indices into dataset.samples, first < second. */
  readonly first: number;
  readonly second: number;
  readonly kind: 'exact' | 'near';
  /** Correlation of the thumbnails; 1 for exact. */
  readonly correlation: number;
}

/** All exact and near-duplicates of a survey, ordered by index. n equal images give n - 1 exact pairs, not n². */
export function findDuplicates(survey: Survey): readonly DuplicatePair[] {
  const pairs: DuplicatePair[] = [];
  const unique = new Map<string, SurveyedImage>();
  for (const image of survey.images) {
    const same = unique.get(image.pixelHash);
    if (same) pairs.push({ first: same.index, second: image.index, kind: 'exact', correlation: 1 });
    else unique.set(image.pixelHash, image);
  }
  const images = [...unique.values()];
  const compare = (a: SurveyedImage, b: SurveyedImage) => {
    if (hashDistance(a.likeness.hash, b.likeness.hash) > NEAR_DUPLICATE.bits) return;
    const correlation = thumbnailCorrelation(a.likeness.thumbnail, b.likeness.thumbnail);
    if (correlation < NEAR_DUPLICATE.correlation) return;
    const [first, second] = a.index < b.index ? [a.index, b.index] : [b.index, a.index];
    pairs.push({ first, second, kind: 'near', correlation });
  };
  if (images.length > INDEX_ABOVE) compareWithinBuckets(images, compare);
  else
    for (let i = 0; i < images.length; i++)
      for (let j = i + 1; j < images.length; j++) compare(images[i]!, images[j]!);
  return pairs.sort((a, b) => a.first - b.first || a.second - b.second);
}

/** Hashes at most 10 bits apart agree in at least one of 11 bands of 5 or 6 bits (pigeonhole). */
function compareWithinBuckets(
  images: readonly SurveyedImage[],
  compare: (a: SurveyedImage, b: SurveyedImage) => void,
): void {
  const bands = images.map(bandsOf);
  for (let band = 0; band <= NEAR_DUPLICATE.bits; band++) {
    const buckets = new Map<number, number[]>();
    for (const [i, own] of bands.entries()) {
      const bucket = buckets.get(own[band]!);
      if (bucket) bucket.push(i);
      else buckets.set(own[band]!, [i]);
    }
    for (const bucket of buckets.values()) {
      for (let a = 0; a < bucket.length; a++) {
        const own = images[bucket[a]!]!;
        for (let b = a + 1; b < bucket.length; b++) {
          const other = images[bucket[b]!]!;
          if (hashDistance(own.likeness.hash, other.likeness.hash) > NEAR_DUPLICATE.bits) continue;
          const others = bands[bucket[b]!]!;
          if (bands[bucket[a]!]!.findIndex((value, k) => value === others[k]) === band) compare(own, other);
        }
      }
    }
  }
}

function bandsOf({ likeness: { hash } }: SurveyedImage): Uint8Array {
  const bands = NEAR_DUPLICATE.bits + 1;
  const whole = (BigInt(hash[0]) << 32n) | BigInt(hash[1]);
  return Uint8Array.from({ length: bands }, (_, band) => {
    const start = Math.floor((64 * band) / bands);
    const width = Math.floor((64 * (band + 1)) / bands) - start;
    return Number((whole >> BigInt(start)) & BigInt((1 << width) - 1));
  });
}

/** Which duplicates may stay: none, those with equal pixels, or all. */
export type AllowedDuplicates = 'none' | 'exact' | 'near';

/** A pair that must not be: what it crosses. */
export interface DuplicateConflict extends DuplicatePair {
  readonly crosses: readonly ('split' | 'patient' | 'label')[];
}

/**
 * The pairs that cross splits or labels, or patients where patients are known. Without `splits` only labels and
 * patients are looked at.
 */
export function duplicateConflicts(
  dataset: Dataset,
  pairs: readonly DuplicatePair[],
  splits?: Splits,
): readonly DuplicateConflict[] {
  const partOf = splits ? partsByIndex(splits) : undefined;
  return pairs.flatMap((pair) => {
    const a = dataset.samples[pair.first]!;
    const b = dataset.samples[pair.second]!;
    const crosses: ('split' | 'patient' | 'label')[] = [];
    if (partOf && partOf.get(pair.first) !== partOf.get(pair.second)) crosses.push('split');
    if (dataset.grouping === 'patient' && a.patient !== b.patient) crosses.push('patient');
    if (!sameTarget(a, b)) crosses.push('label');
    return crosses.length > 0 ? [{ ...pair, crosses }] : [];
  });
}

/**
 * Throws SPLIT_LEAK, naming the pairs, when duplicates that are not allowed cross splits, patients or labels. Like pictures
 * of one patient under different labels in one split are no leak: neighbouring slices look so where a finding begins.
 */
export function requireNoLeak(
  dataset: Dataset,
  pairs: readonly DuplicatePair[],
  splits: Splits,
  allowed: AllowedDuplicates = 'none',
): void {
  const forbidden = pairs.filter(
    (pair) => allowed === 'none' || (allowed === 'exact' && pair.kind === 'near'),
  );
  const conflicts = duplicateConflicts(dataset, forbidden, splits).filter(
    ({ kind, crosses }) => kind === 'exact' || crosses.some((what) => what !== 'label'),
  );
  if (conflicts.length === 0) return;
  const partOf = partsByIndex(splits);
  const name = (index: number) => `${dataset.samples[index]!.id} (${partOf.get(index) ?? 'no part'})`;
  const lines = conflicts
    .slice(0, 20)
    .map((c) => `  ${name(c.first)} = ${name(c.second)}: ${c.kind}, different ${c.crosses.join(' and ')}`);
  if (conflicts.length > 20) lines.push(`  and ${conflicts.length - 20} more`);
  const kinds = conflicts.some((conflict) => conflict.kind === 'near') ? 'near' : 'exact';
  throw new HounsfieldError(
    'SPLIT_LEAK',
    `${dataset.name} has ${conflicts.length} pairs of the same picture under different splits, patients or labels:\n` +
      `${lines.join('\n')}\nTake one of each pair out or give both the same patient; or, knowing that the figures will ` +
      `flatter the model, allow them by name: allow duplicates '${kinds}'.`,
  );
}

function partsByIndex(splits: Splits): ReadonlyMap<number, SplitName> {
  const parts = new Map<number, SplitName>();
  for (const name of ['train', 'validation', 'test'] as const) {
    for (const index of splits[name]) parts.set(index, name);
  }
  return parts;
}

/**
 * Where no patients are known, makes one patient of duplicates, so that a split drawn afterwards keeps them together.
 * With known patients the data set comes back as it is: two patients with one picture is an error to be mended.
 */
export function joinDuplicates(dataset: Dataset, pairs: readonly DuplicatePair[]): Dataset {
  if (dataset.grouping === 'patient' || pairs.length === 0) return dataset;
  const leader = dataset.samples.map((_, index) => index);
  const find = (index: number): number => {
    let root = index;
    while (leader[root] !== root) root = leader[root]!;
    leader[index] = root;
    return root;
  };
  for (const { first, second } of pairs) leader[find(second)] = find(first);
  const samples = dataset.samples.map((sample, index) => ({
    ...sample,
    patient: dataset.samples[find(index)]!.patient,
  }));
  return { ...dataset, samples };
}
