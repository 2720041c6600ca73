import { isHounsfieldError } from '../../src/errors.ts';
import type { DicomFile } from '../../src/imaging/formats/dicom/dataset.ts';
import { readContentTree } from '../../src/imaging/formats/dicom/objects/content-tree.ts';
import { readEncapsulatedDocument } from '../../src/imaging/formats/dicom/objects/encapsulated-document.ts';
import { readMeasurementReport } from '../../src/imaging/formats/dicom/objects/measurement-report.ts';
import { readPresentationState } from '../../src/imaging/formats/dicom/objects/presentation-state.ts';
import { readParametricMap } from '../../src/imaging/formats/dicom/objects/read-parametric-map.ts';
import { readSegmentation } from '../../src/imaging/formats/dicom/objects/read-segmentation.ts';
import { readStructureSet } from '../../src/imaging/formats/dicom/objects/read-structure-set.ts';
import { readWaveform } from '../../src/imaging/formats/dicom/objects/waveform.ts';

const readers: readonly ((file: DicomFile) => unknown)[] = [
  (file) => readSegmentation(file, { maxVoxels: 2 ** 24 }),
  (file) => readParametricMap(file, { maxVoxels: 2 ** 24 }),
  ({ dataset }) => readStructureSet(dataset),
  ({ dataset }) => readContentTree(dataset),
  ({ dataset }) => readMeasurementReport(dataset),
  (file) => readPresentationState(file),
  (file) => readWaveform(file),
  (file) => readEncapsulatedDocument(file),
];

/** Gives a file to the reader of every kind of derived object: one reads it, or the last refusal is thrown. */
export async function readDicomObject(file: DicomFile): Promise<number> {
  let read = 0;
  let refusal: unknown;
  for (const reader of readers) {
    try {
      await reader(file);
      read++;
    } catch (error) {
      if (!isHounsfieldError(error)) throw error;
      refusal ??= error;
    }
  }
  if (read === 0) throw refusal;
  return read;
}
