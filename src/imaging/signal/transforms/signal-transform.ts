import { HounsfieldError } from '../../../errors.ts';
import type { JsonObject } from '../../transforms/read-parameters.ts';
import type { Signal, SignalAnnotation } from '../signal.ts';

/** What a recording was before a step, as history keeps it. */
export interface SignalBefore {
  readonly samplingRateHz: number;
  readonly durationS: number;
  readonly channels: readonly {
    readonly samplingRateHz: number;
    readonly count: number;
    readonly unit: string;
  }[];
}

/** A transform's name with its parameters: plain JSON. */
export interface SignalStep {
  readonly transform: string;
  readonly parameters: JsonObject;
}

export type SignalInverse<P extends object> =
  | {
      /** As for images: the same values, within rounding, where they were kept, or smoothed by interpolation. */
      readonly fidelity: 'exact' | 'rounding' | 'kept-part' | 'interpolated';
      step(parameters: P, before: SignalBefore): SignalStep;
    }
  | { /** Why there is none. */ readonly none: string };

/** One deterministic thing done to a recording: samples and annotations together. */
export interface SignalTransform<P extends object = object> {
  readonly name: string;
  /** Checks plain JSON and fills in defaults. Throws TRANSFORM_PARAMETERS. */
  check(parameters: JsonObject): P;
  /** Numbers that depend on the recording made absolute; what comes out is what history records. */
  resolve?(one: Signal, parameters: P): P;
  change(one: Signal, parameters: P): Signal;
  /** A parameter that decides how it can be taken back may be looked at. */
  inverse(parameters: P): SignalInverse<P>;
}

/**
 * Does a transform to a recording and adds it to its history, with resolved parameters and `before`.
 * Throws TRANSFORM_PARAMETERS and what the transform names.
 *
 * @example const slow = applySignal(resampleSignal, ecg, { samplingRateHz: 100 });
 */
export function applySignal<P extends object>(
  transform: SignalTransform<P>,
  one: Signal,
  parameters: JsonObject,
): Signal {
  const { before: _, ...own } = parameters;
  const asked = transform.check(own);
  const resolved = transform.resolve?.(one, asked) ?? asked;
  const before: SignalBefore = {
    samplingRateHz: one.samplingRateHz,
    durationS: one.durationS,
    channels: one.channels.map(({ samplingRateHz, samples, unit }) => ({
      samplingRateHz,
      count: samples.length,
      unit,
    })),
  };
  const done = transform.change(one, resolved);
  return {
    ...done,
    history: [...one.history, { transform: transform.name, parameters: { ...resolved, before } }],
  };
}

/** Places of the named channels, all where none are; throws SIGNAL_CHANNEL for a place that there is not. */
export function channelPlaces(one: Signal, channels: readonly number[] | undefined): ReadonlySet<number> {
  const places = channels ?? one.channels.map((_, c) => c);
  const wrong = places.find((place) => one.channels[place] === undefined);
  if (wrong !== undefined) {
    throw new HounsfieldError(
      'SIGNAL_CHANNEL',
      `channel ${wrong} is asked for, and the recording has ${one.channels.length}. Count from 0.`,
    );
  }
  return new Set(places);
}

/** The recording with other samples in some channels; stored integers no longer hold and are dropped. */
export function withSamples(
  one: Signal,
  change: (samples: Float64Array, channel: number) => Float64Array,
): Signal {
  const channels = one.channels.map((channel, c) => {
    const samples = change(channel.samples, c);
    if (samples === channel.samples) return channel;
    const { stored: _, ...rest } = channel;
    return { ...rest, samples };
  });
  return { ...one, channels };
}

/** Annotations with other times: `sample` follows where there was one; those that `move` gives no time are left out. */
export function movedAnnotations(
  annotations: readonly SignalAnnotation[],
  samplingRateHz: number,
  move: (timeS: number) => number | undefined,
): readonly SignalAnnotation[] {
  const moved: SignalAnnotation[] = [];
  for (const one of annotations) {
    const timeS = move(one.timeS);
    if (timeS === undefined) continue;
    const end = one.durationS === undefined ? undefined : move(one.timeS + one.durationS);
    moved.push({
      ...one,
      timeS,
      ...(one.sample === undefined ? {} : { sample: Math.round(timeS * samplingRateHz) }),
      ...(end === undefined ? {} : { durationS: Math.max(0, end - timeS) }),
    });
  }
  return moved.sort((a, b) => a.timeS - b.timeS);
}

/** Standard deviation of the finite samples; 0 where there are fewer than two. */
export function deviation(samples: Float64Array): number {
  let [count, mean, squares] = [0, 0, 0];
  for (const value of samples) {
    if (!Number.isFinite(value)) continue;
    count++;
    const step = value - mean;
    mean += step / count;
    squares += step * (value - mean);
  }
  return count > 1 ? Math.sqrt(squares / count) : 0;
}

/** Mean of the finite samples, 0 where there are none. */
export function meanOf(samples: Float64Array): number {
  let [count, sum] = [0, 0];
  for (const value of samples) {
    if (!Number.isFinite(value)) continue;
    count++;
    sum += value;
  }
  return count === 0 ? 0 : sum / count;
}
