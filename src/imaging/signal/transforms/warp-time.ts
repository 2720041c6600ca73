import { readParameters } from '../../transforms/read-parameters.ts';
import { movedAnnotations, type SignalTransform, withSamples } from './signal-transform.ts';

interface ShiftParameters {
  /** Later where positive. */
  readonly seconds: number;
  readonly fill: 'missing' | 'edge' | 'wrap';
}

/** Everything later or earlier within the same duration; marks that leave it are left out, or come in at the other end. */
export const shiftTime: SignalTransform<ShiftParameters> = {
  name: 'shift-time',
  check(json) {
    const read = readParameters('shift-time', json);
    const parameters = {
      seconds: read.number('seconds', { min: -1e7, max: 1e7 }),
      fill: read.oneOf('fill', ['missing', 'edge', 'wrap'], 'missing'),
    };
    read.end();
    return parameters;
  },
  change(one, { seconds, fill }) {
    const { durationS } = one;
    const shifted = withSamples(one, (samples, c) => {
      const by = Math.round(seconds * one.channels[c]!.samplingRateHz);
      return by === 0 || samples.length === 0 ? samples : shiftedSamples(samples, by, fill);
    });
    const annotations = movedAnnotations(one.annotations, one.samplingRateHz, (time) => {
      const to = time + seconds;
      if (fill === 'wrap') return durationS > 0 ? ((to % durationS) + durationS) % durationS : time;
      return to >= 0 && to <= durationS ? to : undefined;
    });
    return { ...shifted, annotations };
  },
  inverse: ({ fill }) => ({
    fidelity: fill === 'wrap' ? 'exact' : 'kept-part',
    step: (parameters) => ({
      transform: 'shift-time',
      parameters: { ...parameters, seconds: -parameters.seconds },
    }),
  }),
};

function shiftedSamples(samples: Float64Array, by: number, fill: ShiftParameters['fill']): Float64Array {
  const count = samples.length;
  return samples.map((_, i) => {
    const from = i - by;
    if (fill === 'wrap') return samples[((from % count) + count) % count]!;
    if (from >= 0 && from < count) return samples[from]!;
    return fill === 'edge' ? samples[from < 0 ? 0 : count - 1]! : Number.NaN;
  });
}

interface WarpParameters {
  /** Moments afterwards, seconds, rising. */
  readonly times: readonly number[];
  /** The moments before that they show, rising. */
  readonly sources: readonly number[];
}

/**
 * Time stretched here and pressed there: between its knots the moment before runs evenly. Samples are read by cubic
 * interpolation; marks move with what they mark. Throws TRANSFORM_PARAMETERS where time would stand still or run backwards.
 */
export const warpTime: SignalTransform<WarpParameters> = {
  name: 'warp-time',
  check(json) {
    const read = readParameters('warp-time', json);
    const parameters = { times: read.numbers('times'), sources: read.numbers('sources') };
    const { times, sources } = parameters;
    const rises = (list: readonly number[]): boolean =>
      list.every((value, i) => i === 0 || value > list[i - 1]!);
    read.require(
      times.length >= 2 && times.length === sources.length,
      'times and sources are not two lists of the same length, 2 or more',
    );
    read.require(rises(times) && rises(sources), 'times and sources do not rise everywhere');
    read.end();
    return parameters;
  },
  change(one, { times, sources }) {
    const warped = withSamples(one, (samples, c) => {
      const rate = one.channels[c]!.samplingRateHz;
      const source = piecewise(times, sources);
      return samples.map((_, i) => sampleAt(samples, source(i / rate) * rate));
    });
    const target = piecewise(sources, times);
    const annotations = movedAnnotations(one.annotations, one.samplingRateHz, (time) => {
      const to = target(time);
      return to >= 0 && to <= one.durationS ? to : undefined;
    });
    return { ...warped, annotations };
  },
  inverse: () => ({
    fidelity: 'interpolated',
    step: ({ times, sources }) => ({
      transform: 'warp-time',
      parameters: { times: sources, sources: times },
    }),
  }),
};

/** The broken line through the points, its first and last pieces going on. */
function piecewise(from: readonly number[], to: readonly number[]): (at: number) => number {
  return (at) => {
    let [low, high] = [0, from.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (from[middle]! <= at) low = middle;
      else high = middle;
    }
    const part = (at - from[low]!) / (from[high]! - from[low]!);
    return to[low]! + part * (to[high]! - to[low]!);
  };
}

/** The value at a fractional place by a cubic through four samples (Catmull and Rom, 1974); the ends' values beyond them. */
function sampleAt(samples: Float64Array, at: number): number {
  const last = samples.length - 1;
  const place = Math.max(0, Math.min(last, at));
  const i = Math.min(Math.floor(place), Math.max(0, last - 1));
  const t = place - i;
  const b = samples[i]!;
  if (t < 1e-12) return b;
  const c = samples[Math.min(last, i + 1)]!;
  const [a, d] = [samples[Math.max(0, i - 1)]!, samples[Math.min(last, i + 2)]!];
  if (!Number.isFinite(a) || !Number.isFinite(d)) return b + t * (c - b);
  return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}
