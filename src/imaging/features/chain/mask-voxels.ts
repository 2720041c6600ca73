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
  const [low, high] = labelRange(mask, start, plane, settings.label);
  const found = boxOf(mask, start, low, high);
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

function labelRange(
  { pixels }: MedicalImage,
  start: number,
  count: number,
  label: FeatureSettings['label'],
): readonly [number, number] {
  if (typeof label === 'number') return [label, label];
  if (label === null) requireOneValue(pixels, start, count);
  return [Number.MIN_VALUE, Number.POSITIVE_INFINITY];
}

function requireOneValue(pixels: PixelArray, start: number, count: number): void {
  let first = 0;
  for (let i = start; i < start + count; i++) {
    const value = pixels[i]!;
    if (value === 0 || value === first) continue;
    if (!(value > 0)) {
      throw new HounsfieldError(
        'MASK_VALUES',
        'the mask holds values below 0 or such that are no number. Give a mask of 0 outside and whole numbers inside.',
      );
    }
    if (first !== 0) {
      throw new HounsfieldError(
        'MASK_SEVERAL_LABELS',
        `the mask holds more than one value (${Number(first.toPrecision(6))} and ${Number(value.toPrecision(6))}). Name ` +
          'the region\'s in the settings (label: 1), or take all as one (label: "any").',
      );
    }
    first = value;
  }
}

function boxOf(
  { pixels, width, height, depth }: MedicalImage,
  start: number,
  low: number,
  high: number,
): { readonly box: VoxelBox; readonly voxels: number } | undefined {
  let [left, right, top, bottom, first, last, voxels] = [width, -1, height, -1, depth, -1, 0];
  for (let z = 0, at = start; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      let rowVoxels = 0;
      for (let x = 0; x < width; x++, at++) {
        const value = pixels[at]!;
        if (!(value >= low && value <= high)) continue;
        rowVoxels++;
        if (x < left) left = x;
        if (x > right) right = x;
      }
      if (rowVoxels === 0) continue;
      voxels += rowVoxels;
      if (y < top) top = y;
      if (y > bottom) bottom = y;
      if (z < first) first = z;
      last = z;
    }
  }
  return voxels === 0 ? undefined : { box: { low: [left, top, first], high: [right, bottom, last] }, voxels };
}
