import type { FitOptions } from '../classifier.ts';
import type { Matrix } from '../matrix.ts';
import type { Resampled, Resampling } from '../preparation.ts';
import { checkSettings, choiceSetting, dataError, integerSetting } from '../preparations/settings.ts';
import { everyRow, nearestRows, rowDistance, rowsByClass } from './neighbours.ts';
import { type ShareSettings, shareRule, taken } from './random-resampling.ts';
import { smote } from './smote.ts';

/** Which classes may lose rows. */
export interface CleaningSettings {
  /** 'larger': every class but the smallest, which is the default; 'all'. */
  readonly from?: 'larger' | 'all';
}

/** 1 for classes that may lose rows: all, or all but the smallest (the first of several). */
function losing(y: Int32Array, classes: number, from: 'larger' | 'all'): Uint8Array {
  const counts = rowsByClass(y, classes).map(({ length }) => (length === 0 ? Infinity : length));
  const fewest = counts.indexOf(Math.min(...counts));
  return Uint8Array.from(counts, (_, c) => (from === 'all' || c !== fewest ? 1 : 0));
}

const checkWhole = (name: string, x: Matrix): void => {
  if (x.values.some(Number.isNaN)) throw dataError(name, 'values are missing. Impute them first.');
};

/** Rows of different classes that are each other's nearest (Tomek, Two modifications of CNN, 1976); 1 for each such row. */
export function tomekLinks(x: Matrix, y: Int32Array, categorical: readonly number[] = []): Uint8Array {
  const all = everyRow(x.rows);
  const distance = rowDistance(x, categorical, all);
  const nearest = all.map((row) => nearestRows(distance, row, all, 1)[0] ?? row);
  return Uint8Array.from(all, (row) => {
    const other = nearest[row]!;
    return y[other] !== y[row] && nearest[other] === row ? 1 : 0;
  });
}

function withoutLinks(
  name: string,
  x: Matrix,
  y: Int32Array,
  classes: number,
  from: 'larger' | 'all',
  categorical: readonly number[] | undefined,
): Resampled {
  checkWhole(name, x);
  const links = tomekLinks(x, y, categorical);
  const lose = losing(y, classes, from);
  return taken(
    x,
    y,
    everyRow(x.rows).filter((row) => links[row] === 0 || lose[y[row]!] === 0),
  );
}

export const tomek: Resampling<CleaningSettings> = {
  name: 'tomek-links',
  describe:
    'Leaves out rows of larger classes that are the nearest of a row of another class, and it of them.',
  source: 'Tomek, Two modifications of CNN, 1976',
  scaled: true,
  check: (settings) =>
    checkSettings<CleaningSettings>('tomek-links', settings, {
      from: choiceSetting('larger', ['larger', 'all']),
    }),
  resample: (x, y, classes, { from }, { categorical }) =>
    withoutLinks('tomek-links', x, y, classes, from, categorical),
};

/** Which rows do not fit to those around them. */
export interface EditedSettings extends CleaningSettings {
  /** 3 by default. */
  readonly neighbours?: number;
  /** A row stays when 'all' of its nearest are of its class, or when its class is the most frequent among them. */
  readonly keep?: 'all' | 'most';
}

/** 1 for each row that its nearest do not speak against (Wilson, Asymptotic properties of nearest neighbor rules, 1972). */
export function agreeing(
  x: Matrix,
  y: Int32Array,
  classes: number,
  { neighbours, keep }: { readonly neighbours: number; readonly keep: 'all' | 'most' },
  categorical: readonly number[] = [],
): Uint8Array {
  const all = everyRow(x.rows);
  const distance = rowDistance(x, categorical, all);
  return Uint8Array.from(all, (row) => {
    const near = nearestRows(distance, row, all, Math.min(neighbours, x.rows - 1));
    if (keep === 'all') return near.every((other) => y[other] === y[row]) ? 1 : 0;
    const votes = new Int32Array(classes);
    for (const other of near) votes[y[other]!]!++;
    return votes.indexOf(Math.max(...votes)) === y[row] ? 1 : 0;
  });
}

function edited(
  name: string,
  x: Matrix,
  y: Int32Array,
  classes: number,
  settings: Required<EditedSettings>,
  categorical: readonly number[] | undefined,
): Resampled {
  checkWhole(name, x);
  const fits = agreeing(x, y, classes, settings, categorical);
  const lose = losing(y, classes, settings.from);
  const kept = everyRow(x.rows).filter((row) => fits[row] === 1 || lose[y[row]!] === 0);
  const left = new Set(Array.from(kept, (row) => y[row]!));
  if (left.size < new Set(y).size) {
    throw dataError(name, 'a class loses all of its rows. Choose another resampling, or fewer neighbours.');
  }
  return taken(x, y, kept);
}

export const editedNeighbours: Resampling<EditedSettings> = {
  name: 'edited-neighbours',
  describe: 'Leaves out rows of larger classes that their nearest rows speak against.',
  source: 'Wilson, Asymptotic properties of nearest neighbor rules using edited data, 1972',
  scaled: true,
  check: (settings) =>
    checkSettings<EditedSettings>('edited-neighbours', settings, {
      from: choiceSetting('larger', ['larger', 'all']),
      neighbours: integerSetting(3, { least: 1, most: 1000 }),
      keep: choiceSetting('all', ['all', 'most']),
    }),
  resample: (x, y, classes, settings, { categorical }) =>
    edited('edited-neighbours', x, y, classes, settings, categorical),
};

/** SMOTE, and then some rows of every class out again. */
export interface CombinedSettings extends ShareSettings {
  readonly neighbours?: number;
}

const combinedRules = { ...shareRule, neighbours: integerSetting(5, { least: 1, most: 1000 }) };

function combined(
  name: string,
  x: Matrix,
  y: Int32Array,
  classes: number,
  settings: Required<CombinedSettings>,
  options: FitOptions,
): Resampled {
  const more = smote(x, y, classes, settings, options);
  const { categorical } = options;
  const cleaned =
    name === 'smote-tomek'
      ? withoutLinks(name, more.x, more.y, classes, 'all', categorical)
      : edited(name, more.x, more.y, classes, { from: 'all', neighbours: 3, keep: 'all' }, categorical);
  return { ...cleaned, rows: cleaned.rows.map((row) => more.rows[row]!) };
}

export const smoteTomek: Resampling<CombinedSettings> = {
  name: 'smote-tomek',
  describe: 'SMOTE, and then both rows of each pair of classes that are nearest to each other go.',
  source:
    'Batista, Prati and Monard, A study of the behavior of several methods for balancing training data, 2004',
  scaled: true,
  check: (settings) => checkSettings<CombinedSettings>('smote-tomek', settings, combinedRules),
  resample: (x, y, classes, settings, options) => combined('smote-tomek', x, y, classes, settings, options),
};

export const smoteEdited: Resampling<CombinedSettings> = {
  name: 'smote-edited',
  describe: 'SMOTE, and then every row that one of its three nearest speaks against goes.',
  source:
    'Batista, Prati and Monard, A study of the behavior of several methods for balancing training data, 2004',
  scaled: true,
  check: (settings) => checkSettings<CombinedSettings>('smote-edited', settings, combinedRules),
  resample: (x, y, classes, settings, options) => combined('smote-edited', x, y, classes, settings, options),
};
