import { HounsfieldError } from '../../errors.ts';
import { type Dataset, requireTwoClasses } from './dataset.ts';

/** Most strata that values are sorted into, and patients that each should have. */
const STRATA = 10;
const PATIENTS_A_STRATUM = 8;

/** For each sample of several labels the one of its labels that fewest samples have, plus 1; 0 where it has none. */
export function labelStrata(rows: readonly (readonly number[])[], labels: number): number[] {
  const counts = Array.from({ length: labels }, (_, k) => rows.filter((row) => row[k] === 1).length);
  return rows.map((row) => {
    let rarest = -1;
    for (const [k, value] of row.entries()) {
      if (value === 1 && (rarest < 0 || counts[k]! < counts[rarest]!)) rarest = k;
    }
    return rarest + 1;
  });
}

/** Quantile of each value, 0 the lowest: as many as the number of patients bears, ten at most. Unknown values: 0. */
export function valueStrata(values: readonly number[], patients: readonly string[]): number[] {
  const strata = Math.max(1, Math.min(STRATA, Math.floor(new Set(patients).size / PATIENTS_A_STRATUM)));
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const edges = Array.from(
    { length: strata - 1 },
    (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / strata)]!,
  );
  return values.map((value) => edges.filter((edge) => value >= edge).length);
}

/**
 * Stops where there is nothing to tell apart. Labels that all or none of the images have are named in the notes returned.
 *
 * @throws ONE_CLASS (classes, grades, labels), VALUE_CONSTANT
 */
export function requireVariety({ target, classes, samples }: Dataset, name: string): string[] {
  if (target === 'value') return requireDifferentValues(classes, samples, name);
  if (target !== 'labels') {
    requireTwoClasses(classes, samples, name);
    return [];
  }
  const onesided = classes.filter((_, k) => {
    const known = new Set(samples.map(({ targets }) => targets![k]!).filter((value) => !Number.isNaN(value)));
    return known.size < 2;
  });
  if (onesided.length === classes.length) {
    throw new HounsfieldError(
      'ONE_CLASS',
      `${name} has no label that some images have and others have not (labels: ${classes.join(', ')}). ` +
        "Add images without the label, with 0 in its column or 'none' for no label at all, and images with it.",
    );
  }
  return onesided.length === 0
    ? []
    : [
        `All images or none have ${onesided.map((label) => `'${label}'`).join(', ')}: nothing can be learned of it.`,
      ];
}

function requireDifferentValues(
  classes: readonly string[],
  samples: Dataset['samples'],
  name: string,
): string[] {
  const constant = classes.filter(
    (_, k) =>
      new Set(samples.map(({ targets }) => targets![k]!).filter((value) => !Number.isNaN(value))).size < 2,
  );
  if (constant.length === 0) return [];
  throw new HounsfieldError(
    'VALUE_CONSTANT',
    `${name} gives every image the same ${constant.map((value) => `'${value}'`).join(', ')}, or none. ` +
      'Give values that differ, or leave the column out.',
  );
}
