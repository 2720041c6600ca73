import { readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { HounsfieldError } from '../../../errors.ts';
import { fileSource } from '../file-source.node.ts';
import { checkedFileId, type DicomDirectory, readDirectory, recordsWithFiles } from './dicomdir.ts';
import { readDicom } from './read-dicom.ts';

/** A DICOMDIR and the files that it names, as they lie on disk. */
export interface FileSet {
  readonly directory: DicomDirectory;
  /** Paths that exist, in the directory's order. */
  readonly files: readonly string[];
  /** File IDs, joined with /, of which there is no file. */
  readonly missing: readonly string[];
}

/**
 * Reads a DICOMDIR and finds its files, upper or lower case. Throws DICOMDIR_MISSING_RECORDS, DICOMDIR_PATH_OUTSIDE
 * (a name or a symbolic link that leaves the folder), FILE_MISSING, FILE_UNREADABLE and readDicom's codes.
 */
export async function readFileSet(dicomdirPath: string): Promise<FileSet> {
  const source = await fileSource(dicomdirPath);
  try {
    const directory = readDirectory(await readDicom(source));
    const root = await realpath(path.dirname(dicomdirPath));
    const folders = new Map<string, readonly string[]>();
    const files: string[] = [];
    const missing: string[] = [];
    for (const { fileId } of recordsWithFiles(directory.records)) {
      const found = await findFile(root, fileId ?? [], folders);
      if (found === undefined) missing.push((fileId ?? []).join('/'));
      else files.push(found);
    }
    return { directory, files, missing };
  } finally {
    await source.close();
  }
}

async function findFile(
  root: string,
  fileId: readonly string[],
  folders: Map<string, readonly string[]>,
): Promise<string | undefined> {
  let place = root;
  for (const part of checkedFileId(fileId)) {
    const names = folders.get(place) ?? (await readdir(place).catch(() => []));
    folders.set(place, names);
    const name = nameLike(names, part);
    if (name === undefined) return undefined;
    place = path.join(place, name);
  }
  const real = await realpath(place).catch(() => undefined);
  if (real === undefined) return undefined;
  if (real === root || real.startsWith(root + path.sep)) return place;
  const message = `${place} is a link that leaves the DICOMDIR's folder. Copy the file to its place, or read the folder instead.`;
  throw new HounsfieldError('DICOMDIR_PATH_OUTSIDE', message);
}

/** The name itself, or one that media and copying make of it: other case, a version or an ending added. */
function nameLike(names: readonly string[], wanted: string): string | undefined {
  if (names.includes(wanted)) return wanted;
  const lower = wanted.toLowerCase();
  return (
    names.find((name) => name.toLowerCase() === lower) ??
    names.find((name) => [`${lower};1`, `${lower}.dcm`, `${lower}.`].includes(name.toLowerCase()))
  );
}
