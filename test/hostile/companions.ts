import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { HounsfieldError } from '../../src/errors.ts';
import { type ByteSource, bytesSource } from '../../src/imaging/formats/byte-source.ts';
import type { SeedFile } from './mutate.ts';

/** Opens a companion by its name among the files of a case, as readers ask for it. */
export const companionOf =
  (files: readonly SeedFile[]) =>
  async (name: string): Promise<ByteSource> => {
    const found = files.find((file) => file.name === name);
    if (found !== undefined) return bytesSource(found.bytes, name);
    throw new HounsfieldError('FILE_MISSING', `${name} does not exist.`);
  };

/** Writes the files of a case into a folder that goes away again. */
export async function inFolder<T>(
  files: readonly SeedFile[],
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'hounsfield-fuzz-'));
  try {
    for (const { name, bytes } of files) await writeFile(path.join(folder, name), bytes);
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
