import { HounsfieldError } from '../../errors.ts';
import { writeSecondaryCapture } from '../../imaging/formats/dicom/objects/secondary-capture.ts';
import { writeSegmentation } from '../../imaging/formats/dicom/objects/write-segmentation.ts';
import { writeStructureSet } from '../../imaging/formats/dicom/objects/write-structure-set.ts';
import { readSourceHeaders } from '../../imaging/formats/dicom/series/source-headers.node.ts';
import { isLabelMap, type LabelMap, type MedicalImage } from '../../imaging/image/medical-image.ts';

/** Kinds of object that a mask or a picture is written as. */
export const DICOM_OBJECTS = ['segmentation', 'label-map', 'structure-set', 'capture'] as const;

export interface DicomObjectOptions {
  /** Default: a segmentation for labels, a secondary capture for a picture. */
  readonly object?: (typeof DICOM_OBJECTS)[number];
  /** How the labels were made; there is no default. */
  readonly madeBy?: 'manual' | 'semiautomatic' | 'automatic';
  /** Whether a picture shows text that names the patient; there is no default. */
  readonly burnedIn?: 'yes' | 'no';
  readonly onWarning?: (sentence: string) => void;
}

const TISSUE = { value: '85756007', scheme: 'SCT', meaning: 'Tissue' } as const;

/**
 * A mask as a segmentation or structure set, or a picture as a secondary capture, of the patient and study of a source
 * series. Labels without codes are called Tissue, which is told. Throws DERIVED_OPTIONS, CONVERT_KIND, DICOM_NO_SERIES,
 * DICOM_SERIES_SEVERAL and what the writers throw.
 *
 * @param reference file or folder of the source series
 */
export async function dicomObject(
  image: MedicalImage,
  reference: string | undefined,
  options: DicomObjectOptions,
): Promise<Uint8Array> {
  if (reference === undefined) throw missing('the series that it belongs to (--reference)');
  const sources = await readSourceHeaders(reference);
  const kind = options.object ?? (isLabelMap(image) ? 'segmentation' : 'capture');
  if (kind === 'capture') {
    if (options.burnedIn === undefined) {
      throw missing('whether the picture shows text that names the patient (--burned-in yes or no)');
    }
    const burnedInAnnotation = options.burnedIn === 'yes' ? 'YES' : 'NO';
    return writeSecondaryCapture(image, sources, { burnedInAnnotation });
  }
  if (!isLabelMap(image)) {
    const message = `a ${kind} holds labels, and the values given are none. Pass --labels if they are, or choose capture.`;
    throw new HounsfieldError('CONVERT_KIND', message);
  }
  if (options.madeBy === undefined) {
    throw missing('how the labels were made (--made-by manual, semiautomatic or automatic)');
  }
  const type = options.madeBy.toUpperCase() as 'MANUAL' | 'SEMIAUTOMATIC' | 'AUTOMATIC'; // its three words
  if (kind === 'structure-set') return writeStructureSet(image, sources, { label: 'MASK', generation: type });
  return writeSegmentation(coded(image, options), sources, {
    algorithm: type === 'MANUAL' ? { type } : { type, name: 'not stated' },
    kind: kind === 'label-map' ? 'LABELMAP' : 'BINARY',
  });
}

function missing(what: string): HounsfieldError {
  return new HounsfieldError(
    'DERIVED_OPTIONS',
    `a DICOM object must say ${what}, which cannot be guessed. Give it.`,
  );
}

function coded(map: LabelMap, { onWarning }: DicomObjectOptions): LabelMap {
  const bare = map.labels.filter(({ category, type }) => !category || !type).length;
  if (bare === 0) return map;
  onWarning?.(
    `${bare} of ${map.labels.length} labels have no codes and are written as Tissue (85756007, SCT); the names stay.`,
  );
  const labels = map.labels.map((label) => ({
    ...label,
    category: label.category ?? TISSUE,
    type: label.type ?? TISSUE,
  }));
  return { ...map, labels };
}
