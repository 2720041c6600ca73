import { Graph } from '../../engine/graph/graph.ts';
import type { Tensor } from '../../engine/tensor/tensor.ts';
import { createContext } from '../../learning/layers/build-context.ts';
import { describeMatch } from '../../learning/weights/describe-match.ts';
import { type LoadedWeights, loadWeights } from '../../learning/weights/load-weights.node.ts';
import { type MatchReport, matchWeights } from '../../learning/weights/match-weights.ts';
import type { PreparedData } from './prepare.node.ts';
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
  input,
  head,
}: Pick<PreparedData, 'network' | 'input' | 'head'>): NetworkParts {
  const graph = new Graph();
  const context = createContext(graph, 'train', 0);
  const x = graph.input('x', 'float32', [2, input.channels, input.height, input.width]);
  network.network(context, x, { outputs: head.outputs });
  const parts = (values: typeof context.parameters) =>
    values.map(({ name, constant }) => ({ name, shape: constant!.dims })); // parameters and buffers hold data
  return { parameters: parts(context.parameters), buffers: parts(context.buffers) };
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
  head: string,
): StartingPoint {
  const wanted = [...parameters, ...buffers.filter(({ name }) => !name.endsWith('num_batches_tracked'))];
  const { tensors, report } = matchWeights(wanted, loaded, { ignoreHead: head });
  return { tensors, report, text: describeMatch(report) };
}
