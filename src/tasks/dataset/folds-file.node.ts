import { createHash } from 'node:crypto';
import { HounsfieldError } from '../../errors.ts';
import type { Dataset } from './dataset.ts';
import {
  checkFolds,
  type Fold,
  type FoldScheme,
  type Folds,
  foldSchemes,
  type InnerFold,
  MOST_FOLDS,
} from './folds.ts';
import { partsFaults, readObjectFile } from './parts-file.node.ts';

/** What folds.json holds; samples by their ids, so that any program can use the same folds. */
export interface FoldsFile {
  readonly scheme: FoldScheme;
  readonly seed: number;
  readonly k: number;
  readonly repeats: number;
  readonly inner: number;
  readonly stratify: boolean;
  readonly data: {
    readonly name: string;
    readonly images: number;
    /** SHA-256 over the samples' ids and answers; where it is left out, ids alone are compared. */
    readonly fingerprint?: string;
  };
  readonly folds: readonly {
    readonly name: string;
    readonly repeat: number;
    readonly site?: string;
    readonly train: readonly string[];
    readonly validation: readonly string[];
    readonly test: readonly string[];
    readonly inner?: readonly {
      readonly name: string;
      readonly train: readonly string[];
      readonly validation: readonly string[];
    }[];
  }[];
}

/** SHA-256 (hex) over the samples' ids and what is to be learned of them: the same on any machine. */
export function answersFingerprint({ samples, classes, target }: Dataset): string {
  const rows = samples.map(({ id, label, targets }) => {
    const answer = targets ? targets.map((value, k) => `${classes[k]}=${value}`).join(';') : classes[label]!;
    return `${id}\t${answer}`;
  });
  return createHash('sha256')
    .update([target ?? 'class', ...rows.sort()].join('\n'))
    .digest('hex');
}

/** Folds with samples by their ids. */
export function foldsToFile(
  dataset: Dataset,
  { folds, scheme, seed, k, repeats, inner: innerFolds, stratify }: Folds,
): FoldsFile {
  const ids = (indices: readonly number[]) => indices.map((index) => dataset.samples[index]!.id);
  return {
    scheme,
    seed,
    k,
    repeats,
    inner: innerFolds,
    stratify,
    data: { name: dataset.name, images: dataset.samples.length, fingerprint: answersFingerprint(dataset) },
    folds: folds.map(({ train, validation, test, inner, ...rest }) => ({
      ...rest,
      train: ids(train),
      validation: ids(validation),
      test: ids(test),
      ...(inner.length > 0
        ? {
            inner: inner.map((one) => ({
              name: one.name,
              train: ids(one.train),
              validation: ids(one.validation),
            })),
          }
        : {}),
    })),
  };
}

/** JSON with each list of names on one line, for people. */
export function foldsText(file: FoldsFile): string {
  const lists: string[] = [];
  const text = JSON.stringify(
    file,
    (_, value: unknown) => {
      if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) return value;
      lists.push(`[${value.map((item) => JSON.stringify(item)).join(', ')}]`);
      return `\u0000${lists.length - 1}\u0000`;
    },
    2,
  );
  return `${text.replace(/"\\u0000(\d+)\\u0000"/g, (_, index) => lists[Number(index)]!)}\n`;
}

/**
 * Folds as a file has them, checked against a data set.
 *
 * @throws PARTS_UNREADABLE; FOLDS_OTHER_DATA where ids or fingerprint are of other data; FOLDS_FILE_INVALID (a sample
 *   tested twice or never in a repeat, a sample on two sides, an empty part); SPLIT_LEAK; FOLD_ONE_CLASS
 */
export async function readFolds(file: string, dataset: Dataset): Promise<Folds> {
  const value = await readObjectFile(file, 'folds');
  const faults = formFaults(value);
  if (faults.length > 0) throw invalid(file, faults);
  const stored = value as unknown as Partial<FoldsFile> & Pick<FoldsFile, 'folds'>; // its fields were just checked
  const indexOf = new Map(dataset.samples.map(({ id }, index) => [id, index]));
  requireSameData(file, stored, dataset, indexOf);
  const indices = (ids: readonly string[]) => ids.map((id) => indexOf.get(id)!).sort((a, b) => a - b);
  const folds = stored.folds.map(
    (fold): Fold => ({
      name: fold.name,
      repeat: fold.repeat ?? 1,
      ...(fold.site === undefined ? {} : { site: fold.site }),
      train: indices(fold.train),
      validation: indices(fold.validation),
      test: indices(fold.test),
      inner: (fold.inner ?? []).map(
        (one): InnerFold => ({
          name: one.name,
          train: indices(one.train),
          validation: indices(one.validation),
        }),
      ),
    }),
  );
  const wrong = sideFaults(dataset, folds);
  if (wrong.length > 0) throw invalid(file, wrong);
  requireNoPatientOnTwoSides(file, dataset, folds);
  const read = {
    scheme: stored.scheme ?? 'k-fold',
    seed: stored.seed ?? 0,
    repeats: Math.max(...folds.map(({ repeat }) => repeat)),
    k: stored.k ?? folds.filter(({ repeat }) => repeat === 1).length,
    inner: Math.max(...folds.map(({ inner }) => inner.length)),
    stratify: stored.stratify ?? true,
    folds,
  };
  return { ...read, warnings: checkFolds(dataset, read) };
}

function invalid(file: string, faults: readonly string[]): HounsfieldError {
  const shown = faults.slice(0, 20).map((fault) => `  ${fault}`);
  if (faults.length > 20) shown.push(`  and ${faults.length - 20} more`);
  return new HounsfieldError(
    'FOLDS_FILE_INVALID',
    `${file}:\n${shown.join('\n')}\nA file of folds has { "folds": [{ "name": "fold-01", "train": [ids], "validation": [ids], ` +
      '"test": [ids] }, …] }; docs/how-to/cross-validation.md tells of the rest.',
  );
}

const NAME = /^[\w-]{1,64}$/;
const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown, least: number): boolean =>
  Number.isSafeInteger(value) && Number(value) >= least;

/** What is wrong with the file's form, whatever the data. */
function formFaults(value: Readonly<Record<string, unknown>>): string[] {
  const { folds, scheme, seed, k, stratify, data } = value;
  const faults: string[] = [];
  if (scheme !== undefined && !(foldSchemes as readonly unknown[]).includes(scheme))
    faults.push(`'scheme' is none of ${foldSchemes.join(', ')}`);
  if (seed !== undefined && !isCount(seed, 0)) faults.push("'seed' is no whole number");
  if (k !== undefined && !isCount(k, 1)) faults.push("'k' is no whole number above 0");
  if (stratify !== undefined && typeof stratify !== 'boolean')
    faults.push("'stratify' is neither true nor false");
  if (data !== undefined && !isFields(data)) faults.push("'data' is no object");
  if (isFields(data) && data['fingerprint'] !== undefined && typeof data['fingerprint'] !== 'string')
    faults.push("'data.fingerprint' is no text");
  if (!Array.isArray(folds) || folds.length === 0 || folds.length > MOST_FOLDS)
    return [...faults, `'folds' is no list of 1 to ${MOST_FOLDS} folds`];
  const names = new Set<string>();
  for (const [i, fold] of (folds as unknown[]).entries()) faults.push(...foldFaults(fold, i, names));
  return faults;
}

function foldFaults(fold: unknown, i: number, names: Set<string>): string[] {
  if (!isFields(fold)) return [`folds[${i}] is no object`];
  const { name, repeat, site, inner } = fold;
  const faults = partsFaults(fold, ['train', 'validation', 'test']);
  if (typeof name !== 'string' || !NAME.test(name))
    faults.push("'name' is no word of letters, digits, '-' and '_'");
  else if (names.has(name)) faults.push(`'${name}' is the name of another fold, too`);
  else names.add(name);
  if (repeat !== undefined && !isCount(repeat, 1)) faults.push("'repeat' is no whole number above 0");
  if (site !== undefined && typeof site !== 'string') faults.push("'site' is no text");
  if (inner !== undefined && !(Array.isArray(inner) && inner.length <= MOST_FOLDS))
    faults.push(`'inner' is no list of at most ${MOST_FOLDS} folds`);
  const own = new Set<string>();
  if (Array.isArray(inner)) {
    for (const [j, one] of (inner as unknown[]).entries()) {
      if (!isFields(one)) faults.push(`inner[${j}] is no object`);
      else {
        const wrong = partsFaults(one, ['train', 'validation']);
        if (typeof one['name'] !== 'string' || !NAME.test(one['name']) || own.has(one['name']))
          wrong.push("'name' is no word, or another's");
        else own.add(one['name']);
        faults.push(...wrong.map((fault) => `inner[${j}]: ${fault}`));
      }
    }
  }
  return faults.map((fault) => `folds[${i}]: ${fault}`);
}

function requireSameData(
  file: string,
  { data, folds }: Partial<FoldsFile> & Pick<FoldsFile, 'folds'>,
  dataset: Dataset,
  indexOf: ReadonlyMap<string, number>,
): void {
  const named = new Set(
    folds.flatMap(({ train, validation, test, inner = [] }) => [
      ...[train, validation, test].flat(),
      ...inner.flatMap((one) => [...one.train, ...one.validation]),
    ]),
  );
  const unknown = [...named].filter((id) => !indexOf.has(id));
  const unnamed = dataset.samples.filter(({ id }) => !named.has(id)).map(({ id }) => id);
  const list = (ids: readonly string[]) => `${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ', …' : ''}`;
  const problems = [
    unknown.length > 0 && `${unknown.length} images that ${dataset.name} has not (${list(unknown)})`,
    unnamed.length > 0 && `not ${unnamed.length} images of it (${list(unnamed)})`,
  ].filter((problem) => problem !== false);
  if (problems.length > 0) {
    throw new HounsfieldError(
      'FOLDS_OTHER_DATA',
      `${file} is of other data: it names ${problems.join(', and ')}. Give the data that the folds were drawn from, or draw new folds.`,
    );
  }
  if (data?.fingerprint === undefined || data.fingerprint === answersFingerprint(dataset)) return;
  throw new HounsfieldError(
    'FOLDS_OTHER_DATA',
    `${file} names the same images as ${dataset.name}, but their labels, or what is learned of them, have changed since the ` +
      'folds were drawn. Draw new folds; or, knowing that the old ones are still good, take "fingerprint" out of the file.',
  );
}

/** Samples on two sides of a fold, and tested twice or never in a repeat. */
function sideFaults({ samples }: Dataset, folds: readonly Fold[]): string[] {
  const faults: string[] = [];
  const tested = new Map<number, Map<number, string>>();
  for (const { name, repeat, train, validation, test, inner } of folds) {
    faults.push(...overlap(samples, name, { train, validation, test }));
    for (const one of inner) {
      const place = `${name}, ${one.name}`;
      faults.push(...overlap(samples, place, { train: one.train, validation: one.validation, test }));
    }
    const own = tested.get(repeat) ?? new Map<number, string>();
    tested.set(repeat, own);
    for (const index of test) {
      const before = own.get(index);
      if (before !== undefined && before !== name)
        faults.push(
          `'${samples[index]!.id}' is tested in ${before} and again in ${name} of repeat ${repeat}`,
        );
      own.set(index, name);
    }
  }
  for (const [repeat, own] of tested) {
    const missing = samples.filter((_, index) => !own.has(index));
    if (missing.length > 0)
      faults.push(
        `${missing.length} images are never tested in repeat ${repeat} ('${missing[0]!.id}' among them)`,
      );
  }
  return faults;
}

function overlap(
  samples: Dataset['samples'],
  place: string,
  parts: Readonly<Record<string, readonly number[]>>,
): string[] {
  const partOf = new Map<number, string>();
  return Object.entries(parts).flatMap(([part, indices]) => {
    const faults = indices.length === 0 ? [`${place}: ${part} is empty`] : [];
    for (const index of indices) {
      const before = partOf.get(index);
      if (before !== undefined)
        faults.push(`${place}: '${samples[index]!.id}' is in ${before} and in ${part}`);
      partOf.set(index, part);
    }
    return faults;
  });
}

/** @throws SPLIT_LEAK; images are named, patients are not */
function requireNoPatientOnTwoSides(file: string, { samples }: Dataset, folds: readonly Fold[]): void {
  const leaks = folds.flatMap(({ name, train, validation, test, inner }) => [
    ...leaksOf(samples, name, [train, validation, test]),
    ...inner.flatMap((one) => leaksOf(samples, `${name}, ${one.name}`, [one.train, one.validation, test])),
  ]);
  if (leaks.length === 0) return;
  throw new HounsfieldError(
    'SPLIT_LEAK',
    `${file} has the same patient on two sides in ${leaks.length} places:\n${leaks.slice(0, 10).join('\n')}\n` +
      "Move each patient's images to one side, or have the folds drawn.",
  );
}

function leaksOf(
  samples: Dataset['samples'],
  place: string,
  parts: readonly (readonly number[])[],
): string[] {
  const first = new Map<string, { part: number; index: number }>();
  return parts.flatMap((indices, part) =>
    indices.flatMap((index) => {
      const { patient, id } = samples[index]!;
      const seen = first.get(patient);
      if (!seen) first.set(patient, { part, index });
      return !seen || seen.part === part ? [] : [`  ${place}: ${samples[seen.index]!.id} and ${id}`];
    }),
  );
}
