import { goesOn, type Halving } from '../src/learning/selection/search/halving.ts';
import { type PastTrial, proposeNew, type Sampler } from '../src/learning/selection/search/samplers.ts';
import type { SearchSpace, Values } from '../src/learning/selection/search/space.ts';
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

/** A trial's losses, epoch by epoch: computed from a formula, or by training. */
export interface LearningCurve {
  /** The loss after one more epoch. */
  readonly next: () => number | Promise<number>;
  readonly close: () => void | Promise<void>;
}

/** What trials are drawn from and how they go. */
export interface CurvedTask {
  readonly space: SearchSpace;
  readonly begin: (values: Values) => LearningCurve | Promise<LearningCurve>;
  readonly epochs: number;
  readonly halving: Halving;
}

/** A known function whose value is reached along a curve. */
export const curved = (known: KnownFunction): CurvedTask => ({
  space: known.space,
  epochs: curveEpochs,
  halving: curveHalving,
  begin(values) {
    let epoch = 0;
    return { next: () => curveLoss(known, values, ++epoch), close: () => {} };
  },
});

interface Simulated extends PastTrial {
  state: PastTrial['state'];
  loss?: number;
  epochs: number;
  readonly losses: number[];
  readonly curve: LearningCurve;
}

/**
 * The same where each evaluation is a trial of many epochs, with some at a time: what the best trial that came to its
 * end has reached once so many epochs were spent by all together.
 */
export async function curveBest(
  sampler: Sampler,
  pruner: 'asha' | 'none',
  task: CurvedTask,
  { seed, epochs, parallel }: { readonly seed: number; readonly epochs: number; readonly parallel: number },
): Promise<number> {
  const trials: Simulated[] = [];
  const workers = new Array<Simulated | undefined>(parallel).fill(undefined);
  for (let spent = 0; spent < epochs; spent++) {
    const worker = spent % parallel;
    const trial = workers[worker] ?? (await begin(sampler, task, trials, seed));
    const goes = await advance(trial, trials, pruner, task);
    if (!goes) await trial.curve.close();
    workers[worker] = goes ? trial : undefined;
  }
  for (const trial of workers) await trial?.curve.close();
  const finished = trials.filter(({ state }) => state === 'finished').map(({ loss }) => loss!);
  return Math.min(...finished);
}

async function begin(
  sampler: Sampler,
  task: CurvedTask,
  trials: Simulated[],
  seed: number,
): Promise<Simulated> {
  const stream = new RandomStream({ seed, purpose: 'search', step: trials.length });
  const values = proposeNew(sampler, task.space, trials, stream)!; // these spaces have floats and do not end
  const curve = await task.begin(values);
  const trial: Simulated = { values, state: 'running', epochs: 0, losses: [], curve };
  trials.push(trial);
  return trial;
}

/** One epoch; false when the trial is over. */
async function advance(
  trial: Simulated,
  trials: readonly Simulated[],
  pruner: 'asha' | 'none',
  { epochs, halving }: CurvedTask,
): Promise<boolean> {
  trial.epochs++;
  trial.loss = await trial.curve.next();
  trial.losses.push(trial.loss);
  if (trial.epochs === epochs) trial.state = 'finished';
  else if (pruner === 'asha' && halving.rungs.includes(trial.epochs)) {
    const others = trials.filter((other) => other !== trial && other.epochs >= trial.epochs);
    const losses = others.map((other) => other.losses[trial.epochs - 1]!);
    if (!goesOn(halving, trial.loss, losses)) trial.state = 'stopped';
  }
  return trial.state === 'running';
}
