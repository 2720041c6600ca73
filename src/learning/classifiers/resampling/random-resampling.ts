import { RandomStream } from '../../../random.ts';
import { type Matrix, takeRows } from '../matrix.ts';
import type { Resampled, Resampling } from '../preparation.ts';
import { checkSettings, numberSetting } from '../preparations/settings.ts';
import { rowsByClass } from './neighbours.ts';

/** How large the smaller classes are to be. */
export interface ShareSettings {
  /** Of the largest class (or in undersampling: the smallest over the others), above 0 .. 1; 1, all alike, by default. */
  readonly share?: number;
}

export const shareRule = { share: numberSetting(1, { above: 0, most: 1 }) };

/** How many rows each class lacks. */
export function lacking(counts: readonly number[], share: number): readonly number[] {
  const target = Math.floor(share * Math.max(...counts));
  return counts.map((count) => (count > 0 ? Math.max(0, target - count) : 0));
}

/** Rows as named, of which some may come more than once. */
export const taken = (x: Matrix, y: Int32Array, rows: Int32Array): Resampled => ({
  x: takeRows(x, rows),
  y: Int32Array.from(rows, (row) => y[row]!),
  rows,
});

/** Rows of smaller classes come again, drawn at random. */
export const oversample: Resampling<ShareSettings> = {
  name: 'oversample',
  describe:
    'Repeats rows of smaller classes, drawn at random, until they are as many as the largest class has.',
  source: 'Japkowicz and Stephen, The class imbalance problem, 2002',
  missing: true,
  check: (settings) => checkSettings<ShareSettings>('oversample', settings, shareRule),
  resample(x, y, classes, { share }, { seed }) {
    const members = rowsByClass(y, classes);
    const random = new RandomStream({ seed, purpose: 'oversample' });
    const rows = Array.from(y.keys());
    for (const [c, more] of lacking(
      members.map(({ length }) => length),
      share,
    ).entries()) {
      for (let k = 0; k < more; k++) rows.push(members[c]![random.integer(members[c]!.length)]!);
    }
    return taken(x, y, Int32Array.from(rows));
  },
};

/** Rows of larger classes go, drawn at random. */
export const undersample: Resampling<ShareSettings> = {
  name: 'undersample',
  describe:
    'Leaves out rows of larger classes, drawn at random, until they are as few as the smallest class has.',
  source: 'Japkowicz and Stephen, The class imbalance problem, 2002',
  missing: true,
  check: (settings) => checkSettings<ShareSettings>('undersample', settings, shareRule),
  resample(x, y, classes, { share }, { seed }) {
    const members = rowsByClass(y, classes);
    const random = new RandomStream({ seed, purpose: 'undersample' });
    const fewest = Math.min(...members.map(({ length }) => length).filter((length) => length > 0));
    const most = Math.floor(fewest / share);
    const kept = members.flatMap((rows) => {
      if (rows.length <= most) return Array.from(rows);
      return Array.from(random.permutation(rows.length).subarray(0, most), (at) => rows[at]!);
    });
    return taken(x, y, Int32Array.from(kept).sort());
  },
};
