import { mkdirSync, readdirSync, rmdirSync, statSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder } from '../../cache-folder.node.ts';
import { HounsfieldError } from '../../errors.ts';

/** Where decoded images are kept between runs, and how much room they may take. */
export interface ImageCachePlace {
  readonly folder: string;
  readonly bytes: number;
}

/** A pack: many images of one size behind each other in a file. */
export interface ImagePack {
  readonly file: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly usedAt: number;
}

const DEFAULT_GB = 10;

/**
 * The place that the environment names: HOUNSFIELD_CACHE, a folder (default: the user's cache folder) or `off`, and
 * HOUNSFIELD_CACHE_GB, most room (default 10). Throws CACHE_SIZE.
 */
export function imageCachePlace(
  environment: Readonly<Record<string, string | undefined>>,
): ImageCachePlace | undefined {
  const named = environment['HOUNSFIELD_CACHE'];
  if (named === 'off') return undefined;
  const asked = environment['HOUNSFIELD_CACHE_GB'];
  const gigabytes = asked ? Number(asked) : DEFAULT_GB;
  if (!(gigabytes > 0)) {
    throw new HounsfieldError(
      'CACHE_SIZE',
      `HOUNSFIELD_CACHE_GB is '${asked?.slice(0, 40)}'; a number above 0 is expected. HOUNSFIELD_CACHE=off keeps no images.`,
    );
  }
  return { folder: path.join(cacheFolder(environment), 'images'), bytes: gigabytes * 1e9 };
}

/** A folder that nobody else may look into: decoded images are as private as their files. */
export function makePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
}

/** All packs below a cache's folder. */
export function imagePacks(folder: string): ImagePack[] {
  return namesIn(folder).flatMap((inner) =>
    namesIn(path.join(folder, inner))
      .filter((name) => name.endsWith('.pack'))
      .flatMap((name) => {
        const file = path.join(folder, inner, name);
        const found = statSync(file, { throwIfNoEntry: false });
        return found ? [{ file, bytes: found.size, usedAt: found.mtimeMs }] : [];
      }),
  );
}

/**
 * Removes the packs that were not used for longest until the rest takes at most `bytes`; those used within
 * `idleSeconds` stay. Returns the bytes that remain.
 */
export function trimImageCache(place: ImageCachePlace, idleSeconds: number): number {
  const packs = imagePacks(place.folder).sort((a, b) => a.usedAt - b.usedAt);
  let total = packs.reduce((sum, pack) => sum + pack.bytes, 0);
  for (const pack of packs) {
    if (total <= place.bytes) break;
    if (Date.now() - pack.usedAt < idleSeconds * 1000) continue;
    if (removeFile(pack.file)) total -= pack.bytes;
  }
  return total;
}

/** Removes every pack; returns how many and their bytes. Runs under way go on, and decode anew. */
export function clearImageCache(folder: string): { readonly packs: number; readonly bytes: number } {
  let [packs, bytes] = [0, 0];
  for (const pack of imagePacks(folder)) {
    if (!removeFile(pack.file)) continue;
    packs++;
    bytes += pack.bytes;
  }
  return { packs, bytes };
}

/** True when the file is gone; a file that somebody holds open may have to stay on some systems. */
export function removeFile(file: string): boolean {
  try {
    unlinkSync(file);
  } catch {
    return false;
  }
  try {
    rmdirSync(path.dirname(file)); // the last one closes the door
  } catch {}
  return true;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
