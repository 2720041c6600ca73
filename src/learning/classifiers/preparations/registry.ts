import type { Preparation } from '../preparation.ts';
import { impute } from './impute.ts';
import { minMaxScale, robustScale, standardize } from './standardize.ts';

// A preparation's own settings are known to itself alone: `check` makes them, `fit` reads them.
const all = [impute, standardize, robustScale, minMaxScale] as readonly unknown[] as readonly Preparation[];

/** Every preparation, by name. */
export const preparations: ReadonlyMap<string, Preparation> = new Map(all.map((one) => [one.name, one]));
