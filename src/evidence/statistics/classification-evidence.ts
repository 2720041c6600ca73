import { HounsfieldError } from '../../errors.ts';
import { type BinaryCounts, confusionMatrix, oneAgainstRest } from '../metrics/confusion.ts';
import { bootstrap, clusterBy, percentileInterval } from './bootstrap.ts';
import { BAND_WIDTH, bandDrawer, type ClassCurves } from './curve-bands.ts';
import {
  CALIBRATION_BINS,
  type ClassFigureName,
  classCounts,
  classFigureRules,
  type FigureName,
  figureRules,
  type OperatingFigureName,
  operatingFigureRules,
  prepareSamples,
  type Replicate,
  sumReplicate,
  type UndefinedReason,
} from './figures.ts';
import type { OperatingRule } from './operating-point.ts';

/** A figure with its interval. All numbers are finite, so that the object survives JSON. */
export interface Figure {
  /** null when undefined; `reason` then says why. */
  readonly value: number | null;
  /** Percentile-bootstrap interval; null when most replicates are undefined or there is only one patient. */
  readonly low: number | null;
  readonly high: number | null;
  /** Replicates without a value, left out of the interval. */
  readonly undefinedReplicates: number;
  readonly reason?: UndefinedReason;
}

/** A threshold chosen elsewhere (on validation), to be applied here unchanged. */
export interface AppliedOperatingPoint {
  /** Index of the class called positive; 1 when left out. */
  readonly positiveClass?: number;
  /** Positive when the class's probability is ≥ this. */
  readonly threshold: number;
  readonly rule: OperatingRule;
  /** The split it was chosen on, for example 'validation'. */
  readonly chosenOn: string;
}

/** What to judge. Rows of `probabilities` [N, K] sum to 1; `labels` [N] hold 0..K-1. */
export interface ClassificationResult {
  readonly probabilities: Float32Array | Float64Array;
  readonly labels: ArrayLike<number>;
  /** [N] whose sample it is: samples of one patient are drawn together. */
  readonly patients: readonly string[];
  /** [K] names; of two classes the second is the positive one. */
  readonly classes: readonly string[];
  readonly operatingPoint?: AppliedOperatingPoint;
  readonly seed: number;
  /** Bootstrap replicates, 1000 when left out; 0 gives figures without intervals. */
  readonly replicates?: number;
}

/** One class against all others, the most probable class being the prediction. */
export interface ClassEvidence {
  readonly name: string;
  /** Samples of this class in the truth. */
  readonly samples: number;
  /** Patients with at least one sample of this class. */
  readonly patients: number;
  /** Samples predicted as this class. */
  readonly predicted: number;
  readonly figures: Readonly<Record<ClassFigureName, Figure>>;
}

/** An operating point at work on these samples. */
export interface OperatingEvidence {
  readonly positiveClass: number;
  readonly threshold: number;
  readonly rule: OperatingRule;
  readonly chosenOn: string;
  readonly counts: BinaryCounts;
  readonly figures: Readonly<Record<OperatingFigureName, Figure>>;
}

/** All that is known about a classifier's performance on one set of samples: plain, finite, JSON-able. */
export interface ClassificationEvidence {
  readonly kind?: 'class';
  readonly classes: readonly string[];
  readonly samples: number;
  readonly patients: number;
  readonly bootstrap: {
    readonly method: 'percentile';
    readonly unit: 'patient';
    readonly replicates: number;
    readonly level: number;
    readonly seed: number;
  };
  /** Two classes: `auc` and `averagePrecision` are the second class's. More: means, one against rest. */
  readonly figures: Readonly<Record<FigureName, Figure>>;
  readonly perClass: readonly ClassEvidence[];
  /** [K][K] samples, rows are the truth, columns the most probable class. */
  readonly confusion: readonly (readonly number[])[];
  /** Two classes: the second one's alone. More: one entry per class. */
  readonly curves: readonly ClassCurves[];
  /** How the expected calibration errors were binned: the top class's probability against being right. */
  readonly calibrationBins: number;
  readonly operatingPoint?: OperatingEvidence;
}

const LEVEL = 0.95;

/**
 * Figures with percentile-bootstrap 95 % intervals drawn by patient, curves, confusion matrix, calibration and,
 * if one is given, an operating point. Calibration bins stay those of the whole set in every replicate, and an
 * interval of a calibration error tends upwards, as the error itself does in small sets.
 * Throws EVIDENCE_EMPTY, EVIDENCE_SIZE_MISMATCH, EVIDENCE_LABEL_INVALID, EVIDENCE_PROBABILITY_INVALID,
 * EVIDENCE_OPTION_INVALID.
 *
 * @example
 * const evidence = classificationEvidence({
 *   probabilities: Float64Array.of(0.9, 0.1, 0.2, 0.8, 0.6, 0.4), labels: [0, 1, 1],
 *   patients: ['a', 'b', 'b'], classes: ['normal', 'pneumonia'], seed: 1,
 * });
 * evidence.figures.accuracy; // { value: 0.667, low: …, high: …, undefinedReplicates: 0 }
 */
export function classificationEvidence(result: ClassificationResult): ClassificationEvidence {
  check(result);
  const { probabilities, labels, classes } = result;
  const classCount = classes.length;
  const samples = prepareSamples(probabilities, labels, classCount);
  const point = operatingSamples(result);
  const curveClasses = classCount === 2 ? [1] : [...classes.keys()];
  const drawers = curveClasses.map((k) =>
    bandDrawer(probabilities, labels, classCount, k, samples.rankings[k]!),
  );
  const rows = figureRows(classCount, point !== undefined);
  const clusters = clusterBy(result.patients);
  // drawing one patient again and again says nothing about the next one
  const plan = {
    replicates: clusters.count < 2 ? 0 : (result.replicates ?? 1000),
    seed: result.seed,
    level: LEVEL,
  };

  let reused: Measured | undefined;
  const width = rows.length + drawers.length * BAND_WIDTH;
  const replicates = bootstrap(clusters, plan, width, (weights, figures) => {
    reused = measure(sumReplicate(samples, weights, reused?.replicate), point);
    for (let f = 0; f < rows.length; f++) figures[f] = rows[f]!.value(reused);
    drawers.forEach((drawer, d) => {
      drawer.measure(weights, figures, rows.length + d * BAND_WIDTH);
    });
  });
  const band = (from: number, count: number): Float64Array =>
    replicates.subarray(from * plan.replicates, (from + count) * plan.replicates);

  const whole = measure(sumReplicate(samples), point);
  const named = new Map(
    rows.map((row, f) => [row.name, figureOf(row, whole, band(f, 1), plan.level)] as const),
  );
  const pick = <Name extends string>(group: string, names: object): Record<Name, Figure> =>
    Object.fromEntries(Object.keys(names).map((name) => [name, named.get(`${group}.${name}`)!])) as Record<
      Name,
      Figure
    >; // the keys of `names` are Name: it is one of the three rule tables

  return {
    classes: [...classes],
    samples: labels.length,
    patients: clusters.count,
    bootstrap: { method: 'percentile', unit: 'patient', ...plan },
    figures: pick<FigureName>('all', figureRules),
    perClass: classes.map((name, k) => ({
      name,
      ...patientsAndSamples(result, whole.replicate, k),
      figures: pick<ClassFigureName>(`class ${k}`, classFigureRules),
    })),
    confusion: classes.map((_, k) => [
      ...whole.replicate.matrix.counts.subarray(k * classCount, (k + 1) * classCount),
    ]),
    curves: drawers.map((drawer, d) =>
      drawer.finish(band(rows.length + d * BAND_WIDTH, BAND_WIDTH), plan.replicates, plan.level),
    ),
    calibrationBins: CALIBRATION_BINS,
    ...(point && {
      operatingPoint: {
        positiveClass: point.positiveClass,
        threshold: point.threshold,
        rule: point.rule,
        chosenOn: point.chosenOn,
        counts: whole.counts!,
        figures: pick<OperatingFigureName>('point', operatingFigureRules),
      },
    }),
  };
}

/** A replicate with, at the operating point, its two-by-two counts. */
interface Measured {
  readonly replicate: Replicate;
  readonly counts: BinaryCounts | undefined;
}

interface FigureRow {
  readonly name: string;
  readonly value: (measured: Measured) => number;
  readonly whenUndefined: (measured: Measured) => UndefinedReason;
}

/** Every figure as one row, so that value, replicates and reason are found by the same index. */
function figureRows(classCount: number, withPoint: boolean): FigureRow[] {
  const rows: FigureRow[] = Object.entries(figureRules).map(([name, rule]) => ({
    name: `all.${name}`,
    value: (m) => rule.value(m.replicate),
    whenUndefined: (m) => rule.whenUndefined(m.replicate),
  }));
  for (let k = 0; k < classCount; k++) {
    for (const [name, rule] of Object.entries(classFigureRules)) {
      rows.push({
        name: `class ${k}.${name}`,
        value: (m) => rule.value(m.replicate, k),
        whenUndefined: (m) => rule.whenUndefined(m.replicate, k),
      });
    }
  }
  if (withPoint) {
    for (const [name, rule] of Object.entries(operatingFigureRules)) {
      rows.push({
        name: `point.${name}`,
        value: (m) => rule.value(m.counts!),
        whenUndefined: () => rule.whenUndefined(),
      });
    }
  }
  return rows;
}

function figureOf(row: FigureRow, whole: Measured, replicates: Float64Array, level: number): Figure {
  const value = row.value(whole);
  const interval = percentileInterval(replicates, level);
  return Number.isNaN(value)
    ? { ...interval, value: null, low: null, high: null, reason: row.whenUndefined(whole) }
    : { value, ...interval };
}

interface OperatingSamples extends AppliedOperatingPoint {
  readonly positiveClass: number;
  readonly truth: Uint8Array; // [N]
  readonly called: Uint8Array; // [N]
}

function operatingSamples(result: ClassificationResult): OperatingSamples | undefined {
  const point = result.operatingPoint;
  if (point === undefined) return undefined;
  const positiveClass = point.positiveClass ?? 1;
  const classCount = result.classes.length;
  const count = result.labels.length;
  return {
    ...point,
    positiveClass,
    truth: Uint8Array.from({ length: count }, (_, i) => (result.labels[i] === positiveClass ? 1 : 0)),
    called: Uint8Array.from({ length: count }, (_, i) =>
      result.probabilities[i * classCount + positiveClass]! >= point.threshold ? 1 : 0,
    ),
  };
}

function measure(replicate: Replicate, point: OperatingSamples | undefined): Measured {
  if (point === undefined) return { replicate, counts: undefined };
  const matrix = confusionMatrix(point.truth, point.called, 2, replicate.weights);
  return { replicate, counts: oneAgainstRest(matrix, 1) };
}

function patientsAndSamples(
  result: ClassificationResult,
  whole: Replicate,
  index: number,
): Pick<ClassEvidence, 'samples' | 'patients' | 'predicted'> {
  const { truth, predicted } = classCounts(whole.matrix, index);
  const patients = new Set(result.patients.filter((_, i) => result.labels[i] === index));
  return { samples: truth, patients: patients.size, predicted };
}

function check(result: ClassificationResult): void {
  const { probabilities, labels, patients, classes } = result;
  const count = labels.length;
  const classCount = classes.length;
  if (count === 0) {
    throw new HounsfieldError('EVIDENCE_EMPTY', 'no sample was passed. Give at least one labelled sample.');
  }
  if (classCount < 2 || probabilities.length !== count * classCount || patients.length !== count) {
    throw new HounsfieldError(
      'EVIDENCE_SIZE_MISMATCH',
      `${count} labels, ${patients.length} patients, ${classCount} classes and ${probabilities.length} ` +
        `probabilities, expected two or more classes, one patient a label and ${count} x ${classCount} ` +
        'probabilities. Pass rows of the same samples in the same order.',
    );
  }
  for (let i = 0; i < count; i++) {
    const label = labels[i]!;
    if (!Number.isInteger(label) || label < 0 || label >= classCount) {
      throw new HounsfieldError(
        'EVIDENCE_LABEL_INVALID',
        `label ${label} of sample ${i}, expected an integer in 0..${classCount - 1}. Map labels to class indices first.`,
      );
    }
    checkRow(probabilities, i, classCount);
  }
  const replicates = result.replicates ?? 1000;
  const positive = result.operatingPoint?.positiveClass ?? 1;
  const threshold = result.operatingPoint?.threshold ?? 0;
  if (!Number.isInteger(replicates) || replicates < 0 || !(positive in classes) || Number.isNaN(threshold)) {
    throw new HounsfieldError(
      'EVIDENCE_OPTION_INVALID',
      `${replicates} replicates, positive class ${positive}, threshold ${threshold}; expected a whole number of ` +
        `replicates, a class in 0..${classCount - 1} and a number. Correct the one that is out of range.`,
    );
  }
}

function checkRow(probabilities: ArrayLike<number>, sample: number, classCount: number): void {
  let sum = 0;
  let inRange = true;
  for (let k = 0; k < classCount; k++) {
    const p = probabilities[sample * classCount + k]!;
    sum += p;
    inRange &&= p >= 0 && p <= 1 + 1e-6;
  }
  if (!inRange || !(Math.abs(sum - 1) <= 1e-3)) {
    throw new HounsfieldError(
      'EVIDENCE_PROBABILITY_INVALID',
      `the probabilities of sample ${sample} sum to ${sum} or leave 0..1, expected numbers in 0..1 that sum to 1. ` +
        'Apply softmax to logits; a NaN points to a diverged training.',
    );
  }
}
