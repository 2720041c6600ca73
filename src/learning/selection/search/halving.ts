/** When trials are compared, and how many go on. */
export interface Halving {
  /** Epochs after which a trial is judged, rising. */
  readonly rungs: readonly number[];
  /** One of this many goes on. */
  readonly reduction: number;
}

/**
 * Rungs at least, least * reduction, … below `epochs`. Left out, `least` is a ninth of the epochs: two rungs, and a
 * figure that is more than the noise of the first steps.
 */
export function halvingRungs(epochs: number, options: { least?: number; reduction?: number } = {}): Halving {
  const { reduction = 3, least = Math.max(1, Math.ceil(epochs / 9)) } = options;
  const rungs: number[] = [];
  for (let rung = least; rung < epochs; rung *= reduction) rungs.push(rung);
  return { rungs, reduction };
}

/**
 * Asynchronous successive halving in its stopping form (Li et al., MLSys 2020, algorithm 2, with the trials running
 * on until they are stopped): at a rung a trial goes on if it is among the best 1 / reduction of those that have come
 * to this rung so far; while fewer than `reduction` have, only the best goes on.
 *
 * @param loss least loss of this trial up to the rung
 * @param others least losses up to the rung of the trials that reached it before
 */
export function goesOn({ reduction }: Halving, loss: number, others: readonly number[]): boolean {
  if (Number.isNaN(loss)) return false;
  const better = others.filter((other) => other < loss).length;
  return better < Math.max(1, Math.floor((others.length + 1) / reduction));
}

/** Least value so far after each epoch; what is not a number improves on nothing. */
export function leastSoFar(losses: readonly number[]): number[] {
  let least = Number.NaN;
  return losses.map((loss) => {
    if (!Number.isNaN(loss) && !(least <= loss)) least = loss;
    return least;
  });
}
