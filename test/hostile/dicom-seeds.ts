import { type BuildRecord, dataset } from '../../src/imaging/formats/dicom/build-dataset.ts';
import { writeDicom } from '../../src/imaging/formats/dicom/write-dicom.ts';
import type { Seed } from './mutate.ts';

const image: BuildRecord = {
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
  SOPInstanceUID: '1.2.3.4',
  StudyInstanceUID: '1.2.3',
  SeriesInstanceUID: '1.2.3.1',
  Modality: 'CT',
  PatientName: 'Ada^Ω',
  PatientID: '1',
  ImagePositionPatient: [0, 0, 0],
  ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
  PixelSpacing: [1, 1],
  SliceThickness: 1,
  SamplesPerPixel: 1,
  PhotometricInterpretation: 'MONOCHROME2',
  Rows: 8,
  Columns: 8,
  BitsAllocated: 16,
  BitsStored: 12,
  HighBit: 11,
  PixelRepresentation: 0,
  RescaleIntercept: -1024,
  RescaleSlope: 1,
  ReferencedImageSequence: [
    { ReferencedSOPClassUID: '1.2.840.10008.5.1.4.1.1.2', ReferencedSOPInstanceUID: '1.2.3.5' },
  ],
  PixelData: Uint8Array.from({ length: 128 }, (_, i) => (i * 37) % 251),
};

/** Small objects in every encoding of a data set. */
export function dicomSeeds(): readonly Seed[] {
  const made = (name: string, transferSyntaxUid: string, sequenceLengths: 'defined' | 'undefined'): Seed => ({
    name: `made: ${name}`,
    files: [{ name: 'made.dcm', bytes: writeDicom(dataset(image), { transferSyntaxUid, sequenceLengths }) }],
  });
  return [
    made('implicit little endian', '1.2.840.10008.1.2', 'defined'),
    made('explicit little endian', '1.2.840.10008.1.2.1', 'undefined'),
    made('explicit big endian', '1.2.840.10008.1.2.2', 'undefined'),
    made('deflated', '1.2.840.10008.1.2.1.99', 'defined'),
  ];
}
