import { homedir } from 'node:os';
import path from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** HOUNSFIELD_CACHE where it names a folder ('off' does not), else hounsfield in the user's cache folder of the platform. */
export function cacheFolder(environment: Environment = process.env): string {
  const named = environment['HOUNSFIELD_CACHE'];
  if (named && named !== 'off') return named;
  if (process.platform === 'win32') {
    return path.join(environment['LOCALAPPDATA'] ?? path.join(homedir(), 'AppData', 'Local'), 'hounsfield');
  }
  if (process.platform === 'darwin') return path.join(homedir(), 'Library', 'Caches', 'hounsfield');
  return path.join(environment['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'hounsfield');
}
