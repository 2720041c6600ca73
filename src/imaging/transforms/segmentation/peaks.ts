import type { Vector3 } from '../../geometry/geometry.ts';
import type { PixelArray } from '../../image/medical-image.ts';
import { binaryMorphology } from '../morphology/binary-morphology.ts';
import { greyMorphology } from '../morphology/grey-morphology.ts';
import { regionProperties } from '../morphology/region-properties.ts';
import { type StructuringElement, structuringElement } from '../morphology/structuring-element.ts';
import { requireVolume } from '../morphology/volume-sides.ts';

export interface PeakOptions {
  /** Voxels, a whole number; peaks are the greatest within this, along each axis, and at least this far apart. Default 1. */
  readonly minDistance?: number;
  /** Peaks are above this; above the image's least value where absent. */
  readonly threshold?: number;
  /** Peaks are also above this part of the image's greatest value. */
  readonly relativeThreshold?: number;
  /** Voxels at the border without peaks; minDistance where absent. */
  readonly excludeBorder?: number;
  /** The highest stay. Default all. */
  readonly most?: number;
  /** What a peak is compared with, instead of a box of minDistance. */
  readonly element?: StructuringElement;
  /** Peaks are looked for within each label for itself, and the `most` of each stay. [D, H, W] */
  readonly labels?: ArrayLike<number>;
}

/**
 * Local maxima, the highest first, of equal ones in raster order; of each label in turn where labels are given.
 *
 * @param values [D, H, W]
 * @returns voxel indices x, y, z
 * @throws IMAGE_SHAPE, INTENSITY_NOT_FINITE
 */
export function localMaxima(
  values: PixelArray,
  sides: Vector3,
  options: PeakOptions = {},
): readonly Vector3[] {
  requireVolume(values, sides, 'local maxima');
  const { minDistance = 1, labels, relativeThreshold } = options;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const absolute = options.threshold ?? low;
  const threshold = relativeThreshold === undefined ? absolute : Math.max(absolute, relativeThreshold * high);
  const margin = options.excludeBorder ?? minDistance;
  const reach = sides[2] === 1 ? ([minDistance, minDistance, 0] as const) : minDistance;
  const search: Search = {
    threshold,
    minDistance,
    most: options.most ?? Number.POSITIVE_INFINITY,
    element: options.element ?? structuringElement('box', reach),
  };
  const awayFromBorder = (place: Vector3): boolean =>
    place.every((at, axis) => (axis === 2 && sides[2] === 1) || (at >= margin && at < sides[axis]! - margin));
  if (!labels) return peaksOf(values, sides, search, undefined, awayFromBorder);
  requireVolume(labels, sides, 'local maxima, labels');
  const inner = Float64Array.from(labels, (value, i) => (awayFromBorder(placeOf(i, sides)) ? value : 0));
  return regionProperties(inner, sides).flatMap((region) => peaksIn(region, values, labels, sides, search));
}

interface Search {
  readonly threshold: number;
  readonly minDistance: number;
  readonly most: number;
  readonly element: StructuringElement;
}

function peaksIn(
  { label, first, last }: { readonly label: number; readonly first: Vector3; readonly last: Vector3 },
  values: PixelArray,
  labels: ArrayLike<number>,
  [width, height]: Vector3,
  search: Search,
): readonly Vector3[] {
  const size = first.map((from, axis) => last[axis]! - from + 1) as unknown as Vector3; // three
  const own = new Uint8Array(size[0] * size[1] * size[2]);
  const part = new Float64Array(own.length);
  for (let z = 0, to = 0; z < size[2]; z++) {
    for (let y = 0; y < size[1]; y++) {
      const from = ((z + first[2]) * height + y + first[1]) * width + first[0];
      for (let x = 0; x < size[0]; x++, to++) {
        own[to] = labels[from + x] === label ? 1 : 0;
        part[to] = own[to] ? values[from + x]! : -Number.MAX_VALUE;
      }
    }
  }
  const found = peaksOf(part, size, search, own, () => true);
  return found.map(([x, y, z]) => [x + first[0], y + first[1], z + first[2]]);
}

function peaksOf(
  values: PixelArray,
  sides: Vector3,
  { threshold, minDistance, most, element }: Search,
  within: Uint8Array | undefined,
  allowed: (place: Vector3) => boolean,
): readonly Vector3[] {
  const alone = element.isBox && element.runs.length === 1 && element.below[0] + element.above[0] === 0;
  const nothingToCompare = alone || values.length === 1;
  const greatest = nothingToCompare
    ? values
    : greyMorphology('dilation', values, sides, element, { border: 'nearest' });
  let flat = !nothingToCompare;
  for (let i = 0; flat && i < values.length; i++) {
    if ((!within || within[i]) && values[i] !== greatest[i]) flat = false;
  }
  if (flat && !within) return []; // an image of one value has no peak
  const counts = flat ? aloneIn(within!, sides) : undefined;
  const found: number[] = [];
  for (let i = 0; i < values.length; i++) {
    const peak = counts ? counts[i] === 1 : values[i] === greatest[i];
    if (peak && values[i]! > threshold && allowed(placeOf(i, sides))) found.push(i);
  }
  found.sort((a, b) => values[b]! - values[a]! || a - b);
  const places = found.map((i) => placeOf(i, sides));
  return (minDistance > 1 ? apart(places, minDistance, most) : places).slice(0, most);
}

/** Of a region of one value those voxels are peaks that no cross of neighbours holds. */
function aloneIn(within: Uint8Array, sides: Vector3): Uint8Array {
  const cross = structuringElement('cross', sides[2] === 1 ? [1, 1, 0] : 1);
  const opened = binaryMorphology('opening', within, sides, cross, { border: 'constant' });
  return opened.map((value, i) => (within[i] && !value ? 1 : 0));
}

const placeOf = (i: number, [width, height]: Vector3): Vector3 => [
  i % width,
  Math.floor(i / width) % height,
  Math.floor(i / (width * height)),
];

/** Each place that lies not nearer than `distance`, along every axis, to one that is kept before it. */
function apart(places: readonly Vector3[], distance: number, most: number): readonly Vector3[] {
  const cells = new Map<string, Vector3[]>();
  const cellOf = (at: number) => Math.floor(at / distance);
  const kept: Vector3[] = [];
  for (const place of places) {
    if (kept.length >= most) break;
    const [cx, cy, cz] = [cellOf(place[0]), cellOf(place[1]), cellOf(place[2])];
    let near = false;
    for (let n = 0; n < 27 && !near; n++) {
      const key = `${cx - 1 + (n % 3)} ${cy - 1 + (Math.floor(n / 3) % 3)} ${cz - 1 + Math.floor(n / 9)}`;
      near = (cells.get(key) ?? []).some((other) =>
        other.every((at, axis) => Math.abs(at - place[axis]!) < distance),
      );
    }
    if (near) continue;
    kept.push(place);
    const key = `${cx} ${cy} ${cz}`;
    const cell = cells.get(key);
    if (cell) cell.push(place);
    else cells.set(key, [place]);
  }
  return kept;
}
