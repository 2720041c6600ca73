import { HounsfieldError } from '../../errors.ts';
import type { ByteSource } from './byte-source.ts';
import type { FileFormat } from './file-format.ts';
import { isHdf5, listHdf5, readHdf5 } from './hdf5/hdf5.ts';
import { decodeNpy } from './npy.ts';
import { isNpy, isNpz, readNumpyImage } from './npy-volume.ts';
import { decodeNpz } from './npz.ts';

/** Most bytes of a file that is read whole. */
const LARGEST_FILE = 2 ** 31;

/** All bytes of a file that is read whole. Throws FILE_TOO_LARGE. */
export async function readWhole(source: ByteSource): Promise<Uint8Array> {
  if (source.size <= LARGEST_FILE) return source.read(0, source.size);
  throw new HounsfieldError(
    'FILE_TOO_LARGE',
    `${source.name} has ${source.size} bytes; files of this kind are read whole, up to ${LARGEST_FILE}. Divide it.`,
  );
}

const arrayText = ({ shape, type }: { readonly shape: readonly number[]; readonly type: string }): string =>
  `${shape.join(' × ') || 'one value'}, ${type}`;

const typeOf = (data: object): string => data.constructor.name.replace('Array', '').toLowerCase();

/** numpy's .npy and .npz. */
export const NUMPY: FileFormat = {
  name: 'NumPy',
  extensions: ['.npy', '.npz'],
  matches: (head) => isNpy(head) || isNpz(head),
  read: async (source, { part }) =>
    readNumpyImage(await readWhole(source), {
      name: source.name,
      ...(part === undefined ? {} : { array: part }),
    }),
  describe: async (source) => {
    const bytes = await readWhole(source);
    const arrays = isNpy(bytes)
      ? [['array', decodeNpy(bytes, source.name)] as const]
      : [...decodeNpz(bytes, source.name)];
    return {
      format: isNpy(bytes) ? 'NumPy array' : 'NumPy archive',
      kind: 'image',
      facts: arrays.map(
        ([name, { shape, data }]) => [name, arrayText({ shape, type: typeOf(data) })] as const,
      ),
      identity: [],
      warnings: [],
    };
  },
};

/** HDF5. */
export const HDF5: FileFormat = {
  name: 'HDF5',
  extensions: ['.h5', '.hdf5', '.he5'],
  matches: isHdf5,
  read: (source, { part }) => readHdf5(source, part === undefined ? {} : { dataset: part }),
  describe: async (source) => ({
    format: 'HDF5',
    kind: 'image',
    facts: (await listHdf5(source)).map((one) => [one.path, arrayText(one)] as const),
    identity: [],
    warnings: [],
  }),
};
