import type { RandomStream } from '../../random.ts';
import type { Signal } from '../signal/signal.ts';
import { applySignalSteps } from '../signal/transforms/registry.ts';
import type { SignalStep } from '../signal/transforms/signal-transform.ts';
import type { SignalRecipe } from './signal-recipe.ts';

/** What a draw must know of a recording. */
export interface SignalSize {
  readonly durationS: number;
  readonly channelCount: number;
}

const WARP_KNOTS = 7;
const WANDER_WAVES = 5;

export function signalSize(one: Signal): SignalSize {
  return { durationS: one.durationS, channelCount: one.channels.length };
}

/**
 * Draws one recording's augmentation: named steps with their numbers, plain JSON. The same stream key, recipe and size give
 * the same steps.
 */
export function drawSignalAugmentation(
  recipe: SignalRecipe,
  size: SignalSize,
  stream: RandomStream,
): readonly SignalStep[] {
  const chance = recipe.probability ?? 1;
  const steps: SignalStep[] = [];
  const filled = recipe.missing !== 'missing';
  /** Adds a step with the recipe's chance; its numbers are drawn in any case, so that others do not depend on it. */
  const maybe = (amount: number | undefined, draw: (amount: number) => SignalStep): void => {
    if (!amount) return;
    const isDone = stream.chance(chance);
    const step = draw(amount);
    if (isDone) steps.push(step);
  };
  const { durationS, channelCount } = size;
  maybe(recipe.shiftS, (most) => ({
    transform: 'shift-time',
    parameters: { seconds: stream.uniform(-most, most), fill: filled ? 'edge' : 'missing' },
  }));
  if (durationS > 0) maybe(recipe.warp, (most) => drawWarp(most, durationS, stream));
  maybe(recipe.scale, (most) => ({
    transform: 'scale-amplitude',
    parameters: {
      factors: Array.from({ length: Math.max(1, channelCount) }, () => 1 + stream.uniform(-most, most)),
    },
  }));
  maybe(recipe.wander, (most) => drawWander(most, stream));
  for (const [amount, colour] of [
    [recipe.whiteNoise, 'white'],
    [recipe.pinkNoise, 'pink'],
  ] as const) {
    maybe(amount, (most) => ({
      transform: 'add-noise',
      parameters: { colour, fraction: stream.uniform(0, most), seed: stream.uint32() },
    }));
  }
  maybe(recipe.powerline, (most) => drawPowerline(most, recipe.powerlineHz, stream));
  maybe(recipe.dropout, (probability) => drawDropout(probability, channelCount, filled, stream));
  maybe(recipe.cutOut, (part) => ({
    transform: 'cut-out-signal',
    parameters: {
      startS: stream.uniform(0, (1 - part) * durationS),
      durationS: part * durationS,
      fill: filled ? 'mean' : 'missing',
    },
  }));
  return steps;
}

/** Knots evenly apart; between two of them time runs at 1 - most .. 1 + most, and the whole lasts as long as before. */
function drawWarp(most: number, durationS: number, stream: RandomStream): SignalStep {
  const speeds = Array.from({ length: WARP_KNOTS - 1 }, () => 1 + stream.uniform(-most, most));
  const whole = speeds.reduce((sum, speed) => sum + speed, 0);
  const sources = [0];
  for (const speed of speeds) sources.push(sources.at(-1)! + (speed / whole) * durationS);
  const times = sources.map((_, i) => (i * durationS) / (WARP_KNOTS - 1));
  return { transform: 'warp-time', parameters: { times, sources } };
}

function drawWander(most: number, stream: RandomStream): SignalStep {
  const draws = Array.from({ length: WANDER_WAVES }, () => [
    stream.uniform(0.05, 0.5),
    stream.uniform(0, 2 * Math.PI),
    stream.uniform(0, 1),
  ]);
  return {
    transform: 'add-wander',
    parameters: {
      fraction: stream.uniform(0, most),
      frequenciesHz: draws.map((draw) => draw[0]),
      phases: draws.map((draw) => draw[1]),
      weights: draws.map((draw) => draw[2]),
    },
  };
}

function drawPowerline(most: number, frequencyHz: number | undefined, stream: RandomStream): SignalStep {
  const coin = stream.chance(0.5);
  return {
    transform: 'add-powerline',
    parameters: {
      frequencyHz: frequencyHz ?? (coin ? 50 : 60),
      fraction: stream.uniform(0, most),
      phase: stream.uniform(0, 2 * Math.PI),
      weights: [1, stream.uniform(0, 0.3), stream.uniform(0, 0.2)],
    },
  };
}

function drawDropout(
  probability: number,
  channelCount: number,
  filled: boolean,
  stream: RandomStream,
): SignalStep {
  const lost = Array.from({ length: channelCount }, () => stream.chance(probability));
  const kept = channelCount > 0 ? stream.integer(channelCount) : 0;
  if (!lost.includes(false)) lost[kept] = false;
  return {
    transform: 'drop-channels',
    parameters: {
      channels: lost.flatMap((isLost, c) => (isLost ? [c] : [])),
      fill: filled ? 'zero' : 'missing',
    },
  };
}

/**
 * Does to a recording what was drawn, annotations with it, and records it in the history. The same steps on the same
 * recording give the same result.
 *
 * @example const steps = drawSignalAugmentation({ wander: 0.5, shiftS: 2 }, signalSize(ecg), stream);
 */
export function applySignalAugmentation(one: Signal, steps: readonly SignalStep[]): Signal {
  return applySignalSteps(one, steps);
}
