import { type Matrix, rowOf } from '../../learning/classifiers/matrix.ts';
import type { FeatureModelCard } from '../bundle/model-card.ts';
import type { FeatureTable } from './feature-table.ts';

/** Shares of its range that a feature may lie beyond it before it is told of. */
const SLACK = 0.25;
const SHOWN = 5;

/** Cases whose features lie far outside of what the model was trained on, or have no value: answers there are guesses. */
export function outsideNotes({ features }: FeatureModelCard, x: Matrix, table: FeatureTable): string[] {
  const used = features.used.map((name) => features.names.indexOf(name));
  const notes: string[] = [];
  for (const [i, row] of table.rows.entries()) {
    const values = rowOf(x, i);
    const far = used.filter((j) => {
      const [low, high] = features.range[j] ?? [Number.NaN, Number.NaN];
      const slack = SLACK * (high - low);
      return values[j]! < low - slack || values[j]! > high + slack;
    });
    const missing = used.filter((j) => Number.isNaN(values[j]!));
    const names = (places: readonly number[]) =>
      `${places
        .slice(0, SHOWN)
        .map((j) => features.names[j])
        .join(', ')}${places.length > SHOWN ? ', …' : ''}`;
    if (far.length > 0) {
      notes.push(
        `${row.case}: ${far.length} of ${used.length} features lie far outside of the training cases (${names(far)}).`,
      );
    }
    if (missing.length > 0) {
      notes.push(
        `${row.case}: ${missing.length} of ${used.length} features have no value and are filled in (${names(missing)}).`,
      );
    }
  }
  return notes.length > 20 ? [...notes.slice(0, 20), `and ${notes.length - 20} more such notes`] : notes;
}
