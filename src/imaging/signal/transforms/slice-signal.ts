import { HounsfieldError } from '../../../errors.ts';
import { readParameters } from '../../transforms/read-parameters.ts';
import type { Signal } from '../signal.ts';
import { movedAnnotations, type SignalTransform } from './signal-transform.ts';

/** 2 GiB of samples. */
const LONGEST_CHANNEL = 2 ** 28;

interface SliceParameters {
  readonly startS: number;
  /** End, exclusive. */
  readonly endS: number;
}

/** The part from startS to endS; annotations outside it are left out. Throws SIGNAL_SLICE. */
export const sliceSignal: SignalTransform<SliceParameters> = {
  name: 'slice-signal',
  check(json) {
    const read = readParameters('slice-signal', json);
    const parameters = { startS: read.number('startS', { min: 0 }), endS: read.number('endS', { min: 0 }) };
    read.require(parameters.endS > parameters.startS, 'endS is not after startS');
    read.end();
    return parameters;
  },
  change(one, { startS, endS }) {
    if (endS > one.durationS + 1e-9 * Math.max(1, one.durationS)) {
      throw new HounsfieldError(
        'SIGNAL_SLICE',
        `${endS} s is asked for, and the recording ends at ${one.durationS} s. Choose an earlier end.`,
      );
    }
    const channels = one.channels.map((channel) => {
      const { stored, samplingRateHz: rate } = channel;
      const [from, to] = [Math.round(startS * rate), Math.round(endS * rate)];
      return {
        ...channel,
        samples: channel.samples.slice(from, to),
        ...(stored ? { stored: { ...stored, samples: stored.samples.slice(from, to) } } : {}),
      };
    });
    const annotations = movedAnnotations(one.annotations, one.samplingRateHz, (time) => time - startS).filter(
      (mark) => mark.timeS >= 0 && mark.timeS < endS - startS,
    );
    return {
      ...one,
      channels,
      annotations,
      durationS: endS - startS,
      ...recorded(one, -startS, endS - startS),
    };
  },
  inverse: () => ({
    fidelity: 'kept-part',
    step: ({ startS, endS }, before) => ({
      transform: 'pad-signal',
      parameters: { beforeS: startS, afterS: Math.max(0, before.durationS - endS) },
    }),
  }),
};

interface PadParameters {
  readonly beforeS: number;
  readonly afterS: number;
}

/** Time without samples (NaN) before and after. */
export const padSignal: SignalTransform<PadParameters> = {
  name: 'pad-signal',
  check(json) {
    const read = readParameters('pad-signal', json);
    const limits = { min: 0, max: 1e7, fallback: 0 };
    const parameters = { beforeS: read.number('beforeS', limits), afterS: read.number('afterS', limits) };
    read.end();
    return parameters;
  },
  change(one, { beforeS, afterS }) {
    const channels = one.channels.map((channel) => {
      const { stored: _, ...rest } = channel;
      const rate = channel.samplingRateHz;
      const count = Math.round(beforeS * rate) + channel.samples.length + Math.round(afterS * rate);
      if (count > LONGEST_CHANNEL) {
        throw new HounsfieldError(
          'SIGNAL_TOO_LONG',
          `a channel would have ${count} samples, above the limit of ${LONGEST_CHANNEL}. Pad less.`,
        );
      }
      const samples = new Float64Array(count).fill(Number.NaN);
      samples.set(channel.samples, Math.round(beforeS * rate));
      return { ...rest, samples };
    });
    const durationS = beforeS + one.durationS + afterS;
    const annotations = movedAnnotations(one.annotations, one.samplingRateHz, (time) => time + beforeS);
    return { ...one, channels, annotations, durationS, ...recorded(one, beforeS, durationS) };
  },
  inverse: () => ({
    fidelity: 'exact',
    step: ({ beforeS }, before) => ({
      transform: 'slice-signal',
      parameters: { startS: beforeS, endS: beforeS + before.durationS },
    }),
  }),
};

function recorded(one: Signal, shiftS: number, durationS: number): Pick<Signal, 'recordedS'> {
  if (!one.recordedS) return {};
  const pieces = one.recordedS
    .map(([start, end]) => [Math.max(0, start + shiftS), Math.min(durationS, end + shiftS)] as const)
    .filter(([start, end]) => end > start);
  return { recordedS: pieces };
}
