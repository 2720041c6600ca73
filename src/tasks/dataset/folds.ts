import { HounsfieldError } from '../../errors.ts';
import { classCounts, compareNaturally, type Dataset } from './dataset.ts';
import { differs } from './parts.ts';
import { drawFolds, drawValidation } from './split.ts';

export const foldSchemes = ['k-fold', 'site-k-fold', 'leave-site-out'] as const;
/** Patients drawn, sites drawn, or each site in turn. */
export type FoldScheme = (typeof foldSchemes)[number];

/** How folds are drawn. */
export interface FoldOptions {
  readonly scheme: FoldScheme;
  /** Folds of each repeat; of leave-site-out there are as many as sites. */
  readonly k: number;
  readonly repeats: number;
  /** Inner folds of each fold, to choose settings by; 0: none. */
  readonly inner: number;
  readonly seed: number;
  /** Whether each fold has classes (labels, grades, quantiles) in the same shares; usual. */
  readonly stratify: boolean;
  /** Share of a fold's training part that is kept for early stopping and thresholds. */
  readonly validation: number;
}

/** Samples by index, ascending. */
export interface InnerFold {
  readonly name: string;
  readonly train: readonly number[];
  /** What the candidates are judged on. */
  readonly validation: readonly number[];
}

/** One training run: what it learns from, what it is stopped by, and what it is tested on. Samples by index, ascending. */
export interface Fold extends InnerFold {
  /** From 1. */
  readonly repeat: number;
  /** The site that is left out. */
  readonly site?: string;
  readonly test: readonly number[];
  /** Folds of train and validation together. */
  readonly inner: readonly InnerFold[];
}

/** Folds, and what a reader of the figures should know of them. */
export interface Folds extends Omit<FoldOptions, 'validation'> {
  readonly folds: readonly Fold[];
  readonly warnings: readonly string[];
}

/** Most trainings of a cross-validation. */
export const MOST_FOLDS = 1000;

/**
 * Folds by patient: every sample is tested exactly once in each repeat. The validation part is drawn from a fold's
 * training part, by patient too. Copies that were made one patient (joinDuplicates) stay on one side.
 *
 * @throws FOLDS_INVALID, FOLD_SITES, FOLD_ONE_CLASS, TOO_FEW_PATIENTS, SPLIT_LEAK
 */
export function makeFolds(dataset: Dataset, options: FoldOptions): Folds {
  requireOptions(options);
  const { scheme, seed, stratify, inner } = options;
  const k = scheme === 'leave-site-out' ? sitesOf(dataset).length : options.k;
  const repeats = scheme === 'leave-site-out' ? 1 : options.repeats;
  if (k * repeats * Math.max(1, inner) > MOST_FOLDS) {
    throw invalid([
      `${k} folds, ${repeats} repeats and ${inner} inner folds make more than ${MOST_FOLDS} runs`,
    ]);
  }
  const tests = Array.from({ length: repeats }, (_, r) => testParts(dataset, { ...options, k }, r)).flat();
  const folds = tests.map((test, i): Fold => {
    const name = foldName(i + 1, tests.length);
    const tested = new Set(test.indices);
    const rest = dataset.samples.flatMap((_, index) => (tested.has(index) ? [] : [index]));
    const { train, validation } = drawValidation(
      dataset,
      rest,
      options.validation,
      seed,
      `fold validation ${i}`,
    );
    return {
      name,
      repeat: test.repeat,
      ...(test.site === undefined ? {} : { site: test.site }),
      train,
      validation,
      test: test.indices,
      inner: inner > 0 ? innerFolds(dataset, rest, options, i) : [],
    };
  });
  const made = { scheme, k, repeats, inner, seed, stratify, folds };
  return { ...made, warnings: checkFolds(dataset, made) };
}

/** fold-01, fold-02, …; as many digits as the last one has. */
export const foldName = (number: number, of: number): string =>
  `fold-${String(number).padStart(Math.max(2, String(of).length), '0')}`;

function requireOptions({ scheme, k, repeats, inner, seed, validation }: FoldOptions): void {
  const whole = (value: number, least: number, most: number) =>
    Number.isInteger(value) && value >= least && value <= most;
  const faults = [
    !whole(k, 2, MOST_FOLDS) && scheme !== 'leave-site-out' && `${k} folds, expected 2 to ${MOST_FOLDS}`,
    !whole(repeats, 1, MOST_FOLDS) && `${repeats} repeats, expected 1 to ${MOST_FOLDS}`,
    inner !== 0 && !whole(inner, 2, MOST_FOLDS) && `${inner} inner folds, expected 2 to ${MOST_FOLDS}`,
    !whole(seed, 0, 4_294_967_295) && `seed ${seed}, expected a whole number from 0 to 4294967295`,
    !(validation > 0 && validation < 1) &&
      `a validation share of ${validation}, expected one between 0 and 1 (--split gives validation a share)`,
  ].filter((fault) => fault !== false);
  if (faults.length > 0) throw invalid(faults);
}

function invalid(faults: readonly string[]): HounsfieldError {
  return new HounsfieldError('FOLDS_INVALID', `${faults.join('; ')}. Correct these options.`);
}

interface TestPart {
  readonly repeat: number;
  readonly indices: readonly number[];
  readonly site?: string;
}

function testParts(dataset: Dataset, options: FoldOptions, repeat: number): TestPart[] {
  const all = dataset.samples.map((_, index) => index);
  const { scheme, k, seed, stratify } = options;
  const purpose = repeat === 0 ? 'folds' : `folds ${repeat}`;
  if (scheme === 'k-fold') {
    const parts = drawFolds(dataset, all, { k, seed, stratify, purpose });
    return parts.map((indices) => ({ repeat: repeat + 1, indices }));
  }
  const sites = sitesOf(dataset);
  if (scheme === 'leave-site-out') {
    requireSitesApart(dataset);
    return sites.map((site) => ({
      repeat: 1,
      site,
      indices: all.filter((index) => dataset.samples[index]!.site === site),
    }));
  }
  const joined = joinSites(dataset);
  const groups = new Set(joined.samples.map(({ patient }) => patient)).size;
  if (groups < k) {
    throw new HounsfieldError(
      'FOLD_SITES',
      `${dataset.name} has ${groups} sites with no patient in two of them, for ${k} folds of whole sites. Ask for fewer ` +
        'folds, or leave --by-site out.',
    );
  }
  const parts = drawFolds(joined, all, { k, seed, stratify, purpose });
  return parts.map((indices) => ({ repeat: repeat + 1, indices }));
}

function innerFolds(
  dataset: Dataset,
  rest: readonly number[],
  { scheme, inner, seed, stratify }: FoldOptions,
  fold: number,
): InnerFold[] {
  // What is to hold at other sites is chosen by how it holds at other sites, where there are enough of them.
  const sites = new Set(rest.map((index) => dataset.samples[index]!.site));
  const grouped = scheme !== 'k-fold' && sites.size >= inner ? joinSites(dataset) : dataset;
  const parts = drawFolds(grouped, rest, { k: inner, seed, stratify, purpose: `inner folds ${fold}` });
  return parts.map((validation, i) => {
    const held = new Set(validation);
    return { name: `inner-${i + 1}`, train: rest.filter((index) => !held.has(index)), validation };
  });
}

/** The sites in natural order. @throws FOLD_SITES */
function sitesOf({ samples, name }: Dataset): string[] {
  const without = samples.filter(({ site }) => site === undefined).length;
  const sites = [...new Set(samples.flatMap(({ site }) => (site === undefined ? [] : [site])))];
  if (without === 0 && sites.length >= 2) return sites.sort(compareNaturally);
  throw new HounsfieldError(
    'FOLD_SITES',
    `${without} of ${samples.length} images of ${name} have no site, and ${sites.length} sites are named. Folds by site ` +
      "need a site for every image and two sites at least: give the manifest a column 'site', or leave the option out.",
  );
}

/** @throws SPLIT_LEAK when a patient, or pictures that are copies, lie at two sites */
function requireSitesApart({ samples, name, grouping }: Dataset): void {
  const first = new Map<string, number>();
  const leaks: string[] = [];
  for (const [index, { patient, site, id }] of samples.entries()) {
    const other = first.get(patient);
    if (other === undefined) first.set(patient, index);
    else if (samples[other]!.site !== site)
      leaks.push(`  ${samples[other]!.id} (${samples[other]!.site}) and ${id} (${site})`);
  }
  if (leaks.length === 0) return;
  const what = grouping === 'patient' ? 'the same patient' : 'the same picture';
  throw new HounsfieldError(
    'SPLIT_LEAK',
    `${name} has ${what} at two sites in ${leaks.length} images:\n${leaks.slice(0, 10).join('\n')}\nLeave these images out, ` +
      'give both sites one name, or draw folds by site (--by-site), which keeps such sites together.',
  );
}

/** Each site as one patient; sites that share a patient are one. */
function joinSites(dataset: Dataset): Dataset {
  sitesOf(dataset);
  const leader = new Map<string, string>();
  const find = (site: string): string => {
    let root = site;
    while (leader.has(root)) root = leader.get(root)!;
    return root;
  };
  const siteOf = new Map<string, string>();
  for (const { patient, site } of dataset.samples) {
    const own = find(site!); // sitesOf made sure of it
    const other = siteOf.get(patient);
    if (other !== undefined && find(other) !== own) leader.set(own, find(other));
    siteOf.set(patient, own);
  }
  const samples = dataset.samples.map((sample) => ({ ...sample, patient: find(sample.site!) }));
  return { ...dataset, samples };
}

/**
 * What is wrong with folds before anything is trained.
 *
 * @returns warnings: sites and folds in whose test part some figures are not defined
 * @throws FOLD_ONE_CLASS naming every such fold
 */
export function checkFolds(
  dataset: Dataset,
  { scheme, folds }: Pick<Folds, 'scheme' | 'folds'>,
): readonly string[] {
  const faults: string[] = [];
  const warnings: string[] = [];
  for (const { name, site, train, validation, test, inner } of folds) {
    const told = site === undefined ? name : `${name} (site ${site})`;
    const check = (part: string, indices: readonly number[]) => {
      if (!differs(dataset, indices)) faults.push(`  ${told}: ${indices.length} images for ${part}`);
    };
    check('training', train);
    check('validation', validation);
    for (const one of inner) {
      check(`training of ${one.name}`, one.train);
      check(`validation of ${one.name}`, one.validation);
    }
    if (scheme !== 'leave-site-out') check('test', test);
    else if (!differs(dataset, test)) {
      warnings.push(
        `All images of site ${site} have the same answer: AUC and figures like it are not defined there.`,
      );
    }
  }
  if (faults.length > 0) throw oneClass(dataset, faults);
  return [...warnings, ...absentClasses(dataset, folds)];
}

function oneClass({ name }: Dataset, faults: readonly string[]): HounsfieldError {
  const more = faults.length > 20 ? `\n  and ${faults.length - 20} more` : '';
  return new HounsfieldError(
    'FOLD_ONE_CLASS',
    `${name}: in ${faults.length} parts of folds all images have the same answer:\n${faults.slice(0, 20).join('\n')}${more}\n` +
      'Ask for fewer folds, leave out --no-stratify, give sites with one kind of patient a common name, or add patients.',
  );
}

/** Classes that are missing from the test part of some folds. */
function absentClasses(dataset: Dataset, folds: readonly Fold[]): string[] {
  if (dataset.target === 'value') return [];
  const counts = folds.map(({ test }) => classCounts(dataset, test));
  return dataset.classes.flatMap((name, k) => {
    const without = folds.filter((_, i) => counts[i]![k] === 0);
    if (without.length === 0 || without.length === folds.length) return [];
    const list = without.slice(0, 5).map((fold) => fold.name);
    if (without.length > 5) list.push('…');
    return [
      `'${name}' is missing from the test part of ${list.join(', ')}: figures over all classes are not defined there.`,
    ];
  });
}
