import { unzipSync, zipSync } from 'fflate';
import { HounsfieldError } from '../../errors.ts';
import { decodeNpy, encodeNpy, type NpyArray, type NpyData } from './npy.ts';

/** Most bytes one array of an .npz may unpack to: 2 GiB. */
const LARGEST_ENTRY = 2 ** 31;
/** deflate cannot pack tighter than 1032 to 1 (RFC 1951); a directory that claims more lies. */
const TIGHTEST_DEFLATE = 1032;

/**
 * Reads every .npy inside an .npz (a ZIP written by numpy.savez or savez_compressed), by name without '.npy'.
 * `only` restricts which are unpacked. Throws NPZ_UNREADABLE for a broken archive, NPY_UNREADABLE for a broken array.
 */
export function decodeNpz(
  bytes: Uint8Array,
  name = 'the .npz data',
  only?: (arrayName: string) => boolean,
): ReadonlyMap<string, NpyArray> {
  const arrays = new Map<string, NpyArray>();
  for (const [entry, content] of Object.entries(unpack(bytes, name, only))) {
    const key = entry.replace(/\.npy$/, '');
    arrays.set(key, decodeNpy(content, `${name}, array '${key}',`));
  }
  return arrays;
}

function unpack(
  bytes: Uint8Array,
  name: string,
  only?: (arrayName: string) => boolean,
): Record<string, Uint8Array> {
  try {
    const entries = unzipSync(bytes, {
      filter: (file) => {
        if (!file.name.endsWith('.npy') || (only && !only(file.name.replace(/\.npy$/, '')))) return false;
        if (
          file.size > bytes.length ||
          file.originalSize > LARGEST_ENTRY ||
          file.originalSize > 1024 + file.size * TIGHTEST_DEFLATE
        ) {
          throw new Error(`entry '${file.name}' claims ${file.originalSize} bytes from ${file.size}`);
        }
        return true;
      },
    });
    return entries;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HounsfieldError(
      'NPZ_UNREADABLE',
      `${name} (${bytes.length} bytes) is not a whole .npz archive: ${reason}. Write it again with ` +
        'numpy.savez_compressed, or copy it again from its source.',
      { cause },
    );
  }
}

/** Packs named arrays as numpy.savez_compressed does. */
export function encodeNpz(
  arrays: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: NpyData }>>,
): Uint8Array {
  const entries: Record<string, Uint8Array> = {};
  for (const [name, { shape, data }] of Object.entries(arrays)) {
    entries[`${name}.npy`] = encodeNpy(shape, data);
  }
  return zipSync(entries, { level: 6 });
}
