import type { ByteSource } from './byte-source.ts';
import { headerFault, openCompanion, type VolumeReadOptions } from './volume-file.ts';

/** Most files that one header may name. */
const MOST_FILES = 65536;

/** A source from `start` on. */
export function sourceFrom(source: ByteSource, start: number): ByteSource {
  return {
    name: source.name,
    size: Math.max(0, source.size - start),
    read: (offset, length) => source.read(start + offset, length),
    close: async () => {},
  };
}

/**
 * The names that a pattern as "slice%03d.raw" stands for, from `first` to `last` in steps. Throws VOLUME_HEADER unless it
 * holds one number with at most nine digits of width, and names 1 to 65536 files.
 */
export function patternNames(
  pattern: string,
  first: number,
  last: number,
  step: number,
  name: string,
): string[] {
  const match = /^([^%]*)%(0?)(\d?)d([^%]*)$/.exec(pattern);
  const count = Math.floor((last - first) / step) + 1;
  if (
    !match ||
    ![first, last, step].every(Number.isSafeInteger) ||
    step === 0 ||
    !(count >= 1 && count <= MOST_FILES)
  ) {
    throw headerFault(name, 'image', 'names its data files by a pattern or range that cannot be followed');
  }
  const [, before, zero, width, after] = match as unknown as [string, string, string, string, string]; // all groups match
  return Array.from({ length: count }, (_, i) => {
    const value = first + i * step;
    return `${before}${String(value).padStart(Number(width), zero === '0' ? '0' : ' ')}${after}`;
  });
}

/** The data of all files, one after another, each read by `read` to its share of `length` bytes. Throws as they do. */
export async function joinedData(
  names: readonly string[],
  length: number,
  source: ByteSource,
  options: VolumeReadOptions,
  read: (file: ByteSource, length: number) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const share = length / names.length;
  if (names.length === 0 || names.length > MOST_FILES || !Number.isInteger(share)) {
    throw headerFault(
      source.name,
      'image',
      `names ${names.length} data files, over which its values cannot be spread`,
    );
  }
  const pieces: Uint8Array[] = [];
  for (const name of names) {
    const file = await openCompanion(name, source.name, options.companion);
    try {
      pieces.push(await read(file, share));
    } finally {
      await file.close();
    }
  }
  if (pieces.length === 1) return pieces[0]!;
  const out = new Uint8Array(length); // all of it was read
  for (const [i, piece] of pieces.entries()) out.set(piece, i * share);
  return out;
}
