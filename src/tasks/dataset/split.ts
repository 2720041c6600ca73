import { HounsfieldError } from '../../errors.ts';
import { RandomStream } from '../../random.ts';
import { classCounts, type Dataset, type SplitName, strataCount } from './dataset.ts';
import { evenParts } from './even-parts.ts';
import { iterativeParts } from './iterative-split.ts';

/** The parts, by index into dataset.samples, ascending; and how they came about. */
export interface Splits {
  readonly train: readonly number[];
  readonly validation: readonly number[];
  readonly test: readonly number[];
  /**
   * 'given' by the manifest, 'drawn' here, 'completed': test or validation given, the rest drawn from train; or 'named' by
   * a file of parts.
   */
  readonly origin: 'given' | 'drawn' | 'completed' | 'named';
}

export type SplitFractions = Readonly<Record<SplitName, number>>;

/** Seventy, fifteen and fifteen per cent of the patients' images. */
export const DEFAULT_FRACTIONS: SplitFractions = { train: 0.7, validation: 0.15, test: 0.15 };

const NAMES: readonly SplitName[] = ['train', 'validation', 'test'];

/**
 * The splits of a data set: those the manifest gives, and what it leaves open drawn by patient and stratified by class.
 * A missing validation or test part is taken from the train part, each at its share of the whole.
 * Throws SPLIT_FRACTIONS, SPLIT_INCOMPLETE, SPLIT_LEAK (a patient in two given parts), TOO_FEW_PATIENTS, ONE_CLASS.
 */
export function splitDataset(
  dataset: Dataset,
  seed: number,
  fractions: SplitFractions = DEFAULT_FRACTIONS,
): Splits {
  checkFractions(fractions);
  const parts: Record<SplitName, number[]> = { train: [], validation: [], test: [] };
  let unassigned = 0;
  for (const [index, sample] of dataset.samples.entries()) {
    if (sample.split) parts[sample.split].push(index);
    else unassigned++;
  }
  if (unassigned === dataset.samples.length) {
    const all = dataset.samples.map((_, index) => index);
    const drawn = drawParts(
      dataset,
      all,
      NAMES.map((name) => fractions[name]),
      seed,
      'split',
    );
    return { train: drawn[0]!, validation: drawn[1]!, test: drawn[2]!, origin: 'drawn' };
  }
  if (unassigned > 0 || parts.train.length === 0) {
    throw new HounsfieldError(
      'SPLIT_INCOMPLETE',
      unassigned > 0
        ? `${unassigned} of ${dataset.samples.length} images of ${dataset.name} have no split. Give one to every image or to none.`
        : `${dataset.name} gives a split, but no image is in train. Add some, or take the split out.`,
    );
  }
  requireApart(dataset, parts);
  const absent = NAMES.filter((name) => parts[name].length === 0 && fractions[name] > 0);
  if (absent.length === 0) return { ...parts, origin: 'given' };
  const open = ['train' as const, ...absent];
  const total = open.reduce((sum, name) => sum + fractions[name], 0);
  const shares = open.map((name) => fractions[name] / total);
  const drawn = drawParts(dataset, parts.train, shares, seed, 'split');
  for (const [i, name] of open.entries()) parts[name] = drawn[i]!;
  return { ...parts, origin: 'completed' };
}

/** k folds by patient and stratified: fold i's validation part, and the rest as its train part. Throws as splitDataset. */
export function kFold(
  dataset: Dataset,
  indices: readonly number[],
  k: number,
  seed: number,
): readonly { readonly train: readonly number[]; readonly validation: readonly number[] }[] {
  if (!Number.isInteger(k) || k < 2) {
    throw new HounsfieldError('SPLIT_FRACTIONS', `${k} folds were asked for. Ask for 2 or more.`);
  }
  const folds = drawParts(dataset, indices, new Array<number>(k).fill(1 / k), seed, 'folds');
  return folds.map((validation, fold) => ({
    validation,
    train: folds.flatMap((part, other) => (other === fold ? [] : part)).sort((a, b) => a - b),
  }));
}

/** How the test parts of folds are drawn. */
export interface FoldDraw {
  readonly k: number;
  readonly seed: number;
  readonly stratify: boolean;
  /** Name of the random numbers. */
  readonly purpose: string;
}

/**
 * k parts by patient, each sample in one of them, classes in shares as equal as moving and exchanging patients makes
 * them, from several starts. Unlike a split, a class may be missing from a part: whoever asks looks at that. Throws TOO_FEW_PATIENTS.
 */
export function drawFolds(
  dataset: Dataset,
  indices: readonly number[],
  { k, seed, stratify, purpose }: FoldDraw,
): number[][] {
  const alike = stratify ? dataset : withoutStrata(dataset);
  const groups = groupByPatient(alike, indices);
  const shares = new Array<number>(k).fill(1 / k);
  const starts = groups.length <= MOST_RESTARTED ? STARTS : 1;
  const drawn = Array.from({ length: starts }, (_, i) => {
    const parts = drawParts(
      alike,
      indices,
      shares,
      seed,
      i === 0 ? purpose : `${purpose} again ${i}`,
      'allow',
    );
    const partOf = new Map(parts.flatMap((part, p) => part.map((index) => [index, p] as const)));
    const start = groups.map(({ indices: own }) => partOf.get(own[0]!)!);
    return evenParts(groups, start, k);
  });
  return drawn.reduce((best, next) => (next.spread < best.spread - 1e-12 ? next : best)).parts;
}

/** Draws of which the most even is taken, and how many patients there may be for more than one. */
const STARTS = 12;
const MOST_RESTARTED = 600;

/** A fold's training part without a share of its patients, and that share. Throws TOO_FEW_PATIENTS. */
export function drawValidation(
  dataset: Dataset,
  indices: readonly number[],
  share: number,
  seed: number,
  purpose: string,
): { readonly train: readonly number[]; readonly validation: readonly number[] } {
  const [train, validation] = drawParts(dataset, indices, [1 - share, share], seed, purpose, 'allow');
  return { train: train!, validation: validation! };
}

const withoutStrata = (dataset: Dataset): Dataset => ({
  ...dataset,
  target: 'value',
  samples: dataset.samples.map((sample) => ({ ...sample, label: 0 })),
});

function checkFractions(fractions: SplitFractions): void {
  const values = NAMES.map((name) => fractions[name]);
  const sum = values.reduce((a, b) => a + b, 0);
  if (
    values.some((value) => !(value >= 0 && value <= 1)) ||
    Math.abs(sum - 1) > 1e-6 ||
    fractions.train === 0
  ) {
    throw new HounsfieldError(
      'SPLIT_FRACTIONS',
      `fractions are ${NAMES.map((name) => `${name} ${fractions[name]}`).join(', ')}. ` +
        'Each lies in 0..1, train above 0, and together they are 1.',
    );
  }
}

/** Throws SPLIT_LEAK when a patient's images lie in two given parts; images are named, patients are not. */
function requireApart(dataset: Dataset, parts: Readonly<Record<SplitName, readonly number[]>>): void {
  const first = new Map<string, { name: SplitName; index: number }>();
  const leaks: string[] = [];
  let count = 0;
  for (const name of NAMES) {
    for (const index of parts[name]) {
      const { patient, id } = dataset.samples[index]!;
      const seen = first.get(patient);
      if (!seen) first.set(patient, { name, index });
      else if (seen.name !== name) {
        count++;
        if (leaks.length < 10)
          leaks.push(`  ${dataset.samples[seen.index]!.id} (${seen.name}) and ${id} (${name})`);
      }
    }
  }
  if (count === 0) return;
  throw new HounsfieldError(
    'SPLIT_LEAK',
    `${dataset.name} gives a split that has the same patient on both sides in ${count} images:\n${leaks.join('\n')}\n` +
      "Move each patient's images to one side, or leave the split out and have it drawn by patient.",
  );
}

/** A patient's samples. */
export interface Group {
  readonly indices: number[];
  /** Samples of each class, label or stratum. */
  readonly counts: number[];
}

/** Draws parts of the given shares (0 allowed), whole patients only, each class close to its share in every part. */
function drawParts(
  dataset: Dataset,
  indices: readonly number[],
  shares: readonly number[],
  seed: number,
  purpose: string,
  rareClasses: 'refuse' | 'allow' = 'refuse',
): number[][] {
  const groups = groupByPatient(dataset, indices);
  const classes = groups[0]?.counts.length ?? 0;
  const totals = new Array<number>(classes).fill(0);
  for (const group of groups) for (let k = 0; k < classes; k++) totals[k]! += group.counts[k]!;
  const open = shares.flatMap((share, part) => (share > 0 ? [part] : []));
  requirePatients(dataset, groups, totals, open.length, rareClasses);

  const order = new RandomStream({ seed, purpose }).permutation(groups.length);
  const shuffled = Array.from(order, (i) => groups[i]!);
  if (dataset.target === 'labels') return iterativeParts(shuffled, shares);
  shuffled.sort((a, b) => b.indices.length - a.indices.length);
  const filled = shares.map(() => new Array<number>(classes).fill(0));
  const parts: number[][] = shares.map(() => []);
  const placed = new Set<Group>();
  const place = (group: Group, part: number) => {
    placed.add(group);
    parts[part]!.push(...group.indices);
    for (let k = 0; k < classes; k++) filled[part]![k]! += group.counts[k]!;
  };
  const cost = (group: Group, part: number): number => {
    let sum = 0;
    for (let k = 0; k < classes; k++) {
      if (totals[k] === 0 || group.counts[k] === 0) continue;
      const extra = group.counts[k]! / totals[k]!;
      const share = shares[part]!;
      sum += extra * (2 * (filled[part]![k]! / (share * totals[k]!) - 1) + extra / share);
    }
    return sum;
  };
  reserveRareClasses(shuffled, totals, open, filled, placed, place, cost);
  for (const group of shuffled) {
    if (placed.has(group)) continue;
    place(
      group,
      open.reduce((best, part) => (cost(group, part) < cost(group, best) ? part : best)),
    );
  }
  for (const part of parts) part.sort((a, b) => a - b);
  return parts;
}

function groupByPatient(dataset: Dataset, indices: readonly number[]): Group[] {
  const groups = new Map<string, Group>();
  const strata = strataCount(dataset);
  for (const index of indices) {
    const { patient, label } = dataset.samples[index]!;
    let group = groups.get(patient);
    if (!group) {
      group = { indices: [], counts: new Array<number>(strata).fill(0) };
      groups.set(patient, group);
    }
    group.indices.push(index);
    group.counts[label]!++;
  }
  if (dataset.target !== 'labels') return [...groups.values()];
  return [...groups.values()].map(({ indices: own }) => ({
    indices: own,
    counts: classCounts(dataset, own),
  }));
}

function requirePatients(
  dataset: Dataset,
  groups: readonly Group[],
  totals: readonly number[],
  parts: number,
  rareClasses: 'refuse' | 'allow',
): void {
  if (groups.length < parts) {
    throw new HounsfieldError(
      'TOO_FEW_PATIENTS',
      `${dataset.name} has ${groups.length} patients for ${parts} parts with no patient in two of them. Add patients, or ask for fewer parts.`,
    );
  }
  if (dataset.target === 'value' || rareClasses === 'allow') return; // strata of numbers are only a means
  const few = dataset.classes.flatMap((name, k) => {
    if (totals[k] === 0) return [];
    const patients = groups.filter((group) => group.counts[k]! > 0).length;
    return patients < parts ? [`'${name}' has ${patients}`] : [];
  });
  if (few.length === 0) return;
  throw new HounsfieldError(
    'TOO_FEW_PATIENTS',
    `${parts} parts with no patient in two of them need at least ${parts} patients of each class; ${few.join(', ')}. ` +
      'Add patients, merge or leave out the class, or ask for fewer parts.',
  );
}

/** Gives every part one patient of each class, rarest class first, so that none is left without. */
function reserveRareClasses(
  groups: readonly Group[],
  totals: readonly number[],
  open: readonly number[],
  filled: readonly (readonly number[])[],
  placed: ReadonlySet<Group>,
  place: (group: Group, part: number) => void,
  cost: (group: Group, part: number) => number,
): void {
  const patients = totals.map((_, k) => groups.filter((group) => group.counts[k]! > 0).length);
  const byRarity = totals.map((_, k) => k).filter((k) => totals[k]! > 0);
  byRarity.sort((a, b) => patients[a]! - patients[b]!);
  for (const k of byRarity) {
    for (const part of open) {
      if (filled[part]![k]! > 0) continue;
      const free = groups.filter((group) => group.counts[k]! > 0 && !placed.has(group));
      if (free.length === 0) continue;
      place(
        free.reduce((best, group) => (cost(group, part) < cost(best, part) ? group : best)),
        part,
      );
    }
  }
}
