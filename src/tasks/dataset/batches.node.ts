import { availableParallelism } from 'node:os';
import { HounsfieldError } from '../../errors.ts';
import { applyMixup, drawMixup, type MixupRecord } from '../../imaging/augmentation/mixup.ts';
import { type AugmentationRecipe, recipeFaults } from '../../imaging/augmentation/recipe.ts';
import type { VolumeRecipe } from '../../imaging/augmentation/volume-recipe.ts';
import { RandomStream } from '../../random.ts';
import { type BatchContext, type BatchJob, createImageCache, valueBytes } from './batch-maker.node.ts';
import { createBatchPool } from './batch-pool.node.ts';
import type { InputShape, ResizeMode } from './conform-image.ts';
import type { Dataset } from './dataset.ts';
import { epochLength, epochOrder } from './epoch-order.ts';
import { closeDiskCache, diskCache } from './image-cache.node.ts';
import type { ImageCachePlace } from './image-cache-folder.node.ts';
import type { Balance } from './imbalance.ts';
import { isUnsignedWhole } from './intensity-scale.ts';
import { readSample } from './read-sample.node.ts';

/** What a training or evaluation step is fed. */
export interface Batch {
  /** Values in the files' scale, not normalised: that is the graph's part. */
  readonly images: Float32Array; // [B, C, H, W], of volumes [B, C, D, H, W]
  /** Of several image inputs those after the first, each [B, C, H, W]. */
  readonly others?: readonly Float32Array[];
  /** Clinical values as encodeClinical gives them, [B, columns]; mixed as the images are. */
  readonly table?: Float32Array;
  /** How pairs were mixed, where they were. */
  readonly mixup?: MixupRecord;
  /** What is to be learned; of classes rows sum to 1, soft under mixup. Rows of padding are zero. */
  readonly targets: Float32Array; // [B, width of a target]
  /** Index into dataset.samples; -1 for padding. */
  readonly indices: Int32Array; // [B]
  /** 1 for an image, 0 for padding of a short last batch. */
  readonly weights: Float32Array; // [B]
  /** Images that are not padding. */
  readonly count: number;
}

/** The numbers that a loss compares a sample's answer with. */
export interface TargetRows {
  readonly width: number;
  /** @param index into dataset.samples */
  readonly row: (index: number) => ArrayLike<number>;
}

export interface BatchLoaderOptions extends InputShape {
  readonly dataset: Dataset;
  /** Which of dataset.samples to serve, by index. */
  readonly samples: readonly number[];
  readonly batchSize: number;
  readonly seed: number;
  /** Augmentation and mixup; left out, images are served as they are. */
  readonly recipe?: AugmentationRecipe;
  /** Of volumes, in place of the recipe but for its mixup: lengths count in voxels of the size that is served. */
  readonly volumeRecipe?: VolumeRecipe;
  /** A new random order each epoch (default), or the order of `samples`, for evaluation. */
  readonly shuffle?: boolean;
  readonly balance?: Balance;
  /** Name of the image input, whose values then vary by themselves while its geometry varies as the others' does. */
  readonly input?: string;
  /** What is to be learned of a sample; left out: 1 in the place of its class. */
  readonly targets?: TargetRows;
  readonly resizeMode?: ResizeMode;
  /** Worker threads; 0 works in the calling thread. Default: one less than the cores, 1 to 4. */
  readonly workers?: number;
  /** Most bytes of decoded images kept for later epochs; default 1 GiB. */
  readonly cacheBytes?: number;
  /** Where decoded images are kept for later runs; left out, nowhere. */
  readonly diskCache?: ImageCachePlace;
}

/** Serves batches; holds worker threads until closed. */
export interface BatchLoader {
  readonly stepsPerEpoch: number;
  readonly imagesPerEpoch: number;
  /** The batches of an epoch from `startStep` on; the same whatever the number of workers and wherever it starts. */
  readonly epoch: (epoch: number, startStep?: number) => AsyncIterable<Batch>;
  readonly close: () => Promise<void>;
}

/**
 * Decodes, augments and batches images ahead of whoever consumes them. Every random draw is keyed by
 * (seed, purpose, epoch, index in the data set), so an epoch can be repeated or entered in the middle.
 * Throws BATCH_OPTIONS, RECIPE_INVALID, and while serving IMAGE_UNREADABLE, BIT_DEPTH_MIXED,
 * UNIT_MIXED, CHANNELS_MISMATCH.
 *
 * @example for await (const batch of loader.epoch(0)) await step(batch);
 */
export async function createBatchLoader(options: BatchLoaderOptions): Promise<BatchLoader> {
  checkOptions(options);
  const { dataset, samples, batchSize, seed, recipe } = options;
  const workers = options.workers ?? Math.min(4, Math.max(1, availableParallelism() - 1));
  const context = await createContext(options);
  const pool = createBatchPool(context, workers);
  const targets = options.targets ?? oneHot(dataset);
  const imagesPerEpoch = epochLength(options);
  const stepsPerEpoch = Math.ceil(imagesPerEpoch / batchSize);
  const depth = Math.max(4, 2 * workers);

  const request = async (epoch: number, step: number, order: ArrayLike<number>, repeats: Uint16Array) => {
    const positions = Array.prototype.slice.call(order, step * batchSize, (step + 1) * batchSize) as number[]; // an order holds numbers
    const mixup = recipe?.mixup
      ? drawMixup(recipe.mixup, positions.length, new RandomStream({ seed, purpose: 'mixup', epoch, step }))
      : undefined;
    const shown = Array.from(repeats.subarray(step * batchSize, step * batchSize + positions.length));
    const job: BatchJob = { epoch, batchSize, positions, repeats: shown, mixup };
    return assemble(options, targets, job, await pool.make(job));
  };

  async function* epoch(number: number, startStep = 0): AsyncGenerator<Batch> {
    const order = epochOrder(options, number);
    const repeats = countRepeats(order, samples.length);
    const ahead: Promise<Batch>[] = [];
    let next = startStep;
    const fill = () => {
      while (ahead.length < depth && next < stepsPerEpoch) {
        const batch = request(number, next++, order, repeats);
        batch.catch(() => {}); // reported when its turn comes; until then it must not count as unhandled
        ahead.push(batch);
      }
    };
    for (fill(); ahead.length > 0; ) {
      const batch = await ahead.shift()!;
      fill();
      yield batch;
    }
  }
  const close = async () => {
    await pool.close();
    if (context.disk) closeDiskCache(context.disk);
  };
  return { stepsPerEpoch, imagesPerEpoch, epoch, close };
}

function checkOptions(options: BatchLoaderOptions): void {
  const faults: string[] = [];
  for (const name of ['batchSize', 'channels', 'height', 'width'] as const) {
    if (!Number.isInteger(options[name]) || options[name] < 1) faults.push(`${name} is ${options[name]}`);
  }
  if (options.samples.length === 0) faults.push('there are no samples');
  if (faults.length > 0) {
    throw new HounsfieldError(
      'BATCH_OPTIONS',
      `${faults.join(', ')}. Each must be a whole number of 1 or more.`,
    );
  }
  const wrong = options.recipe ? recipeFaults({ ...options.recipe }) : [];
  if (wrong.length > 0) {
    throw new HounsfieldError(
      'RECIPE_INVALID',
      `the augmentation recipe: ${wrong.join('; ')}. Mend the recipe.`,
    );
  }
}

async function createContext(options: BatchLoaderOptions): Promise<BatchContext> {
  const { dataset, depth, height, width } = options;
  const channels = options.channels * (depth ?? 1);
  const sources = options.samples.map((index) => {
    const { id, source } = dataset.samples[index]!;
    return { id, index, source };
  });
  const first = await readSample(sources[0]!.source, dataset);
  const bits = { bitDepth: first.bitDepth, unit: first.unit, unsigned: isUnsignedWhole(first) };
  const shape = { channels, height, width };
  const mode = options.resizeMode ?? 'stretch';
  const making = { preparation: dataset.preparation, shape, mode, width: valueBytes(bits) };
  const disk = options.diskCache ? diskCache(options.diskCache, making) : undefined;
  return {
    sources,
    stacks: dataset.stacks,
    ...(dataset.preparation ? { preparation: dataset.preparation } : {}),
    shape,
    ...(depth === undefined ? {} : { depth }),
    mode,
    recipe: options.recipe,
    ...(options.volumeRecipe ? { volumeRecipe: options.volumeRecipe } : {}),
    ...(options.input === undefined ? {} : { input: options.input }),
    seed: options.seed,
    ...bits,
    cache: createImageCache(sources.length, shape, bits, options.cacheBytes ?? 2 ** 30),
    ...(disk ? { disk } : {}),
  };
}

/** For each place in an order, how often its position came before. */
function countRepeats(order: ArrayLike<number>, samples: number): Uint16Array {
  const seen = new Uint16Array(samples);
  return Uint16Array.from(order, (position) => seen[position]!++);
}

function oneHot({ classes, samples }: Dataset): TargetRows {
  const rows = classes.map((_, k) => classes.map((_, other) => (other === k ? 1 : 0)));
  const none = classes.map(() => 0);
  return { width: classes.length, row: (index) => rows[samples[index]!.label] ?? none };
}

function assemble(
  { batchSize, samples }: BatchLoaderOptions,
  { width, row: rowOf }: TargetRows,
  job: BatchJob,
  images: Float32Array,
): Batch {
  const targets = new Float32Array(batchSize * width);
  const indices = new Int32Array(batchSize).fill(-1);
  const weights = new Float32Array(batchSize);
  for (const [row, position] of job.positions.entries()) {
    targets.set(rowOf(samples[position]!), row * width);
    indices[row] = samples[position]!;
    weights[row] = 1;
  }
  if (job.mixup) applyMixup(targets, width, job.mixup);
  const mixed = job.mixup ? { mixup: job.mixup } : {};
  return { images, targets, indices, weights, count: job.positions.length, ...mixed };
}
