import type { Graph, Value } from '../../engine/graph/graph.ts';
import type { Runtime } from '../../engine/runtime/session.ts';
import type { Matrix } from './matrix.ts';

/** What every fit is given besides its own settings. */
export interface FitOptions {
  /** 0 .. 2^32 - 1; equal seeds give equal models. */
  readonly seed: number;
  /** A weight for each row, at least 0; all alike where absent. */
  readonly weights?: Float64Array | undefined;
  /** Patient of each row, by number: rows of one are never parted by a split that a fit makes for itself. */
  readonly groups?: Int32Array | undefined;
  /** Columns whose values are categories 0, 1, 2 …; none where absent. Only trees and boosting treat them apart. */
  readonly categorical?: readonly number[] | undefined;
  /** Runs what is fitted by gradient steps; needed by the multilayer perceptron. */
  readonly runtime?: Runtime | undefined;
}

/** A classifier that has learned. */
export interface FittedClassifier {
  /** Classes 0 .. classes - 1. */
  readonly classes: number;
  readonly columns: number;
  /** Probabilities of each class, each row's sum is 1; [rows, classes]. */
  predict(x: Matrix): Float64Array;
  /**
   * Adds the nodes that give the same probabilities in ONNX Runtime.
   *
   * @param x float32 [N, columns]
   * @returns float32 [N, classes]
   */
  addTo(graph: Graph, x: Value): Value;
  /** How much each column counts in the model's own terms (coefficients' size, impurity, gain), at least 0, sum 1. */
  readonly importance?: Float64Array;
  /** What a reader wants to know of the fit: rounds done, support vectors, an iteration that did not converge. */
  readonly notes?: readonly string[];
}

/** A kind of classifier: its line in the registry. */
export interface Classifier<Settings extends object = object> {
  /** Kebab-case. */
  readonly name: string;
  /** One sentence for a person who chooses. */
  readonly describe: string;
  /** Paper or book. */
  readonly source: string;
  /** Whether columns must be of one scale (the pipeline standardises before it). */
  readonly scaled: boolean;
  /** Whether NaN is understood; otherwise the pipeline imputes before it. */
  readonly missing: boolean;
  /** Candidate settings for choosing by inner cross-validation, the first the default. */
  readonly candidates: readonly Settings[];
  /** Checks plain JSON and fills in defaults. Throws CLASSIFIER_SETTINGS. */
  check(settings: Readonly<Record<string, unknown>>): Required<Settings>;
  /**
   * @param y class of each row, 0 .. classes - 1, every class present
   * @throws CLASSIFIER_DATA when rows, classes or values do not do
   */
  fit(
    x: Matrix,
    y: Int32Array,
    classes: number,
    settings: Required<Settings>,
    options: FitOptions,
  ): FittedClassifier | Promise<FittedClassifier>;
}
