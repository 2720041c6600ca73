import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { HounsfieldError } from '../src/errors.ts';
import { repository } from './repository.ts';

interface PeersFolder {
  peersFolder(): string;
  peersPython(folder: string): string;
}

/** Where scripts/peers/install.mjs puts the peers: it says so itself. */
async function places(): Promise<{ folder: string; python: string }> {
  const script = pathToFileURL(path.join(repository, 'scripts', 'peers', 'folder.mjs')).href;
  const { peersFolder, peersPython } = (await import(script)) as PeersFolder; // the script's two functions
  const folder = peersFolder();
  return { folder, python: peersPython(folder) };
}

function missing(what: string, folder: string, cause?: unknown): HounsfieldError {
  return new HounsfieldError(
    'PEERS_MISSING',
    `${what} is not in ${folder}. Install what is compared with by \`node scripts/peers/install.mjs\`; ` +
      'HOUNSFIELD_PEERS names another folder.',
    { cause },
  );
}

/** The Python that has PyTorch. @throws PEERS_MISSING */
export async function peerPython(): Promise<string> {
  const { folder, python } = await places();
  if (!existsSync(python)) throw missing('the Python environment', folder);
  return python;
}

/** Loads an npm package that the repository does not depend on. @throws PEERS_MISSING */
export async function peerPackages(): Promise<{
  load: (name: string) => unknown;
  resolve: (name: string) => string;
  version: (name: string) => string;
}> {
  const { folder } = await places();
  const require = createRequire(path.join(folder, 'javascript', 'package.json'));
  const guarded =
    <T>(use: (name: string) => T) =>
    (name: string): T => {
      try {
        return use(name);
      } catch (cause) {
        if ((cause as { code?: unknown }).code !== 'MODULE_NOT_FOUND') throw cause; // Node's own code
        throw missing(name, path.join(folder, 'javascript'), cause);
      }
    };
  const installed = (name: string) => path.join(folder, 'javascript', 'node_modules', name, 'package.json');
  return {
    load: guarded((name) => require(name) as unknown),
    resolve: guarded((name) => require.resolve(name)),
    version: guarded((name) => (require(installed(name)) as { version: string }).version), // npm's own file
  };
}
