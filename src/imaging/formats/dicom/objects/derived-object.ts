import { HounsfieldError } from '../../../../errors.ts';
import type { BuildRecord, BuildValue } from '../build-dataset.ts';
import type { DataElement, Dataset } from '../dataset.ts';
import { isUid, newUid } from '../uid.ts';
import { isString } from '../value-representation.ts';
import { element, numbersOf, text, textsOf } from '../values.ts';
import { present } from './present.ts';

/** The program that makes an object; all of it is written into the object. */
export interface Equipment {
  readonly manufacturer: string;
  readonly model: string;
  readonly serialNumber: string;
  readonly softwareVersions: string;
}

/** How a new object names and dates itself. With `uids` and `dateTime` given, writing is deterministic. */
export interface DerivedObjectOptions {
  /** Gives each new UID; default random ones under 2.25. */
  readonly uids?: () => string;
  /** When it was made, local time, YYYYMMDDHHMMSS; default now. */
  readonly dateTime?: string;
  readonly equipment?: Equipment;
  /** Default a new series. */
  readonly seriesInstanceUid?: string;
  readonly seriesNumber?: number;
  readonly seriesDescription?: string;
  readonly instanceNumber?: number;
}

/** What identifies a new object. */
export interface ObjectIdentity {
  readonly sopInstanceUid: string;
  readonly date: string;
  readonly time: string;
  readonly newUid: () => string;
}

export const ownEquipment: Equipment = {
  manufacturer: 'Hounsfield',
  model: 'Hounsfield',
  serialNumber: '1',
  softwareVersions: '1',
};

/** Patient and study attributes that a derived object has in common with its source (PS3.3 C.7.1, C.7.2); type 2 ones first. */
const required = [
  'PatientName',
  'PatientID',
  'PatientBirthDate',
  'PatientSex',
  'StudyDate',
  'StudyTime',
  'ReferringPhysicianName',
  'StudyID',
  'AccessionNumber',
] as const;
const optional = [
  'IssuerOfPatientID',
  'PatientBirthTime',
  'EthnicGroup',
  'PatientSpeciesDescription',
  'PatientSpeciesCodeSequence',
  'PatientBreedDescription',
  'PatientBreedCodeSequence',
  'BreedRegistrationSequence',
  'ResponsiblePerson',
  'ResponsiblePersonRole',
  'ResponsibleOrganization',
  'PatientIdentityRemoved',
  'DeidentificationMethod',
  'DeidentificationMethodCodeSequence',
  'LongitudinalTemporalInformationModified',
  'ClinicalTrialSponsorName',
  'ClinicalTrialProtocolID',
  'ClinicalTrialProtocolName',
  'ClinicalTrialSiteID',
  'ClinicalTrialSiteName',
  'ClinicalTrialSubjectID',
  'ClinicalTrialSubjectReadingID',
  'PatientAge',
  'PatientSize',
  'PatientWeight',
  'StudyDescription',
  'IssuerOfAccessionNumberSequence',
] as const;

const shapes: Readonly<Record<string, RegExp>> = {
  AS: /^\d{3}[DWMY]$/,
  CS: /^[A-Z0-9_ ]{1,16}$/,
  DA: /^\d{8}$/,
  TM: /^\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?$/,
  SH: /^.{1,16}$/su,
  LO: /^.{1,64}$/su,
};

/** A value as the standard allows it, in UTF-8; undefined where the source has none, or one that may not be passed on. */
function allowed(data: Dataset, found: DataElement): BuildValue | undefined {
  if (found.items) return found.items.map(copyItem);
  if (!isString(found.vr)) return numbersOf(data, found);
  const values = textsOf(data, found);
  if (values.length === 0 || values.every((value) => value === '')) return undefined;
  const shape = shapes[found.vr];
  const wrong = (value: string) =>
    found.vr === 'UI' ? !isUid(value) : shape !== undefined && !shape.test(value);
  return values.some((value) => value !== '' && wrong(value)) ? undefined : values;
}

/** A sequence's item with its text in UTF-8. */
function copyItem(item: Dataset): BuildRecord {
  const entries = [...item.elements.values()].map((found): [string, BuildValue] => [
    found.tag.toString(16).padStart(8, '0'),
    allowed(item, found) ?? null,
  ]);
  return Object.fromEntries(entries);
}

function copied(source: Dataset, keyword: string): BuildValue | undefined {
  const found = element(source, keyword);
  return found && allowed(source, found);
}

/** The patient and study of a source; values that the standard does not allow are left empty or out. */
function patientAndStudy(source: Dataset): BuildRecord {
  const studyInstanceUid = text(source, 'StudyInstanceUID');
  if (studyInstanceUid === undefined || !isUid(studyInstanceUid)) {
    throw new HounsfieldError(
      'DERIVED_SOURCE',
      'the source image has no valid Study Instance UID, so nothing can be made in its study. Pass its whole header.',
    );
  }
  return {
    ...Object.fromEntries(required.map((keyword) => [keyword, copied(source, keyword) ?? null])),
    ...Object.fromEntries(optional.map((keyword) => [keyword, copied(source, keyword)])),
    StudyInstanceUID: studyInstanceUid,
  };
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

function localNow(): string {
  const now = new Date();
  const date = `${now.getFullYear()}${twoDigits(now.getMonth() + 1)}${twoDigits(now.getDate())}`;
  return `${date}${twoDigits(now.getHours())}${twoDigits(now.getMinutes())}${twoDigits(now.getSeconds())}`;
}

/**
 * The modules that every object has: SOP common, patient, study, series, equipment. Throws DERIVED_SOURCE, DERIVED_OPTIONS.
 */
export function derivedObject(
  source: Dataset,
  kind: { readonly sopClassUid: string; readonly modality: string },
  options: DerivedObjectOptions,
): { readonly record: BuildRecord; readonly identity: ObjectIdentity } {
  const { uids = newUid, dateTime = localNow(), equipment = ownEquipment } = options;
  const seriesInstanceUid = options.seriesInstanceUid ?? uids();
  const sopInstanceUid = uids();
  if (!/^\d{14}$/.test(dateTime) || !isUid(seriesInstanceUid) || !isUid(sopInstanceUid)) {
    throw new HounsfieldError(
      'DERIVED_OPTIONS',
      'dateTime is to be 14 digits, YYYYMMDDHHMMSS, and every UID digits and dots, at most 64 characters.',
    );
  }
  const [date, time] = [dateTime.slice(0, 8), dateTime.slice(8)];
  const record: BuildRecord = {
    ...patientAndStudy(source),
    SOPClassUID: kind.sopClassUid,
    SOPInstanceUID: sopInstanceUid,
    InstanceCreationDate: date,
    InstanceCreationTime: time,
    Modality: kind.modality,
    SeriesInstanceUID: seriesInstanceUid,
    SeriesNumber: options.seriesNumber ?? 1,
    SeriesDate: date,
    SeriesTime: time,
    ...present({ SeriesDescription: options.seriesDescription }),
    InstanceNumber: options.instanceNumber ?? 1,
    Manufacturer: equipment.manufacturer,
    ManufacturerModelName: equipment.model,
    DeviceSerialNumber: equipment.serialNumber,
    SoftwareVersions: equipment.softwareVersions,
  };
  return { record, identity: { sopInstanceUid, date, time, newUid: uids } };
}
