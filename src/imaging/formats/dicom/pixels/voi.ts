import type { DicomFile } from '../dataset.ts';
import { frameAttributes } from './frame-attributes.ts';
import { imagePixel } from './image-pixel.ts';
import { type LookupTable, lookupTable } from './lookup-table.ts';
import type { VoiWindow } from './voi-window.ts';

/** The windows that a file gives for a frame (0 the first). */
export function windowsOf(file: DicomFile, frame = 0): readonly VoiWindow[] {
  return frameAttributes(file, frame).windows;
}

/** The first window that a file gives for a frame; undefined when it gives none. */
export function windowOf(file: DicomFile, frame = 0): VoiWindow | undefined {
  return windowsOf(file, frame)[0];
}

/** VOI lookup tables of a frame, in the file's order (PS3.3 C.11.2.1.1). Throws DICOM_LOOKUP_TABLE. */
export async function voiLutsOf(file: DicomFile, frame = 0): Promise<readonly LookupTable[]> {
  const { voiLuts, rescale } = frameAttributes(file, frame);
  const signed = imagePixel(file).signed || (rescale !== undefined && rescale.intercept < 0);
  const tables: LookupTable[] = [];
  for (const item of voiLuts) tables.push(await lookupTable(file, item, signed));
  return tables;
}
