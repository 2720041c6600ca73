import { bytesSource } from '../../src/imaging/formats/byte-source.ts';
import { dicomSeeds } from './dicom-seeds.ts';
import type { Seed, SeedFile } from './mutate.ts';
import { dataSeeds } from './seed-files.ts';

/** A format whose reader is tried with spoiled files. */
export interface FuzzedFormat {
  /** Files that can be read: made in memory, and of the shared data where it is there. */
  readonly seeds: () => Promise<readonly Seed[]>;
  /** Reads all that there is to read. Ends in values or throws. */
  readonly read: (files: readonly SeedFile[]) => Promise<unknown>;
}

/** Opens a companion by name, as readers ask for it. */
export const companionOf = (files: readonly SeedFile[]) => async (name: string) => {
  const { HounsfieldError } = await import('../../src/errors.ts');
  const found = files.find((file) => file.name === name);
  if (found !== undefined) return bytesSource(found.bytes, name);
  throw new HounsfieldError('FILE_MISSING', `${name} does not exist.`);
};

const main = (files: readonly SeedFile[]) => bytesSource(files[0]!.bytes, files[0]!.name);

export const formats: Readonly<Record<string, FuzzedFormat>> = {
  dicom: {
    seeds: async () => [
      ...(await dicomSeeds()),
      ...dataSeeds('pydicom_dicom', { most: 60, largestBytes: 40_000 }),
      ...dataSeeds('highdicom_dicom', { most: 8, largestBytes: 60_000 }),
    ],
    read: async (files) => {
      const { readDicom } = await import('../../src/imaging/formats/dicom/read-dicom.ts');
      const { visitValues } = await import('./visit-dicom.ts');
      return visitValues(await readDicom(main(files)));
    },
  },
  'dicom-pixels': {
    seeds: async () => [
      ...(await dicomSeeds()),
      ...dataSeeds('pydicom_dicom', { most: 60, largestBytes: 60_000 }),
      ...dataSeeds('dicom_codecs_wg04', { most: 8, largestBytes: 120_000 }),
    ],
    read: async (files) => {
      const { readDicom } = await import('../../src/imaging/formats/dicom/read-dicom.ts');
      const { decodeFrame } = await import('../../src/imaging/formats/dicom/pixels/decode-frame.ts');
      return decodeFrame(await readDicom(main(files)), 0);
    },
  },
  'dicom-deidentify': {
    seeds: async () => [
      ...(await dicomSeeds()),
      ...dataSeeds('pydicom_dicom', { most: 60, largestBytes: 40_000 }),
    ],
    read: async (files) => {
      const { createDeidentifier, deidentifiedBytes, deidentifyDicom } = await import(
        '../../src/imaging/formats/dicom/deidentification/deidentify-dicom.ts'
      );
      const deidentifier = await createDeidentifier({ key: new Uint8Array(32), suspectPixels: 'accept' });
      return deidentifiedBytes(await deidentifyDicom(main(files), deidentifier));
    },
  },
};
