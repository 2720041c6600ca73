import { buildElement } from '../build-dataset.ts';
import { decodeText, valueDelimiters } from '../character-sets.ts';
import type { DataElement, Dataset, DicomFile, Tag, Vr } from '../dataset.ts';
import { dictionaryEntry, formatTag, isPrivate, isPrivateCreator, keywordOf } from '../dictionary.ts';
import { readValue } from '../read-dicom.ts';
import { isBulk, isString, usesCharacterSet } from '../value-representation.ts';
import { bytesOfText, cleanText, type IdentifyingWords, latin1, wordsFound } from './clean-text.ts';
import { dummyElement, dummyText, emptyElement, inByteOrder } from './dummy-values.ts';
import { hasFittingNumbers, isWellFormed } from './malformed.ts';
import { type Action, actionFor, type ChosenOptions, type TableRow, tableRow } from './profile.ts';
import type { Pseudonyms } from './pseudonyms.ts';
import { safePrivateKind } from './safe-private.ts';
import { shiftDate } from './shift-dates.ts';
import { isPlainWord } from './vocabulary.ts';

/** What was done to one attribute. No value ever stands here. */
export interface LogEntry {
  /** Such as (0040,0275)[1].(0040,0007). */
  readonly path: string;
  /** '' for private and unknown attributes. */
  readonly keyword: string;
  readonly action: Action;
  readonly done: Done;
  readonly why: Reason;
}

export type Done =
  | 'removed'
  | 'emptied'
  | 'dummy'
  | 'pseudonym'
  | 'new UID'
  | 'shifted'
  | 'cleaned'
  | 'items'
  | 'kept';

/** table: a row of E.1-1. The others go beyond it, see docs of deidentifyDicom. */
export type Reason =
  | 'table'
  | 'private'
  | 'safe private'
  | 'unknown'
  | 'free text'
  | 'date'
  | 'UID'
  | 'identifying word'
  | 'malformed'
  | 'clean content';

export interface Walk {
  readonly file: DicomFile;
  readonly options: ChosenOptions;
  readonly pseudonyms: Pseudonyms;
  readonly sopClassUid: string;
  /** Who the patient is, as pseudonyms are made of it. */
  readonly patient: string;
  readonly shiftDays: number;
  readonly own: IdentifyingWords;
  readonly log: LogEntry[];
}

/** Where the walk stands. */
interface Here {
  readonly path: string;
  readonly parent: Tag | undefined;
  /** Inside of a sequence whose texts are to be cleaned. */
  readonly cleaning: boolean;
  readonly dataset: Dataset;
}

/**
 * A data set without what identifies: elements that stay as they were are the same objects, so that their bytes can
 * be copied. Throws what reading the file throws.
 */
export const deidentifyDataset = (dataset: Dataset, walk: Walk): Promise<Dataset> =>
  walkDataset(dataset, walk, { path: '', parent: undefined, cleaning: false });

async function walkDataset(dataset: Dataset, walk: Walk, here: Omit<Here, 'dataset'>): Promise<Dataset> {
  const elements = new Map<Tag, DataElement>();
  for (const element of dataset.elements.values()) {
    if (isPrivateCreator(element.tag)) continue; // follows its first element, where one stays
    const at = { ...here, path: here.path + formatTag(element.tag), dataset };
    const kept = await treat(element, walk, at);
    if (kept === undefined) continue;
    if (isPrivate(kept.tag)) keepCreator(dataset, elements, kept.tag);
    elements.set(kept.tag, kept);
  }
  const ascending = new Map([...elements].sort(([a], [b]) => a - b));
  return { ...dataset, elements: ascending };
}

const creatorTag = (tag: Tag): Tag => ((tag & 0xffff0000) | ((tag >>> 8) & 0xff)) >>> 0;

function keepCreator(dataset: Dataset, elements: Map<Tag, DataElement>, tag: Tag): void {
  const creator = dataset.elements.get(creatorTag(tag));
  if (creator !== undefined) elements.set(creator.tag, creator);
}

type Treated = Promise<DataElement | undefined>;

function treat(element: DataElement, walk: Walk, here: Here): Treated {
  if (isPrivate(element.tag)) return treatPrivate(element, walk, here);
  const row = tableRow(element.tag);
  if (row !== undefined) return treatByTable(element, row, walk, here);
  const isKnown = dictionaryEntry(element.tag) !== undefined && element.tag >= FIRST_OF_DATASET;
  if (!isKnown || element.vr === 'UN') return remove(element, walk, here, 'unknown');
  return treatOther(element, walk, here);
}

/** Groups below are those of messages, of the meta group and of directories. */
const FIRST_OF_DATASET = 0x00080000;

function note(
  element: DataElement,
  walk: Walk,
  here: Here,
  [action, done, why]: readonly [Action, Done, Reason],
): void {
  walk.log.push({ path: here.path, keyword: keywordOf(element.tag) ?? '', action, done, why });
}

async function remove(element: DataElement, walk: Walk, here: Here, why: Reason): Treated {
  note(element, walk, here, ['X', 'removed', why]);
  return undefined;
}

async function emptied(element: DataElement, walk: Walk, here: Here, why: Reason): Treated {
  note(element, walk, here, ['Z', 'emptied', why]);
  return emptyElement(element.tag, element.vr);
}

async function treatPrivate(element: DataElement, walk: Walk, here: Here): Treated {
  const creator = here.dataset.elements.get(creatorTag(element.tag))?.bytes;
  const name = creator === undefined ? undefined : latin1(creator).replace(/[ \0]+$/, '');
  const kind = walk.options.has('retainSafePrivate') ? safePrivateKind(element.tag, name) : undefined;
  const isSequence = element.items !== undefined;
  if (kind === undefined || (kind === 'SQ') !== isSequence) return remove(element, walk, here, 'private');
  if (isSequence) return treatItems(element, walk, here, ['C', 'items', 'safe private']);
  if (kind === 'UI' || element.vr === 'UI') return newUids(element, walk, here, 'safe private');
  if (['DA', 'DT', 'PN', 'AE'].includes(element.vr)) return remove(element, walk, here, 'private');
  if (!(await isClear(element, walk, here.dataset))) return remove(element, walk, here, 'identifying word');
  note(element, walk, here, ['K', 'kept', 'safe private']);
  return element;
}

async function treatByTable(element: DataElement, row: TableRow, walk: Walk, here: Here): Treated {
  const { tag, vr } = element;
  const place = { sopClassUid: walk.sopClassUid, parent: here.parent };
  const action = actionFor(tag, row, walk.options, place);
  if (action === 'C') return clean(element, row, walk, here);
  return apply(element, action, walk, here, vr);
}

/** Carries an action out that is none of cleaning. */
async function apply(element: DataElement, action: Action, walk: Walk, here: Here, vr: Vr): Treated {
  const { tag } = element;
  if (action === 'X') return remove(element, walk, here, 'table');
  if (element.items !== undefined && (action === 'K' || action === 'U')) {
    const inside = { ...here, cleaning: here.cleaning || action === 'U' };
    return treatItems(element, walk, inside, [action, 'items', 'table']);
  }
  if (action === 'K') {
    if (!(await isFormed(element, walk))) return emptied(element, walk, here, 'malformed');
    note(element, walk, here, ['K', 'kept', 'table']);
    return element;
  }
  if (action === 'U') return newUids(element, walk, here, 'table');
  const pseudonym = await pseudonymFor(element, action, walk, here);
  if (pseudonym !== undefined) {
    note(element, walk, here, [action, 'pseudonym', 'table']);
    return buildElement(tag, pseudonym, vr);
  }
  if (action === 'Z') return emptied(element, walk, here, 'table');
  return dummy(element, walk, here, 'table');
}

const PATIENT_NAME = 0x00100010;
const PATIENT_ID = 0x00100020;
/** Attributes whose values tell things apart, so that a dummy must not be the same for all. */
const identifiers = /(ID|Identifier|SerialNumber)$/;

async function pseudonymFor(
  element: DataElement,
  action: Action,
  walk: Walk,
  here: Here,
): Promise<string | undefined> {
  const { tag } = element;
  const isOuter = here.parent === undefined;
  if (isOuter && (tag === PATIENT_NAME || tag === PATIENT_ID)) return patientPseudonym(walk);
  if (action !== 'D' && tag !== PATIENT_ID) return undefined;
  if (!['LO', 'SH', 'UT'].includes(element.vr) || !identifiers.test(keywordOf(tag) ?? '')) return undefined;
  const value = latin1(await readValue(walk.file, element)).trim();
  if (value === '') return undefined;
  if (tag === PATIENT_ID) return walk.pseudonyms.text('patient', `id ${value}`, 'P');
  return walk.pseudonyms.text(formatTag(tag), value, 'N');
}

export const patientPseudonym = (walk: Walk): Promise<string> =>
  walk.pseudonyms.text('patient', walk.patient, 'P');

async function dummy(element: DataElement, walk: Walk, here: Here, why: Reason): Treated {
  const made = dummyElement(element.tag, element.vr);
  if (made === undefined) return treatItems(element, walk, { ...here, cleaning: true }, ['D', 'items', why]);
  note(element, walk, here, ['D', 'dummy', why]);
  const { items } = made;
  if (items === undefined) return made;
  return { ...made, items: items.map((item) => inByteOrder(item, here.dataset.littleEndian)) };
}

async function treatItems(
  element: DataElement,
  walk: Walk,
  here: Here,
  what: readonly [Action, Done, Reason],
): Treated {
  note(element, walk, here, what);
  const items: Dataset[] = [];
  for (const [i, item] of (element.items ?? []).entries())
    items.push(
      await walkDataset(item, walk, {
        path: `${here.path}[${i + 1}].`,
        parent: element.tag,
        cleaning: here.cleaning,
      }),
    );
  return { ...element, items };
}

const wellKnown = '1.2.840.10008.';

async function newUids(element: DataElement, walk: Walk, here: Here, why: Reason): Treated {
  const value = latin1(await readValue(walk.file, element));
  const uids = value.split('\\').map((uid) => uid.replace(/^[ \0]+|[ \0]+$/g, ''));
  const made: string[] = [];
  for (const uid of uids)
    made.push(uid === '' || uid.startsWith(wellKnown) ? uid : await walk.pseudonyms.uid(uid));
  if (made.every((uid, i) => uid === uids[i]) && isWellFormed('UI', value)) {
    note(element, walk, here, ['U', 'kept', why]);
    return element;
  }
  note(element, walk, here, ['U', 'new UID', why]);
  return { tag: element.tag, vr: 'UI', bytes: bytesOfText(made.join('\\'), '\0') };
}

/** C: dates are moved, AE titles replaced, sequences walked with their texts cleaned, texts reduced. */
async function clean(element: DataElement, row: TableRow, walk: Walk, here: Here): Treated {
  const { tag, vr } = element;
  const place = { sopClassUid: walk.sopClassUid, parent: here.parent };
  if (element.items !== undefined) {
    const inside = { ...here, cleaning: true };
    return treatItems(element, walk, inside, ['C', 'items', 'table']);
  }
  if (vr === 'DA' || vr === 'DT') {
    const moved = await shifted(element, walk);
    if (moved !== undefined) {
      note(element, walk, here, ['C', 'shifted', 'table']);
      return moved;
    }
  } else if (vr === 'TM' || tag === TIMEZONE) {
    if (await isTime(element, walk)) {
      note(element, walk, here, ['C', 'kept', 'table']);
      return element;
    }
  } else if (vr === 'AE') {
    const title = latin1(await readValue(walk.file, element)).trim();
    note(element, walk, here, ['C', 'pseudonym', 'table']);
    return buildElement(tag, title === '' ? '' : await walk.pseudonyms.text('AE', title, 'AE'), vr);
  } else if (isString(vr)) return cleanedText(element, walk, here, 'table');
  // What cannot be cleaned is treated as though the option had not been chosen.
  return apply(element, actionFor(tag, row, new Set(), place), walk, here, vr);
}

const TIMEZONE = 0x00080201;

async function isTime(element: DataElement, walk: Walk): Promise<boolean> {
  const value = latin1(await readValue(walk.file, element));
  return element.tag === TIMEZONE ? /^[+-]\d{4} *$/.test(value) : isWellFormed(element.vr, value);
}

async function shifted(element: DataElement, walk: Walk): Treated {
  const value = latin1(await readValue(walk.file, element)).replace(/[ \0]+$/, '');
  const moved: string[] = [];
  for (const date of value.split('\\')) {
    const written = date.trim() === '' ? '' : shiftDate(date, walk.shiftDays);
    if (written === undefined) return undefined;
    moved.push(written);
  }
  return { tag: element.tag, vr: element.vr, bytes: bytesOfText(moved.join('\\')) };
}

async function cleanedText(element: DataElement, walk: Walk, here: Here, why: Reason): Treated {
  const { tag, vr } = element;
  const value = latin1(await readValue(walk.file, element));
  const left = cleanText(value.replace(/[ \0]+$/, ''), walk.own);
  if (left === value.replace(/[ \0]+$/, '')) {
    note(element, walk, here, ['C', 'kept', why]);
    return element;
  }
  note(element, walk, here, ['C', 'cleaned', why]);
  return { tag, vr, bytes: bytesOfText(left === '' && value.trim() !== '' ? dummyText : left) };
}

const codeAttributes = new Set([0x00080100, 0x00080102, 0x00080103, 0x00080104, 0x00080119, 0x00080120]);
/** Free text by its VR alone: coding schemes (PS3.3 C.12.1), and a pattern of zeros and ones (C.8.8.13). */
const technicalTexts = new Set([0x0008010e, 0x00080114, 0x00080115, 0x00080116, 0x300a007b]);
const standardSchemes =
  /^(SCT|SRT|SNM3|DCM|LN|UCUM|FMA|RADLEX|NCIt|ICD-?(9|10|11).*|I(9|10)C?|MA|UMLS|IBSI|BI|PHENX|CD8)$/;

/** True in an item that codes a concept by a scheme of the standard (PS3.16 table 8-1). */
function isStandardCode(dataset: Dataset): boolean {
  const scheme = dataset.elements.get(0x00080102)?.bytes;
  return scheme !== undefined && standardSchemes.test(latin1(scheme).trim());
}

const PRIVATE_CHARACTERISTICS = 0x00080300;
const CHARACTER_SET = 0x00080005;

/** Attributes that the table does not name: kept, but for what is likely to name somebody all the same. */
async function treatOther(element: DataElement, walk: Walk, here: Here): Treated {
  const { tag, vr } = element;
  if (tag === PRIVATE_CHARACTERISTICS) return remove(element, walk, here, 'private');
  if (element.items !== undefined)
    return { ...element, items: (await walkItems(element, walk, here)).items! };
  if (element.fragments !== undefined || isBulk(vr)) return element;
  if (vr === 'UI') return treatUid(element, walk, here);
  if (vr === 'DA' || vr === 'DT' || vr === 'TM') return treatDate(element, walk, here);
  if (!(await isFormed(element, walk))) return emptied(element, walk, here, 'malformed');
  if (!isString(vr)) return element;
  if (tag === CHARACTER_SET) return element;
  const isCode = codeAttributes.has(tag) || technicalTexts.has(tag);
  if (!isCode && ['PN', 'AE', 'UR'].includes(vr)) return dummy(element, walk, here, 'free text');
  if (!isCode && ['LT', 'ST', 'UC', 'UT'].includes(vr))
    return quietlySame(element, await cleanedText(element, walk, here, 'free text'));
  if (here.cleaning && ['LO', 'SH'].includes(vr) && !isStandardCode(here.dataset))
    return cleanedText(element, walk, here, 'clean content');
  if (await isClear(element, walk, here.dataset)) return element;
  note(element, walk, here, ['D', 'dummy', 'identifying word']);
  return dummyElement(tag, vr);
}

const quietlySame = (element: DataElement, treated: DataElement | undefined): DataElement | undefined =>
  treated === element ? element : treated;

async function walkItems(element: DataElement, walk: Walk, here: Here): Promise<DataElement> {
  const before = walk.log.length;
  const treated = await treatItems(element, walk, here, ['K', 'items', 'table']);
  walk.log.splice(before, 1); // the sequence itself is not of the table
  return treated!;
}

/** UIDs that name classes, schemes and contexts, not instances. */
const classUids = /(Class|Scheme|Context|Mapping|TransferSyntax|Version|ResourceUID$)/;

async function treatUid(element: DataElement, walk: Walk, here: Here): Treated {
  const keyword = keywordOf(element.tag) ?? '';
  const value = latin1(await readValue(walk.file, element));
  const known = value.split('\\').every((uid) => uid.trim().startsWith(wellKnown) || uid.trim() === '');
  if (isWellFormed('UI', value) && (known || classUids.test(keyword))) return element;
  return newUids(element, walk, here, 'UID');
}

async function treatDate(element: DataElement, walk: Walk, here: Here): Treated {
  if (walk.options.has('retainFullDates') && (await isFormed(element, walk))) return element;
  const moved = walk.options.has('retainModifiedDates') ? await movedTime(element, walk) : undefined;
  if (moved === undefined) return dummy(element, walk, here, 'date');
  note(element, walk, here, ['C', 'shifted', 'date']);
  return moved;
}

/** A date moved; a time of day stays where it is, since whole days go by. */
const movedTime = async (element: DataElement, walk: Walk): Treated =>
  element.vr !== 'TM' ? shifted(element, walk) : (await isFormed(element, walk)) ? element : undefined;

async function isFormed(element: DataElement, walk: Walk): Promise<boolean> {
  const { tag, vr } = element;
  const length = element.bytes?.length ?? element.deferred?.length ?? 0;
  if (!isString(vr)) return hasFittingNumbers(tag, vr, length);
  return isWellFormed(vr, latin1(await readValue(walk.file, element)));
}

/** Words of defined terms and enumerated values that a placeholder for a name may hold, too. */
const definedTerms = new Set(
  'text num code container composite date datetime uidref pname scoord scoord3d tcoord waveform table contains has obs concept mod properties inferred selected primary derived patient other unknown yes'.split(
    ' ',
  ),
);

/** True where none of the patient's own words stands in a value. */
async function isClear(element: DataElement, walk: Walk, dataset: Dataset): Promise<boolean> {
  if (!isString(element.vr)) return true;
  const bytes = await readValue(walk.file, element);
  const sets = usesCharacterSet(element.vr) ? dataset.characterSets : [''];
  const words = wordsFound(decodeText(bytes, sets, valueDelimiters), walk.own);
  // A code string such as AXIAL is one of the standard's, even where somebody is called so.
  const isTerm = (word: string) => isPlainWord(word) || definedTerms.has(word);
  return words.length === 0 || (element.vr === 'CS' && words.every(isTerm));
}
