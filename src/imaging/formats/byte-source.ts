import { HounsfieldError } from '../../errors.ts';

/** Bytes that are read in pieces: a file on disk, a Blob in the browser, or an array in memory. */
export interface ByteSource {
  /** What errors call it: a path or a file's name. */
  readonly name: string;
  readonly size: number;
  /** Bytes offset..offset+length; fewer only past the end. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Lets a file go; a second call does nothing. */
  close(): Promise<void>;
}

/** An array in memory as a source. The array is not copied. */
export function bytesSource(given: Uint8Array, name = 'the bytes given'): ByteSource {
  const bytes = plainBytes(given);
  return {
    name,
    size: bytes.length,
    read: async (offset, length) => bytes.subarray(offset, offset + length),
    close: async () => {},
  };
}

/** A Blob or File of the browser as a source; only the pieces asked for are read. Throws FILE_UNREADABLE. */
export function blobSource(blob: Blob, name = 'the file given'): ByteSource {
  return {
    name,
    size: blob.size,
    read: async (offset, length) => {
      try {
        return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
      } catch (cause) {
        const message = `${name} can no longer be read: it was changed or removed. Choose it again.`;
        throw new HounsfieldError('FILE_UNREADABLE', message, { cause });
      }
    },
    close: async () => {},
  };
}

/**
 * The same memory as a Uint8Array proper: `slice` of Node's Buffer, which is a Uint8Array by type, shares memory instead of
 * copying it.
 */
export const plainBytes = (bytes: Uint8Array): Uint8Array =>
  bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
