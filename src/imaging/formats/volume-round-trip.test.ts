import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Affine, geometry } from '../geometry/geometry.ts';
import {
  isLabelMap,
  labelMap,
  type MedicalImage,
  medicalImage,
  type PixelArray,
} from '../image/medical-image.ts';
import { bytesSource } from './byte-source.ts';
import { readMetaImage } from './metaimage/read-metaimage.ts';
import { writeMetaImage } from './metaimage/write-metaimage.ts';
import { readMgh } from './mgh/read-mgh.ts';
import { writeMgh } from './mgh/write-mgh.ts';
import { readNifti, readNiftiHeader } from './nifti/read-nifti.ts';
import { writeNifti } from './nifti/write-nifti.ts';
import { readNrrd } from './nrrd/read-nrrd.ts';
import { writeNrrd } from './nrrd/write-nrrd.ts';
import { readVtkLegacy, writeVtkLegacy } from './vtk/vtk-legacy.ts';

const ARRAYS = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;
type Type = keyof typeof ARRAYS;
const TYPES = Object.keys(ARRAYS) as Type[]; // its own keys

interface Sides {
  readonly timePoints: number;
  readonly channels: number;
  readonly depth: number;
  readonly height: number;
  readonly width: number;
}

/** Values that use the type's range, by a multiplicative sequence from the seed. */
function pixelsOf(type: Type, length: number, seed: number): PixelArray {
  const out = new ARRAYS[type](length);
  let state = (seed * 2654435761 + 1) >>> 0;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    out[i] = type.startsWith('float') ? (state - 2 ** 31) / 977 : state;
  }
  return out;
}

/** Three turned and stretched axes, numbers that float32 holds when `isCoarse`. */
function affineOf(seed: number, isCoarse: boolean): Affine {
  const angle = 0.3 + seed / 7;
  const [c, s] = [Math.cos(angle), Math.sin(angle)] as const;
  const [x, y, z] = [0.7, 1.25, 3.1] as const;
  const rows = [
    c * x,
    -s * y * c,
    s * z * s,
    11.5,
    s * x,
    c * y * c,
    -c * z * s,
    -72.25,
    0,
    s * y,
    c * z,
    0.375 * seed,
  ];
  return rows.map((value) => (isCoarse ? Math.fround(value) : value)) as unknown as Affine; // twelve numbers
}

function imageOf(type: Type, sides: Sides, seed: number, isCoarse = false): MedicalImage {
  const length = sides.timePoints * sides.channels * sides.depth * sides.height * sides.width;
  const more = {
    geometry: geometry(affineOf(seed, isCoarse)),
    ...(sides.timePoints > 1 ? { timeStepS: 2.5 } : {}),
  };
  return medicalImage(pixelsOf(type, length, seed), sides, undefined, 'arbitrary', more);
}

function expectSame(read: MedicalImage, image: MedicalImage, tolerance: number): void {
  const { pixels, geometry: place, history: _, ...rest } = read;
  const { pixels: given, geometry: was, history: __, ...other } = image;
  expect(rest).toEqual(other);
  expect(pixels.constructor).toBe(given.constructor);
  expect(Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength)).toEqual(
    Buffer.from(given.buffer, given.byteOffset, given.byteLength),
  );
  expect(place?.frame).toBe(was?.frame);
  for (const [i, value] of (was?.affine ?? []).entries()) {
    expect(Math.abs(place!.affine[i]! - value)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(value)));
  }
}

const anySides = fc.record({
  timePoints: fc.integer({ min: 1, max: 3 }),
  channels: fc.integer({ min: 1, max: 4 }),
  depth: fc.integer({ min: 1, max: 4 }),
  height: fc.integer({ min: 1, max: 4 }),
  width: fc.integer({ min: 1, max: 5 }),
});
const anyImage = fc.tuple(
  fc.constantFrom(...TYPES),
  anySides,
  fc.integer({ min: 0, max: 1000 }),
  fc.boolean(),
);
const seeded = { seed: 20261120, numRuns: 200 };
const sourceOf = (bytes: Uint8Array, name: string) => bytesSource(bytes, name);

describe(`what is written is read back, seed ${seeded.seed}`, () => {
  test('NIfTI-1: affine in float32', () =>
    fc.assert(
      fc.asyncProperty(anyImage, async ([type, sides, seed, compressed]) => {
        const image = imageOf(type, sides, seed, true);
        const byteOrder = seed % 2 ? 'big' : 'little';
        const bytes = await writeNifti(image, { compressed, byteOrder });
        expectSame(await readNifti(sourceOf(bytes, 'x.nii')), image, 0);
      }),
      seeded,
    ));

  test('NIfTI-2: affine in float64', () =>
    fc.assert(
      fc.asyncProperty(anyImage, async ([type, sides, seed, compressed]) => {
        const image = imageOf(type, sides, seed);
        const bytes = await writeNifti(image, {
          compressed,
          version: 2,
          byteOrder: seed % 2 ? 'big' : 'little',
        });
        expectSame(await readNifti(sourceOf(bytes, 'x.nii')), image, 0);
      }),
      seeded,
    ));

  test('NRRD', () =>
    fc.assert(
      fc.asyncProperty(anyImage, async ([type, sides, seed, compressed]) => {
        const image = imageOf(type, sides, seed);
        expectSame(await readNrrd(sourceOf(await writeNrrd(image, { compressed }), 'x.nrrd')), image, 0);
      }),
      seeded,
    ));

  test('MetaImage: direction and spacing apart', () =>
    fc.assert(
      fc.asyncProperty(anyImage, async ([type, sides, seed, compressed]) => {
        const { timeStepS: _, ...image } = imageOf(type, sides, seed);
        const bytes = await writeMetaImage(image, { compressed });
        expectSame(await readMetaImage(sourceOf(bytes, 'x.mha')), image, 1e-15);
      }),
      seeded,
    ));

  test('MGH: affine in float32, its origin by way of the centre', () =>
    fc.assert(
      fc.asyncProperty(anyImage, async ([type, sides, seed, compressed]) => {
        if (type === 'int8' || type === 'uint32' || type === 'float64') return;
        const image = imageOf(type, { ...sides, channels: 1 }, seed);
        const bytes = await writeMgh(image, { compressed });
        expectSame(await readMgh(sourceOf(bytes, 'x.mgh')), image, 4e-7);
      }),
      seeded,
    ));

  test('VTK: axes along the world', () =>
    fc.assert(
      fc.asyncProperty(anyImage, async ([type, sides, seed]) => {
        const upright = geometry([1.5, 0, 0, -7, 0, 0.1, 0, 8.25, 0, 0, 1 / 3, seed], 'image');
        const image = { ...imageOf(type, { ...sides, timePoints: 1 }, seed), geometry: upright };
        expectSame(await readVtkLegacy(sourceOf(await writeVtkLegacy(image), 'x.vtk')), image, 0);
      }),
      seeded,
    ));
});

describe('label maps', () => {
  const layers = labelMap(
    Uint8Array.from([0, 1, 2, 0, 3, 3, 0, 0]),
    { channels: 2, depth: 1, height: 2, width: 2 },
    [
      {
        value: 1,
        name: 'liver: right\nlobe \\ part',
        channel: 0,
        colour: [255, 0, 128],
        category: { scheme: 'SCT', value: '123037004', meaning: 'Anatomical Structure' },
        type: { scheme: 'SCT', value: '10200004', meaning: 'Liver' },
      },
      { value: 2, name: 'b', channel: 0 },
      { value: 3, name: 'c', channel: 1 },
    ],
    { geometry: geometry(affineOf(3, true)) },
  );

  test("keep their labels as 3D Slicer's segments in NRRD", async () => {
    const read = await readNrrd(sourceOf(await writeNrrd(layers), 'x.seg.nrrd'));
    expect(isLabelMap(read) && read.labels).toEqual(layers.labels);
    expectSame({ ...read, unit: 'label' }, layers, 0);
  });

  test('keep their values and layers in NIfTI, whose labels are numbers', async () => {
    const read = await readNifti(sourceOf(await writeNifti(layers), 'x.nii.gz'));
    expect(isLabelMap(read) && read.labels.map(({ value, channel }) => [value, channel])).toEqual([
      [1, 0],
      [2, 0],
      [3, 1],
    ]);
    expect(read.pixels).toEqual(layers.pixels);
  });

  test('are not made of fractions', async () => {
    const bytes = await writeNifti(
      imageOf('float32', { timePoints: 1, channels: 1, depth: 1, height: 2, width: 2 }, 1),
    );
    await expect(readNifti(sourceOf(bytes, 'x.nii.gz'), { as: 'labels' })).rejects.toMatchObject({
      code: 'LABELS_NOT_WHOLE',
    });
  });

  test('that hold fractions after all are read as images, with a warning', async () => {
    const image = imageOf('float32', { timePoints: 1, channels: 1, depth: 1, height: 2, width: 2 }, 1);
    const bytes = await writeNifti(image, { compressed: false });
    new DataView(bytes.buffer, bytes.byteOffset).setInt16(68, 1002, true);
    const codes: string[] = [];
    const read = await readNifti(sourceOf(bytes, 'x.nii'), { onWarning: ({ code }) => codes.push(code) });
    expect([read.unit, codes]).toEqual(['arbitrary', ['LABELS_NOT_WHOLE']]);
  });
});

describe('NIfTI', () => {
  const image = imageOf('int16', { timePoints: 1, channels: 1, depth: 2, height: 3, width: 4 }, 5, true);

  test('keeps extensions', async () => {
    const extensions = [
      { code: 6, content: new TextEncoder().encode('a comment') },
      { code: 4, content: new Uint8Array(40).fill(7) },
    ];
    for (const version of [1, 2] as const) {
      const bytes = await writeNifti(image, {
        extensions,
        version,
        byteOrder: version === 1 ? 'little' : 'big',
      });
      const header = await readNiftiHeader(sourceOf(bytes, 'x.nii.gz'));
      expect(header.extensions.map(({ code }) => code)).toEqual([6, 4]);
      expect(new TextDecoder().decode(header.extensions[0]!.content)).toMatch(/^a comment\0+$/);
      expect(header.extensions[1]!.content).toEqual(extensions[1]!.content);
      expectSame(await readNifti(sourceOf(bytes, 'x.nii.gz')), image, 0);
    }
  });

  test('little-endian values of a file in memory are viewed, not copied', async () => {
    const bytes = await writeNifti(image, { compressed: false });
    const read = await readNifti(sourceOf(bytes, 'x.nii'));
    expect(read.pixels.buffer).toBe(bytes.buffer);
  });

  test('stored values are left as they are when asked for', async () => {
    const bytes = await writeNifti(image, { compressed: false });
    new DataView(bytes.buffer, bytes.byteOffset).setFloat32(112, 0.5, true);
    expect((await readNifti(sourceOf(bytes, 'x.nii'), { values: 'stored' })).pixels).toEqual(image.pixels);
    expect((await readNifti(sourceOf(bytes, 'x.nii'))).pixels[1]).toBe(image.pixels[1]! * 0.5);
  });

  test('a side beyond 32767 makes it NIfTI-2, and is refused for NIfTI-1', async () => {
    const long = medicalImage(new Uint8Array(40000), { height: 1, width: 40000 });
    expect((await readNiftiHeader(sourceOf(await writeNifti(long), 'x.nii.gz'))).version).toBe(2);
    await expect(writeNifti(long, { version: 1 })).rejects.toMatchObject({ code: 'NIFTI_TOO_LARGE' });
  });

  test('an affine that is not finite names the file, or is dropped when asked', async () => {
    const bytes = await writeNifti(image, { compressed: false });
    new DataView(bytes.buffer, bytes.byteOffset).setFloat32(280, Number.NaN, true);
    await expect(readNifti(sourceOf(bytes, 'bad.nii'))).rejects.toThrow(/^GEOMETRY_INVALID: bad\.nii/);
    expect((await readNifti(sourceOf(bytes, 'bad.nii'), { badGeometry: 'drop' })).geometry).toBeUndefined();
  });
});

/** One file per format and kind, the same every time. */
async function writtenFiles(
  compressed: boolean,
): Promise<Map<string, { image: MedicalImage; bytes: Uint8Array }>> {
  const files = new Map<string, { image: MedicalImage; bytes: Uint8Array }>();
  const plain = { timePoints: 1, channels: 1, depth: 3, height: 4, width: 5 };
  const end = compressed ? '-z' : '';
  for (const [i, type] of TYPES.entries()) {
    const image = imageOf(type, plain, i);
    const coarse = imageOf(type, plain, i, true);
    const [one, two] = compressed ? ['nii.gz', 'nii.gz'] : ['nii', 'nii'];
    files.set(`${type}-1${end}.${one}`, { image: coarse, bytes: await writeNifti(coarse, { compressed }) });
    files.set(`${type}-2${end}.${two}`, {
      image,
      bytes: await writeNifti(image, { compressed, version: 2, byteOrder: 'big' }),
    });
    files.set(`${type}${end}.mha`, { image, bytes: await writeMetaImage(image, { compressed }) });
    files.set(`${type}${end}.nrrd`, { image, bytes: await writeNrrd(image, { compressed }) });
    if (['uint8', 'int16', 'uint16', 'int32', 'float32'].includes(type)) {
      files.set(`${type}${end}.${compressed ? 'mgz' : 'mgh'}`, {
        image: coarse,
        bytes: await writeMgh(coarse, { compressed }),
      });
    }
    const upright = {
      ...image,
      geometry: geometry([1.5, 0, 0, -7, 0, 0.1, 0, 8.25, 0, 0, 0.25, i], 'image'),
    };
    if (!compressed) files.set(`${type}.vtk`, { image: upright, bytes: await writeVtkLegacy(upright) });
  }
  const time = imageOf('float32', { ...plain, timePoints: 2 }, 21, true);
  const vector = imageOf('float32', { ...plain, channels: 3 }, 22, true);
  const colour = imageOf('uint8', { ...plain, channels: 3 }, 23, true);
  for (const [name, image] of Object.entries({ time, vector, colour })) {
    files.set(`${name}-1${end}.nii${compressed ? '.gz' : ''}`, {
      image,
      bytes: await writeNifti(image, { compressed }),
    });
    if (name !== 'time')
      files.set(`${name}${end}.nrrd`, { image, bytes: await writeNrrd(image, { compressed }) });
    files.set(`${name}${end}.mha`, { image, bytes: await writeMetaImage(image, { compressed }) });
  }
  return files;
}

interface Peer {
  readonly shape: readonly number[];
  readonly sha256: string;
  readonly affine: readonly number[];
  readonly bytes: string;
}

function expectPeer(name: string, image: MedicalImage, peer: Peer): void {
  expect(peer.shape, name).toEqual([
    image.timePoints,
    image.channels,
    image.depth,
    image.height,
    image.width,
  ]);
  const values = Float64Array.from(image.pixels);
  expect(createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex'), name).toBe(peer.sha256);
  const tolerance = /\.mg[hz]$/.test(name) ? 1e-5 : 1e-13; // MGH keeps the centre in float32
  for (const [i, value] of peer.affine.entries()) {
    expect(Math.abs(image.geometry!.affine[i]! - value), name).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(value)),
    );
  }
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const python = process.env['HOUNSFIELD_PEERS'];
const SCRIPT = fileURLToPath(new URL('../../../scripts/peers/volume_files.py', import.meta.url));

function askPeers(files: ReadonlyMap<string, { bytes: Uint8Array }>): Record<string, Peer> {
  const folder = mkdtempSync(join(tmpdir(), 'hounsfield-volumes-'));
  for (const [name, { bytes }] of files) writeFileSync(join(folder, name), bytes);
  const answer = execFileSync(python!, [SCRIPT, 'written', folder], { stdio: ['ignore', 'pipe', 'ignore'] });
  rmSync(folder, { recursive: true });
  return JSON.parse(answer.toString()) as Record<string, Peer>; // the script's own JSON
}

describe('nibabel and SimpleITK read the files written here', () => {
  test('as stored: the very bytes that they were asked about', async () => {
    const fixture = new URL('../../../fixtures/volume-files/written.json', import.meta.url);
    const { payload } = JSON.parse(readFileSync(fixture, 'utf8')) as { payload: Record<string, Peer> }; // the script's
    const files = await writtenFiles(false);
    expect([...files.keys()].sort()).toEqual(Object.keys(payload).sort());
    for (const [name, { image, bytes }] of files) {
      expect(sha256(bytes), name).toBe(payload[name]!.bytes);
      expectPeer(name, image, payload[name]!);
    }
  });

  test.skipIf(!python)(
    `asked now, compressed ones too${python ? '' : ' (skipped: no HOUNSFIELD_PEERS)'}`,
    async () => {
      for (const compressed of [false, true]) {
        const files = await writtenFiles(compressed);
        const answer = askPeers(files);
        for (const [name, { image }] of files) expectPeer(name, image, answer[name]!);
      }
    },
  );
});

test.skipIf(!process.env['HOUNSFIELD_WRITTEN'])(
  'files for the peers are put into HOUNSFIELD_WRITTEN (skipped: not set; scripts/peers/volume_files.py asks for them)',
  async () => {
    for (const [name, { bytes }] of await writtenFiles(false)) {
      writeFileSync(join(process.env['HOUNSFIELD_WRITTEN']!, name), bytes);
    }
  },
);
