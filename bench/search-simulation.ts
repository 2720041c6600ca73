import { goesOn } from '../src/learning/selection/search/halving.ts';
import { type PastTrial, proposeNew, type Sampler } from '../src/learning/selection/search/samplers.ts';
import { RandomStream } from '../src/random.ts';
import { curveEpochs, curveHalving, curveLoss, type KnownFunction } from './search-functions.ts';

/** The least value that a sampler finds in so many evaluations, above the function's least. */
export function regretOf(sampler: Sampler, known: KnownFunction, seed: number, evaluations: number): number {
  const past: PastTrial[] = [];
  for (let i = 0; i < evaluations; i++) {
    const values = sampler(known.space, past, new RandomStream({ seed, purpose: 'search', step: i }));
    past.push({ values, state: 'finished', loss: known.loss(values), epochs: 1 });
  }
  return Math.min(...past.map(({ loss }) => loss!)) - known.least;
}

interface Simulated extends PastTrial {
  state: PastTrial['state'];
  loss?: number;
  epochs: number;
  readonly curve: number[];
}

/**
 * The same where each evaluation is a trial of many epochs, with four at a time: what the best trial that came to its
 * end has reached once so many epochs were spent by all together.
 */
export function curveRegretOf(
  sampler: Sampler,
  pruner: 'asha' | 'none',
  known: KnownFunction,
  seed: number,
  epochs: number,
): number {
  const trials: Simulated[] = [];
  const workers: (Simulated | undefined)[] = [undefined, undefined, undefined, undefined];
  for (let spent = 0; spent < epochs; spent++) {
    const worker = spent % workers.length;
    const trial = workers[worker] ?? begin(sampler, known, trials, seed);
    workers[worker] = advance(trial, trials, pruner, known) ? trial : undefined;
  }
  const finished = trials.filter(({ state }) => state === 'finished').map(({ loss }) => loss!);
  return Math.min(...finished) - known.least;
}

function begin(sampler: Sampler, known: KnownFunction, trials: Simulated[], seed: number): Simulated {
  const stream = new RandomStream({ seed, purpose: 'search', step: trials.length });
  const values = proposeNew(sampler, known.space, trials, stream)!; // these spaces have floats and do not end
  const trial: Simulated = { values, state: 'running', epochs: 0, curve: [] };
  trials.push(trial);
  return trial;
}

/** One epoch; false when the trial is over. */
function advance(
  trial: Simulated,
  trials: readonly Simulated[],
  pruner: 'asha' | 'none',
  known: KnownFunction,
): boolean {
  trial.epochs++;
  trial.loss = curveLoss(known, trial.values, trial.epochs);
  trial.curve.push(trial.loss);
  if (trial.epochs === curveEpochs) trial.state = 'finished';
  else if (pruner === 'asha' && curveHalving.rungs.includes(trial.epochs)) {
    const others = trials.filter((other) => other !== trial && other.epochs >= trial.epochs);
    const losses = others.map(({ curve }) => curve[trial.epochs - 1]!);
    if (!goesOn(curveHalving, trial.loss, losses)) trial.state = 'stopped';
  }
  return trial.state === 'running';
}
