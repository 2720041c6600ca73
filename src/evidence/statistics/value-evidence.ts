import { HounsfieldError } from '../../errors.ts';
import {
  calibrationLine,
  concordance,
  intraclassCorrelation,
  limitsOfAgreement,
  meanAbsoluteError,
  pearson,
  risingOrder,
  rootMeanSquaredError,
  rSquared,
  spearman,
} from '../metrics/agreement.ts';
import { quantileOfSorted } from '../metrics/probability.ts';
import {
  type BootstrapNote,
  bootstrapFigures,
  type FigureRow,
  pickFigures,
  requireSizes,
} from './bootstrap-figures.ts';
import type { Figure } from './classification-evidence.ts';
import type { UndefinedReason } from './figures.ts';

/** Figures of one number, and why each may be undefined. */
const rules = {
  mae: 'too-few',
  rmse: 'too-few',
  r2: 'constant',
  pearson: 'constant',
  spearman: 'constant',
  bias: 'too-few',
  limitLow: 'too-few',
  limitHigh: 'too-few',
  icc: 'constant',
  ccc: 'constant',
  calibrationSlope: 'constant',
  calibrationIntercept: 'constant',
} as const satisfies Record<string, UndefinedReason>;

/** Name of a figure of one number. */
export type ValueFigureName = keyof typeof rules;

/** Names of the figures of one number. */
export const valueFigureNames = Object.keys(rules) as readonly ValueFigureName[]; // the table's own keys

/** What to judge: `values` [N, K] against `targets`, N rows of K numbers, NaN where the truth is not known. */
export interface ValueResult {
  readonly values: Float32Array | Float64Array;
  readonly targets: readonly ArrayLike<number>[];
  readonly patients: readonly string[];
  readonly names: readonly string[];
  readonly units?: readonly string[];
  readonly seed: number;
  readonly replicates?: number;
}

/** One number's figures, in its unit where they have one. */
export interface OneValueEvidence {
  readonly name: string;
  readonly unit: string;
  /** Samples of which the truth is known. */
  readonly samples: number;
  readonly figures: Readonly<Record<ValueFigureName, Figure>>;
  /** Lowest, median and highest true number. */
  readonly range: readonly [number, number, number] | null;
  /** [true, predicted], at most 600 samples, evenly taken. */
  readonly points: readonly (readonly [number, number])[];
}

/** All that is known about how a model measures: plain, finite, JSON-able. */
export interface ValueEvidence {
  readonly kind: 'value';
  readonly classes: readonly string[];
  readonly samples: number;
  readonly patients: number;
  readonly bootstrap: BootstrapNote;
  /** Of one number its figures; of several each one's as 'mae.<name>'. */
  readonly figures: Readonly<Record<string, Figure>>;
  readonly perValue: readonly OneValueEvidence[];
}

const MOST_POINTS = 600;

/**
 * Errors, agreement (Bland and Altman's limits, ICC(A,1), Lin's concordance), correlation and calibration of predicted
 * numbers, with percentile-bootstrap 95 % intervals drawn by patient.
 *
 * @throws EVIDENCE_EMPTY, EVIDENCE_SIZE_MISMATCH, EVIDENCE_VALUE_INVALID, EVIDENCE_OPTION_INVALID
 */
export function valueEvidence(result: ValueResult): ValueEvidence {
  const { values, targets, patients, names, seed, replicates } = result;
  const width = names.length;
  requireSizes(values, targets.length, patients.length, width);
  if (!Array.prototype.every.call(values, Number.isFinite)) {
    throw new HounsfieldError(
      'EVIDENCE_VALUE_INVALID',
      'a predicted number is not finite. A NaN points to a diverged training: lower the learning rate.',
    );
  }
  const columns = names.map((_, k) => column(result, k));
  const rows: FigureRow[] = columns.flatMap(({ truth }, k) =>
    valueFigureNames.map((name) => ({
      name: `${k}.${name}`,
      whenUndefined: truth.length < 2 ? ('too-few' as const) : rules[name],
    })),
  );
  const drawn = bootstrapFigures({
    patients,
    seed,
    replicates,
    rows,
    measure: (weights, out) =>
      columns.forEach((own, k) => {
        measure(own, weights, out, k * valueFigureNames.length);
      }),
  });
  const perValue = columns.map((own, k): OneValueEvidence => {
    const sorted = [...own.truth].sort((a, b) => a - b);
    const step = Math.max(1, own.truth.length / MOST_POINTS);
    const shown = Array.from({ length: Math.floor(own.truth.length / step) }, (_, i) => Math.floor(i * step));
    return {
      name: names[k]!,
      unit: result.units?.[k] ?? '',
      samples: own.truth.length,
      figures: pickFigures(drawn.figures, String(k), valueFigureNames),
      range: sorted.length > 0 ? [sorted[0]!, quantileOfSorted(sorted, 0.5), sorted.at(-1)!] : null,
      points: shown.map((i) => [own.truth[i]!, own.predicted[i]!] as const),
    };
  });
  return {
    kind: 'value',
    classes: [...names],
    samples: targets.length,
    patients: drawn.patients,
    bootstrap: drawn.bootstrap,
    figures:
      width === 1
        ? perValue[0]!.figures
        : Object.fromEntries(
            perValue.flatMap(({ name, figures }) =>
              valueFigureNames.map((figure) => [`${figure}.${name}`, figures[figure]] as const),
            ),
          ),
    perValue,
  };
}

interface Column {
  readonly samples: readonly number[];
  readonly truth: readonly number[];
  readonly predicted: readonly number[];
  readonly orders: { readonly truth: Int32Array; readonly predicted: Int32Array };
}

function column({ values, targets, names }: ValueResult, k: number): Column {
  const samples = targets.flatMap((row, i) => (Number.isNaN(row[k]!) ? [] : [i]));
  const truth = samples.map((i) => targets[i]![k]!);
  const predicted = samples.map((i) => values[i * names.length + k]!);
  return {
    samples,
    truth,
    predicted,
    orders: { truth: risingOrder(truth), predicted: risingOrder(predicted) },
  };
}

function measure(own: Column, all: Float64Array | undefined, out: Float64Array, at: number): void {
  const { truth, predicted, samples, orders } = own;
  const weights = all && Float64Array.from(samples, (i) => all[i]!);
  const { bias, lower, upper } = limitsOfAgreement(truth, predicted, weights);
  const { slope, intercept } = calibrationLine(truth, predicted, weights);
  const found: Record<ValueFigureName, number> = {
    mae: meanAbsoluteError(truth, predicted, weights),
    rmse: rootMeanSquaredError(truth, predicted, weights),
    r2: rSquared(truth, predicted, weights),
    pearson: pearson(truth, predicted, weights),
    spearman: spearman(truth, predicted, weights, orders),
    bias,
    limitLow: lower,
    limitHigh: upper,
    icc: intraclassCorrelation(truth, predicted, weights),
    ccc: concordance(truth, predicted, weights),
    calibrationSlope: slope,
    calibrationIntercept: intercept,
  };
  for (const [f, name] of valueFigureNames.entries()) out[at + f] = found[name];
}
