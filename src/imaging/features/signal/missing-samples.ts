/** A stretch without missing samples: first and one past the last. */
export type Run = readonly [from: number, to: number];

/** Stretches of finite samples, in order. */
export function finiteRuns(samples: Float64Array): readonly Run[] {
  const runs: [number, number][] = [];
  let start = -1;
  for (let i = 0; i <= samples.length; i++) {
    const isThere = i < samples.length && Number.isFinite(samples[i]!);
    if (isThere && start < 0) start = i;
    if (!isThere && start >= 0) {
      runs.push([start, i]);
      start = -1;
    }
  }
  return runs;
}

/** The longest stretch of finite samples, sharing memory; empty where there is none. */
export function longestRun(samples: Float64Array): Float64Array {
  let [from, to] = [0, 0];
  for (const run of finiteRuns(samples)) if (run[1] - run[0] > to - from) [from, to] = run;
  return samples.subarray(from, to);
}

/** A copy in which gaps of up to `most` missing samples between two finite ones are filled by a straight line. */
export function fillShortGaps(samples: Float64Array, most: number): Float64Array {
  const out = samples.slice();
  const runs = finiteRuns(samples);
  for (let k = 1; k < runs.length; k++) {
    const [before, after] = [runs[k - 1]![1] - 1, runs[k]![0]];
    if (after - before - 1 > most) continue;
    const step = (samples[after]! - samples[before]!) / (after - before);
    for (let i = before + 1; i < after; i++) out[i] = samples[before]! + step * (i - before);
  }
  return out;
}

/** A copy without missing samples, for filters: gaps by straight lines, the ends by the nearest sample; zeros if all miss. */
export function fillAllGaps(samples: Float64Array): Float64Array {
  const out = fillShortGaps(samples, samples.length);
  const runs = finiteRuns(out);
  if (runs.length === 0) return out.fill(0);
  const [from, to] = runs[0]!;
  out.fill(out[from]!, 0, from);
  out.fill(out[to - 1]!, to);
  return out;
}
