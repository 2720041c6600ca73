import { createRequire } from 'node:module';
import path from 'node:path';

/** The repository's root, found from the sources as from the compiled files. */
export const repository = path.dirname(createRequire(import.meta.url).resolve('hounsfield/package.json'));
