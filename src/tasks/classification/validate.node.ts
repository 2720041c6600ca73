import { Graph } from '../../engine/graph/graph.ts';
import { writeOnnx } from '../../engine/graph/onnx-file.ts';
import type { Device, Session } from '../../engine/runtime/session.ts';
import type { Tensor } from '../../engine/tensor/tensor.ts';
import { createContext } from '../../learning/layers/build-context.ts';
import { type FrozenSplit, splitFrozen } from '../../learning/training/frozen-part.ts';
import type { Batch, BatchLoader } from '../dataset/batches.node.ts';
import { clinicalRow } from '../dataset/clinical-table.ts';
import type { TaskSurroundings } from '../task.ts';
import { openClassifier, type SampleInputs } from './classifier.node.ts';
import { sampleGraph } from './classifier-graph.ts';
import type { PreparedData } from './prepare.node.ts';
import { sampleFeeds, sampleLogits, sampleNames, trainingInputs } from './sample-values.ts';
import type { ClassificationSettings } from './settings.ts';
import { validationFigures } from './validation-figures.ts';

/** What validation is done with. */
export interface ValidationPlace {
  readonly data: PreparedData;
  /** Serves the validation samples in order, without augmentation. */
  readonly loader: BatchLoader;
  readonly around: TaskSurroundings;
  readonly settings: ClassificationSettings;
}

type Weights = ReadonlyMap<string, Tensor>;

/** Judges weights on the validation set. Close it. */
export interface Validator {
  figures(weights: Weights): Promise<Record<string, number>>;
  close(): Promise<void>;
}

const sessionSettings = ({ settings }: ValidationPlace) => ({
  device: settings.device as Device, // open() refuses what the machine does not have
  ...(settings.threads ? { threads: settings.threads } : {}),
});

/** Judges by the graph that will be saved. */
export function imageValidator(place: ValidationPlace): Validator {
  const { data, loader, around } = place;
  return {
    async figures(weights) {
      const { graph } = sampleGraph(data, data.head, weights);
      const classifier = await openClassifier(graph, around.runtime, sessionSettings(place));
      try {
        const answers: Float32Array[] = [];
        for await (const batch of loader.epoch(0)) {
          answers.push(await classifier.predict(samplesOf(data, batch)));
        }
        return validationFigures(data, joined(answers));
      } finally {
        await classifier.close();
      }
    },
    close: async () => {},
  };
}

/** The samples of a batch as the model's file takes them. */
function samplesOf({ inputs, clinical, dataset }: PreparedData, batch: Batch): readonly SampleInputs[] {
  return Array.from({ length: batch.count }, (_, row) => {
    const images = [batch.images, ...(batch.others ?? [])].map((values, k) => {
      const length = values.length / batch.weights.length;
      return { ...inputs[k]!, pixels: values.subarray(row * length, (row + 1) * length) };
    });
    const { row: values } = dataset.samples[batch.indices[row]!]!;
    return { images, ...(clinical ? { table: clinicalRow(clinical, values!) } : {}) }; // a table has rows
  });
}

/**
 * Judges by what frozen layers make of the images, computed once; undefined where that is not possible.
 *
 * @param weights as they are when training begins
 * @param trained names of the parameters and statistics that will change
 * @param mostBytes of features that may be kept
 */
export async function featureValidator(
  place: ValidationPlace,
  weights: Weights,
  trained: ReadonlySet<string>,
  mostBytes: number,
): Promise<Validator | undefined> {
  const { data, loader, around } = place;
  const open = (graph: Graph) => around.runtime.open(writeOnnx(graph), sessionSettings(place));
  const first = splitPrepared(data, weights, trained);
  if (!first) return undefined;
  const stored: { feeds: Record<string, Tensor>; count: number }[] = [];
  const layers = await open(first.frozen);
  try {
    let bytes = 0;
    for await (const batch of loader.epoch(0)) {
      const feeds = await layers.run(sampleFeeds(data, batch), {}, first.features);
      bytes += Object.values(feeds).reduce((sum, { data: values }) => sum + 4 * values.length, 0);
      if (bytes > mostBytes) return undefined;
      stored.push({ feeds, count: batch.count });
    }
  } finally {
    await layers.close();
  }
  return {
    async figures(now) {
      const { trained: rest } = splitPrepared(data, now, trained)!; // the same graph as before, with other numbers
      const name = rest.outputs[0]!.name;
      const session: Session = await open(rest);
      try {
        const answers: Float32Array[] = [];
        for (const { feeds, count } of stored) {
          const answer = (await session.run(feeds, {}, [name]))[name]!;
          answers.push(
            (answer.data as Float32Array).subarray(0, (count * answer.data.length) / answer.dims[0]!),
          ); // answers are float32
        }
        return validationFigures(data, joined(answers));
      } finally {
        await session.close();
      }
    },
    close: async () => {},
  };
}

function splitPrepared(
  data: PreparedData,
  weights: Weights,
  trained: ReadonlySet<string>,
): FrozenSplit | undefined {
  const graph = new Graph();
  const context = createContext(graph, 'infer', 0, { tensors: weights, missing: 'error' });
  const values = trainingInputs(graph, data, 'N');
  graph.output(data.head.answer(sampleLogits(context, data, values, data.head.outputs)));
  return splitFrozen(graph, sampleNames(data), trained);
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
