import { type Dirent, promises as fs } from 'node:fs';
import path from 'node:path';
import { HounsfieldError } from '../../../../errors.ts';

/** How much of a folder is looked at. */
export interface FolderLimits {
  /** Files in all; 1,000,000 unless given. */
  readonly files?: number;
  /** Folders within folders; 64 unless given. */
  readonly depth?: number;
}

/** Files of a folder and what was left aside. */
export interface FolderFiles {
  /** Sorted by path. */
  readonly files: readonly string[];
  /** Links that lead back to a folder that was already walked, or nowhere, and folders that may not be read. */
  readonly skipped: readonly string[];
}

/**
 * All files below a folder, links followed, each folder walked once.
 * Throws FILE_MISSING, FILE_UNREADABLE for the folder itself, DICOM_FOLDER_LIMIT.
 */
export async function folderFiles(
  root: string,
  limits: FolderLimits = {},
  signal?: AbortSignal,
): Promise<FolderFiles> {
  const { files: mostFiles = 1_000_000, depth: mostDepth = 64 } = limits;
  const files: string[] = [];
  const skipped: string[] = [];
  const walked = new Set<string>();
  const walk = async (folder: string, depth: number): Promise<void> => {
    signal?.throwIfAborted();
    const info = await fs.stat(folder);
    const identity = `${info.dev}:${info.ino}`;
    if (walked.has(identity)) {
      skipped.push(folder);
      return;
    }
    walked.add(identity);
    if (depth > mostDepth) throw limit(`folders are nested more than ${mostDepth} deep at ${folder}`);
    const entries = await fs.readdir(folder, { withFileTypes: true });
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      const place = path.join(folder, entry.name);
      const kind = await kindOf(entry, place);
      if (kind === 'file') files.push(place);
      else if (kind === 'folder')
        await walk(place, depth + 1).catch((cause: unknown) => skipUnreadable(cause, place));
      else skipped.push(place);
      if (files.length > mostFiles) throw limit(`there are more than ${mostFiles} files below ${root}`);
    }
  };
  const skipUnreadable = (cause: unknown, place: string) => {
    if (!isSystemError(cause)) throw cause;
    skipped.push(place);
  };
  try {
    await walk(root, 0);
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    const missing = cause.code === 'ENOENT';
    throw new HounsfieldError(
      missing ? 'FILE_MISSING' : 'FILE_UNREADABLE',
      `${root} ${missing ? 'does not exist. Check the path and its spelling.' : `cannot be read as a folder (${cause.code}).`}`,
      { cause },
    );
  }
  return { files, skipped };
}

function limit(what: string): HounsfieldError {
  return new HounsfieldError(
    'DICOM_FOLDER_LIMIT',
    `${what}. Name a folder further down, or pass larger limits.`,
  );
}

function isSystemError(cause: unknown): cause is Error & { code: string } {
  return cause instanceof Error && 'code' in cause && 'syscall' in cause;
}

async function kindOf(entry: Dirent, place: string): Promise<'file' | 'folder' | 'other'> {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'folder';
  if (!entry.isSymbolicLink()) return 'other';
  const info = await fs.stat(place).catch(() => undefined);
  return info?.isFile() ? 'file' : info?.isDirectory() ? 'folder' : 'other';
}

/** Milliseconds of work after which others get their turn. */
const TURN_MS = 15;

/** Calls `work` for every item, a few at a time, in order of their beginning. Stops at the first error. */
export async function forEachAtOnce<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let turn = performance.now();
  const run = async () => {
    while (next < items.length) {
      const index = next++;
      await work(items[index]!, index);
      if (performance.now() - turn > TURN_MS) {
        await new Promise(setImmediate);
        turn = performance.now();
      }
    }
  };
  const runs = Array.from({ length: Math.min(atOnce, items.length) }, run);
  try {
    await Promise.all(runs);
  } finally {
    next = items.length;
    await Promise.allSettled(runs);
  }
}
