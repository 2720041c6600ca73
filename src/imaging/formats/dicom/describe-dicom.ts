import { isHounsfieldError } from '../../../errors.ts';
import { gridFacts } from '../describe-image.ts';
import type { FileDescription } from '../file-format.ts';
import type { DataElement, Dataset, DicomFile } from './dataset.ts';
import { type DirectoryRecord, isDirectory, readDirectory } from './dicomdir.ts';
import { contentText } from './objects/content-text.ts';
import { readContentTree } from './objects/content-tree.ts';
import { readMeasurementReport } from './objects/measurement-report.ts';
import { readSegments } from './objects/segment-table.ts';
import { imagePixel } from './pixels/image-pixel.ts';
import { optionalNumber, optionalText } from './pixels/optional-values.ts';
import { windowOf } from './pixels/voi.ts';
import { instanceFacts } from './series/slice-facts.ts';
import { sidesOf, stackSlices } from './series/stack-geometry.ts';
import { splitIntoGroups } from './series/stack-split.ts';
import { pixelWarnings } from './series/warning-tally.ts';
import { uidName } from './uid-names.ts';
import { has, sequence } from './values.ts';

type Fact = readonly [name: string, value: string];

/** Attributes that may name the patient, the staff or the place (PS3.15 annex E has the whole list). */
const IDENTITY = [
  ['patient', 'PatientName'],
  ['patient ID', 'PatientID'],
  ['birth date', 'PatientBirthDate'],
  ['sex', 'PatientSex'],
  ['age', 'PatientAge'],
  ['study date', 'StudyDate'],
  ['study', 'StudyDescription'],
  ['series', 'SeriesDescription'],
  ['accession number', 'AccessionNumber'],
  ['institution', 'InstitutionName'],
  ['referring physician', 'ReferringPhysicianName'],
  ['study UID', 'StudyInstanceUID'],
  ['series UID', 'SeriesInstanceUID'],
  ['instance UID', 'SOPInstanceUID'],
] as const;

/** What a DICOM object says of itself, from its header alone. */
export function describeDicom(
  file: DicomFile,
  options: { readonly identity?: boolean } = {},
): FileDescription {
  const { dataset } = file;
  const uid =
    optionalText(dataset, 'SOPClassUID') ?? optionalText(file.meta, 'MediaStorageSOPClassUID') ?? '';
  const isImage = has(dataset, 'Rows');
  const isSegmentation = has(dataset, 'SegmentSequence');
  const present = (name: string, keyword: string): Fact[] => {
    const value = optionalText(dataset, keyword);
    return value ? [[name, value]] : [];
  };
  const facts: Fact[] = [
    ['object', uidName(uid) ?? (uid === '' ? 'not stated' : 'of a private or unknown kind')],
    ['transfer syntax', uidName(file.transferSyntaxUid) ?? file.transferSyntaxUid],
    ...present('modality', 'Modality'),
    ...(isImage ? imageFacts(file) : []),
    ...(isSegmentation ? segmentFacts(dataset) : []),
    ...structureFacts(dataset),
    ...(isDirectory(file) ? directoryFacts(file) : []),
    ...reportFacts(dataset),
    ...(has(dataset, 'WaveformSequence')
      ? [['recordings', String(sequence(dataset, 'WaveformSequence').length)] as const]
      : []),
    ...present('manufacturer', 'Manufacturer'),
    ...present('model', 'ManufacturerModelName'),
    ...present('burned-in annotation', 'BurnedInAnnotation'),
    ...present('identity removed', 'PatientIdentityRemoved'),
    ['elements', countText(dataset)],
  ];
  const identity = options.identity === true ? identityFacts(dataset) : [];
  const kind = isSegmentation
    ? 'labels'
    : isImage
      ? 'image'
      : has(dataset, 'WaveformSequence')
        ? 'signal'
        : 'document';
  const warnings = [...file.warnings, ...(isImage ? warningsOfPixels(file) : [])];
  return { format: 'DICOM', kind, facts, identity, warnings };
}

/** What cannot be read at all is among the facts. */
function warningsOfPixels(file: DicomFile): readonly string[] {
  try {
    return pixelWarnings(file).map((sentence) => `${sentence}.`);
  } catch (error) {
    if (isHounsfieldError(error)) return [];
    throw error;
  }
}

function imageFacts(file: DicomFile): Fact[] {
  const facts: Fact[] = [];
  try {
    const image = imagePixel(file);
    facts.push(...placeFacts(file, image.samples));
    if (image.frames > 1) facts.push(['frames', String(image.frames)]);
    const sign = image.kind === 'integer' ? (image.signed ? ', signed' : ', unsigned') : `, ${image.kind}`;
    facts.push(['values', `${image.photometric}, ${image.bitsStored} of ${image.bitsAllocated} bits${sign}`]);
  } catch (error) {
    if (!isHounsfieldError(error)) throw error;
    facts.push(['problem', error.message]);
  }
  const window = windowOf(file);
  if (window) facts.push(['window', `centre ${window.center}, width ${window.width}`]);
  const slope = optionalNumber(file.dataset, 'RescaleSlope');
  const intercept = optionalNumber(file.dataset, 'RescaleIntercept');
  if (slope !== undefined && intercept !== undefined) {
    facts.push(['rescale', `× ${slope} ${intercept < 0 ? '−' : '+'} ${Math.abs(intercept)}`]);
  }
  return facts;
}

function placeFacts(file: DicomFile, channels: number): readonly Fact[] {
  const { slices } = instanceFacts(file);
  const first = slices[0];
  if (!first) return [];
  const shape = { width: first.columns, height: first.rows, depth: 1, channels, timePoints: 1 };
  try {
    const [group, ...others] = splitIntoGroups(slices);
    if (group && others.length === 0) {
      const stack = stackSlices(group);
      const timePoints = stack.slices.length;
      return gridFacts({ ...shape, ...sidesOf(stack), timePoints }, { geometry: stack.geometry });
    }
    return [...gridFacts(shape, {}).slice(0, -1), ['stacks', String(others.length + 1)]];
  } catch (error) {
    if (!isHounsfieldError(error)) throw error;
    const place =
      error.code === 'DICOM_GEOMETRY_MISSING'
        ? (['place', 'not stated'] as const)
        : (['problem', error.message] as const);
    return [...gridFacts(shape, {}).slice(0, -1), place];
  }
}

function segmentFacts(dataset: Dataset): Fact[] {
  try {
    const segments = readSegments(dataset);
    const kind = optionalText(dataset, 'SegmentationType') ?? 'of no stated kind';
    return [['segments', `${segments.length}, ${kind}`]];
  } catch (error) {
    if (!isHounsfieldError(error)) throw error;
    return [['problem', error.message]];
  }
}

function structureFacts(dataset: Dataset): Fact[] {
  const regions = sequence(dataset, 'StructureSetROISequence').length;
  return regions > 0 ? [['regions', String(regions)]] : [];
}

/** How many records of each kind a DICOMDIR has; what they say of patients stays where it is. */
function directoryFacts(file: DicomFile): Fact[] {
  const counts = new Map<string, number>();
  const count = (records: readonly DirectoryRecord[]): void => {
    for (const { type, children } of records) {
      counts.set(type, (counts.get(type) ?? 0) + 1);
      count(children);
    }
  };
  try {
    count(readDirectory(file).records);
    return [['records', [...counts].map(([type, n]) => `${n} ${type}`).join(', ')]];
  } catch (error) {
    if (isHounsfieldError(error)) return [['problem', error.message]];
    throw error;
  }
}

/** A report's title by its code and how many measurements it holds: values and names are told on request alone. */
function reportFacts(dataset: Dataset): Fact[] {
  if (!has(dataset, 'ContentSequence')) return [];
  try {
    const { title, groups } = readMeasurementReport(dataset);
    const measurements = groups.reduce((sum, group) => sum + group.measurements.length, 0);
    return [
      ...(title ? [['report', title.meaning] as const] : []),
      ['measurements', `${measurements} in ${groups.length} ${groups.length === 1 ? 'group' : 'groups'}`],
    ];
  } catch (error) {
    if (isHounsfieldError(error)) return [['problem', error.message]];
    throw error;
  }
}

function countText(dataset: Dataset): string {
  let count = 0;
  let own = 0;
  const walk = (elements: Iterable<DataElement>): void => {
    for (const { tag, items } of elements) {
      count++;
      if ((tag >>> 16) % 2 === 1) own++;
      for (const item of items ?? []) walk(item.elements.values());
    }
  };
  walk(dataset.elements.values());
  return `${count}, ${own} of them private`;
}

function identityFacts(dataset: Dataset): Fact[] {
  const facts: Fact[] = IDENTITY.flatMap(([name, keyword]) => {
    const value = optionalText(dataset, keyword);
    return value ? [[name, value] as const] : [];
  });
  if (!has(dataset, 'ContentSequence')) return facts;
  try {
    return [...facts, ['content', contentText(readContentTree(dataset))]];
  } catch (error) {
    if (isHounsfieldError(error)) return [...facts, ['content', error.message]];
    throw error;
  }
}
