import { readFile, stat } from 'node:fs/promises';
import { HounsfieldError } from '../../errors.ts';
import type { NamedParts } from './parts.ts';

/** Largest file that is read, in bytes: names of a million images or more. */
const LARGEST = 96 * 2 ** 20;

/** A JSON object from a file. @throws PARTS_UNREADABLE */
export async function readObjectFile(file: string, what: string): Promise<Readonly<Record<string, unknown>>> {
  let reason: string;
  try {
    const { size } = await stat(file);
    if (size > LARGEST) throw new Error(`it has ${size} bytes, at most ${LARGEST} are read`);
    const value = JSON.parse((await readFile(file, 'utf8')).replace(/^\uFEFF/, '')) as unknown;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Readonly<Record<string, unknown>>; // JSON's objects are
    }
    reason = 'it holds no object';
  } catch (cause) {
    reason = cause instanceof Error ? cause.message : String(cause);
  }
  throw new HounsfieldError('PARTS_UNREADABLE', `${file} cannot be read as ${what} (${reason}).`);
}

const isListOfTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

/** What is wrong with parts read from JSON; nothing if it is sound. */
export function partsFaults(
  value: Readonly<Record<string, unknown>>,
  required: readonly ('train' | 'validation' | 'test')[],
): string[] {
  const faults = (['train', 'validation', 'test'] as const).flatMap((name) => {
    const part = value[name];
    if (part === undefined) return required.includes(name) ? [`'${name}' is missing`] : [];
    return isListOfTexts(part) ? [] : [`'${name}' is no list of names`];
  });
  const { allowOneClass } = value;
  if (allowOneClass !== undefined && typeof allowOneClass !== 'boolean') {
    faults.push("'allowOneClass' is neither true nor false");
  }
  return faults;
}

/**
 * The parts that a JSON file names: { "train": [ids], "validation": [ids], "test": [ids] }.
 *
 * @param judged whether a test part is needed
 * @throws PARTS_UNREADABLE
 */
export async function readParts(file: string, judged: 'test' | 'validation'): Promise<NamedParts> {
  const value = await readObjectFile(file, 'parts');
  const required = ['train', 'validation', ...(judged === 'test' ? (['test'] as const) : [])] as const;
  const faults = partsFaults(value, required);
  if (faults.length === 0) return value as unknown as NamedParts; // its fields were checked
  throw new HounsfieldError(
    'PARTS_UNREADABLE',
    `${file} does not say which image belongs where: ${faults.join('; ')}. Write ` +
      '{ "train": [ids], "validation": [ids], "test": [ids] }.',
  );
}
