import { AGGREGATIONS, FEATURE_FAMILIES, type FeatureFamily } from './feature.ts';
import { filterFaults, filterNames, IMAGE_FILTER_NAMES } from './image-filters.ts';
import type {
  DiscretisationSettings,
  FeatureSettings,
  ImageSettings,
  InterpolationSettings,
  IvhSettings,
  ResegmentationSettings,
  TextureSettings,
} from './settings.ts';

type Json = Readonly<Record<string, unknown>>;

/** Grey levels are kept in 16 bits. */
export const MOST_LEVELS = 65535;

/** Reads settings from whole JSON and adds a sentence to `faults` for each thing that is wrong. */
export function checkSettings(json: Json, faults: string[]): FeatureSettings {
  const top = group(json, '', faults);
  const settings: FeatureSettings = {
    label: top.value('label', isLabel, 'a whole number above 0, "any" or null', null),
    channel: top.value('channel', orNull(isIndex), 'a whole number from 0 or null', null),
    timePoint: top.value('timePoint', orNull(isIndex), 'a whole number from 0 or null', null),
    spacingWhenUnknownMm: top.value('spacingWhenUnknownMm', orNull(isSpacing), 'three lengths or null', null),
    interpolation: top.inner('interpolation', interpolation, null),
    rounding: top.choice('rounding', ['auto', 'always', 'never']),
    resegmentation: top.inner('resegmentation', resegmentation),
    discretisation: top.inner('discretisation', discretisation),
    ivh: top.inner('ivh', ivh),
    families: top.several('families', Object.keys(FEATURE_FAMILIES) as FeatureFamily[]), // the table's own keys
    aggregations: top.several('aggregations', AGGREGATIONS),
    texture: top.inner('texture', texture),
    images: images(top.list('images'), faults),
  };
  top.end();
  return settings;
}

type Group = ReturnType<typeof group>;

function interpolation(of: Group): InterpolationSettings {
  const read = {
    spacingMm: spacingOf(of.value('spacingMm', isSpacingOrAxes, 'a length or three, null for none', 1)),
    image: of.choice('image', ['nearest', 'linear', 'cubic']),
    mask: of.choice('mask', ['nearest', 'linear']),
    maskThreshold: of.value('maskThreshold', within(0, 1), 'a number above 0 up to 1', 0.5),
  } as const;
  return read;
}

function spacingOf(
  given: number | readonly [number | null, number | null, number | null],
): InterpolationSettings['spacingMm'] {
  return typeof given === 'number' ? [given, given, given] : given;
}

function resegmentation(of: Group): ResegmentationSettings {
  return {
    range: of.value('range', isRange, 'two numbers, the lower first, null for an open end', [null, null]),
    outlierSigmas: of.value('outlierSigmas', orNull(isPositive), 'a number above 0 or null', null),
  };
}

const BIN_COUNT = `a whole number from 1 to ${MOST_LEVELS}`;

function discretisation(of: Group): DiscretisationSettings {
  return {
    method: of.choice('method', ['none', 'fixed-bin-number', 'fixed-bin-size']),
    bins: of.value('bins', isBinCount, BIN_COUNT, 32),
    binSize: of.value('binSize', isPositive, 'a number above 0', 25),
    lowerBound: of.value('lowerBound', isLowerBound, '"range", "minimum", "multiple" or a number', 'range'),
    equalisationBins: of.value('equalisationBins', orNull(isBinCount), `${BIN_COUNT} or null`, null),
  };
}

function ivh(of: Group): IvhSettings {
  return {
    method: of.choice('method', ['auto', 'none', 'fixed-bin-number', 'fixed-bin-size']),
    bins: of.value('bins', isBinCount, BIN_COUNT, 1000),
    binSize: of.value('binSize', isPositive, 'a number above 0', 0.1),
  };
}

function texture(of: Group): TextureSettings {
  return {
    distance: of.value('distance', isDistance, 'a whole number from 1 to 64', 1),
    coarseness: of.value('coarseness', isIndex, 'a whole number from 0', 0),
    weighting: of.choice('weighting', ['none', 'inverse', 'exponential']),
    norm: of.choice('norm', ['chebyshev', 'euclidean', 'manhattan']),
  };
}

function images(given: readonly unknown[], faults: string[]): readonly ImageSettings[] {
  if (given.length === 0) faults.push('images is empty, expected at least {"filter": "original"}');
  const names = new Set<string>();
  return given.map((item, i) => {
    const of = group(isObject(item) ? item : {}, `images[${i}].`, faults);
    const filter = of.choice('filter', IMAGE_FILTER_NAMES);
    const parameters = of.value('parameters', isObjectOrNothing, 'an object', undefined);
    of.end();
    const wrong = filterFaults(filter, parameters ?? {});
    faults.push(...wrong.map((fault) => `images[${i}]: ${fault}`));
    for (const name of wrong.length > 0 ? [] : filterNames(filter, parameters ?? {})) {
      if (names.has(name)) faults.push(`images[${i}] gives ${name} again, and names of columns must differ`);
      names.add(name);
    }
    return parameters === undefined ? { filter } : { filter, parameters };
  });
}

/** Reads the members of one object; `end` reports those that nobody asked for. */
function group(json: Json, path: string, faults: string[]) {
  const known = new Set<string>();
  const take = (name: string): unknown => {
    known.add(name);
    return Object.hasOwn(json, name) ? json[name] : undefined;
  };
  const fault = (name: string, found: unknown, expected: string): void => {
    faults.push(`${path}${name} is ${shown(found)}, expected ${expected}`);
  };

  function value<T>(name: string, is: (v: unknown) => v is T, expected: string, instead: T): T {
    const found = take(name);
    if (is(found)) return found;
    fault(name, found, expected);
    return instead;
  }

  function choice<const T extends string>(name: string, choices: readonly T[]): T {
    const found = take(name);
    const match = choices.find((one) => one === found);
    if (match === undefined) fault(name, found, `one of ${choices.join(', ')}`);
    return match ?? choices[0]!;
  }

  function list(name: string): readonly unknown[] {
    const found = take(name);
    if (Array.isArray(found)) return found;
    fault(name, found, 'a list');
    return [];
  }

  function several<const T extends string>(name: string, choices: readonly T[]): readonly T[] {
    const found = list(name);
    if (found.length === 0) faults.push(`${path}${name} is empty, expected some of ${choices.join(', ')}`);
    const unknown = found.filter((item) => !choices.some((one) => one === item));
    if (unknown.length > 0) fault(name, unknown.map(shown).join(', '), `some of ${choices.join(', ')}`);
    return choices.filter((one) => found.includes(one));
  }

  function inner<T>(name: string, read: (of: Group) => T): T;
  function inner<T>(name: string, read: (of: Group) => T, absent: null): T | null;
  function inner<T>(name: string, read: (of: Group) => T, absent?: null): T | null {
    const found = take(name);
    if (found === null && absent === null) return null;
    if (!isObject(found)) fault(name, found, 'an object');
    const of = group(isObject(found) ? found : {}, `${path}${name}.`, isObject(found) ? faults : []);
    const read_ = read(of);
    of.end();
    return read_;
  }

  function end(): void {
    const unknown = Object.keys(json).filter((name) => !known.has(name));
    if (unknown.length === 0) return;
    faults.push(`${path}${unknown.join(`, ${path}`)} unknown (known: ${[...known].join(', ')})`);
  }

  return { value, choice, list, several, inner, end };
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isObjectOrNothing = (value: unknown): value is Json | undefined =>
  value === undefined || isObject(value);
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isPositive = (value: unknown): value is number => isNumber(value) && value > 0;
const isIndex = (value: unknown): value is number => Number.isInteger(value) && isNumber(value) && value >= 0;
const isBinCount = (value: unknown): value is number => isIndex(value) && value >= 1 && value <= MOST_LEVELS;
const isDistance = (value: unknown): value is number => isIndex(value) && value >= 1 && value <= 64;
const within =
  (low: number, high: number) =>
  (value: unknown): value is number =>
    isNumber(value) && value > low && value <= high;
const orNull =
  <T>(is: (v: unknown) => v is T) =>
  (value: unknown): value is T | null =>
    value === null || is(value);
const isLabel = (value: unknown): value is number | 'any' | null =>
  value === null || value === 'any' || (isIndex(value) && value > 0);
const isLowerBound = (value: unknown): value is DiscretisationSettings['lowerBound'] =>
  isNumber(value) || value === 'range' || value === 'minimum' || value === 'multiple';
const isSpacing = (value: unknown): value is readonly [number, number, number] =>
  Array.isArray(value) && value.length === 3 && value.every(isPositive);
const isSpacingOrAxes = (
  value: unknown,
): value is number | readonly [number | null, number | null, number | null] =>
  isPositive(value) ||
  (Array.isArray(value) && value.length === 3 && value.every((side) => side === null || isPositive(side)));
const isRange = (value: unknown): value is readonly [number | null, number | null] => {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [low, high] = value as readonly unknown[]; // checked next
  if (!orNull(isNumber)(low) || !orNull(isNumber)(high)) return false;
  return low === null || high === null || low < high;
};

function shown(value: unknown): string {
  if (value === undefined) return 'absent';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'object' ? 'an object' : String(value).slice(0, 60);
}
