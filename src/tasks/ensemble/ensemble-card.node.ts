import { createHash } from 'node:crypto';
import { version } from '../../version.node.ts';
import type { EnsembleCard, InputDescription, MemberCard, ModelCard } from '../bundle/model-card.ts';
import type { LoadedMember } from './check-members.ts';
import { type View, viewName } from './views.ts';

/** What an ensemble is made with. */
export interface EnsemblePlan {
  readonly how: EnsembleCard['how'];
  /** One a member, adding up to 1. */
  readonly weights: readonly number[];
  /** Of each member, besides the image itself. */
  readonly views: readonly (readonly View[])[];
}

/** Grey where any member takes grey: those that take colour see three equal channels. */
export function inputOfEnsemble(members: readonly LoadedMember[]): InputDescription {
  const inputs = members.map(({ card }) => card.input);
  const channels = Math.min(...inputs.map((input) => input.channels));
  const base = inputs.find((input) => input.channels === channels)!; // the least is among them
  const largest = (side: 'height' | 'width') => Math.max(...inputs.map((input) => input[side]));
  return { ...base, height: largest('height'), width: largest('width') };
}

/**
 * The card of several models in one: what they have in common, and each one's origin. Figures and thresholds of members
 * are not those of the ensemble, so it has none until it is judged and validated.
 */
export function ensembleCard(
  members: readonly LoadedMember[],
  { how, weights, views }: EnsemblePlan,
): ModelCard {
  const { card } = members[0]!;
  const cards = members.map((member) => member.card);
  const augmentation = common(cards, (one) => one.augmentation);
  const units = card.units ? { units: card.units } : {};
  return {
    task: card.task,
    target: card.target ?? 'class',
    labels: card.labels,
    ...units,
    input: inputOfEnsemble(members),
    network: how === 'soup' || members.length === 1 ? card.network : `ensemble of ${counted(cards)}`,
    intendedUse: [...new Set(cards.map(({ intendedUse }) => intendedUse))].join(' '),
    data: {
      name: [...new Set(cards.map(({ data }) => data.name))].join(', '),
      fingerprint: common(cards, ({ data }) => data.fingerprint) ?? hashOf(cards),
      splitHashes: common(cards, ({ data }) => data.splitHashes) ?? {},
      counts: common(cards, ({ data }) => data.counts) ?? {},
    },
    metrics: {},
    ...(augmentation ? { augmentation } : {}),
    ensemble: {
      how,
      members: members.map((member, m) => memberCard(member, weights[m]!, views[m]!)),
    },
    seed: card.seed,
    versions: { ...card.versions, hounsfield: version, node: process.versions.node },
    createdAt: new Date().toISOString(),
  };
}

function memberCard({ card, sha256 }: LoadedMember, weight: number, views: readonly View[]): MemberCard {
  const { network, seed, labels, input, data, versions } = card;
  return { sha256, network, seed, weight, labels, input, data, views: views.map(viewName), versions };
}

/** What all cards say alike. */
function common<T>(cards: readonly ModelCard[], read: (card: ModelCard) => T): T | undefined {
  const [first, ...rest] = cards.map(read);
  const text = JSON.stringify(first);
  return rest.every((other) => JSON.stringify(other) === text) ? first : undefined;
}

/** '3 × resnet18, densenet121' */
function counted(cards: readonly ModelCard[]): string {
  const counts = new Map<string, number>();
  for (const { network } of cards) counts.set(network, (counts.get(network) ?? 0) + 1);
  return [...counts].map(([name, count]) => (count === 1 ? name : `${count} × ${name}`)).join(', ');
}

function hashOf(cards: readonly ModelCard[]): string {
  const lines = cards.map(({ data }) => data.fingerprint).sort();
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}
