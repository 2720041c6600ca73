import { HounsfieldError } from '../../../../errors.ts';
import { type ByteSource, bytesSource } from '../../byte-source.ts';
import { buildElement, dataset as built, datasetFrom } from '../build-dataset.ts';
import type { DataElement, Dataset, DicomFile, Tag } from '../dataset.ts';
import { readDicom } from '../read-dicom.ts';
import { type RewriteOptions, rewriteDicom, rewriteDicomToBytes } from '../rewrite-dicom.ts';
import { implementationClassUid, implementationVersionName, isUid } from '../uid.ts';
import { blackenPixels, trimmedPixels, withoutOffsets } from './clean-pixels.ts';
import { latin1 } from './clean-text.ts';
import { deidentifyDataset, type LogEntry, patientPseudonym, type Walk } from './deidentify-dataset.ts';
import { inByteOrder } from './dummy-values.ts';
import { identityOf } from './identity.ts';
import { type ChosenOptions, chooseOptions, type ProfileOption } from './profile.ts';
import { tableEdition } from './profile-table.generated.ts';
import { type Pseudonyms, pseudonymsFrom } from './pseudonyms.ts';
import { blackeningFor, type RegionRule } from './region-rules.ts';
import { whySuspect } from './suspect-pixels.ts';

export interface DeidentifierSettings {
  /** Secret, 16 bytes or more; the same key gives the same UIDs, pseudonyms and shifts. */
  readonly key: Uint8Array;
  readonly options?: readonly ProfileOption[];
  /** Images that may show names: refused unless accepted; cleaned where cleanPixelData is chosen and a rule is known. */
  readonly suspectPixels?: 'refuse' | 'accept';
  /** Besides those of known devices. */
  readonly regionRules?: readonly RegionRule[];
}

/** Settings that were checked, with the key made ready. */
export interface Deidentifier {
  readonly options: ChosenOptions;
  readonly suspectPixels: 'refuse' | 'accept';
  readonly regionRules: readonly RegionRule[];
  readonly pseudonyms: Pseudonyms;
}

/** Throws DEID_KEY, DEID_OPTION. */
export async function createDeidentifier(settings: DeidentifierSettings): Promise<Deidentifier> {
  return {
    options: chooseOptions(settings.options ?? []),
    suspectPixels: settings.suspectPixels ?? 'refuse',
    regionRules: settings.regionRules ?? [],
    pseudonyms: await pseudonymsFrom(settings.key),
  };
}

export interface Deidentified {
  /** The new file, to be given to writeDeidentified while the source is open. */
  readonly result: { readonly file: DicomFile; readonly dataset: Dataset; readonly options: RewriteOptions };
  readonly log: readonly LogEntry[];
  /** What somebody should know who passes the file on; without patient data. */
  readonly warnings: readonly string[];
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly instanceUid: string;
}

/**
 * De-identifies one DICOM object by the Basic Application Level Confidentiality Profile (PS3.15 annex E) and the
 * options chosen. What stays keeps its bytes and its transfer syntax. Beyond the table: private elements go unless
 * they are safe and asked for; so do unknown ones, overlays and curves; free text, people's names, titles and URLs
 * that the table does not name are cleaned or replaced; values that their VR does not allow are emptied; words that
 * name the patient are looked for in what stays; pixel data is cut to the length of the image.
 *
 * Throws DEID_DAMAGED, DEID_DICOMDIR, DEID_DOCUMENT, DEID_BURNED_IN, DEID_NO_RULE, DEID_PIXELS_LARGE, and what
 * readDicom and, for blackening, decodeFrame throw.
 */
export async function deidentifyDicom(
  source: Uint8Array | ByteSource,
  deidentifier: Deidentifier,
): Promise<Deidentified> {
  const file = await readDicom(source instanceof Uint8Array ? bytesSource(source) : source);
  checkWhole(file, file.dataset);
  checkKind(file);
  const { pseudonyms, options } = deidentifier;
  const identity = identityOf(file);
  const log: LogEntry[] = [];
  const walk: Walk = {
    ...{ file, options, pseudonyms, log },
    sopClassUid: identity.sopClassUid,
    patient: identity.patient,
    own: identity.words,
    shiftDays: await pseudonyms.shiftDays(identity.patient),
  };
  const warnings: string[] = [];
  const pixels = await cleanPixels(file, deidentifier, warnings);
  let dataset = await deidentifyDataset(file.dataset, walk);
  if (pixels.isReencoded) dataset = withoutOffsets(dataset);
  dataset = withElements(dataset, [...pixels.elements, ...(await statements(walk, pixels.isBlackened))]);
  const instanceUid = uidIn(dataset, 0x00080018) ?? (await uidWithout(file, pseudonyms));
  const { transferSyntaxUid } = pixels;
  const meta = datasetFrom(metaOf(file, instanceUid, transferSyntaxUid));
  return {
    result: { file, dataset, options: { meta, transferSyntaxUid } },
    ...{ log, warnings, instanceUid },
    studyUid: uidIn(dataset, 0x0020000d) ?? (await pseudonyms.uid('no study')),
    seriesUid: uidIn(dataset, 0x0020000e) ?? (await pseudonyms.uid('no series')),
  };
}

/** The new file, piece by piece. Throws FILE_UNREADABLE. */
export const writeDeidentified = ({ result }: Deidentified): AsyncIterable<Uint8Array> =>
  rewriteDicom(result.file, result.dataset, result.options);

/** The new file in memory. Throws FILE_UNREADABLE. */
export const deidentifiedBytes = ({ result }: Deidentified): Promise<Uint8Array> =>
  rewriteDicomToBytes(result.file, result.dataset, result.options);

function checkWhole(file: DicomFile, dataset: Dataset): void {
  for (const element of dataset.elements.values()) {
    const { undefinedLength, items, fragments } = element;
    const isLoose = undefinedLength === true && items === undefined && fragments === undefined;
    if (element.damaged === true || isLoose)
      throw damaged(file, 'it ends early or a sequence in it is broken');
    for (const item of element.items ?? []) checkWhole(file, item);
  }
}

function damaged({ source }: DicomFile, reason: string): HounsfieldError {
  return new HounsfieldError(
    'DEID_DAMAGED',
    `${source.name} is damaged: ${reason}, so that nobody knows what it holds. Copy it again from its source.`,
  );
}

const DICOMDIR = '1.2.840.10008.1.3.10';

function checkKind(file: DicomFile): void {
  if (!isUid(file.transferSyntaxUid)) throw damaged(file, 'its transfer syntax is no UID');
  const inMeta = file.meta.elements.get(0x00020002)?.bytes;
  if ((inMeta !== undefined && trimmed(inMeta) === DICOMDIR) || file.dataset.elements.has(0x00041220))
    throw new HounsfieldError(
      'DEID_DICOMDIR',
      `${file.source.name} is a directory of other files, whose names change. Leave it out, and make a new one of the result.`,
    );
  if (file.dataset.elements.has(0x00420011))
    throw new HounsfieldError(
      'DEID_DOCUMENT',
      `${file.source.name} holds an encapsulated document, which is not looked into. Leave it out, or clean the document and encapsulate it again.`,
    );
}

interface Pixels {
  readonly elements: readonly DataElement[];
  readonly transferSyntaxUid: string;
  readonly isBlackened: boolean;
  readonly isReencoded: boolean;
}

async function cleanPixels(
  file: DicomFile,
  { options, suspectPixels, regionRules }: Deidentifier,
  warnings: string[],
): Promise<Pixels> {
  const suspect = whySuspect(file);
  const asIs = { transferSyntaxUid: file.transferSyntaxUid, isBlackened: false, isReencoded: false };
  if (options.has('cleanPixelData')) {
    const blackening = blackeningFor(file, regionRules);
    if (blackening !== undefined) {
      const cleaned = await blackenPixels(file, blackening);
      warnings.push(
        `Regions of the image were blackened (${blackening.rules.join(', ')}); look at the result.`,
      );
      const burned = buildElement('BurnedInAnnotation', 'NO');
      const isReencoded = cleaned.transferSyntaxUid !== file.transferSyntaxUid;
      return { ...cleaned, elements: [...cleaned.elements, burned], isBlackened: true, isReencoded };
    }
  }
  if (suspect !== undefined && suspectPixels === 'refuse') throw suspectError(file, suspect, options);
  if (suspect !== undefined) warnings.push(`The image may show names: ${suspect}. Look at it.`);
  const trimmedTo = await trimmedPixels(file);
  warnings.push(...(trimmedTo?.warnings ?? []));
  return { ...asIs, elements: trimmedTo === undefined ? [] : [trimmedTo.element] };
}

function suspectError(file: DicomFile, why: string, options: ChosenOptions): HounsfieldError {
  const { name } = file.source;
  return options.has('cleanPixelData')
    ? new HounsfieldError(
        'DEID_NO_RULE',
        `${name} may show names: ${why}, and no region rule knows it. Give a rule for its device, or accept it after a look.`,
      )
    : new HounsfieldError(
        'DEID_BURNED_IN',
        `${name} may show names: ${why}. Clean it by region rules (cleanPixelData), or accept it after a look.`,
      );
}

/** Codes of PS3.16 CID 7050. */
const methods: Readonly<Record<ProfileOption | 'basic', readonly [code: string, meaning: string]>> = {
  basic: ['113100', 'Basic Application Confidentiality Profile'],
  cleanPixelData: ['113101', 'Clean Pixel Data Option'],
  cleanGraphics: ['113103', 'Clean Graphics Option'],
  cleanStructuredContent: ['113104', 'Clean Structured Content Option'],
  cleanDescriptors: ['113105', 'Clean Descriptors Option'],
  retainFullDates: ['113106', 'Retain Longitudinal Temporal Information Full Dates Option'],
  retainModifiedDates: ['113107', 'Retain Longitudinal Temporal Information Modified Dates Option'],
  retainPatientCharacteristics: ['113108', 'Retain Patient Characteristics Option'],
  retainDevice: ['113109', 'Retain Device Identity Option'],
  retainUids: ['113110', 'Retain UIDs Option'],
  retainSafePrivate: ['113111', 'Retain Safe Private Option'],
  retainInstitution: ['113112', 'Retain Institution Identity Option'],
};

/** What PS3.15 E.1.1 wants to be said of the de-identification, and the patient's pseudonym. */
async function statements(walk: Walk, isBlackened: boolean): Promise<readonly DataElement[]> {
  const { options, file } = walk;
  const used = [...options].filter((option) => option !== 'cleanPixelData' || isBlackened);
  const rows = [methods.basic, ...used.map((option) => methods[option])];
  const dates = options.has('retainFullDates')
    ? 'UNMODIFIED'
    : options.has('retainModifiedDates')
      ? 'MODIFIED'
      : 'REMOVED';
  const items = rows.map(([code, meaning]) =>
    built({ CodeValue: code, CodingSchemeDesignator: 'DCM', CodeMeaning: meaning }),
  );
  const inOrder = items.map((item) => inByteOrder(item, file.dataset.littleEndian));
  const isOfPatient = [0x00100010, 0x00100020].some((tag) => file.dataset.elements.has(tag));
  const pseudonym = await patientPseudonym(walk);
  return [
    ...(isOfPatient ? [buildElement('PatientName', pseudonym), buildElement('PatientID', pseudonym)] : []),
    buildElement('PatientIdentityRemoved', 'YES'),
    buildElement('DeidentificationMethod', [tableEdition, ...rows.map(([, meaning]) => meaning)]),
    { tag: 0x00120064, vr: 'SQ', items: inOrder },
    buildElement('LongitudinalTemporalInformationModified', dates),
  ];
}

/** The data set with elements put in their places. */
function withElements(dataset: Dataset, added: readonly DataElement[]): Dataset {
  const turned = added.map((element) =>
    element.tag === 0x7fe00010 || element.items !== undefined ? element : inOrderOf(element, dataset),
  );
  const elements = new Map<Tag, DataElement>(dataset.elements);
  for (const element of turned) elements.set(element.tag, element);
  return { ...dataset, elements: new Map([...elements].sort(([a], [b]) => a - b)) };
}

function inOrderOf(element: DataElement, { littleEndian, characterSets }: Dataset): DataElement {
  const alone = { elements: new Map([[element.tag, element]]), littleEndian: true, characterSets };
  return inByteOrder(alone, littleEndian).elements.get(element.tag)!;
}

const kept: readonly Tag[] = [0x00020001, 0x00020002];

/** The meta group anew: nothing of who sent or wrote the file stays. */
function metaOf(file: DicomFile, instanceUid: string, transferSyntaxUid: string): readonly DataElement[] {
  const elements = kept.flatMap((tag) => file.meta.elements.get(tag) ?? []);
  const sopClass = file.dataset.elements.get(0x00080016)?.bytes;
  const has = new Set(elements.map(({ tag }) => tag));
  if (!has.has(0x00020001)) elements.push(buildElement('FileMetaInformationVersion', Uint8Array.of(0, 1)));
  if (!has.has(0x00020002) && sopClass !== undefined)
    elements.push(buildElement('MediaStorageSOPClassUID', trimmed(sopClass)));
  return [
    ...elements.map(({ tag, vr, bytes }) => ({ tag, vr, bytes: cleanMeta(tag, bytes ?? new Uint8Array(0)) })),
    buildElement('MediaStorageSOPInstanceUID', instanceUid),
    buildElement('TransferSyntaxUID', transferSyntaxUid),
    buildElement('ImplementationClassUID', implementationClassUid),
    buildElement('ImplementationVersionName', implementationVersionName),
  ];
}

/** Nothing but a version of two bytes and a UID goes into the new meta group. */
function cleanMeta(tag: Tag, bytes: Uint8Array): Uint8Array {
  if (tag === 0x00020001) return Uint8Array.of(0, 1);
  const uid = trimmed(bytes);
  return buildElement(tag, isUid(uid) ? uid : '').bytes!;
}

const trimmed = (bytes: Uint8Array): string => latin1(bytes).replace(/^[ \0]+|[ \0]+$/g, '');

function uidIn(dataset: Dataset, tag: Tag): string | undefined {
  const bytes = dataset.elements.get(tag)?.bytes;
  const uid = bytes === undefined ? '' : trimmed(bytes);
  return isUid(uid) ? uid : undefined;
}

/** For a data set without SOP Instance UID: by the meta group's, or by the file's bytes. */
async function uidWithout(file: DicomFile, pseudonyms: Pseudonyms): Promise<string> {
  const stored = uidIn(file.meta, 0x00020003);
  return pseudonyms.uid(stored ?? `file ${await digestOf(file)}`);
}

async function digestOf(file: DicomFile): Promise<string> {
  const bytes = await file.source.read(0, Math.min(file.source.size, 2 ** 20));
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', Uint8Array.from(bytes)));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
