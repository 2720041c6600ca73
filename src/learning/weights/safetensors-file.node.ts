import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync, writeSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { writeError } from '../../atomic-file.node.ts';
import type { Tensor } from '../../engine/tensor/tensor.ts';
import { HounsfieldError, isHounsfieldError } from '../../errors.ts';
import { bytesOf } from './safetensors.ts';
import {
  damagedSafetensors,
  emptyTensor,
  encodeSafetensorsHeader,
  headerSize,
  PREFIX_BYTES,
  parseSafetensorsHeader,
  type SafetensorsEntry,
} from './safetensors-header.ts';

/** An open safetensors file, or several that an index joins. Only headers are in memory until a tensor is read. */
export interface OpenSafetensors {
  readonly names: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Type and shape. @throws WEIGHTS_MISSING */
  readonly entry: (name: string) => Pick<SafetensorsEntry, 'name' | 'dtype' | 'dims'>;
  /** The tensor's bytes, read from their place in the file. @throws WEIGHTS_MISSING, WEIGHTS_FILE, WEIGHTS_TOO_LARGE */
  readonly read: (name: string) => Tensor;
  readonly close: () => void;
}

/** Most bytes of one call of read or write; the system's own limit is 2 GiB. */
const PIECE = 2 ** 28;
const MOST_SHARDS = 1000;
const LARGEST_INDEX = 2 ** 26;

/**
 * Opens a safetensors file of any size, or the index of one in parts (`*.safetensors.index.json`, parts beside it).
 * Node.js maps no files into memory: each tensor is read from its place when it is asked for (pread), and the system
 * keeps what was read before.
 *
 * @throws WEIGHTS_UNREADABLE when a file is missing; WEIGHTS_FILE when a header lies, a part is cut short, or an index
 *   names what is not there
 */
export async function openSafetensors(path: string): Promise<OpenSafetensors> {
  return path.endsWith('.json') ? openIndex(path) : openOne(path);
}

function openOne(path: string): OpenSafetensors {
  const file = openForReading(path);
  try {
    const { size } = fstatSync(file);
    const prefix = new Uint8Array(Math.min(PREFIX_BYTES, size));
    readFully(file, prefix, 0);
    const header = new Uint8Array(headerSize(prefix, size));
    readFully(file, header, PREFIX_BYTES);
    const start = PREFIX_BYTES + header.length;
    const { entries, metadata } = parseSafetensorsHeader(header, size - start);
    const byName = new Map(entries.map((entry) => [entry.name, entry]));
    const entry = (name: string) => byName.get(name) ?? missing(name, path);
    return {
      names: [...byName.keys()],
      metadata,
      entry,
      read: (name) => {
        const found = entry(name);
        const { tensor, bytes } = emptyTensor(found);
        readFully(file, bytes, start + found.begin);
        return tensor;
      },
      close: () => closeSync(file),
    };
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

function openIndex(path: string): OpenSafetensors {
  const shardOf = readIndex(path);
  const folder = dirname(path);
  const shards = new Map<string, OpenSafetensors>();
  const closeAll = () => {
    for (const shard of shards.values()) shard.close();
  };
  try {
    for (const file of new Set(shardOf.values())) shards.set(file, openOne(join(folder, file)));
    const shard = (name: string): OpenSafetensors =>
      shards.get(shardOf.get(name) ?? missing(name, path)) ?? missing(name, path);
    for (const name of shardOf.keys()) shard(name).entry(name);
    return {
      names: [...shardOf.keys()],
      metadata: Object.assign({}, ...[...shards.values()].map(({ metadata }) => metadata)),
      entry: (name) => shard(name).entry(name),
      read: (name) => shard(name).read(name),
      close: closeAll,
    };
  } catch (error) {
    closeAll();
    if (!isHounsfieldError(error, 'WEIGHTS_MISSING')) throw error;
    throw new HounsfieldError(
      'WEIGHTS_FILE',
      `${path} names a tensor that its part does not hold. Get the index and all its parts again.`,
      { cause: error },
    );
  }
}

/** Tensor names and the files that hold them, which lie beside the index and nowhere else. */
function readIndex(path: string): ReadonlyMap<string, string> {
  const bad = (problem: string): never => {
    throw new HounsfieldError(
      'WEIGHTS_FILE',
      `${path} is not an index of safetensors files: ${problem}. Get it again, with the files beside it.`,
    );
  };
  let content: unknown;
  try {
    if (statSync(path).size > LARGEST_INDEX) bad('it is larger than 64 MiB');
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (isHounsfieldError(error)) throw error;
    if (error instanceof SyntaxError) bad('it is not JSON');
    throw unreadable(path, error);
  }
  const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
  const map = isObject(content) && 'weight_map' in content ? content.weight_map : undefined;
  if (!isObject(map) || Array.isArray(map)) bad('it has no weight_map');
  const pairs = Object.entries(map as object).map(([name, file]: [string, unknown]): [string, string] => {
    const plain = typeof file === 'string' && file === basename(file) && file.endsWith('.safetensors');
    return [name, plain && !/[\\/]/.test(file) ? file : bad('a part is not a safetensors file beside it')];
  });
  if (new Set(pairs.map(([, file]) => file)).size > MOST_SHARDS) bad(`it has more than ${MOST_SHARDS} parts`);
  return new Map(pairs);
}

function openForReading(path: string): number {
  try {
    const file = openSync(path, 'r');
    if (fstatSync(file).isFile()) return file;
    closeSync(file);
  } catch (cause) {
    throw unreadable(path, cause);
  }
  throw unreadable(path, 'not a file');
}

export function unreadable(path: string, cause: unknown): HounsfieldError {
  const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
  return new HounsfieldError(
    'WEIGHTS_UNREADABLE',
    `${path} cannot be read (${reason}). Check the path and the permissions.`,
    { cause },
  );
}

function missing(name: string, path: string): never {
  throw new HounsfieldError(
    'WEIGHTS_MISSING',
    `${path} holds no tensor '${name}'. Ask for one of the names that it lists.`,
  );
}

function readFully(file: number, into: Uint8Array, position: number): void {
  for (let done = 0; done < into.length; ) {
    const count = readSync(file, into, done, Math.min(PIECE, into.length - done), position + done);
    if (count === 0) damagedSafetensors('it has become shorter since it was opened');
    done += count;
  }
}

/**
 * Writes a safetensors file tensor by tensor, so that only one of them is in memory; whole or not at all.
 *
 * @param tensors names with type and shape, in the order in which they are to lie
 * @param read gives each tensor when its turn comes
 * @throws WEIGHTS_MISFIT when a tensor is not as announced; WEIGHTS_FILE for strings; DISK_FULL, FILE_NOT_WRITABLE
 */
export async function writeSafetensorsFile(
  path: string,
  tensors: ReadonlyMap<string, Pick<Tensor, 'dtype' | 'dims'>>,
  read: (name: string) => Tensor | Promise<Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { bytes: header } = encodeSafetensorsHeader(tensors, metadata);
  const partial = `${path}.partial`;
  try {
    const file = await open(partial, 'w');
    try {
      writeFully(file.fd, header);
      for (const [name, { dtype, dims }] of tensors) {
        const tensor = await read(name);
        if (tensor.dtype !== dtype || `${tensor.dims}` !== `${dims}`) {
          throw new HounsfieldError(
            'WEIGHTS_MISFIT',
            `'${name}' was announced as ${dtype}[${dims}] and is ${tensor.dtype}[${tensor.dims}]. Announce what is written.`,
          );
        }
        writeFully(file.fd, bytesOf(tensor));
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {}); // the first error is the one to tell
    throw isHounsfieldError(error) ? error : writeError(error, path);
  }
}

function writeFully(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(file, bytes, done, Math.min(PIECE, bytes.length - done));
  }
}
