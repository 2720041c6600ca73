import { HounsfieldError } from '../../errors.ts';
import type { TrainingBatch } from './loop.ts';
import type { TrainingStep } from './step.ts';

/** One step of the search: the rate, the loss before its update, and the loss smoothed over the steps so far. */
export interface RateTrial {
  readonly rate: number;
  readonly loss: number;
  readonly smoothed: number;
}

/** How the loss went while the rate rose. */
export interface RateSearch {
  readonly trials: readonly RateTrial[];
  /** Where the smoothed loss fell fastest per decade of the rate, on its way to its lowest. */
  readonly suggestion: number;
  /** A tenth of the rate at which the smoothed loss was lowest. */
  readonly minimumTenth: number;
}

export interface RateSearchOptions {
  readonly lowest?: number;
  readonly highest?: number;
  /** Steps from the lowest rate to the highest. */
  readonly steps?: number;
}

/** Share of the past in the smoothed loss. */
const SMOOTHING = 0.9;
/** The search ends where the smoothed loss is so many times the lowest. */
const DIVERGED = 4;
const FEWEST = 10;

/**
 * Trains while the rate rises by a constant factor each step, until the loss runs away (Smith, "Cyclical learning rates
 * for training neural networks", WACV 2017, section 3.3). The step's weights are used up by it.
 *
 * @param batches as many as there are steps, or the search ends with them
 * @throws RATE_NOT_FOUND when there are too few batches or the loss does not fall at any rate
 */
export async function findLearningRate(
  step: TrainingStep,
  batches: AsyncIterable<TrainingBatch>,
  { lowest = 1e-6, highest = 1, steps = 60 }: RateSearchOptions = {},
): Promise<RateSearch> {
  const trials: RateTrial[] = [];
  let mean = 0;
  let best = Number.POSITIVE_INFINITY;
  for await (const { feeds } of batches) {
    const i = trials.length;
    const rate = lowest * (highest / lowest) ** (i / (steps - 1));
    const loss = await step.run(feeds, rate, { epoch: 0, step: i, last: true });
    mean = SMOOTHING * mean + (1 - SMOOTHING) * loss;
    const smoothed = mean / (1 - SMOOTHING ** (i + 1));
    if (!Number.isFinite(smoothed) || (i >= FEWEST && smoothed > DIVERGED * best)) break;
    best = Math.min(best, smoothed);
    trials.push({ rate, loss, smoothed });
    if (trials.length === steps) break;
  }
  return judgeRates(trials);
}

/** The suggestions from the trials alone. @throws RATE_NOT_FOUND */
export function judgeRates(trials: readonly RateTrial[]): RateSearch {
  const fail = (what: string): never => {
    throw new HounsfieldError(
      'RATE_NOT_FOUND',
      `no learning rate can be suggested: ${what}. Give one (--lr 1e-3 is a usual start), or look at the data and the network.`,
    );
  };
  if (trials.length < FEWEST) fail(`${trials.length} steps were made, ${FEWEST} are needed`);
  const lowest = trials.reduce((least, trial) => (trial.smoothed < least.smoothed ? trial : least));
  const highest = trials.reduce((most, trial) => (trial.smoothed > most.smoothed ? trial : most));
  // Past its lowest a loss that has run away may fall again for a while: that is no rate to train with. Where noise makes
  // one of the first the lowest, the way to the highest is looked at, and where that is among the first, too, all.
  const ends = [trials.indexOf(lowest), trials.indexOf(highest), trials.length];
  const suggestion = ends.map((last) => steepestRate(trials, last)).find((rate) => rate !== undefined) ?? 0;
  if (suggestion === 0) fail('the loss falls at none of them');
  return { trials, suggestion, minimumTenth: lowest.rate / 10 };
}

/** The rate at which the smoothed loss falls fastest per decade, among the trials up to `last`; undefined where it rises. */
function steepestRate(trials: readonly RateTrial[], last: number): number | undefined {
  let steepest = 0;
  let rate: number | undefined;
  for (let i = 2; i <= Math.min(last, trials.length - 3); i++) {
    const before = trials[i - 2]!;
    const after = trials[i + 2]!;
    const slope = (after.smoothed - before.smoothed) / Math.log10(after.rate / before.rate);
    if (slope >= steepest) continue;
    steepest = slope;
    rate = trials[i]!.rate;
  }
  return rate;
}
