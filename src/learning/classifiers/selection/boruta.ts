import { RandomStream } from '../../../random.ts';
import type { Matrix } from '../matrix.ts';
import type { Preparation } from '../preparation.ts';
import { everyColumn } from '../preparations/graph-doubles.ts';
import { checkSettings, dataError, integerSetting, numberSetting } from '../preparations/settings.ts';
import { fitRandomForest, randomForest } from '../trees/random-forest.ts';
import { selecting } from './selecting.ts';
import { incompleteBeta } from './tail-probabilities.ts';

/** How long columns are held against their shadows. */
export interface BorutaSettings {
  /** Forests that are grown at most; 50 by default. */
  readonly rounds?: number;
  /** Trees of each; 100 by default. */
  readonly trees?: number;
  /** Of the tests, over all columns; .05 by default. */
  readonly level?: number;
}

/** What each column has shown itself to be. */
export interface BorutaVerdict {
  readonly confirmed: readonly number[];
  /** Neither confirmed nor rejected in the end. */
  readonly tentative: readonly number[];
  readonly rounds: number;
}

/** P(X >= hits) of so many tosses of a coin. */
const coinTail = (hits: number, tosses: number): number =>
  hits <= 0 ? 1 : incompleteBeta(0.5, hits, tosses - hits + 1);

/**
 * Columns that a forest finds more important than the best of shuffled copies, more often than by chance (Kursa and
 * Rudnicki, Feature selection with the Boruta package, 2010; levels divided by the number of columns).
 */
export function borutaVerdict(
  x: Matrix,
  y: Int32Array,
  classes: number,
  { rounds, trees, level }: Required<BorutaSettings>,
  seed: number,
): BorutaVerdict {
  const settings = randomForest.check({ trees, bootstrap: true });
  const hits = new Int32Array(x.columns);
  const confirmed = new Set<number>();
  let open: readonly number[] = everyColumn(x.columns);
  let round = 0;
  while (round < rounds && open.length > 0) {
    const shown = [...open, ...confirmed].sort((a, b) => a - b);
    const random = new RandomStream({ seed, purpose: 'boruta', step: round });
    const table = withShadows(x, shown, random);
    const { importance } = fitRandomForest(table, y, classes, settings, { seed: random.uint32() });
    let best = 0;
    for (let k = shown.length; k < table.columns; k++) best = Math.max(best, importance?.[k] ?? 0);
    for (const [k, j] of shown.entries()) if ((importance?.[k] ?? 0) > best) hits[j]!++;
    round++;
    const enough = level / x.columns / 2;
    const tosses = round;
    for (const j of open) if (coinTail(hits[j]!, tosses) <= enough) confirmed.add(j);
    open = open.filter((j) => !confirmed.has(j) && coinTail(tosses - hits[j]!, tosses) > enough);
  }
  return { confirmed: [...confirmed].sort((a, b) => a - b), tentative: open, rounds: round };
}

/** The shown columns and a shuffled copy of each, at least five. */
function withShadows(
  { values, rows, columns }: Matrix,
  shown: readonly number[],
  random: RandomStream,
): Matrix {
  const shadows = Math.max(5, shown.length);
  const width = shown.length + shadows;
  const out = new Float64Array(rows * width);
  for (const [k, j] of shown.entries()) {
    for (let i = 0; i < rows; i++) out[i * width + k] = values[i * columns + j]!;
  }
  for (let k = 0; k < shadows; k++) {
    const j = shown[k % shown.length]!;
    const order = random.permutation(rows);
    for (let i = 0; i < rows; i++) out[i * width + shown.length + k] = values[order[i]! * columns + j]!;
  }
  return { values: out, rows, columns: width };
}

/** Columns that matter at all, not the fewest that do. */
export const boruta: Preparation<BorutaSettings> = {
  name: 'boruta',
  describe:
    'Keeps every column that a forest finds more important than shuffled columns; slow, and thorough.',
  source: 'Kursa and Rudnicki, Feature selection with the Boruta package, 2010',
  check: (settings) =>
    checkSettings<BorutaSettings>('boruta', settings, {
      rounds: integerSetting(50, { least: 1, most: 1000 }),
      trees: integerSetting(100, { least: 1, most: 10_000 }),
      level: numberSetting(0.05, { above: 0, most: 1 }),
    }),
  fit(x, y, classes, settings, { seed }) {
    if (new Set(y).size < classes) {
      throw dataError(
        'boruta',
        'a class has no rows. Number the classes that are there, or gather more rows.',
      );
    }
    const { confirmed, tentative, rounds } = borutaVerdict(x, y, classes, settings, seed);
    const kept = [...confirmed, ...tentative].sort((a, b) => a - b);
    const notes = [`${confirmed.length} confirmed and ${tentative.length} undecided after ${rounds} forests`];
    return selecting('boruta', x.columns, kept, notes);
  },
};
