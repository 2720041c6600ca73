import { HounsfieldError } from '../../../errors.ts';

export type Hdf5Module = typeof import('h5wasm');

/** The HDF5 library, and how it is put back as it was when it had just been started. */
export interface Hdf5Library {
  readonly h5: Hdf5Module;
  /** False where that cannot be done: in a bundle the library is shared with whoever else uses it. */
  readonly reset: () => boolean;
  /** Most bytes that its memory may take from now on, where it can be held back. */
  readonly allow: (bytes: number) => void;
}

let library: Promise<Hdf5Library> | undefined;
let isStopped = false;

/**
 * The HDF5 library, loaded at its first use, silent. An error leaves it in disorder: identifiers stay open and its stack
 * is not wound back, so that after some thousand broken files it would overwrite its own data and run for ever.
 * Therefore it is reset after every file. Throws HDF5_STOPPED where it was brought down and cannot be reset.
 */
export async function hdf5Library(): Promise<Hdf5Library> {
  if (isStopped)
    throw new HounsfieldError(
      'HDF5_STOPPED',
      'a broken HDF5 file has stopped the reader, and it cannot be started again here. Reload the page or the process.',
    );
  library ??= start();
  return library;
}

/** To be called when the library itself failed and could not be reset. */
export function stopHdf5(): void {
  isStopped = true;
}

/** True when the library itself failed, not the file alone. */
export function isLibraryFault(error: unknown): boolean {
  return error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
}

/** What emscripten keeps of its open files, and of the library's memory; its types leave them out. */
interface Insides {
  readonly HEAPU8: Uint8Array;
  readonly FS: {
    readonly streams: ({ stream_ops: { write?: WriteStream } } | null | undefined)[];
    readonly close: (stream: object) => void;
  };
}
type WriteStream = (stream: unknown, bytes: unknown, offset: number, length: number) => number;

/** Functions by which a program keeps its stack. */
interface Stack {
  readonly emscripten_stack_get_current: () => number;
  readonly _emscripten_stack_restore: (pointer: number) => void;
}

async function start(): Promise<Hdf5Library> {
  const { h5, stack, allow } = await load();
  const insides = (await h5.ready) as unknown as Insides; // the module has them
  // HDF5 prints its errors, names from inside the file included
  const errors = insides.FS.streams[2];
  if (errors)
    errors.stream_ops = { ...errors.stream_ops, write: (_stream, _bytes, _offset, length) => length };
  if (stack === undefined) return { h5, reset: () => false, allow };
  useOnce(h5);
  return { h5, reset: resetOf(insides, stack), allow };
}

/** Makes and reads a file: what the library keeps on the side of JavaScript from its first use on is made once, not after every reset. */
function useOnce(h5: Hdf5Module): void {
  const made = new h5.File('/first.h5', 'w');
  const data = new Float32Array(8);
  made.create_group('group').create_dataset({ name: 'plain', data });
  made.create_dataset({ name: 'wide', data: new BigInt64Array(8) });
  const packed = { chunks: [8], compression: 'gzip' as const, compression_opts: [1] };
  made.create_dataset({ name: 'packed', data, shape: [8], ...packed });
  made.close();
  const file = new h5.File('/first.h5', 'r');
  for (const name of ['group/plain', 'wide', 'packed', 'nothing']) {
    const entity = file.get_link(name) ? null : file.get(name);
    if (entity instanceof h5.Dataset && entity.metadata.shape) void entity.value;
  }
  file.keys();
  file.close();
  h5.FS?.unlink('/first.h5');
}

const STANDARD_STREAMS = 3;

/** Keeps what the memory holds now, and gives a function that puts it back, the stack and the open files, too. */
function resetOf(insides: Insides, stack: Stack): () => boolean {
  const { HEAPU8: memory, FS } = insides;
  const used = memory.findLastIndex((byte) => byte !== 0) + 1;
  const kept = memory.slice(0, used);
  const top = stack.emscripten_stack_get_current();
  return () => {
    for (const stream of FS.streams.slice(STANDARD_STREAMS)) if (stream) FS.close(stream);
    insides.HEAPU8.set(kept); // its array is another one once the memory has grown
    insides.HEAPU8.fill(0, used);
    stack._emscripten_stack_restore(top);
    return true;
  };
}

interface Loaded {
  readonly h5: Hdf5Module;
  readonly stack: Stack | undefined;
  readonly allow: Hdf5Library['allow'];
}

/** A copy of the library of our own where modules have addresses, with its stack; in a bundle the one that all share. */
async function load(): Promise<Loaded> {
  const address = ownAddress();
  if (address === undefined) return { h5: await import('h5wasm'), stack: undefined, allow: () => undefined };
  let stack: Stack | undefined;
  let most = Number.POSITIVE_INFINITY;
  const original = WebAssembly.instantiate;
  // the library does not show the program that it starts: it is seen on its way
  const watched = async (source: BufferSource, imports?: Imports): Promise<unknown> => {
    const env = imports?.env;
    const grow = env?.emscripten_resize_heap;
    // other programs may be started meanwhile; only this one asks for a function to throw HDF5's errors
    if (env?.throw_error && grow) env.emscripten_resize_heap = (bytes) => bytes >>> 0 <= most && grow(bytes);
    const made = await original(source, imports as WebAssembly.Imports | undefined); // of which some names are known here
    const exports = env?.throw_error ? made.instance.exports : {};
    if (isLibrary(exports)) stack = exports;
    return made;
  };
  WebAssembly.instantiate = watched as unknown as typeof original; // passes on whatever it is given
  try {
    const h5 = (await import(address)) as Hdf5Module; // the same file
    await h5.ready;
    const allow = (bytes: number): void => {
      most = bytes;
    };
    return { h5, stack, allow };
  } finally {
    WebAssembly.instantiate = original;
  }
}

/** What the library asks of its surroundings: a larger memory, by bytes. */
interface Imports {
  readonly env?: { emscripten_resize_heap?: (bytes: number) => boolean; readonly throw_error?: unknown };
}

const isLibrary = (exports: object): exports is Stack =>
  'H5Fopen' in exports && 'emscripten_stack_get_current' in exports && '_emscripten_stack_restore' in exports;

function ownAddress(): string | undefined {
  try {
    return `${import.meta.resolve('h5wasm')}?copy=hounsfield`; // a new address is a new copy
  } catch {
    return undefined;
  }
}
