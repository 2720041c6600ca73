import { readParameters } from '../../transforms/read-parameters.ts';
import { channelPlaces, meanOf, type SignalTransform, withSamples } from './signal-transform.ts';

interface ScaleParameters {
  /** Of each channel; one number for all. */
  readonly factors: readonly number[];
}

/** Every channel times its factor, as if its gain had been another. */
export const scaleAmplitude: SignalTransform<ScaleParameters> = {
  name: 'scale-amplitude',
  check(json) {
    const read = readParameters('scale-amplitude', json);
    const parameters = { factors: read.numbers('factors', { min: -1e6, max: 1e6 }) };
    read.require(parameters.factors.length > 0, 'factors is empty');
    read.end();
    return parameters;
  },
  resolve: (one, { factors }) => ({ factors: one.channels.map((_, c) => factors[c] ?? factors.at(-1)!) }),
  change: (one, { factors }) =>
    withSamples(one, (samples, c) =>
      factors[c] === 1 ? samples : samples.map((value) => value * factors[c]!),
    ),
  inverse: ({ factors }) =>
    factors.includes(0)
      ? { none: 'a channel was multiplied by 0' }
      : {
          fidelity: 'rounding',
          step: (parameters) => ({
            transform: 'scale-amplitude',
            parameters: { factors: parameters.factors.map((factor) => 1 / factor) },
          }),
        },
};

interface DropParameters {
  readonly channels: readonly number[];
  readonly fill: 'zero' | 'missing';
}

/** Leads that came off: their samples are 0 or missing. Throws SIGNAL_CHANNEL. */
export const dropChannels: SignalTransform<DropParameters> = {
  name: 'drop-channels',
  check(json) {
    const read = readParameters('drop-channels', json);
    const parameters = {
      channels: read.numbers('channels', { min: 0, whole: true }),
      fill: read.oneOf('fill', ['zero', 'missing'], 'zero'),
    };
    read.end();
    return parameters;
  },
  change(one, { channels, fill }) {
    const places = channelPlaces(one, channels);
    const value = fill === 'zero' ? 0 : Number.NaN;
    return withSamples(one, (samples, c) =>
      places.has(c) ? new Float64Array(samples.length).fill(value) : samples,
    );
  },
  inverse: ({ channels }) =>
    channels.length > 0
      ? { none: 'the samples of the leads that came off are gone' }
      : {
          fidelity: 'exact',
          step: (parameters) => ({ transform: 'drop-channels', parameters: { ...parameters } }),
        },
};

interface CutOutParameters {
  readonly startS: number;
  readonly durationS: number;
  /** Places; null: all. */
  readonly channels: readonly number[] | null;
  readonly fill: 'mean' | 'zero' | 'missing';
}

/** A stretch without signal: the channel's mean, 0, or missing. Throws SIGNAL_CHANNEL. */
export const cutOut: SignalTransform<CutOutParameters> = {
  name: 'cut-out-signal',
  check(json) {
    const read = readParameters('cut-out-signal', json);
    const parameters = {
      startS: read.number('startS', { min: 0 }),
      durationS: read.number('durationS', { min: 0 }),
      channels: read.optional('channels', (name) => read.numbers(name, { min: 0, whole: true })),
      fill: read.oneOf('fill', ['mean', 'zero', 'missing'], 'mean'),
    };
    read.end();
    return parameters;
  },
  change(one, { startS, durationS, channels, fill }) {
    const places = channelPlaces(one, channels ?? undefined);
    return withSamples(one, (samples, c) => {
      if (!places.has(c)) return samples;
      const rate = one.channels[c]!.samplingRateHz;
      const value = fill === 'mean' ? meanOf(samples) : fill === 'zero' ? 0 : Number.NaN;
      return samples.slice().fill(value, Math.round(startS * rate), Math.round((startS + durationS) * rate));
    });
  },
  inverse: () => ({ none: 'the samples that were cut out are gone' }),
};
