import { elementwiseCases } from './elementwise-cases.ts';
import type { OperatorCase } from './operator-case.ts';

/** Every family's cases, by the name of its fixture under fixtures/operators/. */
export const families: Readonly<Record<string, readonly OperatorCase[]>> = {
  elementwise: elementwiseCases,
};
