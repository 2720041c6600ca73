import { ints } from '../../engine/graph/build.ts';
import { Graph, type Value } from '../../engine/graph/graph.ts';
import { mergeEqualNodes, pruneGraph } from '../../engine/graph/rewrite.ts';
import type { InputDescription } from '../bundle/model-card.ts';
import type { TargetKind } from '../dataset/dataset.ts';
import { type Combination, type Combined, combined, exactOf, logitsOf, meanOf, stacked } from './combine.ts';
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
  const { target } = combination;
  const answers = members.map((member, m) => {
    const own = meanLook(looks(member, image, memberPrefix(m), addConstant), target);
    const order = labels.map((label) => member.labels.indexOf(label));
    if (order.every((from, to) => from === to)) return own;
    const sorted = (value: Value) => graph.op('Gather', [value, ints(graph, order)], { axis: 1 });
    return { answer: sorted(own.answer), exact: own.exact.map(sorted) };
  });
  const each = graph.op(
    'Identity',
    [stacked(answers.map(({ answer }) => answer))],
    {},
    { outputNames: ['members'] },
  );
  const exact = answers[0]!.exact.map((_, i) => stacked(answers.map((one) => one.exact[i]!))); // all have as many
  finish(graph, combined({ members: each, exact }, combination), target, each);
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
  const { answer, exact } = meanLook(seen, target);
  const members = seen.flatMap((outputs) => outputs.get('members') ?? []);
  const each =
    members.length > 0
      ? graph.op('Identity', [meanOf(members)], {}, { outputNames: ['members'] })
      : undefined;
  finish(graph, { answer, logits: logitsOf(target, answer, exact) }, target, each);
  return tidy(graph);
}

/** The mean of a model's answers [N, K] over views, see Answers. */
function meanLook(
  seen: readonly ReadonlyMap<string, Value>[],
  target: TargetKind,
): { readonly answer: Value; readonly exact: readonly Value[] } {
  // Every classifier has one of the two, and its logits.
  const answer = meanOf(seen.map((outputs) => outputs.get('probabilities') ?? outputs.get('values')!));
  const exacts = seen.map((outputs) => exactOf(target, outputs.get('logits')!));
  return { answer, exact: exacts[0]!.map((_, i) => meanOf(exacts.map((exact) => exact[i]!))) };
}

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

function finish(
  graph: Graph,
  { answer, logits }: Combined,
  target: TargetKind,
  members: Value | undefined,
): void {
  const named = (value: Value, name: string) => graph.op('Identity', [value], {}, { outputNames: [name] });
  graph.output(named(answer, target === 'value' ? 'values' : 'probabilities'), named(logits, 'logits'));
  if (members) graph.output(members);
}

const tidy = (graph: Graph): Graph => pruneGraph(mergeEqualNodes(graph));
