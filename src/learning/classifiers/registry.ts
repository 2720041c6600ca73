import type { Classifier } from './classifier.ts';
import { linearDiscriminant } from './discriminant/linear-discriminant.ts';
import { quadraticDiscriminant } from './discriminant/quadratic-discriminant.ts';
import { logisticRegression } from './linear/logistic.ts';
import { gaussianNaiveBayes } from './naive-bayes/gaussian-naive-bayes.ts';
import { nearestNeighbours } from './neighbours/k-nearest.ts';
import { multilayerPerceptron } from './perceptron/multilayer-perceptron.ts';
import { supportVectorMachine } from './svm/support-vector-machine.ts';
import { adaBoost } from './trees/ada-boost.ts';
import { decisionTree } from './trees/decision-tree.ts';
import { gradientBoosting } from './trees/gradient-boosting.ts';
import { extraTrees, randomForest } from './trees/random-forest.ts';

const all: readonly Classifier[] = [
  logisticRegression,
  linearDiscriminant,
  quadraticDiscriminant,
  gaussianNaiveBayes,
  nearestNeighbours,
  supportVectorMachine,
  multilayerPerceptron,
  decisionTree,
  randomForest,
  extraTrees,
  adaBoost,
  gradientBoosting,
];

/** Every classifier, by name. */
export const classifiers: ReadonlyMap<string, Classifier> = new Map(all.map((one) => [one.name, one]));
