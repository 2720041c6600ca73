import { gradeOf } from '../../evidence/metrics/grades.ts';
import type { ModelCard } from '../bundle/model-card.ts';
import type { TargetKind } from '../dataset/dataset.ts';
import type { Prediction } from '../task.ts';

type AnsweringCard = Pick<ModelCard, 'labels' | 'target' | 'units' | 'operatingPoint' | 'operatingPoints'>;

/** What a model's row of numbers says. */
export interface ReadAnswer extends Omit<Prediction, 'image'> {
  /** Index of the class, label, grade or number that is most worth explaining. */
  readonly index: number;
}

const largest = (row: ArrayLike<number>): number => {
  let best = 0;
  for (let k = 1; k < row.length; k++) if (row[k]! > row[best]!) best = k;
  return best;
};

/** A number with its unit, to four figures. */
export function valueInWords(value: number, unit: string | undefined): string {
  return `${Number(value.toPrecision(4))}${unit ? ` ${unit}` : ''}`;
}

/** Threshold of a label: as chosen on validation, else one half. */
export const labelThreshold = ({ operatingPoints }: Pick<ModelCard, 'operatingPoints'>, k: number): number =>
  operatingPoints?.[k]?.threshold ?? 0.5;

const readers: Readonly<Record<TargetKind, (card: AnsweringCard, row: Float32Array) => ReadAnswer>> = {
  class({ labels, operatingPoint }, row) {
    const index = largest(row);
    return {
      index,
      label: labels[index]!,
      probabilities: byName(labels, row),
      ...(operatingPoint
        ? { positive: row[1]! >= operatingPoint.threshold, threshold: operatingPoint.threshold }
        : {}),
    };
  },
  labels(card, row) {
    const found = card.labels.filter((_, k) => row[k]! >= labelThreshold(card, k));
    const thresholds = card.labels.map((_, k) => labelThreshold(card, k));
    return {
      // The label furthest above its threshold, or nearest below it.
      index: largest(thresholds.map((threshold, k) => row[k]! - threshold)),
      label: found.join('; ') || 'none',
      labels: found,
      probabilities: byName(card.labels, row),
      thresholds: byName(card.labels, thresholds),
    };
  },
  grade({ labels }, row) {
    const index = gradeOf(row);
    return { index, label: labels[index]!, probabilities: byName(labels, row) };
  },
  value({ labels, units }, row) {
    const words = labels.map((name, k) => {
      const text = valueInWords(row[k]!, units?.[k]);
      return labels.length === 1 ? text : `${name} ${text}`;
    });
    const known = labels.flatMap((name, k) => (units?.[k] ? [[name, units[k]] as const] : []));
    return {
      index: 0,
      label: words.join('; '),
      probabilities: {},
      values: byName(labels, row),
      ...(known.length > 0 ? { units: Object.fromEntries(known) } : {}),
    };
  },
};

const byName = (names: readonly string[], row: ArrayLike<number>): Record<string, number> =>
  Object.fromEntries(names.map((name, k) => [name, row[k]!]));

/** Reads one image's answer. @param row [K] as the model gives it */
export function readAnswer(card: AnsweringCard, row: Float32Array): ReadAnswer {
  return readers[card.target ?? 'class'](card, row);
}

/**
 * The logit whose evidence is drawn for class, label, grade or number `index`. Of a grade it is that of the cut below it
 * (being at least this grade); of the lowest, which has none below, the cut above it.
 */
export function explainedLogit(target: TargetKind | undefined, index: number): number {
  return target === 'grade' ? Math.max(0, index - 1) : index;
}

/** What the model answers, as a title: 'normal / pneumonia', 'grade 0 – 4', 'age (years)'. */
export function titleOf({ target, labels, units }: AnsweringCard): string {
  if (target === 'grade') return `${labels[0]} – ${labels.at(-1)}`;
  return labels.map((name, k) => (units?.[k] ? `${name} (${units[k]})` : name)).join(' / ');
}
