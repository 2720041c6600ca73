import { HounsfieldError } from '../../errors.ts';
import { RandomStream } from '../../random.ts';

export interface PermutationQuestion {
  /** The table, row by row; it is not changed. */
  readonly values: Float64Array; // [rows, columns]
  readonly columns: number;
  /** What is shuffled: single columns, or groups of columns that move together; every column where left out. */
  readonly of?: readonly (number | readonly number[])[];
  /** How good the model is on such a table: larger is better. */
  readonly score: (values: Float64Array) => number;
  /** Shufflings of each, at least 1. */
  readonly repeats: number;
  /** 0 .. 2^32 - 1. */
  readonly seed: number;
}

/** How much worse the model does for each shuffling. */
export interface PermutationDrops {
  /** The score of the table as it is. */
  readonly score: number;
  readonly drops: Float64Array; // [of, repeats]
  readonly mean: Float64Array; // [of]
  /** Standard deviation over the shufflings (of the population, as scikit-learn has it). */
  readonly deviation: Float64Array; // [of]
}

/**
 * How much the score falls when a column is shuffled (Breiman, "Random forests", 2001, section 10; Fisher et al.,
 * "All models are wrong, but many are useful", 2019): mean over the shufflings, one number for each of `of`. Columns
 * that say the same hide each other: name them as one group.
 *
 * @throws PERMUTATION_QUESTION when the table, the columns or the repeats do not fit
 */
export function permutationImportance(question: PermutationQuestion): Float64Array {
  return permutationDrops(question).mean;
}

/** The same with every shuffling's drop. @throws PERMUTATION_QUESTION */
export function permutationDrops(question: PermutationQuestion): PermutationDrops {
  const { columns, score, repeats, seed } = question;
  const groups = groupsOf(question);
  const rows = question.values.length / columns;
  const values = Float64Array.from(question.values);
  const whole = score(values);
  const drops = new Float64Array(groups.length * repeats);
  for (const [g, group] of groups.entries()) {
    const stream = new RandomStream({ seed, purpose: 'permutation-importance', epoch: g });
    for (let repeat = 0; repeat < repeats; repeat++) {
      const order = stream.permutation(rows);
      for (const column of group) {
        for (let i = 0; i < rows; i++) {
          values[i * columns + column] = question.values[order[i]! * columns + column]!;
        }
      }
      drops[g * repeats + repeat] = whole - score(values);
    }
    for (const column of group) {
      for (let at = column; at < values.length; at += columns) values[at] = question.values[at]!;
    }
  }
  const each = groups.map((_, g) => drops.subarray(g * repeats, (g + 1) * repeats));
  const mean = Float64Array.from(each, average);
  const deviation = Float64Array.from(each, (own, g) =>
    Math.sqrt(average(own.map((drop) => (drop - mean[g]!) ** 2))),
  );
  return { score: whole, drops, mean, deviation };
}

const average = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function groupsOf({ values, columns, of, repeats }: PermutationQuestion): readonly (readonly number[])[] {
  const groups = of
    ? of.map((one) => (typeof one === 'number' ? [one] : one))
    : Array.from({ length: Math.max(0, columns) }, (_, i) => [i]);
  const isColumn = (i: number) => Number.isInteger(i) && i >= 0 && i < columns;
  const wrong = [
    (!Number.isInteger(columns) || columns < 1 || values.length === 0 || values.length % columns !== 0) &&
      `${values.length} values do not fill rows of ${columns} columns: pass whole rows, at least one`,
    (!Number.isInteger(repeats) || repeats < 1) && `repeats is ${repeats}: pass a whole number of at least 1`,
    !groups.every((group) => group.length > 0 && group.every(isColumn)) &&
      `'of' names a column outside of 0 .. ${columns - 1}, or a group without columns: name columns of the table`,
  ].filter((one) => one !== false);
  if (wrong.length > 0) throw new HounsfieldError('PERMUTATION_QUESTION', `${wrong.join('; ')}.`);
  return groups;
}
