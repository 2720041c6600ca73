import type { Resampling } from '../preparation.ts';

const all: readonly Resampling[] = [];

/** Every resampling, by name. */
export const resamplings: ReadonlyMap<string, Resampling> = new Map(all.map((one) => [one.name, one]));
