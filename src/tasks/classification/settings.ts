import { HounsfieldError } from '../../errors.ts';
import { type AugmentationRecipe, recipeFaults } from '../../imaging/augmentation/recipe.ts';
import type { NamedStep } from '../../imaging/transforms/history.ts';
import type { TargetKind } from '../dataset/dataset.ts';
import type { Balance } from '../dataset/imbalance.ts';
import { preparationFaults } from '../dataset/preparation.ts';

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
  /** Of an ONNX file: 'train' normalises by the batch as while it was trained, 'keep' by the file's statistics. */
  readonly batchNorm: 'train' | 'keep';
  /** What is learned; 'auto': as the manifest says. */
  readonly target: 'auto' | TargetKind;
  /** By the training images' mean and deviation, or as the weights were trained. */
  readonly normalise: 'data' | 'weights';
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
  readonly epochs: number;
  readonly batch: number;
  /** Highest learning rate of the schedule. */
  readonly lr: number;
  readonly optimizer: 'sgd' | 'adam' | 'adamw' | 'rmsprop';
  readonly momentum: number;
  readonly weightDecay: number;
  readonly schedule: 'constant' | 'step' | 'cosine' | 'one-cycle' | 'plateau';
  /** Epochs of linear warm-up before the schedule. */
  readonly warmup: number;
  readonly loss: 'cross-entropy' | 'focal' | 'logit-adjusted';
  readonly labelSmoothing: number;
  readonly imbalance: 'none' | 'weights' | Exclude<Balance, 'none'>;
  readonly augment: AugmentationRecipe;
  /** Done to every image after it is opened, in training as in use: transforms by name with their numbers. */
  readonly preprocess: readonly NamedStep[];
  /** Largest global norm of the gradient; 0 leaves it alone. */
  readonly clip: number;
  /** Batches whose gradients are averaged into one update. */
  readonly accumulate: number;
  /** Decay of the moving average of weights that is judged and saved; 0 for none. */
  readonly ema: number;
  /** Figure on the validation set that decides which epoch is kept. */
  readonly watch: 'auc' | 'accuracy' | 'balancedAccuracy' | 'loss';
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
  readonly lr?: number;
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
  epochs: 20,
  batch: 32,
  lr: 1e-3,
  optimizer: 'adamw',
  momentum: 0.9,
  weightDecay: 0.01,
  schedule: 'one-cycle',
  warmup: 0,
  loss: 'cross-entropy',
  labelSmoothing: 0,
  imbalance: 'none',
  augment: lightAugmentation,
  preprocess: [],
  clip: 0,
  accumulate: 1,
  ema: 0,
  watch: 'auc',
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
  epochs: [1, 100_000, 'whole'],
  batch: [1, 65_536, 'whole'],
  lr: [0, 1000, 'any'],
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
  loss: ['cross-entropy', 'focal', 'logit-adjusted'],
  batchNorm: ['train', 'keep'],
  target: ['auto', 'class', 'labels', 'grade', 'value'],
  normalise: ['data', 'weights'],
  judge: ['test', 'validation'],
  imbalance: ['none', 'weights', 'oversample', 'undersample'],
  watch: ['auc', 'accuracy', 'balancedAccuracy', 'loss'],
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
  if (typeof defined['augment'] === 'object' && defined['augment'] !== null) {
    problems.push(...recipeFaults({ ...defined['augment'] }).map((fault) => `augment: ${fault}`));
  }
  if (defined['preprocess'] !== undefined) {
    problems.push(...preparationFaults(defined['preprocess']).map((fault) => `preprocess: ${fault}`));
  }
  if (problems.length > 0) {
    throw new HounsfieldError('SETTINGS_INVALID', `${problems.join('; ')}. Correct these options.`);
  }
  return { ...defaultSettings, ...defined } as ClassificationSettings; // every field was checked above
}

function within(value: unknown, [low, high, kind]: readonly [number, number, 'whole' | 'any']): boolean {
  if (typeof value !== 'number' || !(value >= low && value <= high)) return false;
  return kind === 'any' || Number.isInteger(value);
}
