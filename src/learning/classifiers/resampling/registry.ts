import type { Resampling } from '../preparation.ts';
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

/** Every resampling, by name. */
export const resamplings: ReadonlyMap<string, Resampling> = new Map(all.map((one) => [one.name, one]));
