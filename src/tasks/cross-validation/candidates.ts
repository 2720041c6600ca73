import { HounsfieldError, isHounsfieldError } from '../../errors.ts';
import type { Choice, Values } from '../../learning/selection/search/space.ts';
import { completeSettings } from '../classification/settings.ts';
import { withValues } from '../search/trial-settings.ts';
import type { Candidate } from './plan.ts';

const MOST = 200;

/** Settings that a cross-validation sets itself. */
export const ownSettings = [
  'parts',
  'judge',
  'refit',
  'target',
  'classes',
  'split',
  'patientPattern',
] as const;

const isFields = (value: unknown): value is Readonly<Record<string, Choice>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * A list of settings to choose from: [{ "name": "gentle", "lr": 1e-4 }, …]; names may be left out, and settings within
 * settings are named with dots ("augment.rotateDegrees").
 *
 * @param base settings of every training, into which a candidate's are put
 * @throws CANDIDATES_INVALID listing all that is wrong
 */
export function parseCandidates(value: unknown, base: Readonly<Record<string, unknown>>): Candidate[] {
  if (!Array.isArray(value) || value.length < 2 || value.length > MOST)
    throw invalid([`expected a list of 2 to ${MOST} candidates`]);
  const faults: string[] = [];
  const names = new Set<string>();
  const candidates = (value as unknown[]).map((given, i): Candidate => {
    const place = `[${i}]`;
    if (!isFields(given)) {
      faults.push(`${place} is no object of settings`);
      return { name: '', settings: {} };
    }
    const { name = `candidate-${i + 1}`, ...settings } = given;
    if (typeof name !== 'string' || !/^[^\p{Cc}]{1,60}$/u.test(name))
      faults.push(`${place}: 'name' is no short text`);
    else if (names.has(name)) faults.push(`${place}: '${name}' is another's name, too`);
    else names.add(name);
    faults.push(...settingFaults(settings, base).map((fault) => `${place}: ${fault}`));
    return { name: String(name), settings };
  });
  if (faults.length > 0) throw invalid(faults);
  return candidates;
}

function settingFaults(settings: Values, base: Readonly<Record<string, unknown>>): string[] {
  const faults = ownSettings
    .filter((name) => Object.hasOwn(settings, name))
    .map((name) => `'${name}' is the same for all candidates`);
  try {
    completeSettings(withValues(base, settings));
  } catch (error) {
    if (!isHounsfieldError(error)) throw error;
    faults.push(error.message.replace(/^[A-Z_]+: /, '').replace(/ Correct these options\.$/, ''));
  }
  return faults;
}

function invalid(faults: readonly string[]): HounsfieldError {
  return new HounsfieldError(
    'CANDIDATES_INVALID',
    `the candidates: ${faults.slice(0, 20).join('; ')}. Write [{ "name": "gentle", "lr": 0.0001 }, { "name": "usual" }].`,
  );
}
