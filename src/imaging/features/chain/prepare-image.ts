/**
 * The image-processing chain of the IBSI (reference manual, chapter 2) up to the masks: interpolation of image and mask,
 * rounding, re-segmentation. Only the region's box and a margin are read and kept.
 */
import { HounsfieldError } from '../../../errors.ts';
import type { Vector3 } from '../../geometry/geometry.ts';
import type { IntensityUnit, MedicalImage } from '../../image/medical-image.ts';
import type { Region } from '../feature.ts';
import type { FeatureSettings } from '../settings.ts';
import { type AxisGrid, axisGrid, pointsNear } from './axis-grid.ts';
import { knownSpacing, volumeStart } from './image-grid.ts';
import { type GridBox, interpolateBox, type SourceVolume } from './interpolate-box.ts';
import { type MaskVoxels, maskVoxels } from './mask-voxels.ts';

/** A mask's part is compared with the threshold to six digits, so that rounding takes no voxel away. */
const PART_TOLERANCE = 5e-7;

/** Voxels that the region's box and its margin may have: 1 GB of intensities. */
const MOST_VOXELS = 2 ** 27;

/** Image and masks after the chain, cut to the region's box and a margin. */
export interface PreparedImage extends Region {
  readonly unit: IntensityUnit;
  /** First voxel of the region's box and voxels along it: what `regionOf` cuts out. */
  readonly box: GridBox;
  /** Voxels of the region in the mask as given, after interpolation and after re-segmentation. */
  readonly voxels: readonly [given: number, interpolated: number, kept: number];
}

/**
 * Image and mask brought through the chain.
 *
 * @param mask same grid as the image; null: the whole image is the region
 * @param marginOf by the spacing after interpolation, mm: voxels along x, y, z by which the values go beyond the region's
 * box, where the image goes so far
 * @throws MASK_GRID_MISMATCH, MASK_SEVERAL_LABELS, MASK_VALUES, FEATURE_REGION_EMPTY, FEATURE_SPACING, FEATURE_GRID,
 * FEATURE_CHANNELS, FEATURE_VALUES, FEATURE_REGION_LARGE
 */
export function prepareImage(
  image: MedicalImage,
  mask: MedicalImage | null,
  settings: FeatureSettings,
  marginOf: (spacingMm: Vector3) => Vector3 = () => [0, 0, 0],
): PreparedImage {
  const spacing = knownSpacing(image, settings);
  const start = volumeStart(image, settings);
  const found = mask ? maskVoxels(image, mask, settings) : wholeImage(image);
  const size: Vector3 = [image.width, image.height, image.depth];
  const wanted = settings.interpolation?.spacingMm ?? [null, null, null];
  const grids = ([0, 1, 2] as const).map((axis) => axisGrid(size[axis], spacing[axis], wanted[axis]));
  const axes = grids as unknown as readonly [AxisGrid, AxisGrid, AxisGrid]; // three axes
  const after: Vector3 = [axes[0].spacingMm, axes[1].spacingMm, axes[2].spacingMm];
  const cut = cutAround(axes, found, marginOf(after));
  requireModest(cut, after);
  const how = settings.interpolation ?? { image: 'nearest', mask: 'nearest', maskThreshold: 0.5 };
  const source: SourceVolume = { pixels: image.pixels, start, size };
  const values = interpolateBox(source, axes, cut, how.image);
  const part = interpolateBox({ ...found, size }, axes, cut, how.mask, found);
  const shape = new Uint8Array(part.length);
  const least = how.maskThreshold - PART_TOLERANCE;
  for (let i = 0; i < part.length; i++) shape[i] = part[i]! >= least ? 1 : 0;
  if (settings.interpolation) roundWhereAsked(values, image.unit, settings.rounding);
  const box = boxOfShape(shape, cut.size);
  if (!box) {
    throw new HounsfieldError(
      'FEATURE_REGION_EMPTY',
      `the region's ${found.voxels} voxels fill none of the voxels after interpolation to the part that ` +
        'maskThreshold asks for. Interpolate to a smaller spacing, or leave this region out.',
    );
  }
  requireFinite(values, shape, settings.interpolation !== null);
  const inside = resegmented(values, shape, settings);
  const interpolated = ones(shape);
  return {
    size: cut.size,
    spacingMm: after,
    values,
    inside,
    shape,
    unit: image.unit,
    box,
    voxels: [found.voxels, interpolated, ones(inside)],
  };
}

/** The region alone, cut to its box. */
export function regionOf(prepared: PreparedImage, values: Float64Array = prepared.values): Region {
  const { box, size, spacingMm } = prepared;
  const [width, height, depth] = box.size;
  const out = {
    values: new Float64Array(width * height * depth),
    inside: new Uint8Array(width * height * depth),
    shape: new Uint8Array(width * height * depth),
  };
  for (let z = 0, at = 0; z < depth; z++) {
    for (let y = 0; y < height; y++, at += width) {
      const row = ((z + box.from[2]) * size[1] + y + box.from[1]) * size[0] + box.from[0];
      out.values.set(values.subarray(row, row + width), at);
      out.inside.set(prepared.inside.subarray(row, row + width), at);
      out.shape.set(prepared.shape.subarray(row, row + width), at);
    }
  }
  return { size: box.size, spacingMm, ...out };
}

function requireModest({ size }: GridBox, spacingMm: Vector3): void {
  const voxels = size[0] * size[1] * size[2];
  if (voxels <= MOST_VOXELS) return;
  const lengths = spacingMm.map((mm) => Number(mm.toPrecision(3))).join(' x ');
  throw new HounsfieldError(
    'FEATURE_REGION_LARGE',
    `the region and its margin would have ${voxels} voxels of ${lengths} mm, and at most ${MOST_VOXELS} are taken. ` +
      'Interpolate to a larger spacing, or draw a smaller region.',
  );
}

function wholeImage({ width, height, depth }: MedicalImage): MaskVoxels {
  const voxels = width * height * depth;
  const box = { low: [0, 0, 0], high: [width - 1, height - 1, depth - 1] } as const;
  return { pixels: new Uint8Array(voxels).fill(1), start: 0, low: 1, high: 1, box, voxels };
}

/** The part of the new grid that the region can fill, and the margin around it. */
function cutAround(
  axes: readonly [AxisGrid, AxisGrid, AxisGrid],
  { box }: MaskVoxels,
  margins: Vector3,
): GridBox {
  const ranges = ([0, 1, 2] as const).map((axis) => {
    const grid = axes[axis];
    const still = grid.step === 1 && grid.first === 0;
    const [from, to] = pointsNear(grid, box.low[axis], box.high[axis], still ? 0 : 1);
    const margin = Math.min(margins[axis], grid.after);
    const low = Math.max(0, from - margin);
    return [low, Math.min(grid.after - 1, to + margin) - low + 1] as const;
  });
  const [x, y, z] = ranges as unknown as readonly [
    (typeof ranges)[0],
    (typeof ranges)[0],
    (typeof ranges)[0],
  ];
  return { from: [x[0], y[0], z[0]], size: [x[1], y[1], z[1]] };
}

/** To the nearest whole number, halves to the even one; a half is one to float32, since sums miss it by their last bits. */
function roundWhereAsked(
  values: Float64Array,
  unit: IntensityUnit,
  rounding: FeatureSettings['rounding'],
): void {
  if (rounding === 'never' || (rounding === 'auto' && unit !== 'HU')) return;
  for (let i = 0; i < values.length; i++) {
    const value = Math.fround(values[i]!);
    const below = Math.floor(value);
    const above = value - below;
    values[i] = above < 0.5 || (above === 0.5 && below % 2 === 0) ? below : below + 1;
  }
}

function requireFinite(values: Float64Array, shape: Uint8Array, interpolated: boolean): void {
  let wrong = 0;
  for (let i = 0; i < values.length; i++) if (shape[i] && !Number.isFinite(values[i]!)) wrong++;
  if (wrong === 0) return;
  throw new HounsfieldError(
    'FEATURE_VALUES',
    `${wrong} voxels of the region hold values that are no finite number` +
      `${interpolated ? ', or lie beside such and are interpolated from them' : ''}. Take them out of the mask, or replace ` +
      'them in the image first.',
  );
}

function resegmented(
  values: Float64Array,
  shape: Uint8Array,
  { resegmentation: { range, outlierSigmas } }: FeatureSettings,
): Uint8Array {
  let low = range[0] ?? Number.NEGATIVE_INFINITY;
  let high = range[1] ?? Number.POSITIVE_INFINITY;
  if (outlierSigmas !== null) {
    const { mean, deviation } = spreadOf(values, shape);
    low = Math.max(low, mean - outlierSigmas * deviation);
    high = Math.min(high, mean + outlierSigmas * deviation);
  }
  const inside = shape.slice();
  for (let i = 0; i < inside.length; i++) if (!(values[i]! >= low && values[i]! <= high)) inside[i] = 0;
  return inside;
}

function spreadOf(values: Float64Array, shape: Uint8Array) {
  let [count, sum] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (!shape[i]) continue;
    count++;
    sum += values[i]!;
  }
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < values.length; i++) if (shape[i]) squares += (values[i]! - mean) ** 2;
  return { mean, deviation: Math.sqrt(squares / count) };
}

function ones(mask: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < mask.length; i++) count += mask[i]!;
  return count;
}

function boxOfShape(shape: Uint8Array, [width, height, depth]: Vector3): GridBox | undefined {
  let [left, right, top, bottom, first, last] = [width, -1, height, -1, depth, -1];
  for (let z = 0, at = 0; z < depth; z++) {
    for (let y = 0; y < height; y++, at += width) {
      const from = shape.indexOf(1, at);
      if (from < 0 || from >= at + width) continue;
      const to = shape.lastIndexOf(1, at + width - 1);
      left = Math.min(left, from - at);
      right = Math.max(right, to - at);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
      first = Math.min(first, z);
      last = z;
    }
  }
  if (right < 0) return undefined;
  return { from: [left, top, first], size: [right - left + 1, bottom - top + 1, last - first + 1] };
}
