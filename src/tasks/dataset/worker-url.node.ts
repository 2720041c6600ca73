import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { HounsfieldError } from '../../errors.ts';

/**
 * The compiled file of a worker beside this one, by its name without extension. Worker threads run JavaScript: when this
 * module itself runs as TypeScript (under the tests), the compiler's output in dist/ is used. Throws WORKER_NOT_BUILT.
 */
export function workerUrl(name: string): URL {
  const here = import.meta.url;
  const url = here.endsWith('.ts')
    ? new URL(`../../../dist/src/tasks/dataset/${name}.js`, here)
    : new URL(`./${name}.js`, here);
  if (!existsSync(fileURLToPath(url))) {
    throw new HounsfieldError(
      'WORKER_NOT_BUILT',
      `${fileURLToPath(url)} does not exist. Run \`npm run build\` first.`,
    );
  }
  return url;
}
