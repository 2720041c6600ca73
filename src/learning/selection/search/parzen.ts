import type { RandomStream } from '../../../random.ts';
import { logNormalDensity, normalMass } from './normal.ts';
import {
  type Choice,
  choiceIndex,
  isChoice,
  type NumberParameter,
  nearestValue,
  type Parameter,
  stepOf,
  type Values,
} from './space.ts';

/** One parameter's part of every kernel. */
interface Dimension {
  /** Logarithm of each kernel's probability (density for floats without a step) of the value. */
  readonly logMass: (value: Choice) => (kernel: number) => number;
  readonly draw: (kernel: number, stream: RandomStream) => Choice;
}

/** A density over configurations. */
export interface ParzenEstimator {
  /** Natural logarithm of the density; that of a float is over its value, or over its logarithm on the scale 'log'. */
  readonly logDensity: (values: Values) => number;
  readonly draw: (stream: RandomStream) => Values;
}

/**
 * A mixture of products: one kernel an observation and one, the prior, over the whole range (Bergstra et al., NeurIPS
 * 2011, section 4.2; joint over the parameters as in Falkner et al., ICML 2018, and Watanabe, arXiv:2304.11127, 3.3).
 * A number's kernel is a normal cut off at the range; its width is the distance to the further neighbour, at least the
 * range / min(100, kernels + 1). A choice's kernel is the observed one, mixed with all by 1 / kernels.
 *
 * @param observations configurations in which all of `names` have a value
 * @param weights of the observations; the prior's is 1
 */
export function parzenEstimator(
  parameters: Readonly<Record<string, Parameter>>,
  names: readonly string[],
  observations: readonly Values[],
  weights: readonly number[],
): ParzenEstimator {
  const dimensions = names.map((name) => {
    const parameter = parameters[name]!;
    const seen = observations.map((values) => values[name]!);
    return isChoice(parameter)
      ? choiceDimension(
          parameter.choices,
          seen.map((value) => choiceIndex(parameter, value)),
        )
      : numberDimension(
          parameter,
          // a number parameter's values are numbers
          seen.map((value) => value as number),
        );
  });
  const total = weights.reduce((sum, weight) => sum + weight, 1);
  const shares = [...weights, 1].map((weight) => weight / total);
  const logShares = shares.map(Math.log);
  return {
    logDensity(values) {
      const parts = names.map((name, d) => dimensions[d]!.logMass(values[name]!));
      return logSum(logShares.map((share, kernel) => parts.reduce((sum, part) => sum + part(kernel), share)));
    },
    draw(stream) {
      const kernel = pick(shares, stream);
      return Object.fromEntries(names.map((name, d) => [name, dimensions[d]!.draw(kernel, stream)]));
    },
  };
}

function choiceDimension(choices: readonly Choice[], seen: readonly number[]): Dimension {
  const kernels = seen.length + 1;
  const prior = 1 / kernels;
  const whole = 1 + choices.length * prior;
  const shareOf = (kernel: number, index: number) =>
    kernel === seen.length ? 1 / choices.length : (prior + (index === seen[kernel] ? 1 : 0)) / whole;
  const index = new Map(choices.map((choice, i) => [JSON.stringify(choice), i]));
  return {
    logMass(value) {
      const chosen = index.get(JSON.stringify(value)) ?? -1;
      return (kernel) => Math.log(shareOf(kernel, chosen));
    },
    draw(kernel, stream) {
      const shares = choices.map((_, i) => shareOf(kernel, i));
      return choices[pick(shares, stream)]!;
    },
  };
}

function numberDimension(parameter: NumberParameter, seen: readonly number[]): Dimension {
  const step = stepOf(parameter);
  const half = (step ?? 0) / 2;
  const onScale = parameter.scale === 'log' ? Math.log : (x: number) => x;
  const offScale = parameter.scale === 'log' ? Math.exp : (x: number) => x;
  const low = onScale(parameter.low - half);
  const high = onScale(nearestValue(parameter, parameter.high) + half);
  if (!(high > low)) return { logMass: () => () => 0, draw: () => parameter.low };
  const centres = [...seen.map(onScale), (low + high) / 2];
  const widths = [...kernelWidths(seen.map(onScale), low, high), high - low];
  const inside = centres.map((centre, k) =>
    Math.log(normalMass((low - centre) / widths[k]!, (high - centre) / widths[k]!)),
  );
  return {
    logMass(value) {
      const number = value as number; // a number parameter's value
      if (step === undefined) {
        const x = onScale(number);
        return (k) => logNormalDensity((x - centres[k]!) / widths[k]!) - Math.log(widths[k]!) - inside[k]!;
      }
      const [from, to] = [onScale(number - half), onScale(number + half)];
      return (k) => {
        const mass = normalMass((from - centres[k]!) / widths[k]!, (to - centres[k]!) / widths[k]!);
        return Math.log(Math.max(mass, 1e-300)) - inside[k]!;
      };
    },
    draw(kernel, stream) {
      // Centres lie in the range and widths do not pass it, so that a third of the draws fall inside at least.
      for (;;) {
        const x = stream.normal(centres[kernel]!, widths[kernel]!);
        if (x >= low && x <= high) return nearestValue(parameter, offScale(x));
      }
    },
  };
}

/** Distance to the further neighbour; the outermost look inwards only when there are several. */
export function kernelWidths(centres: readonly number[], low: number, high: number): number[] {
  const order = centres.map((_, i) => i).sort((a, b) => centres[a]! - centres[b]!);
  const least = (high - low) / Math.min(100, centres.length + 2);
  const widths = new Array<number>(centres.length);
  const alone = centres.length === 1;
  order.forEach((i, place) => {
    const centre = centres[i]!;
    const before = place > 0 ? centre - centres[order[place - 1]!]! : alone ? centre - low : 0;
    const after = place < order.length - 1 ? centres[order[place + 1]!]! - centre : alone ? high - centre : 0;
    widths[i] = Math.min(high - low, Math.max(least, before, after));
  });
  return widths;
}

function pick(shares: readonly number[], stream: RandomStream): number {
  let left = stream.uniform();
  for (let i = 0; i < shares.length; i++) {
    left -= shares[i]!;
    if (left < 0) return i;
  }
  return shares.length - 1;
}

function logSum(logs: readonly number[]): number {
  const most = Math.max(...logs);
  if (most === Number.NEGATIVE_INFINITY) return most;
  return most + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - most), 0));
}
