import { readFile } from 'node:fs/promises';
import { HounsfieldError } from '../errors.ts';
import type { ConvertOptions } from '../tasks/files/convert-file.node.ts';

/** A JSON list of transforms by name; each is checked by who does them. Throws CONFIG_UNREADABLE. */
export async function readSteps(file: string): Promise<NonNullable<ConvertOptions['steps']>> {
  try {
    const steps: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (Array.isArray(steps)) return steps as NonNullable<ConvertOptions['steps']>; // each is checked by its transform
    throw new Error('it holds no list');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `${file} cannot be read as a JSON list (${reason}). Write [{"transform": "orient", "parameters": {"to": "LPS"}}].`;
    throw new HounsfieldError('CONFIG_UNREADABLE', message, { cause });
  }
}
