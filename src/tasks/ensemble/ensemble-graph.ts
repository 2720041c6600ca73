import { ints } from '../../engine/graph/build.ts';
import { Graph, type Value } from '../../engine/graph/graph.ts';
import { mergeEqualNodes, pruneGraph } from '../../engine/graph/rewrite.ts';
import type { InputDescription } from '../bundle/model-card.ts';
import type { TargetKind } from '../dataset/dataset.ts';
import { type Combination, combined, logitsOf, meanOf, stacked } from './combine.ts';
import { type AddConstant, graft, sharedConstants } from './graft.ts';
import { viewOf } from './view-graph.ts';
import type { View } from './views.ts';

/** A model and how it looks at an image. */
export interface Member {
  readonly graph: Graph;
  readonly labels: readonly string[];
  readonly input: InputDescription;
  /** Besides the image itself. */
  readonly views: readonly View[];
}

/** Of the first view of member 0 'member1.': its values have their names after this. */
export const memberPrefix = (m: number): string => `member${m + 1}.`;

/**
 * Several models in one graph: 'image' [N, C, H, W], raw values of any N, H and W; to 'probabilities' or 'values' [N, K],
 * 'logits' from which the head makes that answer, and 'members' [N, M, K], each one's own answer. A member's answers to
 * its views are averaged. What members have in common (input, frozen layers) is there and computed once.
 *
 * @param labels in the order of the answer
 * @param channels of the image: where it is grey and a member takes colour, that one sees three equal channels
 */
export function ensembleGraph(
  members: readonly Member[],
  labels: readonly string[],
  channels: number,
  combination: Combination,
): Graph {
  const graph = new Graph();
  graph.name = 'ensemble';
  const image = graph.input('image', 'float32', ['N', channels, 'H', 'W']);
  const addConstant = sharedConstants(graph);
  const answers = members.map((member, m) => {
    const own = answerOf(member, image, memberPrefix(m), addConstant);
    const order = labels.map((label) => member.labels.indexOf(label));
    if (order.every((from, to) => from === to)) return own;
    return graph.op('Gather', [own, ints(graph, order)], { axis: 1 });
  });
  const each = graph.op('Identity', [stacked(answers)], {}, { outputNames: ['members'] });
  finish(graph, combined(each, combination), combination.target, each);
  return tidy(graph);
}

/**
 * A model whose answers to the image and to views of it are averaged, those of an ensemble's members too.
 *
 * @param target what it answers
 */
export function viewedGraph(member: Member, target: TargetKind): Graph {
  const graph = new Graph();
  graph.name = member.graph.name;
  const image = graph.input('image', 'float32', ['N', member.input.channels, 'H', 'W']);
  const seen = looks(member, image, memberPrefix(0), sharedConstants(graph));
  const answer = meanOf(seen.map(answerAmong));
  const members = seen.flatMap((outputs) => outputs.get('members') ?? []);
  const each =
    members.length > 0
      ? graph.op('Identity', [meanOf(members)], {}, { outputNames: ['members'] })
      : undefined;
  finish(graph, answer, target, each);
  return tidy(graph);
}

function answerOf(member: Member, image: Value, prefix: string, addConstant: AddConstant): Value {
  return meanOf(looks(member, image, prefix, addConstant).map(answerAmong));
}

const answerAmong = (outputs: ReadonlyMap<string, Value>): Value =>
  outputs.get('probabilities') ?? outputs.get('values')!; // every classifier has one of them

/** The outputs of a model for the image and each view of it. */
function looks(
  { graph: source, input, views }: Member,
  image: Value,
  prefix: string,
  addConstant: AddConstant,
): readonly ReadonlyMap<string, Value>[] {
  const { graph } = image;
  return [undefined, ...views].map((view, v) => {
    let seen = view ? viewOf(image, view, input) : image;
    if (image.shape![1] === 1 && input.channels === 3) {
      seen = graph.op('Concat', [seen, seen, seen], { axis: 1 }); // as grey files are opened for it
    }
    // Every view's nodes have names of their own, and the same weights.
    const names = { prefix: v === 0 ? prefix : `${prefix}view${v}.`, addConstant };
    return graft(graph, source, { image: seen }, names);
  });
}

function finish(graph: Graph, answer: Value, target: TargetKind, members: Value | undefined): void {
  const name = target === 'value' ? 'values' : 'probabilities';
  const logits = graph.op('Identity', [logitsOf(target, answer)], {}, { outputNames: ['logits'] });
  graph.output(graph.op('Identity', [answer], {}, { outputNames: [name] }), logits);
  if (members) graph.output(members);
}

const tidy = (graph: Graph): Graph => pruneGraph(mergeEqualNodes(graph));
