/** One feature of a stretch of a channel. 'u' is the channel's own unit, '1' none. */
export interface SignalFeature {
  /** Snake case. */
  readonly name: string;
  readonly unit: string;
  readonly range: readonly [low: number, high: number];
}

/** What a family gives: a number for each of its features, or NaN and why. */
export interface Measured {
  readonly value: number;
  readonly remark?: string;
}

/** Values by the feature's name. */
export type MeasuredSet = Readonly<Record<string, Measured>>;

export const none = (remark: string): Measured => ({ value: Number.NaN, remark });

/** The same remark for all names. */
export const allNone = (names: readonly string[], remark: string): MeasuredSet =>
  Object.fromEntries(names.map((name) => [name, none(remark)]));

/** A value that may not be defined: NaN and infinite ones carry the remark. */
export const finiteOr = (value: number, remark: string): Measured =>
  Number.isFinite(value) ? { value } : none(remark);

export const ANY = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;
export const POSITIVE = [0, Number.POSITIVE_INFINITY] as const;
export const SHARE = [0, 1] as const;
