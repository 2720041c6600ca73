import type { EpochRecord } from '../../learning/training/loop.ts';

/** What a run is, told once when it starts or goes on. Paths in `settings` are cut to their last part before they leave. */
export interface RunDescription {
  /** The run's folder; its last part is the run's name. */
  readonly folder: string;
  readonly task: string;
  readonly network: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** What the data are known by; never names of files or patients. */
  readonly data: {
    readonly fingerprint?: string;
    /** Images of each split. */
    readonly counts?: Readonly<Record<string, number>>;
  };
  readonly stepsPerEpoch: number;
  readonly versions: Readonly<Record<string, string>>;
  /** Steps of the whole run done before; left out in a fresh run. */
  readonly resumedAtStep?: number;
}

/** One training step, counted over the whole run from 0. */
export interface StepRecord {
  readonly step: number;
  readonly loss: number;
  readonly rate: number;
}

/** How a run ended. 'interrupted' can be resumed; 'failed' ended in an error. */
export type RunOutcome = 'finished' | 'stopped-early' | 'interrupted' | 'failed';

/**
 * Somebody who is told how a run goes. No method throws or waits: what cannot be written or sent is noted once and
 * never stops training.
 */
export interface Tracker {
  readonly start: (run: RunDescription) => void;
  readonly step: (record: StepRecord) => void;
  readonly epoch: (record: EpochRecord) => void;
  /** A picture, PNG, shown where pictures can be; it stays on this machine. */
  readonly image: (name: string, png: Uint8Array) => void;
  /** A text (Markdown) about the run, such as its model card. */
  readonly text: (name: string, markdown: string) => void;
  /** @param figures of the test set @param files written, by what they are */
  readonly finish: (
    outcome: RunOutcome,
    figures: Readonly<Record<string, number | null>>,
    files: Readonly<Record<string, string>>,
  ) => void;
  /** Waits a bounded time for what is still under way, and lets go of files and connections. */
  readonly close: () => Promise<void>;
}

/** Where a tracker says, once, that something is amiss. */
export interface TrackerSurroundings {
  readonly note: (text: string) => void;
}

/** A tracker that hears of nothing; others are written as what differs from it. */
export const silentTracker: Tracker = {
  start: () => {},
  step: () => {},
  epoch: () => {},
  image: () => {},
  text: () => {},
  finish: () => {},
  close: async () => {},
};

/** A note with a code, as errors have one; it ends nothing. */
export const codedNote = (code: string, text: string): string => `${code}: ${text}`;
