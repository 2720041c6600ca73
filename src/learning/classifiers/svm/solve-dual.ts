import type { Kernel } from './kernel.ts';
import { exchange, kernelRows } from './kernel-rows.ts';

/** A two-class problem: the least of b'Kb / 2 - y'b with sum of b = 0 and y_i b_i in 0 .. C_i. */
export interface DualProblem {
  readonly values: Float64Array; // [count, columns]
  readonly count: number;
  readonly columns: number;
  /** +1 or -1 */
  readonly signs: Float64Array;
  /** C of each row, above 0. */
  readonly bounds: Float64Array;
  readonly kernel: Kernel;
}

export interface DualLimits {
  /** Largest violation of the optimality conditions. */
  readonly tolerance: number;
  readonly shrinking: boolean;
  readonly cacheMegabytes: number;
  readonly maxIterations: number;
}

export interface DualSolution {
  /** y_i alpha_i, [count]; not 0 for support vectors. */
  readonly coefficients: Float64Array;
  readonly bias: number;
  readonly iterations: number;
  readonly converged: boolean;
}

const LEAST_CURVATURE = 1e-12;

/** Everything that changes while solving; places 0 .. active - 1 are looked at. */
interface Search {
  readonly count: number;
  active: number;
  /** Row of the problem at each place. */
  readonly places: Int32Array;
  readonly signs: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly b: Float64Array;
  /** y - Kb at each place. */
  readonly slopes: Float64Array;
  readonly canRise: Uint8Array;
  /** 1 or 0, to multiply by. */
  readonly canFall: Float64Array;
}

/**
 * Sequential minimal optimisation: pairs chosen by second-order information (Fan, Chen and Lin, Journal of Machine
 * Learning Research 6, 2005, WSS 2), with shrinking (Chang and Lin, LIBSVM, ACM TIST 2(3), 2011, section 5.1). Written
 * in b = y alpha, so that the signs leave the inner loops, and in one function, as these loops are where the time goes.
 *
 * @throws CLASSIFIER_DATA where the kernel overflows
 */
export function solveDual(problem: DualProblem, limits: DualLimits): DualSolution {
  const { count, columns, kernel } = problem;
  const rows = kernelRows(kernel, problem.values, count, columns, limits.cacheMegabytes);
  const { diagonal } = rows;
  const search = startingSearch(problem, rows.scale);
  const { b, slopes, canRise, canFall, low, high } = search;
  const interval = Math.min(count, 1000);
  // Where all rows are kept, shrinking costs more than it saves at first.
  let countdown = rows.roomForAll ? count + 1 : interval + 1;
  let unshrunk = false;
  let iterations = 0;
  let converged = false;
  let i = -1;
  let most = 0;
  let stale = true;
  while (iterations < limits.maxIterations) {
    if (--countdown === 0) {
      countdown = interval;
      if (limits.shrinking) {
        unshrunk = shrink(search, rows, limits.tolerance, unshrunk);
        stale = true;
      }
    }
    if (stale) {
      i = riser(search);
      most = i < 0 ? Number.NEGATIVE_INFINITY : slopes[i]!;
      stale = false;
    }
    // The partner that gains most, by second order. Places that cannot fall have gap 0: no branch to guess wrongly.
    let j = -1;
    let bestGap = 0; // gain is gap^2 / curve; compared crosswise, as divisions are slow
    let bestCurve = 1;
    let widest = 0;
    const { active } = search;
    const rowI = i < 0 ? undefined : rows.row(i, active);
    if (rowI) {
      const own = diagonal[i]!;
      for (let k = 0; k < active; k++) {
        const gap = (most - slopes[k]!) * canFall[k]!;
        if (gap > widest) widest = gap;
        const curve = Math.max(own + diagonal[k]! - 2 * rowI[k]!, LEAST_CURVATURE);
        if (gap * gap * bestCurve >= bestGap * bestGap * curve && gap > 0) {
          bestGap = gap;
          bestCurve = curve;
          j = k;
        }
      }
    }
    if (!rowI || j < 0 || widest < limits.tolerance) {
      if (search.active === count) {
        converged = true;
        break;
      }
      reconstruct(search, rows);
      search.active = count;
      stale = true;
      countdown = interval + 1;
      continue;
    }
    iterations++;
    const rowJ = rows.row(j, active);
    const curve = diagonal[i]! + diagonal[j]! - 2 * rowI[j]!;
    const roomI = high[i]! - b[i]!;
    const roomJ = b[j]! - low[j]!;
    let step = (most - slopes[j]!) / (curve > 0 ? curve : LEAST_CURVATURE);
    if (step > roomI) step = roomI;
    if (step > roomJ) step = roomJ;
    b[i] = step === roomI ? high[i]! : b[i]! + step;
    b[j] = step === roomJ ? low[j]! : b[j]! - step;
    canRise[i] = b[i]! < high[i]! ? 1 : 0;
    canFall[i] = b[i]! > low[i]! ? 1 : 0;
    canRise[j] = b[j]! < high[j]! ? 1 : 0;
    canFall[j] = b[j]! > low[j]! ? 1 : 0;
    i = -1;
    most = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < active; k++) {
      const slope = slopes[k]! - step * (rowI[k]! - rowJ[k]!);
      slopes[k] = slope;
      if (slope >= most && canRise[k] === 1) {
        most = slope;
        i = k;
      }
    }
  }
  if (search.active < count) reconstruct(search, rows);
  search.active = count;
  const coefficients = new Float64Array(count);
  for (let k = 0; k < count; k++) coefficients[search.places[k]!] = b[k]! / rows.scale;
  return { coefficients, bias: biasOf(search), iterations, converged };
}

/** With the kernel divided by `scale` its coefficients are that much larger. */
function startingSearch({ count, signs, bounds }: DualProblem, scale: number): Search {
  return {
    count,
    active: count,
    places: Int32Array.from({ length: count }, (_, k) => k),
    signs: Float64Array.from(signs),
    low: Float64Array.from(bounds, (C, k) => (signs[k]! > 0 ? 0 : -C * scale)),
    high: Float64Array.from(bounds, (C, k) => (signs[k]! > 0 ? C * scale : 0)),
    b: new Float64Array(count),
    slopes: Float64Array.from(signs),
    canRise: Uint8Array.from(signs, (sign) => (sign > 0 ? 1 : 0)),
    canFall: Float64Array.from(signs, (sign) => (sign > 0 ? 0 : 1)),
  };
}

/** The place with the steepest slope among those that can rise. */
function riser({ active, slopes, canRise }: Search): number {
  let most = Number.NEGATIVE_INFINITY;
  let place = -1;
  for (let k = 0; k < active; k++) {
    if (canRise[k] === 1 && slopes[k]! >= most) {
      most = slopes[k]!;
      place = k;
    }
  }
  return place;
}

type Rows = ReturnType<typeof kernelRows>;

/** Puts places at a bound that will stay there behind the active ones. Gives whether all had been looked at again once. */
function shrink(search: Search, rows: Rows, tolerance: number, unshrunk: boolean): boolean {
  const { slopes, canRise, canFall, count } = search;
  const extremes = () => {
    let most = Number.NEGATIVE_INFINITY;
    let least = Number.POSITIVE_INFINITY;
    for (let k = 0; k < search.active; k++) {
      if (canRise[k] === 1 && slopes[k]! > most) most = slopes[k]!;
      if (canFall[k] === 1 && slopes[k]! < least) least = slopes[k]!;
    }
    return { most, least };
  };
  let { most, least } = extremes();
  let looked = unshrunk;
  if (!looked && most - least <= tolerance * 10) {
    looked = true;
    if (search.active < count) {
      reconstruct(search, rows);
      search.active = count;
      ({ most, least } = extremes());
    }
  }
  const stays = (k: number) =>
    (canRise[k] === 0 && slopes[k]! > most) || (canFall[k] === 0 && slopes[k]! < least);
  for (let k = 0; k < search.active; k++) {
    if (!stays(k)) continue;
    search.active--;
    while (search.active > k) {
      if (!stays(search.active)) {
        swapPlaces(search, rows, k, search.active);
        break;
      }
      search.active--;
    }
  }
  return looked;
}

function swapPlaces(search: Search, rows: Rows, i: number, j: number): void {
  rows.swap(i, j);
  const { places, signs, low, high, b, slopes, canRise, canFall } = search;
  for (const values of [places, signs, low, high, b, slopes, canRise, canFall]) exchange(values, i, j);
}

/** Slopes of the places that were not looked at. */
function reconstruct({ active, count, b, slopes, signs }: Search, rows: Rows): void {
  for (let k = active; k < count; k++) slopes[k] = signs[k]!;
  for (let s = 0; s < count; s++) {
    const own = b[s]!;
    if (own === 0) continue;
    const row = rows.row(s, count);
    for (let k = active; k < count; k++) slopes[k] = slopes[k]! - own * row[k]!;
  }
}

/** Mean slope of the free support vectors, or the middle between those that bound it. */
function biasOf({ count, slopes, canRise, canFall }: Search): number {
  let sum = 0;
  let free = 0;
  let floor = Number.NEGATIVE_INFINITY;
  let roof = Number.POSITIVE_INFINITY;
  for (let k = 0; k < count; k++) {
    if (canRise[k] === 1 && canFall[k] === 1) {
      sum += slopes[k]!;
      free++;
    } else if (canRise[k] === 1) floor = Math.max(floor, slopes[k]!);
    else roof = Math.min(roof, slopes[k]!);
  }
  if (free > 0) return sum / free;
  if (floor === Number.NEGATIVE_INFINITY) return roof;
  return roof === Number.POSITIVE_INFINITY ? floor : (floor + roof) / 2;
}
