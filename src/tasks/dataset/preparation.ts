import { isHounsfieldError } from '../../errors.ts';
import type { NamedStep } from '../../imaging/transforms/history.ts';
import { transformNamed } from '../../imaging/transforms/registry.ts';

/** All that is wrong with a list of steps read from JSON, one sentence each; empty when every step can be done. */
export function preparationFaults(steps: unknown): readonly string[] {
  if (!Array.isArray(steps)) return ['it is no list of {"transform": name, "parameters": {…}}'];
  return steps.flatMap((step: unknown, i) => {
    const { transform, parameters = {} } = (step ?? {}) as Partial<NamedStep>; // checked as it is used
    if (typeof transform !== 'string') return [`step ${i + 1} names no transform`];
    try {
      transformNamed(transform).check(parameters);
      return [];
    } catch (error) {
      if (isHounsfieldError(error)) return [`step ${i + 1}: ${error.message.slice(error.code.length + 2)}`];
      throw error;
    }
  });
}
