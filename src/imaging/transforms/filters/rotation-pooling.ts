import type { Vector3 } from '../../geometry/geometry.ts';
import type { Border } from './border.ts';
import { another, borderAfter, correlateAxis, type FloatArray, type Taps } from './correlate-axis.ts';

export const POOLINGS = ['max', 'min', 'mean'] as const;
export type Pooling = (typeof POOLINGS)[number];

/** For each axis, whose kernel is taken and whether it is turned round. */
export type Orientation = readonly { readonly from: number; readonly reversed: boolean }[];

/** The turns of a separable kernel by right angles, 4 in a plane and 24 in space (IBSI 2, section 2.4); or none of them. */
export function orientations(dimensions: 2 | 3, all: boolean): readonly Orientation[] {
  const axes = dimensions === 2 ? [0, 1] : [0, 1, 2];
  if (!all) return [axes.map((from) => ({ from, reversed: false }))];
  const orders = permutations(axes);
  return orders.flatMap((order) =>
    Array.from({ length: 2 ** dimensions }, (_, bits) => bits)
      .filter((bits) => isTurn(order, bits))
      .map((bits) => order.map((from, axis) => ({ from, reversed: ((bits >> axis) & 1) === 1 }))),
  );
}

function permutations(items: readonly number[]): readonly (readonly number[])[] {
  if (items.length < 2) return [items];
  return items.flatMap((first) =>
    permutations(items.filter((item) => item !== first)).map((rest) => [first, ...rest]),
  );
}

/** A signed permutation without mirroring: its determinant is 1. */
function isTurn(order: readonly number[], bits: number): boolean {
  let odd = 0;
  for (let i = 0; i < order.length; i++) {
    if ((bits >> i) & 1) odd++;
    for (let k = 0; k < i; k++) if (order[k]! > order[i]!) odd++;
  }
  return odd % 2 === 0;
}

/** Applies each set of separable filters, as `separable`, and pools the responses voxel by voxel. */
export function pooled(
  values: FloatArray,
  size: Vector3,
  filters: readonly (readonly Taps[])[],
  pooling: Pooling,
  border: Border,
  axes = filters[0]!.length,
): FloatArray {
  const distinct = new Map(
    filters.map((taps) => [
      taps.map(({ weights, origin }) => `${origin}:${weights.join(' ')}`).join('|'),
      taps,
    ]),
  );
  let result: FloatArray | undefined;
  for (const taps of distinct.values()) {
    const response = separable(values, size, taps, border, axes);
    if (result) pool(result, response, pooling);
    else result = response;
  }
  if (pooling === 'mean') {
    const part = 1 / distinct.size;
    for (let i = 0; i < result!.length; i++) result![i]! *= part;
  }
  return result!;
}

function pool(into: FloatArray, other: FloatArray, pooling: Pooling): void {
  if (pooling === 'mean') for (let i = 0; i < into.length; i++) into[i]! += other[i]!;
  else if (pooling === 'max') {
    for (let i = 0; i < into.length; i++) if (other[i]! > into[i]!) into[i] = other[i]!;
  } else for (let i = 0; i < into.length; i++) if (other[i]! < into[i]!) into[i] = other[i]!;
}

/** Correlates along x, y, z in turn, and again from x on where there are more taps than axes. */
function separable(
  values: FloatArray,
  size: Vector3,
  taps: readonly Taps[],
  border: Border,
  axes: number,
): FloatArray {
  const out = another(values);
  let beyond = border;
  for (const [i, own] of taps.entries()) {
    correlateAxis(i === 0 ? values : out, out, size, (i % axes) as 0 | 1 | 2, own, beyond); // three axes at most
    beyond = borderAfter(beyond, own);
  }
  return out;
}
