import { isHounsfieldError } from '../../../../errors.ts';
import { orientationCode, spacingMm, type Vector3 } from '../../../geometry/geometry.ts';
import type { DicomFile } from '../dataset.ts';
import { optionalText } from '../pixels/optional-values.ts';
import type { InstanceFacts, SliceFacts } from './slice-facts.ts';
import { sidesOf, stackSlices } from './stack-geometry.ts';
import { type SliceGroup, splitIntoGroups } from './stack-split.ts';

/** What may name the patient: only there when it was asked for. */
export interface PatientFacts {
  readonly patientName?: string;
  readonly patientId?: string;
  readonly patientBirthDate?: string;
  readonly studyDate?: string;
  readonly studyDescription?: string;
  readonly seriesDescription?: string;
}

/** Slices of a series that make one image. */
export interface StackListing {
  /** In order where they can be ordered, each once. */
  readonly files: readonly string[];
  readonly rows: number;
  readonly columns: number;
  readonly slices: number;
  readonly timePoints: number;
  readonly timeAxis?: string;
  readonly spacingMm?: Vector3;
  /** Three letters, see orientationCode. */
  readonly orientation?: string;
  /** In what it differs from other stacks of its series. */
  readonly distinction: readonly string[];
  /** Why it cannot be read as it is, by code; absent when it can. */
  readonly problem?: { readonly code: string; readonly message: string };
}

export interface SeriesListing {
  readonly uid: string;
  readonly modality: string;
  readonly number?: number;
  /** Files, images or not. */
  readonly instances: number;
  readonly sopClassUids: readonly string[];
  readonly files: readonly string[];
  readonly stacks: readonly StackListing[];
  readonly patient?: PatientFacts;
}

export interface StudyListing {
  readonly uid: string;
  readonly series: readonly SeriesListing[];
}

/** Reads what names the patient. */
export function patientFacts({ dataset }: DicomFile): PatientFacts {
  const found = {
    patientName: optionalText(dataset, 'PatientName'),
    patientId: optionalText(dataset, 'PatientID'),
    patientBirthDate: optionalText(dataset, 'PatientBirthDate'),
    studyDate: optionalText(dataset, 'StudyDate'),
    studyDescription: optionalText(dataset, 'StudyDescription'),
    seriesDescription: optionalText(dataset, 'SeriesDescription'),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)); // fewer members, same values
}

/** Sorts instances into studies, series and stacks. Series are ordered by number, then by UID. */
export function listStudies(
  instances: readonly InstanceFacts[],
  patients: ReadonlyMap<string, PatientFacts> = new Map(),
): readonly StudyListing[] {
  const studies = new Map<string, Map<string, InstanceFacts[]>>();
  for (const instance of instances) {
    const series = studies.get(instance.studyUid) ?? new Map<string, InstanceFacts[]>();
    studies.set(instance.studyUid, series);
    const members = series.get(instance.seriesUid);
    if (members) members.push(instance);
    else series.set(instance.seriesUid, [instance]);
  }
  return [...studies].map(([uid, series]) => ({
    uid,
    series: [...series]
      .map(([seriesUid, members]) => listSeries(seriesUid, members, patients.get(members[0]!.file)))
      .sort((a, b) => (a.number ?? 1e9) - (b.number ?? 1e9) || (a.uid < b.uid ? -1 : 1)),
  }));
}

function listSeries(
  uid: string,
  members: readonly InstanceFacts[],
  patient: PatientFacts | undefined,
): SeriesListing {
  const first = members[0]!;
  const slices = members.flatMap((member) => member.slices);
  return {
    uid,
    modality: first.modality,
    ...(first.seriesNumber === undefined ? {} : { number: first.seriesNumber }),
    instances: members.length,
    sopClassUids: [...new Set(members.map(({ sopClassUid }) => sopClassUid))],
    files: members.map(({ file }) => file),
    stacks: splitIntoGroups(slices).map(listStack),
    ...(patient ? { patient } : {}),
  };
}

function listStack(group: SliceGroup): StackListing {
  const first = group.timePoints[0]![0]!;
  const shared = {
    rows: first.rows,
    columns: first.columns,
    slices: Math.max(...group.timePoints.map((slices) => slices.length)),
    timePoints: group.timePoints.length,
    ...(group.timeAxis === undefined ? {} : { timeAxis: group.timeAxis }),
    distinction: group.distinction,
  };
  const filesOf = (slices: readonly (readonly SliceFacts[])[]) => [
    ...new Set(slices.flat().map(({ file }) => file)),
  ];
  try {
    const stack = stackSlices(group);
    const { depth, height, width } = sidesOf(stack);
    return {
      ...shared,
      rows: height,
      columns: width,
      slices: depth,
      files: filesOf(stack.slices),
      ...(stack.geometry
        ? {
            spacingMm: spacingMm(stack.geometry),
            ...(stack.geometry.frame === 'patient' ? { orientation: orientationCode(stack.geometry) } : {}),
          }
        : {}),
    };
  } catch (cause) {
    if (!isHounsfieldError(cause)) throw cause;
    return {
      ...shared,
      files: filesOf(group.timePoints),
      problem: { code: cause.code, message: cause.message },
    };
  }
}
