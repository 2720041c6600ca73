import { ints } from '../../engine/graph/build.ts';
import { Graph, type Value } from '../../engine/graph/graph.ts';
import type { Tensor } from '../../engine/tensor/tensor.ts';
import { createContext, type Network } from '../../learning/layers/build-context.ts';
import type { InputDescription } from '../bundle/model-card.ts';
import { ONLY_IMAGE } from '../dataset/image-inputs.ts';
import type { Head } from './head.ts';
import { encodedTable, normalise, resized, type SampleParts, sampleLogits } from './sample-values.ts';

/** The parts of a model's graph that others hold on to. */
export interface SampleGraph {
  readonly graph: Graph;
  readonly images: readonly Value[];
  readonly logits: Value;
  /** 'probabilities' or 'values', [N, K]. */
  readonly answer: Value;
}

/**
 * The model as it is used: images [N, C, H, W], or volumes [N, C, D, H, W], under their names ('image' where there is one), raw values as decoded, any
 * N, H and W, and 'table' [N, columns] where there are clinical values, to the head's answer ('probabilities' or
 * 'values', [N, K]), 'logits' [N, outputs], and of studies pooled by attention 'attention', each slice's weight [N, S].
 *
 * @param weights parameters and running statistics by name
 */
export function sampleGraph(
  parts: SampleParts,
  head: Pick<Head, 'outputs' | 'answer'>,
  weights: ReadonlyMap<string, Tensor>,
): SampleGraph {
  const graph = new Graph();
  graph.name = 'classifier';
  const context = createContext(graph, 'infer', 0, { tensors: weights, missing: 'error' });
  const images = parts.inputs.map(({ name = ONLY_IMAGE, channels, depth }, k) => {
    const own = k === 0 ? '' : `_${name}`; // images of one sample may differ in size
    return graph.input(name, 'float32', [
      'N',
      channels,
      ...(depth === undefined ? [] : [`D${own}`]),
      `H${own}`,
      `W${own}`,
    ]);
  });
  const prepared = images.map((image, k) => normalise(resized(image, parts.inputs[k]!), parts.inputs[k]!));
  const { clinical } = parts;
  const table = clinical && encodedTable(graph.input('table', 'float32', ['N', clinical.length]), clinical);
  const raw = sampleLogits(context, parts, { images: prepared, ...(table ? { table } : {}) }, head.outputs);
  const logits = graph.op('Identity', [raw], {}, { outputNames: ['logits'] });
  const answer = head.answer(logits);
  const slices = parts.inputs.length === 1 ? context.attention.get('pool') : undefined; // [N, 1, 1, S]
  graph.output(answer, logits, ...(slices ? [sliceWeights(slices)] : []));
  return { graph, images, logits, answer };
}

/** Weights of a study's slices as 'attention', [N, S]. */
const sliceWeights = (pooled: Value): Value =>
  pooled.graph.op('Squeeze', [pooled, ints(pooled.graph, [1, 2])], {}, { outputNames: ['attention'] });

/** The parts of a graph of one image. */
export interface ClassifierGraph extends Omit<SampleGraph, 'images'> {
  readonly image: Value;
}

/** As sampleGraph, of one image. */
export function classifierGraph(
  network: Network,
  input: InputDescription,
  head: Pick<Head, 'outputs' | 'answer'>,
  weights: ReadonlyMap<string, Tensor>,
): ClassifierGraph {
  const { images, ...rest } = sampleGraph({ network: { network }, inputs: [input] }, head, weights);
  return { ...rest, image: images[0]! };
}
