import { HounsfieldError } from '../../../errors.ts';

export type Hdf5Module = typeof import('h5wasm');

/** Most copies of the library that are started in one process: each keeps its memory of some 20 MB. */
const MOST_INSTANCES = 16;

let current: Promise<Hdf5Module> | undefined;
let started = 0;

/**
 * The HDF5 library, loaded at its first use, silent. A broken file can bring it down for good (WebAssembly's memory is
 * then in disorder); after `dropHdf5` the next call starts another copy. Throws HDF5_STOPPED where that cannot be done.
 */
export async function hdf5Library(): Promise<Hdf5Module> {
  current ??= start();
  return current;
}

export function dropHdf5(): void {
  current = undefined;
}

/** True when the library itself failed, not the file alone. */
export function isLibraryFault(error: unknown): boolean {
  return error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
}

/** What emscripten keeps of its open files. */
interface Streams {
  readonly streams: readonly { stream_ops: { write?: WriteStream } }[];
}
type WriteStream = (stream: unknown, bytes: unknown, offset: number, length: number) => number;

async function start(): Promise<Hdf5Module> {
  const h5 = await load(started++);
  const { FS } = await h5.ready;
  // HDF5 prints its errors, names from inside the file included
  const { streams } = FS as unknown as Streams; // emscripten has it, its types leave it out
  const errors = streams[2];
  if (errors)
    errors.stream_ops = { ...errors.stream_ops, write: (_stream, _bytes, _offset, length) => length };
  return h5;
}

async function load(instance: number): Promise<Hdf5Module> {
  if (instance === 0) return import('h5wasm');
  try {
    if (instance >= MOST_INSTANCES) throw new Error('too many');
    const address: string = `${import.meta.resolve('h5wasm')}?instance=${instance}`; // a new address is a new copy
    return (await import(address)) as Hdf5Module; // the same file
  } catch (cause) {
    throw new HounsfieldError(
      'HDF5_STOPPED',
      'a broken HDF5 file has stopped the reader, and it cannot be started again here. Reload the page or the process.',
      { cause },
    );
  }
}
