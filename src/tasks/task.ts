import type { Runtime } from '../engine/runtime/session.ts';
import type { ImageCachePlace } from './dataset/image-cache-folder.node.ts';
import type { Disagreement } from './ensemble/disagreement.ts';

/** How far something long has come; whoever shows it decides how. */
export type TaskEvent =
  | { readonly kind: 'stage'; readonly text: string }
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'count'; readonly text: string; readonly done: number; readonly of: number }
  | {
      readonly kind: 'step';
      readonly epoch: number;
      readonly epochs: number;
      readonly step: number;
      readonly steps: number;
      readonly loss: number;
      readonly imagesPerSecond: number;
      readonly secondsLeft: number;
      readonly metricName: string;
      /** Of the last epoch; undefined in the first. */
      readonly metric: number | undefined;
    }
  | {
      readonly kind: 'epoch';
      readonly epoch: number;
      readonly epochs: number;
      readonly trainLoss: number;
      readonly validation: Readonly<Record<string, number>>;
      readonly improved: boolean;
      readonly seconds: number;
    };

/** What a task needs from around it. */
export interface TaskSurroundings {
  readonly runtime: Runtime;
  readonly report: (event: TaskEvent) => void;
  /** Where decoded images are kept for the next run; nowhere when left out. */
  readonly imageCache?: ImageCachePlace;
  /** Asks a run to finish its step, leave a checkpoint and stop. */
  readonly signal?: AbortSignal;
}

export interface TrainRequest {
  readonly data: string;
  readonly out: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly resume: boolean;
}

export interface TrainResult {
  readonly outcome: 'finished' | 'stopped-early' | 'interrupted';
  /** Files written, by what they are. */
  readonly files: Readonly<Record<string, string>>;
  /** Figures of the test set; empty when interrupted. */
  readonly test: Readonly<Record<string, number | null>>;
}

export interface EvaluateRequest {
  readonly model: string;
  readonly data: string;
  /** Which split of a data set that has splits; all images when left out and there are none. */
  readonly split?: 'train' | 'validation' | 'test' | 'all';
  readonly out?: string;
  readonly threads?: number;
  readonly patientPattern?: string;
  readonly language?: 'en' | 'zh';
  /** Views of each image whose answers are averaged: see viewsOf in ensemble/views.ts. */
  readonly tta?: string;
}

/** One image's answer. */
export interface Prediction {
  readonly image: string;
  /** In words: the most probable class, the labels found joined by '; ' or 'none', the grade, or the number with its unit. */
  readonly label: string;
  /** Of each class, label or grade; empty for numbers. */
  readonly probabilities: Readonly<Record<string, number>>;
  /** Of several labels those that reach their thresholds. */
  readonly labels?: readonly string[];
  readonly thresholds?: Readonly<Record<string, number>>;
  /** Of numbers, each in its unit where one is known. */
  readonly values?: Readonly<Record<string, number>>;
  readonly units?: Readonly<Record<string, string>>;
  /** Only with an operating point: whether the second class's probability reaches its threshold. */
  readonly positive?: boolean;
  readonly threshold?: number;
  /** Of an ensemble, where they are asked for: what each member says, by label or number. */
  readonly members?: readonly Readonly<Record<string, number>>[];
  readonly disagreement?: Disagreement;
}

/** What a model is to answer for. */
export interface PredictRequest {
  readonly model: string;
  /** Files or folders of models that take one image; none where there is a table. */
  readonly images: readonly string[];
  /** CSV or TSV with a row a case: the columns that the model was trained on, without answers. */
  readonly table?: string;
  /** Views of each image whose answers are averaged: see viewsOf in ensemble/views.ts. */
  readonly tta?: string;
  /** Whether what an ensemble's members say is told, too. */
  readonly members?: boolean;
  readonly threads?: number;
}

export interface ExplainRequest extends Omit<PredictRequest, 'tta' | 'members'> {
  readonly out: string;
  /** Label to explain; the predicted one when left out. */
  readonly label?: string;
  /** Node whose output the heat map is made from; found when left out. */
  readonly layer?: string;
}

export interface Explanation {
  readonly image: string;
  readonly label: string;
  /** Of numbers their value instead. */
  readonly probability?: number;
  readonly value?: number;
  readonly overlay: string;
  /** Of several image inputs each one's, by name. */
  readonly overlays?: Readonly<Record<string, string>>;
  /** Of a volume the slice that is shown, counted from 0 as stored (of several volumes the first one's). */
  readonly slice?: number;
  /** Of a study pooled by attention the weight of each of the slices that it is resampled to; their sum is 1. */
  readonly sliceWeights?: readonly number[];
}

/** A capability: one folder under tasks/ and one line in the registry. */
export interface Task {
  readonly name: string;
  readonly describe: string;
  readonly train: (request: TrainRequest, around: TaskSurroundings) => Promise<TrainResult>;
  /** Returns plain JSON. */
  readonly evaluate: (
    request: EvaluateRequest,
    around: TaskSurroundings,
  ) => Promise<Readonly<Record<string, unknown>>>;
  readonly predict: (request: PredictRequest, around: TaskSurroundings) => Promise<readonly Prediction[]>;
  readonly explain: (request: ExplainRequest, around: TaskSurroundings) => Promise<readonly Explanation[]>;
}
