import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { HounsfieldError } from '../../../../errors.ts';
import type { ByteSource } from '../../byte-source.ts';
import { fileSource } from '../../file-source.node.ts';

/**
 * How files are read, one after another. Where they come at once (a local disk's cache), opening and reading without
 * a promise takes a tenth of the time; as soon as one does not, the rest is read several at once and without blocking.
 */
export interface Pace {
  slow: boolean;
}

/** Milliseconds that opening or reading may take before files count as slow. */
const SLOW_MS = 4;

/** A file as a source, by the pace. Throws as fileSource. */
export async function pacedSource(name: string, pace: Pace): Promise<ByteSource> {
  if (pace.slow) return fileSource(name);
  const started = performance.now();
  let handle: number;
  try {
    handle = openSync(name, 'r');
  } catch {
    return fileSource(name); // says what is wrong
  }
  const info = fstatSync(handle);
  if (!info.isFile()) {
    closeSync(handle);
    return fileSource(name);
  }
  if (performance.now() - started > SLOW_MS) pace.slow = true;
  let isOpen = true;
  return {
    name,
    size: info.size,
    read: async (offset, length) => {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, info.size - offset)));
      return bytes.subarray(0, readWhole(name, handle, bytes, offset, pace));
    },
    close: async () => {
      if (isOpen) closeSync(handle);
      isOpen = false;
    },
  };
}

function readWhole(name: string, handle: number, bytes: Uint8Array, offset: number, pace: Pace): number {
  const started = performance.now();
  let got = 0;
  try {
    while (got < bytes.length) {
      const count = readSync(handle, bytes, got, bytes.length - got, offset + got);
      if (count === 0) break;
      got += count;
    }
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    const message = `${name} cannot be read (${code}). Check that it is a file, and its permissions.`;
    throw new HounsfieldError('FILE_UNREADABLE', message, { cause });
  }
  if (performance.now() - started > SLOW_MS + bytes.length / 1e6) pace.slow = true;
  return got;
}

/** Fills an array from a place in a file at once, without a promise. Throws FILE_UNREADABLE when the file is no longer as it was. */
export function readIntoNow(name: string, bytes: Uint8Array, offset: number, pace: Pace): void {
  let handle: number | undefined;
  let got = 0;
  try {
    handle = openSync(name, 'r');
    got = readWhole(name, handle, bytes, offset, pace);
  } catch (cause) {
    throw changed(name, cause);
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
  if (got < bytes.length) throw changed(name);
}

/** The same by the pace. */
export async function readInto(name: string, bytes: Uint8Array, offset: number, pace: Pace): Promise<void> {
  if (!pace.slow) return readIntoNow(name, bytes, offset, pace);
  const handle = await open(name, 'r').catch((cause: unknown) => {
    throw changed(name, cause);
  });
  try {
    let got = 0;
    while (got < bytes.length) {
      const { bytesRead } = await handle.read(bytes, got, bytes.length - got, offset + got);
      if (bytesRead === 0) throw changed(name);
      got += bytesRead;
    }
  } finally {
    await handle.close();
  }
}

function changed(name: string, cause?: unknown): HounsfieldError {
  const message = `${name} was changed or removed while it was read. Read the series again.`;
  return new HounsfieldError('FILE_UNREADABLE', message, { cause });
}
