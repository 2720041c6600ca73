import type { Evidence } from '../../evidence/statistics/evidence.ts';

/** Languages a report can be written in. */
export type ReportLanguage = 'en' | 'zh';

/** A name and what it is, shown as a row. */
export interface Fact {
  readonly name: string;
  readonly value: string;
}

/** What the model is for, in the words of who made it. */
export interface ReportPurpose {
  /** One or two sentences below the title. */
  readonly summary: string;
  readonly intendedUse?: string;
  /** What it must not be used for, one sentence each. */
  readonly outOfScope?: readonly string[];
}

/** What was trained. */
export interface ReportModel {
  readonly network: string;
  /** What `network` is called where it is none. */
  readonly networkName?: string;
  /** Number of trained weights; absent where they are not what is learned. */
  readonly parameters?: number;
  /** What goes in, for example '28 x 28 pixels, 1 channel'. */
  readonly input: string;
  /** Name of the model file. */
  readonly file?: string;
}

/** One split of the data. */
export interface ReportSplit {
  readonly name: 'training' | 'validation' | 'test';
  readonly images: number;
  /** null where the data do not say whose image it is. */
  readonly patients: number | null;
  /** [K] images of each class, in the order of `ReportContent.classes`. */
  readonly imagesPerClass: readonly number[];
  /** Checksum of the split's list of images. */
  readonly hash?: string;
}

/** Where the images came from and how they were divided. */
export interface ReportData {
  readonly name: string;
  readonly source?: string;
  /** Checksum over all images and labels. */
  readonly fingerprint: string;
  readonly splits: readonly ReportSplit[];
  /** How the split was made, for example 'by patient, stratified by class, seed 42'. */
  readonly splitMethod: string;
  /** Other facts of the fingerprint: sizes, bit depth, intensities, duplicates, unreadable files. */
  readonly facts?: readonly Fact[];
}

/** One epoch. null: not measured in that epoch. */
export interface HistoryRow {
  /** 1 for the first. */
  readonly epoch: number;
  readonly trainLoss: number;
  readonly validationLoss: number | null;
  readonly validationMetric: number | null;
  readonly learningRate: number;
}

/** How the training went. */
export interface ReportTraining {
  readonly history: readonly HistoryRow[];
  /** Name of `validationMetric`, for example 'AUC'. */
  readonly metricName: string;
  /** The epoch whose weights were kept. */
  readonly bestEpoch: number;
  readonly seconds?: number;
  readonly stoppedEarly?: boolean;
}

/** One image of the test set, as the model saw it. */
export interface ReportCase {
  /** `data:image/png;base64,…`, or JPEG or WebP. */
  readonly image: string;
  /** The same image with a heat map over it, same size and kind of URL. */
  readonly heatMap?: string;
  readonly truth: string;
  readonly predicted: string;
  /** Whether the answer is right; left out: where truth and prediction are the same word. */
  readonly right?: boolean;
  /** Probability of the predicted class, 0..1. */
  readonly probability?: number;
  /** A line below, for example the file's name. It must not identify a patient. */
  readonly caption?: string;
}

/** A table of a section: cells are written as they are, numbers with three decimals, null as a dash. */
export interface ReportTable {
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
  readonly note?: string;
}

/** A chart of a section. */
export interface ReportChart {
  readonly title: string;
  /** Vega-Lite, with colours of the style sheet. */
  readonly spec: object;
  /** What a reader who does not see the picture hears. */
  readonly description: string;
  /** Whether it takes the page's whole width. */
  readonly wide?: boolean;
  readonly note?: string;
}

/** A section that only reports of one task have. */
export interface ReportSection {
  /** For links: 'importance'. */
  readonly id: string;
  readonly title: string;
  readonly lead?: string;
  /** Shown before all else, each in a box of its own. */
  readonly warnings?: readonly string[];
  readonly charts?: readonly ReportChart[];
  readonly tables?: readonly ReportTable[];
}

/** Everything a report says. Pure data: what is not here is not in the report. */
export interface ReportContent {
  readonly language: ReportLanguage;
  readonly title: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly purpose: ReportPurpose;
  readonly model: ReportModel;
  /** [K] names, in the order of the model's outputs. */
  readonly classes: readonly string[];
  readonly data: ReportData;
  /** Left out when a finished model is only evaluated. */
  readonly training?: ReportTraining;
  readonly validation?: Evidence;
  /** What `validation` is called where it is not a validation part. */
  readonly validationName?: string;
  readonly test: Evidence;
  /** Both sorted with the most certain first. */
  readonly cases: { readonly mistakes: readonly ReportCase[]; readonly correct: readonly ReportCase[] };
  /** Of one task alone: shown after performance and curves. */
  readonly sections?: readonly ReportSection[];
  /** Where a case's second picture is no heat map: what it is, below the title and for who does not see it. */
  readonly secondPicture?: { readonly note: string; readonly alt: string };
  /** How the heat maps were made, for example 'Grad-CAM at layer4'. */
  readonly heatMapMethod?: string;
  /** Limits that only the maker knows; those that follow from the numbers are added. */
  readonly limits?: readonly string[];
  /** The run's settings, as given. */
  readonly settings: Readonly<Record<string, string | number | boolean | null>>;
  /** Versions, seed, checksums, machine. */
  readonly provenance: readonly Fact[];
}
