import { add, matMul } from '../../../engine/graph/build.ts';
import type { Graph, Value } from '../../../engine/graph/graph.ts';
import { HounsfieldError } from '../../../errors.ts';
import { doubles, toDouble, toSingle } from '../double-precision.ts';
import { transpose } from '../linear-algebra/products.ts';
import type { Matrix } from '../matrix.ts';
import { checkColumns, valuesWrong } from '../training-data.ts';

/** A linear model of numbers. */
export interface FittedRegression {
  readonly columns: number;
  readonly outputs: number;
  readonly coefficients: Float64Array; // [outputs, columns]
  readonly intercepts: Float64Array; // [outputs]
  /** [rows, outputs] */
  predict(x: Matrix): Float64Array;
  /** float32 [N, columns] to float32 [N, outputs]. */
  addTo(graph: Graph, x: Value): Value;
  readonly notes: readonly string[];
}

export interface RegressionOptions {
  /** A weight for each row, at least 0; all alike where absent. */
  readonly weights?: Float64Array | undefined;
}

export function fittedRegression(
  columns: number,
  coefficients: Float64Array,
  intercepts: Float64Array,
  notes: readonly string[],
): FittedRegression {
  const outputs = intercepts.length;
  return {
    columns,
    outputs,
    coefficients,
    intercepts,
    notes,
    predict(x) {
      checkColumns(x, columns);
      const out = new Float64Array(x.rows * outputs);
      for (let i = 0; i < x.rows; i++) {
        for (let k = 0; k < outputs; k++) {
          let sum = intercepts[k]!;
          for (let j = 0; j < columns; j++)
            sum += coefficients[k * columns + j]! * x.values[i * columns + j]!;
          out[i * outputs + k] = sum;
        }
      }
      return out;
    },
    addTo(graph, x) {
      const turned = transpose(coefficients, outputs, columns);
      const product = matMul(toDouble(x), doubles(graph, [columns, outputs], turned));
      return toSingle(add(product, doubles(graph, [1, outputs], intercepts)));
    },
  };
}

/** Columns and targets around their weighted means, rows times the root of their weight. */
export interface CentredTargets {
  readonly outputs: number;
  /** [outputs, rows]: a target is contiguous. */
  readonly targets: Float64Array;
  readonly means: Float64Array; // [outputs]
  readonly weights: Float64Array;
  readonly total: number;
}

/** @throws REGRESSION_DATA */
export function centredTargets(
  name: string,
  x: Matrix,
  y: Float64Array,
  intercept: boolean,
  options: RegressionOptions,
): CentredTargets {
  const outputs = x.rows > 0 ? y.length / x.rows : 0;
  const { weights = new Float64Array(x.rows).fill(1) } = options;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const wrong = [
    ...(x.rows === 0 || x.columns === 0 ? [`the table has ${x.rows} rows and ${x.columns} columns`] : []),
    ...(x.rows > 0 && !(Number.isInteger(outputs) && outputs > 0)
      ? [`${y.length} targets do not fill ${x.rows} rows`]
      : []),
    ...(y.every(Number.isFinite) ? [] : ['a target is NaN or infinite: leave that row out']),
    ...(weights.length === x.rows &&
    weights.every((weight) => weight >= 0 && Number.isFinite(weight)) &&
    total > 0
      ? []
      : ['weights are one finite number of at least 0 for each row, not all 0']),
    ...valuesWrong(x),
  ];
  if (wrong.length > 0) throw new HounsfieldError('REGRESSION_DATA', `${name}: ${wrong.join('; ')}.`);
  const means = new Float64Array(outputs);
  const targets = transpose(y, x.rows, outputs);
  for (let k = 0; k < outputs && intercept; k++) {
    for (let i = 0; i < x.rows; i++) means[k] = means[k]! + (weights[i]! / total) * targets[k * x.rows + i]!;
    for (let i = 0; i < x.rows; i++) targets[k * x.rows + i] = targets[k * x.rows + i]! - means[k]!;
  }
  return { outputs, targets, means, weights, total };
}

/** @throws REGRESSION_SETTINGS */
export function checkStrength(name: string, settings: Readonly<Record<string, number>>): void {
  const wrong = Object.entries(settings).filter(([, value]) => !(value >= 0 && Number.isFinite(value)));
  if (wrong.length > 0) {
    throw new HounsfieldError(
      'REGRESSION_SETTINGS',
      `${name}: ${wrong.map(([key, value]) => `${key} is ${value}`).join('; ')}, expected numbers of at least 0.`,
    );
  }
}
