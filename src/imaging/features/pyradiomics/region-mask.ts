import { HounsfieldError } from '../../../errors.ts';
import { type Affine, applyAffine, invertAffine, type Vector3 } from '../../geometry/geometry.ts';
import type { PyradiomicsSettings } from './parameters.ts';
import { arrayLike, type Box, spacingOf, type Volume } from './volume.ts';

/** Where a label is: its box in the volume, and which voxels of the box it fills. */
export interface RegionMask extends Box {
  readonly size: Vector3;
  readonly inside: Uint8Array; // [D, H, W] of the box
  readonly voxels: number;
}

/** Throws MASK_EMPTY, MASK_LABEL_MISSING. */
export function regionMask(mask: Volume, label: number): RegionMask {
  const box = boxOf(mask, label);
  if (!box) throw missing(mask, label);
  const [width, height] = mask.size;
  const { low, high } = box;
  const size: Vector3 = [high[0] - low[0] + 1, high[1] - low[1] + 1, high[2] - low[2] + 1];
  const inside = new Uint8Array(size[0] * size[1] * size[2]);
  let voxels = 0;
  for (let z = 0, to = 0; z < size[2]; z++) {
    for (let y = 0; y < size[1]; y++) {
      let from = ((z + low[2]) * height + y + low[1]) * width + low[0];
      for (let x = 0; x < size[0]; x++, to++, from++) {
        if (mask.pixels[from] !== label) continue;
        inside[to] = 1;
        voxels++;
      }
    }
  }
  return { low, high, size, inside, voxels };
}

function boxOf({ pixels, size: [width, height, depth] }: Volume, label: number): Box | undefined {
  let [x0, x1, y0, y1, z0, z1] = [width, -1, height, -1, -1, -1];
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const row = (z * height + y) * width;
      const first = pixels.subarray(row, row + width).indexOf(label);
      if (first < 0) continue;
      let last = width - 1;
      while (pixels[row + last] !== label) last--;
      if (first < x0) x0 = first;
      if (last > x1) x1 = last;
      if (y < y0) y0 = y;
      if (y > y1) y1 = y;
      if (z0 < 0) z0 = z;
      z1 = z;
    }
  }
  return z0 < 0 ? undefined : { low: [x0, y0, z0], high: [x1, y1, z1] };
}

function missing(mask: Volume, label: number): HounsfieldError {
  const found = new Set<number>();
  for (const value of mask.pixels) if (value !== 0 && found.size < 16) found.add(value);
  if (found.size === 0) {
    return new HounsfieldError(
      'MASK_EMPTY',
      'every voxel of the mask is 0. Draw the region, or pass another mask.',
    );
  }
  return new HounsfieldError(
    'MASK_LABEL_MISSING',
    `no voxel of the mask is ${label}; its labels are ${[...found].sort((a, b) => a - b).join(', ')}. Ask for one of them.`,
  );
}

/** Throws MASK_TOO_SMALL where the region has too few voxels or sides of more than one voxel. */
export function checkSize(
  region: RegionMask,
  { minimumROIDimensions, minimumROISize }: PyradiomicsSettings,
): void {
  const sides = region.size.filter((side) => side > 1).length;
  if (
    sides > 0 &&
    sides >= minimumROIDimensions &&
    (minimumROISize === null || region.voxels > minimumROISize)
  )
    return;
  throw new HounsfieldError(
    'MASK_TOO_SMALL',
    `the region has ${region.voxels} voxels in a box of ${region.size.join(' x ')}, where more than ` +
      `${Math.max(1, minimumROISize ?? 1)} voxels along at least ${Math.max(1, minimumROIDimensions)} axes are asked for. ` +
      'Lower minimumROIDimensions or minimumROISize, or leave the region out.',
  );
}

/** Whether two volumes have one grid, to a tolerance in voxels of the first axis, as SimpleITK compares them. */
export function sameVolumeGrid(image: Volume, mask: Volume, tolerance: number): boolean {
  if (image.size.some((side, axis) => side !== mask.size[axis])) return false;
  const [a, b] = [image.affine, mask.affine];
  const [sa, sb] = [spacingOf(image), spacingOf(mask)];
  const near = tolerance * sa[0];
  for (let row = 0; row < 3; row++) {
    if (Math.abs(a[4 * row + 3]! - b[4 * row + 3]!) > near) return false;
    if (Math.abs(sa[row]! - sb[row]!) > near) return false;
    for (let axis = 0; axis < 3; axis++) {
      if (Math.abs(a[4 * row + axis]! / sa[axis]! - b[4 * row + axis]! / sb[axis]!) > tolerance) return false;
    }
  }
  return true;
}

/** The mask on the image's grid by its nearest voxels. Throws MASK_OUTSIDE_IMAGE, MASK_EMPTY, MASK_LABEL_MISSING. */
export function correctedMask(image: Volume, mask: Volume, label: number): Volume {
  requireInside(image, mask, regionMask(mask, label));
  return nearestOnto(mask, image.size, image.affine);
}

/** Throws MASK_OUTSIDE_IMAGE when a region's box reaches out of the image by more than a thousandth of a voxel. */
export function requireInside(image: Volume, mask: Volume, { low, high }: Box): void {
  const inverse = invertAffine(image.affine);
  const corner = (at: Vector3, by: number): Vector3 =>
    applyAffine(inverse, applyAffine(mask.affine, [at[0] + by, at[1] + by, at[2] + by]));
  const ends = [corner(low, -0.5), corner(high, 0.5)] as const;
  const outside = ([0, 1, 2] as const).some(
    (axis) =>
      Math.min(ends[0][axis], ends[1][axis]) < -0.501 ||
      Math.max(ends[0][axis], ends[1][axis]) > image.size[axis] - 0.499,
  );
  if (!outside) return;
  throw new HounsfieldError(
    'MASK_OUTSIDE_IMAGE',
    "the region's box reaches beyond the image. Pass a mask that was drawn on this image, or crop the mask to it.",
  );
}

/** A volume on another grid by its nearest voxels, 0 outside. */
export function nearestOnto(volume: Volume, size: Vector3, affine: Affine): Volume {
  const inverse = invertAffine(volume.affine);
  const [width, height, depth] = volume.size;
  const pixels = arrayLike(volume.pixels, size[0] * size[1] * size[2]);
  for (let z = 0, to = 0; z < size[2]; z++) {
    for (let y = 0; y < size[1]; y++) {
      for (let x = 0; x < size[0]; x++, to++) {
        const [u, v, w] = applyAffine(inverse, applyAffine(affine, [x, y, z]));
        const [i, j, k] = [Math.floor(u + 0.5), Math.floor(v + 0.5), Math.floor(w + 0.5)];
        if (i < 0 || j < 0 || k < 0 || i >= width || j >= height || k >= depth) continue;
        pixels[to] = volume.pixels[(k * height + j) * width + i]!;
      }
    }
  }
  return { pixels, size, affine };
}

/** The voxels of a region whose intensities lie in the range asked for. Throws MASK_EMPTY where at most one is left. */
export function resegmented(image: Volume, region: RegionMask, settings: PyradiomicsSettings): RegionMask {
  const range = [...settings.resegmentRange!].sort((a, b) => a - b);
  const values = regionValues(image, region);
  const [scale, from] = scaleOf(values, settings.resegmentMode);
  const low = from + scale * range[0]!;
  const high = range.length === 2 ? from + scale * range[1]! : Number.POSITIVE_INFINITY;
  const inside = new Uint8Array(region.inside.length);
  let voxels = 0;
  for (let at = 0, n = 0; at < inside.length; at++) {
    if (region.inside[at] === 0) continue;
    const value = values[n++]!;
    if (value >= low && value <= high) {
      inside[at] = 1;
      voxels++;
    }
  }
  if (voxels <= 1) {
    throw new HounsfieldError(
      'MASK_EMPTY',
      `re-segmentation left ${voxels} of ${region.voxels} voxels. Widen resegmentRange or change resegmentMode.`,
    );
  }
  const within = regionMask({ pixels: inside, size: region.size, affine: image.affine }, 1);
  const move = (at: Vector3): Vector3 => [
    at[0] + region.low[0],
    at[1] + region.low[1],
    at[2] + region.low[2],
  ];
  return { ...within, low: move(within.low), high: move(within.high) };
}

function scaleOf(
  values: Float64Array,
  mode: PyradiomicsSettings['resegmentMode'],
): readonly [scale: number, from: number] {
  if (mode === 'absolute') return [1, 0];
  let [greatest, mean, squares] = [Number.NEGATIVE_INFINITY, 0, 0];
  for (const value of values) {
    if (value > greatest) greatest = value;
    mean += value;
  }
  if (mode === 'relative') return [greatest, 0];
  mean /= values.length;
  for (const value of values) squares += (value - mean) ** 2;
  return [Math.sqrt(squares / values.length), mean];
}

/** Intensities of a region's voxels in order of memory. Throws FEATURE_VALUES for NaN and infinite ones. */
export function regionValues(image: Volume, { low, size, inside, voxels }: RegionMask): Float64Array {
  const [width, height] = image.size;
  const values = new Float64Array(voxels);
  let n = 0;
  let sum = 0;
  for (let z = 0, at = 0; z < size[2]; z++) {
    for (let y = 0; y < size[1]; y++) {
      let from = ((z + low[2]) * height + y + low[1]) * width + low[0];
      for (let x = 0; x < size[0]; x++, at++, from++) {
        if (inside[at] === 0) continue;
        const value = image.pixels[from]!;
        values[n++] = value;
        sum += 0 * value;
      }
    }
  }
  if (sum === 0) return values;
  throw new HounsfieldError(
    'FEATURE_VALUES',
    'a voxel of the region is NaN or infinite. Correct the image, or leave such voxels out of the mask.',
  );
}
