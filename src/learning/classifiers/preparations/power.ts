import type { Graph, Value } from '../../../engine/graph/graph.ts';
import type { Preparation } from '../preparation.ts';
import { meanAndSpread, presentValues, sortedMedian } from './columns.ts';
import { elementwise } from './elementwise.ts';
import { doubles } from './graph-doubles.ts';
import { lowestOf } from './lowest-of.ts';
import { checkSettings, choiceSetting, flagSetting } from './settings.ts';
import { meanScales } from './standardize.ts';

/** Powers nearer to a logarithm's than this are taken as one: the difference is below single precision. */
const LOGARITHM = 1e-9;

/**
 * Values may not crowd together by more than this part of their size: a column far from 0 would otherwise be given a
 * power that leaves nothing of its differences in double precision.
 */
const CROWDED = 1e-7;

/** Yeo and Johnson's transformation of one value with power `lambda` (their equation 2.1). */
export function yeoJohnson(value: number, lambda: number): number {
  if (value >= 0) {
    return Math.abs(lambda) < LOGARITHM ? Math.log(value + 1) : ((value + 1) ** lambda - 1) / lambda;
  }
  const other = 2 - lambda;
  return Math.abs(other) < LOGARITHM ? -Math.log(1 - value) : -((1 - value) ** other - 1) / other;
}

/** The power of greatest likelihood for values without NaN; 1, which changes nothing, where all are alike. */
export function yeoJohnsonPower(values: Float64Array): number {
  const n = values.length;
  let logs = 0;
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) {
    logs += Math.sign(value) * Math.log1p(Math.abs(value));
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (!(most > least)) return 1;
  const changed = new Float64Array(n);
  const unlikelihood = (lambda: number): number => {
    let largest = 0;
    for (let i = 0; i < n; i++) {
      changed[i] = yeoJohnson(values[i]!, lambda);
      largest = Math.max(largest, Math.abs(changed[i]!));
    }
    const { squares } = meanAndSpread(changed);
    const crowded = !(Math.sqrt(squares / n) > CROWDED * largest);
    if (crowded && lambda !== 1) return Infinity; // 1 changes nothing
    if (!(squares > 0) || !Number.isFinite(squares)) return Infinity;
    return (n / 2) * Math.log(squares / n) - (lambda - 1) * logs;
  };
  return lowestOf(unlikelihood, -2, 2);
}

/** How a power transformation ends. */
export interface PowerSettings {
  /** Mean 0 and standard deviation 1 afterwards; on by default. */
  readonly standardize?: boolean;
}

/** Float64 nodes of `yeoJohnson` with a power for each column. */
function yeoJohnsonNodes(graph: Graph, x: Value, lambda: Float64Array): Value {
  const one = doubles(graph, Float64Array.of(1));
  const zero = doubles(graph, Float64Array.of(0));
  const negative = graph.op('Less', [x, zero]);
  // NaN is not less than 0 and goes through the upper branch.
  const upper = graph.op('Where', [negative, zero, x]);
  const lower = graph.op('Where', [negative, x, zero]);
  const above = powerOf(graph, graph.op('Add', [upper, one]), lambda);
  const below = powerOf(
    graph,
    graph.op('Sub', [one, lower]),
    lambda.map((value) => 2 - value),
  );
  return graph.op('Where', [negative, graph.op('Neg', [below]), above]);
}

/** (base^power - 1) / power, or its logarithm where the power is 0. */
function powerOf(graph: Graph, base: Value, powers: Float64Array): Value {
  const safe = powers.map((power) => (Math.abs(power) < LOGARITHM ? 1 : power));
  const raised = graph.op('Pow', [base, doubles(graph, safe)]);
  const less = graph.op('Sub', [raised, doubles(graph, Float64Array.of(1))]);
  const made = graph.op('Div', [less, doubles(graph, safe)]);
  if (!powers.some((power) => Math.abs(power) < LOGARITHM)) return made;
  const flags = doubles(
    graph,
    powers.map((power) => (Math.abs(power) < LOGARITHM ? 1 : 0)),
  );
  const isLogarithm = graph.op('Greater', [flags, doubles(graph, Float64Array.of(0.5))]);
  return graph.op('Where', [isLogarithm, graph.op('Log', [base]), made]);
}

/** Yeo and Johnson's power for each column, by likelihood, and then mean 0 and standard deviation 1. */
export const power: Preparation<PowerSettings> = {
  name: 'power',
  describe: 'Makes skewed columns more like a normal distribution by a power found for each (Yeo–Johnson).',
  source: 'Yeo and Johnson, A new family of power transformations to improve normality or symmetry, 2000',
  missing: true,
  scales: true,
  check: (settings) => checkSettings<PowerSettings>('power', settings, { standardize: flagSetting(true) }),
  fit(x, _y, _classes, settings, { categorical }) {
    const { columns, rows } = x;
    const lambda = new Float64Array(columns);
    for (let j = 0; j < columns; j++) lambda[j] = yeoJohnsonPower(presentValues(x, j));
    const changed = x.values.map((value, at) => yeoJohnson(value, lambda[at % columns]!));
    const { offset, scale } = settings.standardize
      ? meanScales({ values: changed, rows, columns })
      : { offset: new Float64Array(columns), scale: new Float64Array(columns).fill(1) };
    return elementwise(
      columns,
      (value, j) => (yeoJohnson(value, lambda[j]!) - offset[j]!) / scale[j]!,
      (value) => {
        const { graph } = value;
        const made = yeoJohnsonNodes(graph, value, lambda);
        return graph.op('Div', [graph.op('Sub', [made, doubles(graph, offset)]), doubles(graph, scale)]);
      },
      { untouched: categorical },
    );
  },
};

/** What 1 is taken as in a logarithm. */
export interface LogSettings {
  /** 'one': the values as they are; 'median': each column's median size, for columns of very small values. */
  readonly unit?: 'one' | 'median';
}

/** sign(x) log(1 + |x| / unit): a logarithm for all signs. */
export const logarithm: Preparation<LogSettings> = {
  name: 'log',
  describe: 'The logarithm of each value, its sign kept: sign(x) log(1 + |x|).',
  source: 'John and Draper, An alternative family of transformations, 1980',
  missing: true,
  check: (settings) =>
    checkSettings<LogSettings>('log', settings, { unit: choiceSetting('one', ['one', 'median']) }),
  fit(x, _y, _classes, settings, { categorical }) {
    const unit = new Float64Array(x.columns).fill(1);
    if (settings.unit === 'median') {
      for (let j = 0; j < x.columns; j++) {
        const sizes = presentValues(x, j)
          .map(Math.abs)
          .filter((value) => value > 0)
          .sort();
        if (sizes.length > 0) unit[j] = sortedMedian(sizes);
      }
    }
    return elementwise(
      x.columns,
      (value, j) => Math.sign(value) * Math.log(1 + Math.abs(value) / unit[j]!),
      (value) => {
        const { graph } = value;
        const share = graph.op('Div', [graph.op('Abs', [value]), doubles(graph, unit)]);
        const log = graph.op('Log', [graph.op('Add', [share, doubles(graph, Float64Array.of(1))])]);
        return graph.op('Mul', [graph.op('Sign', [value]), log]);
      },
      { untouched: categorical },
    );
  },
};
