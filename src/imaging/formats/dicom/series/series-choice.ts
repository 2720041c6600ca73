import { HounsfieldError } from '../../../../errors.ts';
import type { InstanceFacts } from './slice-facts.ts';

/** What was found among the files that a series is looked for in. */
export interface SeriesCandidates {
  readonly instances: readonly InstanceFacts[];
  readonly passedOver: number;
  readonly unreadable: readonly { readonly file: string; readonly code: string }[];
}

/**
 * The images of the one series, or of the one asked for.
 * Throws DICOM_NO_SERIES, DICOM_SERIES_SEVERAL, DICOM_STUDIES_MIXED, DICOM_PATIENTS_MIXED.
 */
export function chooseSeries(found: SeriesCandidates, wanted: string | undefined): readonly InstanceFacts[] {
  const images = found.instances.filter(({ slices }) => slices.length > 0);
  const series = new Map<string, InstanceFacts[]>();
  for (const image of images) {
    const members = series.get(image.seriesUid);
    if (members) members.push(image);
    else series.set(image.seriesUid, [image]);
  }
  const members =
    wanted === undefined ? (series.size === 1 ? [...series.values()][0] : undefined) : series.get(wanted);
  if (members) {
    requireOnePatient(members);
    return members;
  }
  if (series.size === 0) {
    const broken =
      found.unreadable.length > 0
        ? ` and ${found.unreadable.length} that cannot be read (${found.unreadable[0]!.code})`
        : '';
    throw new HounsfieldError(
      'DICOM_NO_SERIES',
      `no DICOM image is among the files: ${found.passedOver} that are no DICOM, ${found.instances.length} DICOM objects without ` +
        `pixels${broken}. Name the folder or the files of a series.`,
    );
  }
  const list = [...series].slice(0, 10).map(([uid, of]) => {
    const number = of[0]!.seriesNumber;
    return `${uid} (${of[0]!.modality}${number === undefined ? '' : `, number ${number}`}, ${of.length} files)`;
  });
  throw new HounsfieldError(
    'DICOM_SERIES_SEVERAL',
    `${wanted === undefined ? `${series.size} series are there, of which one is expected` : 'the series asked for is not there'}: ` +
      `${list.join('; ')}. Pass series: (--series) with the UID of the one to read.`,
  );
}

function requireOnePatient(members: readonly InstanceFacts[]): void {
  const first = members[0]!;
  const mixed = (code: string, what: string, same: (member: InstanceFacts) => boolean) => {
    const others = members.filter((member) => !same(member));
    if (others.length === 0) return;
    throw new HounsfieldError(
      code,
      `${others.length} of ${members.length} files of one series belong to another ${what}, the first ${others[0]!.file}. ` +
        `Pass the files of one ${what} alone.`,
    );
  };
  mixed('DICOM_PATIENTS_MIXED', 'patient', ({ patient }) => patient === first.patient);
  mixed('DICOM_STUDIES_MIXED', 'study', ({ studyUid }) => studyUid === first.studyUid);
}
