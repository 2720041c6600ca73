import type { Dataset, Group, File as Hdf5File } from 'h5wasm';
import { HounsfieldError, isHounsfieldError } from '../../../errors.ts';
import type { MedicalImage, PixelArray } from '../../image/medical-image.ts';
import { imageFromArray } from '../array-volume.ts';
import type { ByteSource } from '../byte-source.ts';
import { typeFault } from '../volume-file.ts';
import { type Hdf5Module, hdf5Library, isLibraryFault, stopHdf5 } from './hdf5-library.ts';

/** One array of numbers in an HDF5 file. */
export interface Hdf5Dataset {
  /** From the root: "/group/name". */
  readonly path: string;
  /** Slowest axis first. */
  readonly shape: readonly number[];
  /** numpy's code with its byte order: '<f4'. */
  readonly type: string;
}

export interface Hdf5ReadOptions {
  /** Path of the dataset; needed unless there is only one of two to five axes. */
  readonly dataset?: string;
  /** Letters of TCDHW, see imageFromArray. */
  readonly axes?: string;
  /** Most bytes that the dataset may take; default 1 GiB. */
  readonly maxBytes?: number;
}

/** Largest file that is read, as all of it lies in memory: 1 GiB. */
const MOST_FILE = 2 ** 30;
const MOST_DATASETS = 10_000;
const MOST_GROUPS = 1000;
const MOST_DEPTH = 12;
const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** True for HDF5's signature at byte 0, 512, 1024 or 2048 (file format specification 3.0, II.A). */
export function isHdf5(head: Uint8Array): boolean {
  return [0, 512, 1024, 2048].some((start) => SIGNATURE.every((byte, i) => head[start + i] === byte));
}

/** All datasets of numbers, by path. External links and links that lead nowhere are passed over. Throws HDF5_UNREADABLE,
 * HDF5_TOO_LARGE, HDF5_STOPPED. */
export async function listHdf5(source: ByteSource): Promise<readonly Hdf5Dataset[]> {
  return withFile(source, 0, (file, h5) => datasetsOf(file, h5));
}

/**
 * One dataset as an image without geometry: HDF5 itself knows no space. 64-bit integers become float64.
 * Throws HDF5_UNREADABLE, HDF5_TOO_LARGE, HDF5_DATASET, VOLUME_TYPE, ARRAY_AXES.
 */
export async function readHdf5(source: ByteSource, options: Hdf5ReadOptions = {}): Promise<MedicalImage> {
  return withFile(source, mostBytes(source, options), (file, h5) => {
    const all = datasetsOf(file, h5);
    const usable = all.filter(({ shape }) => shape.length >= 2 && shape.length <= 5);
    const path = options.dataset?.replace(/^\/*/, '/');
    const chosen =
      path === undefined
        ? usable.length === 1
          ? usable[0]
          : undefined
        : all.find((one) => one.path === path);
    if (!chosen) {
      throw new HounsfieldError(
        'HDF5_DATASET',
        `${source.name} holds ${usable.length} datasets of two to five axes${path === undefined ? '' : ', none of the path given'}. ` +
          'Name one by its path; listHdf5 gives them.',
      );
    }
    const bytes = chosen.shape.reduce((product, side) => product * side, Number(chosen.type.slice(2)));
    const limit = mostBytes(source, options);
    if (!(bytes <= limit)) throw tooLarge(source.name, bytes, limit);
    if (chosen.type.endsWith('f2')) throw typeFault(source.name, 'HDF5', 'float16');
    const value = (file.get(chosen.path) as Dataset).value; // datasetsOf lists datasets alone
    return imageFromArray(numbersOf(value, source.name), chosen.shape, options.axes);
  });
}

function tooLarge(name: string, bytes: number, limit: number): HounsfieldError {
  return new HounsfieldError(
    'HDF5_TOO_LARGE',
    `${name} asks for ${bytes} bytes where ${limit} are allowed. Take a part of it into a file of its own, or raise maxBytes.`,
  );
}

function numbersOf(value: unknown, name: string): PixelArray {
  if (value instanceof BigInt64Array || value instanceof BigUint64Array) {
    const out = new Float64Array(value.length); // as long as what was read
    for (let i = 0; i < value.length; i++) out[i] = Number(value[i]);
    return out;
  }
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return value as PixelArray; // the remaining typed arrays
  throw unreadable(name, undefined);
}

function unreadable(name: string, cause: unknown): HounsfieldError {
  return new HounsfieldError(
    'HDF5_UNREADABLE',
    `${name} is no whole HDF5 file, or uses a filter that is not read. Check it with h5dump, or copy it again from its source.`,
    { cause },
  );
}

let opened = 0;

/** Deflate packs at most 1032 to 1, and a chunk that was never written may be larger still: up to 64 MiB. */
const mostBytes = (source: ByteSource, options: Hdf5ReadOptions): number =>
  Math.min(options.maxBytes ?? 2 ** 30, Math.max(2 ** 26, source.size * 1032));

/** What the library may take besides a dataset and its chunks: its own data, and what it keeps of a file's structure. */
const LIBRARY_BYTES = 2 ** 27;

async function withFile<T>(
  source: ByteSource,
  datasetBytes: number,
  use: (file: Hdf5File, h5: Hdf5Module) => T,
): Promise<T> {
  if (source.size > MOST_FILE) throw tooLarge(source.name, source.size, MOST_FILE);
  const head = await source.read(0, Math.min(source.size, 4096));
  if (!isHdf5(head)) throw unreadable(source.name, undefined);
  const bytes = await source.read(0, source.size);
  const { h5, reset, allow } = await hdf5Library();
  const { FS } = await h5.ready;
  const path = `/opened-${opened++}.h5`;
  // nothing is awaited from here on: no other file is open when the library is reset
  let fault = false;
  allow(LIBRARY_BYTES + 2 * datasetBytes);
  try {
    FS.writeFile(path, bytes);
    const file = new h5.File(path, 'r');
    try {
      return use(file, h5);
    } finally {
      file.close();
    }
  } catch (error) {
    fault = isLibraryFault(error);
    throw isHounsfieldError(error) ? error : unreadable(source.name, error);
  } finally {
    if (!reset() && fault) stopHdf5();
    if (FS.analyzePath(path).exists) FS.unlink(path);
  }
}

/** HDF5's classes of numbers: integer, floating point; an enumeration is how h5py keeps booleans. */
const CLASSES: Readonly<Record<number, (signed: boolean) => string>> = {
  0: (signed) => (signed ? 'i' : 'u'),
  1: () => 'f',
  8: () => 'b',
};

function datasetsOf(root: Group, h5: Hdf5Module): Hdf5Dataset[] {
  const found: Hdf5Dataset[] = [];
  const waiting: [Group, string, number][] = [[root, '', 0]];
  let groups = 0;
  for (let next = waiting.pop(); next !== undefined && groups++ < MOST_GROUPS; next = waiting.pop()) {
    const [group, path, depth] = next;
    for (const name of group.keys()) {
      const full = `${path}/${name}`;
      if (group.get_link(full)) continue; // a soft link: what it leads to is listed where it lies, or is not there
      const entity = group.get(full);
      if (entity instanceof h5.Group && depth < MOST_DEPTH) waiting.push([entity, full, depth + 1]);
      else if (entity instanceof h5.Dataset && found.length < MOST_DATASETS) {
        const { type, size, signed, littleEndian, shape } = entity.metadata;
        const letter = CLASSES[type]?.(signed);
        if (letter && shape)
          found.push({ path: full, shape, type: `${littleEndian ? '<' : '>'}${letter}${size}` });
      }
    }
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}
