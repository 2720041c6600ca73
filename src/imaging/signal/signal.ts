import { HounsfieldError } from '../../errors.ts';

/** Samples of one lead or sensor in physical units; NaN where the recording has none. */
export interface SignalChannel {
  readonly name: string;
  /** As the file writes it: mV, mmHg, uV …; '' where it does not say. */
  readonly unit: string;
  readonly samplingRateHz: number;
  readonly samples: Float64Array;
  /** Stored integers and how they become physical values, where the file has them: physical = (stored - baseline) / gain. */
  readonly stored?: {
    readonly samples: Int32Array;
    readonly gain: number;
    readonly baseline: number;
    readonly bits: number;
    /** The stored value that stands for a missing sample. */
    readonly missing?: number;
  };
  /** The sensor, where the file names it: AgAgCl electrode. */
  readonly transducer?: string;
  /** Filters that the file says were applied: HP:0.1Hz LP:75Hz. */
  readonly filter?: string;
}

/** A mark at a moment of a recording: a beat, a change of rhythm, a note. */
export interface SignalAnnotation {
  /** Seconds from the start of the recording. */
  readonly timeS: number;
  /** In samples at the signal's own rate (Signal.samplingRateHz), where the file counts so. */
  readonly sample?: number;
  /** Seconds, where it lasts. */
  readonly durationS?: number;
  /** WFDB's annotation mnemonic (N, V, +, ~ …) or EDF's text. */
  readonly label: string;
  /** WFDB's aux string, such as (AFIB. */
  readonly note?: string;
  readonly channel?: number;
  readonly subtype?: number;
  readonly number?: number;
}

/** Who and when, as the file's header says: kept apart from the signal, shown by no command unless asked. */
export interface SignalIdentity {
  readonly patient?: string;
  readonly recording?: string;
  /** YYYY-MM-DD where the header's date could be read, else as written. */
  readonly startDate?: string;
  /** Time of day, HH:MM:SS with decimals where given. */
  readonly startTime?: string;
  readonly comments?: readonly string[];
}

/** A recording: channels that start together, each at its own rate, and marks in time. */
export interface Signal {
  /** The rate that time is counted in; channels may be sampled at multiples or fractions of it. */
  readonly samplingRateHz: number;
  readonly durationS: number;
  readonly channels: readonly SignalChannel[];
  readonly annotations: readonly SignalAnnotation[];
  readonly history: readonly {
    readonly transform: string;
    readonly parameters: Readonly<Record<string, unknown>>;
  }[];
  readonly identity?: SignalIdentity;
  /** What in the file was odd and how it was read, one sentence each, no header text in them. */
  readonly warnings?: readonly string[];
  /** Stretches that were recorded, where there are pauses between them; samples in the pauses are NaN. */
  readonly recordedS?: readonly (readonly [start: number, end: number])[];
}

/** What a Signal may have besides its samples and marks. */
export type SignalExtras = Pick<Signal, 'identity' | 'warnings' | 'recordedS'>;

/** Makes a Signal; its duration is the longest channel's unless given. Throws SIGNAL_INVALID. */
export function signal(
  channels: readonly SignalChannel[],
  samplingRateHz: number,
  annotations: readonly SignalAnnotation[] = [],
  durationS: number = channels.reduce(
    (most, one) => Math.max(most, one.samples.length / one.samplingRateHz),
    0,
  ),
  extras: SignalExtras = {},
): Signal {
  const wrong = [samplingRateHz, ...channels.map((one) => one.samplingRateHz)].find(
    (rate) => !(rate > 0 && rate < Number.POSITIVE_INFINITY),
  );
  if (wrong !== undefined || !Number.isFinite(durationS)) {
    throw new HounsfieldError(
      'SIGNAL_INVALID',
      `a sampling rate of ${wrong} Hz or a duration of ${durationS} s is not possible. Give rates above 0.`,
    );
  }
  return { samplingRateHz, durationS, channels, annotations, history: [], ...extras };
}
