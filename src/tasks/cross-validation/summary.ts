import type { Figure } from '../../evidence/statistics/classification-evidence.ts';
import { type FoldsFigure, foldsFigure } from '../../evidence/statistics/corrected-resampled.ts';
import type { TargetKind } from '../dataset/dataset.ts';
import { figureRange } from './figure-names.ts';
import { type PooledEvidence, thresholdFigureNames } from './pooled.ts';

/** A figure of one fold's test part. */
export interface FoldFigure {
  readonly value: number | null;
  /** 95 %, bootstrap by patient of the test part. */
  readonly low: number | null;
  readonly high: number | null;
}

/** One fold and its figures. */
export interface FoldRow {
  readonly name: string;
  readonly repeat: number;
  readonly site?: string;
  /** Images that it was trained with (training and validation part), and tested on. */
  readonly train: number;
  readonly test: number;
  readonly patients: number;
  readonly figures: Readonly<Record<string, FoldFigure>>;
}

/** A figure over folds, and of all out-of-fold answers together. */
export interface FigureSummary extends FoldsFigure {
  readonly pooled: Figure | null;
}

/** Every figure that a fold has, in the order of the first. */
export function summarise(
  folds: readonly FoldRow[],
  pooled: PooledEvidence,
  target: TargetKind,
): Readonly<Record<string, FigureSummary>> {
  const names = [...new Set(folds.flatMap(({ figures }) => Object.keys(figures)))];
  const sizes = { test: folds.map(({ test }) => test), train: folds.map(({ train }) => train) };
  const whole: Readonly<Record<string, Figure>> = pooled.evidence.figures;
  const [point] = pooled.evidence.kind === 'labels' ? [] : pooled.atThresholds;
  return Object.fromEntries(
    names.map((name) => {
      const values = folds.map(({ figures }) => figures[name]?.value ?? null);
      const atPoint = thresholdFigureNames.find((one) => one === name);
      const together = atPoint ? point?.figures[atPoint] : whole[name];
      return [
        name,
        { ...within(foldsFigure(values, sizes), name, target), pooled: together ?? null },
      ] as const;
    }),
  );
}

/** With few folds the interval of t may reach beyond what the figure can be. */
function within(figure: FoldsFigure, name: string, target: TargetKind): FoldsFigure {
  const [least, most] = figureRange(name, target);
  const { low, high } = figure;
  return {
    ...figure,
    low: low === null ? null : Math.max(least, low),
    high: high === null ? null : Math.min(most, high),
  };
}
