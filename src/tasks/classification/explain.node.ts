import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { writeError, writeFileAtomically } from '../../atomic-file.node.ts';
import type { Graph } from '../../engine/graph/graph.ts';
import type { Runtime } from '../../engine/runtime/session.ts';
import { tensor } from '../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../errors.ts';
import { compileGradCam, type GradCam, type HeatMap } from '../../evidence/explanation/grad-cam.ts';
import { encodePng } from '../../imaging/formats/write-png.node.ts';
import type { FloatImage } from '../../imaging/image/medical-image.ts';
import { loadModel } from '../bundle/load-model.node.ts';
import { openPicture } from '../dataset/read-sample.node.ts';
import { displayPicture, overlayPicture } from '../report/heat-map-picture.ts';
import type { ExplainRequest, Explanation, TaskSurroundings } from '../task.ts';
import { explainedLogit, readAnswer } from './answers.ts';
import { conformToModel, openClassifier } from './classifier.node.ts';

/** Draws heat maps, one compiled graph for each size of image. Close it. */
export interface Explainer {
  /** @param logit see explainedLogit */
  heatMap(image: FloatImage, logit: number): Promise<HeatMap>;
  close(): Promise<void>;
}

/** Sizes kept compiled at once; data sets of photographs may hold hundreds. */
const KEPT = 4;

/** Grad-CAM of a classifier's graph for images of any size. */
export function openExplainer(
  graph: Graph,
  runtime: Runtime,
  options: { threads?: number; layer?: string } = {},
): Explainer {
  const compiled = new Map<string, GradCam>();
  // The answer of grades is made of all logits, and a number's is scaled: the logits themselves are explained.
  const output = graph.outputs.some(({ name }) => name === 'logits') ? { output: 'logits' } : {};
  return {
    async heatMap({ pixels, channels, height, width }, classIndex) {
      const inputShape = [1, channels, height, width];
      const key = inputShape.join('x');
      let gradCam = compiled.get(key);
      if (!gradCam) {
        if (compiled.size === KEPT) {
          const [oldest, old] = compiled.entries().next().value!; // not empty
          compiled.delete(oldest);
          await old.close();
        }
        gradCam = await compileGradCam(graph, { runtime, inputShape, ...output, ...options });
        compiled.set(key, gradCam);
      }
      return gradCam.explain(tensor('float32', inputShape, pixels), classIndex);
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
  const explainer = openExplainer(graph, around.runtime, options);
  const names = overlayNames(request.images);
  const answers: Explanation[] = [];
  try {
    for (const [i, file] of request.images.entries()) {
      const image = conformToModel(await openPicture(file, card.input.preparation), card, file);
      const row = await classifier.predict([image]);
      const index = wanted ?? readAnswer(card, row).index;
      const picture = displayPicture(image, 'file');
      const overlay = path.join(request.out, names[i]!);
      await writeFileAtomically(
        overlay,
        encodePng(
          overlayPicture(picture, await explainer.heatMap(image, explainedLogit(card.target, index))),
        ),
      );
      const number = card.target === 'value' ? { value: row[index]! } : { probability: row[index]! };
      answers.push({ image: file, label: card.labels[index]!, ...number, overlay });
      around.report({ kind: 'count', text: 'explaining', done: i + 1, of: request.images.length });
    }
  } finally {
    await explainer.close();
    await classifier.close();
  }
  return answers;
}

/** 'name.gradcam.png', numbered where two images have the same name. */
function overlayNames(images: readonly string[]): readonly string[] {
  const taken = new Map<string, number>();
  return images.map((file) => {
    const base = path.parse(file).name;
    const count = taken.get(base) ?? 0;
    taken.set(base, count + 1);
    return count === 0 ? `${base}.gradcam.png` : `${base}.${count + 1}.gradcam.png`;
  });
}
