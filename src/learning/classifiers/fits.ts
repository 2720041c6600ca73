import type { Classifier, FitOptions } from './classifier.ts';
import * as lda from './discriminant/linear-discriminant.ts';
import * as qda from './discriminant/quadratic-discriminant.ts';
import * as logistic from './linear/logistic.ts';
import type { Matrix } from './matrix.ts';
import * as bayes from './naive-bayes/gaussian-naive-bayes.ts';
import * as neighbours from './neighbours/k-nearest.ts';
import * as perceptron from './perceptron/multilayer-perceptron.ts';
import * as svm from './svm/support-vector-machine.ts';
import * as adaBoost from './trees/ada-boost.ts';
import * as tree from './trees/decision-tree.ts';
import * as boosting from './trees/gradient-boosting.ts';
import * as forest from './trees/random-forest.ts';

/**
 * Fits a classifier. Settings that are left out are the usual ones; the seed is 0 where no options are given.
 *
 * @param y class of each row, 0 .. classes - 1, every class present
 * @throws CLASSIFIER_SETTINGS, CLASSIFIER_DATA
 */
export type Fit<Settings extends object, Fitted> = (
  x: Matrix,
  y: Int32Array,
  classes: number,
  settings?: Settings,
  options?: FitOptions,
) => Fitted;

/** A fit whose settings may be left out, and are checked as the registry's entry checks them. */
const checked =
  <Settings extends object, Fitted>(
    entry: Classifier<Settings>,
    learn: (
      x: Matrix,
      y: Int32Array,
      classes: number,
      settings: Required<Settings>,
      options: FitOptions,
    ) => Fitted,
  ): Fit<Settings, Fitted> =>
  (x, y, classes, settings, options = { seed: 0 }) =>
    learn(x, y, classes, entry.check({ ...settings }), options);

export const fitLogisticRegression = checked(logistic.logisticRegression, logistic.fitLogisticRegression);
export const fitLinearDiscriminant = checked(lda.linearDiscriminant, lda.fitLinearDiscriminant);
export const fitQuadraticDiscriminant = checked(qda.quadraticDiscriminant, qda.fitQuadraticDiscriminant);
export const fitGaussianNaiveBayes = checked(bayes.gaussianNaiveBayes, bayes.fitGaussianNaiveBayes);
export const fitNearestNeighbours = checked(neighbours.nearestNeighbours, neighbours.fitNearestNeighbours);
export const fitSupportVectorMachine = checked(svm.supportVectorMachine, svm.fitSupportVectorMachine);
/** Needs `options.runtime`. */
export const fitPerceptron = checked(perceptron.multilayerPerceptron, perceptron.fitPerceptron);
export const fitDecisionTree = checked(tree.decisionTree, tree.fitDecisionTree);
export const fitRandomForest = checked(forest.randomForest, forest.fitRandomForest);
export const fitExtraTrees = checked(forest.extraTrees, forest.fitExtraTrees);
export const fitAdaBoost = checked(adaBoost.adaBoost, adaBoost.fitAdaBoost);
export const fitGradientBoosting = checked(boosting.gradientBoosting, boosting.fitGradientBoosting);
