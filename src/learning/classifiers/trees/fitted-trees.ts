import type { FittedClassifier } from '../classifier.ts';
import { sumTrees, type TreeEnsemble } from './ensemble.ts';
import { addProbabilities, type Link, probabilitiesOf } from './probabilities.ts';
import { tableFor } from './training-table.ts';
import { addTrees } from './tree-nodes.ts';

/** A classifier made of trees: what explains it needs its trees. */
export interface FittedTrees extends FittedClassifier {
  readonly ensemble: TreeEnsemble;
  readonly link: Link;
}

/** An ensemble and its link as a fitted classifier. */
export function fittedTrees(
  ensemble: TreeEnsemble,
  link: Link,
  classes: number,
  importance: Float64Array,
  notes: readonly string[],
): FittedTrees {
  return {
    classes,
    columns: ensemble.columns,
    ensemble,
    link,
    // Trees of a single leaf say nothing of columns.
    ...(importance.some((share) => share > 0) ? { importance } : {}),
    notes,
    predict: (x) => probabilitiesOf(link, sumTrees(ensemble, tableFor(x, ensemble.columns)), classes),
    addTo: (graph, x) => addProbabilities(graph, addTrees(graph, x, ensemble), link),
  };
}
