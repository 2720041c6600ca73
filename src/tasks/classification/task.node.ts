import type { Task } from '../task.ts';
import { evaluateModel } from './evaluate.node.ts';
import { explainImages } from './explain.node.ts';
import { predictImages } from './predict.node.ts';
import { trainClassifier } from './train.node.ts';

/** One label per image. */
export const classification: Task = {
  name: 'classification',
  describe: 'One label per image.',
  train: trainClassifier,
  evaluate: evaluateModel,
  predict: predictImages,
  explain: explainImages,
};
