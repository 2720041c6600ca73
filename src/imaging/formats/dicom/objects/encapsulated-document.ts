import { HounsfieldError } from '../../../../errors.ts';
import type { CodedConcept } from '../../../image/medical-image.ts';
import { type BuildRecord, dataset } from '../build-dataset.ts';
import type { Dataset, DicomFile } from '../dataset.ts';
import { bytesOf } from '../pixels/lookup-table.ts';
import { number, text } from '../values.ts';
import { writeDicom } from '../write-dicom.ts';
import { codeIn, codeItem } from './codes.ts';
import { type DerivedObjectOptions, derivedObject } from './derived-object.ts';
import { present } from './present.ts';

/** A document inside a DICOM object: PDF, CDA, STL, OBJ or MTL. */
export interface EncapsulatedDocument {
  readonly bytes: Uint8Array;
  /** application/pdf, text/XML, model/stl … */
  readonly mimeType: string;
  readonly title: string;
  readonly concept?: CodedConcept;
}

/** Takes the document out of an object (PS3.3 C.24). Throws DOCUMENT_MISSING. */
export async function readEncapsulatedDocument(file: DicomFile): Promise<EncapsulatedDocument> {
  const bytes = await bytesOf(file, file.dataset, 'EncapsulatedDocument');
  if (bytes === undefined) {
    throw new HounsfieldError(
      'DOCUMENT_MISSING',
      'the object holds no encapsulated document. It is another kind of object, or was cut.',
    );
  }
  const length = number(file.dataset, 'EncapsulatedDocumentLength');
  const whole = length !== undefined && length > 0 && length <= bytes.length ? length : bytes.length;
  return {
    bytes: bytes.subarray(0, whole),
    mimeType: text(file.dataset, 'MIMETypeOfEncapsulatedDocument') ?? '',
    title: text(file.dataset, 'DocumentTitle') ?? '',
    ...present({ concept: codeIn(file.dataset, 'ConceptNameCodeSequence') }),
  };
}

export interface WriteEncapsulatedPdfOptions extends DerivedObjectOptions {
  readonly title: string;
  /** What kind of document it is, for example 18748-4, LN, Diagnostic imaging report. */
  readonly concept?: CodedConcept;
  /** Whether the pages show text that identifies the patient. There is no default. */
  readonly burnedInAnnotation: 'YES' | 'NO';
}

const ENCAPSULATED_PDF = '1.2.840.10008.5.1.4.1.1.104.1';

/**
 * Writes a PDF as a new Encapsulated PDF in the source's study (PS3.3 A.45.1). Throws DERIVED_SOURCE, DERIVED_OPTIONS,
 * DOCUMENT_NOT_PDF.
 *
 * @param sources headers of what the document tells of, at least one
 */
export function writeEncapsulatedPdf(
  pdf: Uint8Array,
  sources: readonly Dataset[],
  options: WriteEncapsulatedPdfOptions,
): Uint8Array {
  const first = sources[0];
  if (first === undefined) {
    throw new HounsfieldError('DERIVED_SOURCE', 'a document needs the header of at least one source object.');
  }
  const head = String.fromCharCode(...pdf.subarray(0, 5));
  if (head !== '%PDF-') {
    throw new HounsfieldError(
      'DOCUMENT_NOT_PDF',
      `the ${pdf.length} bytes given do not begin as a PDF does. Pass a PDF.`,
    );
  }
  const { record, identity } = derivedObject(
    first,
    { sopClassUid: ENCAPSULATED_PDF, modality: 'DOC' },
    options,
  );
  const whole: BuildRecord = {
    ...record,
    ConversionType: 'WSD',
    Laterality: null,
    ContentDate: identity.date,
    ContentTime: identity.time,
    AcquisitionDateTime: null,
    BurnedInAnnotation: options.burnedInAnnotation,
    SourceInstanceSequence: sources.map((data) => ({
      ReferencedSOPClassUID: text(data, 'SOPClassUID') ?? null,
      ReferencedSOPInstanceUID: text(data, 'SOPInstanceUID') ?? null,
    })),
    DocumentTitle: options.title,
    ConceptNameCodeSequence: options.concept ? [codeItem(options.concept)] : [],
    MIMETypeOfEncapsulatedDocument: 'application/pdf',
    EncapsulatedDocument: pdf,
    EncapsulatedDocumentLength: pdf.length,
  };
  return writeDicom(dataset(whole));
}
