import type { Task } from '../task.ts';
import { evaluateRegions } from './evaluate.node.ts';
import { explainRegions } from './explain.node.ts';
import { predictRegions } from './predict.node.ts';
import { trainRadiomics } from './train.node.ts';

/** Features that a person can name, and a classifier that a person can question. */
export const radiomics: Task = {
  name: 'radiomics',
  describe:
    'One label per region, from features of the region and a classifier chosen by nested cross-validation.',
  train: trainRadiomics,
  evaluate: evaluateRegions,
  predict: predictRegions,
  explain: explainRegions,
};
