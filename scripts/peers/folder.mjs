import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where the peers are installed: $HOUNSFIELD_PEERS, or hounsfield-peers in the user's cache directory. */
export function peersFolder(environment = process.env) {
  if (environment.HOUNSFIELD_PEERS) return environment.HOUNSFIELD_PEERS;
  const caches = {
    darwin: () => join(homedir(), 'Library', 'Caches'),
    win32: () => environment.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'),
  };
  const cache = caches[process.platform] ?? (() => environment.XDG_CACHE_HOME || join(homedir(), '.cache'));
  return join(cache(), 'hounsfield-peers');
}

/** The virtual environment's Python. */
export function peersPython(folder) {
  return process.platform === 'win32' ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');
}
