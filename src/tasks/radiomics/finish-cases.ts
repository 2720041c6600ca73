import { classCounts, requireTwoClasses } from '../dataset/dataset.ts';
import type { RegionCase, RegionCases, Repeat } from './cases.ts';
import type { CaseOptions } from './read-cases.node.ts';

/** What was found, before it is checked as a whole. */
export interface FoundCases {
  readonly name: string;
  readonly location: string;
  readonly cases: readonly RegionCase[];
  readonly repeats: readonly Repeat[];
  /** Whether patients are known. */
  readonly grouped: boolean;
  readonly notes: readonly string[];
  readonly options: CaseOptions;
}

/** Cases as a data set. @throws ONE_CLASS */
export function finishCases(found: FoundCases, classes: readonly string[] = []): RegionCases {
  const { name, location, cases, repeats, grouped, options } = found;
  const notes = [...found.notes];
  if (!grouped) {
    notes.push(
      'No patient is known: each image counts as a patient of its own. Name them in a column or by a pattern.',
    );
  }
  if (options.region !== 'image' && cases.every(({ mask }) => mask === undefined)) {
    notes.push('There are no masks: the whole image is measured.');
  }
  if (repeats.length > 0) notes.push(`${repeats.length} repeats are kept for stability alone.`);
  const samples = cases.map(({ sample }) => sample);
  const dataset = {
    name,
    classes: options.classes ?? classes,
    samples,
    stacks: new Map(),
    grouping: grouped ? ('patient' as const) : ('image' as const),
    notes,
  };
  if (options.labels === 'needed') {
    requireTwoClasses(dataset.classes, samples, location);
    const counts = classCounts(dataset, samples.keys());
    for (const [k, count] of counts.entries()) {
      if (count === 0) notes.push(`No case is of class '${dataset.classes[k]}'.`);
    }
  }
  return { dataset, cases, repeats };
}
