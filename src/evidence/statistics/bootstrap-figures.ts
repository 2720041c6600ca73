import { HounsfieldError } from '../../errors.ts';
import { bootstrap, clusterBy, percentileInterval } from './bootstrap.ts';
import type { Figure } from './classification-evidence.ts';
import { BAND_WIDTH, type BandDrawer, type ClassCurves } from './curve-bands.ts';
import type { UndefinedReason } from './figures.ts';

/** How the intervals of a set of figures were made. */
export interface BootstrapNote {
  readonly method: 'percentile';
  readonly unit: 'patient';
  readonly replicates: number;
  readonly level: number;
  readonly seed: number;
}

/** One figure: its name and why it has no value where it has none. */
export interface FigureRow {
  readonly name: string;
  readonly whenUndefined: UndefinedReason;
}

export interface FigurePlan {
  /** [N] whose sample it is. */
  readonly patients: readonly string[];
  readonly seed: number;
  /** 1000 when left out; 0 gives figures without intervals. */
  readonly replicates?: number | undefined;
  readonly rows: readonly FigureRow[];
  /** Writes a value for each row, NaN where there is none; `weights` [N] say how often each sample was drawn. */
  readonly measure: (weights: Float64Array | undefined, out: Float64Array) => void;
  readonly drawers?: readonly BandDrawer[];
}

const LEVEL = 0.95;

/** Values and percentile-bootstrap 95 % intervals by patient of all rows, and the curves. @throws EVIDENCE_OPTION_INVALID */
export function bootstrapFigures({ patients, seed, rows, measure, drawers = [], ...plan }: FigurePlan): {
  readonly figures: ReadonlyMap<string, Figure>;
  readonly curves: readonly ClassCurves[];
  readonly bootstrap: BootstrapNote;
  readonly patients: number;
} {
  const asked = plan.replicates ?? 1000;
  if (!Number.isInteger(asked) || asked < 0) {
    throw new HounsfieldError(
      'EVIDENCE_OPTION_INVALID',
      `${asked} replicates were asked for, expected a whole number of 0 or more. Correct it.`,
    );
  }
  const clusters = clusterBy(patients);
  // Drawing one patient again and again says nothing about the next one.
  const count = clusters.count < 2 ? 0 : asked;
  const settings = { replicates: count, seed, level: LEVEL };
  const width = rows.length + drawers.length * BAND_WIDTH;
  const drawn = bootstrap(clusters, settings, width, (weights, out) => {
    measure(weights, out);
    for (const [d, drawer] of drawers.entries()) drawer.measure(weights, out, rows.length + d * BAND_WIDTH);
  });
  const band = (from: number, size: number) => drawn.subarray(from * count, (from + size) * count);
  const whole = new Float64Array(rows.length);
  measure(undefined, whole);
  const figures = rows.map(({ name, whenUndefined }, f): readonly [string, Figure] => {
    const value = whole[f]!;
    const interval = percentileInterval(band(f, 1), LEVEL);
    return Number.isFinite(value)
      ? [name, { value, ...interval }]
      : [name, { ...interval, value: null, low: null, high: null, reason: whenUndefined }];
  });
  return {
    figures: new Map(figures),
    curves: drawers.map((drawer, d) =>
      drawer.finish(band(rows.length + d * BAND_WIDTH, BAND_WIDTH), count, LEVEL),
    ),
    bootstrap: { method: 'percentile', unit: 'patient', ...settings },
    patients: clusters.count,
  };
}

/** The figures called `<group>.<name>`, by name. */
export function pickFigures<Name extends string>(
  figures: ReadonlyMap<string, Figure>,
  group: string,
  names: readonly Name[],
): Record<Name, Figure> {
  return Object.fromEntries(names.map((name) => [name, figures.get(`${group}.${name}`)!])) as Record<
    Name,
    Figure
  >; // the keys are `names`
}

/** @throws EVIDENCE_EMPTY, EVIDENCE_SIZE_MISMATCH unless there are N x K answers for N patients and N truths */
export function requireSizes(
  answers: ArrayLike<number>,
  truths: number,
  patients: number,
  width: number,
): void {
  if (truths === 0) {
    throw new HounsfieldError('EVIDENCE_EMPTY', 'no sample was passed. Give at least one labelled sample.');
  }
  if (answers.length === truths * width && patients === truths) return;
  throw new HounsfieldError(
    'EVIDENCE_SIZE_MISMATCH',
    `${truths} truths, ${patients} patients and ${answers.length} answers, expected one patient a truth and ` +
      `${truths} x ${width} answers. Pass rows of the same samples in the same order.`,
  );
}
