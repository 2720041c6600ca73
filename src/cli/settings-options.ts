import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { HounsfieldError } from '../errors.ts';
import { networkNames } from '../tasks/classification/network-choice.node.ts';
import { defaultSettings, lightAugmentation } from '../tasks/classification/settings.ts';
import { readSteps } from './steps-file.ts';

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw new InvalidArgumentError('It is not a number.');
  return value;
}

function fractions(text: string): { train: number; validation: number; test: number } {
  const [train, validation, test, ...more] = text.split(',').map(number);
  if (test === undefined || more.length > 0) {
    throw new InvalidArgumentError('Give three shares: training,validation,test.');
  }
  return { train: train!, validation: validation!, test };
}

const rate = (text: string): number | string => (text === 'find' ? text : number(text));

const list = (text: string): string[] => text.split(',').map((item) => item.trim());

type Row = readonly [flags: string, setting: string, describe: string, parse?: (text: string) => unknown];

/** An option for each setting; what may be chosen is checked by the task, which tells all that is wrong at once. */
const rows: readonly Row[] = [
  ['--network <name|file>', 'network', `an ONNX file to fine-tune, or one of: ${networkNames.join(', ')}`],
  [
    '--recipe <name>',
    'recipe',
    'transfer: published weights, the head first, then everything at a lower rate; gradual: block by block',
  ],
  [
    '--weights <file|url|name>',
    'weights',
    'to start from: safetensors, Keras, npz or ONNX by names; an address; or a public source',
  ],
  ['--weights-sha256 <sum>', 'weightsSha256', 'checksum of weights from an address'],
  [
    '--head-node <name>',
    'headNode',
    "of an ONNX file: the layer that gives the labels; 'none': it gives features",
  ],
  [
    '--batch-norm <how>',
    'batchNorm',
    "of an ONNX file: train, keep the file's statistics, or unfold what an exporter folded",
  ],
  [
    '--normalise <how>',
    'normalise',
    'data: by the training images; torchvision, caffe or tensorflow: as weights were trained; 0-to-1 or 0-to-255: for files that normalise inside; weights: as they say',
  ],
  ['--freeze <patterns>', 'freeze', "parameters that stay as they are: 'layer1.*,conv1.weight'", list],
  [
    '--depth-decay <x>',
    'depthDecay',
    'factor on the learning rate from each block to the one before it',
    number,
  ],
  ['--target <kind>', 'target', 'auto (as the data say), class, labels, grade or value'],
  ['--classes <names>', 'classes', 'classes, labels or grades (low to high), joined by commas', list],
  [
    '--size <pixels>',
    'size',
    'side that images are resized to (default: as the network and the images suggest)',
    number,
  ],
  [
    '--fusion <how>',
    'fusion',
    'of several images: early (channels stacked) or late (a network each, features joined)',
  ],
  [
    '--pooling <how>',
    'pooling',
    'studies of slices: attention, recurrent, mean or max over what the network sees in each',
  ],
  [
    '--depth <n>',
    'depth',
    'slices that volumes are resampled to (default: as most have, 32 at most)',
    number,
  ],
  [
    '--orientation <code>',
    'orientation',
    "which way volumes' axes are made to run: LPS, RAS, …, or 'as stored'",
  ],
  ['--missing-indicators <how>', 'missingIndicators', "of clinical columns: 'as needed' or always"],
  ['--channels <1|3>', 'channels', 'grey or colour (default: as the images are)', number],
  ['--epochs <n>', 'epochs', 'times through the training images', number],
  ['--batch <n>', 'batch', 'images a step', number],
  ['--lr <rate>', 'lr', "highest learning rate, or 'find'", rate],
  ['--optimizer <name>', 'optimizer', 'sgd, adam, adamw or rmsprop'],
  ['--momentum <x>', 'momentum', 'of sgd and rmsprop', number],
  ['--weight-decay <x>', 'weightDecay', 'decoupled for adamw', number],
  ['--schedule <name>', 'schedule', 'constant, step, cosine, one-cycle or plateau'],
  ['--warmup <epochs>', 'warmup', 'linear rise before the schedule', number],
  [
    '--loss <name>',
    'loss',
    'auto, cross-entropy, focal or logit-adjusted; of numbers squared-error or huber',
  ],
  ['--label-smoothing <x>', 'labelSmoothing', '0 to 0.99', number],
  ['--imbalance <how>', 'imbalance', 'none, weights, oversample or undersample'],
  ['--clip <norm>', 'clip', 'largest norm of the gradient; 0: as it is', number],
  ['--accumulate <n>', 'accumulate', 'batches whose gradients make one update', number],
  ['--ema <decay>', 'ema', 'moving average of the weights; 0: none', number],
  [
    '--watch <figure>',
    'watch',
    'what decides on validation: auto, auc, averagePrecision, accuracy, balancedAccuracy, f1, kappa, mae, rmse, r2 or loss',
  ],
  ['--patience <epochs>', 'patience', 'epochs without improvement before stopping; 0: never', number],
  ['--seed <n>', 'seed', 'of split, weights, order and augmentation', number],
  ['--split <t,v,t>', 'split', 'shares of patients for training, validation, test', fractions],
  ['--parts <file>', 'parts', 'JSON with the images of each part by name, in place of --split'],
  [
    '--judge <part>',
    'judge',
    'what the finished model is judged on: test, or validation while settings are chosen',
  ],
  ['--allow-duplicates <kind>', 'allowDuplicates', 'none, exact or near: put up with these across splits'],
  ['--patient-pattern <regex>', 'patientPattern', "finds the patient in a file's name: its first group"],
  ['--threads <n>', 'threads', 'of the runtime (default: one a core)', number],
  ['--device <name>', 'device', 'see hounsfield doctor'],
  ['--intended-use <text>', 'intendedUse', 'stands in the model and the report'],
  ['--language <en|zh>', 'language', 'of the report'],
];

/** Adds an option for each setting of training. */
export function addSettingsOptions(command: Command): Command {
  for (const [flags, setting, describe, parse] of rows) {
    const option = new Option(flags, describe + usual(setting));
    if (parse) option.argParser(parse);
    command.addOption(option);
  }
  return command
    .option('--augment <what>', 'none, light, or a JSON file with a recipe (default: light)')
    .option(
      '--augment-volumes <file>',
      'of 3-D networks, in place of --augment: JSON with a recipe of volumes',
    )
    .option('--preprocess <file>', 'JSON list of transforms done to every image, in training as in use')
    .addOption(
      new Option('--mixup <alpha>', 'mix pairs of images, Beta(alpha, alpha); 0: not').argParser(number),
    )
    .option(
      '--phases <file>',
      'JSON list of phases: [{"name", "train": "head" | {"lastBlocks": 2} | "all", "epochs", "lr"}, …]',
    )
    .option(
      '--track <where>',
      'tensorboard, mlflow:<address>#<experiment>; may be given again',
      (text: string, before: string[] = []) => [...before, text],
    )
    .option('--config <file>', 'JSON with settings, as config.json of a run; options given here win');
}

function usual(setting: string): string {
  const value = (defaultSettings as unknown as Record<string, unknown>)[setting]; // by name, for the help text
  if (value === undefined) return '';
  return ` (default: ${typeof value === 'object' ? Object.values(value as object).join(',') : value})`;
}

/** The settings that options and --config give, for the task to complete and check. @throws CONFIG_UNREADABLE */
export async function settingsFrom(
  options: Readonly<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const stored = typeof options['config'] === 'string' ? await readObject(options['config']) : {};
  const { data: _data, ...settings } = stored;
  for (const [, setting] of rows) {
    if (options[setting] !== undefined) settings[setting] = options[setting];
  }
  const { augment, augmentVolumes, mixup, preprocess, phases, track } = options;
  if (typeof augmentVolumes === 'string') settings['augmentVolumes'] = await readObject(augmentVolumes);
  if (typeof phases === 'string') settings['phases'] = await readJson(phases);
  if (track !== undefined) settings['track'] = track;
  if (typeof preprocess === 'string') settings['preprocess'] = await readSteps(preprocess);
  if (typeof augment === 'string') settings['augment'] = await recipe(augment);
  if (typeof mixup === 'number') {
    settings['augment'] = { ...((settings['augment'] as object | undefined) ?? lightAugmentation), mixup };
  }
  return settings;
}

async function recipe(what: string): Promise<unknown> {
  if (what === 'none') return {};
  if (what === 'light') return lightAugmentation;
  return readObject(what);
}

export async function readObject(path: string): Promise<Record<string, unknown>> {
  const value = await readJson(path);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>; // JSON's objects are
  }
  throw new HounsfieldError('CONFIG_UNREADABLE', `${path} holds no JSON object. Write { "epochs": 10, … }.`);
}

export async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch (cause) {
    throw new HounsfieldError(
      'CONFIG_UNREADABLE',
      `${path} cannot be read as JSON (${cause instanceof Error ? cause.message : String(cause)}). Name a file of JSON.`,
      { cause },
    );
  }
}
