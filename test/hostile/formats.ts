import { HounsfieldError, isHounsfieldError } from '../../src/errors.ts';
import { bytesSource } from '../../src/imaging/formats/byte-source.ts';
import { readCsvSignal } from '../../src/imaging/formats/csv-signal/read-csv-signal.ts';
import {
  createDeidentifier,
  deidentifiedBytes,
  deidentifyDicom,
} from '../../src/imaging/formats/dicom/deidentification/deidentify-dicom.ts';
import { readDirectory } from '../../src/imaging/formats/dicom/dicomdir.ts';
import { datasetToJson } from '../../src/imaging/formats/dicom/json-model.ts';
import { decodeFrame } from '../../src/imaging/formats/dicom/pixels/decode-frame.ts';
import { readDicom } from '../../src/imaging/formats/dicom/read-dicom.ts';
import { rewriteDicomToBytes } from '../../src/imaging/formats/dicom/rewrite-dicom.ts';
import { listDicomFolder } from '../../src/imaging/formats/dicom/series/list-dicom-folder.node.ts';
import { readDicomSeries } from '../../src/imaging/formats/dicom/series/read-dicom-series.node.ts';
import type { FileFormat } from '../../src/imaging/formats/file-format.ts';
import { decodeFlac } from '../../src/imaging/formats/flac/decode-flac.ts';
import { fileFormats } from '../../src/imaging/formats/open.node.ts';
import { openSource } from '../../src/imaging/formats/open-source.ts';
import { readObj } from '../../src/imaging/formats/surface/obj.ts';
import { readStl } from '../../src/imaging/formats/surface/stl.ts';
import { openSlide } from '../../src/imaging/formats/tiff/open-slide.ts';
import { unpackLerc } from '../../src/imaging/formats/tiff/unpack-lerc.ts';
import { parseWfdbAnnotations } from '../../src/imaging/formats/wfdb/annotations.ts';
import { arraySeeds, hdf5Seeds, meshSeeds } from './array-seeds.ts';
import { companionOf, inFolder } from './companions.ts';
import { dicomSeeds } from './dicom-seeds.ts';
import { blobSeeds, pictureSeeds, recordSeeds, storedSeeds, zipSeeds } from './fixture-seeds.ts';
import type { Seed, SeedFile } from './mutate.ts';
import { pixelSeeds } from './pixel-seeds.ts';
import { readDicomObject } from './read-dicom-object.ts';
import { dataSeeds } from './seed-files.ts';
import { visitValues } from './visit-dicom.ts';

/** A format whose reader is tried with spoiled files. */
export interface FuzzedFormat {
  /** Files that can be read: made in memory, of the fixtures, and of the shared data where it is there. */
  readonly seeds: () => Promise<readonly Seed[]>;
  /** Reads all that there is to read. Ends in values or throws. */
  readonly read: (files: readonly SeedFile[]) => Promise<unknown>;
}

const main = (files: readonly SeedFile[]) => bytesSource(files[0]!.bytes, files[0]!.name);

/** The reader of a format in the table of those that open() knows: what describes a file, then what reads it. */
function reader(name: string): FuzzedFormat['read'] {
  return async (files) => {
    const format = fileFormats.find((known) => known.name === name);
    if (format === undefined) throw new Error(`no format is called ${name}`);
    return describeAndRead(format, files);
  };
}

async function describeAndRead(format: FileFormat, files: readonly SeedFile[]): Promise<unknown> {
  const companion = companionOf(files);
  try {
    await format.describe(main(files), { companion, identity: true });
  } catch (error) {
    if (!isHounsfieldError(error)) throw error;
  }
  return format.read(main(files), { companion });
}

const volumes = (matching: RegExp, most?: number) => async () =>
  zipSeeds('volume-files/files.zip', matching, most);

const images =
  /^(?!.*dicomdirtests).*(CT_small|MR_small|MR_trunc|JPEG|JPG|J2K|RLE|rtdose|SC_rgb|SC_ybr|ExplVR|ecT|color|emri|OBX|OT|GDCM|JLS|693_|bad_seq|HTJ2K|palette|vlut|mlut|liver)/i;

export const formats: Readonly<Record<string, FuzzedFormat>> = {
  dicom: {
    seeds: async () => [
      ...dicomSeeds(),
      ...dataSeeds('pydicom_dicom', { most: 60, largestBytes: 40_000 }),
      ...dataSeeds('highdicom_dicom', { most: 8, largestBytes: 60_000 }),
      ...dataSeeds('dicom_malformed', { most: 30, largestBytes: 40_000 }),
    ],
    read: async (files) => {
      const file = await readDicom(main(files));
      datasetToJson(file.dataset);
      return visitValues(file);
    },
  },
  /** The malformed files as they are, and then spoiled further. */
  'dicom-malformed': {
    seeds: async () =>
      dataSeeds('dicom_malformed', {
        most: 5000,
        largestBytes: 4_000_000,
        matching: /(?<!LICENSE|\.md|\.py)$/,
      }),
    read: async (files) => {
      const file = await readDicom(main(files));
      await visitValues(file);
      return file.dataset.elements.has(0x7fe00010) ? decodeFrame(file, 0) : file;
    },
  },
  'dicom-rewrite': {
    seeds: async () => [...dicomSeeds(), ...dataSeeds('pydicom_dicom', { most: 60, largestBytes: 40_000 })],
    read: async (files) => {
      const file = await readDicom(main(files));
      return rewriteDicomToBytes(file, { ...file.dataset });
    },
  },
  'dicom-pixels': {
    seeds: async () =>
      pixelSeeds([
        ...dicomSeeds(),
        ...zipSeeds('dicom-objects/objects.zip', /seg|pm-|source-0/),
        ...dataSeeds('pydicom_dicom', { most: 90, largestBytes: 150_000, matching: images }),
        ...dataSeeds('dicom_codecs_wg04', { most: 8, largestBytes: 150_000 }),
      ]),
    read: async (files) => decodeFrame(await readDicom(main(files)), 0),
  },
  'dicom-image': {
    seeds: async () =>
      pixelSeeds([
        ...dicomSeeds(),
        ...zipSeeds('dicom-objects/objects.zip', /seg|pm-|source-0/),
        ...dataSeeds('pydicom_dicom', { most: 90, largestBytes: 100_000, matching: images }),
        ...dataSeeds('highdicom_dicom', { most: 12, largestBytes: 100_000 }),
      ]),
    read: reader('DICOM'),
  },
  'dicom-objects': {
    seeds: async () => [
      ...zipSeeds('dicom-objects/objects.zip', /^(seg|pm|gsps|sr|rt|ecg)/),
      ...dataSeeds('highdicom_dicom', { most: 12, largestBytes: 100_000, matching: /seg_|sr|ann|pm/i }),
      ...dataSeeds('pydicom_dicom', {
        most: 12,
        largestBytes: 100_000,
        matching: /reportsi|test-SR|rtstruct|waveform|ecg/i,
      }),
    ],
    read: async (files) => readDicomObject(await readDicom(main(files))),
  },
  /** A folder of slices, one or more of them spoiled. */
  'dicom-series': {
    seeds: async () => {
      const slices = zipSeeds('dicom-objects/objects.zip', /^source-/).map(({ files }) => files[0]!);
      return [{ name: 'a series', files: slices }];
    },
    read: async (files) =>
      inFolder(files, async (folder) => {
        await listDicomFolder(folder);
        return readDicomSeries(folder, { threads: 0 });
      }),
  },
  dicomdir: {
    seeds: async () =>
      dataSeeds('pydicom_dicom', { most: 12, largestBytes: 100_000, matching: /DICOMDIR[^/]*$/i }),
    read: async (files) => readDirectory(await readDicom(main(files))),
  },
  'dicom-deidentify': {
    seeds: async () => [
      ...dicomSeeds(),
      ...zipSeeds('deidentification/canaries.zip', /\.dcm$/, 16),
      ...dataSeeds('pydicom_dicom', { most: 60, largestBytes: 40_000 }),
    ],
    read: async (files) => {
      const options = [
        'cleanPixelData',
        'cleanDescriptors',
        'retainModifiedDates',
        'retainSafePrivate',
      ] as const;
      const settings = { key: new Uint8Array(32), suspectPixels: 'accept', options } as const;
      const deidentifier = await createDeidentifier(settings);
      return deidentifiedBytes(await deidentifyDicom(main(files), deidentifier));
    },
  },
  nifti: { seeds: volumes(/^[^a].*\.(nii|nii\.gz|hdr|hdr\.gz)$/, 90), read: reader('NIfTI') },
  analyze: { seeds: volumes(/^a.*\.hdr(\.gz)?$/), read: reader('Analyze') },
  nrrd: { seeds: volumes(/\.(nrrd|nhdr)$/, 90), read: reader('NRRD') },
  metaimage: { seeds: volumes(/\.(mha|mhd)$/), read: reader('MetaImage') },
  mgh: { seeds: volumes(/\.mg[hz]$/), read: reader('MGH') },
  gipl: { seeds: volumes(/\.gipl(\.gz)?$/), read: reader('GIPL') },
  vtk: { seeds: volumes(/\.vtk$/), read: reader('VTK') },
  vti: { seeds: async () => zipSeeds('volume-files/vti.zip', /\.vti$/), read: reader('VTI') },
  wfdb: {
    seeds: async () => [
      ...recordSeeds(),
      ...dataSeeds('wfdb_signals', { most: 20, largestBytes: 4000, matching: /\.hea$/, companions: true }),
    ],
    read: reader('WFDB'),
  },
  'wfdb-annotations': {
    seeds: async () => storedSeeds('signals/wfdb-annotations.json', '.atr'),
    read: async (files) => parseWfdbAnnotations(files[0]!.bytes, files[0]!.name),
  },
  edf: {
    seeds: async () => [
      ...storedSeeds('signals/edf.json', '.edf'),
      ...storedSeeds('signals/edf-unread.json', '.edf'),
    ],
    read: reader('EDF'),
  },
  flac: {
    seeds: async () => storedSeeds('signals/flac.json', '.flac'),
    read: async (files) => decodeFlac(files[0]!.bytes, files[0]!.name),
  },
  csv: {
    seeds: async () => storedSeeds('signals/csv.json', '.csv'),
    read: async (files) => readCsvSignal(main(files)),
  },
  numpy: { seeds: async () => arraySeeds(), read: reader('NumPy') },
  hdf5: { seeds: hdf5Seeds, read: reader('HDF5') },
  png: { seeds: async () => pictureSeeds(/^png/, '.png'), read: reader('PNG') },
  jpeg: { seeds: async () => pictureSeeds(/^jpeg/, '.jpg'), read: reader('JPEG') },
  tiff: { seeds: async () => storedSeeds('rasters/tiff.json', '.tif', 90), read: reader('TIFF') },
  /** Blocks of a TIFF alone: within a file most spoiled ones are not reached. */
  lerc: {
    seeds: async () => blobSeeds('rasters/lerc.json', 120),
    read: async (files) => {
      const held = await unpackLerc(files[0]!.bytes, 0, 19 * 37);
      if (held === undefined)
        throw new HounsfieldError('TIFF_BLOCK', 'is no LERC of the bytes it should hold');
      return held;
    },
  },
  slide: {
    seeds: async () => storedSeeds('rasters/slide.json', '.svs'),
    read: async (files) => {
      const slide = await openSlide(main(files));
      const { width, height } = slide.levels.at(-1)!;
      return slide.readRegion(slide.levels.length - 1, 0, 0, Math.min(width, 512), Math.min(height, 512));
    },
  },
  bmp: { seeds: async () => storedSeeds('rasters/bmp.json', '.bmp'), read: reader('BMP') },
  stl: {
    seeds: async () => meshSeeds().filter(({ name }) => name.includes('STL')),
    read: async (files) => readStl(files[0]!.bytes, files[0]!.name),
  },
  obj: {
    seeds: async () => meshSeeds().filter(({ name }) => name.includes('OBJ')),
    read: async (files) => readObj(files[0]!.bytes, files[0]!.name),
  },
  /** Any file, its format to be found by content. */
  any: {
    seeds: async () => [
      ...dicomSeeds(),
      ...zipSeeds('volume-files/files.zip', /\.(nii|nrrd|mha|mgh|hdr|gipl|vtk|nii\.gz)$/, 40),
      ...recordSeeds(10),
      ...storedSeeds('signals/edf.json', '.edf', 4),
      ...arraySeeds(),
      ...pictureSeeds(/./, '.bin'),
    ],
    read: async (files) => openSource(main(files), { companion: companionOf(files) }, fileFormats),
  },
};
