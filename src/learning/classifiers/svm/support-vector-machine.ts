import { add, apply, matMul, mul, reduceSum, sub } from '../../../engine/graph/build.ts';
import type { Graph, Value } from '../../../engine/graph/graph.ts';
import type { Classifier, FitOptions, FittedClassifier } from '../classifier.ts';
import { doubles, number, toDouble, toSingle } from '../double-precision.ts';
import { linearImportance } from '../linear/linear-scores.ts';
import { transpose } from '../linear-algebra/products.ts';
import type { Matrix } from '../matrix.ts';
import { roughCentre } from '../neighbours/distance-nodes.ts';
import {
  type ClassWeight,
  choice,
  classWeightRule,
  flag,
  readSettings,
  size,
  whole,
  wordOr,
} from '../settings.ts';
import { checkColumns, checkRows, rowWeights } from '../training-data.ts';
import { gammaOf, type Kernel, squaredLengths } from './kernel.ts';
import { decisionsOf, fitPairs, type PairMachines } from './one-against-one.ts';
import { pairProbabilities, pairProbabilityNodes } from './pair-probabilities.ts';

export interface SupportVectorSettings {
  readonly kernel?: Kernel['kind'];
  /** Price of a violation, above 0. */
  readonly C?: number;
  /** 'scale' is 1 / (columns x variance of all values), 'auto' 1 / columns. */
  readonly gamma?: 'scale' | 'auto' | number;
  readonly coef0?: number;
  readonly degree?: number;
  readonly classWeight?: ClassWeight;
  /** 'platt' calibrates by five-fold cross-validation, which takes five more fits; 'votes' is a softmax of the votes. */
  readonly probability?: 'platt' | 'votes';
  readonly tolerance?: number;
  readonly shrinking?: boolean;
  /** Bound of the memory for rows of the kernel matrix. */
  readonly cacheMegabytes?: number;
  readonly maxIterations?: number;
}

const NAME = 'support-vector-machine';
const rules = {
  kernel: choice<Kernel['kind']>('rbf', 'linear', 'polynomial', 'sigmoid'),
  C: size(1, 0, 1e300, 'open'),
  gamma: wordOr(['scale', 'auto'], size(1, 0, 1e300, 'open')),
  coef0: size(0, -1e300, 1e300),
  degree: whole(3, 1, 100),
  classWeight: classWeightRule,
  probability: choice('platt', 'votes'),
  tolerance: size(1e-3, 0, 1, 'open'),
  shrinking: flag(true),
  cacheMegabytes: size(200, 1, 65536),
  maxIterations: whole(2_000_000, 1),
};

/** A fitted machine and what its decisions are made of. */
export type FittedSupportVectors = FittedClassifier & {
  readonly machines: PairMachines;
  /** Decision values, [rows, pairs]; pairs 01, 02 .. 12 ..; above 0 speaks for the first class of the pair. */
  decide(x: Matrix): Float64Array;
};

/**
 * C-support vector classification, one machine for each pair of classes (Cortes and Vapnik, Machine Learning 20, 1995).
 *
 * @throws CLASSIFIER_DATA
 */
export function fitSupportVectorMachine(
  x: Matrix,
  y: Int32Array,
  classes: number,
  settings: Required<SupportVectorSettings>,
  options: FitOptions,
): FittedSupportVectors {
  checkRows(NAME, x, y, classes, options);
  const kernel: Kernel = {
    kind: settings.kernel,
    gamma: gammaOf(settings.gamma, x),
    coef0: settings.coef0,
    degree: settings.degree,
  };
  const bounds = rowWeights(y, classes, settings.classWeight, options.weights).map(
    (weight) => weight * settings.C,
  );
  const calibration = settings.probability === 'platt' ? { folds: 5, seed: options.seed } : undefined;
  const machines = fitPairs(x, y, classes, bounds, kernel, settings, calibration);
  const decide = (table: Matrix) => {
    checkColumns(table, x.columns);
    return decisionsOf(machines, table);
  };
  const notes = [
    `${machines.support.rows} support vectors of ${x.rows} rows, ${machines.iterations} iterations`,
  ];
  if (machines.unsettled > 0) {
    notes.push(
      `${machines.unsettled} machine(s) not converged in ${settings.maxIterations} iterations: standardise the columns or lower C`,
    );
  }
  return {
    classes,
    columns: x.columns,
    machines,
    decide,
    notes,
    ...(settings.kernel === 'linear' ? { importance: importanceOf(machines, x) } : {}),
    predict: (table) => pairProbabilities(decide(table), table.rows, classes, machines.sigmoids),
    addTo: (graph, input) =>
      toSingle(
        pairProbabilityNodes(decisionNodes(machines, graph, toDouble(input)), classes, machines.sigmoids),
      ),
  };
}

/** Weights of the columns, [pairs, columns]; of a linear kernel. */
function columnWeights({ support, coefficients, biases }: PairMachines): Float64Array {
  const { rows, columns } = support;
  const out = new Float64Array(biases.length * columns);
  for (let p = 0; p < biases.length; p++) {
    for (let s = 0; s < rows; s++) {
      const factor = coefficients[p * rows + s]!;
      if (factor === 0) continue;
      for (let j = 0; j < columns; j++) {
        out[p * columns + j] = out[p * columns + j]! + factor * support.values[s * columns + j]!;
      }
    }
  }
  return out;
}

function importanceOf(machines: PairMachines, x: Matrix): Float64Array {
  const spreads = Float64Array.from({ length: x.columns }, (_, j) => {
    let mean = 0;
    let variance = 0;
    for (let i = 0; i < x.rows; i++) mean += x.values[i * x.columns + j]! / x.rows;
    for (let i = 0; i < x.rows; i++) variance += (x.values[i * x.columns + j]! - mean) ** 2 / x.rows;
    return Math.sqrt(variance);
  });
  return linearImportance(columnWeights(machines), spreads);
}

/** float64 decisions [N, pairs] of float64 x [N, columns]. */
function decisionNodes(machines: PairMachines, graph: Graph, x: Value): Value {
  const { kernel, support, coefficients, biases } = machines;
  const { rows, columns } = support;
  const pairs = biases.length;
  const shift = doubles(graph, [1, pairs], biases);
  if (kernel.kind === 'linear') {
    return add(
      matMul(x, doubles(graph, [columns, pairs], transpose(columnWeights(machines), pairs, columns))),
      shift,
    );
  }
  const weights = doubles(graph, [rows, pairs], transpose(coefficients, pairs, rows));
  return add(matMul(kernelNodes(kernel, support, graph, x), weights), shift);
}

/** Kernel of x with the support vectors, float64 [N, support]. */
function kernelNodes({ kind, gamma, coef0, degree }: Kernel, support: Matrix, graph: Graph, x: Value): Value {
  const { rows, columns } = support;
  if (kind !== 'rbf') {
    // gamma lies in the constant: the runtime would fuse a factor into the product in single precision.
    const turned = transpose(support.values, rows, columns).map((value) => gamma * value);
    const inner = add(matMul(x, doubles(graph, [columns, rows], turned)), number(graph, coef0));
    return kind === 'sigmoid' ? apply('Tanh', inner) : graph.op('Pow', [inner, number(graph, degree)]);
  }
  const centre = roughCentre(support.values, rows, columns);
  const centred = support.values.map((value, at) => value - centre[at % columns]!);
  const own = sub(x, doubles(graph, [1, columns], centre));
  const products = matMul(
    own,
    doubles(
      graph,
      [columns, rows],
      transpose(centred, rows, columns).map((v) => -2 * v),
    ),
  );
  const squares = add(
    reduceSum(mul(own, own), [1], true),
    doubles(graph, [1, rows], squaredLengths(centred, rows, columns)),
  );
  const apart = graph.op('Max', [add(squares, products), number(graph, 0)]);
  return apply('Exp', mul(apart, number(graph, -gamma)));
}

export const supportVectorMachine: Classifier<SupportVectorSettings> = {
  name: NAME,
  describe:
    'The widest margin between classes, straight or, by a kernel, curved; probabilities by Platt scaling.',
  source:
    'Cortes and Vapnik, Machine Learning 20, 1995; Fan, Chen and Lin, Journal of Machine Learning Research 6, 2005',
  scaled: true,
  missing: false,
  candidates: [
    { kernel: 'rbf', C: 1 },
    { kernel: 'rbf', C: 0.1 },
    { kernel: 'rbf', C: 10 },
    { kernel: 'linear', C: 0.1 },
    { kernel: 'linear', C: 1 },
    { kernel: 'polynomial', C: 1, degree: 3 },
  ],
  check: (settings) => readSettings<SupportVectorSettings>(NAME, rules, settings),
  fit: (x, y, classes, settings, options) => fitSupportVectorMachine(x, y, classes, settings, options),
};
