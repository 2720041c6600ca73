import type { Vector3 } from '../geometry/geometry.ts';
import type { MedicalImage } from '../image/medical-image.ts';
import { volumeStart } from './chain/image-grid.ts';
import type { PreparedImage } from './chain/prepare-image.ts';
import { type FilteredImage, IMAGE_FILTERS } from './image-filters.ts';
import type { FeatureSettings, ImageSettings } from './settings.ts';

/** Voxels beyond the region's box that a filter depends on. */
export function filterReach({ filter, parameters = {} }: ImageSettings, spacingMm: Vector3): Vector3 {
  return IMAGE_FILTERS[filter]?.reach(parameters, spacingMm) ?? [0, 0, 0];
}

/**
 * What a filter makes of a prepared image (after interpolation and rounding, IBSI 2), with a margin of `filterReach` about
 * the region: a sub-band, a sigma each. Throws INTENSITY_NOT_FINITE and what the filter names.
 */
export function filteredImages(
  { filter, parameters = {} }: ImageSettings,
  prepared: PreparedImage,
  image: MedicalImage,
  settings: FeatureSettings,
): Iterable<FilteredImage> {
  const { values, size, spacingMm } = prepared;
  const greatest = greatestOf(image, volumeStart(image, settings));
  return IMAGE_FILTERS[filter]?.images(parameters, { values, size, spacingMm, greatest }) ?? [];
}

/** The greatest absolute value of the image's chosen volume; what is no finite number does not count. */
function greatestOf({ pixels, width, height, depth }: MedicalImage, start: number): number {
  let greatest = 0;
  for (let i = start; i < start + width * height * depth; i++) {
    const size = Math.abs(pixels[i]!);
    if (size > greatest && size < Number.POSITIVE_INFINITY) greatest = size;
  }
  return greatest;
}
