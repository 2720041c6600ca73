import { HounsfieldError } from '../../../errors.ts';
import { readParameters } from '../../transforms/read-parameters.ts';
import { rateRatio, resamplePolyphase } from './polyphase.ts';
import { movedAnnotations, type SignalTransform } from './signal-transform.ts';

interface ResampleParameters {
  /** The rate of all channels afterwards, Hz. */
  readonly samplingRateHz: number;
  /** Samples of each channel afterwards, where an inverse must give the count before; null: as many as the time takes. */
  readonly counts: readonly number[] | null;
}

/** Filters longer than this are refused: 20 taps for each step of the finer grid. */
const LARGEST_RATIO = 2 ** 17;

/**
 * All channels at one rate: an anti-aliasing filter and polyphase resampling. Missing samples stay missing, no other is
 * touched by them but through a straight line across the gap. Throws SIGNAL_RATES.
 */
export const resampleSignal: SignalTransform<ResampleParameters> = {
  name: 'resample-signal',
  check(json) {
    const read = readParameters('resample-signal', json);
    const parameters = {
      samplingRateHz: read.number('samplingRateHz', { min: 1e-6, max: 1e9 }),
      counts: read.optional('counts', (name) => read.numbers(name, { min: 0, whole: true })),
    };
    read.end();
    return parameters;
  },
  change(one, { samplingRateHz, counts }) {
    const channels = one.channels.map((channel, c) => {
      const { up, down } = rateRatio(channel.samplingRateHz, samplingRateHz);
      if (
        Math.max(up, down) > LARGEST_RATIO ||
        Math.min(up, down) < 1 ||
        (channel.samples.length * up) / down > 2 ** 30
      ) {
        throw new HounsfieldError(
          'SIGNAL_RATES',
          `from ${channel.samplingRateHz} Hz to ${samplingRateHz} Hz is ${up}/${down}, beyond what one filter can do. ` +
            'Choose a rate in a simpler ratio.',
        );
      }
      const { stored: _, ...rest } = channel;
      const samples = resampleWithHoles(channel.samples, up, down);
      return {
        ...rest,
        samplingRateHz,
        samples: counts ? fitted(samples, counts[c] ?? samples.length) : samples,
      };
    });
    return {
      ...one,
      samplingRateHz,
      channels,
      annotations: movedAnnotations(one.annotations, samplingRateHz, (time) => time),
    };
  },
  inverse: () => ({
    fidelity: 'interpolated',
    step: (_, before) => {
      const rates = new Set(before.channels.map((channel) => channel.samplingRateHz));
      if (rates.size > 1) {
        throw new HounsfieldError(
          'TRANSFORM_NO_INVERSE',
          'resample-signal brought channels of different rates to one; there is no one rate to go back to. Resample channel by channel.',
        );
      }
      const samplingRateHz = before.channels[0]?.samplingRateHz ?? before.samplingRateHz;
      return {
        transform: 'resample-signal',
        parameters: { samplingRateHz, counts: before.channels.map((channel) => channel.count) },
      };
    },
  }),
};

function fitted(samples: Float64Array, count: number): Float64Array {
  if (samples.length >= count) return samples.slice(0, count);
  const longer = new Float64Array(count).fill(samples.at(-1) ?? 0);
  longer.set(samples);
  return longer;
}

function resampleWithHoles(samples: Float64Array, up: number, down: number): Float64Array {
  if (samples.every((value) => Number.isFinite(value))) return resamplePolyphase(samples, up, down);
  const out = resamplePolyphase(bridged(samples), up, down);
  for (let j = 0; j < out.length; j++) {
    const nearest = Math.min(samples.length - 1, Math.round((j * down) / up));
    if (!Number.isFinite(samples[nearest])) out[j] = Number.NaN;
  }
  return out;
}

/** Gaps crossed by straight lines, their ends by the nearest value. */
function bridged(samples: Float64Array): Float64Array {
  const out = samples.slice();
  let last = -1;
  for (let i = 0; i <= out.length; i++) {
    if (i < out.length && !Number.isFinite(samples[i])) continue;
    const [left, right] = [
      last < 0 ? samples[i] : samples[last],
      i < out.length ? samples[i] : samples[last],
    ];
    for (let k = last + 1; k < i; k++) {
      const part = last < 0 || i >= out.length ? 0 : (k - last) / (i - last);
      out[k] = (left ?? 0) * (1 - part) + (right ?? 0) * part;
    }
    last = i;
  }
  return out;
}
