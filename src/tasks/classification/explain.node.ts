import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { writeError, writeFileAtomically } from '../../atomic-file.node.ts';
import type { Graph } from '../../engine/graph/graph.ts';
import type { Runtime } from '../../engine/runtime/session.ts';
import type { Tensor } from '../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../errors.ts';
import { compileGradCam, type GradCam, type HeatMap } from '../../evidence/explanation/grad-cam.ts';
import { encodePng } from '../../imaging/formats/write-png.node.ts';
import { loadModel } from '../bundle/load-model.node.ts';
import { imageInputsOf } from '../bundle/model-card.ts';
import { ONLY_IMAGE } from '../dataset/image-inputs.ts';
import { explainedMembers, meanHeatMap } from '../ensemble/explained-members.ts';
import { displayPicture, overlayPicture } from '../report/heat-map-picture.ts';
import type { ExplainRequest, Explanation, TaskSurroundings } from '../task.ts';
import { explainedLogit, readAnswer } from './answers.ts';
import { casesFor } from './cases-to-judge.node.ts';
import { feedsOf, openClassifier, readInputs, type SampleInputs } from './classifier.node.ts';
import { explainedPicture } from './explained-slice.ts';

/** Draws heat maps, one compiled graph for each size of image. Close it. */
export interface Explainer {
  /** One map for each image. @param logit see explainedLogit */
  heatMaps(inputs: SampleInputs, logit: number): Promise<readonly HeatMap[]>;
  close(): Promise<void>;
}

/** Sizes kept compiled at once for each image input; data sets of photographs may hold hundreds. */
const KEPT = 4;

/** Grad-CAM of a classifier's graph for images of any size; of an ensemble the mean of its members' maps. */
export function openExplainer(
  graph: Graph,
  runtime: Runtime,
  options: { threads?: number; layer?: string; slices?: number | undefined } = {},
): Explainer {
  const members = explainedMembers(graph, options.layer);
  if (!members) return explainerOfOne(graph, runtime, options);
  const explainers = members.map((member) => explainerOfOne(member.graph, runtime, options));
  const weights = members.map(({ weight }) => weight);
  return {
    async heatMaps(inputs, logit) {
      const maps: HeatMap[] = [];
      for (const [m, explainer] of explainers.entries()) {
        maps.push(...(await explainer.heatMaps(inputs, members[m]!.logit(logit)))); // members take one image
      }
      return [meanHeatMap(maps, weights)];
    },
    async close() {
      for (const explainer of explainers) await explainer.close();
    },
  };
}

function explainerOfOne(
  graph: Graph,
  runtime: Runtime,
  options: { threads?: number; layer?: string; slices?: number | undefined },
): Explainer {
  const compiled = new Map<string, GradCam>();
  // The answer of grades is made of all logits, and a number's is scaled: the logits themselves are explained.
  const output = graph.outputs.some(({ name }) => name === 'logits') ? { output: 'logits' } : {};
  const threads = options.threads ? { threads: options.threads } : {};
  const names = graph.inputs.map(({ name }) => name);
  const images = names.filter((name) => name !== 'table');
  const gradCamOf = async (about: string, feeds: Readonly<Record<string, Tensor<'float32'>>>) => {
    const otherShapes = Object.fromEntries(Object.entries(feeds).map(([name, { dims }]) => [name, dims]));
    const key = JSON.stringify([about, otherShapes]);
    const known = compiled.get(key);
    if (known) return known;
    if (compiled.size === KEPT * images.length) {
      const [oldest, old] = compiled.entries().next().value!; // not empty
      compiled.delete(oldest);
      await old.close();
    }
    const inputShape = feeds[names[0]!]!.dims;
    const gradCam = await compileGradCam(graph, {
      runtime,
      inputShape,
      otherShapes,
      ...(images.length > 1 ? { about } : {}),
      ...output,
      ...threads,
      ...(options.layer ? { layer: options.layer } : {}),
      ...(options.slices ? { slices: options.slices } : {}),
    });
    compiled.set(key, gradCam);
    return gradCam;
  };
  return {
    async heatMaps(inputs, classIndex) {
      const feeds = feedsOf(names, [inputs]);
      const maps: HeatMap[] = [];
      for (const about of images) {
        const gradCam = await gradCamOf(about, feeds);
        maps.push(await gradCam.explain(feeds[names[0]!]!, classIndex, feeds));
      }
      return maps;
    },
    async close() {
      for (const gradCam of compiled.values()) await gradCam.close();
    },
  };
}

/** See Task.explain. @throws what loadModel and openImage throw; LABEL_UNKNOWN, EXPLAIN_LAYER */
export async function explainImages(
  request: ExplainRequest,
  around: TaskSurroundings,
): Promise<readonly Explanation[]> {
  const { graph, card } = await loadModel(request.model);
  const wanted = request.label === undefined ? undefined : card.labels.indexOf(request.label);
  if (wanted === -1) {
    throw new HounsfieldError(
      'LABEL_UNKNOWN',
      `the model has no label '${request.label}'; it has: ${card.labels.join(', ')}. Choose one of these.`,
    );
  }
  const options = {
    ...(request.threads ? { threads: request.threads } : {}),
    ...(request.layer ? { layer: request.layer } : {}),
  };
  await mkdir(request.out, { recursive: true }).catch((cause: unknown) => {
    throw writeError(cause, request.out);
  });
  const classifier = await openClassifier(graph, around.runtime, options);
  const explainer = openExplainer(graph, around.runtime, { ...options, slices: card.input.depth });
  const answers: Explanation[] = [];
  const named = imageInputsOf(card);
  try {
    const dataset = await casesFor(request, card);
    const names = overlayNames(dataset.samples.map(({ id }) => id));
    for (const [i, { id }] of dataset.samples.entries()) {
      const inputs = await readInputs(dataset, i, card);
      const row = await classifier.predict([inputs]);
      const index = wanted ?? readAnswer(card, row).index;
      const maps = await explainer.heatMaps(inputs, explainedLogit(card.target, index));
      const weights = await classifier.attention(inputs);
      const overlays: Record<string, string> = {};
      let slice: number | undefined;
      for (const [k, image] of inputs.images.entries()) {
        const name = named.length > 1 ? `.${named[k]!.name}` : '';
        const overlay = path.join(request.out, `${names[i]}${name}.gradcam.png`);
        const shown = explainedPicture(image, maps[k]!, weights); // a map for each image
        const picture = displayPicture(shown.picture, 'file');
        await writeFileAtomically(overlay, encodePng(overlayPicture(picture, shown.map)));
        slice ??= shown.slice;
        overlays[named[k]!.name ?? ONLY_IMAGE] = overlay;
      }
      const number = card.target === 'value' ? { value: row[index]! } : { probability: row[index]! };
      const overlay = Object.values(overlays)[0]!;
      const several = named.length > 1 ? { overlays } : {};
      answers.push({
        image: id,
        label: card.labels[index]!,
        ...number,
        overlay,
        ...several,
        ...(slice === undefined ? {} : { slice }),
        ...(weights ? { sliceWeights: Array.from(weights) } : {}),
      });
      around.report({ kind: 'count', text: 'explaining', done: i + 1, of: dataset.samples.length });
    }
  } finally {
    await explainer.close();
    await classifier.close();
  }
  return answers;
}

/** The images' names, numbered where two images have the same name. */
function overlayNames(images: readonly string[]): readonly string[] {
  const taken = new Map<string, number>();
  return images.map((file) => {
    const base = path.parse(file).name;
    const count = taken.get(base) ?? 0;
    taken.set(base, count + 1);
    return count === 0 ? base : `${base}.${count + 1}`;
  });
}
