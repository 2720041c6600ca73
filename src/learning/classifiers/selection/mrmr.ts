import type { Matrix } from '../matrix.ts';
import type { Preparation } from '../preparation.ts';
import { columnOf, meanAndSpread } from '../preparations/columns.ts';
import { checkSettings, choiceSetting, integerSetting } from '../preparations/settings.ts';
import { innerProduct, unitColumns } from './correlation.ts';
import { selecting } from './selecting.ts';
import { anovaF } from './univariate-tests.ts';

/** How columns are chosen one after another. */
export interface MrmrSettings {
  /** 10 by default, fewer where there are fewer. */
  readonly count?: number;
  /** Relevance divided by mean redundancy, or less it. */
  readonly form?: 'difference' | 'quotient';
  /** F and correlation, or mutual information of columns in three levels (below, within and above mean ± deviation). */
  readonly measure?: 'f-correlation' | 'mutual-information';
}

/** What mRMR measures with. */
interface Measures {
  readonly relevance: Float64Array;
  /** At least 0. */
  readonly redundancy: (a: number, b: number) => number;
}

/** A floor of what is divided by, so that a column without any redundancy does not win by that alone. */
const LEAST_REDUNDANCY = 1e-3;

/**
 * Columns by minimum redundancy and maximum relevance, in the order in which they are chosen (Ding and Peng, Minimum
 * redundancy feature selection from microarray gene expression data, 2005: FCD and FCQ, MID and MIQ). Columns of no
 * relevance are never chosen unless there is no other.
 *
 * @param count at most the number of columns
 */
export function mrmrOrder(
  x: Matrix,
  y: Int32Array,
  classes: number,
  { count, form, measure }: Required<MrmrSettings>,
): readonly number[] {
  const { relevance, redundancy } =
    measure === 'mutual-information' ? levelMeasures(x, y, classes) : fMeasures(x, y, classes);
  const chosen: number[] = [];
  const sums = new Float64Array(x.columns);
  const open = new Uint8Array(x.columns).fill(1);
  while (chosen.length < Math.min(count, x.columns)) {
    let best = -1;
    let most = -Infinity;
    for (let j = 0; j < x.columns; j++) {
      if (open[j] === 0) continue;
      const mean = chosen.length === 0 ? 0 : sums[j]! / chosen.length;
      const score = scoreOf(relevance[j]!, mean, form, chosen.length === 0);
      if (score > most) [best, most] = [j, score];
    }
    if (best < 0) break;
    open[best] = 0;
    chosen.push(best);
    for (let j = 0; j < x.columns; j++) if (open[j] === 1) sums[j]! += redundancy(j, best);
  }
  return chosen;
}

function scoreOf(relevance: number, redundancy: number, form: 'difference' | 'quotient', first: boolean) {
  if (first) return relevance;
  if (!(relevance > 0)) return -Number.MAX_VALUE;
  return form === 'difference' ? relevance - redundancy : relevance / Math.max(LEAST_REDUNDANCY, redundancy);
}

function fMeasures(x: Matrix, y: Int32Array, classes: number): Measures {
  const unit = unitColumns(x, 'pearson');
  const { statistic } = anovaF(x, y, classes);
  return {
    relevance: statistic.map((value) => Math.min(value, 1e12)),
    redundancy: (a, b) => Math.abs(innerProduct(unit, x.rows, a, b)),
  };
}

function levelMeasures(x: Matrix, y: Int32Array, classes: number): Measures {
  const { rows, columns } = x;
  const levels = new Uint8Array(columns * rows); // [columns, rows]
  for (let j = 0; j < columns; j++) {
    const values = columnOf(x, j);
    const { mean, squares } = meanAndSpread(values);
    const deviation = Math.sqrt(Math.max(0, squares) / Math.max(1, rows - 1));
    for (let i = 0; i < rows; i++) {
      levels[j * rows + i] = values[i]! < mean - deviation ? 0 : values[i]! > mean + deviation ? 2 : 1;
    }
  }
  const level = (j: number) => levels.subarray(j * rows, (j + 1) * rows);
  return {
    relevance: Float64Array.from({ length: columns }, (_, j) => levelInformation(level(j), y, 3, classes)),
    redundancy: (a, b) => levelInformation(level(a), level(b), 3, 3),
  };
}

/** Mutual information of two lists of levels, in nats. */
export function levelInformation(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  levelsA: number,
  levelsB: number,
): number {
  const joint = new Float64Array(levelsA * levelsB);
  const ofA = new Float64Array(levelsA);
  const ofB = new Float64Array(levelsB);
  const n = a.length;
  for (let i = 0; i < n; i++) {
    joint[a[i]! * levelsB + b[i]!]!++;
    ofA[a[i]!]!++;
    ofB[b[i]!]!++;
  }
  let sum = 0;
  for (let u = 0; u < levelsA; u++) {
    for (let v = 0; v < levelsB; v++) {
      const count = joint[u * levelsB + v]!;
      if (count > 0) sum += (count / n) * Math.log((count * n) / (ofA[u]! * ofB[v]!));
    }
  }
  return Math.max(0, sum);
}

/** Columns that say much of the class and little of each other. */
export const mrmr: Preparation<MrmrSettings> = {
  name: 'mrmr',
  describe: 'Chooses columns that say much of the class and little of each other.',
  source: 'Ding and Peng, Minimum redundancy feature selection from microarray gene expression data, 2005',
  check: (settings) =>
    checkSettings<MrmrSettings>('mrmr', settings, {
      count: integerSetting(10, { least: 1 }),
      form: choiceSetting('quotient', ['quotient', 'difference']),
      measure: choiceSetting('f-correlation', ['f-correlation', 'mutual-information']),
    }),
  fit(x, y, classes, settings) {
    const order = mrmrOrder(x, y, classes, settings);
    const sorted = [...order].sort((a, b) => a - b);
    return selecting('mrmr', x.columns, sorted, [`chosen in the order ${order.join(', ')}`]);
  },
};
