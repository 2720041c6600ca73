import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { HounsfieldError } from '../../errors.ts';

/** What lies in a folder and below. */
export interface WalkedFile {
  /** From the folder, with '/'. */
  readonly name: string;
  readonly path: string;
  /** Why it is not opened; undefined for a file. */
  readonly passedOver?: 'a symbolic link' | 'neither file nor folder' | 'a folder that cannot be read';
}

/**
 * Everything below a folder, by name. Symbolic links are named and not followed: they may lead out of the folder or in
 * circles, and what they lead to inside of it is met anyway. Throws FILE_MISSING, FILE_UNREADABLE.
 */
export async function walkFolder(folder: string): Promise<readonly WalkedFile[]> {
  const root = await folderPath(folder);
  const found: WalkedFile[] = [];
  const waiting = [''];
  for (let below = waiting.pop(); below !== undefined; below = waiting.pop()) {
    const entries = await readdir(path.join(root, below), { withFileTypes: true }).catch(() => undefined);
    if (entries === undefined) {
      found.push({ name: below, path: path.join(root, below), passedOver: 'a folder that cannot be read' });
      continue;
    }
    for (const entry of entries) {
      const name = below === '' ? entry.name : `${below}/${entry.name}`;
      const file = { name, path: path.join(root, name) };
      if (entry.isDirectory()) waiting.push(name);
      else if (entry.isFile()) found.push(file);
      else
        found.push({
          ...file,
          passedOver: entry.isSymbolicLink() ? 'a symbolic link' : 'neither file nor folder',
        });
    }
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The real path of a folder. Throws FILE_MISSING, FILE_UNREADABLE. */
export async function folderPath(folder: string): Promise<string> {
  const real = await realpath(folder).catch(() => undefined);
  if (real === undefined)
    throw new HounsfieldError('FILE_MISSING', `${folder} does not exist. Check the path and its spelling.`);
  if (!(await stat(real)).isDirectory())
    throw new HounsfieldError('FILE_UNREADABLE', `${folder} is not a folder. Name a folder.`);
  return real;
}
