import type { DicomFile } from '../dataset.ts';
import { text, texts } from '../values.ts';

const secondaryCapture = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.7(\.[1-4])?$/;
/** Modalities whose devices are known to write names into their images. */
const writing = new Set(['US', 'IVUS', 'XA', 'RF', 'ES', 'XC', 'GM', 'OT', 'SC', 'DOC', 'OPT', 'EPS']);
/** Values of Image Type: pages of text, and photographs of slides with their labels. */
const pages = /SCREEN|DOSE|REPORT|^LABEL$|^OVERVIEW$|LOCALIZER_TEXT/;

/** Why an image may show a name; undefined where nothing speaks for it. */
export function whySuspect(file: DicomFile): string | undefined {
  const { dataset } = file;
  const has = [0x7fe00010, 0x7fe00008, 0x7fe00009].some((tag) => dataset.elements.has(tag));
  if (!has) return undefined;
  const burned = safely(() => text(dataset, 'BurnedInAnnotation')?.toUpperCase());
  if (burned === 'YES') return 'Burned In Annotation is YES';
  const sopClass = safely(() => text(dataset, 'SOPClassUID')) ?? '';
  if (secondaryCapture.test(sopClass)) return 'it is a secondary capture';
  if (safely(() => texts(dataset, 'ImageType'))?.some((value) => pages.test(value.toUpperCase())))
    return 'its Image Type is one of pages of text or of labels';
  if (burned === 'NO') return undefined;
  const modality = safely(() => text(dataset, 'Modality')?.toUpperCase()) ?? '';
  return writing.has(modality) ? `its modality is ${modality} and Burned In Annotation is not NO` : undefined;
}

function safely<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined; // what cannot be read says nothing
  }
}
