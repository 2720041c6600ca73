import type { Preparation } from '../preparation.ts';
import { pca } from '../projections/pca-preparation.ts';
import { boruta } from '../selection/boruta.ts';
import { correlationFilter, univariateFilter, varianceFilter } from '../selection/filters.ts';
import { lasso } from '../selection/lasso.ts';
import { mrmr } from '../selection/mrmr.ts';
import { recursiveElimination } from '../selection/recursive-elimination.ts';
import { labelsWrong, lengthWrong } from '../training-data.ts';
import { impute } from './impute.ts';
import { imputeNeighbours } from './impute-neighbours.ts';
import { oneHot } from './one-hot.ts';
import { logarithm, power } from './power.ts';
import { quantile } from './quantile.ts';
import { dataError } from './settings.ts';
import { minMaxScale, robustScale, standardize } from './standardize.ts';

const all = [
  impute,
  imputeNeighbours,
  oneHot,
  standardize,
  robustScale,
  minMaxScale,
  power,
  logarithm,
  quantile,
  varianceFilter,
  correlationFilter,
  univariateFilter,
  mrmr,
  recursiveElimination,
  lasso,
  boruta,
  pca,
  // A preparation's own settings are known to itself alone: `check` makes them, `fit` reads them.
] as readonly unknown[] as readonly Preparation[];

/** The same, refusing rows and classes that do not go together. */
const guarded = (part: Preparation): Preparation => ({
  ...part,
  fit(x, y, classes, settings, options) {
    const wrong = lengthWrong(x) ?? labelsWrong(x.rows, y, classes);
    if (wrong) throw dataError(part.name, `${wrong}. Correct the table or the labels.`);
    return part.fit(x, y, classes, settings, options);
  },
});

/** Every preparation, by name. */
export const preparations: ReadonlyMap<string, Preparation> = new Map(
  all.map((one) => [one.name, guarded(one)]),
);
