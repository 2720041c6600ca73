import type { Vector3 } from '../../geometry/geometry.ts';
import type { PixelArray } from '../../image/medical-image.ts';
import type { Border } from './borders.ts';
import { minimumFilter } from './extreme-filter.ts';
import { type OrderedValues, orderedValues, type WholeArray } from './ordered-values.ts';
import { mirrored, type StructuringElement } from './structuring-element.ts';
import { requireFinite, requireVolume } from './volume-sides.ts';

export interface BeyondImage {
  /** Default 'reflect'. */
  readonly border?: Border;
  /** Of 'constant'. Default 0. */
  readonly constant?: number;
}

export const GREY_OPERATIONS = [
  'erosion',
  'dilation',
  'opening',
  'closing',
  'white-top-hat',
  'black-top-hat',
] as const;
export type GreyOperation = (typeof GREY_OPERATIONS)[number];

/**
 * Flat grey-value morphology of one volume (Serra, Image Analysis and Mathematical Morphology, 1982): the smallest
 * (erosion) or largest (dilation) value over the element's places, and what is made of these. A dilation puts the element
 * at each voxel, so that of an element without symmetry an opening is still idempotent.
 *
 * @param values [D, H, W]
 * @param sides width, height, depth
 * @returns an array of the same type
 * @throws IMAGE_SHAPE, INTENSITY_NOT_FINITE
 */
export function greyMorphology(
  operation: GreyOperation,
  values: PixelArray,
  sides: Vector3,
  element: StructuringElement,
  { border = 'reflect', constant = 0 }: BeyondImage = {},
): PixelArray {
  requireVolume(values, sides, operation);
  requireFinite(values, operation);
  const ordered = orderedValues(values, [constant]);
  const greatest = ordered.narrow ? 1 << 30 : 2147483647;
  const { narrow } = ordered;
  const erode = (from: WholeArray, by: StructuringElement) => {
    const beyond = { border, constant: ordered.order(constant), greatest };
    return minimumFilter(from, sides, by, { beyond, narrow, flip: 0 }, ordered.empty(from.length));
  };
  const dilate = (from: WholeArray, by: StructuringElement) => {
    const beyond = { border, constant: ~ordered.order(constant), greatest };
    return minimumFilter(from, sides, mirrored(by), { beyond, narrow, flip: -1 }, ordered.empty(from.length));
  };
  const done = run(operation, ordered, element, erode, dilate);
  const result = ordered.restore(done);
  if (operation === 'white-top-hat') subtract(values, result, result);
  if (operation === 'black-top-hat') subtract(result, values, result);
  return result;
}

type Step = (from: WholeArray, by: StructuringElement) => WholeArray;

function run(
  operation: GreyOperation,
  { values }: OrderedValues,
  element: StructuringElement,
  erode: Step,
  dilate: Step,
): WholeArray {
  if (operation === 'erosion') return erode(values, element);
  if (operation === 'dilation') return dilate(values, element);
  if (operation === 'opening' || operation === 'white-top-hat')
    return dilate(erode(values, element), element);
  return erode(dilate(values, element), element);
}

function subtract(from: PixelArray, less: PixelArray, into: PixelArray): void {
  for (let i = 0; i < into.length; i++) into[i] = from[i]! - less[i]!;
}
