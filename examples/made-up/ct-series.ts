import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { dataset, writeDicom } from '../../src/imaging/index.ts';

/** Of the made-up series: voxels along x, y, z, and mm from one to the next. */
export const made = {
  columns: 32,
  rows: 28,
  slices: 20,
  spacingMm: [2, 2, 3],
  originMm: [-31, -27, 5],
} as const;

/** HU at a voxel: air, an elliptic body of soft tissue, in it a ball of bone whose radius is 12 mm. */
export function huAt(x: number, y: number, z: number): number {
  if (isBone(x, y, z)) return 700;
  return ((x - 15.5) / 14) ** 2 + ((y - 13.5) / 12) ** 2 < 1 ? 40 : -1000;
}

export const isBone = (x: number, y: number, z: number): boolean =>
  Math.hypot(2 * (x - 19), 2 * (y - 12), 3 * (z - 11)) < 12;

/** Writes a CT series of a made-up body, one file a slice, their names in no order. */
export async function writeCtSeries(folder: string, patientName = 'Phantom^One'): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { columns, rows, slices } = made;
  for (let z = 0; z < slices; z++) {
    const pixels = new Uint16Array(rows * columns); // stored: HU + 1024
    for (let i = 0; i < pixels.length; i++) pixels[i] = huAt(i % columns, Math.floor(i / columns), z) + 1024;
    const slice = dataset({
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.2', // CT Image Storage
      SOPInstanceUID: `2.25.1001.${z + 1}`,
      StudyInstanceUID: '2.25.1002',
      SeriesInstanceUID: '2.25.1003',
      FrameOfReferenceUID: '2.25.1004',
      PatientName: patientName,
      PatientID: 'P-001',
      StudyDate: '20240102',
      StudyDescription: `Chest of ${patientName.replace('^', ' ')}`,
      Modality: 'CT',
      SeriesNumber: 3,
      InstanceNumber: z + 1,
      ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
      ImagePositionPatient: [made.originMm[0], made.originMm[1], made.originMm[2] + made.spacingMm[2] * z],
      ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
      PixelSpacing: [made.spacingMm[1], made.spacingMm[0]], // between rows, then between columns
      SliceThickness: made.spacingMm[2],
      Rows: rows,
      Columns: columns,
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
    await writeFile(path.join(folder, `${(z * 7) % slices}.dcm`), writeDicom(slice));
  }
}
