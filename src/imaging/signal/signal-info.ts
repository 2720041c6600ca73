import type { SignalIdentity } from './signal.ts';

/** What a recording's header says, without its samples being read. */
export interface SignalInfo {
  /** WFDB, EDF, EDF+C, EDF+D, BDF, BDF+C, BDF+D, CSV. */
  readonly format: string;
  readonly samplingRateHz: number;
  readonly durationS: number;
  readonly channels: readonly {
    readonly name: string;
    readonly unit: string;
    readonly samplingRateHz: number;
    readonly sampleCount: number;
    readonly bits: number;
    /** How the file stores it: WFDB's format number, EDF's 16 bit … */
    readonly storage: string;
  }[];
  /** Other facts worth a line, such as the number of segments. */
  readonly facts: Readonly<Record<string, string | number>>;
  readonly warnings: readonly string[];
  /** Only when asked for. */
  readonly identity?: SignalIdentity;
}
