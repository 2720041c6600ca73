import { HounsfieldError } from '../../../errors.ts';
import { isPlainObject, NOT_PLAIN } from '../settings.ts';

/** What one setting may be: its default, and what else is accepted. */
export interface SettingRule<T> {
  readonly fallback: T;
  /** For the message: 'a number from 0 to 1'. */
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
}

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
export const numberSetting = (fallback: number, limits: NumberLimits = {}): SettingRule<number> => ({
  fallback,
  expected: described('a number', limits),
  accepts: (value) => typeof value === 'number' && Number.isFinite(value) && inside(value, limits),
});

/** A whole number. */
export const integerSetting = (fallback: number, limits: NumberLimits = {}): SettingRule<number> => ({
  fallback,
  expected: described('a whole number', limits),
  accepts: (value) => Number.isSafeInteger(value) && inside(Number(value), limits),
});

/** true or false. */
export const flagSetting = (fallback: boolean): SettingRule<boolean> => ({
  fallback,
  expected: 'true or false',
  accepts: (value) => typeof value === 'boolean',
});

/** One of some words. */
export const choiceSetting = <const T extends string>(
  fallback: T,
  choices: readonly T[],
): SettingRule<T> => ({
  fallback,
  expected: `one of ${choices.join(', ')}`,
  accepts: (value) => choices.some((choice) => choice === value),
});

/** A list of finite numbers. */
export const numbersSetting = (fallback: readonly number[]): SettingRule<readonly number[]> => ({
  fallback,
  expected: 'a list of numbers',
  accepts: (value) => Array.isArray(value) && value.every((item) => Number.isFinite(item)),
});

/**
 * Checks plain JSON against the rules and fills in what is left out.
 *
 * @throws PREPARATION_SETTINGS naming every setting that does not do
 */
export function checkSettings<T extends object>(
  step: string,
  given: Readonly<Record<string, unknown>>,
  rules: { readonly [K in keyof T]-?: SettingRule<T[K]> },
): Required<T> {
  if (!isPlainObject(given)) throw new HounsfieldError('PREPARATION_SETTINGS', `${step}: ${NOT_PLAIN}`);
  const names = Object.keys(rules);
  // Object.entries gives back the table's own rules.
  const entries = Object.entries(rules) as [string, SettingRule<unknown>][];
  const problems = [
    ...Object.keys(given)
      .filter((name) => !names.includes(name))
      .map((name) => `'${name}' is not a setting of it (${names.join(', ') || 'it has none'})`),
    ...entries
      .filter(([name, rule]) => given[name] !== undefined && !rule.accepts(given[name]))
      .map(([name, rule]) => `'${name}' must be ${rule.expected}`),
  ];
  if (problems.length > 0) {
    throw new HounsfieldError(
      'PREPARATION_SETTINGS',
      `${step}: ${problems.join('; ')}. Correct the settings.`,
    );
  }
  const filled = Object.fromEntries(entries.map(([name, rule]) => [name, given[name] ?? rule.fallback]));
  return filled as Required<T>; // every rule's name is there, with a value that it accepts
}

/** The error of data that a step cannot work on. */
export const dataError = (step: string, text: string): HounsfieldError =>
  new HounsfieldError('PREPARATION_DATA', `${step}: ${text}`);
