import { reshape } from '../../engine/graph/build.ts';
import type { Graph } from '../../engine/graph/graph.ts';
import { copyGraph, pruneGraph } from '../../engine/graph/rewrite.ts';
import { HounsfieldError } from '../../errors.ts';
import type { LoadedModel } from '../bundle/load-model.node.ts';
import { type Disagreement, disagreement } from './disagreement.ts';
import { withViews } from './viewed-model.ts';

/** What the members of an ensemble said of one image. */
export interface MemberAnswers {
  /** Of each member, by label or number. */
  readonly members: readonly Readonly<Record<string, number>>[];
  readonly disagreement: Disagreement;
}

/** A model as a request wants it asked. */
export interface AskedGraph {
  /** One answer of one row, 'probabilities' or 'values'. */
  readonly graph: Graph;
  /** Reads a row: the answer [K], and where they were asked for, the members. */
  readonly read: (row: Float32Array) => { readonly answer: Float32Array } & Partial<MemberAnswers>;
}

/**
 * The model's graph, with views of each image and with what its members say, where these are asked for.
 *
 * @throws TTA_VIEW, TTA_NOT_TRAINED, ENSEMBLE_NESTED; MEMBERS_MISSING for a single network
 */
export function askedGraph(
  model: LoadedModel,
  { tta, members }: { readonly tta?: string | undefined; readonly members?: boolean | undefined },
): AskedGraph {
  const graph = withViews(model, tta);
  if (!members) return { graph, read: (answer) => ({ answer }) };
  const { labels, target = 'class', ensemble } = model.card;
  if (!ensemble || !graph.outputs.some(({ name }) => name === 'members')) {
    throw new HounsfieldError(
      'MEMBERS_MISSING',
      'what members say is asked for, and the model is one network. Make a file of several by hounsfield ensemble, or ' +
        'leave --members out.',
    );
  }
  const weights = ensemble.members.map(({ weight }) => weight);
  return {
    graph: inOneRow(graph, (ensemble.members.length + 1) * labels.length, labels.length),
    read(row) {
      const [answer, ...rows] = Array.from({ length: weights.length + 1 }, (_, m) =>
        row.subarray(m * labels.length, (m + 1) * labels.length),
      );
      return {
        answer: answer!,
        members: rows.map((one) => Object.fromEntries(labels.map((label, k) => [label, one[k]!]))),
        disagreement: disagreement(target, rows, weights, labels),
      };
    },
  };
}

/** The answer and the members' after it as one answer [N, (1 + M) K], under the name that is free. */
function inOneRow(graph: Graph, width: number, labels: number): Graph {
  const copy = copyGraph(graph);
  const [answer] = copy.outputs;
  const members = reshape(copy.find('members')!, [-1, width - labels]); // it is an output
  const name = answer!.name === 'values' ? 'probabilities' : 'values';
  const row = copy.op('Concat', [answer!, members], { axis: 1 }, { outputNames: [name] });
  copy.outputs.length = 0;
  copy.output(row);
  return pruneGraph(copy);
}
