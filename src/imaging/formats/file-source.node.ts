import { open, readFile, stat } from 'node:fs/promises';
import { HounsfieldError } from '../../errors.ts';
import type { ByteSource } from './byte-source.ts';

/** The system reads at most 2^31 - 1 bytes at a time. */
const LARGEST_READ = 2 ** 30;

function unreadable(path: string, cause: unknown): HounsfieldError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
  return code === 'ENOENT' || code === 'ENOTDIR'
    ? new HounsfieldError('FILE_MISSING', `${path} does not exist. Check the path and its spelling.`, {
        cause,
      })
    : new HounsfieldError(
        'FILE_UNREADABLE',
        `${path} cannot be read (${code}). Check that it is a file, and its permissions.`,
        { cause },
      );
}

/** A file's bytes. Throws FILE_MISSING when there is none, FILE_UNREADABLE when it may not be read. */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** A file on disk as a source, read in pieces; close it when done. Throws FILE_MISSING, FILE_UNREADABLE. */
export async function fileSource(path: string): Promise<ByteSource> {
  const fail = (cause: unknown): never => {
    throw unreadable(path, cause);
  };
  // Before it is opened: opening a pipe waits until someone writes into it.
  const info = await stat(path).catch(fail);
  if (!info.isFile()) {
    throw new HounsfieldError(
      'FILE_UNREADABLE',
      `${path} is not a file. Name a file, not a folder or a device.`,
    );
  }
  const handle = await open(path, 'r').catch(fail);
  let isOpen = true;
  return {
    name: path,
    size: info.size,
    read: async (offset, length) => {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, info.size - offset)));
      let got = 0;
      while (got < bytes.length) {
        const { bytesRead } = await handle
          .read(bytes, got, Math.min(bytes.length - got, LARGEST_READ), offset + got)
          .catch((cause: unknown) => {
            throw unreadable(path, cause);
          });
        if (bytesRead === 0) break;
        got += bytesRead;
      }
      return bytes.subarray(0, got);
    },
    close: async () => {
      if (isOpen) await handle.close();
      isOpen = false;
    },
  };
}
