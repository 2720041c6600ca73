import { HounsfieldError, isHounsfieldError } from '../../errors.ts';
import type { ByteSource } from './byte-source.ts';

/** Opens a file that lies beside the one being read, by its name relative to that folder. Throws FILE_MISSING when there is none. */
export type Companion = (name: string) => Promise<ByteSource>;

/**
 * A companion's name that stays in its folder, with forward slashes. Throws COMPANION_OUTSIDE for absolute names and for
 * those that climb out.
 */
export function companionName(name: string, namedBy: string): string {
  const parts = name.replaceAll('\\', '/').split('/');
  const climbs = parts.some((part) => part === '..' || part === '');
  if (climbs || /^[A-Za-z]:/.test(name) || name === '-' || hasControlCharacter(name)) {
    throw new HounsfieldError(
      'COMPANION_OUTSIDE',
      `${namedBy} names a file outside its own folder. Put the files side by side and mend the name in the header.`,
    );
  }
  return parts.filter((part) => part !== '.').join('/');
}

function hasControlCharacter(name: string): boolean {
  return [...name].some((letter) => letter.charCodeAt(0) < 32);
}

/** A companion that may be absent: undefined where opening it throws FILE_MISSING. */
export async function optionalCompanion(companion: Companion, name: string): Promise<ByteSource | undefined> {
  try {
    return await companion(name);
  } catch (error) {
    if (isHounsfieldError(error, 'FILE_MISSING')) return undefined;
    throw error;
  }
}
