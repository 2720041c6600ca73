import type { Transform } from './transform.ts';

/** Transforms of values. */
export const intensityTransforms: readonly Transform[] = [];
