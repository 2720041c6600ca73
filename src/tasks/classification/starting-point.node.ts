import { Graph } from '../../engine/graph/graph.ts';
import type { Tensor } from '../../engine/tensor/tensor.ts';
import { createContext } from '../../learning/layers/build-context.ts';
import { describeMatch } from '../../learning/weights/describe-match.ts';
import { type LoadedWeights, loadWeights } from '../../learning/weights/load-weights.node.ts';
import { type MatchReport, matchWeights } from '../../learning/weights/match-weights.ts';
import type { PreparedData } from './prepare.node.ts';
import { sampleLogits, trainingInputs } from './sample-values.ts';
import type { ClassificationSettings } from './settings.ts';

/** Names and shapes of what a network has. */
export interface NetworkParts {
  readonly parameters: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** Running statistics. */
  readonly buffers: readonly { readonly name: string; readonly shape: readonly number[] }[];
}

/** Builds the network once for its names and shapes. */
export function networkParts({
  network,
  inputs,
  clinical,
  head,
}: Pick<PreparedData, 'network' | 'inputs' | 'clinical' | 'head'>): NetworkParts {
  const graph = new Graph();
  const context = createContext(graph, 'train', 0);
  const parts = { network, inputs, clinical };
  sampleLogits(context, parts, trainingInputs(graph, parts, 2), head.outputs);
  const named = (values: typeof context.parameters) =>
    values.map(({ name, constant }) => ({ name, shape: constant!.dims })); // parameters and buffers hold data
  return { parameters: named(context.parameters), buffers: named(context.buffers) };
}

/** Weights to begin with, and what became of each name. */
export interface StartingPoint {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly report: MatchReport;
  readonly text: string;
}

/** Opens the weights that the settings name; undefined where they name none. @throws what loadWeights throws */
export async function openWeights(settings: ClassificationSettings): Promise<LoadedWeights | undefined> {
  if (settings.weights === undefined) return undefined;
  const sha256 = settings.weightsSha256;
  return loadWeights(settings.weights, sha256 ? { sha256 } : {});
}

/**
 * The weights of a file under the network's names. The head is drawn anew: its labels are others.
 *
 * @throws WEIGHTS_NOTHING_MATCHED, WEIGHTS_MISFIT
 */
export function startingPoint(
  loaded: LoadedWeights,
  { parameters, buffers }: NetworkParts,
  { head, within }: Pick<PreparedData['network'], 'head' | 'within'>,
): StartingPoint {
  const wanted = [...parameters, ...buffers.filter(({ name }) => !name.endsWith('num_batches_tracked'))];
  if (!within) {
    const { tensors, report } = matchWeights(wanted, loaded, { ignoreHead: head });
    return { tensors, report, text: describeMatch(report) };
  }
  const found = within.prefixes.map((under) =>
    matchWeights(wanted, loaded, { under, ignoreHead: within.head }),
  );
  return {
    tensors: new Map(found.flatMap(({ tensors }) => [...tensors])),
    report: found[0]!.report,
    text: describeMatch(found[0]!.report),
  };
}
