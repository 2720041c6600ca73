import { HounsfieldError } from '../../errors.ts';
import { quantileOfSorted } from '../../evidence/metrics/probability.ts';
import { classCounts, compareNaturally, type Dataset, type SplitName, type TargetKind } from './dataset.ts';
import { type DuplicatePair, duplicateConflicts } from './duplicates.ts';
import { scaleText } from './intensity-scale.ts';
import type { Splits } from './split.ts';
import type { Survey } from './survey.ts';

/** Lowest and highest of something counted. */
interface Extent {
  readonly smallest: number;
  readonly median: number;
  readonly largest: number;
}

/** How a number spreads over the images of which it is known. */
export interface ValueSpread {
  readonly name: string;
  readonly unit: string;
  readonly mean: number;
  readonly standardDeviation: number;
  /** Lowest, quartiles, highest. */
  readonly quantiles: readonly [number, number, number, number, number];
}

/** What a data set looks like, as plain JSON. */
export interface Fingerprint {
  readonly name: string;
  readonly images: number;
  readonly readable: number;
  /** What is learned. */
  readonly target: TargetKind;
  /** Of classes and grades their images, of labels the images that have them, of numbers those of which it is known. */
  readonly classes: readonly {
    readonly name: string;
    readonly images: number;
    readonly patients: number;
    /** Of labels and numbers: images of which it is not known. */
    readonly unknown?: number;
  }[];
  /** How numbers spread; absent for other kinds. */
  readonly values?: readonly ValueSpread[];
  /** Where the images come from; absent where the data do not say. */
  readonly sites?: readonly { readonly name: string; readonly images: number; readonly patients: number }[];
  /** Images of each class (in the order of `classes`) in each part; absent where no split was passed. */
  readonly splits?: Readonly<Record<SplitName, readonly number[]>>;
  readonly patients: number;
  /** 'image': no patient is known, each image counts as one. */
  readonly grouping: Dataset['grouping'];
  readonly imagesPerPatient: Extent;
  readonly height: Extent;
  readonly width: Extent;
  /** Images by bits a value, and by channels. */
  readonly bitDepths: Readonly<Record<string, number>>;
  readonly channels: Readonly<Record<string, number>>;
  /** In the files' own scale; percentiles from 256 values of each image. */
  readonly intensity: {
    readonly low: number;
    readonly percentiles: Readonly<Record<'1' | '25' | '50' | '75' | '99', number>>;
    readonly high: number;
  };
  /** Of volumes: slices, volumes by the way their axes run, and millimetres between slices and between pixels where known. */
  readonly volumes?: {
    readonly depth: Extent;
    readonly orientations: Readonly<Record<string, number>>;
    readonly sliceSpacingMm?: Extent;
    readonly pixelSpacingMm?: Extent;
  };
  /** Of several image inputs each one by its name; the fields above are the first one's. */
  readonly inputs?: Readonly<
    Record<
      string,
      Pick<Fingerprint, 'readable' | 'height' | 'width' | 'bitDepths' | 'channels' | 'intensity'>
    >
  >;
  /** Clinical columns: what each holds, and samples without a value. */
  readonly table?: readonly {
    readonly name: string;
    readonly unit: string;
    readonly kind: string;
    readonly missing: number;
  }[];
  readonly duplicates: {
    readonly exact: number;
    readonly near: number;
    /** Pairs across splits, patients or labels. */
    readonly conflicts: readonly {
      readonly images: readonly [string, string];
      readonly kind: string;
      readonly crosses: readonly string[];
    }[];
  };
  readonly unreadable: readonly { readonly image: string; readonly code: string; readonly message: string }[];
  readonly notes: readonly string[];
}

/** Sums up a survey. Never throws for bad images: they are listed. */
export function fingerprint(
  dataset: Dataset,
  survey: Survey,
  duplicates: readonly DuplicatePair[],
  splits?: Splits,
  surveys: readonly Survey[] = [survey],
): Fingerprint {
  const { samples, classes } = dataset;
  const patients = new Map<string, number>();
  for (const sample of samples) patients.set(sample.patient, (patients.get(sample.patient) ?? 0) + 1);
  const count = (indices: readonly number[]) => classCounts(dataset, indices);
  const conflicts = duplicateConflicts(dataset, duplicates, splits);
  return {
    name: dataset.name,
    images: samples.length,
    readable: survey.images.length,
    target: dataset.target ?? 'class',
    classes: classes.map((name, k) => {
      const own = samples.filter((sample) => hasClass(dataset, sample, k));
      const unknown = samples.filter(({ targets }) => targets && Number.isNaN(targets[k]!)).length;
      const patientsOf = new Set(own.map((sample) => sample.patient)).size;
      return { name, images: own.length, patients: patientsOf, ...(unknown > 0 ? { unknown } : {}) };
    }),
    ...(dataset.target === 'value' ? { values: classes.map((_, k) => spreadOf(dataset, k)) } : {}),
    ...sitesOf(dataset),
    ...(splits
      ? {
          splits: {
            train: count(splits.train),
            validation: count(splits.validation),
            test: count(splits.test),
          },
        }
      : {}),
    patients: patients.size,
    grouping: dataset.grouping,
    imagesPerPatient: extent([...patients.values()]),
    ...extentsOf(survey),
    ...(dataset.inputs
      ? {
          inputs: Object.fromEntries(
            surveys.map((own, k) => [
              dataset.inputs![k]!,
              { readable: own.images.length, ...extentsOf(own) },
            ]),
          ),
        }
      : {}),
    ...volumesOf(survey),
    ...tableOf(dataset),
    duplicates: {
      exact: duplicates.filter((pair) => pair.kind === 'exact').length,
      near: duplicates.filter((pair) => pair.kind === 'near').length,
      conflicts: conflicts.map(({ first, second, kind, crosses }) => ({
        images: [samples[first]!.id, samples[second]!.id] as const,
        kind,
        crosses,
      })),
    },
    unreadable: surveys.flatMap((own, k) =>
      own.unreadable.map(({ index, code, message }) => {
        const sample = samples[index]!;
        return { image: k === 0 ? sample.id : sample.others![k - 1]!.id, code, message }; // one for each survey
      }),
    ),
    notes: dataset.notes,
  };
}

const extentsOf = (survey: Survey) => ({
  height: extent(survey.images.map((image) => image.height)),
  width: extent(survey.images.map((image) => image.width)),
  bitDepths: tally(survey.images.map((image) => image.bitDepth)),
  channels: tally(survey.images.map((image) => image.channels)),
  intensity: intensities(survey),
});

function volumesOf({ images }: Survey): Pick<Fingerprint, 'volumes'> {
  const depths = images.flatMap(({ depth }) => (depth === undefined ? [] : [depth]));
  if (depths.length === 0) return {};
  const spacings = images.flatMap(({ spacingMm }) => (spacingMm ? [spacingMm] : []));
  const known = spacings.length > 0;
  return {
    volumes: {
      depth: extent(depths),
      orientations: tally(images.map(({ orientation = 'unknown' }) => orientation)),
      ...(known ? { sliceSpacingMm: extent(spacings.map(([z]) => z)) } : {}),
      ...(known ? { pixelSpacingMm: extent(spacings.flatMap(([, y, x]) => [y, x])) } : {}),
    },
  };
}

function tableOf({ table, samples }: Dataset): Pick<Fingerprint, 'table'> {
  if (!table) return {};
  const isUnknown = (value: number | string | undefined) => value === '' || Number.isNaN(value);
  return {
    table: table.map(({ name, unit, kind }, k) => {
      const missing = samples.filter(({ row }) => isUnknown(row?.[k])).length;
      return { name, unit, kind, missing };
    }),
  };
}

function hasClass({ target }: Dataset, { label, targets }: Dataset['samples'][number], k: number): boolean {
  if (!targets) return label === k;
  return target === 'value' ? !Number.isNaN(targets[k]!) : targets[k] === 1;
}

function spreadOf({ classes, units, samples }: Dataset, k: number): ValueSpread {
  const sorted = samples.map(({ targets }) => targets![k]!).filter((value) => !Number.isNaN(value));
  sorted.sort((a, b) => a - b);
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  const squares = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const at = (q: number) => quantileOfSorted(sorted, q);
  return {
    name: classes[k]!,
    unit: units?.[k] ?? '',
    mean,
    standardDeviation: Math.sqrt(squares / Math.max(1, sorted.length - 1)),
    quantiles: [at(0), at(0.25), at(0.5), at(0.75), at(1)],
  };
}

function sitesOf({ samples }: Dataset): Pick<Fingerprint, 'sites'> {
  const bySite = new Map<string, { images: number; patients: Set<string> }>();
  for (const { site, patient } of samples) {
    if (site === undefined) continue;
    const found = bySite.get(site) ?? { images: 0, patients: new Set<string>() };
    bySite.set(site, { images: found.images + 1, patients: found.patients.add(patient) });
  }
  if (bySite.size === 0) return {};
  const sites = [...bySite].map(([name, { images, patients }]) => ({
    name,
    images,
    patients: patients.size,
  }));
  return { sites: sites.sort((a, b) => compareNaturally(a.name, b.name)) };
}

function extent(values: readonly number[]): Extent {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    smallest: sorted[0] ?? 0,
    median: sorted[Math.floor(sorted.length / 2)] ?? 0,
    largest: sorted.at(-1) ?? 0,
  };
}

function tally(values: readonly (number | string)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

function intensities(survey: Survey): Fingerprint['intensity'] {
  const { images } = survey;
  const spread = new Float32Array(images.reduce((sum, image) => sum + image.spread.length, 0));
  let at = 0;
  for (const image of images) {
    spread.set(image.spread, at);
    at += image.spread.length;
  }
  spread.sort();
  const percentile = (p: number) =>
    spread[Math.min(spread.length - 1, Math.round((p / 100) * (spread.length - 1)))] ?? 0;
  return {
    low: images.reduce((low, image) => Math.min(low, image.low), images[0]?.low ?? 0),
    percentiles: {
      '1': percentile(1),
      '25': percentile(25),
      '50': percentile(50),
      '75': percentile(75),
      '99': percentile(99),
    },
    high: images.reduce((high, image) => Math.max(high, image.high), images[0]?.high ?? 0),
  };
}

/**
 * Throws, naming the files, when images cannot be trained on together: DATA_UNREADABLE, UNIT_MIXED, BIT_DEPTH_MIXED,
 * POLARITY_MIXED, ORIENTATION_MIXED (of volumes), CHANNELS_MIXED
 * (colour among grey, unless `mixedChannels` is 'allow': grey then becomes three equal channels).
 */
export function requireUniformImages(
  dataset: Dataset,
  survey: Survey,
  mixedChannels: 'refuse' | 'allow' = 'refuse',
): void {
  if (survey.unreadable.length > 0) {
    const lines = survey.unreadable.slice(0, 20).map(({ message }) => `  ${message}`);
    if (survey.unreadable.length > 20) lines.push(`  and ${survey.unreadable.length - 20} more`);
    throw new HounsfieldError(
      'DATA_UNREADABLE',
      `${survey.unreadable.length} of ${dataset.samples.length} images cannot be read:\n${lines.join('\n')}\n` +
        'Copy them again from their source, or take them out of the data.',
    );
  }
  const scaleAdvice = 'Their intensities are not on one scale: convert them to one.';
  const units = new Set(survey.images.map((image) => image.unit)).size > 1;
  requireSame(dataset, survey, units ? 'UNIT_MIXED' : 'BIT_DEPTH_MIXED', '', scaleText, scaleAdvice);
  requireSame(
    dataset,
    survey,
    'POLARITY_MIXED',
    '',
    (image) => (image.inverted ? 'low values white (MONOCHROME1)' : 'high values white'),
    'Turn one kind round first: hounsfield convert with the step scale-intensity by -1 and an offset of its largest value.',
  );
  requireSame(
    dataset,
    survey,
    'ORIENTATION_MIXED',
    'as orientation of the axes',
    (image) => image.orientation ?? '',
    'Bring them to one, for instance by --orientation LPS, which turns each by whole axes.',
  );
  if (mixedChannels === 'allow') return;
  const advice = 'Convert them, take the odd ones out, or allow mixed channels by name.';
  requireSame(dataset, survey, 'CHANNELS_MIXED', 'channels', (image) => image.channels, advice);
}

function requireSame(
  dataset: Dataset,
  survey: Survey,
  code: string,
  what: string,
  value: (image: Survey['images'][number]) => number | string,
  advice: string,
): void {
  const byValue = new Map<number | string, number[]>();
  for (const image of survey.images)
    byValue.set(value(image), [...(byValue.get(value(image)) ?? []).slice(0, 3), image.index]);
  if (byValue.size < 2) return;
  const counts = tally(survey.images.map(value));
  const kinds = [...byValue].map(([kind, indices]) => {
    const some = indices.slice(0, 3).map((index) => dataset.samples[index]!.id);
    return `${[kind, what].join(' ').trim()} in ${counts[kind]} images (${some.join(', ')})`;
  });
  throw new HounsfieldError(code, `${dataset.name} has ${kinds.join(' and ')}. ${advice}`);
}
