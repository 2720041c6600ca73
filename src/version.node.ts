import { createRequire } from 'node:module';

/** The version in package.json, found from the sources as from the compiled files. */
export const { version } = createRequire(import.meta.url)('hounsfield/package.json') as { version: string }; // npm's own file
