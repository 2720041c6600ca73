import type { Graph } from '../../engine/graph/graph.ts';
import { HounsfieldError } from '../../errors.ts';
import type { OperatingRule } from '../../evidence/statistics/operating-point.ts';
import type { AugmentationRecipe } from '../../imaging/augmentation/recipe.ts';
import type { IntensityUnit } from '../../imaging/image/medical-image.ts';
import type { NamedStep } from '../../imaging/transforms/history.ts';
import type { ClinicalInput } from '../dataset/clinical-table.ts';
import type { TargetKind } from '../dataset/dataset.ts';

/** What a model takes: values as decoded from the file and prepared, of any height and width; the graph resizes and normalises. */
export interface InputDescription {
  /** Of several images: which one; the name of the graph's input. Absent: 'image'. */
  readonly name?: string;
  readonly channels: number;
  /** Of volumes: slices that the graph resizes to, and which way the axes ran in the training volumes, as 'LPS'. */
  readonly depth?: number;
  readonly orientation?: string;
  /** Size that the graph resizes to, in pixels. */
  readonly height: number;
  readonly width: number;
  /** Normalisation inside the graph, per channel, in the file's scale. */
  readonly mean: readonly number[];
  readonly standardDeviation: readonly number[];
  /** 'bgr' where the network takes blue first; mean and deviation are in the file's order all the same. */
  readonly channelOrder?: 'bgr';
  /** Whether the training images held whole numbers, so that resized values are rounded as in training. */
  readonly integer: boolean;
  readonly bitDepth: number;
  /** What the values mean; absent in older files: arbitrary. */
  readonly unit?: IntensityUnit;
  /** Whether low values are white (MONOCHROME1); absent: they are not. */
  readonly inverted?: boolean;
  /** What is done to an image after it is opened and before the graph: transforms by name with their numbers. */
  readonly preparation?: readonly NamedStep[];
}

export interface CardFigure {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** A threshold from which on an answer counts as positive. */
export interface CardOperatingPoint {
  readonly threshold: number;
  readonly rule: OperatingRule;
  readonly chosenOn: string;
}

/** A model inside of an ensemble, as its own card has it; its figures are its own and not the ensemble's. */
export interface MemberCard {
  /** Of its file. */
  readonly sha256: string;
  readonly network: string;
  readonly seed: number;
  readonly weight: number;
  /** In the order of its own logits. */
  readonly labels: readonly string[];
  readonly input: InputDescription;
  readonly data: ModelCard['data'];
  /** Besides the image itself, of which its answers are averaged. */
  readonly views: readonly string[];
  readonly versions: Readonly<Record<string, string>>;
}

/** How several models are one; 'soup' is one network of averaged weights. */
export interface EnsembleCard {
  readonly how: 'mean' | 'geometric' | 'vote' | 'median' | 'soup';
  readonly members: readonly MemberCard[];
}

/** What every model says of itself, whatever it takes: everything a user must know before relying on a prediction. */
export interface CardFacts {
  readonly task: string;
  /** What the model answers; absent in older files: one of exclusive classes. */
  readonly target?: TargetKind;
  /** Classes, labels, grades from low to high, or numbers, in the order of the answer. */
  readonly labels: readonly string[];
  /** Of numbers: the unit of each, '' where none is known. */
  readonly units?: readonly string[];
  readonly network: string;
  readonly intendedUse: string;
  readonly data: {
    readonly name: string;
    readonly fingerprint: string;
    /** SHA-256 over the sample names of each split. */
    readonly splitHashes: Readonly<Record<string, string>>;
    readonly counts: Readonly<Record<string, readonly number[]>>;
  };
  /** Figures on the test set with 95 % intervals. */
  readonly metrics: Readonly<Record<string, CardFigure>>;
  /** Chosen on the validation set; two classes only. */
  readonly operatingPoint?: CardOperatingPoint;
  /** Of several labels: one each, chosen on the validation set; null where none could be chosen. */
  readonly operatingPoints?: readonly (CardOperatingPoint | null)[];
  /** What was done to training images; absent in older files. */
  readonly augmentation?: AugmentationRecipe;
  /** Of several models in one file. */
  readonly ensemble?: EnsembleCard;
  readonly seed: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly createdAt: string;
}

/** Of a model that takes images. */
export interface ModelCard extends CardFacts {
  /** The image, or the first of several. */
  readonly input: InputDescription;
  /** Every image in order, where there are several or they have names. */
  readonly inputs?: readonly InputDescription[];
  /** Clinical values that the graph takes as 'table' [N, columns]: raw numbers, of a category the word's place, NaN where missing. */
  readonly table?: readonly ClinicalInput[];
}

/** The features that a model takes as 'features' [N, names], and how they are made. */
export interface FeatureInput {
  readonly names: readonly string[];
  /** Those that reach the classifier. */
  readonly used: readonly string[];
  /** Everything that decides the values but image and mask. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** SHA-256 (hex) of the settings. */
  readonly settingsSha256: string;
  /** Median of each feature over the training cases: what explanations compare with; null where none has a value. */
  readonly baseline: readonly (number | null)[];
  /** Lowest and highest of each over the training cases; null where none has a value. */
  readonly range: readonly (readonly [number, number] | null)[];
}

/** Of a model that takes features of regions. */
export interface FeatureModelCard extends CardFacts {
  readonly features: FeatureInput;
}

/** Descriptions of every image that a model takes. */
export const imageInputsOf = ({
  input,
  inputs,
}: Pick<ModelCard, 'input' | 'inputs'>): readonly InputDescription[] => inputs ?? [input];

const PREFIX = 'hounsfield.';

/** Puts the card into the graph's metadata, one key per topic, JSON where it is not a plain text. */
export function writeCard(graph: Graph, card: ModelCard | FeatureModelCard): void {
  for (const [key, value] of Object.entries(card)) {
    graph.metadata.set(`${PREFIX}${key}`, typeof value === 'string' ? value : JSON.stringify(value));
  }
}

const texts: ReadonlySet<string> = new Set(['task', 'target', 'network', 'intendedUse', 'createdAt']);

/** The card of a graph of images. @throws MODEL_WITHOUT_CARD for a model that Hounsfield did not write, MODEL_TAKES_FEATURES */
export function readCard(graph: Graph, path: string): ModelCard {
  const card = readFacts(graph, path) as Partial<ModelCard> & CardFacts; // the input is checked just below
  if (card.input) return card as ModelCard; // the rest is written with it
  throw new HounsfieldError(
    'MODEL_TAKES_FEATURES',
    `${path} takes features of regions and no images (task ${card.task}). Use it with train, evaluate, predict and explain on ` +
      'images with masks, or name a model of images here.',
  );
}

/** The card of a graph of features. @throws MODEL_WITHOUT_CARD, MODEL_TAKES_IMAGES */
export function readFeatureCard(graph: Graph, path: string): FeatureModelCard {
  const card = readFacts(graph, path) as Partial<FeatureModelCard> & CardFacts; // the features are checked just below
  if (card.features) return card as FeatureModelCard; // the rest is written with them
  throw new HounsfieldError(
    'MODEL_TAKES_IMAGES',
    `${path} takes images and no features. Name a model of 'hounsfield train --task radiomics'.`,
  );
}

/** What any model that was written here says of itself. @throws MODEL_WITHOUT_CARD */
export function readFacts(graph: Graph, path: string): CardFacts {
  const entries = [...graph.metadata].flatMap(([key, value]) => {
    if (!key.startsWith(PREFIX)) return [];
    const name = key.slice(PREFIX.length);
    return [[name, texts.has(name) ? value : parse(value, path)] as const];
  });
  const card = Object.fromEntries(entries) as Partial<ModelCard & FeatureModelCard>; // checked just below
  if (!card.task || !card.labels || !(card.input || card.features)) {
    throw new HounsfieldError(
      'MODEL_WITHOUT_CARD',
      `${path} says nothing of its task, labels and input, so it was not written by 'hounsfield train'. ` +
        'Use a model.onnx of a training run.',
    );
  }
  return card as CardFacts; // task and labels were checked; the rest is written with them
}

function parse(value: string, path: string): unknown {
  try {
    return JSON.parse(value);
  } catch (cause) {
    throw new HounsfieldError('MODEL_WITHOUT_CARD', `${path} has damaged metadata. Get the file again.`, {
      cause,
    });
  }
}
