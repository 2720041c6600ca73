import type { Graph } from '../../engine/graph/graph.ts';
import { HounsfieldError } from '../../errors.ts';
import type { LoadedModel } from '../bundle/load-model.node.ts';
import type { ModelCard } from '../bundle/model-card.ts';
import { viewedGraph } from './ensemble-graph.ts';
import { viewsOf } from './views.ts';

/**
 * The model's graph with its answers averaged over views of each image; the graph itself where none are asked for.
 *
 * @param views see viewsOf
 * @throws TTA_VIEW, TTA_NOT_TRAINED; ENSEMBLE_NESTED where the file averages over views already
 */
export function withViews({ graph, card }: LoadedModel, views: string | undefined): Graph {
  const asked = viewsOf(views ?? 'none', card.augmentation);
  if (asked.length === 0) return graph;
  const members = card.ensemble?.members ?? [];
  if (members.some((member) => member.views.length > 0)) {
    throw new HounsfieldError(
      'ENSEMBLE_NESTED',
      `the file averages over ${members[0]!.views.join(', ')} already. Leave --tta out, or ask its members' own files.`,
    );
  }
  const inputs = [card.input, ...members.map(({ input }) => input)];
  // Whether it may be turned is up to the member that takes no squares.
  const shape = inputs.find(({ height, width }) => height !== width) ?? card.input;
  const input = { ...card.input, height: shape.height, width: shape.width };
  const viewed = viewedGraph({ graph, labels: card.labels, input, views: asked }, card.target ?? 'class');
  for (const [key, value] of graph.metadata) viewed.metadata.set(key, value);
  return viewed;
}

/** Said where thresholds are left out. */
export const pointsNote =
  'the operating points were chosen without the views and are left out. Write a file by hounsfield ensemble --tta --validate.';

/** The card without operating points, where there are any and views are asked for that they were not chosen with. */
export function cardForViews(card: ModelCard, views: string | undefined): ModelCard {
  const { operatingPoint, operatingPoints, ...rest } = card;
  const asked = (views ?? 'none') !== 'none';
  return asked && (operatingPoint || operatingPoints) ? rest : card;
}
