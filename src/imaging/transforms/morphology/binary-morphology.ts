import type { Vector3 } from '../../geometry/geometry.ts';
import { type BitRows, emptyBits, packBits, unpackBits } from './bit-rows.ts';
import type { BeyondImage } from './grey-morphology.ts';
import { mirrored, type StructuringElement } from './structuring-element.ts';
import { requireVolume } from './volume-sides.ts';

export const BINARY_OPERATIONS = ['erosion', 'dilation', 'opening', 'closing'] as const;
export type BinaryOperation = (typeof BINARY_OPERATIONS)[number];

/**
 * Morphology of a mask, 32 voxels at a time: a row of the element is a stretch of voxels that are all set, which two
 * stretches of 1, 2, 4 ... cover.
 *
 * @param mask [D, H, W]; what is not 0 is set
 * @param beyond 'ignore' unless given: what lies outside neither takes away nor adds. Of 'constant' 0 or 1.
 * @returns 0 and 1
 * @throws IMAGE_SHAPE
 */
export function binaryMorphology(
  operation: BinaryOperation,
  mask: ArrayLike<number>,
  sides: Vector3,
  element: StructuringElement,
  { border = 'ignore', constant = 0 }: BeyondImage = {},
): Uint8Array {
  requireVolume(mask, sides, operation);
  const at = (from: ArrayLike<number>, by: StructuringElement, dilates: boolean) => {
    const outside = border === 'ignore' ? (dilates ? 0 : 1) : constant ? 1 : 0;
    return unpackBits(erodeBits(from, sides, by, border, outside, dilates));
  };
  const erode = (from: ArrayLike<number>) => at(from, element, false);
  const dilate = (from: ArrayLike<number>) => at(from, mirrored(element), true);
  if (operation === 'erosion') return erode(mask);
  if (operation === 'dilation') return dilate(mask);
  return operation === 'opening' ? dilate(erode(mask)) : erode(dilate(mask));
}

/** Erosion; a dilation erodes what is not set. */
function erodeBits(
  mask: ArrayLike<number>,
  sides: Vector3,
  { runs, below, above }: StructuringElement,
  border: NonNullable<BeyondImage['border']>,
  outside: 0 | 1,
  inverted: boolean,
): BitRows {
  const source = packBits(mask, sides, below, above, border, outside);
  const { words } = source;
  if (inverted) for (let i = 0; i < words.length; i++) words[i] = ~words[i]!;
  const out = emptyBits(...sides);
  out.words.fill(-1);
  const longest = runs.reduce((most, { first, last }) => Math.max(most, last - first + 1), 1);
  for (let stretch = 1; stretch <= longest; stretch *= 2) {
    for (const { dy, dz, first, last } of runs) {
      const length = last - first + 1;
      if (length < stretch || length >= 2 * stretch) continue;
      const row = (dz + below[2]) * source.height + dy + below[1];
      intersectRows(source, row, first + below[0], out);
      if (length > stretch) intersectRows(source, row, first + below[0] + length - stretch, out);
    }
    if (2 * stretch <= longest) shortenStretches(words, stretch);
  }
  if (inverted) for (let i = 0; i < out.words.length; i++) out.words[i] = ~out.words[i]!;
  return out;
}

/** Takes from every row of `out` what is not set in a row of the source, `shift` voxels further. */
function intersectRows(source: BitRows, firstRow: number, shift: number, out: BitRows): void {
  const [from, to] = [source.words, out.words];
  const [skip, right] = [shift >>> 5, shift & 31];
  const left = 32 - right;
  for (let z = 0, o = 0; z < out.depth; z++) {
    let i = (z * source.height + firstRow) * source.stride + skip;
    const gap = source.stride - out.stride;
    for (let y = 0; y < out.height; y++, i += gap) {
      const end = o + out.stride;
      if (right === 0) for (; o < end; o++, i++) to[o]! &= from[i]!;
      else for (; o < end; o++, i++) to[o]! &= (from[i]! >>> right) | (from[i + 1]! << left);
    }
  }
}

/** Each voxel stays where the one `by` further is set too. */
function shortenStretches(words: Int32Array, by: number): void {
  const [skip, right] = [by >>> 5, by & 31];
  const left = 32 - right;
  const end = words.length - skip - 1;
  if (right === 0) for (let i = 0; i < end; i++) words[i]! &= words[i + skip]!;
  else
    for (let i = 0; i < end; i++) words[i]! &= (words[i + skip]! >>> right) | (words[i + skip + 1]! << left);
}
