import { HounsfieldError } from '../../errors.ts';
import {
  interleavedToPlanar,
  type MedicalImage,
  medicalImage,
  type PixelArray,
} from '../../imaging/image/medical-image.ts';
import type { NamedStep } from '../../imaging/transforms/history.ts';
import type { ClinicalColumn, ClinicalValues } from './clinical-table.ts';

/** The three parts of a data set, and what each is for: learning, choosing, judging. */
export type SplitName = 'train' | 'validation' | 'test';

/** Where one image's pixels are: a file or a folder with one DICOM series, or one image of a stack held in memory. */
export type SampleSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'stack'; readonly stack: string; readonly index: number };

/**
 * What is learned of an image: one of exclusive classes, any of several labels, a grade on an ordered scale, or numbers.
 */
export type TargetKind = 'class' | 'labels' | 'grade' | 'value';

/** One labelled image. */
export interface Sample {
  /** Unique in the data set and the same on every machine: the path relative to the data, or `train/12`. */
  readonly id: string;
  readonly source: SampleSource;
  /** Of several image inputs those after the first, in the order of Dataset.inputs. */
  readonly others?: readonly { readonly id: string; readonly source: SampleSource }[];
  /** Clinical values in the order of Dataset.table. */
  readonly row?: ClinicalValues;
  /** Index into the data set's classes; for 'labels' and 'value' the stratum by which splits are balanced. */
  readonly label: number;
  /** For 'labels' 0 or 1 for each (NaN: not known), for 'value' the numbers, one for each of the data set's classes. */
  readonly targets?: readonly number[];
  /** Images of one patient are never in two splits. */
  readonly patient: string;
  /** Where it was taken, if the manifest says so: a hospital, a scanner. */
  readonly site?: string;
  /** The split that the manifest prescribes, if it does. */
  readonly split?: SplitName;
}

/** Images of one size in one array that worker threads share. */
export interface ImageStack {
  readonly pixels: PixelArray; // [N, H, W, C], of volumes [N, D, H, W, C]
  readonly count: number;
  /** Slices of a volume. */
  readonly depth?: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly bitDepth: number;
  readonly unit: MedicalImage['unit'];
}

/** A labelled collection of images: what it holds and where, not the pixels of files. */
export interface Dataset {
  /** What a person would call it: the folder's or file's name. */
  readonly name: string;
  /** What is learned; 'class' where absent. */
  readonly target?: TargetKind;
  /** Names of the classes, of the labels, of the grades from low to high, or of the numbers. */
  readonly classes: readonly string[];
  /** Of numbers: the unit of each, '' where the manifest names none. */
  readonly units?: readonly string[];
  /** Names of the image inputs; absent where there is one. */
  readonly inputs?: readonly string[];
  /** Columns of clinical values; absent where there are none. */
  readonly table?: readonly ClinicalColumn[];
  /** Whether samples are volumes; images where absent. */
  readonly volumes?: boolean;
  readonly samples: readonly Sample[];
  readonly stacks: ReadonlyMap<string, ImageStack>;
  /** What is done to every image after it is opened; nothing where absent. */
  readonly preparation?: readonly NamedStep[];
  /** 'image' when no patient is known, so that each image counts as a patient of its own. */
  readonly grouping: 'patient' | 'image';
  /** What a reader of the data should know: files passed over, splits found, and so on. */
  readonly notes: readonly string[];
}

/** Image `index` of a stack, as a planar image. */
export function stackImage(stack: ImageStack, index: number): MedicalImage {
  const { channels, depth = 1, height, width } = stack;
  const size = channels * depth * height * width;
  const interleaved = stack.pixels.slice(index * size, (index + 1) * size);
  return medicalImage(
    interleavedToPlanar(interleaved, channels, depth * height, width),
    { channels, depth, height, width },
    stack.bitDepth,
    stack.unit,
  );
}

/** Samples of each class; of labels those that have it, of numbers those of which it is known. */
export function classCounts(dataset: Dataset, indices: Iterable<number>): number[] {
  const counts = new Array<number>(dataset.classes.length).fill(0);
  for (const index of indices) {
    const { label, targets } = dataset.samples[index]!;
    if (!targets) counts[label]!++;
    else {
      for (const [k, value] of targets.entries()) {
        if (dataset.target === 'value' ? !Number.isNaN(value) : value === 1) counts[k]!++;
      }
    }
  }
  return counts;
}

/** How many different values the samples' `label` may have: classes, or strata by which splits are balanced. */
export function strataCount({ target, classes, samples }: Dataset): number {
  if (target === undefined || target === 'class' || target === 'grade') return classes.length;
  return samples.reduce((most, { label }) => Math.max(most, label + 1), 1);
}

/** Whether two samples were given the same answer; what is not known of either does not count. */
export function sameTarget(a: Sample, b: Sample): boolean {
  const others = b.targets;
  if (!a.targets || !others) return a.label === b.label;
  return a.targets.every((value, k) => Number.isNaN(value) || Number.isNaN(others[k]) || value === others[k]);
}

/** Throws ONE_CLASS when fewer than two classes have an image. */
export function requireTwoClasses(
  classes: readonly string[],
  samples: readonly Sample[],
  name: string,
): void {
  const present = new Set(samples.map((sample) => sample.label));
  if (present.size >= 2) return;
  const only = [...present].map((label) => `'${classes[label]}'`).join('') || 'none';
  throw new HounsfieldError(
    'ONE_CLASS',
    `${name} holds ${samples.length} images of one class only (${only}); a classifier needs two or more. ` +
      'Add images of another class: one folder, or one value of the label column, for each.',
  );
}

/** A problem in a manifest: its code and a sentence. */
export interface ManifestProblem {
  readonly code: string;
  readonly text: string;
}

/** Throws one error that lists every problem (the first 20 in words) under their code, or MANIFEST_INVALID if they differ. */
export function throwProblems(name: string, problems: readonly ManifestProblem[], advice: string): void {
  if (problems.length === 0) return;
  const codes = new Set(problems.map((problem) => problem.code));
  const shown = problems.slice(0, 20).map((problem) => `  ${problem.text}`);
  if (problems.length > shown.length) shown.push(`  and ${problems.length - shown.length} more`);
  throw new HounsfieldError(
    codes.size === 1 ? problems[0]!.code : 'MANIFEST_INVALID',
    `${name}: ${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}\n${shown.join('\n')}\n${advice}`,
  );
}

/** Sorts names as people do: image2 before image10. */
export function compareNaturally(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true }) || (a < b ? -1 : a > b ? 1 : 0);
}

const SPLIT_WORDS: Readonly<Record<string, SplitName>> = {
  train: 'train',
  training: 'train',
  val: 'validation',
  valid: 'validation',
  validation: 'validation',
  dev: 'validation',
  test: 'test',
  testing: 'test',
};

/** The split that a folder's name or a cell means, or undefined. */
export function splitOfWord(word: string): SplitName | undefined {
  const key = word.trim().toLowerCase();
  return Object.hasOwn(SPLIT_WORDS, key) ? SPLIT_WORDS[key] : undefined;
}
