import { HounsfieldError } from '../../../errors.ts';
import { flag, readSettings, type SettingRule, type SettingRules } from '../settings.ts';

/** Limits of a number; `above` is itself excluded. */
export interface NumberLimits {
  readonly least?: number;
  readonly above?: number;
  readonly most?: number;
}

const inside = (value: number, { least = -Infinity, above = -Infinity, most = Infinity }: NumberLimits) =>
  value >= least && value > above && value <= most;

function described(kind: string, { least, above, most }: NumberLimits): string {
  const limits = [
    least !== undefined && `at least ${least}`,
    above !== undefined && `above ${above}`,
    most !== undefined && `at most ${most}`,
  ].filter((part) => part !== false);
  return [kind, limits.join(' and ')].join(limits.length > 0 ? ' ' : '');
}

/** A finite number. */
export const numberSetting = (otherwise: number, limits: NumberLimits = {}): SettingRule<number> => ({
  otherwise,
  expected: described('a number', limits),
  holds: (value) => typeof value === 'number' && Number.isFinite(value) && inside(value, limits),
});

/** A whole number. */
export const integerSetting = (otherwise: number, limits: NumberLimits = {}): SettingRule<number> => ({
  otherwise,
  expected: described('a whole number', limits),
  holds: (value) => Number.isSafeInteger(value) && inside(Number(value), limits),
});

/** true or false. */
export const flagSetting = flag;

/** One of some words. */
export const choiceSetting = <const T extends string>(
  otherwise: T,
  choices: readonly T[],
): SettingRule<T> => ({
  otherwise,
  expected: `one of ${choices.join(', ')}`,
  holds: (value) => choices.some((choice) => choice === value),
});

/** A list of finite numbers. */
export const numbersSetting = (otherwise: readonly number[]): SettingRule<readonly number[]> => ({
  otherwise,
  expected: 'a list of numbers',
  holds: (value) => Array.isArray(value) && value.every((item) => Number.isFinite(item)),
});

/**
 * Checks plain JSON against the rules and fills in what is left out.
 *
 * @throws PREPARATION_SETTINGS naming every setting that does not do
 */
export const checkSettings = <T extends object>(
  step: string,
  given: Readonly<Record<string, unknown>>,
  rules: SettingRules<T>,
): Required<T> => readSettings(step, rules, given, 'PREPARATION_SETTINGS');

/** The error of data that a step cannot work on. */
export const dataError = (step: string, text: string): HounsfieldError =>
  new HounsfieldError('PREPARATION_DATA', `${step}: ${text}`);
