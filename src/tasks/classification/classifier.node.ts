import type { Graph } from '../../engine/graph/graph.ts';
import { writeOnnx } from '../../engine/graph/onnx-file.ts';
import type { Runtime, Session, SessionSettings } from '../../engine/runtime/session.ts';
import { tensor } from '../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../errors.ts';
import { type FloatImage, type MedicalImage, toFloatImage } from '../../imaging/image/medical-image.ts';
import type { ModelCard } from '../bundle/model-card.ts';
import { conformChannels } from '../dataset/conform-image.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { isInverted, requireScale } from '../dataset/intensity-scale.ts';
import { readSample } from '../dataset/read-sample.node.ts';

/** A classifier ready for use. Close it. */
export interface Classifier {
  /** The answer, probabilities or values [N, K], of images of one size, their values as decoded. */
  predict(images: readonly FloatImage[]): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Opens a classifier's graph. @throws MODEL_REJECTED, DEVICE_MISSING */
export async function openClassifier(
  graph: Graph,
  runtime: Runtime,
  settings: SessionSettings = {},
): Promise<Classifier> {
  const answer = graph.outputs.some(({ name }) => name === 'values') ? 'values' : 'probabilities';
  return classifierOf(await runtime.open(writeOnnx(graph), settings), answer);
}

function classifierOf(session: Session, answer: 'probabilities' | 'values'): Classifier {
  return {
    async predict(images) {
      const { channels, height, width } = images[0]!;
      const length = channels * height * width;
      const data = new Float32Array(images.length * length);
      for (const [row, image] of images.entries()) data.set(image.pixels, row * length);
      const image = tensor('float32', [images.length, channels, height, width], data);
      const outputs = await session.run({ image }, {}, [answer]);
      return outputs[answer]!.data as Float32Array; // the graph's output is float32
    },
    close: () => session.close(),
  };
}

/** An image with the model's channels, values as decoded. @throws CHANNELS_MISMATCH, BIT_DEPTH_MIXED, UNIT_MIXED, POLARITY_MIXED */
export function conformToModel(
  image: MedicalImage,
  card: Pick<ModelCard, 'input'>,
  name: string,
): FloatImage {
  const { bitDepth, unit = 'arbitrary', inverted = false } = card.input;
  requireScale(image, name, { bitDepth, unit }, 'the model was trained on');
  if (isInverted(image) !== inverted) {
    throw new HounsfieldError(
      'POLARITY_MIXED',
      `${name} shows ${inverted ? 'high' : 'low'} values white, the model was trained on images that show ` +
        `${inverted ? 'low' : 'high'} values white. Turn the image round first, by scale-intensity.`,
    );
  }
  return toFloatImage(conformChannels(image, card.input.channels, name));
}

const BATCH = 16;
/** Values of one batch, so that large images go one by one. */
const MOST_VALUES = 16 * 512 * 512;

/** The answers [N, K] of samples, each opened at its own size and run through the model file's whole graph. */
export async function predictSamples(
  classifier: Classifier,
  card: Pick<ModelCard, 'labels' | 'input'>,
  dataset: Dataset,
  indices: readonly number[],
  onProgress: (done: number, of: number) => void = () => {},
): Promise<Float32Array> {
  const classes = card.labels.length;
  const result = new Float32Array(indices.length * classes);
  let waiting: { row: number; image: FloatImage }[] = [];
  const flush = async () => {
    if (waiting.length === 0) return;
    const answer = await classifier.predict(waiting.map(({ image }) => image));
    for (const [i, { row }] of waiting.entries()) {
      result.set(answer.subarray(i * classes, (i + 1) * classes), row * classes);
    }
    waiting = [];
  };
  for (const [row, index] of indices.entries()) {
    const { source, id } = dataset.samples[index]!;
    const image = conformToModel(await readSample(source, dataset), card, id);
    const first = waiting[0]?.image;
    const otherSize = first && (first.height !== image.height || first.width !== image.width);
    if (otherSize || waiting.length === BATCH || waiting.length * image.pixels.length >= MOST_VALUES)
      await flush();
    waiting.push({ row, image });
    onProgress(row + 1, indices.length);
  }
  await flush();
  return result;
}
