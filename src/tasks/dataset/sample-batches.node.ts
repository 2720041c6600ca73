import { applyMixup } from '../../imaging/augmentation/mixup.ts';
import { type Batch, type BatchLoader, type BatchLoaderOptions, createBatchLoader } from './batches.node.ts';
import { type ClinicalInput, clinicalRow, clinicalWidth, encodeClinical } from './clinical-table.ts';
import type { InputShape } from './conform-image.ts';
import { inputView } from './image-inputs.ts';

export interface SampleLoaderOptions extends Omit<BatchLoaderOptions, keyof InputShape | 'input'> {
  /** Size and name of each image input, in the data set's order. */
  readonly inputs: readonly (InputShape & { readonly name?: string })[];
  /** Columns of clinical values that go along. */
  readonly clinical?: readonly ClinicalInput[] | undefined;
}

/** Bytes of decoded images kept for later epochs, of all inputs together. */
const CACHE_BYTES = 2 ** 30;

/**
 * A loader of samples with several inputs: all images of a sample are in the same row, moved alike, and mixed alike.
 *
 * @throws what createBatchLoader throws
 */
export async function createSampleLoader(options: SampleLoaderOptions): Promise<BatchLoader> {
  const { inputs, clinical, ...common } = options;
  const cacheBytes = Math.floor((options.cacheBytes ?? CACHE_BYTES) / inputs.length);
  const loaders: BatchLoader[] = [];
  const close = async () => {
    for (const loader of loaders) await loader.close();
  };
  try {
    for (const [k, { name, ...shape }] of inputs.entries()) {
      const input = k > 0 && name !== undefined ? { input: name } : {};
      const dataset = inputView(options.dataset, k);
      loaders.push(await createBatchLoader({ ...common, ...input, ...shapeOf(shape), dataset, cacheBytes }));
    }
  } catch (error) {
    await close();
    throw error;
  }
  const [first, ...rest] = loaders;
  return {
    ...first!, // one input at least
    epoch: (epoch, startStep) => joined(options, [first!, ...rest], epoch, startStep),
    close,
  };
}

const shapeOf = ({ channels, depth, height, width }: InputShape): InputShape => ({
  channels,
  height,
  width,
  ...(depth === undefined ? {} : { depth }),
});

/** Every loader has the same order: what it draws does not depend on the input. */
async function* joined(
  options: SampleLoaderOptions,
  loaders: readonly BatchLoader[],
  epoch: number,
  startStep: number | undefined,
): AsyncGenerator<Batch> {
  const running = loaders.map((loader) => loader.epoch(epoch, startStep)[Symbol.asyncIterator]());
  try {
    while (true) {
      const steps = await Promise.all(running.map((one) => one.next()));
      const [batch, ...others] = steps.flatMap(({ done, value }) => (done ? [] : [value as Batch])); // not done: a batch
      if (!batch) return;
      const images = others.length > 0 ? { others: others.map((other) => other.images) } : {};
      const { clinical } = options;
      yield { ...batch, ...images, ...(clinical ? { table: tableOf(options, clinical, batch) } : {}) };
    }
  } finally {
    for (const one of running) await one.return?.();
  }
}

function tableOf(
  { dataset, batchSize }: SampleLoaderOptions,
  clinical: readonly ClinicalInput[],
  { indices, count, mixup }: Batch,
): Float32Array {
  const width = clinicalWidth(clinical);
  const table = new Float32Array(batchSize * width);
  for (let row = 0; row < batchSize; row++) {
    const index = indices[row < count ? row : row % count]!; // padding repeats the first rows, as images do
    const encoded = encodeClinical(clinical, clinicalRow(clinical, dataset.samples[index]!.row!)); // a table has rows
    table.set(encoded, row * width);
  }
  if (mixup) applyMixup(table, width, mixup);
  return table;
}
