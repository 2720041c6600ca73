import { createHash } from 'node:crypto';
import { HounsfieldError } from '../../errors.ts';
import { conventionOfNames } from '../../learning/weights/convention-of-names.ts';
import { weightSources } from '../../learning/weights/sources.ts';
import type { InputDescription } from '../bundle/model-card.ts';
import { type ClinicalInput, describeClinical, describeClinicalInput } from '../dataset/clinical-table.ts';
import { classCounts, type Dataset } from '../dataset/dataset.ts';
import { type DuplicatePair, findDuplicates, joinDuplicates, requireNoLeak } from '../dataset/duplicates.ts';
import { type Fingerprint, fingerprint, requireUniformImages } from '../dataset/fingerprint.ts';
import { inputView } from '../dataset/image-inputs.ts';
import { loadDataset } from '../dataset/manifest.node.ts';
import { takeParts } from '../dataset/parts.ts';
import { readParts } from '../dataset/parts-file.node.ts';
import { type Splits, splitDataset } from '../dataset/split.ts';
import { splitHashes } from '../dataset/split-hash.node.ts';
import { type Survey, surveyInputs } from '../dataset/survey.node.ts';
import type { TaskEvent } from '../task.ts';
import { type Head, headFor } from './head.ts';
import { jointNetwork } from './joint-network.ts';
import { watchOf } from './kind-settings.ts';
import { type ChosenNetwork, chooseNetwork, fitNetwork } from './network-choice.node.ts';
import { type Convention, type ConventionName, conventionalInput, conventions } from './normalisation.ts';
import type { ClassificationSettings } from './settings.ts';
import {
  gridNote,
  preparationOf,
  requireSmallBatch,
  requireVolumeSettings,
  smallestSide,
  usualDepth,
} from './volume-inputs.ts';

/** A data set that has been checked, divided and measured: all that training needs to know of it. */
export interface PreparedData {
  readonly dataset: Dataset;
  readonly splits: Splits;
  readonly splitHashes: Readonly<Record<'train' | 'validation' | 'test', string>>;
  readonly fingerprint: Fingerprint;
  /** SHA-256 over pixels and labels of every image. */
  readonly contentHash: string;
  /** The image, or the first of several. */
  readonly input: InputDescription;
  readonly inputs: readonly InputDescription[];
  /** Columns of clinical values as the training samples show them. */
  readonly clinical: readonly ClinicalInput[] | undefined;
  readonly network: ChosenNetwork;
  readonly head: Head;
  /** Training images of each class. */
  readonly trainCounts: readonly number[];
}

/**
 * Opens every image once and stops before the long run if something is wrong with the data.
 *
 * @param ofWeights how images were given to the network whose weights are used, where the weights say so
 * @throws what loadDataset, readParts, takeParts, splitDataset, requireUniformImages and requireNoLeak throw; NETWORK_UNKNOWN, NETWORK_INPUT
 */
export async function prepareData(
  path: string,
  settings: ClassificationSettings,
  report: (event: TaskEvent) => void,
  ofWeights?: Convention,
): Promise<PreparedData> {
  const { chosen, volumes, found, named, surveys, pairs, pairsOf } = await openData(path, settings, report);
  const convention = ofWeights ?? conventionOfNames(chosen.imported?.weights.keys() ?? []);
  const survey = surveys[0]!;
  // A split that the data prescribe stays as it is; what it gets wrong is told just below.
  const dataset = found.samples.some(({ split }) => split) ? found : joinDuplicates(found, pairs);
  const divided = named ?? splitDataset(dataset, settings.seed, settings.split);
  const splits = settings.refit ? withValidation(divided) : divided;
  for (const [k, own] of pairsOf.entries()) {
    requireNoLeak(inputView(dataset, k), own, divided, settings.allowDuplicates);
  }
  requireWatchable(dataset, splits, settings);
  const inputs = describeInputs({ dataset, surveys, splits, settings, chosen, convention });
  const input = inputs[0]!;
  const clinical = clinicalOf(dataset, splits, settings);
  requireSmallBatch(inputs, settings);
  if (volumes) report({ kind: 'note', text: gridNote(survey, input) });
  for (const column of clinical ?? []) {
    report({ kind: 'note', text: `clinical column '${column.name}': ${describeClinicalInput(column)}` });
  }
  if (settings.normalise === 'weights') report({ kind: 'note', text: conventionNote(convention) });
  return {
    dataset,
    splits,
    splitHashes: splitHashes(dataset, splits),
    fingerprint: fingerprint(dataset, survey, pairs, splits, surveys),
    contentHash: contentHash(dataset, surveys),
    input,
    inputs,
    clinical,
    network: jointNetwork(
      fitNetwork(chosen, smallestSide(input, chosen), settings),
      inputs,
      clinical,
      settings,
    ),
    head: headFor({ dataset, train: splits.train, settings }),
    trainCounts: classCounts(dataset, splits.train),
  };
}

function conventionNote(convention: Convention | undefined): string {
  if (!convention) {
    return "nothing says how images were normalised for these weights; torchvision's way is taken (else: --normalise)";
  }
  const { channels, scale, mean, std } = convention;
  const order = channels === 'bgr' ? 'blue, green, red' : 'red, green, blue';
  const divided = std.every((value) => value === 1) ? '' : `, divided by ${std.join(', ')}`;
  return `images are normalised as these weights were trained: ${order}, 0 to ${scale}, minus ${mean.join(', ')}${divided} (else: --normalise)`;
}

/** A data set whose images were all opened once: what is the same however it is divided. */
export interface OpenedData {
  readonly found: Dataset;
  /** The parts that settings.parts names; the data set then holds these samples alone. */
  readonly named: Splits | undefined;
  readonly chosen: ChosenNetwork;
  readonly volumes: boolean;
  /** One for each input. */
  readonly surveys: readonly Survey[];
  readonly pairs: readonly DuplicatePair[];
  /** The same by image input. */
  readonly pairsOf: readonly (readonly DuplicatePair[])[];
}

/**
 * Opens every image once.
 *
 * @throws what loadDataset, readParts, takeParts and requireUniformImages throw; NETWORK_UNKNOWN
 */
export async function openData(
  path: string,
  settings: ClassificationSettings,
  report: (event: TaskEvent) => void,
): Promise<OpenedData> {
  const chosen = chooseNetwork(settings);
  requireWeights(chosen, settings);
  const volumes = chosen.volumes === true || settings.pooling !== undefined;
  requireVolumeSettings(volumes, settings);
  const loaded = await loadDataset(path, {
    ...(settings.patientPattern ? { patientPattern: settings.patientPattern } : {}),
    target: settings.target,
    ...(settings.classes ? { classes: settings.classes } : {}),
    ...(volumes ? { volumes } : {}),
  });
  const named = settings.parts
    ? takeParts(loaded, await readParts(settings.parts, settings.judge), settings.parts)
    : undefined;
  const found = {
    ...(named?.dataset ?? loaded),
    preparation: preparationOf(settings),
    ...(volumes ? { volumes } : {}),
  };
  for (const text of found.notes) report({ kind: 'note', text });
  const surveys = await surveyInputs(found, (done, of) =>
    report({ kind: 'count', text: 'checking images', done, of }),
  );
  for (const [k, own] of surveys.entries()) {
    requireUniformImages(inputView(found, k), own, settings.channels === 3 ? 'allow' : 'refuse');
  }
  const pairsOf = surveys.map(findDuplicates);
  const pairs = pairsOf.flat();
  return { found, named: named?.splits, chosen, volumes, surveys, pairs, pairsOf };
}

/** @throws WEIGHTS_NEEDED when a recipe is to build on weights and there are none */
function requireWeights(
  { imported, name }: ChosenNetwork,
  { recipe, weights }: ClassificationSettings,
): void {
  if (recipe === undefined || weights !== undefined || imported) return;
  const listed = [...weightSources].flatMap(([source, { network }]) => (network === name ? [source] : []));
  throw new HounsfieldError(
    'WEIGHTS_NEEDED',
    `the recipe '${recipe}' builds on weights that somebody has trained, and none are named for ${name}. Name a file, an ` +
      `address${listed.length > 0 ? ` or a public source (${listed.join(', ')})` : ''} by --weights, an ONNX file by --network, or leave --recipe out.`,
  );
}

/** Training on validation images too: for settings that have been chosen. */
const withValidation = (splits: Splits): Splits => ({
  ...splits,
  train: [...splits.train, ...splits.validation].sort((a, b) => a - b),
});

/** @throws WATCH_UNDEFINED when AUC or kappa is to choose the epoch and the validation images leave it undefined */
export function requireWatchable(dataset: Dataset, splits: Splits, settings: ClassificationSettings): void {
  const kind = dataset.target ?? 'class';
  const { metric } = watchOf(settings, kind);
  const counts = classCounts(dataset, splits.validation);
  const absent = dataset.classes.filter((_, k) => counts[k] === 0);
  const undefinedFigure =
    kind === 'class'
      ? metric === 'auc' && absent.length > 0
      : kind === 'grade'
        ? (metric === 'auc' || metric === 'kappa') && counts.filter((count) => count > 0).length < 2
        : kind === 'labels' && metric !== 'loss' && !someLabelDiffers(dataset, splits.validation);
  if (!undefinedFigure) return;
  throw new HounsfieldError(
    'WATCH_UNDEFINED',
    `no validation image is of class ${absent.map((name) => `'${name}'`).join(', ')}, so that ${metric === 'auc' ? 'AUC' : metric}, which chooses the epoch, is undefined. ` +
      `Watch another figure (--watch loss${kind === 'labels' ? '' : ' or accuracy'}), or give validation images of every class.`,
  );
}

const someLabelDiffers = ({ classes, samples }: Dataset, indices: readonly number[]): boolean =>
  classes.some((_, k) =>
    [0, 1].every((value) => indices.some((index) => samples[index]!.targets![k] === value)),
  );

function clinicalOf(
  { table, samples }: Dataset,
  { train }: Splits,
  { missingIndicators }: ClassificationSettings,
): readonly ClinicalInput[] | undefined {
  if (!table) return undefined;
  const rows = train.map((index) => samples[index]!.row!); // a table has rows
  return describeClinical(table, rows, missingIndicators);
}

interface InputContext {
  readonly dataset: Dataset;
  /** Of each image input. */
  readonly surveys: readonly Survey[];
  readonly splits: Splits;
  readonly settings: ClassificationSettings;
  readonly chosen: ChosenNetwork;
  readonly convention: Convention | undefined;
}

/** Size, channels and normalisation of the network's inputs, from the training images alone; all have one size. */
function describeInputs(context: InputContext): readonly InputDescription[] {
  const { dataset, surveys, splits, settings, chosen } = context;
  const training = new Set(splits.train);
  const images = surveys.map((survey) => survey.images.filter(({ index }) => training.has(index)));
  const sides = images.flat().map(({ height, width }) => Math.min(height, width));
  const side = settings.size ?? usualSize(sides, settings, chosen);
  const stacked = images.length > 1 && settings.fusion === 'early';
  return images.map((own, k) => {
    const name = dataset.inputs?.[k];
    return { ...(name === undefined ? {} : { name }), ...describeInput(own, side, stacked, context) };
  });
}

/** @param stacked whether other images' channels go into the same network */
function describeInput(
  images: Survey['images'],
  side: number,
  stacked: boolean,
  { settings, chosen, convention }: InputContext,
): InputDescription {
  const file = chosen.imported?.input;
  const found = Math.max(...images.map((image) => image.channels));
  const ofWeights = stacked
    ? undefined
    : (file?.channels ?? (settings.weights === undefined ? undefined : 3));
  const channels = settings.channels ?? ofWeights ?? found;
  const { mean, deviation } = measured(images);
  const { bitDepth, whole, unit, inverted, orientation } = images[0]!;
  const low = images.reduce((least, image) => Math.min(least, image.low), 0);
  const named = settings.normalise === 'weights' ? (convention ?? conventions.torchvision) : undefined;
  const followed =
    settings.normalise === 'data' ? undefined : (named ?? conventions[settings.normalise as ConventionName]); // 'data' and 'weights' are dealt with
  const scale = {
    mean,
    deviation,
    // Of 16 bits a scanner fills 12 or fewer: only pictures use what their bits allow.
    ...(whole && bitDepth <= 8 && low >= 0 && unit !== 'HU' ? { largest: 2 ** bitDepth - 1 } : {}),
  };
  return {
    channels,
    ...(orientation === undefined ? {} : { depth: usualDepth(images, settings), orientation }),
    height: settings.size ?? file?.height ?? side,
    width: settings.size ?? file?.width ?? side,
    ...(followed
      ? conventionalInput(followed, channels, scale)
      : {
          mean: new Array<number>(channels).fill(mean),
          standardDeviation: new Array<number>(channels).fill(deviation),
        }),
    integer: whole,
    bitDepth,
    unit,
    inverted,
    preparation: preparationOf(settings),
  };
}

/** Mean and deviation of the images' values, from those spread over each. */
function measured(images: Survey['images']): { readonly mean: number; readonly deviation: number } {
  let sum = 0;
  let squares = 0;
  let count = 0;
  for (const { spread } of images) {
    for (const value of spread) {
      sum += value;
      squares += value * value;
      count++;
    }
  }
  const mean = sum / count;
  return { mean, deviation: Math.sqrt(Math.max(squares / count - mean * mean, 1e-12)) };
}

/** The images' own size where they are smaller than what the network was made for; with weights, the size of those. */
function usualSize(sides: readonly number[], settings: ClassificationSettings, entry: ChosenNetwork): number {
  if (entry.imported || settings.weights !== undefined) return entry.defaultSize;
  const sorted = [...sides].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)]!;
  // A network without a variant for small images has a default that is small already.
  const usual = entry.smallVariant ? entry.defaultSize : Math.max(entry.defaultSize, 64);
  return Math.max(Math.min(usual, median), Math.min(entry.minimumSize, usual));
}

function contentHash(dataset: Dataset, [first, ...others]: readonly Survey[]): string {
  const rows = first!.images.map(({ index, pixelHash }, i) => {
    const { label, targets, row } = dataset.samples[index]!;
    const hashes = [pixelHash, ...others.map(({ images }) => images[i]!.pixelHash)]; // all of them are readable
    const clinical = row ? ` ${JSON.stringify(row)}` : '';
    return `${hashes.join(' ')} ${targets ? targets.join(' ') : label}${clinical}`;
  });
  return createHash('sha256').update(rows.sort().join('\n')).digest('hex');
}
