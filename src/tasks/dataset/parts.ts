import { HounsfieldError } from '../../errors.ts';
import { type Dataset, type SplitName, sameTarget } from './dataset.ts';
import type { Splits } from './split.ts';

/** The samples of each part by their ids, as a file of parts has them. */
export interface NamedParts {
  readonly train: readonly string[];
  readonly validation: readonly string[];
  /** Left out where nothing is to be tested. */
  readonly test?: readonly string[];
  /** Whether all of validation or test may have the same answer, as one site's patients may. */
  readonly allowOneClass?: boolean;
}

const NAMES: readonly SplitName[] = ['train', 'validation', 'test'];
/** Problems told in words. */
const TOLD = 20;

interface Problem {
  readonly code: 'PARTS_INVALID' | 'SPLIT_LEAK' | 'ONE_CLASS';
  readonly text: string;
}

/**
 * The data set with the named samples alone, each in its part; the others are left out, and how many stands in a note.
 *
 * @param file name of the file that the parts come from, for messages
 * @throws PARTS_INVALID (an id is unknown or named twice, a part is empty), SPLIT_LEAK (a patient in two parts),
 *   ONE_CLASS (all of a part have the same answer); all problems at once
 */
export function takeParts(
  dataset: Dataset,
  parts: NamedParts,
  file: string,
): { readonly dataset: Dataset; readonly splits: Splits } {
  const indexOf = new Map(dataset.samples.map(({ id }, index) => [id, index]));
  const partOf = new Map<number, SplitName>();
  const problems: Problem[] = [];
  for (const name of NAMES) {
    for (const id of parts[name] ?? []) {
      const index = indexOf.get(id);
      const before = index === undefined ? undefined : partOf.get(index);
      if (index === undefined)
        problems.push({
          code: 'PARTS_INVALID',
          text: `${name} names '${id}', which ${dataset.name} has not`,
        });
      else if (before !== undefined)
        problems.push({ code: 'PARTS_INVALID', text: `'${id}' is in ${before} and again in ${name}` });
      else partOf.set(index, name);
    }
    if (parts[name]?.length === 0) problems.push({ code: 'PARTS_INVALID', text: `${name} is empty` });
  }
  problems.push(...leaks(dataset, partOf), ...oneSided(dataset, partOf, parts));
  throwAll(file, problems);
  const kept = dataset.samples.flatMap((sample, index) => {
    const split = partOf.get(index);
    return split === undefined ? [] : [{ ...sample, split }];
  });
  const left = dataset.samples.length - kept.length;
  const note = left === 1 ? '1 image is' : `${left} images are`;
  const indicesOf = (name: SplitName) => kept.flatMap(({ split }, index) => (split === name ? [index] : []));
  return {
    dataset: {
      ...dataset,
      samples: kept,
      notes: [...dataset.notes, ...(left > 0 ? [`${note} in no part of ${file} and left out.`] : [])],
    },
    splits: {
      train: indicesOf('train'),
      validation: indicesOf('validation'),
      test: indicesOf('test'),
      origin: 'named',
    },
  };
}

/** Patients in two parts; images are named, patients are not. */
function leaks({ samples }: Dataset, partOf: ReadonlyMap<number, SplitName>): Problem[] {
  const first = new Map<string, number>();
  const found: Problem[] = [];
  for (const [index, part] of partOf) {
    const { patient, id } = samples[index]!;
    const other = first.get(patient);
    if (other === undefined) first.set(patient, index);
    else if (partOf.get(other) !== part) {
      const text = `'${samples[other]!.id}' (${partOf.get(other)}) and '${id}' (${part}) are of the same patient`;
      found.push({ code: 'SPLIT_LEAK', text });
    }
  }
  return found;
}

/** Parts all of whose samples have the same answer. */
function oneSided(dataset: Dataset, partOf: ReadonlyMap<number, SplitName>, parts: NamedParts): Problem[] {
  const checked = parts.allowOneClass ? NAMES.slice(0, 1) : NAMES;
  return checked.flatMap((name): Problem[] => {
    const own = [...partOf].flatMap(([index, part]) => (part === name ? [index] : []));
    if (own.length === 0 || differs(dataset, own)) return [];
    return [{ code: 'ONE_CLASS', text: `${name} has ${own.length} images with the same answer` }];
  });
}

/** Whether two samples were given different answers. */
export function differs({ samples }: Dataset, indices: readonly number[]): boolean {
  // Unknown labels agree with everything, so that each label has to be looked at by itself.
  const width = samples[indices[0] ?? 0]?.targets?.length;
  if (width === undefined)
    return indices.some((index) => !sameTarget(samples[index]!, samples[indices[0]!]!));
  return Array.from({ length: width }, (_, k) => k).some((k) => {
    const known = new Set(
      indices.map((index) => samples[index]!.targets![k]!).filter((value) => !Number.isNaN(value)), // all or none have targets
    );
    return known.size > 1;
  });
}

function throwAll(file: string, problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const codes = new Set(problems.map(({ code }) => code));
  const shown = problems.slice(0, TOLD).map(({ text }) => `  ${text}`);
  if (problems.length > TOLD) shown.push(`  and ${problems.length - TOLD} more`);
  throw new HounsfieldError(
    codes.size === 1 ? problems[0]!.code : 'PARTS_INVALID',
    `${file} has ${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}:\n${shown.join('\n')}\n` +
      "Ids are the images' paths in the data set, as in its manifest; each belongs into one part, all images of a patient " +
      'into the same, and each part needs images with different answers ("allowOneClass": true in the file lets ' +
      'validation and test have one).',
  );
}
