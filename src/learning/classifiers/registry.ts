import type { Classifier } from './classifier.ts';

const all: readonly Classifier[] = [];

/** Every classifier, by name. */
export const classifiers: ReadonlyMap<string, Classifier> = new Map(all.map((one) => [one.name, one]));
