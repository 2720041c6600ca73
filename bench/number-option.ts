import { HounsfieldError } from '../src/errors.ts';
import type { BenchmarkOptions } from './benchmark.ts';

/** A whole number, 1 or above, given on the command line. @throws BENCH_OPTION */
export function countOption(options: BenchmarkOptions, name: string): number {
  const value = Number(options[name]);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new HounsfieldError(
    'BENCH_OPTION',
    `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} is '${options[name]}', expected a whole number, 1 or above.`,
  );
}
