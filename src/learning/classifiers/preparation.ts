import type { Graph, Value } from '../../engine/graph/graph.ts';
import type { FitOptions } from './classifier.ts';
import type { Matrix } from './matrix.ts';

/** A step before the classifier that has learned: an imputation, a scaling, a selection, a projection. */
export interface FittedPreparation {
  /** Columns that come in and go out. */
  readonly columns: readonly [input: number, output: number];
  /** The column of its input that each column of its output is made of alone; absent where several are mixed. */
  readonly kept?: readonly number[];
  /** Columns of the output that are categories; absent where those made of one alone still are. */
  readonly categorical?: readonly number[];
  /** Names of the output's columns from those of the input's, where they are not simply those of `kept`. */
  names?(input: readonly string[]): readonly string[];
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
  /** Whether NaN is understood; otherwise the pipeline imputes before it. */
  readonly missing?: boolean;
  /** Whether columns must be of one scale (the pipeline standardises before it). */
  readonly scaled?: boolean;
  /** Whether columns are of one scale behind it. */
  readonly scales?: boolean;
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
  /** Whether columns must be of one scale (the pipeline standardises before it). */
  readonly scaled?: boolean;
  /** Whether NaN is understood; otherwise the pipeline imputes before it. */
  readonly missing?: boolean;
  /** Checks plain JSON and fills in defaults. Throws PREPARATION_SETTINGS. */
  check(settings: Readonly<Record<string, unknown>>): Required<Settings>;
  resample(
    x: Matrix,
    y: Int32Array,
    classes: number,
    settings: Required<Settings>,
    options: FitOptions,
  ): Resampled;
}

/** Rows after a resampling. */
export interface Resampled {
  readonly x: Matrix;
  readonly y: Int32Array;
  /** The row of the input that each row is, or was made from; it gives its weight. */
  readonly rows: Int32Array;
}
