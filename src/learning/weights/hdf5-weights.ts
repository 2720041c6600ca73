import type { Dataset, Group, File as Hdf5File } from 'h5wasm';
import { type Tensor, tensor } from '../../engine/tensor/tensor.ts';
import { HounsfieldError, isHounsfieldError } from '../../errors.ts';

type Hdf5Module = typeof import('h5wasm');

/** Largest file that is read, as all of it lies in memory: 1 GiB. */
const MOST_FILE = 2 ** 30;
const MOST_DATASETS = 20_000;
const MOST_GROUPS = 20_000;
const MOST_DEPTH = 16;
/** Broken files after which the library is started anew: each leaves it in some disorder. A fault of its own counts as all. */
const MOST_ERRORS = 200;
/** Copies that are started at most, as none is ever given back. */
const MOST_COPIES = 20;

let library: Promise<Hdf5Module> | undefined;
let copies = 0;
let errors = 0;
let opened = 0;

/**
 * Every array of numbers in Keras's HDF5 file, by path: weights alone, a whole model (`.h5`), or Keras 3's
 * `.weights.h5`, whose numbered variables get their layer's name and Keras's names. The optimizer's state is left out.
 *
 * @throws HDF5_UNREADABLE, HDF5_STOPPED, WEIGHTS_TOO_LARGE
 */
export async function readHdf5Weights(bytes: Uint8Array): Promise<ReadonlyMap<string, Tensor>> {
  if (bytes.length > MOST_FILE) throw tooLarge(bytes.length);
  library ??= start();
  const h5 = await library;
  const { FS } = await h5.ready;
  const path = `/weights-${opened++}.h5`;
  try {
    FS.writeFile(path, bytes);
    const file = new h5.File(path, 'r');
    try {
      return tensorsOf(file, h5, mostBytes(bytes.length));
    } finally {
      file.close();
    }
  } catch (cause) {
    errors += cause instanceof WebAssembly.RuntimeError || cause instanceof RangeError ? MOST_ERRORS : 1;
    if (errors >= MOST_ERRORS) library = undefined;
    if (isHounsfieldError(cause)) throw cause;
    throw new HounsfieldError(
      'HDF5_UNREADABLE',
      'the weights are no whole HDF5 file, or use a filter that is not read. Check them with h5dump, or get them again.',
      { cause },
    );
  } finally {
    if (FS.analyzePath(path).exists) FS.unlink(path);
  }
}

/** Deflate packs at most 1032 to 1. */
const mostBytes = (fileBytes: number): number => Math.min(2 ** 31, Math.max(2 ** 26, fileBytes * 1032));

function tooLarge(bytes: number): HounsfieldError {
  return new HounsfieldError(
    'WEIGHTS_TOO_LARGE',
    `the HDF5 weights take ${bytes} bytes, more than are read at once (1 GiB, or what the file's size allows). ` +
      'Save them as safetensors, which are read tensor by tensor.',
  );
}

async function start(): Promise<Hdf5Module> {
  if (copies >= MOST_COPIES) {
    throw new HounsfieldError(
      'HDF5_STOPPED',
      `broken HDF5 files have stopped the reader ${MOST_COPIES} times. Start the program again without them.`,
    );
  }
  errors = 0;
  const h5 = await load(copies++);
  const insides = (await h5.ready) as unknown as Insides; // the module has them
  const printed = insides.FS.streams[2];
  // HDF5 prints its errors, names from inside the file included
  if (printed) {
    printed.stream_ops = { ...printed.stream_ops, write: (_stream, _bytes, _offset, length) => length };
  }
  return h5;
}

/** A copy of its own where modules have addresses; in a bundle the one that all share. */
async function load(copy: number): Promise<Hdf5Module> {
  let address: string;
  try {
    address = `${import.meta.resolve('h5wasm')}?copy=weights-${copy}`;
  } catch {
    return import('h5wasm');
  }
  return (await import(address)) as Hdf5Module; // the same file
}

interface Insides {
  readonly FS: { readonly streams: ({ stream_ops: { write?: WriteStream } } | null | undefined)[] };
}
type WriteStream = (stream: unknown, bytes: unknown, offset: number, length: number) => number;

function tensorsOf(root: Hdf5File, h5: Hdf5Module, limit: number): ReadonlyMap<string, Tensor> {
  const found = new Map<string, Tensor>();
  const waiting: [Group, string, number][] = [[root, '', 0]];
  let bytes = 0;
  let groups = 0;
  for (let next = waiting.pop(); next !== undefined && groups++ < MOST_GROUPS; next = waiting.pop()) {
    const [group, path, depth] = next;
    const held: [string, Tensor][] = [];
    for (const name of group.keys()) {
      const full = `${path}/${name}`;
      if (/^\/optimizer(_weights)?$/.test(full) || group.get_link(full)) continue;
      const entity = group.get(full);
      if (entity instanceof h5.Group && depth < MOST_DEPTH) waiting.push([entity, full, depth + 1]);
      else if (entity instanceof h5.Dataset && found.size + held.length < MOST_DATASETS) {
        bytes += (entity.shape ?? []).reduce((product, side) => product * side, entity.metadata.size);
        if (!(bytes <= limit)) throw tooLarge(bytes);
        const value = tensorOfDataset(entity);
        if (value) held.push([name, value]);
      }
    }
    for (const [name, value] of path.endsWith('/vars') ? variablesNamed(held) : held) {
      found.set(`${path.endsWith('/vars') ? layerOf(group, path) : path.slice(1)}/${name}`, value);
    }
  }
  return found;
}

/** The layer's own name, which Keras 3 keeps beside its variables. */
function layerOf(group: Group, path: string): string {
  const name: unknown = group.attrs['name']?.value;
  return typeof name === 'string' && name !== '' ? name : path.slice(1, -'/vars'.length);
}

/** Keras 3 numbers a layer's variables in the order in which the layer makes them. */
function variablesNamed(held: readonly [string, Tensor][]): readonly [string, Tensor][] {
  const sorted = [...held].sort(([a], [b]) => Number(a) - Number(b));
  const ranks = sorted.map(([, { dims }]) => dims.length);
  const vectors = ranks.every((rank) => rank === 1);
  const names = (() => {
    if (vectors && ranks.length === 4) return ['gamma', 'beta', 'moving_mean', 'moving_variance'];
    if (vectors && ranks.length === 2) return ['gamma', 'beta'];
    if ((ranks[0] ?? 0) > 2 && ranks[1] === ranks[0]) return ['depthwise_kernel', 'pointwise_kernel', 'bias'];
    return (ranks[0] ?? 0) >= 2 && ranks.length <= 2 ? ['kernel', 'bias'] : [];
  })();
  return sorted.map(([name, value], i) => [names[i] ?? name, value]);
}

function tensorOfDataset(dataset: Dataset): Tensor | undefined {
  const { shape, type } = dataset.metadata;
  if (!shape || (type !== 0 && type !== 1)) return undefined; // neither integers nor floating point
  const { value } = dataset;
  if (value instanceof Float32Array) return tensor('float32', shape, value);
  if (value instanceof Float64Array) return tensor('float64', shape, value);
  if (value instanceof Int32Array) return tensor('int32', shape, value);
  if (value instanceof BigInt64Array) return tensor('int64', shape, value);
  if (typeof value === 'number') return tensor('float64', [], Float64Array.of(value));
  return undefined;
}
