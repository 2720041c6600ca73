import { isHounsfieldError } from '../../src/errors.ts';
import type { Dataset, DicomFile } from '../../src/imaging/formats/dicom/dataset.ts';
import { readValue } from '../../src/imaging/formats/dicom/read-dicom.ts';
import { texts } from '../../src/imaging/formats/dicom/values.ts';

/** Reads every value of a file as text, the long ones from the file; a value that is refused counts as none. */
export async function visitValues(file: DicomFile): Promise<number> {
  let read = 0;
  const visit = async (dataset: Dataset): Promise<void> => {
    for (const element of dataset.elements.values()) {
      for (const item of element.items ?? []) await visit(item);
      if (element.deferred !== undefined) read += (await readValue(file, element)).length;
      if (element.bytes === undefined || element.bytes.length > 4096) continue;
      try {
        read += texts(dataset, element.tag).length;
      } catch (error) {
        if (!isHounsfieldError(error)) throw error;
      }
    }
  };
  await visit(file.meta);
  await visit(file.dataset);
  return read;
}
