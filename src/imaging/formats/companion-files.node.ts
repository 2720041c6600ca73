import { dirname, join } from 'node:path';
import { type Companion, companionName } from './companion.ts';
import { fileSource } from './file-source.node.ts';

/** Opens files in the folder of `path`. Throws COMPANION_OUTSIDE, FILE_MISSING, FILE_UNREADABLE. */
export function companionsOf(path: string): Companion {
  return async (name) => fileSource(join(dirname(path), companionName(name, path)));
}
