import { Graph } from '../../../engine/graph/graph.ts';
import type { FittedClassifier } from '../classifier.ts';

/** What the file says of its columns and classes. */
export interface PipelineNames {
  /** Of the original columns, in the order of the input. */
  readonly columns: readonly string[];
  readonly classes?: readonly string[];
}

/**
 * The model as one graph: 'features' float32 [N, columns] in, NaN where a value is missing; 'probabilities' float32
 * [N, classes] and 'label' int64 [N] out. Names are kept in the metadata 'columns' and 'classes', as JSON.
 *
 * @param fitted a pipeline, or a classifier alone
 */
export function pipelineGraph(fitted: FittedClassifier, names: PipelineNames): Graph {
  const graph = new Graph();
  graph.name = 'pipeline';
  graph.metadata.set('columns', JSON.stringify(names.columns));
  if (names.classes) graph.metadata.set('classes', JSON.stringify(names.classes));
  const x = graph.input('features', 'float32', ['N', fitted.columns]);
  const made = fitted.addTo(graph, x);
  const probabilities = graph.op('Identity', [made], {}, { outputNames: ['probabilities'] });
  const label = graph.op('ArgMax', [made], { axis: 1, keepdims: 0 }, { outputNames: ['label'] });
  graph.output(probabilities, label);
  return graph;
}
