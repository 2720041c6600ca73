import { encodeNpy } from '../../src/imaging/formats/npy.ts';
import { encodeNpz } from '../../src/imaging/formats/npz.ts';
import type { Mesh } from '../../src/imaging/formats/surface/mesh.ts';
import { writeObj } from '../../src/imaging/formats/surface/obj.ts';
import { writeStl } from '../../src/imaging/formats/surface/stl.ts';
import { zipSeeds } from './fixture-seeds.ts';
import type { Seed } from './mutate.ts';

const one = (name: string, file: string, bytes: Uint8Array): Seed => ({
  name: `made: ${name}`,
  files: [{ name: file, bytes }],
});

/** Arrays of several types, plain and in archives. */
export function arraySeeds(): readonly Seed[] {
  const shape = [3, 4, 5];
  const arrays = {
    uint8: Uint8Array.from({ length: 60 }, (_, i) => i),
    int16: Int16Array.from({ length: 60 }, (_, i) => i - 30),
    float64: Float64Array.from({ length: 60 }, (_, i) => i / 7),
    int64: BigInt64Array.from({ length: 60 }, (_, i) => BigInt(i)),
  };
  const plain = Object.entries(arrays).map(([name, data]) => one(name, 'made.npy', encodeNpy(shape, data)));
  return [...plain, one('archive', 'made.npz', encodeNpz({ image: { shape, data: arrays.int16 } }))];
}

/** A tetrahedron in the forms that surfaces are written in. */
export function meshSeeds(): readonly Seed[] {
  const mesh: Mesh = {
    vertices: Float64Array.from([0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1]),
    triangles: Uint32Array.from([0, 2, 1, 0, 1, 3, 0, 3, 2, 1, 2, 3]),
  };
  return [
    one('STL', 'made.stl', writeStl(mesh)),
    one('STL of text', 'made-text.stl', writeStl(mesh, 'text')),
    one('OBJ', 'made.obj', writeObj(mesh)),
  ];
}

/** HDF5 files with arrays, a group, chunks and compression, written by the library itself, and one by h5py. */
export async function hdf5Seeds(): Promise<readonly Seed[]> {
  const now = Date.now;
  Date.now = () => 0; // the library writes the time into its files: they would be others in every run
  try {
    return [...(await madeHdf5()), ...zipSeeds('volume-files/hdf5.zip', /\.h5$/)];
  } finally {
    Date.now = now;
  }
}

async function madeHdf5(): Promise<readonly Seed[]> {
  const h5 = await import('h5wasm');
  const { FS } = await h5.ready;
  const data = Int16Array.from({ length: 60 }, (_, i) => i);
  const plain = new h5.File('plain.h5', 'w');
  plain.create_dataset({ name: 'image', data, shape: [3, 4, 5] });
  plain.close();
  const packed = new h5.File('packed.h5', 'w');
  const group = packed.create_group('group');
  group.create_dataset({
    ...{ name: 'image', data: Float32Array.from(data), shape: [3, 4, 5] },
    ...{ chunks: [1, 4, 5], compression: 'gzip', compression_opts: [4] },
  });
  packed.close();
  return ['plain.h5', 'packed.h5'].map((file) => one(file, file, Uint8Array.from(FS.readFile(file))));
}
