import { expect, test } from 'vitest';
import { geometryFrom } from '../../geometry/geometry.ts';
import { labelMap } from '../../image/medical-image.ts';
import { dataset } from './build-dataset.ts';
import type { DicomFile } from './dataset.ts';
import { openDicom } from './dicom-format.ts';
import { tagOf } from './dictionary.ts';
import { writeSegmentation } from './objects/write-segmentation.ts';
import { writeStructureSet } from './objects/write-structure-set.ts';
import { readDicomBytes } from './read-dicom.ts';
import { changeElements, changeItems } from './rewrite-dicom.ts';
import { element } from './values.ts';

const code = (value: string, meaning: string) => ({ value, scheme: 'SCT', meaning });
const [category, type] = [code('91723000', 'Anatomical structure'), code('10200004', 'Liver')];
const geometry = geometryFrom({ spacingMm: [1, 1, 2], frameOfReferenceUid: '2.25.4' });
const sources = [0, 1, 2].map((slice) =>
  dataset({
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
    SOPInstanceUID: `2.25.1${slice}`,
    StudyInstanceUID: '2.25.2',
    SeriesInstanceUID: '2.25.3',
    FrameOfReferenceUID: '2.25.4',
    Modality: 'CT',
    ImagePositionPatient: [0, 0, 2 * slice],
    ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
    PixelSpacing: [1, 1],
    SliceThickness: 2,
    Rows: 8,
    Columns: 8,
  }),
);
const pixels = Uint8Array.from({ length: 192 }, (_, i) => (i % 8 > 5 ? 2 : i % 8 > 2 ? 1 : 0));
const map = labelMap(
  pixels,
  { depth: 3, height: 8, width: 8 },
  [1, 2].map((value) => ({ value, name: `part ${value}`, category, type })),
  { geometry },
);

/** A written object with a sequence's items changed. */
function changed(
  bytes: Uint8Array,
  keyword: string,
  change: (file: DicomFile) => readonly DicomFile['dataset'][],
) {
  const file = readDicomBytes(bytes);
  const sequence = changeItems(element(file.dataset, keyword)!, change(file));
  return { ...file, dataset: changeElements(file.dataset, [[tagOf(keyword)!, sequence]]) };
}

async function warningsOf(file: DicomFile): Promise<readonly string[]> {
  const warnings: string[] = [];
  await openDicom(file, { reference: map, onWarning: (sentence) => warnings.push(sentence) });
  return warnings;
}

test('what a segmentation lacks is told', async () => {
  const bytes = writeSegmentation(map, sources, { algorithm: { type: 'MANUAL' } });
  expect(await warningsOf(readDicomBytes(bytes))).toEqual([]);
  const odd = changed(bytes, 'SegmentSequence', ({ dataset: data }) =>
    element(data, 'SegmentSequence')!.items!.slice(0, 1),
  );
  expect(await warningsOf(odd)).toEqual([expect.stringMatching(/^3 frames belong to no segment/)]);
});

test('what a structure set states wrongly is told', async () => {
  const bytes = writeStructureSet(map, sources, { label: 'A', generation: 'MANUAL' });
  expect(await warningsOf(readDicomBytes(bytes))).toEqual([]);
  const odd = changed(bytes, 'ROIContourSequence', ({ dataset: data }) =>
    element(data, 'ROIContourSequence')!.items!.map((roi) => {
      const contours = element(roi, 'ContourSequence')!;
      const stated = dataset({ NumberOfContourPoints: 99 }).elements.get(tagOf('NumberOfContourPoints')!)!;
      const items = contours.items!.map((one) => changeElements(one, [[stated.tag, stated]]));
      return changeElements(roi, [[contours.tag, changeItems(contours, items)]]);
    }),
  );
  const warnings = await warningsOf(odd);
  expect(warnings.length).toBeGreaterThan(0);
  expect(warnings[0]).toMatch(/states 99/);
});
