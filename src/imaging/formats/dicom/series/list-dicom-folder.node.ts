import { isHounsfieldError } from '../../../../errors.ts';
import { namingFile } from '../../named-errors.ts';
import type { DicomFile } from '../dataset.ts';
import { optionalText } from '../pixels/optional-values.ts';
import { readDicom } from '../read-dicom.ts';
import { type FolderLimits, folderFiles, forEachAtOnce } from './folder-files.node.ts';
import { type Pace, pacedSource } from './quick-source.node.ts';
import { listStudies, type PatientFacts, patientFacts, type StudyListing } from './series-listing.ts';
import { type InstanceFacts, instanceFacts } from './slice-facts.ts';

export interface ListOptions {
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
  readonly limits?: FolderLimits;
  /** Names, dates and descriptions come along; left out unless asked for. */
  readonly patientData?: boolean;
}

/** What lies in a folder. */
export interface DicomListing {
  readonly studies: readonly StudyListing[];
  /** DICOM files, images or not, DICOMDIR apart. */
  readonly instances: number;
  /** Files that are no DICOM. */
  readonly passedOver: number;
  readonly dicomdirs: readonly string[];
  /** DICOM files whose header could not be read, by code. */
  readonly unreadable: readonly { readonly file: string; readonly code: string; readonly message: string }[];
  /** Links that lead in a circle or nowhere, folders that may not be read. */
  readonly skipped: readonly string[];
}

const DIRECTORY = '1.2.840.10008.1.3.10';

/** Headers that are read at once. */
const AT_ONCE = 8;

/**
 * Lists a folder of mixed studies by its files' headers: studies, series, and in each series the stacks that make one
 * image, checked as readDicomSeries checks them. Throws FILE_MISSING, FILE_UNREADABLE, DICOM_FOLDER_LIMIT.
 */
export async function listDicomFolder(folder: string, options: ListOptions = {}): Promise<DicomListing> {
  const { files, skipped } = await folderFiles(folder, options.limits, options.signal);
  const headers = await readHeaders(files, options);
  return {
    studies: listStudies(headers.instances, headers.patients),
    instances: headers.instances.length,
    passedOver: headers.passedOver,
    dicomdirs: headers.dicomdirs,
    unreadable: headers.unreadable,
    skipped,
  };
}

export interface ReadHeaders {
  /** In the order of the files. */
  readonly instances: readonly InstanceFacts[];
  readonly patients: ReadonlyMap<string, PatientFacts>;
  readonly passedOver: number;
  readonly dicomdirs: readonly string[];
  readonly unreadable: DicomListing['unreadable'];
}

/**
 * Reads the headers of files, a few at a time; what is no DICOM is counted.
 * @param inspect sees each instance's whole file while it is open, where it has slices
 */
export async function readHeaders(
  files: readonly string[],
  options: ListOptions,
  inspect?: (file: DicomFile, facts: InstanceFacts) => Promise<void>,
): Promise<ReadHeaders> {
  const found: (InstanceFacts | undefined)[] = new Array(files.length).fill(undefined);
  const patients = new Map<string, PatientFacts>();
  const dicomdirs: string[] = [];
  const unreadable: DicomListing['unreadable'][number][] = [];
  const pace: Pace = { slow: false };
  let passedOver = 0;
  let done = 0;
  await forEachAtOnce(files, AT_ONCE, async (name, index) => {
    options.signal?.throwIfAborted();
    try {
      await withHeader(name, pace, inspect !== undefined, async (file) => {
        if (isDirectory(file)) dicomdirs.push(name);
        else if (!isInstance(file)) passedOver++;
        else {
          const facts = instanceFacts(file, name);
          found[index] = facts;
          if (options.patientData === true) patients.set(name, patientFacts(file));
          if (inspect && facts.slices.length > 0) await inspect(file, facts);
        }
      });
    } catch (error) {
      const cause = namingFile(error, name);
      if (!isHounsfieldError(cause)) throw cause;
      if (cause.code === 'DICOM_NOT_DICOM') passedOver++;
      else unreadable.push({ file: name, code: cause.code, message: cause.message });
    }
    options.onProgress?.(++done, files.length);
  });
  options.signal?.throwIfAborted();
  const instances = found.filter((facts) => facts !== undefined);
  dicomdirs.sort();
  return { instances, patients, passedOver, dicomdirs, unreadable };
}

function isDirectory(file: DicomFile): boolean {
  const named =
    optionalText(file.dataset, 'SOPClassUID') ?? optionalText(file.meta, 'MediaStorageSOPClassUID');
  return named === DIRECTORY;
}

/** Without prefix and meta group other files may begin as a data set does: then a UID must tell what it is. */
function isInstance({ dataset, meta, preamble }: DicomFile): boolean {
  if (preamble !== undefined || meta.elements.size > 0) return true;
  const uids = ['SOPClassUID', 'StudyInstanceUID'].map((keyword) => optionalText(dataset, keyword) ?? '');
  return uids.some((uid) => /^[0-2](\.\d+)+$/.test(uid));
}

async function withHeader(
  name: string,
  pace: Pace,
  whole: boolean,
  use: (file: DicomFile) => Promise<void>,
): Promise<void> {
  const source = await pacedSource(name, pace);
  try {
    await use(await readDicom(source, { stopBeforePixels: !whole }));
  } finally {
    await source.close();
  }
}
