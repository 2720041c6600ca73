import type { Classifier } from './classifier.ts';
import { linearDiscriminant } from './discriminant/linear-discriminant.ts';
import { quadraticDiscriminant } from './discriminant/quadratic-discriminant.ts';
import { logisticRegression } from './linear/logistic.ts';
import { gaussianNaiveBayes } from './naive-bayes/gaussian-naive-bayes.ts';
import { nearestNeighbours } from './neighbours/k-nearest.ts';

const all: readonly Classifier[] = [
  logisticRegression,
  linearDiscriminant,
  quadraticDiscriminant,
  gaussianNaiveBayes,
  nearestNeighbours,
];

/** Every classifier, by name. */
export const classifiers: ReadonlyMap<string, Classifier> = new Map(all.map((one) => [one.name, one]));
