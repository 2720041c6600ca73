import { RandomStream } from '../../../random.ts';
import type { FitOptions } from '../classifier.ts';
import { dataError } from '../preparations/settings.ts';

/** Rows to fit on and to test on. */
export interface InnerFold {
  readonly training: Int32Array;
  readonly testing: Int32Array;
}

/**
 * Folds of the rows of a fit, for choosing inside of it: classes shared out evenly, groups never parted. Fewer folds
 * than asked for where the rarest class has fewer groups.
 *
 * @throws PREPARATION_DATA where a class has fewer than two groups
 */
export function innerFolds(
  step: string,
  y: Int32Array,
  classes: number,
  folds: number,
  { seed, groups }: Pick<FitOptions, 'seed' | 'groups'>,
): readonly InnerFold[] {
  const members = new Map<number, number[]>();
  for (const i of y.keys()) {
    const group = groups?.[i] ?? i;
    const known = members.get(group);
    if (known) known.push(i);
    else members.set(group, [i]);
  }
  const present = new Set(y);
  const rarest = Math.min(
    ...Array.from(
      present,
      (c) => [...members.values()].filter((rows) => rows.some((row) => y[row] === c)).length,
    ),
  );
  if (!(rarest >= 2)) {
    throw dataError(
      step,
      'a class has rows of one patient only, and choosing by inner cross-validation needs two. State a number instead, or gather more patients.',
    );
  }
  const count = Math.min(folds, rarest);
  const foldOf = sharedOut([...members.values()], y, classes, count, seed);
  return Array.from({ length: count }, (_, fold) => {
    const all = Int32Array.from(y.keys());
    return {
      training: all.filter((row) => foldOf[row] !== fold),
      testing: all.filter((row) => foldOf[row] === fold),
    };
  }).filter(({ training, testing }) => {
    const learnt = new Set(Array.from(training, (row) => y[row]!));
    return testing.length > 0 && learnt.size === present.size;
  });
}

/** Groups one after another, the largest first, each to the fold that has least of its classes. */
function sharedOut(
  groups: readonly (readonly number[])[],
  y: Int32Array,
  classes: number,
  folds: number,
  seed: number,
): Int32Array {
  const random = new RandomStream({ seed, purpose: 'inner-folds' });
  const drawn = Array.from(random.permutation(groups.length), (at) => groups[at]!);
  const order = drawn.sort((a, b) => b.length - a.length); // stable: equal sizes stay as drawn
  const totals = new Float64Array(classes);
  for (const one of y) totals[one]!++;
  const counts = new Float64Array(folds * classes);
  const sizes = new Int32Array(folds);
  const foldOf = new Int32Array(y.length);
  for (const rows of order) {
    let best = 0;
    let least = Infinity;
    for (let fold = 0; fold < folds; fold++) {
      let load = sizes[fold]! * 1e-6;
      for (const row of rows) load += counts[fold * classes + y[row]!]! / totals[y[row]!]!;
      if (load < least) [best, least] = [fold, load];
    }
    for (const row of rows) {
      foldOf[row] = best;
      counts[best * classes + y[row]!]!++;
      sizes[best]!++;
    }
  }
  return foldOf;
}

/** Mean of -ln p of the right class, p at least 1e-15. */
export function logLoss(probabilities: Float64Array, y: Int32Array, classes: number): number {
  let sum = 0;
  for (let i = 0; i < y.length; i++) sum -= Math.log(Math.max(1e-15, probabilities[i * classes + y[i]!]!));
  return sum / y.length;
}

/**
 * Which of several candidates is chosen from its losses over folds: the least mean, or the first (the simplest) whose
 * mean is within one standard error of it (Breiman et al., Classification and Regression Trees, 1984, section 3.4.3).
 *
 * @param losses of each fold, a loss for each candidate, from the simplest on
 */
export function chosenByLoss(losses: readonly Float64Array[], rule: 'best' | 'one-error'): number {
  const candidates = losses[0]!.length;
  const means = Array.from({ length: candidates }, (_, k) => mean(losses.map((one) => one[k]!)));
  const best = means.indexOf(Math.min(...means));
  if (rule === 'best' || losses.length < 2) return best;
  const own = losses.map((one) => one[best]!);
  const variance = own.reduce((sum, value) => sum + (value - means[best]!) ** 2, 0) / (own.length - 1);
  const most = means[best]! + Math.sqrt(variance / own.length);
  return means.findIndex((value) => value <= most);
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
