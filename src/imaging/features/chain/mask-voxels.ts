import { HounsfieldError } from '../../../errors.ts';
import { gridOf, sameGrid, sizeText } from '../../geometry/grid.ts';
import { isLabelMap, type MedicalImage, type PixelArray } from '../../image/medical-image.ts';
import type { FeatureSettings } from '../settings.ts';

/** First and last voxel of a box along x, y, z. */
export interface VoxelBox {
  readonly low: readonly [number, number, number];
  readonly high: readonly [number, number, number];
}

/** The voxels of a mask that are the region: those whose value lies in low .. high. */
export interface MaskVoxels {
  readonly pixels: PixelArray;
  /** First voxel of the layer. */
  readonly start: number;
  readonly low: number;
  readonly high: number;
  readonly box: VoxelBox;
  readonly voxels: number;
}

/**
 * Finds the region in a mask. Throws MASK_GRID_MISMATCH, MASK_SEVERAL_LABELS, MASK_VALUES and FEATURE_REGION_EMPTY.
 */
export function maskVoxels(image: MedicalImage, mask: MedicalImage, settings: FeatureSettings): MaskVoxels {
  requireSameGrid(image, mask);
  const plane = mask.width * mask.height * mask.depth;
  const layer = layerOf(mask, settings.label);
  const start = layer * plane;
  const [low, high] = labelRange(settings.label);
  const found = boxOf(mask, start, [low, high], settings.label === null);
  if (!found) {
    const named = settings.label === null || settings.label === 'any' ? 'above 0' : `of ${settings.label}`;
    throw new HounsfieldError(
      'FEATURE_REGION_EMPTY',
      `no voxel of the mask has a value ${named}, so there is no region. Draw one, or name a label that occurs.`,
    );
  }
  return { pixels: mask.pixels, start, low, high, ...found };
}

function requireSameGrid(image: MedicalImage, mask: MedicalImage): void {
  const [of, its] = [gridOf(image), gridOf(mask)];
  if (sameGrid(of, its, 0.01)) return;
  const sizes = of.size.some((side, axis) => side !== its.size[axis]);
  throw new HounsfieldError(
    'MASK_GRID_MISMATCH',
    sizes
      ? `the mask has ${sizeText(its.size)} voxels, the image ${sizeText(of.size)}. Resample it with resampleTo(mask, image).`
      : 'the mask has as many voxels as the image, but they lie elsewhere. Resample it with resampleTo(mask, image).',
  );
}

/** The layer that holds a label; a mask of several layers or time points must say it. */
function layerOf(mask: MedicalImage, label: FeatureSettings['label']): number {
  const layers = mask.channels * mask.timePoints;
  if (layers === 1) return 0;
  const named = isLabelMap(mask) ? mask.labels.find((one) => one.value === label) : undefined;
  if (mask.timePoints === 1 && named) return named.channel ?? 0;
  throw new HounsfieldError(
    'MASK_SEVERAL_LABELS',
    `the mask has ${mask.channels} layers and ${mask.timePoints} time points, where one is expected. Name a label of the ` +
      'mask in the settings (label), or take one layer out first.',
  );
}

function labelRange(label: FeatureSettings['label']): readonly [number, number] {
  return typeof label === 'number' ? [label, label] : [Number.MIN_VALUE, Number.POSITIVE_INFINITY];
}

/** Refuses a second value, and such as are no label, where the mask is to hold one alone. */
function requireOneValue(first: number, value: number): void {
  if (!(value > 0)) {
    throw new HounsfieldError(
      'MASK_VALUES',
      'the mask holds values below 0 or such that are no number. Give a mask of 0 outside and whole numbers inside.',
    );
  }
  if (first === 0) return;
  throw new HounsfieldError(
    'MASK_SEVERAL_LABELS',
    `the mask holds more than one value (${Number(first.toPrecision(6))} and ${Number(value.toPrecision(6))}). Name the ` +
      'one of the region in the settings (label: 1), or take all as one (label: "any").',
  );
}

/** The region's box; runs of zeros are passed over a word at a time. */
function boxOf(
  { pixels, width, height, depth }: MedicalImage,
  start: number,
  [low, high]: readonly [number, number],
  oneValue: boolean,
): { readonly box: VoxelBox; readonly voxels: number } | undefined {
  const count = width * height * depth;
  const words = wordsOf(pixels, start, count);
  const perWord = 4 / pixels.BYTES_PER_ELEMENT;
  let [left, right, top, bottom, first, last, voxels] = [width, -1, height, -1, depth, -1, 0];
  let only = 0;
  for (let i = 0; i < count; i++) {
    if (words && i % perWord === 0) {
      let word = i / perWord;
      while (word < words.length && words[word] === 0) word++;
      i = word * perWord;
      if (i >= count) break;
    }
    const value = pixels[start + i]!;
    if (oneValue && value !== 0 && value !== only) {
      requireOneValue(only, value);
      only = value;
    }
    if (!(value >= low && value <= high)) continue;
    voxels++;
    const row = Math.floor(i / width);
    const z = Math.floor(row / height);
    const x = i - row * width;
    const y = row - z * height;
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < top) top = y;
    if (y > bottom) bottom = y;
    if (z < first) first = z;
    if (z > last) last = z;
  }
  return voxels === 0 ? undefined : { box: { low: [left, top, first], high: [right, bottom, last] }, voxels };
}

/** Values of one or two bytes as words of four, where they lie so; what is left over at the end is in none. */
function wordsOf(pixels: PixelArray, start: number, count: number): Uint32Array | undefined {
  const size = pixels.BYTES_PER_ELEMENT;
  const offset = pixels.byteOffset + start * size;
  if (size > 2 || offset % 4 !== 0) return undefined;
  return new Uint32Array(pixels.buffer, offset, Math.floor((count * size) / 4));
}
