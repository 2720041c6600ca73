import { HounsfieldError } from '../../../errors.ts';
import type { Signal } from '../signal.ts';
import { addNoise, addPowerline, addWander } from './add-to-signal.ts';
import { cutOut, dropChannels, scaleAmplitude } from './change-amplitude.ts';
import { convertUnits } from './convert-units.ts';
import { resampleSignal } from './resample-signal.ts';
import { selectChannels } from './select-channels.ts';
import { applySignal, type SignalBefore, type SignalStep, type SignalTransform } from './signal-transform.ts';
import { padSignal, sliceSignal } from './slice-signal.ts';
import { shiftTime, warpTime } from './warp-time.ts';

const ALL: readonly { readonly name: string }[] = [
  resampleSignal,
  sliceSignal,
  padSignal,
  selectChannels,
  convertUnits,
  addWander,
  addPowerline,
  addNoise,
  scaleAmplitude,
  dropChannels,
  cutOut,
  shiftTime,
  warpTime,
];

/** Every transform of recordings by its name. */
export const SIGNAL_TRANSFORMS: ReadonlyMap<string, SignalTransform> = new Map(
  ALL.map((one) => [one.name, one as SignalTransform]), // its own check makes its own parameters
);

function named(name: string): SignalTransform {
  const found = SIGNAL_TRANSFORMS.get(name);
  if (found) return found;
  throw new HounsfieldError(
    'TRANSFORM_UNKNOWN',
    `there is no transform of signals '${name.slice(0, 60)}'. Known: ${[...SIGNAL_TRANSFORMS.keys()].join(', ')}.`,
  );
}

/**
 * Does named steps, such as a history, to a recording, one after the other. Throws TRANSFORM_UNKNOWN, TRANSFORM_PARAMETERS
 * and what the transforms name.
 */
export function applySignalSteps(one: Signal, steps: readonly SignalStep[]): Signal {
  return wholeSteps(steps).reduce(
    (done, { transform, parameters }) => applySignal(named(transform), done, parameters),
    one,
  );
}

/** Steps that may come from JSON: parameters that are left out are none. Throws TRANSFORM_PARAMETERS. */
function wholeSteps(steps: readonly SignalStep[]): readonly SignalStep[] {
  const wrong = (what: string) =>
    new HounsfieldError(
      'TRANSFORM_PARAMETERS',
      `${what}. Write [{"transform": "resample-signal", "parameters": {"samplingRateHz": 100}}].`,
    );
  if (!Array.isArray(steps)) throw wrong('steps are no list');
  return steps.map((step: Partial<SignalStep> | null, i) => {
    const { transform, parameters = {} } = step ?? {};
    const isObject = typeof parameters === 'object' && parameters !== null && !Array.isArray(parameters);
    if (typeof transform === 'string' && isObject) return { transform, parameters };
    throw wrong(`step ${i + 1} ${isObject ? 'names no transform' : 'has parameters that are no object'}`);
  });
}

/** What history recorded beside a step's own parameters. Throws TRANSFORM_PARAMETERS. */
function beforeOf(name: string, before: unknown): SignalBefore {
  const { samplingRateHz, durationS, channels } = (before ?? {}) as Partial<SignalBefore>; // checked here
  const isWhole =
    Number.isFinite(samplingRateHz) &&
    Number.isFinite(durationS) &&
    Array.isArray(channels) &&
    channels.every(
      (one: SignalBefore['channels'][number] | null) =>
        Number.isFinite(one?.samplingRateHz) && Number.isInteger(one?.count) && typeof one?.unit === 'string',
    );
  if (isWhole) return before as SignalBefore; // checked
  throw new HounsfieldError(
    'TRANSFORM_PARAMETERS',
    `${name}: the history does not say what the recording was before it. Pass the history that was recorded.`,
  );
}

/** The steps that take a history back, last one first. Throws TRANSFORM_NO_INVERSE with the reason. */
export function inverseSteps(history: readonly SignalStep[]): readonly SignalStep[] {
  return wholeSteps(history)
    .toReversed()
    .map(({ transform: name, parameters }) => {
      const transform = named(name);
      const { before, ...own } = parameters;
      const checked = transform.check(own);
      const inverse = transform.inverse(checked);
      if ('none' in inverse) {
        throw new HounsfieldError(
          'TRANSFORM_NO_INVERSE',
          `${name} cannot be taken back: ${inverse.none}. Keep the recording from before it.`,
        );
      }
      return inverse.step(checked, beforeOf(name, before));
    });
}

/** The recording as it was before everything in its history. Throws TRANSFORM_NO_INVERSE. */
export function undoSignal(one: Signal): Signal {
  return { ...applySignalSteps(one, inverseSteps(one.history)), history: [] };
}
