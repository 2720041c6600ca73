import { createHash } from 'node:crypto';
import { HounsfieldError } from '../../errors.ts';
import { type NetworkEntry, networkForSize, networkNamed } from '../../learning/networks/registry.ts';
import type { InputDescription } from '../bundle/model-card.ts';
import { classCounts, type Dataset } from '../dataset/dataset.ts';
import { findDuplicates, joinDuplicates, requireNoLeak } from '../dataset/duplicates.ts';
import { type Fingerprint, fingerprint, requireUniformImages } from '../dataset/fingerprint.ts';
import { loadDataset } from '../dataset/manifest.node.ts';
import { type Splits, splitDataset } from '../dataset/split.ts';
import { splitHashes } from '../dataset/split-hash.node.ts';
import { type Survey, surveyDataset } from '../dataset/survey.node.ts';
import type { TaskEvent } from '../task.ts';
import { type Head, headFor } from './head.ts';
import type { ClassificationSettings } from './settings.ts';

/** A data set that has been checked, divided and measured: all that training needs to know of it. */
export interface PreparedData {
  readonly dataset: Dataset;
  readonly splits: Splits;
  readonly splitHashes: Readonly<Record<'train' | 'validation' | 'test', string>>;
  readonly fingerprint: Fingerprint;
  /** SHA-256 over pixels and labels of every image. */
  readonly contentHash: string;
  readonly input: InputDescription;
  readonly network: NetworkEntry;
  readonly head: Head;
  /** Training images of each class. */
  readonly trainCounts: readonly number[];
}

/**
 * Opens every image once and stops before the long run if something is wrong with the data.
 *
 * @throws what loadDataset, splitDataset, requireUniformImages and requireNoLeak throw; NETWORK_UNKNOWN, NETWORK_INPUT
 */
export async function prepareData(
  path: string,
  settings: ClassificationSettings,
  report: (event: TaskEvent) => void,
): Promise<PreparedData> {
  networkNamed(settings.network);
  const loaded = await loadDataset(path, {
    ...(settings.patientPattern ? { patientPattern: settings.patientPattern } : {}),
  });
  const found = { ...loaded, preparation: settings.preprocess };
  for (const text of found.notes) report({ kind: 'note', text });
  const survey = await surveyDataset(found, (done, of) =>
    report({ kind: 'count', text: 'checking images', done, of }),
  );
  requireUniformImages(found, survey, settings.channels === 3 ? 'allow' : 'refuse');
  const pairs = findDuplicates(survey);
  // A split that the data prescribe stays as it is; what it gets wrong is told just below.
  const dataset = found.samples.some(({ split }) => split) ? found : joinDuplicates(found, pairs);
  const splits = splitDataset(dataset, settings.seed, settings.split);
  requireNoLeak(dataset, pairs, splits, settings.allowDuplicates);
  requireWatchable(dataset, splits, settings);
  const input = describeInput(survey, splits, settings);
  return {
    dataset,
    splits,
    splitHashes: splitHashes(dataset, splits),
    fingerprint: fingerprint(dataset, survey, pairs, splits),
    contentHash: contentHash(dataset, survey),
    input,
    network: networkForSize(settings.network, Math.min(input.height, input.width)),
    head: headFor({ dataset, train: splits.train, settings }),
    trainCounts: classCounts(dataset, splits.train),
  };
}

/** @throws WATCH_UNDEFINED when AUC is to choose the epoch and a class has no image in validation */
function requireWatchable(dataset: Dataset, splits: Splits, { watch }: ClassificationSettings): void {
  const absent = dataset.classes.filter((_, k) => classCounts(dataset, splits.validation)[k] === 0);
  if (watch !== 'auc' || absent.length === 0) return;
  throw new HounsfieldError(
    'WATCH_UNDEFINED',
    `no validation image is of class ${absent.map((name) => `'${name}'`).join(', ')}, so that AUC, which chooses the epoch, is undefined. ` +
      'Watch another figure (--watch loss or accuracy), or give validation images of every class.',
  );
}

/** Size, channels and normalisation of the network's input, from the training images alone. */
function describeInput(survey: Survey, splits: Splits, settings: ClassificationSettings): InputDescription {
  const training = new Set(splits.train);
  const images = survey.images.filter(({ index }) => training.has(index));
  const channels = settings.channels ?? Math.max(...images.map((image) => image.channels));
  const side =
    settings.size ??
    usualSize(
      images.map(({ height, width }) => Math.min(height, width)),
      settings,
    );
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
  const deviation = Math.sqrt(Math.max(squares / count - mean * mean, 1e-12));
  const bitDepth = images[0]!.bitDepth;
  return {
    channels,
    height: side,
    width: side,
    mean: new Array<number>(channels).fill(mean),
    standardDeviation: new Array<number>(channels).fill(deviation),
    integer: images[0]!.whole,
    bitDepth,
    unit: images[0]!.unit,
    inverted: images[0]!.inverted,
    preparation: settings.preprocess,
  };
}

/** The images' own size where they are smaller than what the network was made for. */
function usualSize(sides: readonly number[], settings: ClassificationSettings): number {
  const sorted = [...sides].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)]!;
  const entry = networkNamed(settings.network);
  // A network without a variant for small images has a default that is small already.
  const usual = entry.smallVariant ? entry.defaultSize : Math.max(entry.defaultSize, 64);
  return Math.min(usual, median);
}

function contentHash(dataset: Dataset, survey: Survey): string {
  const rows = survey.images.map(({ index, pixelHash }) => `${pixelHash} ${dataset.samples[index]!.label}`);
  return createHash('sha256').update(rows.sort().join('\n')).digest('hex');
}
