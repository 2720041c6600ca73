import {
  type AugmentationRecord,
  applyAugmentation,
  drawAugmentation,
} from '../../imaging/augmentation/augmentation.ts';
import { applyMixup, type MixupRecord } from '../../imaging/augmentation/mixup.ts';
import type { AugmentationRecipe } from '../../imaging/augmentation/recipe.ts';
import {
  applyVolumeAugmentation,
  drawVolumeAugmentation,
} from '../../imaging/augmentation/volume-augmentation.ts';
import type { VolumeRecipe } from '../../imaging/augmentation/volume-recipe.ts';
import { geometryFrom } from '../../imaging/geometry/geometry.ts';
import { gridOf } from '../../imaging/geometry/grid.ts';
import { type FloatImage, type IntensityUnit, medicalImage } from '../../imaging/image/medical-image.ts';
import type { NamedStep } from '../../imaging/transforms/history.ts';
import { clampIntensity } from '../../imaging/transforms/intensity.ts';
import { moveContents } from '../../imaging/transforms/move-contents.ts';
import { RandomStream } from '../../random.ts';
import { conformImage, type InputShape, type ResizeMode } from './conform-image.ts';
import { conformVolume } from './conform-volume.ts';
import type { ImageStack, SampleSource } from './dataset.ts';
import { type DiskCache, lookUpImage } from './image-cache.node.ts';
import { requireScale } from './intensity-scale.ts';
import { readSample } from './read-sample.node.ts';

/** All that a worker needs to make any batch; survives structured cloning, arrays shared. */
export interface BatchContext {
  /** One for each sample that the loader serves; `index` is its place in the data set, which keys its augmentation. */
  readonly sources: readonly { readonly id: string; readonly index: number; readonly source: SampleSource }[];
  readonly stacks: ReadonlyMap<string, ImageStack>;
  readonly preparation?: readonly NamedStep[];
  /** Of volumes, channels and slices count as one. */
  readonly shape: InputShape;
  /** Slices of a volume. */
  readonly depth?: number;
  readonly mode: ResizeMode;
  readonly recipe: AugmentationRecipe | undefined;
  /** Of volumes, in place of the recipe's moves and values. */
  readonly volumeRecipe?: VolumeRecipe;
  /** Name of the input, of several those after the first. */
  readonly input?: string;
  readonly seed: number;
  readonly bitDepth: number;
  readonly unit: IntensityUnit;
  /** Whether values are whole numbers from 0 to 2^bitDepth - 1. */
  readonly unsigned: boolean;
  readonly cache: ImageCache;
  /** Images kept between runs; absent when none are. */
  readonly disk?: DiskCache;
}

/** Images at the network's size, shared by all workers; the first `slots` sources have a place. */
export interface ImageCache {
  readonly slots: number;
  /** 1 where the slot is filled. */
  readonly ready: Int32Array;
  readonly pixels: Uint8Array | Uint16Array | Float32Array;
}

/** One batch to make. */
export interface BatchJob {
  readonly epoch: number;
  readonly batchSize: number;
  /** Positions into the context's sources. */
  readonly positions: readonly number[];
  /** How often each position was shown before in this epoch. */
  readonly repeats: readonly number[];
  readonly mixup: MixupRecord | undefined;
}

/** Makes room for as many images as `bytes` hold, in the narrowest type that keeps them exact. */
export function createImageCache(
  count: number,
  shape: InputShape,
  bits: { readonly bitDepth: number; readonly unsigned: boolean },
  bytes: number,
): ImageCache {
  const values = shape.channels * shape.height * shape.width;
  const width = valueBytes(bits);
  const slots = Math.min(count, Math.floor(bytes / (values * width)));
  const shared = new SharedArrayBuffer(slots * values * width);
  const pixels =
    width === 1 ? new Uint8Array(shared) : width === 2 ? new Uint16Array(shared) : new Float32Array(shared);
  return { slots, ready: new Int32Array(new SharedArrayBuffer(4 * slots)), pixels };
}

/** Bytes of the narrowest type that keeps the values exact. */
export function valueBytes({
  bitDepth,
  unsigned,
}: {
  readonly bitDepth: number;
  readonly unsigned: boolean;
}): 1 | 2 | 4 {
  return unsigned && bitDepth <= 8 ? 1 : unsigned && bitDepth <= 16 ? 2 : 4;
}

/**
 * The images of a batch, [B, C, H, W] float32 in the files' scale. Rows past the positions repeat the first ones: they
 * weigh nothing in the loss, and batch normalisation sees images of the kind it is to see, not zeros.
 */
export async function makeBatch(context: BatchContext, job: BatchJob): Promise<Float32Array> {
  const { channels, height, width } = context.shape;
  const length = channels * height * width;
  const batch = new Float32Array(job.batchSize * length);
  const fullScale = context.unsigned ? ([0, 2 ** context.bitDepth - 1] as const) : undefined;
  for (const [row, position] of job.positions.entries()) {
    let image = await preparedImage(context, position);
    if (context.recipe || context.volumeRecipe) {
      const purpose = job.repeats[row] ? `augment#${job.repeats[row]}` : 'augment';
      const key = { seed: context.seed, purpose, epoch: job.epoch, step: context.sources[position]!.index };
      image = context.volumeRecipe
        ? augmentedVolume(image, context, context.volumeRecipe, key, fullScale)
        : applyAugmentation(image, drawnFor(context.recipe!, key, context.input), fullScale); // one or the other
    }
    batch.set(image.pixels, row * length);
  }
  if (job.mixup) applyMixup(batch, length, job.mixup);
  const filled = job.positions.length * length;
  for (let at = filled; at < batch.length; at += filled) {
    batch.copyWithin(at, 0, Math.min(filled, batch.length - at));
  }
  return batch;
}

/** What a draw is keyed by. */
interface RandomKey {
  readonly seed: number;
  readonly purpose: string;
  readonly epoch: number;
  readonly step: number;
}

/** A volume augmented in three dimensions; a voxel of the network's grid counts as a millimetre. */
function augmentedVolume(
  image: FloatImage,
  { depth = 1, input }: BatchContext,
  recipe: VolumeRecipe,
  key: RandomKey,
  fullScale: readonly [number, number] | undefined,
): FloatImage {
  const { channels, height, width } = image;
  const volume = medicalImage(
    image.pixels,
    { channels: channels / depth, depth, height, width },
    32,
    'arbitrary',
    { geometry: geometryFrom({ spacingMm: [1, 1, 1] }) },
  );
  const grid = gridOf(volume);
  const shared = drawVolumeAugmentation(recipe, new RandomStream(key), grid);
  const isMove = ({ transform }: NamedStep) => transform === moveContents.name;
  const steps =
    input === undefined
      ? shared
      : [
          ...shared.filter(isMove),
          ...drawVolumeAugmentation(
            recipe,
            new RandomStream({ ...key, purpose: `${key.purpose}/${input}` }),
            grid,
          ).filter((step) => !isMove(step)),
        ];
  const { pixels } = applyVolumeAugmentation({ images: { image: volume } }, steps).images['image']!;
  const moved = { ...image, pixels: Float32Array.from(pixels) };
  return fullScale ? clampIntensity(moved, fullScale) : moved;
}

/** Images of one sample move alike; brightness, noise and what else changes their values is drawn for each. */
function drawnFor(recipe: AugmentationRecipe, key: RandomKey, input: string | undefined): AugmentationRecord {
  const first = drawAugmentation(recipe, new RandomStream(key));
  if (input === undefined) return first;
  const own = drawAugmentation(recipe, new RandomStream({ ...key, purpose: `${key.purpose}/${input}` }));
  const { geometry, elastic } = first;
  return { ...own, ...(geometry ? { geometry } : {}), ...(elastic ? { elastic } : {}) };
}

/** One source at the network's size, from the cache or decoded and put there. */
export async function preparedImage(context: BatchContext, position: number): Promise<FloatImage> {
  const { cache, shape } = context;
  const length = shape.channels * shape.height * shape.width;
  const slot = position < cache.slots ? position : undefined;
  if (slot !== undefined && Atomics.load(cache.ready, slot) === 1) {
    const pixels = new Float32Array(length);
    pixels.set(cache.pixels.subarray(slot * length, (slot + 1) * length));
    return { pixels, ...shape };
  }
  const image = await storedImage(context, position);
  if (slot !== undefined) {
    cache.pixels.set(image.pixels, slot * length);
    Atomics.store(cache.ready, slot, 1);
  }
  return image;
}

/** One source at the network's size, from the disk's cache or decoded and put there. */
async function storedImage(context: BatchContext, position: number): Promise<FloatImage> {
  const { shape } = context;
  const { id, source } = context.sources[position]!;
  const entry =
    context.disk && source.kind === 'file' ? await lookUpImage(context.disk, source.path) : undefined;
  const first = `${context.sources[0]!.id} has`;
  if (entry?.image) {
    requireScale(entry.image, id, context, first);
    return { pixels: Float32Array.from(entry.image.pixels), ...shape };
  }
  const decoded = await readSample(source, context);
  requireScale(decoded, id, context, first);
  const { depth } = context;
  const image =
    depth === undefined
      ? conformImage(decoded, shape, context.mode, id)
      : conformVolume(decoded, { ...shape, channels: shape.channels / depth, depth }, id);
  await entry?.store(image.pixels, decoded);
  return image;
}
