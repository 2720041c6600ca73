import type { TrainRequest } from '../task.ts';

/** What a search tells a trial's process. */
export type ToTrial =
  | { readonly kind: 'train'; readonly task: string; readonly request: TrainRequest }
  | { readonly kind: 'stop' };

/** What a trial's process tells the search. */
export type FromTrial =
  | {
      readonly kind: 'epoch';
      readonly epoch: number;
      /** What is not a number is left out: JSON has none. */
      readonly validation: Readonly<Record<string, number>>;
      readonly seconds: number;
    }
  | {
      readonly kind: 'done';
      readonly outcome: 'finished' | 'stopped-early' | 'interrupted';
      readonly test: Readonly<Record<string, number | null>>;
      readonly files: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };
