import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { writeFileAtomically } from '../../atomic-file.node.ts';
import type { Graph } from '../../engine/graph/graph.ts';
import { writeOnnx } from '../../engine/graph/onnx-file.ts';
import { HounsfieldError } from '../../errors.ts';
import { loadModel } from '../bundle/load-model.node.ts';
import { type ModelCard, writeCard } from '../bundle/model-card.ts';
import { labelThreshold } from '../classification/answers.ts';
import type { TargetKind } from '../dataset/dataset.ts';
import type { TaskSurroundings } from '../task.ts';
import { type LoadedMember, memberNotes, requireAlike } from './check-members.ts';
import type { Rule } from './combine.ts';
import { type EnsemblePlan, ensembleCard } from './ensemble-card.node.ts';
import { ensembleGraph } from './ensemble-graph.ts';
import { requireWritable, withHalfWeights } from './half-weights.ts';
import { soupGraph } from './soup.ts';
import { validated } from './validate-ensemble.node.ts';
import { viewsOf } from './views.ts';

/** How answers become one; 'weighted' is a mean that asks for weights. */
export const ensembleRules = ['mean', 'geometric', 'vote', 'weighted', 'median', 'soup'] as const;
export type EnsembleRule = (typeof ensembleRules)[number];

export interface EnsembleRequest {
  /** Files of trained models. */
  readonly models: readonly string[];
  readonly out: string;
  /** 'mean' where left out. */
  readonly how?: EnsembleRule;
  /** One a model; equal where left out. */
  readonly weights?: readonly number[];
  /** Views whose answers are averaged, see viewsOf; 'none' where left out. */
  readonly tta?: string;
  /** Keeps large weights as float16. */
  readonly half?: boolean;
  /** Data on whose validation part the operating point is chosen. */
  readonly validate?: string;
  readonly patientPattern?: string;
  readonly threads?: number;
}

export interface EnsembleResult {
  readonly out: string;
  readonly bytes: number;
  readonly card: ModelCard;
  readonly notes: readonly string[];
}

/**
 * Writes several trained models as one ONNX file of standard operators, which is used like any other model.
 *
 * @throws ENSEMBLE_MEMBERS, ENSEMBLE_LABELS, ENSEMBLE_NESTED, ENSEMBLE_HOW, ENSEMBLE_WEIGHTS, ENSEMBLE_TOO_LARGE,
 *   ENSEMBLE_SOUP, ENSEMBLE_SOUP_STATISTICS, TTA_VIEW, TTA_NOT_TRAINED; what loadModel and loadDataset throw
 */
export async function makeEnsemble(
  request: EnsembleRequest,
  around: TaskSurroundings,
): Promise<EnsembleResult> {
  const members: LoadedMember[] = [];
  for (const file of request.models) {
    members.push({ ...(await loadModel(file)), file, sha256: await fileHash(file) });
  }
  requireSeveral(members, request);
  requireAlike(members);
  const plan = planOf(members, request);
  const card = ensembleCard(members, plan);
  const exact = graphOf(members, plan, card);
  const graph = request.half ? withHalfWeights(exact) : exact;
  requireWritable(graph);
  const notes = [...memberNotes(members.map((member) => member.card))];
  let final = card;
  if (request.validate === undefined) {
    if (hasOperatingPoint(card)) {
      notes.push(
        "no operating point: those of the members are not the ensemble's. Choose one by --validate.",
      );
    }
  } else {
    const chosen = await validated(graph, card, { ...request, data: request.validate }, around);
    final = { ...card, ...chosen.points };
    notes.push(...chosen.notes);
  }
  notes.push("no figures: those of the members are not the ensemble's. Judge it by hounsfield evaluate.");
  writeCard(graph, final);
  const bytes = writeOnnx(graph);
  await writeFileAtomically(request.out, bytes);
  for (const text of notes) around.report({ kind: 'note', text });
  return { out: request.out, bytes: bytes.length, card: final, notes };
}

const fileHash = async (file: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex');

const hasOperatingPoint = ({ target, labels }: ModelCard): boolean =>
  target === 'labels' || (target === 'class' && labels.length === 2);

function requireSeveral(members: readonly LoadedMember[], { how, tta, out }: EnsembleRequest): void {
  if (members.some(({ file }) => path.resolve(file) === path.resolve(out))) {
    throw new HounsfieldError(
      'ENSEMBLE_MEMBERS',
      `${out} is one of the models and would be written over. Name another file to write.`,
    );
  }
  if (members.length > 1 || (members.length === 1 && how !== 'soup' && (tta ?? 'none') !== 'none')) return;
  throw new HounsfieldError(
    'ENSEMBLE_MEMBERS',
    `${members.length} model is named, and an ensemble needs two. Name more, or ask for views of one by --tta.`,
  );
}

/** @throws ENSEMBLE_HOW for a rule that such answers do not have, ENSEMBLE_WEIGHTS */
function planOf(members: readonly LoadedMember[], request: EnsembleRequest): EnsemblePlan {
  const { how = 'mean', weights, tta = 'none' } = request;
  const { target = 'class' } = members[0]!.card;
  const fault = ruleFault(how, target, request);
  if (fault) throw new HounsfieldError('ENSEMBLE_HOW', fault);
  return {
    how: how === 'weighted' ? 'mean' : how,
    weights: shares(weights ?? members.map(() => 1), members.length),
    views: members.map(({ card }) => viewsOf(tta, card.augmentation)),
  };
}

function ruleFault(how: EnsembleRule, target: TargetKind, { weights, tta = 'none' }: EnsembleRequest) {
  if (target === 'value' && (how === 'geometric' || how === 'vote')) {
    return `numbers have no ${how === 'vote' ? 'votes' : 'geometric mean, as they may be negative'}. Use mean, weighted or median.`;
  }
  if (target !== 'value' && how === 'median') {
    return 'the median is for numbers; medians of probabilities do not add up. Use mean, geometric, weighted or vote.';
  }
  if (how === 'median' && weights)
    return 'the median takes no weights. Leave --weights out, or use --how weighted.';
  if (how === 'weighted' && !weights) return 'a weighted mean needs weights. Give --weights, one a model.';
  if (how === 'soup' && tta !== 'none') {
    return 'a soup is one network without views. Write it first, then make a file of it with --tta.';
  }
  return undefined;
}

/** Weights that add up to 1. @throws ENSEMBLE_WEIGHTS */
function shares(weights: readonly number[], count: number): readonly number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const sound = weights.length === count && weights.every((weight) => weight >= 0) && Number.isFinite(sum);
  if (sound && sum > 0) return weights.map((weight) => weight / sum);
  throw new HounsfieldError(
    'ENSEMBLE_WEIGHTS',
    `the weights are ${weights.join(', ')} for ${count} models. Give one a model, none negative and not all 0.`,
  );
}

function graphOf(members: readonly LoadedMember[], plan: EnsemblePlan, card: ModelCard): Graph {
  if (plan.how === 'soup') return soupGraph(members, plan.weights);
  const rule: Rule = plan.how;
  const parts = members.map(({ graph, card: { labels, input } }, m) => ({
    graph,
    labels,
    input,
    views: plan.views[m]!,
  }));
  return ensembleGraph(parts, card.labels, card.input.channels, {
    target: card.target ?? 'class',
    rule,
    weights: plan.weights,
    thresholds: members.map((member) =>
      card.labels.map((label) => labelThreshold(member.card, member.card.labels.indexOf(label))),
    ),
  });
}
