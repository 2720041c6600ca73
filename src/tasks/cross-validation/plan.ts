import type { SearchSpace, Values } from '../../learning/selection/search/space.ts';
import type { TargetKind } from '../dataset/dataset.ts';
import type { FoldScheme } from '../dataset/folds.ts';
import type { PooledEvidence } from './pooled.ts';
import type { FigureSummary, FoldRow } from './summary.ts';

/** What is asked for. */
export interface CrossValidationRequest {
  readonly task: string;
  readonly data: string;
  readonly out: string;
  /** Of every training, as for train. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** k-fold when left out. */
  readonly scheme?: FoldScheme;
  /** 5 when left out. */
  readonly folds?: number;
  /** 1 when left out. */
  readonly repeats?: number;
  /** Inner folds by which settings are chosen; left out: nothing is chosen. */
  readonly inner?: number;
  /** False draws folds without regard to classes. */
  readonly stratify?: boolean;
  /** Folds from a file instead. */
  readonly foldsFile?: string;
  /** Settings to choose from, as read from a file; checked here. */
  readonly candidates?: unknown;
  /** Or a space to choose from, as read from a file, and how many of its points are tried in each fold (10). */
  readonly space?: unknown;
  readonly trials?: number;
  /** Trainings at a time, each in a process of its own where there are several; 1 when left out. */
  readonly parallel?: number;
  readonly resume: boolean;
}

/** Settings to choose from, with the name they go by. */
export interface Candidate {
  readonly name: string;
  readonly settings: Values;
}

/** All that decides what a cross-validation does, kept for resuming it. */
export interface CrossValidationPlan {
  readonly task: string;
  readonly data: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly scheme: FoldScheme;
  readonly k: number;
  readonly repeats: number;
  readonly inner: number;
  readonly stratify: boolean;
  readonly seed: number;
  readonly parallel: number;
  /** The figure that chooses epochs and candidates. */
  readonly watch: { readonly metric: string; readonly mode: 'min' | 'max' };
  readonly candidates?: readonly Candidate[];
  readonly space?: SearchSpace;
  readonly trials?: number;
}

/** One candidate in the inner folds of an outer one. */
export interface CandidateScore extends Candidate {
  /** The watched figure of each inner fold's validation part. */
  readonly figures: readonly (number | null)[];
  readonly mean: number | null;
  /** Set where a training of it failed. */
  readonly failed?: string;
}

/** What was chosen for an outer fold. */
export interface Choice {
  readonly fold: string;
  readonly winner: Candidate;
  /** Mean of the watched figure over the inner folds: what it was chosen by. */
  readonly inner: number | null;
  readonly scores: readonly CandidateScore[];
}

/** Beside it the figure of the outer test part: how much of the inner figure was luck. */
export interface ChosenFold extends Choice {
  readonly outer: number | null;
  /** Inner minus outer where larger is better, else outer minus inner: above 0 the inner figure flattered. */
  readonly optimism: number | null;
}

/** What metrics.json of a cross-validation holds. */
export interface CrossValidationMetrics {
  readonly target: TargetKind;
  readonly classes: readonly string[];
  readonly data: {
    readonly name: string;
    readonly images: number;
    readonly patients: number;
    readonly grouping: 'patient' | 'image';
  };
  readonly scheme: FoldScheme;
  readonly k: number;
  readonly repeats: number;
  readonly seed: number;
  readonly watch: string;
  /** SHA-256 over which samples each fold tests: equal where two cross-validations can be compared. */
  readonly foldsHash: string;
  /** Mean over folds with an interval by the corrected resampled t, and pooled with an interval drawn by patient. */
  readonly figures: Readonly<Record<string, FigureSummary>>;
  readonly folds: readonly FoldRow[];
  readonly pooled: PooledEvidence;
  readonly choices?: readonly ChosenFold[];
  readonly warnings: readonly string[];
}

/** What a cross-validation ends with. */
export interface CrossValidationResult {
  readonly outcome: 'finished' | 'interrupted';
  readonly plan: CrossValidationPlan;
  readonly done: number;
  readonly of: number;
  readonly metrics?: CrossValidationMetrics;
  readonly files: Readonly<Record<string, string>>;
}
