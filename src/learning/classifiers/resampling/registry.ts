import type { Resampling } from '../preparation.ts';
import { dataError } from '../preparations/settings.ts';
import { labelsWrong, lengthWrong } from '../training-data.ts';
import { editedNeighbours, smoteEdited, smoteTomek, tomek } from './cleaning.ts';
import { oversample, undersample } from './random-resampling.ts';
import { adasyn, borderlineSmote, smoteNcResampling, smoteResampling } from './smote.ts';

const all = [
  oversample,
  undersample,
  smoteResampling,
  smoteNcResampling,
  borderlineSmote,
  adasyn,
  tomek,
  editedNeighbours,
  smoteTomek,
  smoteEdited,
  // A resampling's own settings are known to itself alone: `check` makes them, `resample` reads them.
] as readonly unknown[] as readonly Resampling[];

/** The same, refusing rows and classes that do not go together. */
const guarded = (part: Resampling): Resampling => ({
  ...part,
  resample(x, y, classes, settings, options) {
    const wrong = lengthWrong(x) ?? labelsWrong(x.rows, y, classes);
    if (wrong) throw dataError(part.name, `${wrong}. Correct the table or the labels.`);
    return part.resample(x, y, classes, settings, options);
  },
});

/** Every resampling, by name. */
export const resamplings: ReadonlyMap<string, Resampling> = new Map(
  all.map((one) => [one.name, guarded(one)]),
);
