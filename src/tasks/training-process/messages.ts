import type { TrainRequest } from '../task.ts';

/** What whoever starts a training tells its process. */
export type ToTraining =
  | { readonly kind: 'train'; readonly task: string; readonly request: TrainRequest }
  | { readonly kind: 'stop' };

/** What a training's process tells whoever started it. */
export type FromTraining =
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
