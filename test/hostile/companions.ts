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
