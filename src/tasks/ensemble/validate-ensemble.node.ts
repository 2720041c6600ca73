import type { Graph } from '../../engine/graph/graph.ts';
import type { ModelCard } from '../bundle/model-card.ts';
import { openClassifier, predictSamples } from '../classification/classifier.node.ts';
import { type OperatingPoints, operatingPointsOf } from '../classification/evidence.ts';
import { loadDataset } from '../dataset/manifest.node.ts';
import { samplesHash } from '../dataset/split-hash.node.ts';
import type { TaskSurroundings } from '../task.ts';

/**
 * The operating points of a model on the validation part of data, or on all of them where they have no parts.
 *
 * @throws what loadDataset and openImage throw; LABEL_UNKNOWN
 */
export async function validated(
  graph: Graph,
  card: ModelCard,
  request: { readonly data: string; readonly patientPattern?: string; readonly threads?: number },
  around: TaskSurroundings,
): Promise<{ readonly points: OperatingPoints; readonly notes: readonly string[] }> {
  const loaded = await loadDataset(request.data, {
    classes: card.labels,
    target: card.target ?? 'class',
    ...(request.patientPattern ? { patientPattern: request.patientPattern } : {}),
  });
  const dataset = { ...loaded, preparation: card.input.preparation ?? [] };
  const all = dataset.samples.map((_, index) => index);
  const part = all.filter((index) => dataset.samples[index]!.split === 'validation');
  const indices = part.length > 0 ? part : all;
  const threads = request.threads ? { threads: request.threads } : {};
  const classifier = await openClassifier(graph, around.runtime, threads);
  try {
    const probabilities = await predictSamples(classifier, card, dataset, indices, (done, of) =>
      around.report({ kind: 'count', text: 'validating', done, of }),
    );
    const points = operatingPointsOf({ dataset, indices, probabilities, seed: card.seed });
    const chosenOn = `${part.length > 0 ? 'validation part' : 'all images'} of ${dataset.name}`;
    return {
      points: renamed(points, chosenOn),
      notes: [
        ...trainingNotes(card, samplesHash(dataset, indices)),
        ...(points.operatingPoint || points.operatingPoints
          ? [`operating point chosen on ${indices.length} images: ${chosenOn}`]
          : ['no operating point: there is one for two classes and for labels, where both answers occur.']),
      ],
    };
  } finally {
    await classifier.close();
  }
}

function renamed({ operatingPoint, operatingPoints }: OperatingPoints, chosenOn: string): OperatingPoints {
  return {
    ...(operatingPoint ? { operatingPoint: { ...operatingPoint, chosenOn } } : {}),
    ...(operatingPoints
      ? { operatingPoints: operatingPoints.map((point) => point && { ...point, chosenOn }) }
      : {}),
  };
}

/** Whether images of this hash may have been learned from. */
function trainingNotes({ ensemble, data }: ModelCard, hash: string): readonly string[] {
  const members = ensemble?.members.map((member) => member.data) ?? [data];
  if (members.every(({ splitHashes }) => splitHashes['validation'] === hash)) return [];
  const learned = members.filter(({ splitHashes }) => splitHashes['train'] === hash).length;
  return [
    learned > 0
      ? `${learned} of ${members.length} members learned from these very images: the threshold is too good on them. Choose others.`
      : 'these are not the images that every member was validated on. Make sure that none of them was trained on.',
  ];
}
