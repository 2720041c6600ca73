/** A measured number. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: 'ms' | 'x' | 'MB' | 'minutes' | '';
  /** Spread of the rounds: their 10th and 90th percentile, or the least and greatest where they are few. */
  readonly spread?: readonly [number, number];
  readonly target?: Target;
}

export interface Target {
  readonly is: 'at least' | 'at most';
  readonly value: number;
}

/** What a benchmark found out, as plain JSON. */
export interface Findings {
  readonly versions: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly figures: readonly Figure[];
  readonly notes: readonly string[];
}

export type BenchmarkOptions = Readonly<Record<string, unknown>>;

/** One command of `npm run bench`. */
export interface Benchmark {
  readonly name: string;
  readonly describe: string;
  /** Options of its own, as commander writes them, with what they mean and their default. */
  readonly options: readonly (readonly [flags: string, describe: string, byDefault?: string])[];
  /** @param say prints a line of progress */
  readonly run: (options: BenchmarkOptions, say: (line: string) => void) => Promise<Findings>;
}

/** Whether a figure is as it should be; undefined for one without a target. */
export function reached({ value, target }: Figure): boolean | undefined {
  if (!target) return undefined;
  return target.is === 'at least' ? value >= target.value : value <= target.value;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Linear between the nearest two. @param q 0..1 */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at - Math.floor(at));
}

export const spreadOf = (values: readonly number[]): readonly [number, number] => [
  quantile(values, 0.1),
  quantile(values, 0.9),
];

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
