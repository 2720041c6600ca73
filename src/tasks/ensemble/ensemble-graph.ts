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

/**
 * The outputs of a model for the image and each view of it. Views of one size go through it together, as one batch, so that
 * its layers are not there once for each; the image as it is goes by itself, where heat maps find it.
 */
function looks(
  { graph: source, input, views }: Member,
  image: Value,
  prefix: string,
  addConstant: AddConstant,
): readonly ReadonlyMap<string, Value>[] {
  const { graph } = image;
  const grey = image.shape![1] === 1 && input.channels === 3; // then as grey files are opened for it
  const groups = [[image], ...bySize(views).map((group) => group.map((view) => viewOf(image, view, input)))];
  return groups.flatMap((group, g) => {
    const batch = group.length === 1 ? group[0]! : graph.op('Concat', group, { axis: 0 }); // [V N, C, h, w]
    const seen = grey ? graph.op('Concat', [batch, batch, batch], { axis: 1 }) : batch;
    // Every group's nodes have names of their own, and the same weights.
    const names = { prefix: g === 0 ? prefix : `${prefix}views${g}.`, addConstant };
    const outputs = graft(graph, source, { image: seen }, names);
    if (group.length === 1) return [outputs];
    const parts = new Map(
      [...outputs].map(([name, value]) => [
        name,
        graph.add('Split', [value], { axis: 0, num_outputs: group.length }, { outputs: group.length }),
      ]),
    );
    return group.map((_, v) => new Map([...parts].map(([name, values]) => [name, values[v]!])));
  });
}

/** Views that give images of one size together. */
function bySize(views: readonly View[]): readonly (readonly View[])[] {
  const groups = new Map<string, View[]>();
  for (const view of views) {
    const turned = view.kind === 'rotate-90' || view.kind === 'rotate-270';
    const size = view.kind === 'window' ? `${view.height} x ${view.width}` : turned ? 'turned' : '1 x 1';
    groups.set(size, [...(groups.get(size) ?? []), view]);
  }
  return [...groups.values()];
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
