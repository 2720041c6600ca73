import { svd } from '../linear-algebra/svd.ts';
import type { Matrix } from '../matrix.ts';
import { dataError } from '../preparations/settings.ts';
import { alignSigns, centred, columnMeans, type Pca } from './pca.ts';

/** Principal components of the rows seen so far. */
export interface IncrementalPca extends Pca {
  readonly rows: number;
  /** Variance of each column over the rows so far, of the population. */
  readonly variance: Float64Array;
}

/**
 * Takes more rows into principal components without keeping the earlier ones (Ross et al., Incremental learning for
 * robust visual tracking, 2008): the singular value decomposition of the components so far, the new rows and a
 * correction of the mean.
 *
 * @param before undefined for the first rows
 * @param x at least `components` rows at first; [rows, columns]
 * @throws PREPARATION_DATA
 */
export function extendPca(
  before: IncrementalPca | undefined,
  x: Matrix,
  { components, whiten = false }: { readonly components: number; readonly whiten?: boolean },
): IncrementalPca {
  const { rows, columns } = x;
  if (!before && (components > rows || components > columns)) {
    throw dataError(
      'incremental pca',
      `${components} components were asked for, and the first part has ${rows} rows of ${columns} columns. Give it more rows, or ask for fewer components.`,
    );
  }
  if (before && before.mean.length !== columns) {
    throw dataError('incremental pca', `rows of ${columns} columns follow rows of ${before.mean.length}.`);
  }
  const seen = before?.rows ?? 0;
  const total = seen + rows;
  const batchMean = columnMeans(x);
  const mean = batchMean.map((value, j) => ((before?.mean[j] ?? 0) * seen + value * rows) / total);
  const variance = mergedVariance(before, x, batchMean, total);
  const { s, vt } = svd(before ? stacked(before, x, batchMean) : centred(x, mean));
  alignSigns(vt, Math.min(s.length, components), columns);
  const squares = s.map((value) => value * value);
  const spread = variance.reduce((sum, value) => sum + value, 0) * total;
  const explainedVariance = squares.slice(0, components).map((value) => value / Math.max(1, total - 1));
  const left = squares.slice(components).map((value) => value / Math.max(1, total - 1));
  const few = components === rows || components === columns || left.length === 0;
  return {
    mean,
    rows: total,
    variance,
    whiten,
    components: { values: vt.slice(0, components * columns), rows: components, columns },
    explainedVariance,
    explainedShare: squares.slice(0, components).map((value) => value / spread),
    singularValues: s.slice(0, components),
    noiseVariance: few ? 0 : left.reduce((sum, value) => sum + value, 0) / left.length,
  };
}

/** Components times their singular values, the centred rows, and the step of the mean; each a row. */
function stacked(before: IncrementalPca, x: Matrix, batchMean: Float64Array): Matrix {
  const { rows, columns } = x;
  const { components, singularValues, mean } = before;
  const count = components.rows;
  const values = new Float64Array((count + rows + 1) * columns);
  for (let k = 0; k < count; k++) {
    for (let j = 0; j < columns; j++) {
      values[k * columns + j] = singularValues[k]! * components.values[k * columns + j]!;
    }
  }
  values.set(centred(x, batchMean).values, count * columns);
  const factor = Math.sqrt((before.rows / (before.rows + rows)) * rows);
  const at = (count + rows) * columns;
  for (let j = 0; j < columns; j++) values[at + j] = factor * (mean[j]! - batchMean[j]!);
  return { values, rows: count + rows + 1, columns };
}

function mergedVariance(
  before: IncrementalPca | undefined,
  x: Matrix,
  batchMean: Float64Array,
  total: number,
): Float64Array {
  const squares = new Float64Array(x.columns);
  const { values } = centred(x, batchMean);
  for (let at = 0; at < values.length; at++) squares[at % x.columns]! += values[at]! ** 2;
  if (!before) return squares.map((sum) => sum / total);
  return squares.map((sum, j) => {
    const apart = batchMean[j]! - before.mean[j]!;
    return (before.variance[j]! * before.rows + sum + (apart * apart * before.rows * x.rows) / total) / total;
  });
}
