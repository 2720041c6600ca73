import { HounsfieldError } from '../../errors.ts';
import { type AugmentationRecipe, recipeFaults } from '../../imaging/augmentation/recipe.ts';
import { type VolumeRecipe, volumeRecipeFaults } from '../../imaging/augmentation/volume-recipe.ts';
import type { NamedStep } from '../../imaging/transforms/history.ts';
import { isOrientation } from '../../imaging/transforms/orient.ts';
import type { TargetKind } from '../dataset/dataset.ts';
import type { Balance } from '../dataset/imbalance.ts';
import { preparationFaults } from '../dataset/preparation.ts';
import { watchable } from './kind-settings.ts';
import { type ConventionName, conventions } from './normalisation.ts';
import { type RecipeName, recipes } from './transfer-recipe.ts';

/** Every choice of a training run; plain JSON, written to config.json, and all that --resume needs besides the data. */
export interface ClassificationSettings {
  /** A registered network's name, or the path of an ONNX file to fine-tune. */
  readonly network: string;
  /** Weights to start from: a file, a URL, or the name of a public source; left out: drawn, or an ONNX file's own. */
  readonly weights?: string;
  /** SHA-256 of weights that come from a URL. */
  readonly weightsSha256?: string;
  /** Of an ONNX file: the node that gives the logits, 'none' if it gives features; left out: found. */
  readonly headNode?: string;
  /**
   * Of an ONNX file: 'train' normalises by the batch as while it was trained, 'keep' by the file's statistics, 'unfold'
   * puts normalisation back behind the convolutions into which an exporter has folded it.
   */
  readonly batchNorm: 'train' | 'keep' | 'unfold';
  /** What is learned; 'auto': as the manifest says. */
  readonly target: 'auto' | TargetKind;
  /** Classes, labels, grades (low to high) or numbers and their order; left out: as the data say. */
  readonly classes?: readonly string[];
  /**
   * From published weights: 'transfer' in two phases, 'gradual' with one block more after another. What it chooses stands
   * in these settings and can be overridden.
   */
  readonly recipe?: RecipeName;
  /** By the training images' mean and deviation, or as the weights' makers did; 'weights': as they say themselves. */
  readonly normalise: 'data' | 'weights' | ConventionName;
  /** Patterns ('layer1.*') of parameters that stay as they are. */
  readonly freeze: readonly string[];
  /** Parts of the training one after the other; none: every parameter for `epochs` epochs. */
  readonly phases: readonly PhaseSettings[];
  /** Factor on the learning rate from each block to the one before it; 1: the same for all. */
  readonly depthDecay: number;
  /** Side in pixels that images are resized to; left out: the network's own, or the images' if they are small. */
  readonly size?: number;
  /** 1 grey, 3 colour; left out: as the images are. */
  readonly channels?: number;
  /** Several images of a sample: channels stacked before one network, or a network each and features joined. */
  readonly fusion: 'early' | 'late';
  /** Makes studies of slices: the network sees each slice, what it finds is pooled; without it, images, or a 3-D network's volumes. */
  readonly pooling?: 'attention' | 'recurrent' | 'mean' | 'max';
  /** Slices that volumes are resampled to; left out: as many as half of the training volumes have, 32 at most. */
  readonly depth?: number;
  /** Which way volumes' axes are made to run, as 'LPS'; 'as stored' takes them as they are, which must be one way. */
  readonly orientation: string;
  /** Clinical columns that get a column of what is missing: those where a training sample lacks a value, or all. */
  readonly missingIndicators: 'as needed' | 'always';
  readonly epochs: number;
  readonly batch: number;
  /** Highest learning rate of the schedule; 'find' looks for one first. */
  readonly lr: number | 'find';
  readonly optimizer: 'sgd' | 'adam' | 'adamw' | 'rmsprop';
  readonly momentum: number;
  readonly weightDecay: number;
  readonly schedule: 'constant' | 'step' | 'cosine' | 'one-cycle' | 'plateau';
  /** Epochs of linear warm-up before the schedule. */
  readonly warmup: number;
  /** 'auto': cross-entropy; of numbers the squared error. */
  readonly loss: 'auto' | 'cross-entropy' | 'focal' | 'logit-adjusted' | 'squared-error' | 'huber';
  readonly labelSmoothing: number;
  readonly imbalance: 'none' | 'weights' | Exclude<Balance, 'none'>;
  readonly augment: AugmentationRecipe;
  /** Of 3-D networks, in place of `augment`: a recipe of volumes, lengths in voxels of the network's grid. */
  readonly augmentVolumes?: VolumeRecipe;
  /** Done to every image after it is opened, in training as in use: transforms by name with their numbers. */
  readonly preprocess: readonly NamedStep[];
  /** Largest global norm of the gradient; 0 leaves it alone. */
  readonly clip: number;
  /** Batches whose gradients are averaged into one update. */
  readonly accumulate: number;
  /** Decay of the moving average of weights that is judged and saved; 0 for none. */
  readonly ema: number;
  /**
   * Statistics of batch normalisation that validation and the model use: as they ran along, or measured anew after each
   * epoch; 'auto' measures while the run is too young for them to have kept up.
   */
  readonly statistics: 'auto' | 'running' | 'measured';
  /** Figure on the validation set that decides which epoch is kept; 'auto': AUC, of grades kappa, of numbers the mean error. */
  readonly watch:
    | 'auto'
    | 'auc'
    | 'averagePrecision'
    | 'accuracy'
    | 'balancedAccuracy'
    | 'f1'
    | 'kappa'
    | 'mae'
    | 'rmse'
    | 'r2'
    | 'loss';
  /** Epochs without improvement before stopping early; 0 never stops early. */
  readonly patience: number;
  readonly seed: number;
  readonly split: { readonly train: number; readonly validation: number; readonly test: number };
  /** JSON file with the samples of each part by their names: { "train": [...], "validation": [...], "test": [...] }. */
  readonly parts?: string;
  /** What the finished model is judged on; 'validation' leaves the test set untouched. */
  readonly judge: 'test' | 'validation';
  /** Trains on training and validation part together, for all epochs, and keeps the last: for settings that are chosen. */
  readonly refit: boolean;
  /** Where the run is told besides its folder: 'tensorboard', 'mlflow:<address>#<experiment>'. */
  readonly track: readonly string[];
  /** Kinds of duplicates across splits that are put up with. */
  readonly allowDuplicates: 'none' | 'near' | 'exact';
  /** Regular expression that finds the patient in a file's name. */
  readonly patientPattern?: string;
  /** Threads of the runtime; left out: one per core. */
  readonly threads?: number;
  readonly device: string;
  readonly intendedUse: string;
  readonly language: 'en' | 'zh';
}

/** One part of a training run. */
export interface PhaseSettings {
  /** For people: 'head', 'last blocks', 'all'. */
  readonly name: string;
  /** What is trained: the head alone, the head and the last blocks, or every parameter. */
  readonly train: 'head' | 'all' | { readonly lastBlocks: number };
  readonly epochs: number;
  /** Highest learning rate of the phase; left out: the run's. */
  readonly lr?: number | 'find';
  /** Statistics of normalisation in what is not trained are always kept; 'keep' keeps those of the rest, too. */
  readonly statistics?: 'update' | 'keep';
  /** Epochs without improvement before the next phase; left out: the run's. */
  readonly patience?: number;
  /** Whether images are augmented; false lets the frozen part's output be computed once. Left out: true. */
  readonly augment?: boolean;
}

/** Small shifts of what a second acquisition of the same patient would show; no flips, which move organs. */
export const lightAugmentation: AugmentationRecipe = {
  rotateDegrees: 10,
  scale: 0.1,
  shift: 0.1,
  brightness: 0.15,
  contrast: 0.15,
};

export const defaultSettings: ClassificationSettings = {
  network: 'resnet18',
  batchNorm: 'train',
  target: 'auto',
  normalise: 'data',
  freeze: [],
  phases: [],
  depthDecay: 1,
  judge: 'test',
  refit: false,
  track: [],
  fusion: 'late',
  orientation: 'as stored',
  missingIndicators: 'as needed',
  epochs: 20,
  batch: 32,
  lr: 1e-3,
  optimizer: 'adamw',
  momentum: 0.9,
  weightDecay: 0.01,
  schedule: 'one-cycle',
  warmup: 0,
  loss: 'auto',
  labelSmoothing: 0,
  imbalance: 'none',
  augment: lightAugmentation,
  preprocess: [],
  clip: 0,
  accumulate: 1,
  ema: 0,
  statistics: 'auto',
  watch: 'auto',
  patience: 0,
  seed: 1,
  split: { train: 0.7, validation: 0.15, test: 0.15 },
  allowDuplicates: 'none',
  device: 'cpu',
  intendedUse: 'Research use only. Not for diagnosis or treatment.',
  language: 'en',
};

/** Lower and upper bounds of numbers. */
const bounds: Readonly<
  Partial<Record<keyof ClassificationSettings, readonly [number, number, 'whole' | 'any']>>
> = {
  size: [4, 4096, 'whole'],
  channels: [1, 3, 'whole'],
  depth: [2, 1024, 'whole'],
  epochs: [1, 100_000, 'whole'],
  batch: [1, 65_536, 'whole'],
  momentum: [0, 0.9999, 'any'],
  weightDecay: [0, 10, 'any'],
  warmup: [0, 100_000, 'any'],
  labelSmoothing: [0, 0.99, 'any'],
  clip: [0, 1e9, 'any'],
  accumulate: [1, 65_536, 'whole'],
  ema: [0, 0.999999, 'any'],
  patience: [0, 100_000, 'whole'],
  seed: [0, 4_294_967_295, 'whole'],
  threads: [1, 1024, 'whole'],
  depthDecay: [1e-6, 1, 'any'],
};

const choices: Readonly<Partial<Record<keyof ClassificationSettings, readonly string[]>>> = {
  optimizer: ['sgd', 'adam', 'adamw', 'rmsprop'],
  schedule: ['constant', 'step', 'cosine', 'one-cycle', 'plateau'],
  loss: ['auto', 'cross-entropy', 'focal', 'logit-adjusted', 'squared-error', 'huber'],
  batchNorm: ['train', 'keep', 'unfold'],
  fusion: ['early', 'late'],
  pooling: ['attention', 'recurrent', 'mean', 'max'],
  missingIndicators: ['as needed', 'always'],
  target: ['auto', 'class', 'labels', 'grade', 'value'],
  normalise: ['data', 'weights', ...(Object.keys(conventions) as ConventionName[])],
  recipe: Object.keys(recipes),
  judge: ['test', 'validation'],
  statistics: ['auto', 'running', 'measured'],
  imbalance: ['none', 'weights', 'oversample', 'undersample'],
  watch: ['auto', ...new Set(Object.values(watchable).flat())],
  allowDuplicates: ['none', 'near', 'exact'],
  language: ['en', 'zh'],
};

const known: ReadonlySet<string> = new Set([
  ...Object.keys(defaultSettings),
  'size',
  'channels',
  'threads',
  'patientPattern',
  'weights',
  'weightsSha256',
  'headNode',
  'parts',
  'classes',
  'recipe',
  'pooling',
  'depth',
  'augmentVolumes',
]);

/** Settings with what is left out filled in. @throws SETTINGS_INVALID listing all that is wrong */
export function completeSettings(given: Readonly<Record<string, unknown>>): ClassificationSettings {
  const problems: string[] = [];
  const defined = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  for (const [name, value] of Object.entries(defined)) {
    if (!known.has(name)) {
      problems.push(`'${name}' is not a setting (there are: ${[...known].join(', ')})`);
      continue;
    }
    const key = name as keyof ClassificationSettings; // known holds exactly these
    const bound = bounds[key];
    if (bound && !within(value, bound)) {
      const kind = bound[2] === 'whole' ? 'a whole number' : 'a number';
      problems.push(`${name} is ${JSON.stringify(value)}, expected ${kind} from ${bound[0]} to ${bound[1]}`);
    }
    const choice = choices[key];
    if (choice && !choice.includes(String(value))) {
      problems.push(`${name} is ${JSON.stringify(value)}, expected one of ${choice.join(', ')}`);
    }
  }
  if (defined['lr'] !== undefined && !isRate(defined['lr'])) {
    problems.push(`lr is ${JSON.stringify(defined['lr'])}, expected a number from 0 to 1000, or 'find'`);
  }
  for (const name of ['freeze', 'track', 'classes'] as const) {
    if (defined[name] !== undefined && !isListOfTexts(defined[name])) {
      problems.push(`${name} is ${JSON.stringify(defined[name])}, expected a list of texts`);
    }
  }
  const orientation = defined['orientation'];
  if (orientation !== undefined && orientation !== 'as stored' && !isOrientation(String(orientation))) {
    problems.push(
      `orientation is ${JSON.stringify(orientation)}, expected 'as stored' or a letter of each of L/R, P/A, S/I, such as LPS`,
    );
  }
  if (defined['refit'] !== undefined && typeof defined['refit'] !== 'boolean') {
    problems.push(`refit is ${JSON.stringify(defined['refit'])}, expected true or false`);
  }
  if (defined['phases'] !== undefined) problems.push(...phaseFaults(defined['phases']));
  if (typeof defined['augment'] === 'object' && defined['augment'] !== null) {
    problems.push(...recipeFaults({ ...defined['augment'] }).map((fault) => `augment: ${fault}`));
  }
  if (defined['augmentVolumes'] !== undefined) {
    problems.push(...volumeAugmentationFaults(defined['augmentVolumes']));
  }
  if (defined['preprocess'] !== undefined) {
    problems.push(...preparationFaults(defined['preprocess']).map((fault) => `preprocess: ${fault}`));
  }
  if (problems.length > 0) {
    throw new HounsfieldError('SETTINGS_INVALID', `${problems.join('; ')}. Correct these options.`);
  }
  const recipe = recipes[defined['recipe'] as RecipeName]?.(defined) ?? {}; // checked above
  return { ...defaultSettings, ...recipe, ...defined } as ClassificationSettings; // every field was checked above
}

const isRate = (value: unknown): boolean =>
  value === 'find' || (typeof value === 'number' && value >= 0 && value <= 1000);

/** All that is wrong with a recipe of volumes; a crop would change their size. */
function volumeAugmentationFaults(recipe: unknown): readonly string[] {
  if (typeof recipe !== 'object' || recipe === null || Array.isArray(recipe)) {
    return ['augmentVolumes is no object such as {"affine": {"rotateDegrees": 10}}'];
  }
  const faults = volumeRecipeFaults({ ...recipe }).map((fault) => `augmentVolumes: ${fault}`);
  const changing = ['crop', 'images'].filter((name) => name in recipe);
  return [...faults, ...changing.map((name) => `augmentVolumes: ${name} is not for training here`)];
}

const isListOfTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

/** All that is wrong with a list of phases read from JSON. */
function phaseFaults(phases: unknown): readonly string[] {
  if (!Array.isArray(phases)) return ['phases is no list of {"name", "train", "epochs", …}'];
  return phases.flatMap((given: unknown, i) => {
    const phase = (given ?? {}) as Partial<Record<keyof PhaseSettings, unknown>>; // checked as it is used
    const { train, lr, statistics, patience, augment } = phase;
    const blocks = (train as { lastBlocks?: unknown } | undefined)?.lastBlocks;
    const faults = [
      typeof phase.name !== 'string' && 'name is missing',
      !(train === 'head' || train === 'all' || (Number.isInteger(blocks) && Number(blocks) >= 1)) &&
        `train is ${JSON.stringify(train)}, expected "head", "all" or {"lastBlocks": 1 or more}`,
      !(Number.isInteger(phase.epochs) && Number(phase.epochs) >= 1) &&
        `epochs is ${JSON.stringify(phase.epochs)}, expected a whole number of 1 or more`,
      lr !== undefined && !isRate(lr) && `lr is ${JSON.stringify(lr)}`,
      statistics !== undefined &&
        !['update', 'keep'].includes(String(statistics)) &&
        `statistics is ${JSON.stringify(statistics)}, expected "update" or "keep"`,
      patience !== undefined &&
        !(Number.isInteger(patience) && Number(patience) >= 0) &&
        `patience is ${JSON.stringify(patience)}, expected a whole number`,
      augment !== undefined && typeof augment !== 'boolean' && `augment is ${JSON.stringify(augment)}`,
      ...Object.keys(phase).map((name) => !phaseKeys.has(name) && `'${name}' is not part of a phase`),
    ];
    return faults.filter((fault) => fault !== false).map((fault) => `phases[${i}]: ${fault}`);
  });
}

const phaseKeys: ReadonlySet<string> = new Set<keyof PhaseSettings>([
  'name',
  'train',
  'epochs',
  'lr',
  'statistics',
  'patience',
  'augment',
]);

function within(value: unknown, [low, high, kind]: readonly [number, number, 'whole' | 'any']): boolean {
  if (typeof value !== 'number' || !(value >= low && value <= high)) return false;
  return kind === 'any' || Number.isInteger(value);
}
