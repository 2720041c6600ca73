import { HounsfieldError } from '../../errors.ts';
import type { Affine, Vector3 } from '../geometry/geometry.ts';

/** A plain JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

interface NumberLimits {
  readonly min?: number;
  readonly max?: number;
  readonly whole?: boolean;
  /** Taken when the parameter is absent; without it the parameter must be there. */
  readonly fallback?: number;
}

/** What history adds to a transform's own parameters; see transform.ts. */
export const RECORDED_BESIDE = ['before', 'askedFor', 'unitBefore'] as const;

/**
 * Reads a transform's parameters from plain JSON, a fault for each that is wrong; `end` throws TRANSFORM_PARAMETERS with
 * all of them at once, misspelt names included. Values are whole even when faulty, so that reading can go on. Absent
 * parameters are none.
 */
export function readParameters(transform: string, given: JsonObject | undefined) {
  const faults: string[] = [];
  const isObject = typeof given === 'object' && given !== null && !Array.isArray(given);
  const json: JsonObject = isObject ? given : {};
  if (!isObject && given !== undefined) {
    faults.push(`parameters are ${shown(given)}, expected an object such as {"to": "LPS"}`);
  }
  const known = new Set<string>(RECORDED_BESIDE);
  const take = (name: string): unknown => {
    known.add(name);
    return Object.hasOwn(json, name) ? json[name] : undefined;
  };
  const fault = (name: string, value: unknown, expected: string): void => {
    faults.push(`${name} is ${shown(value)}, expected ${expected}`);
  };

  function checkNumber(name: string, value: unknown, limits: NumberLimits): number {
    const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, whole = false } = limits;
    const right = typeof value === 'number' && Number.isFinite(value) && value >= min && value <= max;
    if (right && (!whole || Number.isInteger(value))) return value;
    const bounds = [
      limits.min === undefined ? '' : ` of at least ${min}`,
      limits.max === undefined ? '' : ` up to ${max}`,
    ];
    fault(name, value, `a ${whole ? 'whole' : 'finite'} number${bounds.join('')}`);
    return limits.fallback ?? limits.min ?? 0;
  }

  function number(name: string, limits: NumberLimits = {}): number {
    const value = take(name);
    if (value === undefined && limits.fallback !== undefined) return limits.fallback;
    return checkNumber(name, value, limits);
  }

  function numbers(
    name: string,
    limits: NumberLimits & { readonly length?: number } = {},
  ): readonly number[] {
    const value = take(name);
    if (!Array.isArray(value) || (limits.length !== undefined && value.length !== limits.length)) {
      fault(name, value, `a list of ${limits.length ?? ''} numbers`);
      return new Array<number>(limits.length ?? 0).fill(limits.min ?? 0);
    }
    return value.map((item, i) => checkNumber(`${name}[${i}]`, item, limits));
  }

  /** x, y, z. One number stands for all three. */
  function vector(name: string, limits: NumberLimits = {}): Vector3 {
    const value = take(name);
    if (value === undefined && limits.fallback !== undefined) {
      return [limits.fallback, limits.fallback, limits.fallback];
    }
    if (Array.isArray(value) && value.length === 3) {
      return [0, 1, 2].map((i) => checkNumber(`${name}[${i}]`, value[i], limits)) as unknown as Vector3; // three
    }
    if (typeof value === 'number') {
      const one = checkNumber(name, value, limits);
      return [one, one, one];
    }
    fault(name, value, 'three numbers x, y, z or one for all');
    const rest = limits.min ?? 0;
    return [rest, rest, rest];
  }

  function affine(name: string): Affine {
    return numbers(name, { length: 12 }) as unknown as Affine; // length checked
  }

  function oneOf<const T extends string>(name: string, choices: readonly T[], fallback?: T): T {
    const value = take(name);
    if (value === undefined && fallback !== undefined) return fallback;
    const found = choices.find((choice) => choice === value);
    if (found === undefined) fault(name, value, `one of ${choices.join(', ')}`);
    return found ?? choices[0]!;
  }

  function flag(name: string, fallback: boolean): boolean {
    const value = take(name);
    if (value === undefined) return fallback;
    if (typeof value !== 'boolean') fault(name, value, 'true or false');
    return value === true;
  }

  /** A list of anything, empty when absent. */
  function list(name: string): readonly unknown[] {
    const value = take(name);
    if (value === undefined || Array.isArray(value)) return value ?? [];
    fault(name, value, 'a list');
    return [];
  }

  /** A number, or one of some words. */
  function numberOr<const T extends string>(
    name: string,
    words: readonly T[],
    fallback: number | T,
  ): number | T {
    const value = take(name);
    if (value === undefined) return fallback;
    const word = words.find((choice) => choice === value);
    if (word !== undefined) return word;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    fault(name, value, `a finite number or ${words.join(' or ')}`);
    return fallback;
  }

  /** A non-empty text, or `fallback`. */
  function text(name: string, fallback?: string): string {
    const value = take(name);
    if (value === undefined && fallback !== undefined) return fallback;
    if (typeof value === 'string' && value !== '') return value;
    fault(name, value, 'a name');
    return '';
  }

  /** The value that `read` gives, or null when the parameter is absent or null. */
  function optional<T>(name: string, read: (name: string) => T): T | null {
    const value = take(name);
    return value === undefined || value === null ? null : read(name);
  }

  /** Adds a fault when `holds` is false. */
  function require(holds: boolean, sentence: string): void {
    if (!holds) faults.push(sentence);
  }

  function end(): void {
    const unknown = Object.keys(json).filter((name) => !known.has(name));
    if (unknown.length > 0) {
      const own = [...known].filter((name) => !RECORDED_BESIDE.some((beside) => beside === name));
      faults.push(`unknown: ${unknown.join(', ')} (known: ${own.join(', ') || 'none'})`);
    }
    if (faults.length === 0) return;
    throw new HounsfieldError('TRANSFORM_PARAMETERS', `${transform}: ${faults.join('; ')}. Correct these.`);
  }

  return { number, numberOr, numbers, list, vector, affine, oneOf, flag, text, optional, require, end };
}

export type ParameterReader = ReturnType<typeof readParameters>;

function shown(value: unknown): string {
  if (value === undefined) return 'absent';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value).slice(0, 40);
}
