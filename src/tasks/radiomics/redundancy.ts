import { correlationClusters } from '../../learning/classifiers/clustering/hierarchy.ts';
import { type Matrix, matrix } from '../../learning/classifiers/matrix.ts';
import { correlationMatrix } from '../../learning/classifiers/selection/correlation.ts';

/** Features that say nearly the same. */
export interface FeatureClusters {
  /** Columns of each cluster, the largest cluster first. */
  readonly clusters: readonly (readonly number[])[];
  /** Columns with those alike side by side. */
  readonly order: readonly number[];
  /** Spearman's correlation of columns a and b. */
  readonly correlation: (a: number, b: number) => number;
}

/** Clusters of columns whose |Spearman| with each other is `least` or more on average. Missing values count as the median. */
export function featureClusters(x: Matrix, least: number): FeatureClusters {
  const correlations = correlationMatrix(withMedians(x), 'spearman');
  const { labels, order } = correlationClusters(correlations, least);
  const groups = new Map<number, number[]>();
  for (const column of order) groups.set(labels[column]!, [...(groups.get(labels[column]!) ?? []), column]);
  return {
    clusters: [...groups.values()].sort((a, b) => b.length - a.length),
    order: [...order],
    correlation: (a, b) => correlations.values[a * correlations.columns + b]!,
  };
}

/** Missing values filled by their column's median; a column without any by 0. */
export function withMedians(x: Matrix): Matrix {
  const values = Float64Array.from(x.values);
  for (let j = 0; j < x.columns; j++) {
    const known = Float64Array.from({ length: x.rows }, (_, i) => x.values[i * x.columns + j]!)
      .filter((value) => !Number.isNaN(value))
      .sort();
    const middle = (known.length - 1) / 2;
    const median = known.length === 0 ? 0 : (known[Math.floor(middle)]! + known[Math.ceil(middle)]!) / 2;
    for (let i = 0; i < x.rows; i++) {
      if (Number.isNaN(values[i * x.columns + j]!)) values[i * x.columns + j] = median;
    }
  }
  return matrix(values, x.rows, x.columns);
}
