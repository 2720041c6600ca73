import type { Graph, Value } from '../../engine/graph/graph.ts';
import type { FitOptions } from './classifier.ts';
import type { Matrix } from './matrix.ts';

/** A step before the classifier that has learned: an imputation, a scaling, a selection, a projection. */
export interface FittedPreparation {
  /** Columns that come in and go out. */
  readonly columns: readonly [input: number, output: number];
  /** Of a selection the columns of its input that it keeps, in order. */
  readonly kept?: readonly number[];
  transform(x: Matrix): Matrix;
  /** Adds the nodes that do the same to float32 [N, input] -> [N, output]. */
  addTo(graph: Graph, x: Value): Value;
  readonly notes?: readonly string[];
}

/** A kind of step before the classifier: its line in the registry. Fitted inside each fold, never on what is tested. */
export interface Preparation<Settings extends object = object> {
  /** Kebab-case: 'impute', 'standardize', 'variance-filter', 'mrmr', 'pca' … */
  readonly name: string;
  readonly describe: string;
  readonly source: string;
  /** Checks plain JSON and fills in defaults. Throws PREPARATION_SETTINGS. */
  check(settings: Readonly<Record<string, unknown>>): Required<Settings>;
  fit(
    x: Matrix,
    y: Int32Array,
    classes: number,
    settings: Required<Settings>,
    options: FitOptions,
  ): FittedPreparation;
}

/** Rows added or taken away before fitting (SMOTE and its relatives); does nothing when the model is used. */
export interface Resampling<Settings extends object = object> {
  readonly name: string;
  readonly describe: string;
  readonly source: string;
  check(settings: Readonly<Record<string, unknown>>): Required<Settings>;
  resample(
    x: Matrix,
    y: Int32Array,
    classes: number,
    settings: Required<Settings>,
    options: FitOptions,
  ): { readonly x: Matrix; readonly y: Int32Array };
}
