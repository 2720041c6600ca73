import { stat } from 'node:fs/promises';
import path from 'node:path';
import {
  type DicomListing,
  listDicomFolder,
} from '../../imaging/formats/dicom/series/list-dicom-folder.node.ts';
import type { FileDescription } from '../../imaging/formats/file-format.ts';
import { describeFile, fileFormatName } from '../../imaging/formats/open.node.ts';
import { folderPath, walkFolder } from './walk-folder.node.ts';

/** What a path holds: one file, or a folder's DICOM studies. Plain JSON. */
export type PathDescription =
  | ({ readonly path: string } & FileDescription)
  | ({
      readonly path: string;
      readonly format: 'folder';
      /** Files that are no DICOM, by format; 'other' are those of no format that is read. */
      readonly others: Readonly<Record<string, number>>;
    } & DicomListing);

export interface DescribePathOptions {
  /** Tell what may name the patient as well. */
  readonly identity?: boolean;
  readonly onProgress?: (done: number, of: number) => void;
  readonly signal?: AbortSignal;
}

/** What a file or folder holds, from headers alone. Throws what describeFile and listDicomFolder throw. */
export async function describePath(
  location: string,
  options: DescribePathOptions = {},
): Promise<PathDescription> {
  const { identity = false, onProgress, signal } = options;
  if (!(await stat(location).catch(() => undefined))?.isDirectory()) {
    return { path: location, ...(await describeFile(location, { identity })) };
  }
  const listing = await listDicomFolder(location, {
    patientData: identity,
    ...(onProgress ? { onProgress } : {}),
    ...(signal ? { signal } : {}),
  });
  return { path: location, format: 'folder', others: await otherFormats(location, listing), ...listing };
}

async function otherFormats(folder: string, listing: DicomListing): Promise<Record<string, number>> {
  const root = await folderPath(folder);
  const seen = new Set<string>();
  const see = (file: string) => seen.add(path.relative(root, path.resolve(file)));
  for (const { series } of listing.studies)
    for (const { files } of series) for (const file of files) see(file);
  for (const file of [...listing.dicomdirs, ...listing.unreadable.map(({ file }) => file)]) see(file);
  const counts: Record<string, number> = {};
  for (const { name, path: file, passedOver } of await walkFolder(folder)) {
    if (passedOver || seen.has(path.normalize(name))) continue;
    const format = (await fileFormatName(file)) ?? 'other';
    counts[format] = (counts[format] ?? 0) + 1;
  }
  return counts;
}
