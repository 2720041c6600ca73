import { HounsfieldError } from '../../errors.ts';

/** How one setting is read from plain JSON. */
export interface SettingRule<T> {
  readonly otherwise: T;
  readonly expected: string;
  readonly holds: (value: unknown) => boolean;
}

/** One rule for each setting. */
export type SettingRules<S extends object> = {
  readonly [K in keyof Required<S>]: SettingRule<Required<S>[K]>;
};

/** Weights of classes: all 1, inversely as their share of the rows, or one for each class. */
export type ClassWeight = 'none' | 'balanced' | readonly number[];

export const choice = <const T extends string>(...names: readonly [T, ...T[]]): SettingRule<T> => ({
  otherwise: names[0],
  expected: names.map((name) => `'${name}'`).join(', '),
  holds: (value) => names.some((name) => name === value),
});

export const flag = (otherwise: boolean): SettingRule<boolean> => ({
  otherwise,
  expected: 'true or false',
  holds: (value) => typeof value === 'boolean',
});

/** A number of least .. most; with `open`, least itself is not one of them. */
export function size(
  otherwise: number,
  least: number,
  most = Number.POSITIVE_INFINITY,
  open: 'open' | 'closed' = 'closed',
): SettingRule<number> {
  const low = open === 'open' ? `above ${least}` : `at least ${least}`;
  return {
    otherwise,
    expected: most === Number.POSITIVE_INFINITY ? `a number ${low}` : `a number ${low}, at most ${most}`,
    holds: (value) =>
      typeof value === 'number' &&
      Number.isFinite(value) &&
      (open === 'open' ? value > least : value >= least) &&
      value <= most,
  };
}

export function whole(otherwise: number, least: number, most = 2 ** 31): SettingRule<number> {
  return {
    otherwise,
    expected: `a whole number of ${least} .. ${most}`,
    holds: (value) => Number.isInteger(value) && Number(value) >= least && Number(value) <= most,
  };
}

/** One of the words, or what another rule takes; the first word where nothing is said. */
export const wordOr = <const W extends string, T>(
  word: readonly [W, ...W[]],
  rule: SettingRule<T>,
): SettingRule<W | T> => ({
  otherwise: word[0],
  expected: `${word.map((name) => `'${name}'`).join(', ')}, or ${rule.expected}`,
  holds: (value) => word.some((name) => name === value) || rule.holds(value),
});

/** Numbers of least .. most, at least one of them. */
export const numbers = (least: number, most = Number.POSITIVE_INFINITY): SettingRule<readonly number[]> => ({
  otherwise: [],
  expected: `a list of numbers of ${least} .. ${most}`,
  holds: (value) =>
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((item) => typeof item === 'number' && item >= least && item <= most),
});

export const classWeightRule: SettingRule<ClassWeight> = wordOr(['none', 'balanced'], numbers(0, 1e300));

/** What to do about settings that are no object. */
export const NOT_PLAIN = 'its settings are no object of names and values. Pass one, {} for the defaults.';

/** Whether settings are an object of names and values: neither a list nor null. */
export const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A value for a message, also one that JSON does not have. */
const shown = (value: unknown): string =>
  typeof value === 'bigint' || typeof value === 'symbol'
    ? `a ${typeof value}`
    : (JSON.stringify(value) ?? typeof value);

/**
 * Plain JSON as settings, defaults filled in; all that is wrong is said at once.
 *
 * @throws CLASSIFIER_SETTINGS, or the code that is passed
 */
export function readSettings<S extends object>(
  name: string,
  rules: SettingRules<S>,
  given: Readonly<Record<string, unknown>>,
  code: 'CLASSIFIER_SETTINGS' | 'PREPARATION_SETTINGS' = 'CLASSIFIER_SETTINGS',
): Required<S> {
  if (!isPlainObject(given)) throw new HounsfieldError(code, `${name}: ${NOT_PLAIN}`);
  const known = Object.keys(rules);
  const wrong: string[] = [];
  for (const key of Object.keys(given)) {
    if (!known.includes(key))
      wrong.push(`'${key}' is not a setting of it (${known.join(', ') || 'it has none'})`);
  }
  const read: Record<string, unknown> = {};
  for (const [key, rule] of Object.entries(rules) as [string, SettingRule<unknown>][]) {
    // keys of a mapped type
    const value = given[key];
    if (value === undefined) read[key] = rule.otherwise;
    else if (rule.holds(value)) read[key] = value;
    else wrong.push(`${key} is ${shown(value)}, expected ${rule.expected}`);
  }
  if (wrong.length > 0) {
    throw new HounsfieldError(code, `${name}: ${wrong.join('; ')}. Correct or leave out.`);
  }
  return read as Required<S>; // every key was read by its own rule
}
