import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { dataset } from '../../src/imaging/formats/dicom/build-dataset.ts';
import { writeDicom } from '../../src/imaging/formats/dicom/write-dicom.ts';

export const sides = { columns: 24, rows: 20, slices: 12 } as const;
const uid = (last: string) => `2.25.77.${last}`;

/** HU of a made-up body: air around, soft tissue within, a bone to the patient's left at the front. */
export function hounsfieldAt(x: number, y: number, z: number): number {
  const within = ((x - 11.5) / 10) ** 2 + ((y - 9.5) / 8) ** 2 < 1;
  const bone = Math.hypot(x - 17, y - 5, (z - 8) / 1.5) < 2.5;
  return bone ? 900 : within ? 40 : -1000;
}

/** Writes a CT series of a made-up body into a folder, slices in no order, and returns the folder. */
export function writeCtSeries(folder: string): string {
  mkdirSync(folder, { recursive: true });
  for (let slice = 0; slice < sides.slices; slice++) {
    const pixels = new Uint16Array(sides.columns * sides.rows);
    for (let y = 0; y < sides.rows; y++) {
      for (let x = 0; x < sides.columns; x++)
        pixels[y * sides.columns + x] = hounsfieldAt(x, y, slice) + 1024;
    }
    const made = dataset({
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
      SOPInstanceUID: uid(`1.${slice + 1}`),
      StudyInstanceUID: uid('2'),
      SeriesInstanceUID: uid('3'),
      FrameOfReferenceUID: uid('4'),
      PatientName: 'Secret^Name',
      PatientID: 'HIDDEN-1',
      StudyDate: '20200102',
      Modality: 'CT',
      SeriesNumber: 3,
      InstanceNumber: slice + 1,
      ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
      ImagePositionPatient: [-30, -20, 5 + 3 * slice],
      ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
      PixelSpacing: [2, 2.5],
      SliceThickness: 3,
      Rows: sides.rows,
      Columns: sides.columns,
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      BitsAllocated: 16,
      BitsStored: 12,
      HighBit: 11,
      PixelRepresentation: 0,
      RescaleSlope: 1,
      RescaleIntercept: -1024,
      WindowCenter: 40,
      WindowWidth: 400,
      PixelData: new Uint8Array(pixels.buffer),
    });
    writeFileSync(path.join(folder, `${(slice * 5) % sides.slices}.dcm`), writeDicom(made));
  }
  return folder;
}
