import { HounsfieldError } from '../../../errors.ts';
import type { RandomStream } from '../../../random.ts';

/** A value that a choice may have: any JSON. */
export type Choice =
  | string
  | number
  | boolean
  | null
  | readonly unknown[]
  | { readonly [name: string]: unknown };

/** Another parameter's name with the value, or one of the values, that it must have. */
export type When = Readonly<Record<string, Choice>>;

/** A number from low to high, both included; scale 'log' searches its order of magnitude. */
export interface NumberParameter {
  readonly type: 'float' | 'int';
  readonly low: number;
  readonly high: number;
  readonly scale?: 'linear' | 'log';
  /** Distance between values, counted from low; int: 1 when left out. */
  readonly step?: number;
  readonly when?: When;
}

/** One of several values without an order. */
export interface ChoiceParameter {
  readonly type?: 'choice';
  readonly choices: readonly Choice[];
  readonly when?: When;
}

export type Parameter = NumberParameter | ChoiceParameter;

/**
 * What may be searched: a setting's name (with dots for nested ones, `augment.rotateDegrees`) and what it may be.
 *
 * @example { lr: { type: 'float', low: 1e-5, high: 1e-1, scale: 'log' }, optimizer: { choices: ['sgd', 'adamw'] },
 *            momentum: { type: 'float', low: 0.5, high: 0.99, when: { optimizer: 'sgd' } } }
 */
export type SearchSpace = Readonly<Record<string, Parameter>>;

/** One configuration: a value for each parameter whose condition holds. */
export type Values = Readonly<Record<string, Choice>>;

/** Most parameters, choices of one, and values of one that are accepted. */
const MOST = { parameters: 200, choices: 1000 } as const;

export const isChoice = (parameter: Parameter): parameter is ChoiceParameter => 'choices' in parameter;

/** Choices are equal when they are the same JSON. */
export const sameChoice = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Which of the choices a value is; -1: none. */
export function choiceIndex({ choices }: ChoiceParameter, value: unknown): number {
  return choices.findIndex((choice) => sameChoice(choice, value));
}

/** The values that a condition accepts for one parameter. */
const accepted = (condition: Choice): readonly unknown[] =>
  Array.isArray(condition) ? condition : [condition];

/** All that is wrong with a space, in words; empty when nothing is. */
export function spaceFaults(value: unknown): string[] {
  if (!isObject(value)) return [`the space is ${kindOf(value)}, expected an object of parameters`];
  const names = Object.keys(value);
  if (names.length === 0) return ['the space has no parameter'];
  if (names.length > MOST.parameters) {
    return [`the space has ${names.length} parameters, expected at most ${MOST.parameters}`];
  }
  const faults = names.flatMap((name) => parameterFaults(value[name]).map((fault) => `${name}: ${fault}`));
  faults.push(...names.flatMap((name) => nestingFaults(name, names)));
  const conditions = names.flatMap((name) => conditionFaults(name, value));
  faults.push(...conditions);
  if (conditions.length === 0) faults.push(...circleFaults(value));
  return faults;
}

/** A space that can be searched. @throws SEARCH_SPACE listing all that is wrong */
export function parseSpace(value: unknown, more: readonly string[] = []): SearchSpace {
  const faults = [...spaceFaults(value), ...more];
  if (faults.length > 0) {
    throw new HounsfieldError(
      'SEARCH_SPACE',
      `${faults.join('; ')}. Correct the space; docs/how-to/hyper-parameter-search.md shows one.`,
    );
  }
  return value as SearchSpace; // every field was checked above
}

function parameterFaults(value: unknown): string[] {
  if (!isObject(value)) {
    return [`is ${kindOf(value)}, expected { "type": "float", "low": …, "high": … } or { "choices": [ … ] }`];
  }
  const choice = 'choices' in value;
  const known = choice ? ['type', 'choices', 'when'] : ['type', 'low', 'high', 'scale', 'step', 'when'];
  const faults = Object.keys(value)
    .filter((field) => !known.includes(field))
    .map((field) => `has '${field}', which is none of ${known.join(', ')}`);
  return [...faults, ...(choice ? choiceFaults(value) : numberFaults(value))];
}

function choiceFaults({ type, choices }: Readonly<Record<string, unknown>>): string[] {
  const faults: string[] = [];
  if (type !== undefined && type !== 'choice') faults.push(`has choices but is of type ${show(type)}`);
  if (!Array.isArray(choices)) return [...faults, `choices is ${kindOf(choices)}, expected a list`];
  if (choices.length === 0) faults.push('choices is empty; name one at least');
  if (choices.length > MOST.choices)
    faults.push(`has ${choices.length} choices, expected at most ${MOST.choices}`);
  const texts = choices.map((item) => JSON.stringify(item));
  if (texts.includes(undefined as never)) faults.push('has a choice that is no JSON value');
  const twice = new Set(texts.filter((text, i) => texts.indexOf(text) < i));
  for (const text of twice) faults.push(`has the choice ${text} more than once`);
  return faults;
}

function numberFaults(value: Readonly<Record<string, unknown>>): string[] {
  const { type, low, high, scale, step } = value;
  const faults: string[] = [];
  if (type !== 'float' && type !== 'int')
    faults.push(`type is ${show(type)}, expected "float" or "int", or give choices`);
  for (const [field, number] of [
    ['low', low],
    ['high', high],
  ] as const) {
    if (typeof number !== 'number' || !Number.isFinite(number))
      faults.push(`${field} is ${show(number)}, expected a number`);
    else if (type === 'int' && !Number.isSafeInteger(number))
      faults.push(`${field} is ${number}, expected a whole number`);
  }
  if (scale !== undefined && scale !== 'linear' && scale !== 'log') {
    faults.push(`scale is ${show(scale)}, expected "linear" or "log"`);
  }
  if (step !== undefined) faults.push(...stepFaults(value));
  if (typeof low !== 'number' || typeof high !== 'number') return faults;
  if (low > high) faults.push(`low ${low} is above high ${high}; exchange them`);
  if (scale === 'log' && !(low > 0))
    faults.push(`low ${low} has no logarithm; begin above 0, or take the scale "linear"`);
  return faults;
}

function stepFaults({ type, low, high, scale, step }: Readonly<Record<string, unknown>>): string[] {
  if (typeof step !== 'number' || !(step > 0) || !Number.isFinite(step))
    return [`step is ${show(step)}, expected a number above 0`];
  const faults: string[] = [];
  if (type === 'int' && !Number.isSafeInteger(step)) faults.push(`step is ${step}, expected a whole number`);
  if (scale === 'log' && !(type === 'int' && step === 1))
    faults.push('step does not go with the scale "log"; leave one of them out');
  if (typeof low === 'number' && typeof high === 'number' && low < high && step > high - low) {
    faults.push(`step ${step} is wider than the range from ${low} to ${high}`);
  }
  return faults;
}

/** A setting and a part of it cannot both be searched. */
function nestingFaults(name: string, names: readonly string[]): string[] {
  const faults = names
    .filter((other) => other.startsWith(`${name}.`))
    .map((other) => `${name}: ${other} is a part of it; search one or the other`);
  if (name === '' || name.split('.').some((part) => part === '' || part === '__proto__')) {
    faults.push(`'${name}' is no name of a setting`);
  }
  return faults;
}

function conditionFaults(name: string, space: Readonly<Record<string, unknown>>): string[] {
  const parameter = space[name];
  if (!isObject(parameter) || parameter['when'] === undefined) return [];
  const { when } = parameter;
  if (!isObject(when) || Object.keys(when).length === 0) {
    return [`${name}: when is ${kindOf(when)}, expected { "parameter": value }`];
  }
  return Object.entries(when).flatMap(([other, condition]) => {
    const named = Object.hasOwn(space, other) ? space[other] : undefined;
    if (!isObject(named)) return [`${name}: when names '${other}', which is not in the space`];
    if (other === name) return [`${name}: when names the parameter itself`];
    if (named['type'] === 'float')
      return [`${name}: when names '${other}', which is a float; only choices and ints can be conditions`];
    return accepted(condition as Choice) // JSON, whose values are looked up just below
      .filter((value) => !canBe(named, value))
      .map((value) => `${name}: when ${other} is ${show(value)}, which it never is`);
  });
}

function canBe(parameter: Readonly<Record<string, unknown>>, value: unknown): boolean {
  const { choices, low, high, step } = parameter;
  if (Array.isArray(choices)) return choices.some((choice) => sameChoice(choice, value));
  if (typeof value !== 'number' || typeof low !== 'number' || typeof high !== 'number') return false;
  return value >= low && value <= high && (value - low) % (typeof step === 'number' ? step : 1) === 0;
}

function circleFaults(space: Readonly<Record<string, unknown>>): string[] {
  const left = new Set(Object.keys(space));
  const ready = (name: string) => {
    const parameter = space[name];
    const when = isObject(parameter) && isObject(parameter['when']) ? parameter['when'] : {};
    return Object.keys(when).every((other) => !left.has(other));
  };
  for (let next = [...left].filter(ready); next.length > 0; next = [...left].filter(ready)) {
    for (const name of next) left.delete(name);
  }
  return left.size === 0 ? [] : [`the conditions of ${[...left].join(', ')} go in a circle`];
}

/** Parameters that share a condition, in an order in which what a condition names comes before. */
export interface Group {
  readonly when: When | undefined;
  readonly names: readonly string[];
}

/** The groups of a space; the parameters of one are all there or all not there. */
export function groupsOf(space: SearchSpace): readonly Group[] {
  const groups: { when: When | undefined; names: string[] }[] = [];
  const placed = new Set<string>();
  const names = Object.keys(space);
  while (placed.size < names.length) {
    const before = placed.size;
    const level = names.filter(
      (name) => !placed.has(name) && Object.keys(space[name]!.when ?? {}).every((other) => placed.has(other)),
    );
    for (const name of level) {
      const { when } = space[name]!;
      const group = groups.find((one) => sameChoice(one.when, when));
      if (group) group.names.push(name);
      else groups.push({ when, names: [name] });
      placed.add(name);
    }
    if (placed.size === before) break; // a circle, which parseSpace refuses
  }
  return groups;
}

/** True when the condition holds; a parameter that is not there fulfils none. */
export function holds(when: When | undefined, values: Values): boolean {
  return Object.entries(when ?? {}).every(
    ([name, condition]) =>
      Object.hasOwn(values, name) && accepted(condition).some((value) => sameChoice(value, values[name])),
  );
}

/** How many different values a parameter has; infinite for floats without a step. */
export function countOf(parameter: Parameter): number {
  if (isChoice(parameter)) return parameter.choices.length;
  const step = stepOf(parameter);
  if (parameter.low === parameter.high) return 1;
  return step === undefined
    ? Number.POSITIVE_INFINITY
    : Math.floor((parameter.high - parameter.low) / step + 1e-9) + 1;
}

/** Distance of neighbouring values; undefined where there is none. */
export const stepOf = ({ type, step }: NumberParameter): number | undefined =>
  step ?? (type === 'int' ? 1 : undefined);

/** The nearest value that the parameter can have. */
export function nearestValue(parameter: NumberParameter, value: number): number {
  const step = stepOf(parameter);
  const { low, high } = parameter;
  if (step === undefined) return Math.min(high, Math.max(low, value));
  const index = Math.min(countOf(parameter) - 1, Math.max(0, Math.round((value - low) / step)));
  const stepped = low + index * step;
  // 0.1 + 2 * 0.1 is written 0.3
  return parameter.type === 'int' ? stepped : Number(Math.min(high, stepped).toPrecision(15));
}

/** One value, each as likely as another (on the logarithm where the scale is 'log'). */
export function uniformValue(parameter: Parameter, stream: RandomStream): Choice {
  if (isChoice(parameter)) return parameter.choices[stream.integer(parameter.choices.length)]!;
  const { low, high, scale } = parameter;
  const count = countOf(parameter);
  if (count === 1) return low;
  if (scale === 'log') {
    const half = parameter.type === 'int' ? 0.5 : 0;
    const value = Math.exp(stream.uniform(Math.log(low - half), Math.log(high + half)));
    return nearestValue(parameter, value);
  }
  if (Number.isFinite(count))
    return nearestValue(parameter, low + stream.integer(count) * stepOf(parameter)!);
  return stream.uniform(low, high);
}

/** Where a value lies in its parameter's range, 0 to 1; a choice: its place among the choices. */
export function positionOf(parameter: Parameter, value: unknown): number {
  if (isChoice(parameter)) {
    return parameter.choices.length === 1
      ? 0.5
      : choiceIndex(parameter, value) / (parameter.choices.length - 1);
  }
  const { low, high, scale } = parameter;
  if (low === high || typeof value !== 'number') return 0.5;
  return scale === 'log' ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const show = (value: unknown): string =>
  value === undefined ? 'missing' : (JSON.stringify(value) ?? kindOf(value));

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : value === undefined ? 'missing' : `a ${typeof value}`;
}
