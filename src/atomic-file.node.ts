import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HounsfieldError } from './errors.ts';

/**
 * Writes a file whole or not at all: into a neighbour first, forced to disk, then renamed over the old one. Whoever
 * is killed or runs out of space in the middle leaves the old file as it was.
 *
 * @throws DISK_FULL, FILE_NOT_WRITABLE
 */
export async function writeFileAtomically(path: string, data: string | Uint8Array): Promise<void> {
  const partial = `${path}.partial`;
  try {
    const file = await open(partial, 'w');
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
  } catch (cause) {
    await rm(partial, { force: true }).catch(() => {}); // the first error is the one to tell
    throw writeError(cause, path);
  }
}

/** The coded error for a failed write. */
export function writeError(cause: unknown, path: string): HounsfieldError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new HounsfieldError(
      'DISK_FULL',
      `there is no room to write ${path}. What was written before is whole; free some space in ${dirname(path)} and resume.`,
      { cause },
    );
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new HounsfieldError(
    'FILE_NOT_WRITABLE',
    `${path} cannot be written (${reason}). Choose a folder that exists and that you may write to.`,
    { cause },
  );
}
