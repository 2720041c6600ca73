import { RandomStream } from '../../../random.ts';
import type { FitOptions } from '../classifier.ts';
import type { Matrix } from '../matrix.ts';
import type { Resampled, Resampling } from '../preparation.ts';
import { roundHalfEven } from '../preparations/round-half-even.ts';
import { checkSettings, choiceSetting, dataError, integerSetting } from '../preparations/settings.ts';
import { anyOf, type MadeRows, madeRows } from './made-rows.ts';
import { everyRow, nearestRows, type RowDistance, rowDistance, rowsByClass } from './neighbours.ts';
import { lacking, type ShareSettings, shareRule } from './random-resampling.ts';

/** How rows between rows are made. */
export interface SmoteSettings extends ShareSettings {
  /** Nearest rows of the class to go towards; 5 by default, fewer where the class has fewer. */
  readonly neighbours?: number;
}

const smoteRules = { ...shareRule, neighbours: integerSetting(5, { least: 1, most: 1000 }) };

/** A class that is to grow. */
interface Growing {
  readonly one: number;
  readonly members: Int32Array;
  readonly more: number;
  readonly distance: RowDistance;
  /** Nearest rows of the same class, asked for once for each row. */
  readonly near: (row: number) => Int32Array;
  readonly random: RandomStream;
  readonly made: MadeRows;
}

/** Calls `grow` for each class that lacks rows. @throws PREPARATION_DATA where one has a single row */
function grown(
  name: string,
  x: Matrix,
  y: Int32Array,
  classes: number,
  { share, neighbours }: Required<SmoteSettings>,
  { seed, categorical = [] }: FitOptions,
  grow: (growing: Growing) => void,
): Resampled {
  if (x.values.some(Number.isNaN)) throw dataError(name, 'values are missing. Impute them first.');
  const members = rowsByClass(y, classes);
  const missing = lacking(
    members.map(({ length }) => length),
    share,
  );
  const made = madeRows(x, y, categorical);
  for (const [one, more] of missing.entries()) {
    const rows = members[one]!;
    if (more === 0) continue;
    if (rows.length < 2) {
      throw dataError(
        name,
        `class ${one} has one row, and rows are made between two. Give it more rows, or choose 'oversample'.`,
      );
    }
    const distance = rowDistance(x, categorical, rows);
    const known = new Map<number, Int32Array>();
    const near = (row: number): Int32Array => {
      const found = known.get(row) ?? nearestRows(distance, row, rows, Math.min(neighbours, rows.length - 1));
      known.set(row, found);
      return found;
    };
    const random = new RandomStream({ seed, purpose: name, step: one });
    grow({ one, members: rows, more, distance, near, random, made });
  }
  return made.done();
}

/** Rows between `bases` and their nearest. */
function growFrom(bases: Int32Array, { one, more, near, random, made }: Growing): void {
  for (let k = 0; k < more; k++) {
    const row = anyOf(bases, random);
    const around = near(row);
    made.add(one, row, anyOf(around, random), random.uniform(), around);
  }
}

/**
 * Rows of smaller classes are made between a row and one of its nearest of the class (Chawla et al., SMOTE: Synthetic
 * minority over-sampling technique, 2002); categories by the vote of the nearest (SMOTE-NC, its section 6.1).
 *
 * @throws PREPARATION_DATA
 */
export const smote = (
  x: Matrix,
  y: Int32Array,
  classes: number,
  settings: Required<SmoteSettings>,
  options: FitOptions,
): Resampled =>
  grown('smote', x, y, classes, settings, options, (growing) => growFrom(growing.members, growing));

export const smoteResampling: Resampling<SmoteSettings> = {
  name: 'smote',
  describe: 'Makes rows of smaller classes between neighbours; categories by their vote.',
  source: 'Chawla et al., SMOTE: Synthetic minority over-sampling technique, 2002',
  scaled: true,
  check: (settings) => checkSettings<SmoteSettings>('smote', settings, smoteRules),
  resample: smote,
};

export const smoteNcResampling: Resampling<SmoteSettings> = {
  name: 'smote-nc',
  describe: 'SMOTE for tables with categories; refuses a table that has none.',
  source: 'Chawla et al., SMOTE: Synthetic minority over-sampling technique, 2002, section 6.1',
  scaled: true,
  check: (settings) => checkSettings<SmoteSettings>('smote-nc', settings, smoteRules),
  resample(x, y, classes, settings, options) {
    const count = options.categorical?.length ?? 0;
    if (count > 0 && count < x.columns) return smote(x, y, classes, settings, options);
    throw dataError(
      'smote-nc',
      `${count} of ${x.columns} columns are categories, and it needs both kinds. Choose 'smote' where all are numbers (categories become columns before classifiers other than trees), 'oversample' where all are categories.`,
    );
  },
};

/** Which rows near other classes new ones are made from. */
export interface BorderlineSettings extends SmoteSettings {
  /** Nearest rows of any class that tell whether a row is in danger; 10 by default. */
  readonly surroundings?: number;
  /** 1: between rows of the class; 2: also towards other classes, less than half of the way. */
  readonly variant?: '1' | '2';
}

/** Rows of which at least half, but not all, of the nearest are of other classes. */
export function rowsInDanger(
  rows: Int32Array,
  y: Int32Array,
  distance: RowDistance,
  count: number,
): Int32Array {
  const all = everyRow(y.length);
  return rows.filter((row) => {
    const around = nearestRows(distance, row, all, Math.min(count, y.length - 1));
    const others = around.filter((other) => y[other] !== y[row]).length;
    return others >= around.length / 2 && others < around.length;
  });
}

/** SMOTE from the rows in danger; where a class has none, from all of its rows. */
export const borderlineSmote: Resampling<BorderlineSettings> = {
  name: 'borderline-smote',
  describe: 'SMOTE from those rows that lie among other classes, but not deep among them.',
  source: 'Han, Wang and Mao, Borderline-SMOTE, 2005',
  scaled: true,
  check: (settings) =>
    checkSettings<BorderlineSettings>('borderline-smote', settings, {
      ...smoteRules,
      surroundings: integerSetting(10, { least: 1, most: 1000 }),
      variant: choiceSetting('1', ['1', '2']),
    }),
  resample: (x, y, classes, settings, options) =>
    grown('borderline-smote', x, y, classes, settings, options, (growing) => {
      const danger = rowsInDanger(growing.members, y, growing.distance, settings.surroundings);
      const bases = danger.length > 0 ? danger : growing.members;
      if (settings.variant === '1' || danger.length === 0) growFrom(bases, growing);
      else growBothWays(bases, y, growing, settings.neighbours);
    }),
};

/** Towards the nearest of any class, less than half of the way where it is of another. */
function growBothWays(bases: Int32Array, y: Int32Array, growing: Growing, neighbours: number): void {
  const { one, more, near, random, made, distance } = growing;
  const all = everyRow(y.length);
  const count = Math.min(neighbours, y.length - 1);
  for (let k = 0; k < more; k++) {
    const row = anyOf(bases, random);
    const other = anyOf(nearestRows(distance, row, all, count), random);
    const share = random.uniform() * (y[other] === one ? 1 : 0.5);
    made.add(one, row, other, share, near(row));
  }
}

/** More rows are made from those that have more of other classes around them. */
export const adasyn: Resampling<SmoteSettings> = {
  name: 'adasyn',
  describe: 'SMOTE that makes more rows where a class lies among others.',
  source: 'He et al., ADASYN: Adaptive synthetic sampling approach for imbalanced learning, 2008',
  scaled: true,
  check: (settings) => checkSettings<SmoteSettings>('adasyn', settings, smoteRules),
  resample: (x, y, classes, settings, options) =>
    grown('adasyn', x, y, classes, settings, options, (growing) => {
      const { one, members, near, random, made } = growing;
      for (const [at, count] of adasynCounts(growing, y, settings.neighbours).entries()) {
        const row = members[at]!;
        for (let k = 0; k < count; k++)
          made.add(one, row, anyOf(near(row), random), random.uniform(), near(row));
      }
    }),
};

/** How many rows are made from each; alike where no row has another class around it. */
function adasynCounts(
  { members, more, distance }: Growing,
  y: Int32Array,
  neighbours: number,
): readonly number[] {
  const all = everyRow(y.length);
  const others = Array.from(members, (row) => {
    const around = nearestRows(distance, row, all, Math.min(neighbours, y.length - 1));
    return around.filter((other) => y[other] !== y[row]).length;
  });
  const total = others.reduce((sum, count) => sum + count, 0);
  return others.map((count) => roundHalfEven(total > 0 ? (count * more) / total : more / others.length));
}
