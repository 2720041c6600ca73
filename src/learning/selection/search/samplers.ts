import type { RandomStream } from '../../../random.ts';
import { parzenEstimator } from './parzen.ts';
import { countOf, groupsOf, holds, type SearchSpace, uniformValue, type Values } from './space.ts';

/** A trial as the samplers see it. */
export interface PastTrial {
  readonly values: Values;
  readonly state: 'running' | 'finished' | 'stopped' | 'failed';
  /** What is made small; of a stopped trial the least so far; undefined while there is none. */
  readonly loss?: number | undefined;
  /** Epochs done. */
  readonly epochs: number;
}

/** Proposes the next configuration from those before, in the order in which they began. */
export type Sampler = (space: SearchSpace, past: readonly PastTrial[], stream: RandomStream) => Values;

export const samplerNames = ['tpe', 'random'] as const;
export type SamplerName = (typeof samplerNames)[number];

/** Every parameter by itself, uniform (Bergstra and Bengio, JMLR 2012). */
export const randomSampler: Sampler = (space, _past, stream) => {
  const values: Record<string, Values[string]> = {};
  for (const { when, names } of groupsOf(space)) {
    if (!holds(when, values)) continue;
    for (const name of names) values[name] = uniformValue(space[name]!, stream);
  }
  return values;
};

export interface TpeOptions {
  /** Trials that are drawn at random before the first estimate. */
  readonly startup?: number;
  /** Draws from the density of good trials, of which the most promising is proposed. */
  readonly candidates?: number;
}

/**
 * Tree-structured Parzen estimator (Bergstra et al., NeurIPS 2011, algorithm of section 4): of candidates drawn from
 * the density l of good trials, the one with the greatest l / g, g being that of the others. Parameters under one
 * condition are estimated together (parzenEstimator), each group from the trials in which it was there.
 * Failed trials count as bad, and so do running ones (the constant liar of Ginsbourger et al., 2010), which keeps
 * trials that run side by side apart.
 */
export function tpeSampler({ startup = 5, candidates = 24 }: TpeOptions = {}): Sampler {
  return (space, past, stream) => {
    const known = past.filter(({ state }) => state !== 'running').length;
    if (known < startup) return randomSampler(space, past, stream);
    const { good, bad } = splitTrials(past);
    const values: Record<string, Values[string]> = {};
    for (const { when, names } of groupsOf(space)) {
      if (!holds(when, values)) continue;
      const there = ({ values: own }: PastTrial) => names.every((name) => Object.hasOwn(own, name));
      const better = densityOf(space, names, good.filter(there));
      const worse = densityOf(space, names, bad.filter(there));
      let best: Values = {};
      let most = Number.NEGATIVE_INFINITY;
      for (let i = 0; i < candidates; i++) {
        const candidate = better.draw(stream);
        const score = better.logDensity(candidate) - worse.logDensity(candidate);
        if (score > most || i === 0) [best, most] = [candidate, score];
      }
      Object.assign(values, best);
    }
    return values;
  };
}

function densityOf(space: SearchSpace, names: readonly string[], trials: readonly PastTrial[]) {
  return parzenEstimator(
    space,
    names,
    trials.map(({ values }) => values),
    recencyWeights(trials.length),
  );
}

/** The latest 25 weigh 1; those before rise evenly from 1 / count (Bergstra et al., ICML 2013: Hyperopt). */
export function recencyWeights(count: number): number[] {
  const old = Math.max(0, count - 25);
  return Array.from({ length: count }, (_, i) => {
    if (i >= old) return 1;
    return old === 1 ? 1 / count : 1 / count + ((1 - 1 / count) * i) / (old - 1);
  });
}

/** The best tenth (rounded up, 25 at most) and the others, each in the order in which they began. */
export function splitTrials(past: readonly PastTrial[]): { good: PastTrial[]; bad: PastTrial[] } {
  const judged = past.filter(
    ({ state, loss }) => (state === 'finished' || state === 'stopped') && Number.isFinite(loss),
  );
  const over = past.filter(({ state }) => state !== 'running').length;
  const count = Math.min(25, Math.ceil(0.1 * over));
  const good = new Set([...judged].sort(byPromise).slice(0, count));
  return { good: past.filter((trial) => good.has(trial)), bad: past.filter((trial) => !good.has(trial)) };
}

/** Finished trials by their loss, then stopped ones: the further they came, the better. */
function byPromise(a: PastTrial, b: PastTrial): number {
  const stopped = Number(a.state === 'stopped') - Number(b.state === 'stopped');
  if (stopped !== 0) return stopped;
  if (a.state === 'stopped' && a.epochs !== b.epochs) return b.epochs - a.epochs;
  return a.loss! - b.loss!;
}

export function samplerNamed(name: SamplerName): Sampler {
  return name === 'tpe' ? tpeSampler() : randomSampler;
}

/**
 * A configuration that was not tried before. Undefined when there seems to be none left; only a space without
 * floats runs out.
 */
export function proposeNew(
  sampler: Sampler,
  space: SearchSpace,
  past: readonly PastTrial[],
  stream: RandomStream,
): Values | undefined {
  const tried = new Set(past.map(({ values }) => keyOf(values)));
  const endless = Object.values(space).some((parameter) => countOf(parameter) === Number.POSITIVE_INFINITY);
  for (let attempt = 0; attempt < 20; attempt++) {
    const values = sampler(space, past, stream);
    if (!tried.has(keyOf(values))) return values;
  }
  for (let attempt = 0; attempt < 2000; attempt++) {
    const values = randomSampler(space, past, stream);
    if (!tried.has(keyOf(values))) return values;
  }
  return endless ? sampler(space, past, stream) : undefined;
}

function keyOf(values: Values): string {
  return JSON.stringify(
    Object.keys(values)
      .sort()
      .map((name) => [name, values[name]]),
  );
}
