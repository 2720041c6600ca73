import { HounsfieldError } from '../../../../errors.ts';
import type { CodedConcept } from '../../../image/medical-image.ts';
import { type BuildRecord, dataset } from '../build-dataset.ts';
import type { Dataset } from '../dataset.ts';
import { isUid } from '../uid.ts';
import { text } from '../values.ts';
import { writeDicom } from '../write-dicom.ts';
import { codeItem } from './codes.ts';
import {
  codedItem,
  containerItem,
  imageItem,
  measurementItem,
  nameItem,
  regionItem,
  textItem,
  uidItem,
} from './content-items.ts';
import type { InstanceReference } from './content-tree.ts';
import { type DerivedObjectOptions, derivedObject, ownEquipment } from './derived-object.ts';
import type { FindingSite, Measurement, MeasurementGroup } from './measurement-report.ts';
import { reportCodes as codes } from './report-codes.ts';

/** A measurement as it is written: what the reader gives, the empty parts left out. */
export type NewMeasurement = Pick<Measurement, 'concept' | 'value' | 'unit'> & Partial<Measurement>;

/** A group as it is written. Exactly one of segments and regions says where the finding is, or neither does. */
export type NewMeasurementGroup = Partial<Omit<MeasurementGroup, 'measurements'>> & {
  readonly measurements?: readonly NewMeasurement[];
};

export interface WriteReportOptions extends DerivedObjectOptions {
  /** Who observed: a person, a program, or both. */
  readonly observers: {
    readonly person?: string;
    readonly device?: { readonly uid: string; readonly name?: string };
  };
  /** What was done, for example LN 25045-6, CT Unspecified body region. */
  readonly procedure: CodedConcept;
  /** Headers of further objects that the report points at, such as the segmentation. */
  readonly evidence?: readonly Dataset[];
  /** Default COMPLETE. */
  readonly completion?: 'COMPLETE' | 'PARTIAL';
  /** Default 126000, DCM, Imaging Measurement Report. */
  readonly title?: CodedConcept;
}

const COMPREHENSIVE_3D_SR = '1.2.840.10008.5.1.4.1.1.88.34';

function observerItems({ observers, equipment = ownEquipment }: WriteReportOptions): BuildRecord[] {
  const { person, device } = observers;
  const items: BuildRecord[] = [];
  if (person !== undefined) {
    items.push(codedItem('HAS OBS CONTEXT', codes.observerType, codes.person));
    items.push(nameItem('HAS OBS CONTEXT', codes.personObserverName, person));
  }
  if (device !== undefined) {
    items.push(codedItem('HAS OBS CONTEXT', codes.observerType, codes.device));
    items.push(uidItem('HAS OBS CONTEXT', codes.deviceObserverUid, device.uid));
    if (device.name !== undefined) {
      items.push(textItem('HAS OBS CONTEXT', codes.deviceObserverName, device.name));
    }
    items.push(textItem('HAS OBS CONTEXT', codes.deviceObserverManufacturer, equipment.manufacturer));
    items.push(textItem('HAS OBS CONTEXT', codes.deviceObserverModel, equipment.model));
  }
  if (items.length > 0) return items;
  throw new HounsfieldError(
    'DERIVED_OPTIONS',
    'a report needs an observer (PS3.16 TID 1001): give observers.person, observers.device or both.',
  );
}

function siteItem({ site, laterality, modifier }: FindingSite): BuildRecord {
  return codedItem('CONTAINS', codes.findingSite, site, [
    ...(laterality ? [codedItem('HAS CONCEPT MOD', codes.laterality, laterality)] : []),
    ...(modifier ? [codedItem('HAS CONCEPT MOD', codes.topographicalModifier, modifier)] : []),
  ]);
}

/** Planar and volumetric regions have templates of their own. */
function templateOf({ segments = [], regions = [] }: NewMeasurementGroup): string {
  if (segments.length > 0) return '1411';
  return regions.length === 1 ? '1410' : regions.length > 1 ? '1411' : '1501';
}

function groupItem(
  group: NewMeasurementGroup,
  sources: readonly InstanceReference[],
  newUid: () => string,
): BuildRecord {
  const { segments = [], regions = [], sourceSeriesUids = [] } = group;
  const trackingUid = group.trackingUid ?? newUid();
  const images = group.sourceImages ?? (segments.length > 0 && sourceSeriesUids.length === 0 ? sources : []);
  const sourceName = segments.length > 0 ? codes.sourceImageForSegmentation : codes.sourceImage;
  const children = [
    textItem('HAS OBS CONTEXT', codes.trackingIdentifier, group.trackingId ?? trackingUid),
    uidItem('HAS OBS CONTEXT', codes.trackingUid, trackingUid),
    ...(group.category ? [codedItem('CONTAINS', codes.findingCategory, group.category)] : []),
    ...(group.finding ? [codedItem('CONTAINS', codes.finding, group.finding)] : []),
    ...segments.map((one) => imageItem('CONTAINS', codes.referencedSegment, one)),
    ...regions.map(regionItem),
    ...images.map((one) => imageItem('CONTAINS', sourceName, one)),
    ...sourceSeriesUids.map((uid) => uidItem('CONTAINS', codes.sourceSeriesForSegmentation, uid)),
    ...(group.method ? [codedItem('HAS CONCEPT MOD', codes.measurementMethod, group.method)] : []),
    ...(group.sites ?? []).map(siteItem),
    ...(group.measurements ?? []).map((one) =>
      measurementItem({ sites: [], modifiers: [], images: [], ...one }),
    ),
    ...(group.evaluations ?? []).map(({ concept, value }) =>
      typeof value === 'string'
        ? textItem('CONTAINS', concept, value)
        : codedItem('CONTAINS', concept, value),
    ),
  ];
  return containerItem(codes.measurementGroup, children, templateOf(group));
}

function libraryItem(sources: readonly InstanceReference[]): BuildRecord {
  const images = sources.map((one) => imageItem('CONTAINS', undefined, one));
  return containerItem(codes.imageLibrary, [containerItem(codes.imageLibraryGroup, images)]);
}

/** The objects that a group points at. */
function referencesOf(group: NewMeasurementGroup): InstanceReference[] {
  const regions = (group.regions ?? []).flatMap((one) =>
    one.kind === 'image' && one.image ? [one.image] : [],
  );
  const measured = (group.measurements ?? []).flatMap((one) => one.images ?? []);
  return [...(group.segments ?? []), ...(group.sourceImages ?? []), ...regions, ...measured];
}

/** Evidence by study and series (PS3.3 C.17.2.3). */
function evidenceItems(evidence: readonly Dataset[]): { study: string; item: BuildRecord }[] {
  const studies = new Map<string, Map<string, BuildRecord[]>>();
  for (const data of evidence) {
    const [study, series, uid] = ['StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID'].map((keyword) =>
      text(data, keyword),
    );
    const sopClass = text(data, 'SOPClassUID');
    if (!study || !series || !uid || !sopClass) {
      throw new HounsfieldError(
        'DERIVED_SOURCE',
        'an object that the report refers to lacks its SOP Class, SOP Instance, Study or Series UID. Pass its whole header.',
      );
    }
    const bySeries = studies.get(study) ?? new Map<string, BuildRecord[]>();
    const instances = bySeries.get(series) ?? [];
    if (!instances.some((one) => one['ReferencedSOPInstanceUID'] === uid)) {
      instances.push({ ReferencedSOPClassUID: sopClass, ReferencedSOPInstanceUID: uid });
    }
    bySeries.set(series, instances);
    studies.set(study, bySeries);
  }
  return [...studies].map(([study, bySeries]) => ({
    study,
    item: {
      StudyInstanceUID: study,
      ReferencedSeriesSequence: [...bySeries].map(([series, instances]) => ({
        SeriesInstanceUID: series,
        ReferencedSOPSequence: instances,
      })),
    },
  }));
}

function checkGroups(groups: readonly NewMeasurementGroup[], evidence: readonly Dataset[]): void {
  const known = new Set(evidence.map((data) => text(data, 'SOPInstanceUID')));
  const missing = new Set(
    groups
      .flatMap(referencesOf)
      .filter((one) => !known.has(one.sopInstanceUid))
      .map((one) => one.sopInstanceUid),
  );
  if (missing.size > 0) {
    throw new HounsfieldError(
      'REPORT_EVIDENCE',
      `the measurements point at ${missing.size} objects that are neither among the source images nor in evidence. ` +
        'Pass their headers as evidence.',
    );
  }
  const wrong = groups
    .flatMap((group) => group.measurements ?? [])
    .filter(({ value, unit, qualifier }) =>
      value === undefined ? qualifier === undefined : unit === undefined || !Number.isFinite(value),
    );
  const uids = groups.flatMap((group) => group.trackingUid ?? []);
  if (wrong.length > 0 || !uids.every(isUid)) {
    throw new HounsfieldError(
      'REPORT_MEASUREMENT',
      `${wrong.length} measurements have no finite value with a unit and no qualifier that says why, or a tracking UID is ` +
        'none. Give a unit, or value: undefined with a qualifier such as 114000, DCM, Not a number.',
    );
  }
}

/**
 * Writes measurements and coded findings as a new Comprehensive 3D SR of TID 1500 (PS3.16), beside its source images. What
 * readMeasurementReport reads can be written again. Throws DERIVED_SOURCE, DERIVED_OPTIONS, REPORT_EVIDENCE,
 * REPORT_MEASUREMENT.
 *
 * @param sources headers of the images that were measured; the first one's patient and study are the report's
 */
export function writeMeasurementReport(
  groups: readonly NewMeasurementGroup[],
  sources: readonly Dataset[],
  options: WriteReportOptions,
): Uint8Array {
  const first = sources[0];
  if (first === undefined) {
    throw new HounsfieldError(
      'DERIVED_SOURCE',
      'a report needs the header of at least one image that was measured.',
    );
  }
  const evidence = [...sources, ...(options.evidence ?? [])];
  checkGroups(groups, evidence);
  const { record, identity } = derivedObject(
    first,
    { sopClassUid: COMPREHENSIVE_3D_SR, modality: 'SR' },
    options,
  );
  const images = sources.map(
    (data): InstanceReference => ({
      sopClassUid: text(data, 'SOPClassUID') ?? '',
      sopInstanceUid: text(data, 'SOPInstanceUID') ?? '',
      frames: [],
      segments: [],
      channels: [],
    }),
  );
  const studies = evidenceItems(evidence);
  const own = text(first, 'StudyInstanceUID');
  const other = studies.filter(({ study }) => study !== own);
  const whole: BuildRecord = {
    ...record,
    ReferencedPerformedProcedureStepSequence: [],
    PerformedProcedureCodeSequence: [],
    ContentDate: identity.date,
    ContentTime: identity.time,
    CompletionFlag: options.completion ?? 'COMPLETE',
    VerificationFlag: 'UNVERIFIED',
    CurrentRequestedProcedureEvidenceSequence: studies
      .filter(({ study }) => study === own)
      .map(({ item }) => item),
    ...(other.length > 0 && { PertinentOtherEvidenceSequence: other.map(({ item }) => item) }),
    ValueType: 'CONTAINER',
    ContinuityOfContent: 'SEPARATE',
    ConceptNameCodeSequence: [codeItem(options.title ?? codes.imagingMeasurementReport)],
    ContentTemplateSequence: [{ MappingResource: 'DCMR', TemplateIdentifier: '1500' }],
    ContentSequence: [
      codedItem('HAS CONCEPT MOD', codes.language, codes.english),
      ...observerItems(options),
      codedItem('HAS CONCEPT MOD', codes.procedureReported, options.procedure),
      libraryItem(images),
      containerItem(
        codes.imagingMeasurements,
        groups.map((group) => groupItem(group, images, identity.newUid)),
      ),
    ],
  };
  return writeDicom(dataset(whole));
}
