import { isHounsfieldError } from '../../errors.ts';
import {
  isChoice,
  type SearchSpace,
  spaceFaults,
  type Values,
} from '../../learning/selection/search/space.ts';

/** Completes and checks a task's settings, as completeSettings does. */
export type CheckSettings = (settings: Readonly<Record<string, unknown>>) => unknown;

type Settings = Readonly<Record<string, unknown>>;

/** Settings with the values of a trial put in; `augment.scale` is put into `augment`. */
export function withValues(settings: Settings, values: Values): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...settings };
  for (const [name, value] of Object.entries(values)) {
    const parts = name.split('.');
    let place = merged;
    for (const part of parts.slice(0, -1)) {
      const inner = place[part];
      const copy = typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? { ...inner } : {};
      place[part] = copy;
      place = copy as Record<string, unknown>; // a plain object, made just above
    }
    place[parts.at(-1)!] = value;
  }
  return merged;
}

/** Settings that a search sets itself. */
const reserved = [
  'seed',
  'judge',
  'refit',
  'watch',
  'target',
  'parts',
  'split',
  'track',
  'threads',
  'device',
];

/** What a task says against the values of a space, each parameter at its ends and choices by itself. */
export function settingFaults(space: unknown, settings: Settings, check: CheckSettings): string[] {
  if (typeof space !== 'object' || space === null || Array.isArray(space)) return [];
  const sound = Object.entries(space).filter(
    ([, parameter]) => spaceFaults({ parameter: withoutCondition(parameter) }).length === 0,
  );
  const faults = new Set<string>();
  const before = new Set(faultsOf(check, settings));
  for (const [name, parameter] of Object.entries(Object.fromEntries(sound) as SearchSpace)) {
    if (reserved.includes(name.split('.')[0]!)) {
      faults.add(`${name}: is the search's own; give it as an option`);
      continue;
    }
    const values = isChoice(parameter) ? parameter.choices : [parameter.low, parameter.high];
    for (const value of values) {
      for (const fault of faultsOf(check, withValues(settings, { [name]: value }))) {
        if (!before.has(fault)) faults.add(`${name}: ${fault}`);
      }
    }
  }
  return [...faults];
}

function withoutCondition(parameter: unknown): unknown {
  if (typeof parameter !== 'object' || parameter === null) return parameter;
  const { when: _when, ...rest } = parameter as { when?: unknown }; // any object may have one
  return rest;
}

function faultsOf(check: CheckSettings, settings: Settings): string[] {
  try {
    check(settings);
    return [];
  } catch (error) {
    if (!isHounsfieldError(error)) throw error;
    return error.message
      .replace(/^[A-Z_]+: /, '')
      .replace(/ Correct these options\.$/, '')
      .split('; ')
      .map((fault) => fault.replace(/\.$/, ''));
  }
}
