import { createHash, type Hash } from 'node:crypto';
import { type BigIntStats, createReadStream, readdirSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';

/** What an image's files are known by. */
export interface SourceKeys {
  /** Path, size, times and number of the files; 32 bytes. Equal keys mean untouched files. */
  readonly stat: Buffer;
  /** False where a file was changed so recently that another change might not show. */
  readonly settled: boolean;
  /** SHA-256 of the content; 32 bytes. */
  readonly content: () => Promise<Buffer>;
}

const SETTLED_MILLISECONDS = 2000;

/**
 * Keys of a picture's file, or of a folder with the files of one DICOM series. Undefined where the content may lie in
 * other files than these, so that nothing can be said about it.
 */
export async function sourceKeys(source: string): Promise<SourceKeys | undefined> {
  const files = filesOf(source);
  if (!files) return undefined;
  const single = files.length === 1 && files[0]!.file === source;
  if (single && !(await holdsItself(source))) return undefined;
  const stat = createHash('sha256').update(path.resolve(source));
  let changed = 0;
  for (const { file, found } of files) {
    stat.update(
      `\0${path.basename(file)}\0${found.size} ${found.mtimeNs} ${found.ctimeNs} ${found.ino} ${found.dev}`,
    );
    changed = Math.max(changed, Number(found.ctimeMs), Number(found.mtimeMs));
  }
  return {
    stat: stat.digest(),
    settled: Date.now() - changed > SETTLED_MILLISECONDS,
    async content() {
      const hash = createHash('sha256');
      for (const { file, found } of files) {
        // Of a series, the order of files is part of it, their names are not.
        hash.update(`${found.size}\0`);
        await hashFile(hash, file);
      }
      return hash.digest();
    },
  };
}

function filesOf(source: string): { readonly file: string; readonly found: BigIntStats }[] | undefined {
  const found = statSync(source, { bigint: true, throwIfNoEntry: false });
  if (found?.isFile()) return [{ file: source, found }];
  if (!found?.isDirectory()) return undefined;
  const inside = readdirSync(source)
    .sort()
    .map((name) => path.join(source, name))
    .map((file) => ({ file, found: statSync(file, { bigint: true }) }));
  return inside.length > 0 && inside.every((one) => one.found.isFile()) ? inside : undefined;
}

async function hashFile(hash: Hash, file: string): Promise<void> {
  for await (const part of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(part as Buffer); // bytes
}

/** Beginnings of files that need no other file: offset and bytes in Latin-1. */
const WHOLE_FILES: readonly (readonly [offset: number, bytes: string])[] = [
  [128, 'DICM'],
  [0, '\x89PNG'],
  [0, '\xff\xd8\xff'],
  [0, 'II*\0'],
  [0, 'MM\0*'],
  [0, 'BM'],
  [344, 'n+1\0'],
];

async function holdsItself(file: string): Promise<boolean> {
  const handle = await open(file, 'r');
  try {
    const head = Buffer.alloc(512);
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    const text = head.toString('latin1', 0, bytesRead);
    return WHOLE_FILES.some(([offset, bytes]) => text.startsWith(bytes, offset));
  } finally {
    await handle.close();
  }
}
