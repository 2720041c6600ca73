import { quantileOf } from './time-statistics.ts';

/** Intervals between beats or breaths, one after the other. */
export interface Intervals {
  /** Milliseconds. */
  readonly ms: Float64Array; // [N]
  /** When each ends, in seconds. */
  readonly endS: Float64Array; // [N]
  /** 1 where the interval before it in this list is also the one before it in time. */
  readonly follows: Uint8Array; // [N]
  /** Intervals that were left out as too short, too long or too different. */
  readonly dropped: number;
}

export interface IntervalOptions {
  /** Intervals outside of these are left out: 300 to 2000 ms of beats. */
  readonly limitsMs: readonly [low: number, high: number];
  /** Left out, too, is what differs from the median of the five around it by more than this part; null keeps all. */
  readonly mostDifferent: number | null;
}

export const BEAT_INTERVALS: IntervalOptions = { limitsMs: [300, 2000], mostDifferent: 0.3 };
export const BREATH_INTERVALS: IntervalOptions = { limitsMs: [1000, 20000], mostDifferent: null };

/** Intervals between moments, without those that cannot be normal. @param timesS rising */
export function intervalsOf(timesS: ArrayLike<number>, options: IntervalOptions): Intervals {
  const all = new Float64Array(Math.max(0, timesS.length - 1));
  for (let i = 0; i < all.length; i++) all[i] = Math.round((timesS[i + 1]! - timesS[i]!) * 1e9) / 1e6; // exact where moments are
  const [low, high] = options.limitsMs;
  const [ms, endS, follows]: [number[], number[], number[]] = [[], [], []];
  let isLastKept = false;
  for (let i = 0; i < all.length; i++) {
    const isKept =
      all[i]! >= low &&
      all[i]! <= high &&
      (options.mostDifferent === null || likeItsNeighbours(all, i, options.mostDifferent));
    if (isKept) {
      ms.push(all[i]!);
      endS.push(timesS[i + 1]!);
      follows.push(isLastKept ? 1 : 0);
    }
    isLastKept = isKept;
  }
  return {
    ms: Float64Array.from(ms),
    endS: Float64Array.from(endS),
    follows: Uint8Array.from(follows),
    dropped: all.length - ms.length,
  };
}

function likeItsNeighbours(all: Float64Array, i: number, most: number): boolean {
  const around = all.slice(Math.max(0, i - 2), i + 3).sort();
  const usual = quantileOf(around, 0.5);
  return Math.abs(all[i]! - usual) <= most * usual;
}
