import type { Graph } from '../../engine/graph/graph.ts';
import { writeOnnx } from '../../engine/graph/onnx-file.ts';
import type { Runtime, Session, SessionSettings } from '../../engine/runtime/session.ts';
import { type Tensor, tensor } from '../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../errors.ts';
import { type MedicalImage, toFloatImage } from '../../imaging/image/medical-image.ts';
import { imageInputsOf, type ModelCard } from '../bundle/model-card.ts';
import { clinicalRow } from '../dataset/clinical-table.ts';
import { conformChannels } from '../dataset/conform-image.ts';
import { type FloatInput, orientationOf, toFloatVolume } from '../dataset/conform-volume.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { isInverted, requireScale } from '../dataset/intensity-scale.ts';
import { readSample } from '../dataset/read-sample.node.ts';

/** One sample as a model's file takes it. */
export interface SampleInputs {
  /** In the order of the model's inputs, values as decoded. */
  readonly images: readonly FloatInput[];
  /** Clinical values as clinicalRow gives them. */
  readonly table?: Float32Array;
}

/** A classifier ready for use. Close it. */
export interface Classifier {
  /** The answer, probabilities or values [N, K], of samples whose images are of one size for each input. */
  predict(samples: readonly SampleInputs[]): Promise<Float32Array>;
  /** Of a study pooled by attention the weight of each slice, which sum to 1; undefined of other models. */
  attention(sample: SampleInputs): Promise<Float32Array | undefined>;
  close(): Promise<void>;
}

/** Opens a classifier's graph. @throws MODEL_REJECTED, DEVICE_MISSING */
export async function openClassifier(
  graph: Graph,
  runtime: Runtime,
  settings: SessionSettings = {},
): Promise<Classifier> {
  const answer = graph.outputs.some(({ name }) => name === 'values') ? 'values' : 'probabilities';
  const names = graph.inputs.map(({ name }) => name);
  const attends = graph.outputs.some(({ name }) => name === 'attention');
  return classifierOf(await runtime.open(writeOnnx(graph), settings), names, answer, attends);
}

/** What is fed to a model's file. @param names of its inputs @param samples with images of one size for each input */
export function feedsOf(
  names: readonly string[],
  samples: readonly SampleInputs[],
): Record<string, Tensor<'float32'>> {
  const stacked = (rows: readonly Float32Array[], dims: readonly number[]) => {
    const data = new Float32Array(rows.reduce((sum, row) => sum + row.length, 0));
    for (const [i, row] of rows.entries()) data.set(row, i * row.length);
    return tensor('float32', [rows.length, ...dims], data);
  };
  const feeds: Record<string, Tensor<'float32'>> = {};
  for (const [k, name] of names.filter((one) => one !== 'table').entries()) {
    const { channels, depth, height, width } = samples[0]!.images[k]!;
    feeds[name] = stacked(
      samples.map(({ images }) => images[k]!.pixels),
      [channels, ...(depth === undefined ? [] : [depth]), height, width],
    );
  }
  const rows = samples.flatMap(({ table }) => (table ? [table] : []));
  if (names.includes('table')) feeds['table'] = stacked(rows, [rows[0]!.length]);
  return feeds;
}

function classifierOf(
  session: Session,
  names: readonly string[],
  answer: 'probabilities' | 'values',
  attends: boolean,
): Classifier {
  return {
    async predict(samples) {
      const outputs = await session.run(feedsOf(names, samples), {}, [answer]);
      return outputs[answer]!.data as Float32Array; // the graph's output is float32
    },
    async attention(sample) {
      if (!attends) return undefined;
      const { attention } = await session.run(feedsOf(names, [sample]), {}, ['attention']);
      return attention!.data as Float32Array; // the graph's output is float32
    },
    close: () => session.close(),
  };
}

/** An image with the model's channels, values as decoded. @throws CHANNELS_MISMATCH, BIT_DEPTH_MIXED, UNIT_MIXED, POLARITY_MIXED */
export function conformToModel(
  image: MedicalImage,
  { input }: Pick<ModelCard, 'input'>,
  name: string,
): FloatInput {
  const { bitDepth, unit = 'arbitrary', inverted = false } = input;
  const trainedOn = input.name === undefined ? '' : ` for its input '${input.name}'`;
  requireScale(image, name, { bitDepth, unit }, `the model was trained${trainedOn} on`);
  if (isInverted(image) !== inverted) {
    throw new HounsfieldError(
      'POLARITY_MIXED',
      `${name} shows ${inverted ? 'high' : 'low'} values white, the model was trained on images that show ` +
        `${inverted ? 'low' : 'high'} values white. Turn the image round first, by scale-intensity.`,
    );
  }
  if (input.depth === undefined) return toFloatImage(conformChannels(image, input.channels, name));
  const [own, asTrained] = [orientationOf(image), input.orientation ?? 'unknown'];
  if (own !== asTrained) {
    throw new HounsfieldError(
      'ORIENTATION_MIXED',
      `${name} has the orientation ${own}, the model was trained on ${asTrained}. Turn the volume's axes first, by the transform orient.`,
    );
  }
  return toFloatVolume(image, input.channels, name);
}

/** One sample of a data set, opened and checked. @throws what readSample and conformToModel throw */
export async function readInputs(
  dataset: Dataset,
  index: number,
  card: Pick<ModelCard, 'input' | 'inputs' | 'table'>,
): Promise<SampleInputs> {
  const sample = dataset.samples[index]!;
  const images: FloatInput[] = [];
  for (const [k, input] of imageInputsOf(card).entries()) {
    const { id, source } = k === 0 ? sample : sample.others![k - 1]!; // the data set has the model's inputs
    images.push(conformToModel(await readSample(source, dataset), { input }, id));
  }
  return { images, ...(card.table ? { table: clinicalRow(card.table, sample.row!) } : {}) }; // and its columns
}

const BATCH = 16;
/** Values of one batch, so that large images go one by one. */
const MOST_VALUES = 16 * 512 * 512;

/** The answers [N, K] of samples, each opened at its own size and run through the model file's whole graph. */
export async function predictSamples(
  classifier: Classifier,
  card: Pick<ModelCard, 'labels' | 'input' | 'inputs' | 'table'>,
  dataset: Dataset,
  indices: readonly number[],
  onProgress: (done: number, of: number) => void = () => {},
): Promise<Float32Array> {
  const classes = card.labels.length;
  const result = new Float32Array(indices.length * classes);
  let waiting: { row: number; inputs: SampleInputs }[] = [];
  const flush = async () => {
    if (waiting.length === 0) return;
    const answer = await classifier.predict(waiting.map(({ inputs }) => inputs));
    for (const [i, { row }] of waiting.entries()) {
      result.set(answer.subarray(i * classes, (i + 1) * classes), row * classes);
    }
    waiting = [];
  };
  for (const [row, index] of indices.entries()) {
    const inputs = await readInputs(dataset, index, card);
    const values = inputs.images.reduce((sum, { pixels }) => sum + pixels.length, 0);
    const first = waiting[0]?.inputs;
    const otherSize = first && sizesOf(first) !== sizesOf(inputs);
    if (otherSize || waiting.length === BATCH || waiting.length * values >= MOST_VALUES) await flush();
    waiting.push({ row, inputs });
    onProgress(row + 1, indices.length);
  }
  await flush();
  return result;
}

const sizesOf = ({ images }: SampleInputs): string =>
  images.map(({ depth = 1, height, width }) => `${depth}x${height}x${width}`).join();
