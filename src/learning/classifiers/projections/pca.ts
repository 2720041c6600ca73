import { svd } from '../linear-algebra/svd.ts';
import type { Matrix } from '../matrix.ts';
import { dataError } from '../preparations/settings.ts';

/** Directions of greatest variance. */
export interface Pca {
  readonly mean: Float64Array; // [columns]
  /** Unit vectors; the largest entry of each is positive. */
  readonly components: Matrix; // [components, columns]
  /** Variance along each (n - 1 in the denominator), from the largest. */
  readonly explainedVariance: Float64Array; // [components]
  /** Its share of the variance of all columns. */
  readonly explainedShare: Float64Array; // [components]
  readonly singularValues: Float64Array; // [components]
  /** Mean variance along the directions that were left out. */
  readonly noiseVariance: number;
  readonly whiten: boolean;
}

/** How many components, and whether each is divided by its deviation. */
export interface PcaSettings {
  /** A whole number from 1, or a share of the variance in (0, 1); all where absent. */
  readonly components?: number | undefined;
  readonly whiten?: boolean | undefined;
}

/**
 * Principal components by singular value decomposition of the centred table (Pearson, 1901; Jolliffe, Principal
 * Component Analysis, 2nd ed., 2002, section 3.5).
 *
 * @param x without NaN; [rows, columns], at least 2 rows
 * @throws PREPARATION_DATA for fewer than 2 rows or no variance, LINEAR_ALGEBRA_VALUES
 */
export function fitPca(x: Matrix, { components, whiten = false }: PcaSettings = {}): Pca {
  const { rows, columns } = x;
  if (rows < 2) throw dataError('pca', `${rows} rows have no directions. Give at least 2.`);
  const mean = columnMeans(x);
  const { s, vt } = svd(centred(x, mean));
  const most = Math.min(rows, columns);
  const variances = s.map((value) => (value * value) / (rows - 1));
  const total = variances.reduce((sum, value) => sum + value, 0);
  if (!(total > 0)) throw dataError('pca', 'all columns are constant. Leave the step out.');
  const count = componentCount(components, variances, total, most);
  alignSigns(vt, count, columns);
  const explainedVariance = variances.slice(0, count);
  const rest = variances.slice(count, most);
  return {
    mean,
    components: { values: vt.slice(0, count * columns), rows: count, columns },
    explainedVariance,
    explainedShare: explainedVariance.map((value) => value / total),
    singularValues: s.slice(0, count),
    noiseVariance: rest.length > 0 ? rest.reduce((sum, value) => sum + value, 0) / rest.length : 0,
    whiten,
  };
}

function componentCount(
  asked: number | undefined,
  variances: Float64Array,
  total: number,
  most: number,
): number {
  if (asked === undefined) return most;
  if (asked >= 1) return Math.min(Math.floor(asked), most);
  let sum = 0;
  for (let i = 0; i < most; i++) {
    sum += variances[i]! / total;
    if (sum > asked) return i + 1;
  }
  return most;
}

/** Mean of each column. */
export function columnMeans({ values, rows, columns }: Matrix): Float64Array {
  const mean = new Float64Array(columns);
  for (let i = 0, at = 0; i < rows; i++) for (let j = 0; j < columns; j++, at++) mean[j]! += values[at]!;
  return mean.map((sum) => sum / rows);
}

/** The table less a value of each column. */
export function centred({ values, rows, columns }: Matrix, mean: Float64Array): Matrix {
  const out = new Float64Array(values.length);
  for (let i = 0, at = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++, at++) out[at] = values[at]! - mean[j]!;
  }
  return { values: out, rows, columns };
}

/** Turns each of the first rows so that its entry of largest size, the first of several, is positive. */
export function alignSigns(vt: Float64Array, rows: number, columns: number): void {
  for (let k = 0; k < rows; k++) {
    const row = vt.subarray(k * columns, (k + 1) * columns);
    let at = 0;
    for (let j = 1; j < columns; j++) if (Math.abs(row[j]!) > Math.abs(row[at]!)) at = j;
    if (row[at]! < 0) for (let j = 0; j < columns; j++) row[j] = -row[j]!;
  }
}

const EPSILON = 2.220446049250313e-16;

/** What each component is divided by. */
export function pcaScales({ explainedVariance, whiten }: Pca): Float64Array {
  return explainedVariance.map((value) => (whiten ? Math.max(EPSILON, Math.sqrt(value)) : 1));
}

/** Coordinates of rows on the components; [rows, components]. */
export function pcaTransform(pca: Pca, x: Matrix): Matrix {
  const { mean, components } = pca;
  const { rows: count, columns, values: directions } = components;
  const scales = pcaScales(pca);
  const values = new Float64Array(x.rows * count);
  const row = new Float64Array(columns);
  for (let i = 0; i < x.rows; i++) {
    for (let j = 0; j < columns; j++) row[j] = x.values[i * columns + j]! - mean[j]!;
    for (let k = 0; k < count; k++) {
      let sum = 0;
      for (let j = 0, at = k * columns; j < columns; j++, at++) sum += row[j]! * directions[at]!;
      values[i * count + k] = sum / scales[k]!;
    }
  }
  return { values, rows: x.rows, columns: count };
}

/** Rows from coordinates: the inverse of `pcaTransform` but for what was left out; [rows, columns]. */
export function pcaInverse(pca: Pca, coordinates: Matrix): Matrix {
  const { mean, components } = pca;
  const { rows: count, columns, values: directions } = components;
  const scales = pcaScales(pca);
  const values = new Float64Array(coordinates.rows * columns);
  for (let i = 0; i < coordinates.rows; i++) {
    const row = values.subarray(i * columns, (i + 1) * columns);
    row.set(mean);
    for (let k = 0; k < count; k++) {
      const size = coordinates.values[i * count + k]! * scales[k]!;
      for (let j = 0, at = k * columns; j < columns; j++, at++) row[j]! += size * directions[at]!;
    }
  }
  return { values, rows: coordinates.rows, columns };
}
