import type { Importance } from '../../learning/selection/search/importance.ts';
import { type SamplerName, samplerNames } from '../../learning/selection/search/samplers.ts';
import type { SearchSpace, Values } from '../../learning/selection/search/space.ts';
import type { TrialRecord, Watch } from './journal.node.ts';

export const samplerChoices = samplerNames;
export const prunerChoices = ['asha', 'none'] as const;
export type PrunerName = (typeof prunerChoices)[number];

/** What is asked for. */
export interface SearchRequest {
  readonly task: string;
  readonly data: string;
  /** Folder of the search. */
  readonly out: string;
  /** As read from a file; checked by the search. Not needed to resume. */
  readonly space?: unknown;
  /** Of every trial, besides what is searched. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** At most; 30 when neither this nor minutes is given. */
  readonly trials?: number;
  /** Time for trials; those that run when it is over are stopped. */
  readonly minutes?: number;
  readonly sampler?: SamplerName;
  readonly pruner?: PrunerName;
  /** Trials at a time; left out: 4 or one a core, if these are fewer. */
  readonly parallel?: number;
  readonly seed?: number;
  readonly resume: boolean;
  /** False leaves the winner untrained and the test set untouched. */
  readonly retrain?: boolean;
}

/** All that decides what a search does, kept for resuming it. */
export interface SearchPlan {
  readonly task: string;
  readonly data: string;
  readonly space: SearchSpace;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly sampler: SamplerName;
  readonly pruner: PrunerName;
  readonly seed: number;
  readonly trials?: number;
  readonly minutes?: number;
  readonly parallel: number;
  /** Epochs of a whole trial, at most. */
  readonly epochs: number;
  readonly watch: Watch;
  readonly retrain: boolean;
}

/** The winner, trained anew on training and validation part, and its figures on the test set. */
export interface Winner {
  readonly trial: number;
  readonly values: Values;
  readonly epochs: number;
  readonly test: Readonly<Record<string, number | null>>;
  readonly files: Readonly<Record<string, string>>;
}

/** What search.json holds. */
export interface SearchResult {
  readonly outcome: 'running' | 'finished' | 'interrupted';
  readonly plan: SearchPlan;
  /** Time that the search took, pauses left out. */
  readonly seconds: number;
  readonly trials: readonly TrialRecord[];
  readonly best?: { readonly trial: number; readonly value: number; readonly values: Values };
  readonly importance: readonly Importance[];
  readonly winner?: Winner;
  readonly files: Readonly<Record<string, string>>;
}

/** The finished trial with the best figure; of stopped ones only when none was finished. */
export function bestTrial(trials: readonly TrialRecord[]): TrialRecord | undefined {
  for (const state of ['finished', 'stopped'] as const) {
    const judged = trials.filter((trial) => trial.state === state && trial.loss !== undefined);
    const [first] = judged.sort((a, b) => a.loss! - b.loss! || a.number - b.number);
    if (first) return first;
  }
  return undefined;
}
