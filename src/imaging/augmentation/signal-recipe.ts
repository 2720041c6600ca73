import { HounsfieldError } from '../../errors.ts';

/**
 * What may be done to a training recording, as plain JSON. Absent: not done. Strengths are parts of each channel's own
 * standard deviation. The order of doing is the order here.
 */
export interface SignalRecipe {
  /** Largest shift each way, seconds, and what comes in. */
  readonly shiftS?: number;
  /** Largest relative change of speed between knots: 0.1 plays at 0.9..1.1. */
  readonly warp?: number;
  /** Largest relative change of amplitude, each channel for itself. */
  readonly scale?: number;
  /** Largest strength of slow waves of .05 to .5 Hz. */
  readonly wander?: number;
  /** Largest strength of white noise. */
  readonly whiteNoise?: number;
  /** Largest strength of pink noise. */
  readonly pinkNoise?: number;
  /** Largest strength of the mains' hum. */
  readonly powerline?: number;
  /** Hz of the mains; default 50 or 60 with equal chance. */
  readonly powerlineHz?: number;
  /** Probability of each channel being lost; at least one is left. */
  readonly dropout?: number;
  /** Part of the recording that is cut out, 0..1. */
  readonly cutOut?: number;
  /** Probability of doing each of the above at all; default 1. */
  readonly probability?: number;
  /** What stands where nothing was recorded; default the edge's value, 0 and the mean. */
  readonly missing?: 'filled' | 'missing';
}

/** Allowed values of each number in a recipe. */
export const SIGNAL_RECIPE_LIMITS: Readonly<
  Record<Exclude<keyof SignalRecipe, 'missing'>, readonly [number, number]>
> = {
  shiftS: [0, 1e6],
  warp: [0, 0.9],
  scale: [0, 0.99],
  wander: [0, 100],
  whiteNoise: [0, 100],
  pinkNoise: [0, 100],
  powerline: [0, 100],
  powerlineHz: [1, 500],
  dropout: [0, 1],
  cutOut: [0, 1],
  probability: [0, 1],
};

/** Checks plain JSON; throws SIGNAL_RECIPE with all that is wrong. */
export function signalRecipe(json: Readonly<Record<string, unknown>>): SignalRecipe {
  const faults: string[] = [];
  for (const [name, value] of Object.entries(json)) {
    if (name === 'missing') {
      if (value !== 'filled' && value !== 'missing')
        faults.push(`missing is '${String(value)}', not filled or missing`);
    } else if (!Object.hasOwn(SIGNAL_RECIPE_LIMITS, name)) {
      faults.push(`'${name}' is not known (known: ${Object.keys(SIGNAL_RECIPE_LIMITS).join(', ')}, missing)`);
    } else {
      const [low, high] = SIGNAL_RECIPE_LIMITS[name as keyof typeof SIGNAL_RECIPE_LIMITS]; // hasOwn above
      if (typeof value !== 'number' || !(value >= low && value <= high)) {
        faults.push(`${name} is ${String(value)}, outside ${low}..${high}`);
      }
    }
  }
  if (faults.length > 0) throw new HounsfieldError('SIGNAL_RECIPE', `${faults.join('; ')}. Correct these.`);
  return json;
}
