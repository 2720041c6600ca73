import type { FeatureModelCard } from '../bundle/model-card.ts';
import { readAnswer } from '../classification/answers.ts';
import type { Prediction } from '../task.ts';

/** A row of probabilities in words, with the class that is most probable. */
export const answerOf = (
  card: FeatureModelCard,
  row: Float64Array,
): Omit<Prediction, 'image'> & { readonly index: number } => readAnswer(card, Float32Array.from(row));
