import type { BinnedTable } from './bins.ts';

/**
 * Gradients and hessians as whole multiples of a power of two, so small that every sum of them is exact: sums do not
 * depend on their order, and one child's histogram is exactly the parent's without the other's. A row's count rides in
 * the upper bits of its hessian: `unit` is added for each row, and is greater than all hessians together.
 */
export interface ExactRows {
  readonly gradients: Float64Array; // [rows]
  /** unit + hessian */
  readonly counted: Float64Array; // [rows]
  unit: number;
}

export const exactRows = (rows: number): ExactRows => ({
  gradients: new Float64Array(rows),
  counted: new Float64Array(rows),
  unit: 1,
});

/** Rounds a round's gradients and hessians. */
export function roundRows(gradients: Float64Array, hessians: Float64Array, into: ExactRows): void {
  let greatest = 0;
  let sum = 0;
  for (let i = 0; i < gradients.length; i++) {
    const size = Math.abs(gradients[i]!);
    if (size > greatest) greatest = size;
    sum += hessians[i]!;
  }
  const countBits = Math.ceil(Math.log2(gradients.length + 2));
  const unit = 2 ** Math.ceil(Math.log2(Math.max(sum, 1e-100)) + 0.01);
  // Sums stay below 2^53 of the smallest steps.
  const hessianStep = 2 ** (countBits + Math.log2(unit) - 53);
  const gradientStep = 2 ** (Math.ceil(Math.log2(Math.max(greatest, 1e-100))) + countBits - 52);
  // Adding and taking away 1.5 x 2^52 steps rounds to a whole number of steps.
  const roundGradient = 1.5 * 2 ** 52 * gradientStep;
  const roundHessian = 1.5 * 2 ** 52 * hessianStep;
  const { gradients: rounded, counted } = into;
  for (let i = 0; i < gradients.length; i++) {
    rounded[i] = gradients[i]! + roundGradient - roundGradient;
    counted[i] = unit + (hessians[i]! + roundHessian - roundHessian);
  }
  into.unit = unit;
}

/**
 * Adds rows[start .. end) to a histogram of [columns rounded up to 4, bins] pairs: sum of gradients, sum of counted
 * hessians. A row's words lie together, so that it is read once for all columns.
 */
export function addRows(
  histogram: Float64Array,
  { words, stride, bins }: BinnedTable,
  rows: Int32Array,
  start: number,
  end: number,
  { gradients, counted }: ExactRows,
): void {
  const column = 2 * bins;
  for (let i = start; i < end; i++) {
    const row = rows[i]!;
    const gradient = gradients[row]!;
    const hessian = counted[row]!;
    const last = row * stride + stride;
    let a = 0;
    for (let at = row * stride; at < last; at++) {
      const word = words[at]!;
      const b = a + column;
      const c = b + column;
      const d = c + column;
      const first = a + ((word & 255) << 1);
      histogram[first]! += gradient;
      histogram[first + 1]! += hessian;
      const second = b + ((word >>> 7) & 510);
      histogram[second]! += gradient;
      histogram[second + 1]! += hessian;
      const third = c + ((word >>> 15) & 510);
      histogram[third]! += gradient;
      histogram[third + 1]! += hessian;
      const fourth = d + ((word >>> 23) & 510);
      histogram[fourth]! += gradient;
      histogram[fourth + 1]! += hessian;
      a = d + column;
    }
  }
}

/** Makes a parent's histogram that of the other child. */
export function takeAway(parent: Float64Array, child: Float64Array): void {
  for (let i = 0; i < parent.length; i++) parent[i]! -= child[i]!;
}
