import { HounsfieldError } from '../../errors.ts';
import { type AugmentationRecipe, recipeFaults } from '../../imaging/augmentation/recipe.ts';
import type { NamedStep } from '../../imaging/transforms/history.ts';
import type { Balance } from '../dataset/imbalance.ts';
import { preparationFaults } from '../dataset/preparation.ts';

/** Every choice of a training run; plain JSON, written to config.json, and all that --resume needs besides the data. */
export interface ClassificationSettings {
  readonly network: string;
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
  readonly loss: 'cross-entropy' | 'focal';
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
};

const choices: Readonly<Partial<Record<keyof ClassificationSettings, readonly string[]>>> = {
  optimizer: ['sgd', 'adam', 'adamw', 'rmsprop'],
  schedule: ['constant', 'step', 'cosine', 'one-cycle', 'plateau'],
  loss: ['cross-entropy', 'focal'],
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
